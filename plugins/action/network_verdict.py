# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the network of a fleet from what was observed and probed, on the control node, without a connection."""

from __future__ import annotations

import os

from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import earlier, judge, rounds, thresholds, words
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import plain


class ActionModule(ControlAction):
    """Thin: reads what the plays registered, and the pure functions judge it."""

    ARGUMENTS = {
        **HOSTS,
        **rounds.ARGUMENTS,
        "thresholds": {"type": "dict"},
        "catalog_overlay": {"type": "path"},
    }
    READS = ("ascend_network", "ascend_report_dir", "ascend_catalog")

    def act(self, args, task_vars):
        try:
            rows = catalog.load(args["catalog_overlay"])[thresholds.TABLE]
            limits = thresholds.read(rows, plain(args["thresholds"]))
        except (catalog.CatalogError, thresholds.ThresholdError) as error:
            raise AnsibleActionFail(str(error)) from error
        found = rounds.of(hosts(args, task_vars), task_vars["hostvars"], args)
        results = rounds.results(found, task_vars["hostvars"])
        verdict = judge.verdict(found.fleet, found.course.shape, results, limits)
        if args["kept"] and not self._task.check_mode:
            troubled = {port["host"] for row in verdict["troubles"] if row["level"] == "alarm" for port in row["ports"]}
            self._keep(args["kept"], earlier.kept_now(found.kept, found.course, found.marks, results, troubled))
        return {"network": verdict, "ascend_lines": words.lines(verdict)}

    def _keep(self, path, kept):
        text = earlier.write(kept)
        if text == whole_file.read(path):
            return
        try:
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
            whole_file.put(os.path.abspath(path), text)
        except OSError as error:
            raise AnsibleActionFail(
                f"What was verified of the network cannot be kept in {path}: {error.strerror or error}. Give a folder "
                "on the control node that this user may write to (ascend_report_dir)."
            ) from error
