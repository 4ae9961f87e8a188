# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for changes and failures, the counts of a stage, what a long task shows."""

import pytest
from ansible_collections.ascend.fleet.plugins.callback import progress
from ansible_collections.ascend.fleet.plugins.callback.progress import CallbackModule
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import told as told_progress
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import words as text
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.stage import Stage


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (200, "3 min 20 s"), (3600, "1 h 00 min"), (7512, "2 h 05 min")],
)
def test_elapsed(seconds, words):
    assert text.elapsed(seconds) == words


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"action": "upgrade", "before": "24.1.0", "after": "25.3.rc1"}, "24.1.0 -> 25.3.rc1"),
        ({"component": "driver", "before": None, "after": "25.3.rc1"}, "driver 25.3.rc1"),
        ({"component": "driver", "before": {"version": "1"}, "after": {"version": "2"}}, "driver 1 -> 2"),
        ({"action": "uninstall", "before": "1", "after": None}, "1 removed"),
        ({"invocation": {"module_args": {"component": "nnae"}}, "after": "8.3.RC1"}, "nnae 8.3.RC1"),
        ({"ascend_change": "what it says"}, "what it says"),
        ({"before": "text of a file", "after": "another"}, ""),
        ({"results": [{"changed": True, "item": "gcc"}, {"changed": False, "item": "make"}]}, "gcc"),
        ({}, ""),
    ],
)
def test_words_for_a_change(result, words):
    assert text.changed(result) == words


def test_a_failure_tells_message_cause_fix_and_the_end_of_the_output():
    result = {
        "msg": "The driver installer ended with code 1.",
        "cause": "The NPUs are in use.",
        "fix": "Stop the job.",
        "log_tail": [f"line {number}" for number in range(20)] + ["\x1b[31mred\x1b[0m"],
    }
    lines = text.failure(result)
    assert lines[:3] == [
        "    The driver installer ended with code 1.",
        "    cause: The NPUs are in use.",
        "    fix:   Stop the job.",
    ]
    assert lines[3:] == [f"    | line {number}" for number in range(13, 20)] + ["    | [31mred[0m"]


def test_a_failed_command_shows_its_stderr_and_a_loop_its_failed_items():
    assert text.failure({"msg": "Task failed: no", "rc": 3, "stderr": "a\n\nb\n"}) == ["    no", "    | a", "    | b"]
    items = [{"failed": True, "item": "x", "msg": "bad"}, {"item": "y", "msg": "good"}]
    assert text.failure({"msg": "All items", "results": items}) == ["    x: bad"]


def test_secrets_stay_hidden():
    assert text.failure({"censored": "hidden by no_log", "changed": False}) == ["    hidden by no_log"]


def test_the_same_failure_of_two_hosts_compares_equal():
    assert text.without_host("node-1: broken, see node-1.", "node-1") == "<host>: broken, see <host>."
    assert text.without_host("node-10 is fine", "node-1") == "node-10 is fine"


def test_recap_folds_many_hosts_and_shows_trouble_first():
    good = {"ok": 3, "changed": 0, "unreachable": 0, "failures": 0, "skipped": 1, "rescued": 0, "ignored": 0}
    stats = {f"n{number}": good for number in range(40)}
    stats["n7"] = {**good, "failures": 1}
    rows = text.recap(stats)
    assert len(rows) == 2
    assert rows[0][0].startswith("1 host n7") and "failed=1" in rows[0][1]
    assert rows[1][0].startswith("39 hosts")
    few = text.recap({"a": good})
    assert few[0][0].rstrip() == "a"
    assert few[0][1].split() == [
        "ok=3",
        "changed=0",
        "unreachable=0",
        "failed=0",
        "skipped=1",
        "rescued=0",
        "ignored=0",
    ]


def test_a_stage_counts_each_host_once_and_gathers_alike_changes():
    stage = Stage("Change")
    for host in ("a", "b", "c"):
        stage.start(host, "Install")
    assert stage.progress() == (0, 3)
    stage.finish("a")
    stage.changed("a", "driver 25.3.rc1")
    stage.finish("b")
    stage.changed("b", "driver 25.3.rc1")
    stage.finish("c")
    stage.changed("c", "driver 25.3.rc1")
    stage.failed("c", unreachable=False)
    assert stage.take_changes() == [("driver 25.3.rc1", ["a", "b", "c"])]
    assert stage.take_changes() == []
    assert stage.running() == {}
    assert stage.summary() == "3 hosts: 2 changed, 1 failed"
    assert stage.summary(check_mode=True) == "3 hosts: 2 would change, 1 failed"


@pytest.mark.parametrize(
    ("hosts", "percents", "words"),
    [
        (["npu-03"], {}, "npu-03"),
        (["npu-03"], {"npu-03": 40}, "npu-03 40 %"),
        (["npu-03"], {"npu-07": 40}, "npu-03"),
        (["npu-01", "npu-02", "npu-03"], {"npu-01": 80, "npu-02": 10, "npu-03": 40}, "npu-[01-03], 10-80 %"),
        (["npu-01", "npu-02"], {"npu-01": 0, "npu-02": 0}, "npu-[01-02], 0 %"),
        (["npu-01", "npu-02", "npu-03"], {"npu-02": 10, "npu-03": 40}, "npu-[01-03], 10-40 % on 2 of them"),
        (["alpha", "beta", "gamma", "delta"], {"alpha": 10, "beta": 20, "gamma": 30, "delta": 40}, "4 hosts, 10-40 %"),
    ],
)
def test_hosts_with_the_percentages_of_their_installers(hosts, percents, words):
    assert text.hosts_and_percents(hosts, percents, 20) == words


@pytest.fixture
def local_tmp(tmp_path, monkeypatch):
    """The temporary folder of a run."""
    monkeypatch.setattr(told_progress.C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("progress_now", "percents"),
    [
        ({"component": "driver", "percent": 40}, {"a": 40}),
        (None, {}),
        (40, {}),
        ({"percent": "40"}, {}),
        ({"percent": True}, {}),
        ({"percent": 400}, {}),
        ({"percent": {1, 2}}, {"a": 7}),
    ],
)
def test_the_percentage_that_a_worker_hands_over(local_tmp, progress_now, percents):
    told_progress.tell("a", {"percent": 7})
    told_progress.tell("a", progress_now)
    assert told_progress.percents(["a", "b"]) == percents


def test_progress_that_cannot_be_handed_over_is_no_trouble(local_tmp):
    (local_tmp / "ascend-fleet-progress").write_text("")
    told_progress.tell("a", {"percent": 7})
    assert told_progress.percents(["a"]) == {}


class Screen(CallbackModule):
    """The callback with what it prints in a list."""

    def __init__(self, **options):
        super().__init__()
        self.lines, self.options = [], {"live_line": "never", "heartbeat_seconds": 1, "width": 100, **options}
        self._stage = Stage("Driver and firmware")

    def get_option(self, name, *_args, **_more):
        return self.options[name]

    def _print(self, line="", color=None, stderr=False):
        self.lines.append(line)

    def at(self, seconds, monkeypatch):
        now = self._began + seconds
        monkeypatch.setattr(progress.time, "monotonic", lambda: now)


def test_the_heartbeat_shows_the_vendors_percentage(monkeypatch, local_tmp):
    screen = Screen()
    screen.at(0, monkeypatch)
    for host in ("npu-01", "npu-02", "npu-03"):
        screen._stage.start(host, "Vendor package: driver 25.3.rc1")
    screen.at(40, monkeypatch)
    screen._tick()
    for host, percent in (("npu-01", 10), ("npu-03", 80)):
        told_progress.tell(host, {"component": "driver", "percent": percent})
    told_progress.tell("npu-02", None)
    screen.at(80, monkeypatch)
    screen._tick()
    screen._stage.finish("npu-01")
    screen._stage.finish("npu-02")
    screen._tick()
    assert screen.lines == [
        "  40 s so far  Vendor package: driver 25.3.rc1: npu-[01-03]",
        "  1 min 20 s so far  Vendor package: driver 25.3.rc1: npu-[01-03], 10-80 % on 2 of them",
        "  1 min 20 s so far  Vendor package: driver 25.3.rc1: npu-03 80 %",
    ]


def test_the_live_line_shows_the_vendors_percentage(monkeypatch, local_tmp):
    screen = Screen()
    screen.at(0, monkeypatch)
    screen._stage = Stage("Driver and firmware")
    screen._stage.start("npu-03", "Vendor package: driver 25.3.rc1")
    told_progress.tell("npu-03", {"component": "driver", "percent": 40})
    screen._stage.has_changes, screen._minutes_left = True, 6
    screen.at(65, monkeypatch)
    line = screen._status(screen._stage, screen._stage.running())
    assert line == (
        "Driver and firmware 0/1  Vendor package: driver 25.3.rc1  npu-03 40 %  1 min 05 s of about 6 min 00 s"
    )
