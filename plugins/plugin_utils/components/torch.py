# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PyTorch: the CPU build of torch, torch_npu, the packages that both need and those that a site names beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import environment, published, python_extra, torch_packages
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice, Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.components import torch_npu
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import on_pypi, public, torch_pairs, torch_row
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Action, Catalog, Facts, Stack, Step, Subject

PLUGIN = "torch_npu"


class Torch(environment.FrameworkComponent):
    name = "torch"
    title = "PyTorch"
    role = "torch"
    home = "torch"
    env_variable = "ascend_torch_env_name"
    carries = (PLUGIN,)
    after = ("python", "cann", "kernels", "nnal", "torch_npu", "mindformers")
    follows = ("torch_npu",)
    pins = ("torch_companions",)
    lists = ("torch_companions",)
    wheel_set = "torch"
    headline = True
    minutes = 3

    def looked_for(self, said: Mapping[str, Any]) -> list[str]:
        return python_extra.names([{"requirements": said["torch_companions"]}])

    def takes_part(self, parts: set[str], fixed: dict[str, str], order: list[str]) -> bool:
        return PLUGIN in order

    def undecided(self, fixed: dict[str, str]) -> str | None:
        if {"torch", PLUGIN, "cann"} & set(fixed):
            return None
        return (
            "ascend_torch_version is not set, and ascend_components names torch: choose PyTorch first (or torch_npu "
            "with ascend_torch_npu_version), the rest follows from it."
        )

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        plugin = chosen.get(PLUGIN)
        if not plugin:
            return [None]
        bases = [
            base for _row, base, known in torch_pairs(search.catalog) if versions.same(public(known), public(plugin))
        ]
        bases += [row["torch"] for row in search.catalog["torch"] if public(plugin) in (row.get(PLUGIN) or [])]
        return search.ordered("torch", bases or [".".join(plugin.split(".")[:3])], chosen)

    def gap(self, catalog: Catalog, version: str) -> str | None:
        if any(versions.same(base, public(version)) for _row, base, _plugin in torch_pairs(catalog)):
            return None
        return (
            f"The reason: no source names the CANN release of torch {version}: set ascend_cann_version, or "
            f"{torch_npu.instead(catalog)}."
        )

    def pythons(self, catalog: Catalog, chosen: Mapping[str, str | None]) -> tuple[list[str], list[str]]:
        version = chosen.get(self.name)
        row = torch_row(catalog, version) if version else None
        if row is None or not row.get("python"):
            return [], []
        return environment.minors(row["python"]), list(row.get("advised") or [])

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version, plugin = choice.versions.get(self.name), choice.versions.get(PLUGIN)
        if not version or not plugin or not {self.name, PLUGIN} & choice.parts:
            return None
        arch = str(choice.subject["arch"])
        local = torch_packages.CPU_BUILD.get(arch, "")
        wanted = [f"torch=={public(version)}{local}", f"torch-npu=={plugin}"]
        wanted += torch_packages.beside(choice.catalog, environment.python_for(self, choice))
        wanted += torch_packages.companions(choice, public(version), local)
        indexes = published.indexes(choice.catalog, arch, wanted)
        lacks = [text for text in wanted if any(text.partition("==")[0] in names for names in indexes.values())]
        if not on_pypi(choice.catalog, plugin):
            lacks.append(wanted[1])
        return {
            "version": public(version),
            "torch_npu": plugin,
            "build": public(version) + local,
            "requirements": wanted,
            "indexes": list(indexes),
            "pypi_lacks": lacks,
        }

    def explain(self, choice: Choice, stack: Stack, present: str | None) -> None:
        entry = stack.get(self.name)
        if entry:
            torch_packages.explain(choice, entry, stack)

    def requirements(self, stack: Stack) -> list[str]:
        return list((stack.get(self.name) or {}).get("requirements") or [])

    def files(self, stack: Stack, subject: Subject, catalog: Catalog) -> list[published.Want]:
        """The wheel of a torch_npu that PyPI does not have: from the vendor's own releases, where that is known."""
        entry, python, arch = stack.get(self.name), environment.python_of(stack, self.name), subject.get("arch")
        if not entry or not python or not arch or on_pypi(catalog, entry[PLUGIN]):
            return []
        plugin = entry[PLUGIN]
        file = torch_packages.wheel(plugin, entry["version"], python, arch)
        home = next(
            (row for row, _base, known in torch_pairs(catalog) if known == plugin and row.get("extension")), None
        )
        folder = f"v{home['extension']}-pytorch{entry['version']}" if home else None
        url, headers = published.address(catalog, PLUGIN, plugin, file, folder) if folder else (None, {})
        return [
            published.Want(
                f"wheels/{file}",
                "wheel",
                arch,
                python,
                url,
                headers,
                published.checksum(catalog, file),
                component=self.name,
                version=entry["version"],
            )
        ]

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        """Without what only says that it is the build for the CPU; another build is no such thing, and is shown."""
        version = super().seen(facts, stack)
        return version and version.removesuffix(torch_packages.CPU)

    def labels(self, versions: Mapping[str, str | None], desired: Mapping[str, str | None]) -> dict[str, str] | None:
        found = super().labels(versions, desired)
        return found and {**found, "torch_npu": versions[PLUGIN] or ""}

    def step(self, site: Site, stack: Stack) -> Step | None:
        entry, env = stack[self.name] or {}, self.there(site)
        there: Mapping[str, str] = env["packages"] if env else {}
        now, build, wanted = there.get("torch"), entry["build"], entry["version"]
        action: Action
        if now is None or env is None:
            action, why = "install", "not installed"
        elif public(now) != wanted:
            action, why = "upgrade" if versions.compare(now, wanted) < 0 else "downgrade", f"torch {now} is installed"
        elif build != wanted and now != build:
            # The same number is another program: torch_npu refuses to load beside CUDA.
            action, why = "repair", f"torch {now} is installed, which is not the CPU build ({build})"
        else:
            differs = [text for text in self.requirements(stack) if not _there(text, there)]
            if not differs:
                return None
            plugin = there.get("torch-npu")
            older = plugin and versions.compare(plugin, entry[PLUGIN]) > 0
            action = "downgrade" if older else "upgrade" if plugin and plugin != entry[PLUGIN] else "configure"
            why = f"{', '.join(differs)} wanted, installed is {_found(differs, there)}"
            if action != "configure":
                now, wanted = f"{now} with torch_npu {plugin}", f"{wanted} with torch_npu {entry[PLUGIN]}"
        step = self.make_step(site.facts, action, now, wanted, why)
        step["environment"] = self.place_of(site)
        return step


def _there(requirement: str, packages: Mapping[str, str]) -> bool:
    """Whether the environment has a distribution in the version that a requirement names."""
    name, _equal, version = requirement.partition("==")
    if name == "torch" or not version:  # torch was looked at; what has no version is brought with the others
        return True
    return packages.get(name) == version


def _found(requirements: list[str], packages: Mapping[str, str]) -> str:
    names = [text.partition("==")[0] for text in requirements]
    return ", ".join(f"{name} {packages[name]}" for name in names if name in packages) or "none of it"


COMPONENT = Torch()
