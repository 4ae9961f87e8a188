# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lives in the managed Python environment of a host, and the environment itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import DOUBTFUL, Choice, Component, Site, Verdict
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Facts, Stack, Step

# The distributions that are frameworks, by which a report knows the environment that counts.
FRAMEWORKS = ("mindspore", "mindspore-ascend", "torch", "tensorflow", "vllm-ascend")


class EnvironmentComponent(Component):
    """A distribution in the environment, or the environment itself."""

    chip_roles = ("training",)

    def distribution(self, stack: Stack) -> str:
        """The name of the distribution that is it."""
        return self.name

    def asked(self, frameworks: set[str], fixed: Mapping[str, str]) -> bool:
        return self.home in frameworks if self.home else bool(frameworks)

    def place_of(self, site: Site, step: Step | None = None) -> str:
        """The name of the environment that it lies in, or that a step of it is for."""
        return (step and step.get("environment")) or site.environment_of(self.home)

    def there(self, site: Site) -> dict[str, Any] | None:
        """The environment that it lies in, or None."""
        return of_name(site.facts, self.place_of(site))

    def installed(self, site: Site, stack: Stack) -> str | None:
        env = self.there(site)
        return env["packages"].get(self.distribution(stack)) if env else None

    def held(self, packages: dict[str, str]) -> str | None:
        """Its version among these distributions, {name: version}."""
        return packages.get(self.distribution({}))

    def theirs(self, site: Site, step: Step) -> Verdict | None:
        """Of steps for the environment and for what lies in it."""
        name = self.place_of(site, step)
        variable = _variable(site, name)
        env = of_name(site.facts, name)
        if env is not None:
            if not env.get("adopted") or step["action"] != "replace":
                return None
            return Verdict(
                "error",
                f"the environment {env.get('path') or name} was taken over and has Python {env['python']}, "
                f"{step['to']} is wanted: it would have to be removed with all that its owner put into it. Choose "
                f"another {variable}.",
                variable,
            )
        row = foreign(site.facts, name)
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
        fix = f"Choose another {variable} or ascend_env_root, or move it away"
        if fits:
            fix += ", or let it be taken over with ascend_take_over: [python]"
        return Verdict("error", f"{what}. Nothing of it is touched. {fix}.", variable)

    def fits(self, python: str, step: Step) -> bool:
        """Whether somebody's environment with this Python may serve; what a package needs is not known here."""
        return True

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        packages = values.part(of_report(facts, self.distribution(stack), home=self.home), "packages")
        return values.text(packages.get(self.distribution(stack)))


class FrameworkComponent(EnvironmentComponent):
    """A distribution that follows a framework's version, or the framework itself."""

    doubt = DOUBTFUL
    inside = ("python",)

    def requirements(self, stack: Stack) -> list[str]:
        entry = stack.get(self.name)
        return [f"{self.distribution(stack)}=={entry['version']}"] if entry else []

    def pythons(self, catalog: Catalog, chosen: Mapping[str, str | None]) -> tuple[list[str], list[str]]:
        """The Pythons that a framework's environment may have, and which of them are advised.

        Args:
            catalog: plugin_utils.catalog.load().
            chosen: component -> version, as far as it is decided.

        Returns:
            Minor versions such as 3.11, the newest first; empty where no source names any.
        """
        return [], []


def minors(limits: Sequence[str]) -> list[str]:
    """Every minor version of Python 3 from the oldest to the newest of two, the newest first."""
    oldest, newest = (int(text.split(".")[1]) for text in limits)
    return [f"3.{number}" for number in range(newest, oldest - 1, -1)]


def frameworks() -> tuple[FrameworkComponent, ...]:
    """The components that have an environment of their own, in the order of installation."""
    from ansible_collections.ascend.fleet.plugins.plugin_utils import components  # which reads the components' files

    return tuple(one for one in components.ALL if isinstance(one, FrameworkComponent) and one.home == one.name)


def home_of(name: str) -> str:
    """The framework in whose environment a component lies; empty for one that lies in none, or in any."""
    from ansible_collections.ascend.fleet.plugins.plugin_utils import components  # as above

    return next((one.home for one in components.ALL if one.name == name), "")


def python_for(framework: FrameworkComponent, choice: Choice) -> str | None:
    """The Python of a framework's environment: the pinned one, or that of the first where it is as good as any."""
    first = choice.versions.get("python")
    found, advised = framework.pythons(choice.catalog, choice.versions)
    there = choice.case.host.get("pythons")
    found = [minor for minor in found if there is None or minor in there] or found
    best = [minor for minor in found if minor in advised] or found
    return first if not first or "python" in choice.fixed or not best or first in best else best[0]


def python_of(stack: Stack, framework: str = "") -> str | None:
    """The Python of a framework's environment by its first two numbers, 3.11; None where the stack has none.

    Without a framework: that of the stack's first environment.
    """
    entry = stack.get("python") or {}
    own = next((row["version"] for row in entry.get("environments") or [] if row["framework"] == framework), None)
    version = own or entry.get("version")
    return ".".join(str(version).split(".")[:2]) if version else None


def _variable(site: Site, name: str) -> str:
    """The variable that gave an environment its name."""
    named = [one.env_variable for one in frameworks() if site.environment_of(one.name) == name and one.env_variable]
    return named[0] if named else "ascend_env_name"


def pythons_of_host(facts: Facts, desired: dict[str, Any]) -> list[str] | None:
    """The Pythons, as 3.11, that the managed environment has or can be made with; None where any can be had.

    Args:
        desired: the host's shared variables. conda and uv bring what they are asked for, venv takes what is there.
    """
    there = values.part(facts, "tools").get("pythons")
    if not there or desired["ascend_env_provider"] != "venv":  # without a name of its own it may be python3 alone
        return None
    env = of_name(facts, desired["ascend_env_name"]) or {}
    own = ".".join(str(env.get("python") or "").split(".")[:2])
    return [*there, own] if own and own not in there else list(there)


def present_first(minors: list[str], there: list[str] | None) -> list[str]:
    """Pythons in order of preference, those that the host has before the others: a wheel is made for each of them.

    Args:
        minors: the candidates, best first. there: what pythons_of_host() gave; None changes nothing.
    """
    return minors if there is None else sorted(minors, key=lambda minor: minor not in there)


def python_missing(version: str, there: list[str] | None) -> str | None:
    """Why an environment cannot be made with a Python, in a sentence with the fix; None where it can.

    Args:
        there: what pythons_of_host() gave.
    """
    minor = ".".join(version.split(".")[:2])
    if there is None or minor in there:
        return None
    return (
        f"the environment is to have Python {minor}, and the host has {', '.join(there) or 'none'} to make "
        "it with. Install it on the host, let conda or uv bring it (ascend_env_provider), or choose another with "
        "ascend_python_version; where python_toolchain_extra_packages brings it, accept python-missing."
    )


def of_name(facts: Facts, name: str) -> dict[str, Any] | None:
    """The managed Python environment of this name on the host, or None."""
    return next((row for row in facts["environments"] if row["name"] == name), None)


def foreign(facts: Facts, name: str) -> dict[str, Any] | None:
    """What somebody else has where the environment of this name would be, or None."""
    return next((row for row in facts.get("foreign_environments") or [] if row["name"] == name), None)


def of_report(facts: Facts, *distributions: str, home: str = "") -> dict[str, Any]:
    """The environment the stack runs in: one of ours, with one of the distributions if there is one; or {}.

    Without distributions: one with any framework. home: not one that was made for another framework than this.
    """
    wanted = set(distributions or FRAMEWORKS)

    def rank(row: dict[str, Any]) -> tuple[bool, bool]:
        packages = values.part(row, "packages")
        return bool(wanted & set(packages)), bool(row.get("stack"))

    def other(row: dict[str, Any]) -> bool:
        made_for = set(values.part(row, "stack")) & {one.name for one in frameworks()}
        return bool(home and made_for) and home not in made_for

    rows = [row for row in values.rows(facts, "environments") if isinstance(row, dict) and not other(row)]
    return max(rows, key=rank, default={})
