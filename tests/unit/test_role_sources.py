"""The role mindformers refuses a movable source on the control node, before the host is looked at."""

from __future__ import annotations

import pytest

from tests.support import playbook

PLAY = """
- hosts: all
  gather_facts: false
  roles: [ascend.fleet.mindformers]
"""


@pytest.mark.parametrize("version", ["r0.6", "v1.0.2", "", "0123456", "0123456789abcdef0123456789abcdef01234567x"])
def test_209_a_tag_or_branch_is_refused_before_the_host_is_touched(tmp_path, version):
    (tmp_path / "play.yml").write_text(PLAY)
    run = playbook.play(
        tmp_path / "play.yml",
        inventory="unreachable,",
        variables={
            "ansible_connection": "local",
            "ansible_python_interpreter": "/nowhere/python",
            "mindformers_git_url": "https://git.example/mf.git",
            "mindformers_git_version": version,
        },
        log=tmp_path / "log",
        timeout=120,
    )
    assert run.code == 2 and "git ls-remote" in run.text and "/nowhere" not in run.text, run.text
    assert "Observe" not in run.text
