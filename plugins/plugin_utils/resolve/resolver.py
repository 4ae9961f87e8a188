# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the user pinned and what the host is to one consistent stack, and why."""

import itertools

from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import (
    VARIABLES,
    Case,
    canonical,
    cited,
    find_row,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import stack as resolver_stack
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import why as resolver_why
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve.search import PAIRS, Search
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve.stack import COMPONENTS
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve.why import GUEST_WHY, VERSIONED

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
        search = search.with_pins({name: fixed[name] for name in fixed if name not in ("mindspore", "mindformers")})
        chosen = search.solve([name for name in order if name not in ("mindspore", "mindformers", "python")])
        why.append(
            "CANN does not follow MindSpore {}: no driver of chip {} fits the CANN it "
            "needs".format(fixed["mindspore"], chip["chip"])
        )
    if chosen is None:
        return _failed(_contradiction(search, fixed, order), why)
    stack = resolver_stack.build(catalog, chosen, pins, parts, host, chip, why, case)
    resolver_why.explain(search, chosen, fixed, stack, why, case)
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
        return _problem(
            ["stack"],
            "ascend_stack {} is not in the catalog; it has "
            "{}.".format(name, ", ".join(item["stack"] for item in catalog["stacks"])),
        )
    for pin, value in row["pins"].items():
        pins.setdefault(pin, value)
    if "kernels" in row:
        pins.setdefault("kernels", row["kernels"])
    why.append(
        "stack {}: {} ({})".format(name, ", ".join("{} {}".format(*item) for item in row["pins"].items()), cited(catalog, row["source"]))
    )
    return None


def _unusable(catalog, pins, host, installed):
    for name in VERSIONED:
        if name not in pins:
            continue
        case = Case(catalog, {name: pins[name]}, host, installed)
        message = unknown_version(catalog, name, pins[name])
        if message and not (name in ("driver", "firmware") and case.declared(name)):
            return _problem([name], message)
    chips = [row["chip"] for row in catalog["chips"]]
    if host.get("chip") is not None and host["chip"] not in chips:
        return _problem(["chip"], "chip {} is not in the catalog; it knows {}.".format(host["chip"], ", ".join(chips)))
    needs_chip = {"driver", "firmware", "kernels"} & set(pins.get("components") or COMPONENTS)
    if host.get("chip") is None and needs_chip and host.get("host_kind") != "container":
        return _problem(
            ["chip"],
            "no Ascend chip is known for this host, and the {} package depends on it. Set "
            "ascend_chip to one of {}, or take these parts out of "
            "ascend_components.".format(", ".join(sorted(needs_chip)), ", ".join(chips)),
        )
    if host.get("arch") not in ("aarch64", "x86_64"):
        return _problem(
            ["arch"], "the architecture is {}; Huawei's packages are for aarch64 and x86_64.".format(host.get("arch"))
        )
    return None


def _drop_what_the_host_cannot_have(parts, pins, host, chip, why):
    if chip is not None and chip["role"] == "inference":
        training = [name for name in ("mindspore", "mindformers", "inference", "python") if name in parts]
        if training:
            parts.difference_update(training)
            why.append(
                "{}: none, chip {} only infers (models are converted to OM); MindSpore {} still decides "
                "CANN".format(", ".join(training), chip["chip"], pins["mindspore"])
                if "mindspore" in pins
                else "{}: none, chip {} only infers (models are converted to "
                     "OM)".format(", ".join(training), chip["chip"])
            )
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
        return _problem(
            ["mindspore"],
            "ascend_mindspore_version is not set: choose MindSpore first, the rest follows "
            "from it (or name a preset in ascend_stack, or leave mindspore out of ascend_components).",
        )
    return None


def _order(fixed, parts, host):
    """The components to choose. MindSpore and CANN take part when they decide something, installed or not."""
    order = []
    framework = "mindspore" in parts or "mindspore" in fixed
    formers = framework and ("mindformers" in parts or ("mindformers" in fixed and "mindspore" not in fixed))
    if framework:
        order.append("mindspore")
        if formers and "mindformers" in fixed:
            order.append("mindformers")
    if "cann" in parts or "kernels" in parts or "cann" in fixed or framework:
        order.append("cann")
    for name in ("driver", "firmware"):
        if name in parts or name in fixed:
            order.append(name)
    if "driver" not in order and "firmware" in order:
        order.insert(order.index("firmware"), "driver")
    if formers and "mindformers" not in fixed:  # any MindSpore may go without, so it decides nothing before
        order.append("mindformers")
    if framework and ("python" in parts or "mindspore" in parts or "python" in fixed):
        order.append("python")
    if host.get("host_kind") == "container":
        order = [name for name in order if name not in ("driver", "firmware")]
    return order


def _contradiction(search, fixed, order):
    """The smallest set of pins that leave nothing, and what to change."""

    def fits(names):
        return search.with_pins({name: fixed[name] for name in names}).solve(order)

    pinned = [name for name in VERSIONED if name in fixed and name in order]
    culprits, said = tuple(pinned), []
    for size in range(1, len(pinned) + 1):
        failing = [names for names in itertools.combinations(pinned, size) if fits(names) is None]
        if failing:
            # Of equally small sets the one a rule objects to is the clearest.
            told = [(names, _objections(search, {name: fixed[name] for name in names})) for names in failing]
            culprits, said = next((item for item in told if item[1]), told[0])
            break
    ways, meeting = [], {}
    for name in culprits:
        other = fits([item for item in culprits if item != name])
        if other and other.get(name):
            ways.append(f'{VARIABLES[name]} to "{other[name]}"')
            meeting = dict(other, **{name: fixed[name]})
    if not said:  # the pins meet only through a component that is free, so show them with that
        said = _objections(search, meeting)[:1] or _gaps(search, fixed, culprits)
    pairs = " and ".join(f'{VARIABLES[name]} "{fixed[name]}"' for name in culprits) or "this host"
    message = "{}: no stack of the catalog fits {}. {}".format(
        pairs,
        "all of them"
        if len(culprits) > 2
        else "both"
        if len(culprits) == 2
        else "on chip {}".format(search.host.get("chip")),
        " ".join(said),
    )
    if ways:
        message = "{} Change one: set {}.".format(message.rstrip(), ", or ".join(ways))
    return _problem(culprits, message)


def _gaps(search, fixed, culprits):
    """What the catalog does not know, in words, when no rule objects and still nothing fits."""
    if (
        "mindspore" in culprits
        and "cann" not in fixed
        and not find_row(search.catalog, "mindspore", fixed["mindspore"])["cann"]
    ):
        return ["No source names the CANN release of MindSpore {}: set ascend_cann_version.".format(fixed["mindspore"])]
    if "cann" in culprits and "driver" not in fixed:
        return [
            "No source names a driver for CANN {} on chip {}: set "
            "ascend_driver_version.".format(fixed["cann"], search.host.get("chip"))
        ]
    return ["The catalog has no driver for chip {} that fits.".format(search.host.get("chip"))]


def _objections(search, chosen):
    """The errors of the pair rules on chosen, in words."""
    return [
        "{} ({}) [{}]".format(found["message"], found["source"], found["rule"])
        for names, rule in PAIRS
        if all(chosen.get(name) for name in names)
        for found in search.verdict(rule, {name: chosen[name] for name in names})[1]
        if found["severity"] == "error" and found["rule"] not in search.accept
    ]
