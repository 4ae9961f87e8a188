# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Screen output for fleets: stages, changes and failures, and nothing that an operator would scroll past."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: stdout
short_description: Screen output for fleets of hosts
version_added: "0.1.0"
description:
  - Prints a line when a play (a stage) starts and one when it ends, what changed in between, and failures at once, with
    host, task, cause and fix. Hosts that were skipped, or were right already, are only counted.
  - Prints the table of a plan or a report as it is (C(ascend_lines) in the result of M(ascend.fleet.plan),
    M(ascend.fleet.report), M(ascend.fleet.doctor), M(ascend.fleet.bundle) or M(ascend.fleet.validate)).
  - What a host says is shown without control characters, bidirectional overrides and invisible characters, so that it
    cannot act on the terminal or look like something else. Endless lines are cut, but for results that C(-v) prints.
  - On a terminal a live line shows what is running and for how long. Elsewhere a line is printed every now and then
    while a task runs long, naming the hosts it still runs on. Both show the percentage that a vendor's installer
    prints, as of the last look at it (M(ascend.fleet.async_wait)).
  - With C(-v) it also names tasks that changed nothing, with C(-vv) it prints their results. With C(--diff) it prints
    differences.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - result_format_callback
options:
  heartbeat_seconds:
    description: Seconds without any output after which a long task is mentioned, where there is no live line.
    type: int
    default: 30
    env:
      - name: ASCEND_FLEET_HEARTBEAT
    ini:
      - section: callback_ascend_fleet_progress
        key: heartbeat_seconds
  live_line:
    description: Whether to show the live line. V(auto) shows it on a terminal.
    type: str
    choices: [auto, never]
    default: auto
    env:
      - name: ASCEND_FLEET_LIVE
    ini:
      - section: callback_ascend_fleet_progress
        key: live_line
  width:
    description: Columns that messages are wrapped to.
    type: int
    default: 100
    env:
      - name: ASCEND_FLEET_WIDTH
    ini:
      - section: callback_ascend_fleet_progress
        key: width
requirements:
  - set as stdout callback in the configuration, or with E(ANSIBLE_STDOUT_CALLBACK=ascend.fleet.progress)
  - rich on the control node, for a coloured live line (optional)
seealso:
  - plugin: ansible.builtin.default
    plugin_type: callback
"""

import sys
import time
from typing import Any

from ansible import constants as C
from ansible import context
from ansible.plugins.callback import CallbackBase
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.looks import Looks
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import failure
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import told as told_progress
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import words as text
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.live import LiveLine, Ticker
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.stage import Stage
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import (
    clean,
    cut,
    guard,
    printable,
    uncoloured,
    wrap,
)

# First character of a line of a difference -> its colour.
_DIFF_COLOURS = {"+": C.COLOR_DIFF_ADD, "-": C.COLOR_DIFF_REMOVE, "@": C.COLOR_DIFF_LINES}


class CallbackModule(CallbackBase):
    """Turns Ansible's events into few lines; the words are made in plugin_utils/progress_text."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "ascend.fleet.progress"

    def __init__(self) -> None:
        super().__init__()
        self._began = self._last_output = time.monotonic()
        self._stage: Stage | None = None
        self._live: LiveLine | None = None
        self._ticker: Ticker | None = None
        self._printed_blocks: set[tuple[str, ...]] = set()
        self._told: dict[tuple, str] = {}
        self._looks = Looks()
        self._minutes_left = 0.0
        self._play, self._optional, self._batch = "", False, 0
        self._block_text = ""

    # --- output

    def _print(self, line: str = "", color: str | None = None, stderr: bool = False, whole: bool = False) -> None:
        """Print a line: everything goes through here, and nothing that a host says acts on the terminal.

        Args:
            whole: however long it is, for those who asked for results (-v).
        """
        self._last_output = time.monotonic()
        line = printable(line)
        self._display.display(line if whole else cut(line), color=color, stderr=stderr)

    def _flush(self) -> None:
        """Print what was gathered so far, hosts that changed alike on one line."""
        look = self._looks.take()
        if look:
            self._block(look)
            self._block_text += self._looks.said
        if self._stage is None:
            return
        for name, difference, hosts in self._stage.take_differences():
            self._print(f"  diff  {name}: {text.hosts_in_short(hosts, 60)}", C.COLOR_CHANGED)
            for line in difference.split("\n"):
                self._print(line, _DIFF_COLOURS.get(line[:1]))
        word = "would change" if _check_mode() else "changed"
        for words, hosts in self._stage.take_changes():
            head = f"  {word}  {words}: "
            for line in wrap(text.hosts_in_short(hosts, 60), self.get_option("width"), head, "    "):
                self._print(line, C.COLOR_CHANGED)

    def _block(self, lines: list[str]) -> None:
        """Print lines as they are, once: playbooks show them again with debug for those who use another callback."""
        lines = [printable(line) for line in lines]
        key = tuple(line.strip() for line in lines)
        if key in self._printed_blocks:
            return
        self._printed_blocks.add(key)
        self._block_text = " ".join(" ".join(lines).split())
        self._flush()
        self._print()
        for line in lines:
            self._print(line)
        self._print()

    # --- the run and its stages

    def v2_playbook_on_start(self, playbook: Any) -> None:
        guard(self._display)
        if self.get_option("live_line") == "auto" and sys.stdout.isatty() and self._display.verbosity < 2:
            self._live = LiveLine(self._display)
            self._live.attach()
        self._ticker = Ticker(self._tick)
        self._ticker.start()
        if _check_mode():
            self._print("Check mode: nothing is changed.", C.COLOR_WARN)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._end_stage()
        name = clean(play.get_name().strip()) or "Play"
        self._batch = self._batch + 1 if name == self._play else 1  # serial starts the same play once per batch
        self._play, self._optional = name, bool(play.get_vars().get("__optional_stage"))
        label = f"{name}, batch {self._batch}" if self._batch > 1 else name
        self._stage = Stage(label, getattr(play, "strategy", "linear"))

    def v2_playbook_on_no_hosts_matched(self) -> None:
        if self._stage is not None and not self._stage.announced:
            if not self._optional:
                self._print(f"{self._stage.name}: no hosts to do this on", C.COLOR_SKIP)
            self._stage = None

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        self._flush()
        self._print("  no hosts are left to go on with", C.COLOR_ERROR)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._task(task)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self._task(task)

    def _task(self, task: Any) -> None:
        if self._stage is None:
            return
        if self._stage.lockstep:
            self._flush()
        if self._display.verbosity >= 2:
            self._print(f"  task  {text.short_name(task.get_name())}", C.COLOR_VERBOSE)
            if self._display.verbosity >= 3:
                self._print_task_path(task)

    def _announce(self) -> None:
        stage = self._stage
        if stage is not None and not stage.announced:
            stage.announced = True
            self._print(stage.name, C.COLOR_HIGHLIGHT)

    def _end_stage(self) -> None:
        stage = self._stage
        if stage is None:
            return
        self._announce()
        self._flush()
        self._print(f"  {stage.summary(_check_mode())} in {text.elapsed(stage.seconds())}", stage.color())
        self._stage = None

    # --- hosts

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        if self._stage is not None:
            self._announce()
            self._stage.start(host.get_name(), text.short_name(task.get_name()))

    def v2_runner_on_ok(self, result: Any) -> None:
        host, task, data = _parts(result)
        self._finished(host, data)
        lines = text.lines_of(_action(task), data)
        if lines:
            self._learn(data)
            if not self._looks.add(_action(task), host, data):
                self._block(lines)
        elif task.action in C._ACTION_DEBUG and "msg" in data:
            shown = data["msg"] if isinstance(data["msg"], list) else [data["msg"]]
            self._block([line for item in shown for line in (printable(item).splitlines() or [""])])
        if self._stage is None:
            return
        if data.get("changed"):
            words = text.changed(data)
            name = text.short_name(task.get_name())
            self._stage.changed(host, f"{name} ({words})" if words else name)
            if not self._stage.lockstep:
                self._flush()
        else:
            self._stage.ok(host)
            if self._display.verbosity >= 1:
                self._print(f"  ok  {text.short_name(task.get_name())}: {host}", C.COLOR_OK)
        if self._display.verbosity >= 2:
            self._print(f"    {self._dump_results(data)}", C.COLOR_VERBOSE, whole=True)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        host, task, data = _parts(result)
        self._finished(host, data)
        if ignore_errors:
            if self._display.verbosity >= 1:
                self._print(f"  ignored  {text.short_name(task.get_name())}: {host}", C.COLOR_SKIP)
            return
        lines = text.lines_of(_action(task), data)
        if lines:
            self._block(lines)
        self._trouble("FAILED", host, task, data, C.COLOR_ERROR)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        host, task, data = _parts(result)
        self._finished(host, data)
        if getattr(task, "ignore_unreachable", False):
            data.setdefault("fix", "see that it is up and that ssh reaches it; it is reported and the others go on.")
        self._trouble("UNREACHABLE", host, task, data, C.COLOR_UNREACHABLE)

    def _trouble(self, word: str, host: str, task: Any, data: dict, color: str) -> None:
        """Print a failure at once; hosts that fail the same way after it take a line each."""
        self._flush()
        self._announce()
        if self._stage is not None:
            self._stage.failed(host, word == "UNREACHABLE")
        name = text.short_name(task.get_name())
        lines = text.failure(data, self.get_option("width"))
        key = (name, *(text.without_host(line, host) for line in lines))
        same = "the report says" if self._is_in_report(failure.read(data)["message"]) else None
        if key in self._told:
            same = f"on {self._told[key]}"
        self._told.setdefault(key, host)
        self._print(f"  {word}  {host}: {name}" + (f", as {same}" if same else ""), color)
        if same:
            lines = []
        for line in lines:
            self._print(line, color)
        if self._display.verbosity >= 1:
            self._print(f"    {self._dump_results(data)}", C.COLOR_VERBOSE, whole=True)

    def _is_in_report(self, message: str) -> bool:
        """Return whether the lines printed last (a report) hold this message, with or without a `status:` before it."""
        words = " ".join(message.split())
        core = words.partition(": ")[2] or words
        core = core.partition(" Cause: ")[0].partition(" Fix: ")[0]
        return len(core) > 15 and core in self._block_text

    def v2_runner_on_skipped(self, result: Any) -> None:
        host, task, data = _parts(result)
        self._finished(host, data)
        if self._display.verbosity >= 1:
            self._print(f"  skipped  {text.short_name(task.get_name())}: {host}", C.COLOR_SKIP)

    def v2_runner_retry(self, result: Any) -> None:
        host, task, data = _parts(result)
        if self._display.verbosity >= 1:
            tries = f"{data.get('attempts', '?')} of {data.get('retries', '?')}"
            self._print(f"  waiting  {text.short_name(task.get_name())}: {host} (try {tries})", C.COLOR_DEBUG)

    def v2_on_file_diff(self, result: Any) -> None:
        host, task, data = _parts(result)
        entries = (data.get("results") or []) if task.loop and "results" in data else [data]
        for entry in entries:
            if not (isinstance(entry, dict) and entry.get("changed") and entry.get("diff")):
                continue
            difference = printable(uncoloured(self._get_diff(entry["diff"]))).rstrip("\n")
            if difference.strip() and self._stage is not None:
                self._stage.differs(host, text.short_name(task.get_name()), text.without_host(difference, host))

    def _finished(self, host: str, data: dict) -> None:
        self._announce()
        self._handle_warnings(data)
        if self._stage is not None:
            self._stage.finish(host)

    def _learn(self, data: dict) -> None:
        """Take the estimate from a plan: the slowest host's minutes, since hosts change side by side."""
        plans = data.get("plans")
        if isinstance(plans, dict):
            minutes = [plan.get("minutes") for plan in plans.values() if isinstance(plan, dict)]
            self._minutes_left = max((item for item in minutes if isinstance(item, (int, float))), default=0.0)

    # --- waiting

    def _tick(self) -> None:
        """Draw the live line, or mention a long task; runs in the ticker's thread."""
        stage = self._stage
        if stage is None:
            return
        running = stage.running()
        if self._live is not None:
            self._live.show(self._status(stage, running))
            return
        now = time.monotonic()
        if not running or now - self._last_output < max(1, self.get_option("heartbeat_seconds")):
            return
        groups: dict[str, list[str]] = {}
        for host, (task, _dummy) in running.items():
            groups.setdefault(task, []).append(host)
        for task, hosts in groups.items():
            seconds = now - min(running[host][1] for host in hosts)
            busy = text.hosts_and_percents(hosts, told_progress.percents(hosts), 60)
            self._print(f"  {text.elapsed(seconds)} so far  {task}: {busy}", C.COLOR_SKIP)

    def _status(self, stage: Stage, running: dict) -> str:
        task = next(iter(running.values()))[0] if running else ""
        left = text.elapsed(self._minutes_left * 60) if self._minutes_left and stage.has_changes else ""
        done, total = stage.progress()
        percents = told_progress.percents(running)
        return text.status_line(stage.name, done, total, running, task, stage.seconds(), left, percents)

    # --- the end

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._end_stage()
        if self._ticker is not None:
            self._ticker.stop()
        if self._live is not None:
            self._live.detach()
        summary = {host: stats.summarize(host) for host in stats.processed}
        self._print()
        self._print("PLAY RECAP", C.COLOR_HIGHLIGHT)
        for name, counts in text.recap(summary):
            bad = "failed=0" not in counts or "unreachable=0" not in counts
            changed = "changed=0" not in counts
            self._print(f"{name} : {counts}", C.COLOR_ERROR if bad else C.COLOR_CHANGED if changed else C.COLOR_OK)
        total = {word: sum(row[word] for row in summary.values()) for word in ("changed", "failures", "unreachable")}
        self._print(
            f"{text.plural(len(summary), 'host')}: {total['changed']} changes, {total['failures']} failures, "
            f"{total['unreachable']} unreachable, in {text.elapsed(time.monotonic() - self._began)}"
        )
        if _check_mode():
            self._print("Check mode: nothing was changed.", C.COLOR_WARN)


def _parts(result: Any) -> tuple[str, Any, dict]:
    """Return host name, task and data of a result: public names since ansible-core 2.19, underscored ones before."""
    host = getattr(result, "host", None) or result._host
    task = getattr(result, "task", None) or result._task
    data = getattr(result, "result", None)
    return host.get_name(), task, data if data is not None else result._result


def _action(task: Any) -> str:
    """The full name of a task's action, however the playbook spells it."""
    resolved = getattr(task, "_resolved_action", None)  # asked for by its public name, an unresolved one is warned of
    return resolved if isinstance(resolved, str) else str(task.action)


def _check_mode() -> bool:
    return bool(context.CLIARGS.get("check"))
