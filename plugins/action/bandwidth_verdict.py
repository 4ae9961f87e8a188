# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges the measured bandwidth of a fleet and keeps it for the next time, on the control node."""

from __future__ import annotations

import os
from collections import deque
from datetime import datetime, timezone

from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import HOSTS, ControlAction, hosts
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import bandwidth, ports, thresholds
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import number, part, plain, text

SEEN, ACROSS = "ascend_bandwidth_seen", "ascend_bandwidth_across_seen"
_LINES = 100_000  # of the history that are looked at


class ActionModule(ControlAction):
    """Thin: reads what the plays registered and the history, and the pure functions judge it."""

    ARGUMENTS = {
        **HOSTS,
        "history": {"type": "path", "required": True},
        "floors": {"type": "dict"},
        "thresholds": {"type": "dict"},
        "catalog_overlay": {"type": "path"},
    }
    READS = ("ascend_bandwidth", "ascend_network", "ascend_report", "ascend_catalog")

    def act(self, args, task_vars):
        names, hostvars = hosts(args, task_vars), task_vars["hostvars"]
        try:
            rows = catalog.load(args["catalog_overlay"])[thresholds.TABLE]
            limit = thresholds.read(rows, plain(args["thresholds"]))[bandwidth.MEASURE]
            floors = bandwidth.floors(plain(args["floors"]))
        except (catalog.CatalogError, thresholds.ThresholdError, ValueError) as error:
            raise AnsibleActionFail(str(error)) from error
        runs = [self._run(name, hostvars) for name in names]
        for name in names:
            across = ports.registered(hostvars, name, ACROSS)
            if across and not across.get("skipped"):
                family, npus = self._chips(name, hostvars)
                hosts_in = int(number(across.get("hosts")) or 1)
                runs.append(bandwidth.measured(bandwidth.ACROSS, family, npus, across, hosts_in))
        found = bandwidth.verdict(runs, limit, floors, self._history(args["history"]))
        if not self._task.check_mode:
            self._keep(args["history"], runs)
        return {"bandwidth": found, "ascend_lines": bandwidth.lines(found)}

    def _run(self, name, hostvars):
        family, npus = self._chips(name, hostvars)
        seen = ports.registered(hostvars, name, SEEN)
        if not seen or seen.get("skipped"):
            seen = {"available": False, "reason": bandwidth.left_alone(self._facts(name, hostvars))}
        return bandwidth.measured(name, family, npus, seen)

    def _facts(self, name, hostvars):
        return part(part(ports.registered(hostvars, name, ports.OBSERVATION), "ansible_facts"), "ascend")

    def _chips(self, name, hostvars):
        """Family and number of a host's chips."""
        facts = self._facts(name, hostvars)
        found = part(facts, "accelerators")
        return text(found.get("family")), int(number(found.get("count")) or 0)

    def _history(self, path):
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                return bandwidth.read_history(deque(stream, _LINES))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._refusal(path, error) from error

    def _keep(self, path, runs):
        lines = bandwidth.history_lines(runs, datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
        if not lines:
            return
        try:
            os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
            with open(path, "a", encoding="utf-8") as stream:
                stream.write("".join(f"{line}\n" for line in lines))
        except OSError as error:
            raise self._refusal(path, error) from error

    def _refusal(self, path, error):
        return AnsibleActionFail(
            f"The history of the bandwidth in {path} cannot be used: {error.strerror or error}. Give a folder on the "
            "control node that this user may write to (ascend_report_dir)."
        )
