# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lives in the managed Python environment of a host, and the environment itself."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.component import DOUBTFUL, Component, Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack


class EnvironmentComponent(Component):
    """A distribution in the environment, or the environment itself."""

    chip_roles = ("training",)

    def distribution(self, stack: Stack) -> str:
        """The name of the distribution that is it."""
        return self.name

    def installed(self, site: Site, stack: Stack) -> str | None:
        env = of_name(site.facts, site.env_name)
        return env["packages"].get(self.distribution(stack)) if env else None

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        packages = of_report(facts).get("packages") or {}
        found = packages.get(self.distribution(stack)) if isinstance(packages, dict) else None
        return str(found) if found else None


class FrameworkComponent(EnvironmentComponent):
    """A distribution that follows a framework's version."""

    doubt = DOUBTFUL


def of_name(facts: Facts, name: str) -> dict[str, Any] | None:
    """The managed Python environment of this name on the host, or None."""
    return next((row for row in facts["environments"] if row["name"] == name), None)


def of_report(facts: Facts) -> dict[str, Any]:
    """The environment the stack runs in: one of ours, with a framework, if there is one; or {}."""

    def rank(row: dict[str, Any]) -> tuple[bool, bool]:
        packages = row.get("packages") or {}
        return bool({"mindspore", "mindspore-ascend", "torch"} & set(packages)), bool(row.get("stack"))

    listed = facts.get("environments")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    return max(rows, key=rank, default={})
