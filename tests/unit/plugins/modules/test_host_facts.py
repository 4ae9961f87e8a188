"""The module as a process: what it prints, that it changes nothing, and that it says the same in check mode."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
MODULE = ROOT / "plugins" / "modules" / "host_facts.py"


def run(check=False, **arguments):
    arguments = {"_ansible_check_mode": check, **arguments}
    done = subprocess.run(
        [sys.executable, str(MODULE)],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / ".cache" / "collections")},
        timeout=60,
        check=False,
    )
    return json.loads(done.stdout), done.stderr


@pytest.mark.parametrize("check", [False, True])
def test_this_machine(check, tmp_path):
    result, errors = run(
        check, install_path=str(tmp_path / "Ascend"), env_root=str(tmp_path / "envs"), state_dir=str(tmp_path / "state")
    )
    assert not errors
    assert result["changed"] is False
    facts = result["ansible_facts"]["ascend"]
    assert facts["schema"] == 1
    assert facts["python"]["executable"] == sys.executable
    assert facts["cann"] == []
    assert list(tmp_path.iterdir()) == []


def test_an_option_nobody_knows():
    result, _errors = run(color="blue")
    assert result["failed"] is True
