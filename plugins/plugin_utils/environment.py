# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lives in the managed Python environment of a host, and the environment itself."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import DOUBTFUL, Component, Site, Verdict
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack, Step


class EnvironmentComponent(Component):
    """A distribution in the environment, or the environment itself."""

    chip_roles = ("training",)

    def distribution(self, stack: Stack) -> str:
        """The name of the distribution that is it."""
        return self.name

    def installed(self, site: Site, stack: Stack) -> str | None:
        env = of_name(site.facts, site.env_name)
        return env["packages"].get(self.distribution(stack)) if env else None

    def theirs(self, site: Site, step: Step) -> Verdict | None:
        """Of steps for the environment and for what lies in it."""
        env = of_name(site.facts, site.env_name)
        if env is not None:
            if not env.get("adopted") or step["action"] != "replace":
                return None
            return Verdict(
                "error",
                f"the environment {env.get('path') or site.env_name} was taken over and has Python {env['python']}, "
                f"{step['to']} is wanted: it would have to be removed with all that its owner put into it. Choose "
                "another ascend_env_name.",
                "ascend_env_name",
            )
        row = foreign(site.facts, site.env_name)
        if row is None:
            return None
        what = f"{row['path']} is {row['what']} that ascend.fleet did not make (owner: {row.get('owner')})"
        python = re.match(r"a Python (\S+) environment$", row["what"])
        fits = python is not None and self.fits(python.group(1), step)
        if "python" in site.take_over and fits:
            return Verdict(
                "warning",
                f"{what}: it is taken over (ascend_take_over), what is in it stays.",
                "ascend_take_over",
                takes_over=True,
            )
        fix = "Choose another ascend_env_name or ascend_env_root, or move it away"
        if fits:
            fix += ", or let it be taken over with ascend_take_over: [python]"
        return Verdict("error", f"{what}. Nothing of it is touched. {fix}.", "ascend_env_name")

    def fits(self, python: str, step: Step) -> bool:
        """Whether somebody's environment with this Python may serve; what a package needs is not known here."""
        return True

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        return values.text(values.part(of_report(facts), "packages").get(self.distribution(stack)))


class FrameworkComponent(EnvironmentComponent):
    """A distribution that follows a framework's version."""

    doubt = DOUBTFUL
    inside = ("python",)

    def requirements(self, stack: Stack) -> list[str]:
        entry = stack.get(self.name)
        return [f"{self.distribution(stack)}=={entry['version']}"] if entry else []


def python_of(stack: Stack) -> str | None:
    """The Python of a stack's environment by its first two numbers, 3.11; None where the stack has none."""
    version = (stack.get("python") or {}).get("version")
    return ".".join(str(version).split(".")[:2]) if version else None


def of_name(facts: Facts, name: str) -> dict[str, Any] | None:
    """The managed Python environment of this name on the host, or None."""
    return next((row for row in facts["environments"] if row["name"] == name), None)


def foreign(facts: Facts, name: str) -> dict[str, Any] | None:
    """What somebody else has where the environment of this name would be, or None."""
    return next((row for row in facts.get("foreign_environments") or [] if row["name"] == name), None)


def of_report(facts: Facts) -> dict[str, Any]:
    """The environment the stack runs in: one of ours, with a framework, if there is one; or {}."""

    def rank(row: dict[str, Any]) -> tuple[bool, bool]:
        packages = values.part(row, "packages")
        return bool({"mindspore", "mindspore-ascend", "torch"} & set(packages)), bool(row.get("stack"))

    rows = [row for row in values.rows(facts, "environments") if isinstance(row, dict)]
    return max(rows, key=rank, default={})
