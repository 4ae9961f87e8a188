"""vLLM Ascend: the packages of its release table in an environment of their own, on the CANN of its release."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import absent_wheels, desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import on_pypi
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver
from ansible_collections.ascend.fleet.tests.unit import sample_hosts

TABLES = catalog.load()
HOST = {"chip": "910b", "arch": "aarch64", "host_kind": "physical"}
BARE = {**sample_hosts.observe(*[sample_hosts.pci(number) for number in range(8)]), "arch": "x86_64"}
VENDOR = ["driver", "firmware", "reboot", "cann", "kernels", "nnal"]
VERSION = {"ascend_vllm_ascend_version": "0.11.0rc1"}
HELD = {"vllm": "0.11.0+empty", "vllm-ascend": "0.11.0rc1", "torch": "2.7.1+cpu", "torch-npu": "2.7.1"}


def plan(facts=None, **variables):
    values, problems = desired.read({**VERSION, **variables})
    wish = Wishes(values, TABLES, problems)
    return Planner().plan("h", {"ansible_facts": {"ascend": {**copy.deepcopy(BARE), **(facts or {})}}}, wish)


def made(packages, name="vllm"):
    row = {"name": name, "path": f"/opt/ascend/envs/{name}", "python": "3.11.2", "packages": packages,
           "stack": {"vllm_ascend": "0.11.0rc1", "cann": "toolkit 8.3.RC1"}}  # fmt: skip
    return {"environments": [row], "tools": {**BARE["tools"], "gcc": "12.2.0"}}


@pytest.mark.parametrize("row", TABLES["vllm_ascend"], ids=lambda row: row["vllm_ascend"])
def test_every_row_makes_a_stack_as_its_source_says(row):
    found = resolver.resolve(TABLES, {"vllm_ascend": row["vllm_ascend"]}, HOST)
    stack = found["stack"]
    entry = stack["vllm_ascend"]
    assert entry["requirements"][:4] == [
        f"vllm=={row['vllm'][0]}",
        f"vllm-ascend=={row['vllm_ascend']}",
        f"torch=={row['torch']}",
        f"torch-npu=={row['torch_npu']}",
    ]
    assert (f"triton-ascend=={row.get('triton_ascend')}" in entry["requirements"]) == bool(row.get("triton_ascend"))
    assert (stack["cann"]["version"], stack["cann"]["flavor"]) == (row["cann"], "toolkit")
    assert stack["nnal"]["version"] == row["cann"] and stack["mindspore"] is stack["torch"] is None
    assert (f"torch-npu=={row['torch_npu']}" in entry["pypi_lacks"]) != on_pypi(TABLES, row["torch_npu"])
    oldest, newest = row["python"]
    assert oldest <= stack["python"]["version"] <= newest or stack["python"]["version"] in (oldest, newest)
    assert not [one for one in judge.check(TABLES, {}, HOST, stack=stack) if one["severity"] == "error"]


def test_a_bare_host_gets_all_that_it_stands_on():
    found = plan()
    assert [step["component"] for step in found["steps"]] == [*VENDOR, "python", "vllm_ascend"]
    assert {step["environment"] for step in found["steps"][-2:]} == {"vllm"}
    assert found["stack"]["vllm_ascend"]["requirements"][2] == "torch==2.7.1+cpu"


@pytest.mark.parametrize(
    ("packages", "action"),
    [
        ({}, "install"),
        (HELD, None),
        ({**HELD, "vllm-ascend": "0.9.1"}, "upgrade"),
        ({**HELD, "vllm-ascend": "0.13.0"}, "downgrade"),
        ({**HELD, "torch": "2.7.1+cu126"}, "configure"),
        ({**HELD, "vllm": "0.10.0"}, "configure"),
        ({**HELD, "torch-npu": "2.7.1.post4"}, "configure"),
    ],
)
def test_what_its_environment_needs(packages, action):
    steps = [step for step in plan(made(packages))["steps"] if step["component"] == "vllm_ascend"]
    assert [step["action"] for step in steps] == ([action] if action else [])


def test_beside_pytorch_both_have_a_torch_of_their_own_and_one_cann():
    found = plan(ascend_torch_version="2.7.1")
    assert [step.get("environment") for step in found["steps"] if step["component"] in ("torch", "vllm_ascend")] == [
        "torch",
        "vllm",
    ]
    assert found["stack"]["cann"]["version"] == "8.3.RC1"
    found = plan(ascend_vllm_ascend_version="0.13.0", ascend_torch_version="2.7.1")
    assert found["stack"]["torch"]["version"] == "2.7.1"
    assert "torch==2.8.0+cpu" in found["stack"]["vllm_ascend"]["requirements"]
    assert not [one for one in found["findings"] if one["rule"] == "vllm-ascend-stack"]


def test_a_report_does_not_take_its_torch_for_that_of_pytorch():
    facts = {**BARE, **made(HELD)}
    from ansible_collections.ascend.fleet.plugins.plugin_utils.components import torch, vllm_ascend

    assert torch.COMPONENT.seen(facts, {}) is None and vllm_ascend.COMPONENT.seen(facts, {}) == "0.11.0rc1"


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ascend_vllm_ascend_version": "0.99.0"}, "ascend_vllm_ascend_version 0.99.0 is not in the catalog"),
        ({"ascend_cann_version": "8.0.0"}, "vLLM Ascend 0.11.0rc1 is made for CANN 8.3.RC1; 8.0.0 is older"),
        ({"ascend_python_version": "3.12"}, "vLLM Ascend 0.11.0rc1 takes Python 3.9 to 3.11, not 3.12"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(variables, words):
    found = plan(**variables)
    assert found["status"] == "refused" and words in " ".join(one["message"] for one in found["findings"])


@pytest.mark.parametrize(("chip", "words"), [("310b", "only infers"), ("310p", "only infers")])
def test_a_chip_that_only_infers_gets_none_and_is_told(chip, words):
    found = resolver.resolve(TABLES, {"vllm_ascend": "0.11.0rc1"}, {**HOST, "chip": chip})
    assert found["stack"] is None or found["stack"]["vllm_ascend"] is None
    assert words in " ".join([*found["why"], (found["conflict"] or {}).get("message", "")])


def test_wheels_that_nobody_has_are_told_before_the_first_host(tmp_path):
    found = plan()
    values, _problems = desired.read({**VERSION, "ascend_artifacts": str(tmp_path)})
    said = absent_wheels.judge(found["stack"], found["steps"], values, None)
    assert said["severity"] == "error" and "vllm==0.11.0 and vllm-ascend==0.11.0rc1" in said["message"]
    (tmp_path / "wheels").mkdir()
    for file in (
        "vllm-0.11.0+empty-py3-none-any.whl",
        "vllm_ascend-0.11.0rc1-cp311-cp311-linux_x86_64.whl",
        "torch-2.7.1+cpu-cp311-cp311-manylinux_2_28_x86_64.whl",
    ):
        (tmp_path / "wheels" / file).touch()
    assert absent_wheels.judge(found["stack"], found["steps"], values, None) is None
