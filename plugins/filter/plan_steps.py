# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that pick from a plan what a role works with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import shares, step_work
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import steps as planning
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Plan, Step


def plan_steps(plan: Plan, components: Iterable[str]) -> list[Step]:
    """The steps of the plan that belong to these components, in the plan's order."""
    wanted = set(components)
    return [step for step in plan["steps"] if step["component"] in wanted]


def component_roles(run_tags: Iterable[str], skip_tags: Iterable[str] = ()) -> list[str]:
    """The roles of the components in the order of installation, as far as the tags of the run choose them."""
    return shares.roles(run_tags, skip_tags)


def role_steps(plan: Plan, roles: str | Iterable[str]) -> list[Step]:
    """The steps that one role, or several, carry out, in the plan's order."""
    return shares.steps_of(plan, [roles] if isinstance(roles, str) else roles)


def step_words(step: Step) -> str:
    """A step in words, which name a task."""
    return clean(planning.describe(step), 300)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {
            "component_roles": component_roles,
            "conda_channels": step_work.conda_channels,
            "conda_files": step_work.conda_files,
            "declared": step_work.declared,
            "package_args": step_work.package_args,
            "package_files": step_work.package_files,
            "plan_steps": plan_steps,
            "proof_steps": step_work.proof_steps,
            "role_steps": role_steps,
            "step_words": step_words,
            "stretch_words": shares.words,
        }
