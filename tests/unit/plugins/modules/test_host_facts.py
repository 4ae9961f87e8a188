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


def documented():
    import re

    import yaml

    block = re.search(r'RETURN = r"""(.*?)"""', MODULE.read_text(), re.DOTALL).group(1)
    return yaml.safe_load(block)["ansible_facts"]["contains"]["ascend"]["contains"]


def test_every_key_is_documented_and_every_documented_key_is_there(tmp_path):
    result, _errors = run(install_path=str(tmp_path))
    facts, docs = result["ansible_facts"]["ascend"], documented()
    assert set(facts) == set(docs)
    for key, doc in docs.items():
        if doc["type"] == "dict" and "contains" in doc:
            assert set(facts[key]) == set(doc["contains"]), key


def test_rows_of_lists_are_documented():
    from ansible_collections.ascend.fleet.plugins.module_utils.host import python as host_probe_python
    from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installed
    from ansible_collections.ascend.fleet.tests.unit import ascend_trees
    from ansible_collections.ascend.fleet.tests.unit.dictview import DictView

    [row] = installed.cann(DictView(ascend_trees.cann_6_0_nnae()), "/usr/local/Ascend")
    assert set(row) == set(documented()["cann"]["contains"])
    ours = DictView({"/envs/x/ascend-fleet.json": '{"path": "/envs/x", "owner": "root"}', "/envs/y/theirs": ""})
    [row] = host_probe_python.environments(ours, "/envs", [])
    assert set(row) == set(documented()["environments"]["contains"])
    [row] = host_probe_python.foreign_environments(ours, "/envs")
    assert set(row) == set(documented()["foreign_environments"]["contains"])
