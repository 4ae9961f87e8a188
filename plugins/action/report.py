# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the fleet report on the control node: report.json, report.html, report.prom and the table for the screen."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import planted
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import (
    HOSTS,
    ControlAction,
    Registered,
    hosts,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.report import page, prom, text
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.collect import collect
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.model import build, failures
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import LINE_AT_MOST, clean
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import plain


class ActionModule(ControlAction):
    """Thin: reads the host variables, lets the pure functions work, writes three files."""

    ARGUMENTS = {
        **HOSTS,
        "path": {"type": "path", "required": True},
        "title": {"type": "str", "default": "Ascend fleet"},
        "plans": {"type": "dict"},
        "second_run": {"type": "dict"},
        "width": {"type": "int", "default": text.WIDTH},
    }

    def act(self, args, task_vars):
        """Return the table, the summary and the paths; in check mode too, since a report changes no host."""
        names = hosts(args, task_vars)
        variables = {name: Registered(task_vars["hostvars"], name) for name in names}
        report = build(
            collect(variables, names, self._plans(args, task_vars), self._task.check_mode),
            title=plain(args["title"]),
            generated=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            controller=socket.gethostname(),
            second_run=plain(args["second_run"]),
            network=self._verdict(task_vars, "network"),
            bandwidth=self._verdict(task_vars, "bandwidth"),
        )
        lines = text.lines(report, max(60, args["width"]))
        files = {
            "report.json": json.dumps(report, ensure_ascii=False, indent=1) + "\n",
            "report.html": page.render(report, lines),
            "report.prom": prom.render(report),
        }
        folder = Path(os.path.abspath(self._folder(args["path"], task_vars)))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                whole_file.put(str(folder / name), content)
        except OSError as error:
            raise AnsibleActionFail(
                f"The report could not be written to {folder}: {error.strerror or error}. "
                "Give a folder on the control node that this user may write to (option 'path')."
            )
        return {
            "table": lines,
            "ascend_lines": lines,
            "summary": report["summary"],
            "failures": {name: clean(message, LINE_AT_MOST) for name, message in failures(report).items()},
            "files": {name.rpartition(".")[2]: str(folder / name) for name in files},
        }

    def _folder(self, path: str, task_vars: dict) -> str:
        """Where the report goes: never where a host says, and not nowhere because one says so."""
        if not {"ascend_report_dir"}.intersection(planted.names(task_vars)):
            return path
        folder = os.path.join(os.environ.get("PWD") or os.getcwd(), "ascend-report")
        self._display.warning(
            f"{task_vars['inventory_hostname']}: {planted.sentence(['ascend_report_dir'])} The report is in {folder}."
        )
        return folder

    def _verdict(self, task_vars: dict, name: str) -> dict | None:
        """What a play of this run registered as ascend_<name>: the verdict on the network, or on the bandwidth."""
        variable = f"ascend_{name}"
        found = None if variable in planted.names(task_vars) else task_vars.get(variable)
        verdict = plain(found.get(name)) if isinstance(found, Mapping) else None
        return verdict if isinstance(verdict, dict) else None

    def _plans(self, args: dict, task_vars: dict) -> dict:
        """Return the fleet's plans: given, or registered by the plays."""
        if args["plans"] is not None:
            return args["plans"]
        try:
            planned = None if "ascend_fleet_plan" in planted.names(task_vars) else task_vars.get("ascend_fleet_plan")
            # What a play registered is data; a text can only be a template that reads it from elsewhere.
            planned = self._templar.template(planned) if isinstance(planned, str) else planned
        except AnsibleError:
            return {}
        plans = planned.get("plans") if isinstance(planned, Mapping) else None
        return dict(plans) if isinstance(plans, Mapping) else {}
