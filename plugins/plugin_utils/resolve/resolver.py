# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what the user pinned and what the host is to one consistent stack, and why."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import VARIABLES, Case
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import canonical, cited
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import why as reasons
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve.search import PAIRS, Chosen, Search
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Conflict, Resolution, Subject

# What says what a host is for: any version but that of what only serves it.
_DECIDING = {one.name for one in components.BY_CHOICE if (one.home or one.packaged) and not one.aside}
_FIRST = next(one.name for one in components.ALL if one.home == one.name)
VERSIONED = tuple(component.name for component in components.BY_CHOICE)
unknown_version = compat.unknown_version


def resolve(
    catalog: Catalog,
    pins: Mapping[str, Any],
    host: Subject,
    accept: Iterable[str] = (),
    installed: dict[str, Any] | None = None,
) -> Resolution:
    """One stack for a host.

    Args:
        catalog: plugin_utils.catalog.load().
        pins: a version by component, cann_flavor, stack (preset), components (list), kernels (auto, true, false),
            device_target, model. None or "auto" = free.
        host: the subject; what nobody knows may be missing.
        accept: ids of rules whose errors the user accepts, so pins that only they forbid are taken as they are.
        installed: what the vendor's files on the host declare, in the shape compat.check takes.

    Returns:
        The resolution. Its findings are what the resolution itself has to say; compat.check judges the stack.
    """
    accept = frozenset(accept)
    pins = {name: value for name, value in pins.items() if value not in (None, "", "auto", [])}
    why: list[str] = []
    problem = _preset(catalog, pins, why) or _unusable(catalog, pins, host, installed)
    if problem:
        return _failed(problem, why)
    parts = set(pins.get("components") or components.NAMES)
    case = Case(catalog, {}, host, installed)
    chip = case.chip_row()
    fixed = {name: canonical(catalog, name, pins[name]) for name in VERSIONED if name in pins}
    narrowed = parts_given(pins)
    problem = None if narrowed or set(fixed) & _DECIDING else _problem([_FIRST], components.unnamed())
    _drop_guests_pins(fixed, host)
    frameworks = _frameworks(fixed, parts if narrowed else set())
    parts -= _not_asked(frameworks, fixed, None if narrowed else parts)
    impossible = _drop_what_the_host_cannot_have(parts, pins, host, chip, why)
    problem = problem or _undecided(fixed, parts)
    if problem:
        return _failed(problem, why)
    search = Search(catalog, fixed, host, accept, installed)
    order = _order(fixed, parts, host)
    chosen = search.solve(order)
    hints = impossible & set(fixed)
    if chosen is None and hints:
        # What is not installed here was only a hint which CANN the rest of the fleet runs.
        named = " and ".join(f"{one.title} {fixed[one.name]}" for one in components.ALL if one.name in hints)
        search = search.with_pins({name: fixed[name] for name in fixed if name not in impossible})
        chosen = search.solve([name for name in order if name not in impossible])
        why.append(f"CANN does not follow {named}: no driver of chip {host.get('chip')} fits the CANN it needs")
    if chosen is None:
        return _failed(_contradiction(search, fixed, order), why)
    choice = Choice(catalog, chosen, fixed, pins, parts, host, chip, case, why, frameworks - impossible, narrowed)
    stack = {component.name: component.entry(choice) for component in components.ALL}
    reasons.explain(search, choice, stack)
    for found in case.findings:
        found["accepted"] = found["rule"] in accept
    return {"ok": True, "stack": stack, "why": why, "conflict": None, "findings": case.findings}


def parts_given(pins: Mapping[str, Any]) -> bool:
    """Whether the user chose among the components; naming all of them is what the default says as well."""
    return set(pins.get("components") or components.NAMES) != set(components.NAMES)


def _frameworks(fixed: Mapping[str, str], named: set[str]) -> set[str]:
    """The frameworks that are asked for: by a version, else by the user's own list of components."""
    pinned = {one.home for one in components.ALL if one.home and one.name in fixed}
    return pinned or {one.home for one in components.ALL if one.home and one.name in named}


def _not_asked(frameworks: set[str], fixed: dict[str, str], parts: set[str] | None) -> set[str]:
    """The components that nothing asks for. parts: what a host gets by default; None where the user chose."""
    strangers = {one.name for one in components.ALL if one.home and one.home not in frameworks}
    return strangers | {one.name for one in components.ALL if parts and not one.asked(frameworks, fixed)}


def failed(variables: list[str], message: str, why: list[str]) -> Resolution:
    """The resolution of a question that cannot be answered; variables: those it names."""
    return _failed({"pins": variables, "message": message}, why)


def _failed(problem: Conflict, why: list[str]) -> Resolution:
    return {"ok": False, "stack": None, "why": why, "conflict": problem, "findings": []}


def _problem(names: Iterable[str], message: str) -> Conflict:
    return {"pins": [VARIABLES.get(name, "ascend_" + name) for name in names], "message": message}


def _preset(catalog: Catalog, pins: dict[str, Any], why: list[str]) -> Conflict | None:
    """Add the pins of a named stack to pins, in place; a problem when there is no such stack."""
    name = pins.get("stack")
    if not name:
        return None
    row = next((item for item in catalog["stacks"] if item["stack"] == name), None)
    if row is None:
        return _problem(
            ["stack"],
            f"ascend_stack {name} is not in the catalog; it has "
            f"{', '.join(item['stack'] for item in catalog['stacks'])}.",
        )
    for pin, value in row["pins"].items():
        pins.setdefault(pin, value)
    if "kernels" in row:
        pins.setdefault("kernels", row["kernels"])
    pinned = ", ".join(f"{pin} {value}" for pin, value in row["pins"].items())
    why.append(f"stack {name}: {pinned} ({cited(catalog, row['source'])})")
    return None


def _unusable(
    catalog: Catalog, pins: dict[str, Any], host: Subject, installed: dict[str, Any] | None
) -> Conflict | None:
    for name in VERSIONED:
        if name not in pins:
            continue
        case = Case(catalog, {name: pins[name]}, host, installed)
        message = unknown_version(catalog, name, pins[name], VARIABLES[name])
        if message and not (components.get(name).declares and case.declared(name)):
            return _problem([name], message)
    chips = [row["chip"] for row in catalog["chips"]]
    chip = host.get("chip")
    if chip is not None and chip not in chips:
        return _problem(["chip"], f"chip {chip} is not in the catalog; it knows {', '.join(chips)}.")
    asked = pins.get("components") or components.NAMES
    needs_chip = sorted(one.name for one in components.ALL if one.per_chip and one.name in asked)
    if chip is None and needs_chip and host.get("host_kind") != "container":
        return _problem(
            ["chip"],
            f"no Ascend chip is known for this host, and the {', '.join(needs_chip)} package depends on it. Set "
            f"ascend_chip to one of {', '.join(chips)}, or take these parts out of ascend_components.",
        )
    if host.get("arch") not in ("aarch64", "x86_64"):
        return _problem(
            ["arch"], f"the architecture is {host.get('arch')}; Huawei's packages are for aarch64 and x86_64."
        )
    return None


def _drop_what_the_host_cannot_have(
    parts: set[str], pins: Mapping[str, Any], host: Subject, chip: dict[str, Any] | None, why: list[str]
) -> set[str]:
    """Take out of parts what this chip or this kind of host cannot have; the components that the chip cannot."""
    role = chip["role"] if chip else None  # a family whose role nobody has recorded can have everything
    impossible = {one.name for one in components.ALL if role and role not in one.chip_roles}
    dropped = [name for name in components.NAMES if name in parts & impossible]
    if dropped and chip is not None:
        text = f"{', '.join(dropped)}: none, chip {chip['chip']} only infers (models are converted to OM)"
        kept = " and ".join(f"{one.title} {pins[one.name]}" for one in components.ALL if one.home and one.name in pins)
        why.append(text + (f"; {kept} still decides CANN" if kept else ""))
    parts -= impossible
    kind = host.get("host_kind")
    if kind is not None:
        parts -= {one.name for one in components.ALL if kind not in one.host_kinds}
    if kind in reasons.GUEST_WHY:
        why.append(reasons.GUEST_WHY[kind])
    return impossible


def _drop_guests_pins(fixed: dict[str, str], host: Subject) -> None:
    """Pins are fleet-wide, so a guest ignores those for what it cannot have."""
    for name in list(fixed):
        if host.get("host_kind") and host["host_kind"] not in components.get(name).host_kinds:
            del fixed[name]


def _undecided(fixed: dict[str, str], parts: set[str]) -> Conflict | None:
    for component in components.ALL:
        message = component.undecided(fixed) if component.name in parts else None
        if message:
            return _problem([component.name], message)
    return None


def _order(fixed: dict[str, str], parts: set[str], host: Subject) -> list[str]:
    """The components whose versions are chosen, installed here or not, because they decide something."""
    order: list[str] = []
    kind = host.get("host_kind")
    for component in components.BY_CHOICE:
        possible = kind is None or kind in component.host_kinds
        if possible and component.takes_part(parts, fixed, order):
            order.append(component.name)
    return order


def _contradiction(search: Search, fixed: dict[str, str], order: list[str]) -> Conflict:
    """The smallest set of pins that leave nothing, and what to change."""

    def fits(names: Iterable[str]) -> Chosen | None:
        return search.with_pins({name: fixed[name] for name in names}).solve(order)

    pinned = [name for name in VERSIONED if name in fixed and name in order]
    culprits = tuple(pinned)
    said: list[str] = []
    for size in range(1, len(pinned) + 1):
        failing = [names for names in itertools.combinations(pinned, size) if fits(names) is None]
        if failing:
            # Of equally small sets the one a rule objects to is the clearest.
            told = [(names, _objections(search, {name: fixed[name] for name in names})) for names in failing]
            culprits, said = next((item for item in told if item[1]), told[0])
            break
    ways: list[str] = []
    meeting: Chosen = {}
    for name in culprits:
        other = fits([item for item in culprits if item != name])
        if other and other.get(name):
            ways.append(f'{VARIABLES[name]} to "{other[name]}"')
            meeting = {**other, name: fixed[name]}
    said = _unsaid(search, fixed, culprits) or said
    if not said:  # the pins meet only through a component that is free, so show them with that
        said = _objections(search, meeting)[:1] or _gaps(search, fixed, culprits)
    pairs = " and ".join(f'{VARIABLES[name]} "{fixed[name]}"' for name in culprits) or "this host"
    alone = f"on chip {search.host.get('chip')}"
    what = alone if len(culprits) < 2 else "both" if len(culprits) == 2 else "all of them"
    message = f"{pairs}: no stack of the catalog fits {what}. {' '.join(said)}"
    if ways:
        message = f"{message.rstrip()} Change one: set {', or '.join(ways)}."
    return _problem(culprits, message)


def _unsaid(search: Search, fixed: dict[str, str], culprits: Iterable[str]) -> list[str]:
    """What no source says of one of the culprits, where nobody chose the CANN it would go with."""
    gaps = [] if "cann" in fixed else [components.get(name).gap(search.catalog, fixed[name]) for name in culprits]
    return [gap for gap in gaps if gap][:1]


def _gaps(search: Search, fixed: dict[str, str], culprits: Iterable[str]) -> list[str]:
    """What the catalog does not know, in words, when no rule objects and still nothing fits."""
    if "cann" in culprits and "driver" not in fixed:
        return [
            f"No source names a driver for CANN {fixed['cann']} on chip {search.host.get('chip')}: set "
            "ascend_driver_version."
        ]
    return [f"The catalog has no driver for chip {search.host.get('chip')} that fits."]


def _objections(search: Search, chosen: Chosen) -> list[str]:
    """The errors of the pair rules on chosen, in words."""
    return [
        f"{found['message']} ({found['source']}) [{found['rule']}]"
        for names, rule in PAIRS
        if all(chosen.get(name) for name in names)
        for found in search.verdict(rule, {name: chosen[name] for name in names})[1]
        if found["severity"] == "error" and found["rule"] not in search.accept
    ]
