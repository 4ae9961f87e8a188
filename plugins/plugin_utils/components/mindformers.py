# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MindFormers: the models that generate text on MindSpore."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import environment
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import find_row
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Stack


class MindFormers(environment.FrameworkComponent):
    name = "mindformers"
    title = "MindFormers"
    role = "mindformers"
    after = ("mindspore",)
    follows = ("mindspore",)
    optional = True
    requirements_variable = "mindformers_extra_packages"
    constraints_variable = "mindformers_constraints"
    git_variable = "mindformers_git"
    # jieba 0.42.1, pure Python all the same: MindFormers 0.8 to 1.x require it. Source of the hash: PyPI.
    source_only = ("jieba==0.42.1 --hash=sha256:055ca12f62674fafed09427f176506079bc135638a14e23e25be909131928db2",)
    minutes = 1

    def takes_part(self, parts: set[str], fixed: dict[str, str], order: list[str]) -> bool:
        alone = "mindformers" in fixed and "mindspore" not in fixed
        return "mindspore" in order and ("mindformers" in parts or alone)

    def candidates(self, search: Any, chosen: dict[str, str | None]) -> list[str | None]:
        if not chosen.get("mindspore"):
            return [None]
        documented = [row["mindformers"] for row in search.catalog["mindformers"] if row["mindspore"]]
        return [*search.ordered("mindformers", documented, chosen), None]

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version = choice.get("mindformers")
        row = find_row(choice.catalog, "mindformers", version) if version else None
        if row is None:
            return None
        return {"version": version, "distribution": row["distribution"], "branch": row.get("branch")}

    def explain(self, choice: Choice, stack: Stack, present: str | None) -> None:
        framework = choice.versions.get("mindspore")
        if framework and "mindformers" in choice.versions and choice.versions["mindformers"] is None:
            choice.case.warn(
                "mindformers-none",
                f"no MindFormers release is documented for MindSpore {framework}, so none is chosen. Set "
                "ascend_mindformers_version to one you know to work, or choose another MindSpore.",
                "mf",
                "mindformers",
            )


COMPONENT = MindFormers()
