# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for changes and failures, the counts of a stage."""

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import progress_text as text
from ansible_collections.ascend.fleet.plugins.plugin_utils.progress_stage import Stage


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
        "    The driver installer ended with code 1.", "    cause: The NPUs are in use.", "    fix:   Stop the job.",
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
        "ok=3", "changed=0", "unreachable=0", "failed=0", "skipped=1", "rescued=0", "ignored=0",
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
