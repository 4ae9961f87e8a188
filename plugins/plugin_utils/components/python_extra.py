# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python packages beside the stack: what ascend_python_extra names, a step for each environment that differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.environment.wanted import same_version
from ansible_collections.ascend.fleet.plugins.plugin_utils import environment, python_extra, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice, Component, Site, Verdict
from ansible_collections.ascend.fleet.plugins.plugin_utils.removal import Standing
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Action, Facts, Stack, Step

try:
    from packaging.requirements import InvalidRequirement, Requirement
except ImportError:
    Requirement = None  # type: ignore[assignment,misc]  # ansible-core brings packaging along

MADE_FOR = "python_extra"  # in the record of an environment: that we made it for an entry
_SHOWN = 3


class PythonExtra(Component):
    name = "python_extra"
    title = "Python packages beside the stack"
    column = "Python extra"
    role = "python_extra"
    after = ("python", "mindspore", "mindformers", "torch")
    versioned = False
    removable = True
    pins = ("python_extra",)
    lists = ("python_extra",)
    minutes = 1

    @property
    def chosen_by(self) -> str:
        return python_extra.VARIABLE

    def looked_for(self, said: Mapping[str, Any]) -> list[str]:
        return python_extra.names(said["python_extra"])

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        rows = choice.pins.get("python_extra") or []
        return {"environments": list(rows)} if rows and self.name in choice.parts else None

    def installed(self, site: Site, stack: Stack) -> str | None:
        return self.seen(site.facts, stack)

    def steps(self, site: Site, stack: Stack) -> list[Step]:
        steps = [self._step(site, row) for row in _wishes(stack)]
        return [step for step in steps if step is not None]

    def _step(self, site: Site, wish: dict[str, Any]) -> Step | None:
        name = wish["environment"]
        env = environment.of_name(site.facts, name)
        there: dict[str, str] = env["packages"] if env else {}
        lacking = [text for text in wish["requirements"] if not _holds(text, there)]
        action: Action
        if env is None:
            action, why = "install", f"no environment named {name}"
        elif wish["python"] and not versions.matches(env["python"] or "", wish["python"]):
            action, why = "replace", f"the environment has Python {env['python']}"
            lacking = wish["requirements"]
        elif lacking:
            action, why = "configure", f"installed is {_found(lacking, there)}"
        else:
            return None
        step = self.make_step(site.facts, action, None, _short(lacking), why)
        return {**step, "id": f"{self.name}-{action}-{name}", "product": name, "environment": name}

    def label(self, step: Step) -> str:
        name = f"Python environment {step.get('product')}"
        return f"remove {name}" if step["action"] == "remove" else f"{name}: {step['to']}"

    def theirs(self, site: Site, step: Step) -> Verdict | None:
        name = str(step.get("environment") or "")
        row, env = environment.foreign(site.facts, name), environment.of_name(site.facts, name)
        if row is not None:
            return Verdict(
                "error",
                f"{row['path']} is {row['what']} that ascend.fleet did not make (owner: {row.get('owner')}). Nothing "
                f"of it is touched. Choose another environment in {self.chosen_by}, or move it away.",
                self.chosen_by,
            )
        if env is not None and step["action"] == "replace" and not _made_for_us(env):
            return Verdict(
                "error",
                f"the environment {name} has Python {env['python']} and was not made for {self.chosen_by}: it is not "
                "made anew. Choose another environment, or the Python that it has.",
                self.chosen_by,
            )
        return None

    def unfit(self, site: Site, stack: Stack) -> list[str]:
        found = []
        for wish in _wishes(stack):
            limits = site.env_limits.get(wish["environment"], ())
            found += [
                f"{text} in {self.chosen_by} ({wish['environment']}) contradicts {limit}, to which a framework holds "
                "this environment. Take another version, or an environment of its own."
                for text in wish["requirements"]
                for limit in limits
                if _contradicts(text, limit)
            ]
            if not wish["python"] and wish["environment"] not in site.env_limits:
                found.append(
                    f"{wish['environment']} in {self.chosen_by} is the environment of a framework that this host does "
                    'not get: say which Python it is to have, such as python: "3.11".'
                )
        return found

    def standing(self, site: Site, everything: bool) -> list[Standing]:
        if not everything:
            return []
        rows = [row for row in values.rows(site.facts, "environments") if isinstance(row, dict)]
        return [
            Standing(str(row["name"]), row.get("python"), environment=str(row["name"]))
            for row in rows
            if _made_for_us(row)
        ]

    def wheel_sets(self, stack: Stack) -> list[tuple[str, str, list[str]]]:
        first = environment.python_of(stack)
        return [
            (f"{self.name}-{wish['environment']}", str(wish["python"] or first), wish["requirements"])
            for wish in _wishes(stack)
            if wish["from"] in (None, python_extra.BUNDLE) and (wish["python"] or first)
        ]

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        told = []
        for wish in _wishes(stack):
            rows = [row for row in values.rows(facts, "environments") if isinstance(row, dict)]
            env = next((row for row in rows if row.get("name") == wish["environment"]), {})
            there = values.part(env, "packages")
            told += [
                f"{name} {there[name]}"
                for name, _version in map(python_extra.pin, wish["requirements"])
                if name in there
            ]
        return ", ".join(told) or None

    def wanted(self, stack: Stack) -> str | None:
        pins = [python_extra.pin(text) for wish in _wishes(stack) for text in wish["requirements"]]
        return ", ".join(f"{name} {version}" for name, version in pins) or None

    def fingerprint(self, entry: dict[str, Any]) -> str | None:
        return None


def _wishes(stack: Stack) -> list[dict[str, Any]]:
    return values.rows(values.part(stack, PythonExtra.name), "environments")


def _made_for_us(env: dict[str, Any]) -> bool:
    return MADE_FOR in values.part(env, "stack")


def _holds(text: str, packages: dict[str, str]) -> bool:
    name, version = python_extra.pin(text)
    return name in packages and same_version(packages[name], version)


def _found(requirements: list[str], packages: dict[str, str]) -> str:
    pins = [python_extra.pin(text) for text in requirements]
    return _short([f"{name} {packages.get(name) or '(none)'}" for name, _version in pins])


def _short(texts: list[str]) -> str:
    more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return ", ".join(texts[:_SHOWN]) + more


def _contradicts(text: str, limit: str) -> bool:
    """Whether a requirement in one version is none that a limit allows."""
    name, version = python_extra.pin(text)
    try:
        held = Requirement(limit)
    except InvalidRequirement:
        return False
    return python_extra.normalize(held.name) == name and not held.specifier.contains(version, prereleases=True)


COMPONENT = PythonExtra()
