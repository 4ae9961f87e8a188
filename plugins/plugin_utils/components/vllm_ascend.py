# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""vLLM Ascend: the Python packages of its release table in an environment of their own. Serving is somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import environment, published, torch_packages
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import SAID, Choice, Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import find_row, on_pypi, public
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Stack, Step

# PyPI's vllm requires the torch of CUDA, and PyPI has few wheels of vllm-ascend.
BY_HAND = ("vllm", "vllm-ascend")


class VllmAscend(environment.FrameworkComponent):
    name = "vllm_ascend"
    title = "vLLM Ascend"
    role = "vllm_ascend"
    home = "vllm_ascend"
    env_variable = "ascend_vllm_env_name"
    wheel_set = "vllm_ascend"
    after = ("python", "cann", "kernels", "nnal", "torch")
    follows = ("mindspore", "torch")
    doubt = SAID
    headline = True
    minutes = 5

    def undecided(self, fixed: dict[str, str]) -> str | None:
        if {self.name, "cann"} & set(fixed):
            return None
        return (
            "ascend_vllm_ascend_version is not set, and ascend_components names vllm_ascend: the rest follows from it."
        )

    def distribution(self, stack: Stack) -> str:
        return "vllm-ascend"

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        """Finished releases before candidates, and those whose torch_npu PyPI has before the others."""
        rows = {row["vllm_ascend"]: row for row in search.catalog["vllm_ascend"]}

        def prefer(name: str) -> tuple[bool, bool]:
            return "rc" in name, not on_pypi(search.catalog, rows[name]["torch_npu"])

        pinned = {name: search.pins[name] for name in ("cann", "python") if name in search.pins}
        return search.ordered(self.name, rows, {**pinned, **chosen}, prefer)

    def pythons(self, catalog: Catalog, chosen: Mapping[str, str | None]) -> tuple[list[str], list[str]]:
        version = chosen.get(self.name)
        row = find_row(catalog, self.name, version) if version else None
        return (environment.minors(row["python"]), []) if row else ([], [])

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version, arch = choice.get(self.name), str(choice.subject["arch"])
        row = find_row(choice.catalog, self.name, version) if version else None
        if row is None or version is None:
            return None
        local = torch_packages.CPU_BUILD.get(arch, "")
        wanted = [f"vllm=={row['vllm'][0]}", f"vllm-ascend=={version}", f"torch=={row['torch']}{local}"]
        wanted.append(f"torch-npu=={row['torch_npu']}")
        if row.get("triton_ascend"):
            wanted.append(f"triton-ascend=={row['triton_ascend']}")
        indexes = published.indexes(choice.catalog, arch, wanted)
        elsewhere = {name for names in indexes.values() for name in names} | set(BY_HAND)
        lacks = [text for text in wanted if _name(text) in elsewhere or _build(text)]
        if not on_pypi(choice.catalog, row["torch_npu"]):
            lacks.append(f"torch-npu=={row['torch_npu']}")
        return {
            "version": version,
            "torch_npu": row["torch_npu"],
            "requirements": wanted,
            "indexes": list(indexes),
            "pypi_lacks": list(dict.fromkeys(lacks)),
        }

    def explain(self, choice: Choice, stack: Stack, present: str | None) -> None:
        entry = stack.get(self.name)
        row = find_row(choice.catalog, self.name, entry["version"]) if entry else None
        if entry is None or row is None:
            return
        oldest, newest = row["python"]
        choice.why.append(f"Python {oldest} to {newest}: vLLM Ascend {entry['version']} takes them")
        plugin = row["torch_npu"]
        own = "" if on_pypi(choice.catalog, plugin) else f"; torch_npu {plugin} is a build that PyPI does not have"
        at = f"; torch for {choice.subject['arch']} is at {' and '.join(entry['indexes'])}" if entry["indexes"] else ""
        choice.case.warn(
            "vllm-ascend-pypi",
            f"vLLM Ascend {entry['version']} is not to be had from PyPI alone: its vllm there requires another torch, "
            f"and few wheels of vllm-ascend are there{own}{at}. Put wheels of {' and '.join(entry['pypi_lacks'])} into "
            "wheels/ of ascend_artifacts (vllm built with VLLM_TARGET_DEVICE=empty; the engine's image holds all of "
            "them).",
            row["source"],
            self.name,
        )

    def requirements(self, stack: Stack) -> list[str]:
        return list((stack.get(self.name) or {}).get("requirements") or [])

    def step(self, site: Site, stack: Stack) -> Step | None:
        entry, env = stack[self.name] or {}, self.there(site)
        step = super().step(site, stack)
        if step is None and env is not None:
            there: Mapping[str, str] = env["packages"]
            differs = [text for text in entry["requirements"] if not _holds(text, there)]
            if not differs:
                return None
            found = [f"{name} {there[name]}" for name in map(_name, differs) if name in there]
            why = f"{', '.join(differs)} wanted, installed is {', '.join(found) or 'none of it'}"
            step = self.make_step(site.facts, "configure", entry["version"], entry["version"], why)
        return {**step, "package": None, "environment": self.place_of(site)} if step else None


def _name(requirement: str) -> str:
    return requirement.partition("==")[0]


def _build(requirement: str) -> bool:
    """Whether it is a build that no index of releases has."""
    version = requirement.partition("==")[2].removesuffix(torch_packages.CPU)
    return "+" in version or ".dev" in version


def _holds(requirement: str, packages: Mapping[str, str]) -> bool:
    """Whether the packages have it. A vllm of one's own build says so in its version, torch that it is for the CPU."""
    name, _equal, version = requirement.partition("==")
    there = packages.get(name)
    if there is None:
        return False
    return there == version or ("+" not in version and versions.same(public(there), public(version)))


COMPONENT = VllmAscend()
