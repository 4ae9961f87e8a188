# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the user pinned and what the host is to one consistent stack, and why."""

import itertools

from ansible_collections.ascend.fleet.plugins.module_utils import compat, compat_hdk, versions
from ansible_collections.ascend.fleet.plugins.module_utils.compat_case import VARIABLES, Case, canonical, cited, find_row
from ansible_collections.ascend.fleet.plugins.module_utils.resolver_domain import PAIRS, Search
from ansible_collections.ascend.fleet.plugins.module_utils.resolver_files import hdk_row, name_or_none

COMPONENTS = ("driver", "firmware", "cann", "kernels", "python", "mindspore", "mindformers", "inference")
VERSIONED = ("mindspore", "mindformers", "cann", "driver", "firmware", "python")
GUEST_WHY = {
    "vm": "firmware: none, a virtual machine cannot flash its host's cards",
    "container": "driver and firmware: none, a container uses those of its host",
}

unknown_version = compat.unknown_version


def resolve(catalog, pins, host, accept=(), installed=None):
    """One stack for a host.

    Args:
        catalog: plugin_utils.catalog.load().
        pins: mindspore, mindformers, cann, cann_flavor, driver, firmware, python, stack (preset), components (list),
            kernels (auto, true, false), device_target, model. None or "auto" = free.
        host: chip, arch, os, host_kind, glibc, variant, installed ({"driver", "firmware"}), each may be missing.
        accept: ids of rules whose errors the user accepts, so pins that only they forbid are taken as they are.
        installed: what the vendor's files on the host declare, in the shape compat.check takes.

    Returns:
        dict: ok, stack (None when not ok), why (sentences), conflict (None, or {"pins", "message"}), findings (what
        the resolution itself has to say; compat.check judges the stack).
    """
    pins = {name: value for name, value in pins.items() if value not in (None, "", "auto", [])}
    why = []
    problem = _preset(catalog, pins, why) or _unusable(catalog, pins, host, installed)
    if problem:
        return _failed(problem, why)
    parts = set(pins.get("components") or COMPONENTS)
    case = Case(catalog, {}, host, installed)
    chip = case.chip_row()
    _drop_what_the_host_cannot_have(parts, pins, host, chip, why)
    fixed = {name: canonical(catalog, name, pins[name]) for name in VERSIONED if name in pins}
    _guests(fixed, host)
    problem = _underdetermined(fixed, parts)
    if problem:
        return _failed(problem, why)
    search = Search(catalog, fixed, host, accept, installed)
    order = _order(fixed, parts, host)
    chosen = search.solve(order)
    if chosen is None and "mindspore" in fixed and chip is not None and chip["role"] == "inference":
        # MindSpore is not installed here, it was only a hint which CANN the rest of the fleet runs.
        search = Search(catalog, {name: fixed[name] for name in fixed if name not in ("mindspore", "mindformers")},
                        host, accept, installed)
        chosen = search.solve([name for name in order if name not in ("mindspore", "mindformers", "python")])
        why.append("CANN does not follow MindSpore %s: no driver of chip %s fits the CANN it needs" % (
            fixed["mindspore"], chip["chip"]))
    if chosen is None:
        return _failed(_contradiction(catalog, fixed, host, accept, installed, order), why)
    stack = _stack(catalog, chosen, pins, parts, host, chip, why, case)
    _explain(search, chosen, fixed, stack, why, case)
    findings = case.findings
    for found in findings:
        found["accepted"] = found["rule"] in accept
    return {"ok": True, "stack": stack, "why": why, "conflict": None, "findings": findings}


def _failed(problem, why):
    return {"ok": False, "stack": None, "why": why, "conflict": problem, "findings": []}


def _problem(names, message):
    return {"pins": [VARIABLES.get(name, "ascend_" + name) for name in names], "message": message}


def _preset(catalog, pins, why):
    """Add the pins of a named stack to pins, in place; a problem when there is no such stack."""
    name = pins.get("stack")
    if not name:
        return None
    row = next((item for item in catalog["stacks"] if item["stack"] == name), None)
    if row is None:
        return _problem(["stack"], "ascend_stack %s is not in the catalog; it has %s." % (
            name, ", ".join(item["stack"] for item in catalog["stacks"])))
    for pin, value in row["pins"].items():
        pins.setdefault(pin, value)
    if "kernels" in row:
        pins.setdefault("kernels", row["kernels"])
    why.append("stack %s: %s (%s)" % (name, ", ".join("%s %s" % item for item in row["pins"].items()),
                                      cited(catalog, row["source"])))
    return None


def _unusable(catalog, pins, host, installed):
    for name in VERSIONED:
        if name not in pins:
            continue
        case = Case(catalog, {name: pins[name]}, host, installed)
        message = unknown_version(catalog, name, pins[name])
        if message and not (name == "driver" and case.declared("driver").get("compatible_cann")):
            return _problem([name], message)
    chips = [row["chip"] for row in catalog["chips"]]
    if host.get("chip") is not None and host["chip"] not in chips:
        return _problem(["chip"], "chip %s is not in the catalog; it knows %s." % (host["chip"], ", ".join(chips)))
    needs_chip = {"driver", "firmware", "kernels"} & set(pins.get("components") or COMPONENTS)
    if host.get("chip") is None and needs_chip and host.get("host_kind") != "container":
        return _problem(["chip"], "no Ascend chip is known for this host, and the %s package depends on it. Set ascend_chip to "
                        "one of %s, or take these parts out of ascend_components." % (
                            ", ".join(sorted(needs_chip)), ", ".join(chips)))
    if host.get("arch") not in ("aarch64", "x86_64"):
        return _problem(["arch"], "the architecture is %s; Huawei's packages are for aarch64 and x86_64." % host.get("arch"))
    return None


def _drop_what_the_host_cannot_have(parts, pins, host, chip, why):
    if chip is not None and chip["role"] == "inference":
        training = [name for name in ("mindspore", "mindformers", "inference", "python") if name in parts]
        if training:
            parts.difference_update(training)
            why.append("%s: none, chip %s only infers (models are converted to OM); MindSpore %s still decides CANN" % (
                ", ".join(training), chip["chip"], pins["mindspore"]) if "mindspore" in pins else
                "%s: none, chip %s only infers (models are converted to OM)" % (", ".join(training), chip["chip"]))
    kind = host.get("host_kind")
    if kind in GUEST_WHY:
        parts.discard("firmware")
        if kind == "container":
            parts.discard("driver")
        why.append(GUEST_WHY[kind])


def _guests(fixed, host):
    """Pins are fleet-wide, so a guest ignores those for what it cannot have."""
    if host.get("host_kind") in ("vm", "container"):
        fixed.pop("firmware", None)
    if host.get("host_kind") == "container":
        fixed.pop("driver", None)


def _underdetermined(fixed, parts):
    if "mindspore" in parts and not {"mindspore", "mindformers", "cann"} & set(fixed):
        return _problem(["mindspore"], "ascend_mindspore_version is not set: choose MindSpore first, the rest follows from it "
                        "(or name a preset in ascend_stack, or leave mindspore out of ascend_components).")
    return None


def _order(fixed, parts, host):
    """The components to choose. MindSpore and CANN take part when they decide something, installed or not."""
    order = []
    framework = "mindspore" in parts or "mindspore" in fixed
    if framework:
        order.append("mindspore")
        if "mindformers" in parts or ("mindformers" in fixed and "mindspore" not in fixed):
            order.append("mindformers")
    if "cann" in parts or "kernels" in parts or "cann" in fixed or framework:
        order.append("cann")
    for name in ("driver", "firmware"):
        if name in parts or name in fixed:
            order.append(name)
    if "driver" not in order and "firmware" in order:
        order.insert(order.index("firmware"), "driver")
    if framework and ("python" in parts or "mindspore" in parts or "python" in fixed):
        order.append("python")
    if host.get("host_kind") == "container":
        order = [name for name in order if name not in ("driver", "firmware")]
    return order


def _contradiction(catalog, fixed, host, accept, installed, order):
    """The smallest set of pins that leave nothing, and what to change."""
    def fits(names):
        return Search(catalog, {name: fixed[name] for name in names}, host, accept, installed).solve(order)

    pinned = [name for name in VERSIONED if name in fixed and name in order]
    culprits = next((names for size in range(1, len(pinned) + 1) for names in itertools.combinations(pinned, size)
                     if fits(names) is None), tuple(pinned))
    said = _objections(catalog, {name: fixed[name] for name in culprits}, host, installed)
    ways, meeting = [], {}
    for name in culprits:
        other = fits([item for item in culprits if item != name])
        if other and other.get(name):
            ways.append('%s to "%s"' % (VARIABLES[name], other[name]))
            meeting = dict(other, **{name: fixed[name]})
    if not said:                    # the pins meet only through a component that is free, so show them with that
        said = _objections(catalog, meeting, host, installed)[:1] or _gaps(catalog, fixed, culprits, host)
    pairs = " and ".join('%s "%s"' % (VARIABLES[name], fixed[name]) for name in culprits) or "this host"
    message = "%s: no stack of the catalog fits %s. %s" % (
        pairs, "all of them" if len(culprits) > 2 else "both" if len(culprits) == 2 else "on chip %s" % host.get("chip"),
        " ".join(said))
    if ways:
        message = "%s Change one: set %s." % (message.rstrip(), ", or ".join(ways))
    return _problem(culprits, message)


def _gaps(catalog, fixed, culprits, host):
    """What the catalog does not know, in words, when no rule objects and still nothing fits."""
    if "mindspore" in culprits and "cann" not in fixed and not find_row(catalog, "mindspore", fixed["mindspore"])["cann"]:
        return ["No source names the CANN release of MindSpore %s: set ascend_cann_version." % fixed["mindspore"]]
    if "cann" in culprits and "driver" not in fixed:
        return ["No source names a driver for CANN %s on chip %s: set ascend_driver_version." % (fixed["cann"], host.get("chip"))]
    return ["The catalog has no driver for chip %s that fits." % host.get("chip")]


def _objections(catalog, chosen, host, installed):
    """The errors of the pair rules on chosen, in words."""
    said = []
    for names, rule in PAIRS:
        if all(chosen.get(name) for name in names):
            case = Case(catalog, {name: chosen[name] for name in names}, host, installed)
            rule(case)
            said += ["%s (%s) [%s]" % (found["message"], found["source"], found["rule"])
                     for found in case.findings if found["severity"] == "error"]
    return said


def _stack(catalog, chosen, pins, parts, host, chip, why, case):
    grammar, arch, key = catalog["filenames"], host["arch"], host.get("chip")
    variant = host.get("variant") if host.get("variant") == "soc" else None
    stack = dict.fromkeys(COMPONENTS)
    for name in ("driver", "firmware"):
        if name in parts and chosen.get(name):
            row = hdk_row(catalog, chosen["driver"], key) if chosen.get("driver") else None
            stack[name] = {"version": chosen[name], "hdk": row["hdk"] if row else None,
                           "package": name_or_none(name, chosen[name], key, arch, grammar, variant)}
    cann = chosen.get("cann")
    row = find_row(catalog, "cann", cann) if cann else None
    if "cann" in parts and row:
        flavor = pins.get("cann_flavor") or (chip["default_flavor"] if chip else "nnae")
        if "cann_flavor" not in pins and flavor not in row["products"]:
            why.append("CANN flavour toolkit: CANN %s has no documented %s package" % (cann, flavor))
            flavor = "toolkit"
        stack["cann"] = {"flavor": flavor, "version": cann, "layout": row["layout"],
                         "package": name_or_none(flavor, cann, None, arch, grammar)}
    if "kernels" in parts and row:
        stack["kernels"] = _kernels(catalog, pins, host, chip, cann, row, why, case)
    if "mindspore" in parts and chosen.get("mindspore"):
        found = find_row(catalog, "mindspore", chosen["mindspore"])
        stack["mindspore"] = {"version": chosen["mindspore"], "package": found["package"], "wheels": list(found["wheels"]),
                              "distribution": found["distribution"]}
    if "mindformers" in parts and chosen.get("mindformers"):
        found = find_row(catalog, "mindformers", chosen["mindformers"])
        stack["mindformers"] = {"version": chosen["mindformers"], "distribution": found["distribution"],
                                "branch": found.get("branch")}
    if chosen.get("python") and {"python", "mindspore"} & parts:
        stack["python"] = {"version": chosen["python"]}
    if "inference" in parts:
        stack["inference"] = {"model": pins.get("model") or "gpt2", "device_target": pins.get("device_target") or "Ascend"}
    return stack


def _kernels(catalog, pins, host, chip, cann, row, why, case):
    wanted = pins.get("kernels")
    if wanted is False:
        return None
    published = "kernels" in row["products"]
    if wanted is True or (chip and chip["kernels"] and chip["role"] != "inference" and published):
        package = name_or_none("kernels", cann, host.get("chip"), host["arch"], catalog["filenames"])
        if package and published:
            return {"version": cann, "package": package}
        if wanted is True:
            case.warn("package-name", "no kernels package is known for CANN %s on chip %s: ascend_cann_kernels is ignored" % (
                cann, host.get("chip")), row["source"], "kernels")
    elif not published:
        why.append("kernels: none, CANN %s has no kernels package" % cann)
    return None


def _explain(search, chosen, fixed, stack, why, case):
    """Say where each free choice comes from, and what the user should know about it."""
    for name in VERSIONED:
        if name in chosen and name not in fixed and chosen[name]:
            why.append("%s %s: %s" % (name, chosen[name], _reason(search, name, chosen)))
    if chosen.get("mindspore") and "mindformers" in chosen and chosen["mindformers"] is None:
        case.warn("mindformers-none", "no MindFormers release is documented for MindSpore %s, so none is chosen. Set "
                  "ascend_mindformers_version to one you know to work, or choose another MindSpore." % chosen["mindspore"],
                  "mf", "mindformers")
    _explain_model(chosen, stack, case)
    kind = case.host.get("host_kind")
    if kind in GUEST_WHY:
        case.info("firmware-host-kind", GUEST_WHY[kind], "article; host (Huawei VM guide)")
    elif "firmware" in chosen and chosen["firmware"] is None:
        case.warn("firmware-unknown", "the firmware that ships with driver %s for chip %s is not recorded in the catalog, so "
                  "none is installed. Set ascend_firmware_version to the number in the package's name." % (
                      chosen.get("driver"), case.chip), "catalog/hdk.yml", "firmware")
    present = search.present("driver")
    if kind == "container":
        _judge_hosts_driver(search, chosen, present, case)
    elif present and chosen.get("driver") and "driver" not in fixed and versions.compare(chosen["driver"], present) < 0:
        case.warn("driver-downgrade", "driver %s is installed and does not accept CANN %s, so auto goes down to %s. Pin "
                  "ascend_cann_version to a release it accepts to keep it." % (present, chosen.get("cann"), chosen["driver"]),
                  "catalog", "driver")


def _explain_model(chosen, stack, case):
    model = (stack["inference"] or {}).get("model")
    row = next((item for item in case.catalog["models"] if item["model"] == model), None)
    if row and chosen.get("mindformers") and stack["mindformers"]:
        first, last = row["mindformers"]
        if not versions.key(first) <= versions.key(chosen["mindformers"]) <= versions.key(last):
            case.warn("model-mindformers", "the inference proof generates with %s, which MindFormers %s to %s carry and %s does "
                      "not. Set ascend_mindformers_version, or take inference out of ascend_components." % (
                          model, first, last, chosen["mindformers"]), row["source"], "mindformers")


def _judge_hosts_driver(search, chosen, present, case):
    if present and chosen.get("cann"):
        case.findings += [dict(found) for found in search.verdict(
            compat_hdk.cann_driver, {"cann": chosen["cann"], "driver": present})[1]]


def _reason(search, name, chosen):
    present = search.present(name) if name in ("driver", "firmware") else None
    if versions.same(present, chosen[name]):
        return "it is installed and fits"
    for names, rule in PAIRS:
        other = names[0] if names[1] == name else names[1]
        if name not in names or not chosen.get(other) or (name, other) in (("cann", "driver"), ("driver", "firmware")):
            continue
        case = Case(search.catalog, {name: chosen[name], other: chosen[other]}, search.host, search.installed)
        rule(case)
        for found in case.evidence + case.findings:
            return "%s (%s)" % (found["message"], found["source"])
    return "the newest the catalog knows for this host"
