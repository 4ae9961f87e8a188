# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of a plan would install, by hash: a saved plan is a promise about content, not about file names."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import lock_file
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.files import SIGNATURE_SUFFIXES
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.source import FolderSource, MirrorSource
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Plan, Step

# Files of other steps: wheels, models, conda channels, installers, tools. Never vendor packages or their zips.
NEVER = (".run", ".zip", ".refused", *SIGNATURE_SUFFIXES, artifacts.LOCK_NAME, artifacts.SUMS_NAME)


def _takes_more(step: Step) -> bool:
    """Whether a step uses other files than the package it names; a reboot uses none."""
    return step["action"] != "reboot" and not components.get(step["component"]).packaged


class Content:
    """Hashes for the plans of a fleet. Hosts that use the same files share one table."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, str]] = {}
        self._known: dict[tuple, str] = {}

    def pin(self, plan: Plan, desired: dict[str, Any]) -> None:
        """Writes into the plan which table of files its steps use, and into its steps the hash of their package.

        Args:
            plan: the plan of one host.
            desired: the host's variables; without ascend_artifacts there are no files.

        Raises:
            ArtifactError: a file cannot be used, or has no hash.
        """
        steps = [step for step in plan["steps"] if step["action"] != "remove"]
        packages = tuple(sorted({step["package"] for step in steps if step["package"]}))
        rest = any(_takes_more(step) for step in steps)
        source, pin = desired["ascend_artifacts"], desired[lock_file.PIN]
        key = (source, pin, packages, rest)
        if key not in self._known:
            table = _table(source, pin, packages, rest) if source and (packages or rest) else {}
            digest = hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()
            self.tables[digest] = table
            self._known[key] = digest
        plan["files"] = self._known[key]
        for step in steps:
            if step["package"]:
                step["sha256"] = self.tables[plan["files"]].get(step["package"])

    def difference(self, plan: Plan, before: dict[str, str]) -> list[str]:
        """The names of the files that differ from those of a saved table."""
        now = self.tables[plan["files"]]
        return sorted(name for name in {*now, *before} if now.get(name) != before.get(name))


def _table(source: str, pin: str | None, packages: tuple[str, ...], rest: bool) -> dict[str, str]:
    opened = artifact_source.open_source(source, pin=pin)
    found = artifact_source.resolve_files(opened, [{"name": name} for name in packages])
    table = {row["name"]: row["sha256"] for row in found}
    return {**table, **_rest(opened)} if rest else table


def _rest(source: FolderSource | MirrorSource) -> dict[str, str]:
    """Every file but the packages: which of the wheels a host gets follows from all that are there."""
    if source.lock is not None:
        known = {name: row["sha256"] for name, row in source.lock["artifacts"].items()}
    elif isinstance(source, FolderSource):
        names = [name for name in source.names() if not name.endswith(NEVER)]
        known = {name: artifact_source.file_sha256(source.folder / name, source.folder) for name in names}
    else:
        known = source.sums
    return {name: sha256 for name, sha256 in known.items() if not name.endswith(NEVER)}
