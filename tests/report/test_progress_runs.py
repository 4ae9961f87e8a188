# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress callback under ansible-playbook itself, without a terminal and on one."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
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


def command(tmp_path, *arguments, strategy="linear"):
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAYBOOK.format(strategy=strategy, folder=tmp_path))
    return [
        sys.executable,
        "-m",
        "ansible.cli.playbook",
        "-i",
        "a,b,c,",
        "-e",
        "ansible_connection=local",
        "-e",
        f"ansible_python_interpreter={sys.executable}",
        *arguments,
        str(playbook),
    ]


def environment(tmp_path, **more):
    (ROOT / ".cache" / "collections").mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "ANSIBLE_STDOUT_CALLBACK": "ascend.fleet.progress",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ASCEND_FLEET_HEARTBEAT": "1",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache/collections"),
        "ANSIBLE_HOME": str(tmp_path / "home"),
        **more,
    }


def play(tmp_path, *arguments, strategy="linear"):
    done = subprocess.run(
        command(tmp_path, *arguments, strategy=strategy),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=180,
        env=environment(tmp_path, NO_COLOR="1"),
        check=False,
    )
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
    process = subprocess.Popen(
        command(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
        cwd=ROOT,
        env=environment(tmp_path, TERM="xterm", COLUMNS="100"),
    )
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
    process.wait(timeout=60)
    os.close(leader)
    screen = output.decode()
    drawn = re.sub(r"\x1b\[[0-9;]*m", "", screen)
    assert "\r\x1b[2K" in screen
    assert re.search(r"[|/\\-] Change the fleet \d/3  Take long", drawn)
    assert "so far" not in drawn, "no heartbeat beside the live line"
    assert "  FAILED  b: Judge" in drawn and "  FAILED  c: Judge" in drawn
    assert drawn.rstrip().splitlines()[-1].startswith("3 hosts: 3 changes, 2 failures")
