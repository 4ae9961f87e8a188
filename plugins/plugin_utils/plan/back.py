# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans that go back: to the versions before the last run, or to nothing at all.

Pure. What there is to go back to is read from the host's journal, so only what we changed is undone, and only what we
installed is removed (ownership.py).
"""

from ansible_collections.ascend.fleet.plugins.module_utils import journal, ownership
from ansible_collections.ascend.fleet.plugins.module_utils.ownership import component_of
from ansible_collections.ascend.fleet.plugins.module_utils.vendor.files import BASES, KERNELS
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import (
    ownership as planning_ownership,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import (
    steps as planning,
)

# What depends on something goes before what it depends on.
REMOVAL_ORDER = ("python", "kernels", "cann", "firmware", "driver")


def rollback_target(facts, components, run=None):
    """What the host had before the last run that changed it.

    Args:
        facts: what host_facts returned.
        components: the components to take back.
        run: go back only if this control process made the last change; None goes back in any case.

    Returns:
        tuple: ({component: version} to go back to, [components that were not there]).
    """
    back, gone = {}, []
    if run is not None and journal.last_run(facts["journal"]["entries"]) != run:
        return back, gone
    for product, version in sorted((facts["journal"].get("before_last_run") or {}).items()):
        component = component_of(product)
        if component not in components:
            continue
        if version is None:
            gone.append(component)
        else:
            back[component] = version
            if component == "cann":
                back["cann_flavor"] = product
    return back, gone


def removal_steps(facts, components, env_name, gone=None):
    """Steps that remove what we installed, and findings about what is left alone.

    Args:
        facts: what host_facts returned.
        components: the components to remove.
        env_name: the managed Python environment.
        gone: only these components (a rollback); None removes all that is ours.
    """
    steps, findings = [], []
    for component in REMOVAL_ORDER:
        if component not in components or (gone is not None and component not in gone):
            continue
        for name, version, reason in _installed(facts, component, env_name, gone is None):
            if reason:
                findings.append(
                    planning.finding(
                        "left-alone",
                        "info",
                        "{} is left alone: {}.".format(" ".join(filter(None, (name, version))), reason),
                    )
                )
                continue
            why = "it was not there before the last run" if gone is not None else "asked for"
            step = planning.make_step(
                facts, component, "remove", version, None, why, reboot=component in ("driver", "firmware")
            )
            step["product"] = name
            if any(other["id"] == step["id"] for other in steps):
                step["id"] += f"-{version}"
            steps.append(step)
    return steps, findings


def join(plan, removals, facts, busy_policy):
    """The plan with removals before its own steps, and one reboot at the end where drivers or firmware change."""
    steps = removals + [step for step in plan["steps"] if step["component"] != "reboot"]
    if any(step["reboot"] for step in steps):
        steps.append(
            planning.make_step(
                facts, "reboot", "reboot", None, None, "the change becomes effective with it", reboot=True
            )
        )
    findings = plan["findings"]
    if removals:
        findings = findings + planning.refusals(facts, removals, {"allow_downgrade": True, "busy_policy": busy_policy})
    blocked = any(found["severity"] == "error" and not found.get("accepted") for found in findings)
    return dict(
        plan,
        steps=steps,
        findings=findings,
        minutes=sum(step["minutes"] for step in steps),
        status="refused" if blocked else "pending" if steps else "converged",
    )


def _installed(facts, component, env_name, everything):
    """What is installed of a component, as a list of (name, version, why it is left alone or None).

    everything: also what a release of ours took the place of decides; a rollback goes by what the last run did.
    """
    if component == "python":
        rows = []
        strange = planning_ownership.foreign_environment(facts, env_name)
        if strange:
            rows.append((strange["path"], None, "it is {}, and ascend.fleet did not make it".format(strange["what"])))
        env = planning.environment(facts, env_name)
        if env:
            rows.append((f"environment {env_name}", env["python"] or "without Python", None))
        return rows
    held = ownership.of_facts(facts)
    if component in ownership.HDK:
        version = facts[component]["installed"]
        holding = ownership.find(held, component, ownership.hdk_place(facts, component), version)
        return [(component, version, _reason(holding, everything))] if version else []
    rows, products = [], BASES if component == "cann" else KERNELS
    if not everything:
        products = [
            product
            for product in products
            if any(
                ownership.same_product(product, name) and version is None
                for name, version in (facts["journal"].get("before_last_run") or {}).items()
            )
        ]
    for row in facts["cann"]:
        if row["product"] not in products or not row["version"]:
            continue
        reason = _reason(ownership.find_cann(held, row), everything)
        tenants = ownership.tenants(held, facts["cann"], row) if component == "cann" else []
        if reason is None and tenants:
            reason = "somebody installed {} into it, which would go with it".format(
                ", ".join("{} {}".format(other["product"], other["version"] or "") for other in tenants)
            )
        rows.append((row["product"], row["version"], reason))
    return rows


def _reason(holding, everything):
    """Why something installed is left alone, or None when it is ours to remove."""
    if holding is None:
        return "it was not installed by ascend.fleet (the journal does not know it)"
    if everything and holding["replaced"]:
        return (
            "ascend.fleet brought it in place of {}, which was there before and was not installed by "
            "ascend.fleet".format(holding["replaced"])
        )
    return None
