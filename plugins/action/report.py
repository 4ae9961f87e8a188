# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the fleet report on the control node: report.json, report.html, report.prom and the table for the screen."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.ascend.fleet.plugins.plugin_utils.report import page, prom, text
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.collect import collect
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.model import build, failures
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.values import plain


class ActionModule(ActionBase):
    """Thin: reads the host variables, lets the pure functions work, writes three files."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        """Return the table, the summary and the paths; in check mode too, since a report changes no host."""
        result = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        _dummy, args = self.validate_argument_spec(
            argument_spec={
                "path": {"type": "path", "required": True},
                "title": {"type": "str", "default": "Ascend fleet"},
                "hosts": {"type": "list", "elements": "str"},
                "plans": {"type": "dict"},
                "second_run": {"type": "dict"},
                "width": {"type": "int", "default": text.WIDTH},
            }
        )
        hostvars = task_vars.get("hostvars") or {}
        report = build(
            collect(hostvars, self._names(args, task_vars), self._plans(args, task_vars), self._task.check_mode),
            title=plain(args["title"]),
            generated=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            controller=socket.gethostname(),
            second_run=plain(args["second_run"]),
        )
        lines = text.lines(report, max(60, args["width"]))
        files = {
            "report.json": json.dumps(report, ensure_ascii=False, indent=1) + "\n",
            "report.html": page.render(report, lines),
            "report.prom": prom.render(report),
        }
        folder = Path(os.path.abspath(args["path"]))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                _write(folder / name, content)
        except OSError as error:
            raise AnsibleActionFail(
                f"The report could not be written to {folder}: {error.strerror or error}. "
                "Give a folder on the control node that this user may write to (option 'path')."
            )
        result.update(
            changed=False,
            table=lines,
            ascend_lines=lines,
            summary=report["summary"],
            failures=failures(report),
            files={name.rpartition(".")[2]: str(folder / name) for name in files},
        )
        return result

    @staticmethod
    def _names(args: dict, task_vars: dict) -> list[str]:
        """Return the hosts to report on: the given ones, else all of the play, those that dropped out included."""
        if args["hosts"] is not None:
            return [str(name) for name in args["hosts"]]
        return [str(name) for name in task_vars.get("ansible_play_hosts_all") or ()]

    def _plans(self, args: dict, task_vars: dict) -> dict:
        """Return the fleet's plans, templated once and not once per host."""
        if args["plans"] is not None:
            return args["plans"]
        try:
            planned = self._templar.template(task_vars.get("ascend_fleet_plan")) or {}
        except AnsibleError:
            return {}
        plans = planned.get("plans") if isinstance(planned, dict) else None
        return plans if isinstance(plans, dict) else {}


def _write(path: Path, content: str) -> None:
    """Write a file so that a reader, or a scraper, sees the old or the new one and never half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(content)
        os.chmod(temporary, 0o644)  # a report is meant to be read by others, mkstemp gives 0600
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
