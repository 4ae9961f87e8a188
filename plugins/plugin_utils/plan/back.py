# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans that go back: to the versions before the last run, or to nothing at all.

Pure. What there is to go back to is read from the host's journal, so only what we changed is undone, and only what we
installed is removed (ownership.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import journal
from ansible_collections.ascend.fleet.plugins.plugin_utils import components, environment
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import steps as planning
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Finding, Plan, Step, finding


def rollback_target(facts: Facts, wanted: Iterable[str], run: str | None = None) -> tuple[dict[str, Any], list[str]]:
    """What the host had before the last run that changed it.

    Args:
        facts: what host_facts returned.
        wanted: the components to take back.
        run: go back only if this control process made the last change; None goes back in any case.

    Returns:
        tuple: ({component: version} to go back to, [components that were not there]).
    """
    back: dict[str, Any] = {}
    gone: list[str] = []
    if run is not None and journal.last_run(facts["journal"]["entries"]) != run:
        return back, gone
    for product, version in sorted((facts["journal"].get("before_last_run") or {}).items()):
        if product == journal.ENVIRONMENT:  # environments_back, for there are several
            continue
        component = components.of_product(product)
        if component not in wanted:
            continue
        if version is None:
            gone.append(component)
        else:
            for pin, value in _pins(facts, component, product, version).items():
                back[pin] = [*back.get(pin, []), *value] if isinstance(value, list) else value
    return back, gone


def _pins(facts: Facts, component: str, product: str, version: str) -> dict[str, Any]:
    """What leads back to a version; of a product that no component of ours claims, the version itself."""
    known = component in components.NAMES
    return components.get(component).back(facts, product, version) if known else {component: version}


def removal_steps(
    facts: Facts,
    wanted: Iterable[str],
    env_name: str,
    gone: Iterable[str] | None = None,
    env_names: Mapping[str, str] | None = None,
) -> tuple[list[Step], list[Finding]]:
    """Steps that remove what we installed, and findings about what is left alone.

    What depends on something goes before what it depends on: the order of installation, backwards.

    Args:
        facts: what host_facts returned.
        wanted: the components to remove.
        env_name: the managed Python environment.
        gone: only these components (a rollback); None removes all that is ours.
        env_names: the environments of frameworks that have one of their own.
    """
    steps: list[Step] = []
    findings: list[Finding] = []
    wanted = list(wanted)
    homes = {environment.home_of(name) for name in wanted}
    kept = {one: name for one, name in (env_names or {}).items() if one in homes}
    if gone is None and kept:  # of the environments those of the frameworks that are named, of all where none is
        env_name, env_names = next(iter(kept.values())), kept
    site = Site(facts, env_name, env_names=env_names or {})
    for component in reversed(components.ALL):
        if not component.removable or component.name not in wanted or (gone is not None and component.name not in gone):
            continue
        for thing in component.standing(site, everything=gone is None):
            if thing.left_alone:
                named = " ".join(filter(None, (thing.name, thing.version)))
                findings.append(finding("left-alone", "info", f"{named} is left alone: {thing.left_alone}."))
                continue
            why = "it was not there before the last run" if gone is not None else "asked for"
            step = component.make_step(facts, "remove", thing.version, None, why)
            step["product"] = thing.name
            if thing.environment:
                step["environment"] = thing.environment
            if any(other["id"] == step["id"] for other in steps):
                step["id"] += f"-{thing.environment or thing.version}"
            steps.append(step)
    return steps, findings


def insert(steps: list[Step], step: Step) -> list[Step]:
    """The steps with one more, at the place that the order of the components gives it."""
    later = components.NAMES[components.NAMES.index(step["component"]) :]
    place = next((number for number, other in enumerate(steps) if other["component"] in later), len(steps))
    return [*steps[:place], step, *steps[place:]]


def join(plan: Plan, removals: list[Step], facts: Facts, busy_policy: str) -> Plan:
    """The plan with removals before its own steps, and one reboot at the end where drivers or firmware change."""
    steps = removals + [step for step in plan["steps"] if step["component"] != planning.REBOOT]
    if any(step["reboot"] for step in steps):
        steps.append(planning.reboot("the change becomes effective with it"))
    findings = plan["findings"]
    if removals:
        findings = findings + planning.refusals(facts, removals, True, busy_policy)
    return {
        **plan,
        "steps": steps,
        "findings": findings,
        "minutes": sum(step["minutes"] for step in steps),
        "status": planning.status(findings, steps),
    }
