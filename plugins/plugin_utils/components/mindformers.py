# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MindFormers: the models that generate text on MindSpore."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import environment
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import find_row
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Stack


class MindFormers(environment.FrameworkComponent):
    name = "mindformers"
    title = "MindFormers"
    role = "mindformers"
    home = "mindspore"
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
        # What PyPI cannot install is no choice of ours; whoever has the rest of it pins it.
        rows = [row for row in search.catalog["mindformers"] if row["mindspore"] and not row.get("pypi_lacks")]
        documented = [row["mindformers"] for row in rows]
        return [*search.ordered("mindformers", documented, chosen), None]

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        version = choice.get("mindformers")
        row = find_row(choice.catalog, "mindformers", version) if version else None
        if row is None:
            return None
        return {
            "version": version,
            "distribution": row["distribution"],
            "branch": row.get("branch"),
            "pypi_lacks": list(row.get("pypi_lacks") or []),
        }

    def explain(self, choice: Choice, stack: Stack, present: str | None) -> None:
        framework, entry = choice.versions.get("mindspore"), stack.get(self.name)
        if entry and entry["pypi_lacks"]:
            row = find_row(choice.catalog, self.name, entry["version"]) or {}
            choice.case.warn(
                "mindformers-pypi",
                f"MindFormers {entry['version']} requires {' and '.join(entry['pypi_lacks'])}, which PyPI does not "
                "have: pip alone cannot install it. Put wheels of it into wheels/ of ascend_artifacts (or name an "
                "index that has them in ascend_wheels), or leave ascend_mindformers_version on auto.",
                row.get("source", ""),
                self.name,
            )
        if framework and self.name in choice.versions and choice.versions[self.name] is None:
            self._none(choice, framework)

    def _none(self, choice: Choice, framework: str) -> None:
        """Say why no release is chosen, and what the user can do."""
        lacking = next(
            (
                row
                for row in choice.catalog[self.name]
                if row.get("pypi_lacks") and any(versions.same(framework, name) for name in row["mindspore"])
            ),
            None,
        )
        if lacking is not None:
            choice.case.warn(
                "mindformers-pypi",
                f"MindFormers {lacking[self.name]} is made for MindSpore {framework}, and none is chosen: it requires "
                f"{' and '.join(lacking['pypi_lacks'])}, which PyPI does not have. Put wheels of it into wheels/ of "
                f'ascend_artifacts and set ascend_mindformers_version to "{lacking[self.name]}", or choose another '
                "MindSpore.",
                lacking["source"],
                self.name,
            )
            return
        choice.case.warn(
            "mindformers-none",
            f"no MindFormers release is documented for MindSpore {framework}, so none is chosen. Set "
            "ascend_mindformers_version to one you know to work, or choose another MindSpore.",
            "mf",
            self.name,
        )


COMPONENT = MindFormers()
