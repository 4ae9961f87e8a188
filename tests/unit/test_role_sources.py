"""The role mindformers refuses a movable source on the control node, before the host is looked at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLAY = """
- hosts: all
  gather_facts: false
  roles: [ascend.fleet.mindformers]
"""


@pytest.mark.parametrize("version", ["r0.6", "v1.0.2", "", "0123456", "0123456789abcdef0123456789abcdef01234567x"])
def test_209_a_tag_or_branch_is_refused_before_the_host_is_touched(tmp_path, version):
    (tmp_path / "play.yml").write_text(PLAY)
    program = Path(sys.executable).with_name("ansible-playbook")
    command = [str(program), str(tmp_path / "play.yml"), "-i", "unreachable,"]
    command += ["-e", "ansible_connection=local ansible_python_interpreter=/nowhere/python"]
    source = {"mindformers_git_url": "https://git.example/mf.git", "mindformers_git_version": version}
    command += ["-e", json.dumps(source)]
    environ = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 2 and "git ls-remote" in said and "/nowhere" not in said, said
    assert "Observe" not in said
