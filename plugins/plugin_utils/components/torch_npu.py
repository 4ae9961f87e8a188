# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""torch_npu: the part of PyTorch that computes on NPUs. It is made for one torch and for one CANN."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import environment
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice, Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import (
    on_pypi,
    public,
    stands_for,
    torch_of_plugin,
    torch_pairs,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Stack, Step


class TorchNpu(environment.FrameworkComponent):
    """Chosen before torch, which follows from it; installed with it, by the step of torch."""

    name = "torch_npu"
    title = "torch_npu"
    role = "torch"
    home = "torch"
    after = ("python", "cann", "nnal")
    follows = ("mindspore",)

    def takes_part(self, parts: set[str], fixed: dict[str, str], order: list[str]) -> bool:
        return bool({"torch", "torch_npu"} & (parts | set(fixed)))

    def distribution(self, stack: Stack) -> str:
        return "torch-npu"

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        """The wheels for the wanted torch: those that PyPI has, as recommended, for the newest CANN, come first."""
        pinned = {name: search.pins[name] for name in ("torch", "cann", "python") if name in search.pins}
        ranks: dict[str, tuple[Any, ...]] = {}
        for row, _base, known in torch_pairs(search.catalog):
            rank = (on_pypi(search.catalog, known), *_rank(row, known))
            ranks[known] = max(rank, ranks.get(known, rank))
        for row in search.catalog["torch"]:
            for known in row.get("torch_npu") or []:
                ranks.setdefault(known, (False,))
        best = sorted(ranks, key=ranks.__getitem__, reverse=True)
        return search.ordered("torch_npu", best, {**pinned, **chosen}, best.index)

    def gap(self, catalog: Catalog, version: str) -> str | None:
        known = public(stands_for(catalog, self.name, version) or version)
        if any(versions.same(public(plugin), known) for _row, _base, plugin in torch_pairs(catalog)):
            return None
        return (
            f"The reason: no source names the CANN release of torch_npu {version}: set ascend_cann_version, or "
            f"{instead(catalog)}."
        )

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version = choice.versions.get(self.name)
        if not version or not {"torch", self.name} & choice.parts:
            return None
        return {"version": version, "distribution": "pypi" if on_pypi(choice.catalog, version) else "file"}

    def requirements(self, stack: Stack) -> list[str]:
        return []  # torch names it, with all that one environment gets

    def step(self, site: Site, stack: Stack) -> Step | None:
        return None  # that of torch, which one command installs with it


def instead(catalog: Catalog) -> str:
    """The newest torch_npu releases whose CANN is known, in words."""
    known = dict.fromkeys(plugin for _row, _base, plugin in torch_pairs(catalog) if on_pypi(catalog, plugin))
    return f"take a torch_npu that the catalog pairs, such as {', '.join(list(known)[:3])}"


def _rank(row: dict[str, Any], known: str) -> tuple[Any, ...]:
    """Where it is the recommended one, then where Huawei's own table has it, then for the newest CANN."""
    named = row["rows"][torch_of_plugin(row, known)]
    first = known == (named[0] if isinstance(named, list) else named)
    return first, bool(row.get("extension")), versions.key(row["cann"])


COMPONENT = TorchNpu()
