# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python environment, with the compiler and CMake that its packages need."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import journal, versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import component, environment, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import DOUBTFUL, Choice, Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.removal import Standing
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack, Step

_NAMED = 3  # distributions that a step's words name


class Python(environment.EnvironmentComponent):
    name = "python"
    title = "Python environment"
    column = "Python"
    otherwise = "what the framework's own images have, else the newest that it has wheels for"
    role = "python_toolchain"
    tabled = False
    after = ("kernels",)
    follows = ("mindspore", "mindformers", "torch", "tensorflow", "vllm_ascend")
    doubt = DOUBTFUL
    removable = True
    can_be_taken_over = True

    def takes_part(self, parts: set[str], fixed: dict[str, str], order: list[str]) -> bool:
        served = {one.name for one in environment.frameworks()} & set(order)
        return bool(served) and (bool({"python", *served} & parts) or "python" in fixed)

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        """Those of the first framework; the environments of others follow in entry()."""
        first = next((one for one in environment.frameworks() if chosen.get(one.name)), None)
        found, advised = first.pythons(search.catalog, chosen) if first else ([], [])
        found = search.ordered("python", found, chosen, lambda version: version not in advised)
        return [*environment.present_first(found, search.host.get("pythons"))] or [None]

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        first = choice.versions.get("python")
        served = [one for one in environment.frameworks() if one.name in choice.frameworks]
        if not first or not {"python", *(one.name for one in served)} & choice.parts:
            return None
        rows = [{"framework": one.name, "version": environment.python_for(one, choice)} for one in served]
        return {"version": first, "environments": rows}

    def explain(self, choice: Choice, stack: Stack, present: str | None) -> None:
        """The first environment's Python is judged with the stack; those of the others here."""
        entry = stack["python"] or {}
        for version in sorted({row["version"] for row in entry.get("environments") or []} - {entry.get("version")}):
            why = environment.python_missing(version, choice.case.host.get("pythons"))
            if why:
                choice.case.error("python-missing", why, "ascend.fleet", "python")

    def steps(self, site: Site, stack: Stack) -> list[Step]:
        entry = stack["python"] or {}
        rows = entry.get("environments") or [{"framework": "", "version": entry["version"]}]
        found: list[Step] = []
        for number, row in enumerate(rows):
            name = site.environment_of(row["framework"])
            step = self._step(site, name, row["version"], with_tools=number == 0)
            if step is None or any(other.get("environment") == name for other in found):
                continue
            step["environment"] = name
            if any(other["id"] == step["id"] for other in found):
                step["id"] += f"-{name}"
            found.append(step)
        return found

    def _step(self, site: Site, name: str, wanted: str, with_tools: bool) -> Step | None:
        """What one environment lacks, and the host of tools, where this is the one that brings them."""
        env = environment.of_name(site.facts, name)
        if env is None:
            return self.make_step(site.facts, "install", None, wanted, f"no environment named {name}")
        there = env["python"] or ""
        if not versions.matches(there, wanted):
            why = f"the environment has Python {env['python']}"
            return self.make_step(site.facts, "replace", env["python"], wanted, why)
        if _interrupted(site.facts, env.get("path")):
            return self.make_step(site.facts, "repair", there, wanted, "an earlier change of it was interrupted")
        tools = site.facts["tools"]
        if with_tools and not tools["gcc"]:
            return self.make_step(site.facts, "configure", there, wanted, "gcc is missing")
        old = not tools["cmake"] or versions.compare(tools["cmake"], site.cmake_min) < 0 if site.cmake_min else False
        if with_tools and old:
            why = f"CMake {site.cmake_min} or newer is missing"
            return self.make_step(site.facts, "configure", there, wanted, why)
        return None

    def label(self, step: Step) -> str:
        if step["action"] != "restore":
            return super().label(step)
        changes = step.get("packages") or {}
        first = [f"{name} {version}" if version else f"without {name}" for name, version in changes.items()][:_NAMED]
        more = f" and {len(changes) - _NAMED} more" if len(changes) > _NAMED else ""
        return f"restore Python {step['to']}: {', '.join(first)}{more}" if first else f"restore Python {step['to']}"

    def fits(self, python: str, step: Step) -> bool:
        return versions.matches(python, step["to"])

    def standing(self, site: Site, everything: bool) -> list[Standing]:
        found = []
        for name in dict.fromkeys([site.env_name, *site.env_names.values()]):
            strange = environment.foreign(site.facts, name)
            if strange:
                why = f"it is {strange['what']}, and ascend.fleet did not make it"
                found.append(Standing(strange["path"], None, why))
            env = environment.of_name(site.facts, name)
            if env:
                found.append(Standing(f"environment {name}", env["python"] or "without Python", environment=name))
        return found

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        return values.text(environment.of_report(facts).get("python"))


def _interrupted(facts: Facts, path: str | None) -> bool:
    """Whether the journal knows of a change of the environment that did not come to a good end."""
    entries = component.journal(facts).get("entries") or []
    own = [entry for entry in entries if path and entry.get("install_path") == path and "event" in entry]
    return journal.unfinished(own, journal.ENVIRONMENT) is not None


COMPONENT = Python()
