# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a resolved stack and what is installed to the ordered steps of one host.

Pure: data in, data out. Nothing here reads a file, asks a host or looks at a clock, so equal
input gives an equal plan, and a plan can be saved, compared and explained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.host.proven import REBOOT
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Own, Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import (
    Facts,
    Finding,
    Plan,
    Resolution,
    Stack,
    Status,
    Step,
    blocking,
    finding,
)

REBOOT_MINUTES = 10  # of a server with 8 cards


@dataclass(frozen=True)
class Options:
    """What the variables of a host say of its plan."""

    components: Iterable[str]
    env_name: str
    allow_downgrade: bool = False
    busy_policy: str = "refuse"  # or wait, ignore
    take_over: Iterable[str] = ()  # the components whose foreign things may be taken over
    model_files: Iterable[str] = ()  # the names of the model's files
    cmake_min: str = ""
    env_names: Mapping[str, str] = field(default_factory=dict)  # framework -> the name of its environment
    limits: Mapping[str, Iterable[str]] = field(default_factory=dict)  # component -> what its role holds pip to
    own: Mapping[str, Own] = field(default_factory=dict)  # what the host gets for itself, by component


def plan_host(name: str, facts: Facts, resolution: Resolution, findings: Iterable[Finding], options: Options) -> Plan:
    """The plan of one host.

    Args:
        name: inventory name.
        facts: what host_facts returned under C(ascend).
        resolution: what resolver.resolve returned.
        findings: of the compatibility check, accepted ones marked.
        options: what the variables say.
    """
    found = list(findings)
    stack = resolution["stack"] if resolution["ok"] else None
    steps: list[Step] = []
    if stack is None:
        found.append(_conflict(resolution))
    else:
        own = {name: own for name, own in options.own.items() if name in options.components}
        stack = {**stack, **{name: one.entry for name, one in own.items()}}
        found += [said for one in own.values() for said in one.findings]
        site = Site(
            facts,
            options.env_name,
            fingerprint(stack),
            options.cmake_min,
            tuple(options.take_over),
            tuple(options.model_files),
            options.env_names,
            _will_have(facts, stack),
            _env_limits(stack, options),
        )
        found += _unfit(site, stack, options)
        steps = _steps(site, stack, options)
        found += _theirs(site, steps)
        found += refusals(facts, steps, options.allow_downgrade, options.busy_policy)
    return {
        "host": name,
        "status": status(found, steps),
        "steps": steps,
        "findings": found,
        "stack": stack,
        "fingerprint": fingerprint(stack),
        "why": list(resolution.get("why") or []),
        "environments": dict(options.env_names),
        "inference_reason": _why_no_inference(stack, resolution, options),
        "minutes": sum(step["minutes"] for step in steps),
    }


def status(findings: list[Finding], steps: list[Step]) -> Status:
    """What a plan with these findings and steps is."""
    return "refused" if blocking(findings) else "pending" if steps else "converged"


def _why_no_inference(stack: Stack | None, resolution: Resolution, options: Options) -> str | None:
    """Why a stack generates no text, or None when it does."""
    if stack is None or stack.get("inference"):
        return None
    if "inference" not in options.components:
        return "inference is not among the components of this host (ascend_components)"
    reasons = [line for line in resolution.get("why") or [] if "inference" in line or "training" in line]
    return reasons[0] if reasons else "the stack of this host has no framework to generate text with"


def fingerprint(stack: Stack | None) -> dict[str, str]:
    """The versions a proof of inference is worth something for, as a flat dict."""
    flat = {}
    for component in components.ALL:
        entry = (stack or {}).get(component.name)
        version = component.fingerprint(entry) if entry else None
        if version:
            flat[component.name] = version
    return flat


def describe(step: Step) -> str:
    """A step in words: C(driver 24.1.rc3 -> 25.3.rc1)."""
    return REBOOT if step["component"] == REBOOT else components.get(step["component"]).label(step)


def reboot(why: str) -> Step:
    """The step that makes changes effective."""
    return {
        "id": f"{REBOOT}-{REBOOT}",
        "component": REBOOT,
        "action": "reboot",
        "from": None,
        "to": None,
        "why": why,
        "package": None,
        "reboot": True,
        "minutes": REBOOT_MINUTES,
    }


def _steps(site: Site, stack: Stack, options: Options) -> list[Step]:
    """What brings the host to the stack, in the order of the components, as far as the host does not say otherwise."""
    named = set(options.components)
    wanted = [one for one in components.ALL if named & {one.name, *one.carries} and stack.get(one.name)]
    for component in list(wanted):
        later = [other for other in wanted if other.name in component.before(site.facts)]
        if later:
            wanted.remove(component)
            wanted.insert(min(wanted.index(other) for other in later), component)
    steps: list[Step] = []
    place = 0  # of the reboot: after the last step that needs one
    for component in wanted:
        for step in component.steps(site, stack):
            steps.append(step)
            place = len(steps) if step["reboot"] else place
    rebooting = any(component.reboots for component in wanted)
    if place or (rebooting and site.facts["reboot_required"]):
        reasons = site.facts["reboot_reasons"] or ["driver and firmware become effective with it"]
        steps.insert(place, reboot("; ".join(reasons)))
    return steps


def _will_have(facts: Facts, stack: Stack) -> dict[str, str]:
    """What each component is after the run: as the stack wants it, else as it is there now."""
    wanted = fingerprint(stack)
    versions = {one.name: wanted.get(one.name) or one.seen(facts, stack) for one in components.ALL if one.has_version}
    return {name: version for name, version in versions.items() if version}


def _env_limits(stack: Stack, options: Options) -> dict[str, list[str]]:
    """What each environment is held to: the requirements of the frameworks in it, and the limits of their roles."""
    found: dict[str, list[str]] = {}
    for one in components.ALL:
        if one.home and stack.get(one.name):
            held = found.setdefault(options.env_names.get(one.home, options.env_name), [])
            held += [*one.requirements(stack), *options.limits.get(one.name, ())]
    return found


def _unfit(site: Site, stack: Stack, options: Options) -> list[Finding]:
    """Why this host cannot have what is wanted of a component, each in a sentence with the fix."""
    return [
        finding("cannot-have", "error", said, variable=component.chosen_by)
        for component in components.ALL
        if component.name in options.components and stack.get(component.name)
        for said in component.unfit(site, stack)
    ]


def _theirs(site: Site, steps: list[Step]) -> list[Finding]:
    """What is said of steps that would touch what is not ours; those that take it over are marked C(take_over)."""
    found: list[Finding] = []
    said: set[str] = set()
    for step in steps:
        if step["component"] == REBOOT:
            continue
        component = components.get(step["component"])
        if said & set(component.inside):  # what is said of the environment is said once
            continue
        verdict = component.theirs(site, step)
        said.add(step["component"])
        if verdict is None:
            continue
        if verdict.takes_over:
            step["take_over"] = True
        if all(row["message"] != verdict.message for row in found):
            found.append(finding("not-ours", verdict.severity, verdict.message, variable=verdict.variable))
    return found


def _conflict(resolution: Resolution) -> Finding:
    conflict = resolution.get("conflict")
    message = conflict["message"] if conflict else ""
    return finding(
        "no-stack",
        "error",
        message or "no stack of the catalog fits this host",
        variable=", ".join(conflict["pins"]) or None if conflict else None,
    )


def refusals(facts: Facts, steps: list[Step], allow_downgrade: bool, busy_policy: str) -> list[Finding]:
    """Findings of the host's own situation that forbid the steps."""
    result = []
    for step in steps:
        if step["action"] == "downgrade" and not allow_downgrade:
            component = components.get(step["component"])
            called = component.name if component.versioned else step.get("product") or component.name
            result.append(
                finding(
                    "downgrade-refused",
                    "error",
                    f"{called} {step['from']} is installed and {step['to']} is wanted: a downgrade has to be asked "
                    f"for. Set ascend_allow_downgrade: true, or {component.keeping}.",
                    variable=component.chosen_by,
                )
            )
    disturbs = [step["component"] for step in steps if step["reboot"] or step.get("disturbs")]
    # A service of ours is stopped for it, and started again.
    busy = [row for row in facts["busy"] if not row.get("paused")]
    if disturbs and busy and busy_policy == "refuse":
        users = ", ".join(sorted({_user_of_npus(row) for row in busy}))
        result.append(
            finding(
                "npu-busy",
                "error",
                f"{' and '.join(disturbs)} would change while NPUs are in use by {users}. Stop them, or set "
                "ascend_busy_policy: wait or ignore.",
                variable="ascend_busy_policy",
            )
        )
    stopped = {name for step in steps if step["component"] != REBOOT for name in _stopped(facts, step)}
    if stopped:
        refused = busy_policy == "refuse"
        names = ", ".join(sorted(stopped))
        ways = (
            "Stop them, set live-restore in the engine's configuration, or set ascend_busy_policy: wait or ignore."
            if refused
            else "ascend_busy_policy waits for them."
            if busy_policy == "wait"
            else "ascend_busy_policy allows it."
        )
        result.append(
            finding(
                "containers-running",
                "error" if refused else "warning",
                f"the container engine would be restarted, which stops {names}. {ways}",
                variable="ascend_busy_policy",
            )
        )
    return result


def _stopped(facts: Facts, step: Step) -> list[str]:
    return components.get(step["component"]).stops(facts, step)


def _user_of_npus(row: Mapping[str, Any]) -> str:
    inside = f", {row['container']}" if row.get("container") else ""
    return f"{row['command']} (pid {row['pid']}{inside})"
