# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress callback under ansible-playbook itself, without a terminal and on one."""

import os
import pty
import re
import sys

from tests.support import playbook

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


def details(tmp_path, strategy="linear", **more):
    """What playbook.start is told of the run of these tests."""
    book = tmp_path / "play.yml"
    book.write_text(PLAYBOOK.format(strategy=strategy, folder=tmp_path))
    return {
        "playbook": book,
        "inventory": "a,b,c,",
        "variables": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
        "settings": {
            "ANSIBLE_STDOUT_CALLBACK": "ascend.fleet.progress",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ASCEND_FLEET_HEARTBEAT": "1",
            "ANSIBLE_HOME": str(tmp_path / "home"),
            **more,
        },
    }


def play(tmp_path, *options, strategy="linear"):
    about = details(tmp_path, strategy, NO_COLOR="1")
    return playbook.play(about.pop("playbook"), *options, **about, log=tmp_path / "log", timeout=180).text


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
    first, second = (lines[number] for number in failed)
    assert {first, second.partition(",")[0]} == {"  FAILED  b: Judge", "  FAILED  c: Judge"}
    assert second.endswith(f", as on {first[10]}"), "the same failure is told once"
    assert lines[failed[0] + 1] == f"    Wrong on {first[10]}."
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


def test_a_terminal_gets_a_live_line_and_the_same_words(tmp_path):
    leader, follower = pty.openpty()
    about = details(tmp_path, TERM="xterm", COLUMNS="100")
    process = playbook.start(about.pop("playbook"), **about, terminal=follower)
    os.close(follower)
    output = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
        output += chunk
    process.wait(60)
    os.close(leader)
    screen = output.decode()
    drawn = re.sub(r"\x1b\[[0-9;]*m", "", screen)
    assert "\r\x1b[2K" in screen
    assert re.search(r"[|/\\-] Change the fleet \d/3  Take long", drawn)
    assert "so far" not in drawn, "no heartbeat beside the live line"
    assert "  FAILED  b: Judge" in drawn and "  FAILED  c: Judge" in drawn
    assert drawn.rstrip().splitlines()[-1].startswith("3 hosts: 3 changes, 2 failures")
