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
from ansible_collections.ascend.fleet.plugins.plugin_utils import controller
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import lock_file
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import back as planning_reverse
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired as _desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import model_files
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import steps as planning
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes, settled
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver


class Planner:
    """Plans hosts one by one; what depends only on equal input is computed once."""

    def __init__(self, components: list[str] | None = None, pins: dict[str, Any] | None = None) -> None:
        self._components = components
        self._pins = {key: value for key, value in (pins or {}).items() if value not in (None, "", "auto")}
        self._judged: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {}
        self._artifacts: dict[tuple, dict[str, Any] | None] = {}

    def plan(self, host: str, observation: dict[str, Any], wish: Wishes, target: str = "desired") -> dict[str, Any]:
        """The plan of one host; an unobserved host or a wrong variable gives a plan without steps.

        target: desired (what the variables say), previous (before the last run), undo (before this run) or absent
        (without what we installed).
        """
        facts = (observation.get("ansible_facts") or {}).get("ascend")
        if observation.get("unreachable") or not facts:
            status = "unreachable" if observation.get("unreachable") else "failed"
            return _without_steps(
                host,
                status,
                [planning.finding(status, "error", _message(observation) or "the host was not observed in this run")],
            )
        if wish.problems:
            return _without_steps(
                host,
                "refused",
                [
                    planning.finding("variables", "error", str(problem), variable=problem.variable)
                    for problem in wish.problems
                ],
            )
        components = self._components or wish.desired["ascend_components"]
        if target == "desired":
            pins = {**_desired.pins(wish.desired, components), **self._pins}
            plan = self._forward(host, facts, wish, components, pins)
        else:
            plan = self._reverse(host, facts, wish, components, target)
        self._refuse_artifacts(plan, wish.desired["ascend_artifacts"], wish.desired[lock_file.PIN])
        return dict(plan, target=target)

    def _refuse_artifacts(self, plan: dict[str, Any], source: str | None, pin: str | None) -> None:
        packages = tuple(step["package"] for step in plan["steps"] if step["package"])
        key = (source, pin, packages)
        if key not in self._artifacts:
            self._artifacts[key] = _artifact_problem(packages, source, pin)
        if self._artifacts[key]:
            plan["findings"].append(self._artifacts[key])
            plan["status"] = "refused"

    def _forward(
        self,
        host: str,
        facts: dict[str, Any],
        wish: Wishes,
        components: list[str],
        pins: dict[str, Any],
        **overrides: Any,
    ) -> dict[str, Any]:
        desired = wish.desired
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
        resolution, findings = self._judged[key]
        return planning.plan_host(
            host,
            facts,
            resolution,
            findings,
            {
                "components": components,
                "env_name": desired["ascend_env_name"],
                "env_provider": desired["ascend_env_provider"],
                "allow_downgrade": desired["ascend_allow_downgrade"],
                "busy_policy": desired["ascend_busy_policy"],
                "take_over": desired["ascend_take_over"],
                "model_files": self._model_files(wish, facts),
                **overrides,
            },
        )

    def _model_files(self, wish: Wishes, facts: dict[str, Any]) -> list[str]:
        """The names of the model's files, where the host has anything of somebody else's in their folder."""
        if not (facts.get("models") or {}).get("foreign"):
            return []
        return model_files.names(wish.model, wish.desired["ascend_artifacts"])

    def _reverse(
        self, host: str, facts: dict[str, Any], wish: Wishes, components: list[str], target: str
    ) -> dict[str, Any]:
        env_name = wish.desired["ascend_env_name"]
        if target == "absent":
            back, gone = {}, None
        else:
            run = controller.name() if target == "undo" else None
            back, gone = planning_reverse.rollback_target(facts, components, run)
        steps, findings = planning_reverse.removal_steps(facts, components, env_name, gone)
        plan = _without_steps(host, "converged", findings)
        if back:
            pinned = [name for name in planning.COMPONENTS if name in back]
            # What ran before may run again: going below the version in flash is for the vendor's installer to judge.
            accept = [*wish.desired["ascend_accept_findings"], "firmware-flash"]
            willing = replace(wish, desired={**wish.desired, "ascend_accept_findings": accept})
            plan = self._forward(host, facts, willing, pinned, {**back, "components": pinned}, allow_downgrade=True)
            plan["findings"] += findings
        return planning_reverse.join(plan, steps, facts, wish.desired["ascend_busy_policy"])


def _without_steps(host: str, status: str, findings: list[dict[str, Any]]) -> dict[str, Any]:
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


def _declarations(facts: dict[str, Any]) -> dict[str, Any]:
    """What the vendor's own files on the host say goes together."""
    driver, firmware = settled(facts, "driver"), settled(facts, "firmware")
    return {
        "driver": {key: driver.get(key) for key in ("installed", "compatible_cann", "compatible_firmware")},
        "firmware": {key: firmware.get(key) for key in ("installed", "compatible_driver")},
        "cann": [
            {key: row.get(key) for key in ("product", "version", "code", "innerversion")} for row in facts["cann"]
        ],
    }


def _judge(wish: Wishes, pins: dict[str, Any], facts: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    desired, subject, installed = wish.desired, wish.subject(facts), _declarations(facts)
    accept, target = desired["ascend_accept_findings"], desired["ascend_device_target"]
    resolution = resolver.resolve(wish.catalog, {**pins, "device_target": target}, subject, accept, installed)
    findings = list(resolution.get("findings") or [])
    if resolution.get("ok"):
        chosen = {"device_target": target} if resolution["stack"].get("mindspore") else {}
        findings += compat.check(wish.catalog, chosen, subject, installed, accept, stack=resolution["stack"])
    return resolution, findings


def _artifact_problem(packages: tuple[str, ...], source: str | None, pin: str | None) -> dict[str, Any] | None:
    if not packages:
        return None
    if not source:
        message = (
            "ascend_artifacts is not set: it takes the folder on the control node (or the URL of a mirror) that "
            f"holds {', '.join(packages)}."
        )
        return planning.finding("artifact-missing", "error", message, variable="ascend_artifacts")
    try:
        missing = artifact_source.missing(source, packages, pin)
        unproven = [] if missing else artifact_source.unproven(source, packages, pin)
    except artifact_source.ArtifactError as error:
        return planning.finding("artifact-missing", "error", str(error), variable="ascend_artifacts")
    if unproven:
        return planning.finding("artifact-unproven", "error", " ".join(unproven), variable="ascend_artifacts")
    if not missing:
        return None
    near = artifact_source.similar(source, missing[0], pin)
    hint = f" Similar names there: {', '.join(near)}." if near else ""
    return planning.finding(
        "artifact-missing",
        "error",
        f"{', '.join(missing)} not found in ascend_artifacts ({artifacts.public_url(source)}). Put the file there or "
        f"make the folder with ansible-playbook ascend.fleet.bundle.{hint}",
        variable="ascend_artifacts",
    )
