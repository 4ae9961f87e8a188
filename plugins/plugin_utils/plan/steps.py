# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a resolved stack and what is installed to the ordered steps of one host.

Pure: data in, data out. Nothing here reads a file, asks a host or looks at a clock, so equal
input gives an equal plan, and a plan can be saved, compared and explained.
"""

from ansible_collections.ascend.fleet.plugins.module_utils.vendor.files import KERNELS
from ansible_collections.ascend.fleet.plugins.module_utils.versions import compare
from ansible_collections.ascend.fleet.plugins.plugin_utils.components import NAMES as COMPONENTS
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import ownership as planning_ownership

# Minutes a step takes when the host's journal knows no earlier duration. Packages: rounded up from published
# installation logs (driver 0.5 to 2, firmware 0.5 to 1, toolkit 2.5); the reboot is a server's with 8 cards.
MINUTES = {
    "driver": 3,
    "firmware": 2,
    "reboot": 10,
    "cann": 5,
    "kernels": 3,
    "python": 2,
    "mindspore": 4,
    "mindformers": 1,
    "inference": 2,
}


def plan_host(name, facts, resolution, findings, options):
    """The plan of one host.

    Args:
        name: inventory name.
        facts: what host_facts returned under C(ascend).
        resolution: what resolver.resolve returned: C(ok), C(stack), C(why), C(conflict).
        findings: list of findings, accepted ones marked C(accepted).
        options: dict with C(components) (list), C(env_name), C(env_provider), C(cmake_min), C(allow_downgrade),
            C(busy_policy) (refuse, wait or ignore), C(take_over) (components whose foreign things may be taken
            over), C(model_files) (names of the model's files).

    Returns:
        dict: C(host), C(status) (converged, pending or refused), C(steps), C(findings), C(stack), C(why),
        C(minutes).
    """
    findings = list(findings)
    stack = resolution.get("stack") if resolution.get("ok") else None
    steps = []
    if stack is None:
        findings.append(_conflict(resolution))
    else:
        steps, strange = planning_ownership.judge(facts, _steps(facts, stack, options), options, finding)
        findings.extend(strange)
        findings.extend(refusals(facts, steps, options))
    blocked = any(f["severity"] == "error" and not f.get("accepted") for f in findings)
    status = "refused" if blocked else "pending" if steps else "converged"
    return {
        "host": name,
        "status": status,
        "steps": steps,
        "findings": findings,
        "stack": stack,
        "fingerprint": fingerprint(stack),
        "why": list(resolution.get("why") or []),
        "inference_reason": _why_no_inference(stack, resolution, options),
        "minutes": sum(step["minutes"] for step in steps),
    }


def _why_no_inference(stack, resolution, options):
    """Why a stack generates no text, or None when it does."""
    if stack is None or stack.get("inference"):
        return None
    if "inference" not in options["components"]:
        return "inference is not among the components of this host (ascend_components)"
    reasons = [line for line in resolution.get("why") or [] if "inference" in line or "training" in line]
    return reasons[0] if reasons else "the stack of this host has no MindFormers to generate text with"


def fingerprint(stack):
    """The versions a proof of inference is worth something for, as a flat dict."""
    stack = stack or {}
    flat = {}
    for component in COMPONENTS:
        entry = stack.get(component)
        if entry and component != "inference":
            flat[component] = entry["version"]
    if stack.get("cann"):
        flat["cann"] = "{} {}".format(stack["cann"]["flavor"], stack["cann"]["version"])
    return flat


def finding(rule, severity, message, source="ascend.fleet", variable=None):
    """A finding in the shape compat.check gives."""
    return {
        "rule": rule,
        "severity": severity,
        "message": message,
        "source": source,
        "variable": variable,
        "accepted": False,
    }


def describe(step):
    """A step in words: C(driver 24.1.rc3 -> 25.3.rc1)."""
    if step["component"] == "reboot":
        return "reboot"
    if step["component"] == "inference":
        return "generate text"
    name = step.get("product") or step["component"]
    if step["action"] == "install":
        return "{} {}".format(name, step["to"])
    if step["from"] and step["to"] and step["from"] != step["to"]:
        return "{} {} -> {}".format(name, step["from"], step["to"])
    return "{} {} {}".format(step["action"], name, step["to"] or step["from"])


def make_step(facts, component, action, before, after, why, package=None, reboot=False):
    """One step of a plan; its minutes are those that the host's journal tells of the component's last installation."""
    seconds = ((facts.get("journal") or {}).get("durations") or {}).get(component)
    return {
        "id": f"{component}-{action}",
        "component": component,
        "action": action,
        "from": before,
        "to": after,
        "why": why,
        "package": package,
        "reboot": reboot,
        "minutes": max(1, round(seconds / 60.0)) if seconds else MINUTES[component],
    }


def unproven(facts, steps):
    """What a fresh observation does not prove of finished driver and firmware steps; sentences, empty when all is well.

    A driver counts as proven when the wanted version is installed and loaded, npu-smi answers, and it shows every chip
    of the PCI bus without an alarm.
    """
    missing = []
    for step in steps:
        if step["component"] not in ("driver", "firmware"):
            continue
        entry = facts[step["component"]]
        if entry["installed"] != step["to"]:
            missing.append("{} {} is installed, not {}".format(step["component"], entry["installed"], step["to"]))
        elif step["component"] == "driver" and step["to"] and entry["loaded"] != step["to"]:
            missing.append("driver {} is loaded, not {}".format(entry["loaded"], step["to"]))
    if facts["reboot_required"]:
        missing.append("a reboot is still needed: {}".format("; ".join(facts["reboot_reasons"])))
    if facts["driver"]["installed"]:
        npu = facts["npu"]
        if not npu["available"]:
            missing.append("npu-smi does not answer: {}".format(npu["message"]))
        else:
            shown, there = len(npu["chips"]), facts["accelerators"]["count"]
            if shown < there:
                missing.append(f"npu-smi shows {shown} of {there} chips")
            ill = [
                "{}/{} {}".format(chip["npu_id"], chip["chip_id"], chip["health"])
                for chip in npu["chips"]
                if chip["health"] not in ("OK", "Warning", None)
            ]
            if ill:
                missing.append("chips with an alarm: {}".format(", ".join(ill)))
    return missing


def _package_step(facts, component, installed, damaged, target, package, reboot=False, names=None):
    """The step that brings one vendor package to its version, or None. names: what the journal calls it."""
    interrupted = bool(set(names or [component]) & set((facts.get("journal") or {}).get("unfinished_components") or []))
    if installed == target and not damaged and not interrupted:
        return None
    if interrupted:
        action, why = "repair", f"an earlier change of {component} was interrupted"
    elif damaged:
        action, why = "repair", f"the installed {component} is damaged: {damaged}"
    elif installed is None:
        action, why = "install", "not installed"
    elif compare(installed, target) < 0:
        action, why = "upgrade", f"{installed} is installed"
    else:
        action, why = "downgrade", f"{installed} is installed"
    return make_step(facts, component, action, installed, target, why, package, reboot)


def _steps(facts, stack, options):
    wanted = [c for c in COMPONENTS if c in options["components"] and stack.get(c)]
    steps = _hdk_steps(facts, stack, wanted)
    for component, build in (
        ("cann", _cann_step),
        ("kernels", _kernels_step),
        ("python", _python_step),
        ("mindspore", _mindspore_step),
        ("mindformers", _mindformers_step),
    ):
        if component in wanted:
            step = build(facts, stack, options)
            if step:
                steps.append(step)
    if "inference" in wanted and not _proof_holds(facts, stack):
        why = "nothing proves that this stack generates text"
        steps.append(make_step(facts, "inference", "verify", None, None, why))
    return steps


def _hdk_steps(facts, stack, wanted):
    """Driver and firmware in the vendor's order, and the reboot that makes them effective.

    First installation: the firmware package needs the driver's upgrade tool, so the driver goes first. Over an
    existing installation the vendor asks for firmware first, which looks the driver up in the install record: where
    that is lost, the driver goes first and writes a new one.
    """
    there = facts["driver"]["installed"] is not None and facts["driver"].get("recorded") is not False
    order = ["firmware", "driver"] if there else ["driver", "firmware"]
    steps = []
    for component in order:
        if component in wanted:
            entry, installed = stack[component], facts[component]
            step = _package_step(
                facts,
                component,
                installed["installed"],
                installed.get("damaged"),
                entry["version"],
                entry.get("package"),
                reboot=True,
            )
            if step:
                steps.append(step)
    if steps or (facts["reboot_required"] and ("driver" in wanted or "firmware" in wanted)):
        reasons = facts["reboot_reasons"] or ["driver and firmware become effective with it"]
        steps.append(make_step(facts, "reboot", "reboot", None, None, "; ".join(reasons), reboot=True))
    return steps


def _installed_cann(facts, products, version, chip=None):
    """(row of the wanted version or None, row of another version or None) among the installed CANN packages."""
    rows = [
        row for row in facts["cann"] if row["product"] in products and (chip is None or row["chip"] in (None, chip))
    ]
    right = [row for row in rows if row["version"] == version]
    other = [row for row in rows if row["version"] != version]
    current = [row for row in other if row.get("latest")] or other
    return (right[0] if right else None), (current[0] if current else None)


def _cann_package_step(facts, options, component, products, entry, chip=None):
    right, other = _installed_cann(facts, products, entry["version"], chip)
    theirs = planning_ownership.stays_beside(facts, other, component, options) and right is None
    installed = right or (None if theirs else other)
    step = _package_step(
        facts,
        component,
        installed["version"] if installed else None,
        right.get("damaged") if right else None,
        entry["version"],
        entry.get("package"),
        names=products,
    )
    if step and theirs and step["action"] == "install":
        return dict(step, why="{} of somebody else is installed, and stays".format(other["version"]))
    if step is None and right.get("latest") is False:
        step = make_step(
            facts,
            component,
            "repair",
            entry["version"],
            entry["version"],
            "another version is the active one",
            entry.get("package"),
        )
    return step


def _cann_step(facts, stack, options):
    step = _cann_package_step(facts, options, "cann", (stack["cann"]["flavor"],), stack["cann"])
    return dict(step, product=stack["cann"]["flavor"]) if step else None


def _kernels_step(facts, stack, options):
    return _cann_package_step(facts, options, "kernels", KERNELS, stack["kernels"], facts["accelerators"]["family"])


def environment(facts, name):
    """The managed Python environment of this name on the host, or None."""
    for row in facts["environments"]:
        if row["name"] == name:
            return row
    return None


def _python_step(facts, stack, options):
    wanted = stack["python"]["version"]
    env = environment(facts, options["env_name"])
    if env is None:
        return make_step(
            facts, "python", "install", None, wanted, "no environment named {}".format(options["env_name"])
        )
    if not (env["python"] or "").startswith(wanted + ".") and env["python"] != wanted:
        return make_step(
            facts, "python", "replace", env["python"], wanted, "the environment has Python {}".format(env["python"])
        )
    tools = facts["tools"]
    if not tools["gcc"]:
        return make_step(facts, "python", "configure", env["python"], wanted, "gcc is missing")
    minimum = options.get("cmake_min")
    if minimum and (not tools["cmake"] or compare(tools["cmake"], minimum) < 0):
        return make_step(facts, "python", "configure", env["python"], wanted, f"CMake {minimum} or newer is missing")
    return None


def _env_package_step(facts, options, component, distribution, entry):
    env = environment(facts, options["env_name"])
    installed = env["packages"].get(distribution) if env else None
    return _package_step(facts, component, installed, None, entry["version"], None)


def cann_origin(stack):
    """Where the operator wheels of an environment should come from: C(nnae 8.3.RC1), or None."""
    return fingerprint(stack).get("cann")


def _mindspore_step(facts, stack, options):
    entry = stack["mindspore"]
    step = _env_package_step(facts, options, "mindspore", entry.get("package") or "mindspore", entry)
    if step:
        return step
    env = environment(facts, options["env_name"])
    origin = cann_origin(stack)
    if entry.get("wheels") and origin and env.get("cann_wheels_from") != origin:
        why = "{} come from {}, CANN is {}".format(
            " and ".join(entry["wheels"]), env.get("cann_wheels_from") or "nowhere known", origin
        )
        return make_step(facts, "mindspore", "configure", entry["version"], entry["version"], why)
    return None


def _mindformers_step(facts, stack, options):
    return _env_package_step(facts, options, "mindformers", "mindformers", stack["mindformers"])


def _proof_holds(facts, stack):
    proof = (facts.get("proofs") or {}).get("inference") or {}
    return proof.get("status") == "passed" and proof.get("stack") == fingerprint(stack)


def _conflict(resolution):
    conflict = resolution.get("conflict") or {}
    return finding(
        "no-stack",
        "error",
        conflict.get("message") or "no stack of the catalog fits this host",
        variable=", ".join(conflict.get("pins") or []) or None,
    )


def refusals(facts, steps, options):
    """Findings of the host's own situation that forbid the steps."""
    result = []
    for step in steps:
        if step["action"] == "downgrade" and not options["allow_downgrade"]:
            result.append(
                finding(
                    "downgrade-refused",
                    "error",
                    "{} {} is installed and {} is wanted: a downgrade has to be asked for. Set "
                    "ascend_allow_downgrade: true, or ascend_{}_version: auto to keep what is "
                    "there.".format(step["component"], step["from"], step["to"], step["component"]),
                    variable="ascend_{}_version".format(step["component"]),
                )
            )
    disturbs = [s["component"] for s in steps if s["component"] in ("driver", "firmware", "reboot")]
    if disturbs and facts["busy"] and options["busy_policy"] == "refuse":
        users = ", ".join(sorted({"{} (pid {})".format(row["command"], row["pid"]) for row in facts["busy"]}))
        result.append(
            finding(
                "npu-busy",
                "error",
                "{} would change while NPUs are in use by {}. Stop them, or set ascend_busy_policy: wait or "
                "ignore.".format(" and ".join(disturbs), users),
                variable="ascend_busy_policy",
            )
        )
    return result
