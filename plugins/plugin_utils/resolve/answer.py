# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer to a question without a host: the stack, what belongs to it and is not installed, what is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import asked, goes_with, resolver
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Finding, Resolution, Stack, Subject


class Answer(TypedDict):
    """found: the resolver's. findings: of the stack with what is named. beside: lines on both, below the stack."""

    found: Resolution
    findings: list[Finding]
    with_it: dict[str, str]  # the frameworks and engines that the answer is about: name -> version
    canns: list[dict[str, Any]]  # for a driver that stays: goes_with.canns_of_driver
    beside: list[str]


def answer(catalog: Catalog, pins: Mapping[str, Any], host: Subject, accept: Iterable[str] = ()) -> Answer:
    """Resolve a question that may start from a framework, an engine, CANN or a driver.

    Args:
        catalog: plugin_utils.catalog.load().
        pins: as resolver.resolve takes them, and torch, torch_npu, vllm_ascend, mindie, mindcluster, nnal.
        host: the subject; its `installed` counts.
        accept: ids of rules whose errors the user accepts.

    Returns:
        The answer; found["conflict"] says why there is no stack.
    """
    installed = host.get("installed")
    question = asked.read(catalog, pins)
    if question.problem:
        variable = next((name for name in asked.OTHERS.values() if name in question.problem), "ascend_cann_version")
        found = resolver.failed([variable], question.problem, question.why)
        return {"found": found, "findings": [], "with_it": question.named, "canns": [], "beside": []}
    canns = _canns(catalog, question, host, installed)
    driver = question.pins.get("driver")
    if host.get("host_kind") == "container" and canns:
        # The driver is the host's: nobody installs it here, and it decides all the same.
        best = next((item for item in canns if not item["doubt"]), canns[0])
        question.pins["cann"] = best["cann"]
        question.why.append(f"cann {best['cann']}: the newest that goes with driver {driver} of the container's host")
        installed = {**(installed or {}), "driver": {"installed": driver, **_declared(installed, driver)}}
    found = resolver.resolve(catalog, question.pins, host, accept, installed)
    for cann in question.canns:
        if found["ok"]:
            break
        other = resolver.resolve(catalog, {**question.pins, "cann": cann}, host, accept, installed)
        if other["ok"]:
            why = (
                f"cann {cann}: CANN {question.pins['cann']}, which was made with it, fits no driver that may be chosen"
            )
            question.why, found = [why], other
    found = {**found, "why": [*question.why, *found["why"]]}
    stack = found["stack"]
    if stack is None:
        beside = goes_with.lines_of_driver(question.pins["driver"], host.get("chip"), canns) if canns else []
        return {"found": found, "findings": [], "with_it": question.named, "canns": canns, "beside": beside}
    chosen = (stack.get("cann") or {}).get("version")
    with_it = {**question.named, **_of_stack(stack)}
    findings = found["findings"] + compat.check(catalog, question.named, host, installed, accept, stack)
    beside = goes_with.packages(catalog, question.named, chosen, str(host.get("arch")))
    beside = ["beside the stack, not installed by this collection", *(f"  {line}" for line in beside)] if beside else []
    if canns:
        beside += ["", *goes_with.lines_of_driver(question.pins["driver"], host.get("chip"), canns)]
    elif chosen and not with_it:
        beside += goes_with.lines_of_cann(chosen, goes_with.with_cann(catalog, chosen))
    return {"found": found, "findings": findings, "with_it": with_it, "canns": canns, "beside": beside}


def _of_stack(stack: Stack) -> dict[str, str]:
    """The frameworks of a stack, and what lies in their environments: name -> version."""
    return {one.name: str((stack[one.name] or {})["version"]) for one in components.ALL if one.home and stack[one.name]}


def _declared(installed: dict[str, Any] | None, driver: Any) -> dict[str, Any]:
    """What the host's files say of this very driver."""
    said = (installed or {}).get("driver")
    return dict(said) if isinstance(said, dict) and said.get("installed") == driver else {}


def _canns(
    catalog: Catalog, question: asked.Asked, host: Subject, installed: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """What a driver leaves open, where the driver is all that was asked with."""
    driver = question.pins.get("driver")
    if driver in (None, "", "auto") or question.named or question.pins.get("stack"):
        return []
    decided = [name for name in ("cann", *asked.FRAMEWORKS) if question.pins.get(name) not in (None, "", "auto")]
    return [] if decided else goes_with.canns_of_driver(catalog, str(driver), dict(host), installed)
