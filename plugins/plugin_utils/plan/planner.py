# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins wishes, observation and catalog into plans, and asks the resolver once for hosts that are alike."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.plugin_utils import components, controller
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import lock_file, role_requirements
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import (
    absent_wheels,
    accounts,
    environments_back,
    model_files,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import back as planning_reverse
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired as _desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import steps as planning
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes, settled
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import (
    Facts,
    Finding,
    Plan,
    Resolution,
    Status,
    Subject,
    finding,
)


class Planner:
    """Plans hosts one by one; what depends only on equal input is computed once."""

    def __init__(self, components: list[str] | None = None, pins: dict[str, Any] | None = None) -> None:
        self._components = components
        self._pins = {key: value for key, value in (pins or {}).items() if value not in (None, "", "auto")}
        self._judged: dict[str, tuple[Resolution, list[Finding]]] = {}
        self._artifacts: dict[tuple, Finding | None] = {}

    def plan(self, host: str, observation: dict[str, Any], wish: Wishes, target: str = "desired") -> Plan:
        """The plan of one host; an unobserved host or a wrong variable gives a plan without steps.

        target: desired (what the variables say), previous (before the last run), undo (before this run) or absent
        (without what we installed).
        """
        facts = (observation.get("ansible_facts") or {}).get("ascend")
        if observation.get("unreachable") or not facts:
            status: Status = "unreachable" if observation.get("unreachable") else "failed"
            return _without_steps(
                host,
                status,
                [finding(status, "error", _message(observation) or "the host was not observed in this run")],
            )
        if wish.problems:
            return _without_steps(
                host,
                "refused",
                [finding("variables", "error", str(problem), variable=problem.variable) for problem in wish.problems],
            )
        parts = self._components or wish.desired["ascend_components"]
        if target == "desired":
            plan = self._forward(host, facts, wish, parts, self._wanted(wish, parts))
        else:
            plan = self._reverse(host, facts, wish, parts, target)
        self._refuse_artifacts(plan, wish.desired["ascend_artifacts"], wish.desired[lock_file.PIN])
        self._refuse_wheels(plan, wish.desired)
        plan["target"] = target
        return plan

    def resolution(self, wish: Wishes, facts: Facts) -> Resolution:
        """The stack that an observed host is to have, by its variables and by what its installed files declare."""
        parts = self._components or wish.desired["ascend_components"]
        return self._judgement(wish, facts, self._wanted(wish, parts))[0]

    def described(self, wish: Wishes, subject: Subject) -> Resolution:
        """The stack for a host that nobody has looked at: by the catalog alone, whatever such a host may declare."""
        pins = self._wanted(wish, self._components or wish.desired["ascend_components"])
        return _resolve(wish, {**pins, "model": model_files.asked(wish.model)}, subject)

    def _wanted(self, wish: Wishes, parts: list[str]) -> dict[str, Any]:
        return {**_desired.pins(wish.desired, parts), **self._pins}

    def _judgement(self, wish: Wishes, facts: Facts, pins: dict[str, Any]) -> tuple[Resolution, list[Finding]]:
        """What is resolved for a host, and what there is to say of it; hosts that are alike ask once."""
        desired = wish.desired
        pins = {**pins, "model": model_files.asked(wish.model)}
        key = json.dumps(
            [
                pins,
                wish.subject(facts),
                desired["ascend_accept_findings"],
                desired["ascend_device_target"],
                desired["ascend_catalog_overlay"],
                _declarations(facts),
            ],
            sort_keys=True,
        )
        if key not in self._judged:
            self._judged[key] = _judge(wish, pins, facts)
        return self._judged[key]

    def _refuse_artifacts(self, plan: Plan, source: str | None, pin: str | None) -> None:
        packages = tuple(step["package"] for step in plan["steps"] if step["package"])
        key = (source, pin, packages)
        if key not in self._artifacts:
            self._artifacts[key] = _artifact_problem(packages, source, pin)
        found = self._artifacts[key]
        if found:
            plan["findings"].append(found)
            plan["status"] = "refused"

    def _refuse_wheels(self, plan: Plan, desired: dict[str, Any]) -> None:
        found = absent_wheels.judge(plan["stack"], plan["steps"], desired, desired[lock_file.PIN])
        if found:
            plan["findings"].append(found)
            plan["status"] = "refused"

    def _forward(
        self,
        host: str,
        facts: Facts,
        wish: Wishes,
        parts: list[str],
        pins: dict[str, Any],
        allow_downgrade: bool = False,
    ) -> Plan:
        desired = wish.desired
        resolution, findings = self._judgement(wish, facts, pins)
        numbers, said = accounts.judge(facts, resolution["stack"], desired)
        plan = planning.plan_host(
            host,
            facts,
            resolution,
            [*findings, *said],
            planning.Options(
                components=parts,
                env_name=desired["ascend_env_name"],
                allow_downgrade=allow_downgrade or desired["ascend_allow_downgrade"],
                busy_policy=desired["ascend_busy_policy"],
                take_over=desired["ascend_take_over"],
                model_files=self._model_files(wish, facts),
                cmake_min=wish.cmake_min,
                limits=role_requirements.limits(),
                env_names=_desired.env_names(desired),
                own=wish.own,
            ),
        )
        return {**plan, "accounts": numbers} if numbers else plan

    def _model_files(self, wish: Wishes, facts: Facts) -> list[str]:
        """The names of the model's files, where the host has anything of somebody else's in their folder."""
        if not (facts.get("models") or {}).get("foreign"):
            return []
        return model_files.names(wish.model, wish.desired["ascend_artifacts"])

    def _reverse(self, host: str, facts: Facts, wish: Wishes, parts: list[str], target: str) -> Plan:
        env_name, env_names = wish.desired["ascend_env_name"], _desired.env_names(wish.desired)
        back: dict[str, Any] = {}
        gone: list[str] | None = None
        way = environments_back.WayBack(facts=facts)
        if target != "absent":
            run = controller.name() if target == "undo" else None
            back, gone = planning_reverse.rollback_target(facts, parts, run)
            names = [env_name, *env_names.values()]
            way = environments_back.ways_back(facts, parts, names, run)
            gone += ["python"] if way.gone else []
            back.update(way.pins("cann" in back))
            env_name, env_names = next(iter(way.gone), env_name), {name: name for name in way.gone}
        steps, findings = planning_reverse.removal_steps(facts, parts, env_name, gone, env_names)
        plan = _without_steps(host, "converged", findings)
        if back:
            pinned = [name for name in components.NAMES if name in back]
            # What ran before may run again: going below the version in flash is for the vendor's installer to judge.
            accept = [*wish.desired["ascend_accept_findings"], "firmware-flash"]
            willing = replace(wish, desired={**wish.desired, "ascend_accept_findings": accept})
            plan = self._forward(host, way.facts, willing, pinned, {**back, "components": pinned}, allow_downgrade=True)
            plan["findings"] += findings
            if not way.by_component:  # an environment is never made anew for what was there before
                plan["steps"] = [step for step in plan["steps"] if step["component"] != "python"]
        for step in way.steps:
            plan["steps"] = planning_reverse.insert(plan["steps"], step)
        return planning_reverse.join(plan, steps, facts, wish.desired["ascend_busy_policy"])


def _without_steps(host: str, status: Status, findings: list[Finding]) -> Plan:
    return {
        "host": host,
        "status": status,
        "steps": [],
        "findings": findings,
        "stack": None,
        "fingerprint": {},
        "why": [],
        "minutes": 0,
    }


def _message(observation: dict[str, Any]) -> str:
    """What went wrong, without the host's own name: hosts that fail alike are told of together."""
    text = " ".join(str(observation.get("msg") or observation.get("module_stderr") or "").split())
    text = re.sub(r"\b(connect to|resolve) (host|hostname) [^\s:]+", r"\1 the host", text.removeprefix("Task failed: "))
    return text[:500]


def _declarations(facts: Facts) -> dict[str, Any]:
    """What the vendor's own files on the host say goes together."""
    driver, firmware = settled(facts, "driver"), settled(facts, "firmware")
    stated = ("installed", "innerversion", "compatible_cann", "compatible_firmware")
    of_cann = ("product", "version", "code", "innerversion", "compatible_version")
    return {
        "driver": {key: driver.get(key) for key in stated},
        "firmware": {key: firmware.get(key) for key in ("installed", "compatible_driver")},
        "cann": [{key: row.get(key) for key in of_cann} for row in facts["cann"]],
    }


def _resolve(
    wish: Wishes, pins: dict[str, Any], subject: Subject, installed: dict[str, Any] | None = None
) -> Resolution:
    pins = {**pins, "device_target": wish.desired["ascend_device_target"]}
    return resolver.resolve(wish.catalog, pins, subject, wish.desired["ascend_accept_findings"], installed)


def _judge(wish: Wishes, pins: dict[str, Any], facts: Facts) -> tuple[Resolution, list[Finding]]:
    desired, subject, installed = wish.desired, wish.subject(facts), _declarations(facts)
    accept, target = desired["ascend_accept_findings"], desired["ascend_device_target"]
    resolution = _resolve(wish, pins, subject, installed)
    findings = list(resolution.get("findings") or [])
    if resolution["stack"] is not None:
        chosen = {"device_target": target} if resolution["stack"].get("mindspore") else {}
        findings += compat.check(wish.catalog, chosen, subject, installed, accept, stack=resolution["stack"])
    return resolution, findings


def _artifact_problem(packages: tuple[str, ...], source: str | None, pin: str | None) -> Finding | None:
    if not packages:
        return None
    if not source:
        message = (
            "ascend_artifacts is not set: it takes the folder on the control node (or the URL of a mirror) that "
            f"holds {', '.join(packages)}."
        )
        return finding("artifact-missing", "error", message, variable="ascend_artifacts")
    try:
        missing = artifact_source.missing(source, packages, pin)
        unproven = [] if missing else artifact_source.unproven(source, packages, pin)
    except artifact_source.ArtifactError as error:
        return finding("artifact-missing", "error", str(error), variable="ascend_artifacts")
    if unproven:
        return finding("artifact-unproven", "error", " ".join(unproven), variable="ascend_artifacts")
    if not missing:
        return None
    near = artifact_source.similar(source, missing[0], pin)
    hint = f" Similar names there: {', '.join(near)}." if near else ""
    return finding(
        "artifact-missing",
        "error",
        f"{', '.join(missing)} not found in ascend_artifacts ({artifacts.public_url(source)}). Put the file there or "
        f"make the folder with ansible-playbook ascend.fleet.bundle.{hint}",
        variable="ascend_artifacts",
    )
