# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for changes and failures, and the callback that prints them, run by ansible-playbook itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import progress_text as text
from ansible_collections.ascend.fleet.plugins.plugin_utils.progress_stage import Stage

ROOT = Path(__file__).resolve().parents[4]


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


PLAYBOOK = """
- name: Change the fleet
  hosts: all
  gather_facts: false
  strategy: {strategy}
  tasks:
    - name: Take long
      ansible.builtin.wait_for: {{timeout: 3}}
      when: inventory_hostname == 'a'
    - name: Write
      ansible.builtin.copy: {{content: "new\\n", dest: "{folder}/{{{{ inventory_hostname }}}}"}}
    - name: Show lines
      ansible.builtin.debug: {{msg: ["a table", "  indented"]}}
      run_once: true
    - name: Judge
      ansible.builtin.assert:
        that: inventory_hostname == 'a'
        fail_msg: "Wrong on {{{{ inventory_hostname }}}}."
    - name: Never
      ansible.builtin.debug: {{msg: not seen}}
      when: false
"""


def play(tmp_path, *arguments, strategy="linear"):
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAYBOOK.format(strategy=strategy, folder=tmp_path))
    environment = {
        **os.environ, "ANSIBLE_STDOUT_CALLBACK": "ascend.fleet.progress", "ANSIBLE_LOCALHOST_WARNING": "false",
        "ASCEND_FLEET_HEARTBEAT": "1", "NO_COLOR": "1", "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache/collections"),
        "ANSIBLE_HOME": str(tmp_path / "home"),
    }
    command = [
        sys.executable, "-m", "ansible.cli.playbook", "-i", "a,b,c,", "-e", "ansible_connection=local", "-e",
        f"ansible_python_interpreter={sys.executable}", *arguments, str(playbook),
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=120, check=False)
    return done.stdout


def test_a_run_without_a_terminal(tmp_path):
    output = play(tmp_path, "--diff")
    lines = output.splitlines()
    assert lines[0] == "Change the fleet"
    assert "\x1b" not in output
    assert any(" so far  Take long: a" in line for line in lines), "heartbeat names task and host"
    assert "  changed  Write: a, b, c" in lines
    assert "+new" in lines
    assert lines.count("a table") == lines.count("  indented") == 1
    failed = [number for number, line in enumerate(lines) if line.startswith("  FAILED  ")]
    assert {lines[number] for number in failed} == {"  FAILED  b: Judge", "  FAILED  c: Judge"}
    told = {lines[number + 1].strip() for number in failed}
    assert len(told) == 2 and any(line.startswith("as on ") for line in told)
    assert any(line.startswith("  3 hosts: 1 changed, 2 failed in ") for line in lines)
    assert "not seen" not in output and "skipped  " not in output
    recap = lines[lines.index("PLAY RECAP") + 1 :]
    assert [line.split()[0] for line in recap[:3]] == ["a", "b", "c"]
    assert recap[3].startswith("3 hosts: 3 changes, 2 failures, 0 unreachable, in ")


def test_free_strategy_check_mode_and_verbosity(tmp_path):
    output = play(tmp_path, "--check", "-v", strategy="free")
    assert "Check mode: nothing is changed." in output
    for host in "abc":
        assert f"  would change  Write: {host}" in output
    assert "  skipped  Never: a" in output
    assert "  ok  Judge: a" in output
