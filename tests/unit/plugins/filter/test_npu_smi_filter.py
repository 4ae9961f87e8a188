"""The filter for output that was collected some other way."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.ascend.fleet.plugins.filter import npu_smi as plugin

FIXTURES = Path(__file__).resolve().parents[1] / "module_utils" / "fixtures" / "npu_smi"
npu_smi = plugin.FilterModule().filters()["npu_smi"]


def test_the_table():
    assert len(npu_smi((FIXTURES / "l2_910b3_processes.txt").read_text())["chips"]) == 3


def test_a_sub_command():
    found = npu_smi((FIXTURES / "d_usages.txt").read_text(), "info -t usages -i 7")
    assert [chip["chip_id"] for chip in found["chips"]] == [0, 1]


def test_failure_names_cause_and_fix():
    with pytest.raises(AnsibleFilterError, match=r"device_busy: .*-8020.*container"):
        npu_smi("dcmi model initialized failed, because the device is used. ret is -8020")


def test_failure_as_a_value():
    found = npu_smi(None, strict=False)
    assert (found["available"], found["kind"], found["code"]) == (False, "unrecognised", None)


def test_it_is_documented():
    text = yaml.safe_load((Path(plugin.__file__).with_suffix(".yml")).read_text())
    assert list(text["DOCUMENTATION"]["options"]) == ["_input", "command", "strict"]
