# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python environment, with the compiler and CMake that its packages need."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import environment, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import DOUBTFUL, Choice, Site, Standing
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import find_row
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack, Step


class Python(environment.EnvironmentComponent):
    name = "python"
    title = "Python environment"
    column = "Python"
    role = "python_toolchain"
    tabled = False
    after = ("kernels",)
    follows = ("mindspore", "mindformers")
    doubt = DOUBTFUL
    removable = True
    can_be_taken_over = True

    def takes_part(self, parts: set[str], fixed: dict[str, str], order: list[str]) -> bool:
        return "mindspore" in order and (bool({"python", "mindspore"} & parts) or "python" in fixed)

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        framework, formers = chosen.get("mindspore"), chosen.get("mindformers")
        row = find_row(search.catalog, "mindspore", framework) if framework else None
        if row is None or framework is None:
            return [None]
        oldest, newest = (int(text.split(".")[1]) for text in row["python"])
        minors = [f"3.{number}" for number in range(newest, oldest - 1, -1)]
        advised: list[str] = []
        named = find_row(search.catalog, "mindformers", formers) if formers else None
        # The documented Python of MindFormers counts only together with the MindSpore it is documented with.
        if named and any(versions.release(framework) == versions.release(name) for name in named["mindspore"]):
            advised = named["python"]
        return search.ordered("python", minors, chosen, lambda version: version not in advised)

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version = choice.versions.get("python")
        return {"version": version} if version and {"python", "mindspore"} & choice.parts else None

    def step(self, site: Site, stack: Stack) -> Step | None:
        wanted = (stack["python"] or {})["version"]
        env = environment.of_name(site.facts, site.env_name)
        if env is None:
            return self.make_step(site.facts, "install", None, wanted, f"no environment named {site.env_name}")
        there = env["python"] or ""
        if not versions.matches(there, wanted):
            why = f"the environment has Python {env['python']}"
            return self.make_step(site.facts, "replace", env["python"], wanted, why)
        tools = site.facts["tools"]
        if not tools["gcc"]:
            return self.make_step(site.facts, "configure", there, wanted, "gcc is missing")
        if site.cmake_min and (not tools["cmake"] or versions.compare(tools["cmake"], site.cmake_min) < 0):
            why = f"CMake {site.cmake_min} or newer is missing"
            return self.make_step(site.facts, "configure", there, wanted, why)
        return None

    def fits(self, python: str, step: Step) -> bool:
        return versions.matches(python, step["to"])

    def standing(self, site: Site, everything: bool) -> list[Standing]:
        found = []
        strange = environment.foreign(site.facts, site.env_name)
        if strange:
            found.append(Standing(strange["path"], None, f"it is {strange['what']}, and ascend.fleet did not make it"))
        env = environment.of_name(site.facts, site.env_name)
        if env:
            found.append(Standing(f"environment {site.env_name}", env["python"] or "without Python"))
        return found

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        return values.text(environment.of_report(facts).get("python"))


COMPONENT = Python()
