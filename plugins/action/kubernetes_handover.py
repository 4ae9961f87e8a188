# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the hand-over to Kubernetes from what was observed, on the control node, without a connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import (
    HOSTS,
    ControlAction,
    Registered,
    hosts,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.kubernetes import charts, handover, nodes

_NAMES = (handover.LABELS, handover.APP, handover.CRDS, handover.IMAGES, handover.PAGE)


class ActionModule(ControlAction):
    """Thin: reads the observations and writes files; handover.make does the rest."""

    ARGUMENTS = {
        **HOSTS,
        "dir": {"type": "path", "required": True},
        "release": {"type": "str", "default": "auto"},
        "registry": {"type": "str", "default": charts.REGISTRY},
        "control": {"type": "list", "elements": "str", "default": []},
        "volcano": {"type": "bool", "default": True},
        "catalog_overlay": {"type": "path"},
    }
    READS = ("ascend_kubernetes",)

    def act(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        try:
            tables = catalog.load(args["catalog_overlay"])
        except catalog.CatalogError as error:
            raise AnsibleActionFail(str(error)) from error
        wrong = [name for name in args["control"] if nodes.name_problem(name)]
        if wrong:
            raise AnsibleActionFail(
                f"ascend_kubernetes_control names {', '.join(wrong)}: a node's name has {nodes.name_problem(wrong[0])}."
            )
        wishes = handover.Wishes(
            None if args["release"] == "auto" else args["release"].lstrip("v"),
            args["registry"].rstrip("/"),
            tuple(args["control"]),
            args["volcano"],
        )
        found = handover.make(tables, [self._node(name, task_vars) for name in hosts(args, task_vars)], wishes)
        try:
            changes = self._written(Path(args["dir"]).expanduser(), found.files)
        except OSError as error:
            raise AnsibleActionFail(f"{args['dir']} cannot be written: {error}. Set ascend_kubernetes_dir.") from error
        result = {**handover.as_data(found), "files": sorted(found.files), "good": found.good, "changed": bool(changes)}
        if self._task.diff:
            result["diff"] = changes
        return result

    def _node(self, name: str, task_vars: dict[str, Any]) -> nodes.Node:
        values = Registered(task_vars["hostvars"], name)
        observation, seen = values.get("ascend_observation") or {}, values.get("ascend_kubernetes_seen") or {}
        facts = (observation.get("ansible_facts") or {}).get("ascend") or {}
        given = host_variables.value(self._templar, dict(values), "ascend_kubernetes_node")
        reason = None if facts else str(observation.get("msg") or "the host did not answer")
        return nodes.Node(name, nodes.called(name, facts, given), facts, seen, reason)

    def _written(self, folder: Path, files: dict[str, str]) -> list[dict[str, str]]:
        """The files that differ, each as a diff; written unless this is check mode. What is not made any more goes."""
        changes = []
        for name in _NAMES:
            path, after = folder / name, files.get(name)
            before = path.read_text(encoding="utf-8") if path.is_file() else None
            if before == after:
                continue
            header = str(path)
            changes.append(
                {"before_header": header, "after_header": header, "before": before or "", "after": after or ""}
            )
            if self._task.check_mode:
                continue
            if after is None:
                path.unlink()
            else:
                folder.mkdir(parents=True, exist_ok=True)
                whole_file.put(str(path), after)
        return changes
