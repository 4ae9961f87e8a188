"""Counts what a run did, into the file that RUN_RECORD names. Only the demo and the tests use it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: run_record
    type: notification
    short_description: Counts what a run did
    description: Writes changed tasks, artifact bytes and vendor installers started to the file RUN_RECORD names.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "run_record"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._artifact_bytes = 0
        self._changed_tasks: list[str] = []
        self._said: list[list[str]] = []  # what modules chose to print: the plan, the report

    def v2_runner_on_ok(self, result) -> None:
        data = result._result
        self._artifact_bytes += int(data.get("bytes_sent") or 0)
        if data.get("ascend_lines"):
            self._said.append([str(line) for line in data["ascend_lines"]])
        if data.get("changed"):
            self._changed_tasks.append(f"{result._host.get_name()}: {result._task.get_name()}")

    def v2_playbook_on_stats(self, stats) -> None:
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        totals = {key: sum(counts[key] for counts in hosts.values()) for key in ("changed", "failures", "unreachable")}
        record = {
            **totals,
            "artifact_bytes": self._artifact_bytes,
            "changed_tasks": self._changed_tasks,
            "said": self._said,
            "hosts": hosts,
        }
        target = os.environ.get("RUN_RECORD")
        if target:
            Path(target).write_text(json.dumps(record, indent=1), encoding="utf-8")
