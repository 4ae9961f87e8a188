# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose Python answers what it likes, in real runs with Ansible's default: facts become variables (301)."""

from __future__ import annotations

import json
import sys

import pytest

from tests.support import playbook

SECRET = "-----BEGIN OPENSSH PRIVATE KEY----- of the control node"
EVIL = """#!{python}
import json, os, pathlib
for path in pathlib.Path(os.environ["REMOTE"]).rglob("*"):
    if path.is_file() and {secret!r}.encode() in path.read_bytes():
        pathlib.Path(os.environ["LOOT"]).write_text(str(path))
print({answer!r})
"""
ROLE = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: uptime
    - ansible.builtin.include_role:
        name: ascend.fleet.inference_check
"""
STAGE = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: uptime
    - ascend.fleet.stage:
        files: "{{ inference_check_model_files | default([]) }}"
        source: "{{ ascend_artifacts }}"
"""
FLEET = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: uptime
- ansible.builtin.import_playbook: ascend.fleet.report
"""


def play(folder, book, evil_only=True):
    """One run of a playbook: (return code, what it printed). Its host `evil` answers with facts."""
    keys = folder / "ssh"
    keys.mkdir()
    (keys / "id_ed25519").write_text(SECRET)
    (folder / "srv").mkdir()
    facts = {
        "ascend_artifacts": str(keys),
        "inference_check_model_files": ["id_ed25519"],
        "ascend_report_dir": str(folder / "elsewhere"),
        "rollout_outcome": {"status": "changed"},
        "ascend_plan": {
            "stack": {"inference": {"model": "gpt2"}},
            "fingerprint": {},
            "inference_reason": "",
            "steps": [{"component": "inference", "action": "prove"}],
        },
    }
    answer = {
        "changed": False,
        "rc": 0,
        "stdout": "",
        "ansible_facts": facts,
        "files": {},
        "from_cache": [],
        "evicted": [],
        "bytes_received": 0,
        "missing": [{"name": "id_ed25519", "why": "not in the cache", "part": 0}],
    }
    evil = folder / "python"
    evil.write_text(EVIL.format(python=sys.executable, secret=SECRET, answer=json.dumps(answer)))
    evil.chmod(0o755)
    local = {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": sys.executable}
    hosts = {"evil": {**local, "ansible_python_interpreter": str(evil)}}
    hosts.update({} if evil_only else {"good": local})
    wanted = {"ascend_artifacts": str(folder / "srv"), "ascend_cann_version": "8.3.RC1"}
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": wanted}}))
    (folder / "book.yml").write_text(book)
    (folder / "remote").mkdir()
    done = playbook.play(
        folder / "book.yml",
        inventory=folder / "hosts.json",
        settings={
            "ANSIBLE_INJECT_FACT_VARS": "True",
            "ANSIBLE_STDOUT_CALLBACK": "default",
            "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
            "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
            "REMOTE": str(folder / "remote"),
            "LOOT": str(folder / "loot"),
            "PWD": str(folder),
        },
        cwd=folder,
        log=folder / "log",
        timeout=120,
    )
    return done.code, " ".join(done.text.split())


@pytest.mark.parametrize("book", [ROLE, STAGE], ids=["role", "stage"])
def test_the_key_of_the_control_node_is_not_sent(tmp_path, book):
    code, printed = play(tmp_path, book)
    assert not (tmp_path / "loot").exists(), "the private key of the control node was sent to the host"
    assert code == 2 and "The host answered with a fact named ascend_artifacts" in printed, printed[-2000:]


def test_the_report_goes_where_the_user_says_and_names_the_host(tmp_path):
    code, printed = play(tmp_path, FLEET, evil_only=False)
    assert code == 2 and not (tmp_path / "elsewhere").exists(), printed[-2000:]
    report = json.loads((tmp_path / "ascend-report" / "report.json").read_text())
    by_name = {host["name"]: host for host in report["hosts"]}
    assert by_name["evil"]["status"] == "failed"
    assert "answered with a fact named" in by_name["evil"]["error"]["message"]
    assert by_name["good"]["findings"] and "answered with" not in by_name["good"]["error"]["message"]
