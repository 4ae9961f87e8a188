"""The module answers from text or from the tool, and never fails for want of an answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.modules import npu_smi_info

FIXTURES = Path(__file__).resolve().parents[1] / "module_utils" / "fixtures" / "npu_smi"
TREE = Path(__file__).resolve().parents[4] / ".cache" / "collections"


def run(check: bool = False, **args) -> dict:
    """Run the module the way a host runs it: in a process of its own, arguments on standard input."""
    arguments = {"ANSIBLE_MODULE_ARGS": {**args, "_ansible_check_mode": check, "_ansible_remote_tmp": "/tmp"}}
    code = (
        "import sys\ntry:\n    from ansible.module_utils.testing import patch_module_args\nexcept ImportError:\n"
        "    patch_module_args = None\n"
        "import json\n"
        "from ansible_collections.ascend.fleet.plugins.modules import npu_smi_info\n"
        "arguments = json.load(sys.stdin)['ANSIBLE_MODULE_ARGS']\n"
        "if patch_module_args:\n    with patch_module_args(arguments):\n        npu_smi_info.main()\n"
        "else:\n    from ansible.module_utils import basic\n"
        "    basic._ANSIBLE_ARGS = json.dumps({'ANSIBLE_MODULE_ARGS': arguments}).encode()\n"
        "    npu_smi_info.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(TREE)},
        input=json.dumps(arguments).encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


@pytest.mark.parametrize("check", [False, True])
def test_text_that_was_collected_before(check):
    result = run(check, text=(FIXTURES / "l3_a3_two_dies.txt").read_text())
    assert (result["available"], result["changed"], len(result["npu_smi"]["chips"])) == (True, False, 4)
    assert "failed" not in result
    assert "rc" not in result


def test_no_answer_is_no_failure():
    result = run(text="dcmi module initialize failed. ret is -8005")
    assert (result["available"], result["kind"], result["code"]) == (False, "driver_not_loaded", -8005)
    assert "Reboot" in result["fix"]
    assert "failed" not in result


def test_a_tool_of_ones_own(tmp_path):
    tool = tmp_path / "npu-smi"
    tool.write_text(f"#!/bin/sh\ncat {FIXTURES}/l4_310p_duo.txt\n")
    tool.chmod(0o755)
    result = run(path=str(tool))
    assert (result["path"], result["return_code"], result["available"]) == (str(tool), 0, True)
    assert run(path=str(tmp_path / "none"))["kind"] == "not_found"


@pytest.mark.parametrize(
    ("args", "word"),
    [({"timeout": 0}, "timeout"), ({"path": "/x", "text": "y"}, "mutually exclusive"), ({"pth": "/x"}, "pth")],
)
def test_bad_arguments_are_named(args, word):
    result = run(**args)
    assert result["failed"] is True
    assert word in result["msg"]


def test_documentation_names_every_value():
    returned = yaml.safe_load(npu_smi_info.RETURN)
    chips = set(returned["npu_smi"]["contains"]["chips"]["contains"])
    processes = set(returned["npu_smi"]["contains"]["processes"]["contains"])
    result = run(text=(FIXTURES / "l5_910b2_container_pid.txt").read_text())
    assert set(returned) | {"changed", "invocation"} >= set(result)
    assert chips == set(result["npu_smi"]["chips"][0]) | {"extra"}
    assert processes == set(result["npu_smi"]["processes"][0]) | {"extra"}
    options = yaml.safe_load(npu_smi_info.DOCUMENTATION)["options"]
    assert set(options) == {"path", "text", "timeout"}
    assert options["timeout"]["default"] == 30
