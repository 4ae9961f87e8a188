"""What a host is for decides what it gets: PyTorch, MindSpore, both in environments of their own, or neither."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes
from ansible_collections.ascend.fleet.tests.unit import sample_hosts

VENDOR = ["driver", "firmware", "reboot", "cann", "kernels"]
BARE = sample_hosts.observe(*[sample_hosts.pci(number) for number in range(8)])


def plan(tables, facts=BARE, **variables):
    """The plan of a host by its variables, whatever its artifacts."""
    values, problems = desired.read(variables)
    wish = Wishes(values, tables, problems)
    return Planner().plan("h", {"ansible_facts": {"ascend": copy.deepcopy(facts)}}, wish)


def names(plan):
    return [step["component"] for step in plan["steps"]]


@pytest.mark.parametrize("variable", ["ascend_torch_version", "ascend_torch_npu_version"])
def test_a_bare_host_for_pytorch_gets_all_that_it_stands_on_and_no_mindspore(tables, variable):
    found = plan(tables, **{variable: "2.7.1"})
    assert names(found) == [*VENDOR, "nnal", "python", "torch", "inference"]
    assert found["stack"]["mindspore"] is None and found["stack"]["mindformers"] is None
    steps = {step["component"]: step for step in found["steps"]}
    assert {steps[name]["environment"] for name in ("python", "torch", "inference")} == {"torch"}
    assert steps["inference"]["to"] == "torch-plain, gpt2" and found["stack"]["cann"]["flavor"] == "toolkit"


def test_a_host_for_mindspore_is_as_it_was(tables):
    found = plan(tables, ascend_mindspore_version="2.7.1")
    assert names(found) == [*VENDOR, "python", "mindspore", "mindformers", "inference"]
    assert found["stack"]["torch"] is None and found["stack"]["cann"]["flavor"] == "nnae"


def test_both_have_an_environment_each(tables):
    found = plan(tables, ascend_mindspore_version="2.7.1", ascend_torch_version="2.7.1")
    expected = [*VENDOR, "nnal", "python", "python", "mindspore", "mindformers", "torch", "inference", "inference"]
    assert names(found) == expected and found["stack"]["cann"]["version"] == "8.3.RC1"
    pythons = [step for step in found["steps"] if step["component"] == "python"]
    assert [step["environment"] for step in pythons] == ["mindspore", "torch"]
    ids = [step["id"] for step in found["steps"]]
    assert len(set(ids)) == len(ids) and ids.count("python-install") == 1


BOTH = {"ascend_mindspore_version": "2.7.1", "ascend_torch_version": "2.7.1"}


def proof_of(entry, stack, changes):
    return {**{"status": "passed", "engine": entry["engine"], "model": entry["model"], "stack": stack}, **changes}


def test_each_framework_of_a_host_proves_itself(tables):
    found = plan(tables, **BOTH)
    first, other = (step for step in found["steps"] if step["component"] == "inference")
    assert (first["id"], first["environment"], first["to"]) == (
        "inference-verify",
        "mindspore",
        "mindformers-pipeline, llama",
    )
    assert (other["id"], other["environment"], other["to"]) == (
        "inference-verify-torch",
        "torch",
        "torch-plain, gpt2",
    )
    assert "torch" in other["why"]
    assert sum("for torch as well" in line for line in found["why"]) == 1


@pytest.mark.parametrize(
    ("kept", "left"),
    [
        ({}, ["inference-verify", "inference-verify-torch"]),
        ({"inference": {}}, ["inference-verify-torch"]),
        ({"others": {}}, ["inference-verify"]),
        ({"inference": {}, "others": {}}, []),
        ({"inference": {}, "others": {"status": "failed"}}, ["inference-verify-torch"]),
        ({"inference": {}, "others": {"stack": {"cann": "8.2.RC1"}}}, ["inference-verify-torch"]),
    ],
)
def test_only_a_framework_without_a_proof_of_this_stack_proves_itself(tables, kept, left):
    said = plan(tables, **BOTH)
    entry, stack = said["stack"]["inference"], said["fingerprint"]
    (also,) = entry["also"]
    proofs = {"inference": None, "others": {}}
    if "inference" in kept:
        proofs["inference"] = proof_of(entry, stack, kept["inference"])
    if "others" in kept:
        proofs["others"] = {"torch": proof_of(also, stack, kept["others"])}
    found = plan(tables, {**BARE, "proofs": proofs}, **BOTH)
    assert [step["id"] for step in found["steps"] if step["component"] == "inference"] == left


def test_a_framework_that_only_decides_for_others_proves_nothing(tables):
    found = plan(tables, **BOTH, ascend_components=["python", "mindspore", "inference"])
    assert [step["id"] for step in found["steps"] if step["component"] == "inference"] == ["inference-verify"]


def test_each_environment_has_a_python_that_its_framework_takes(tables):
    """MindSpore 2.2.14 ends with Python 3.9; torch 2.1.0 would take it, so both have it."""
    found = plan(tables, ascend_mindspore_version="2.2.14", ascend_torch_version="2.1.0")
    rows = found["stack"]["python"]["environments"]
    assert [row["framework"] for row in rows] == ["mindspore", "torch"]
    assert rows[0]["version"] == "3.9" and rows[1]["version"] == "3.11"


def test_two_frameworks_in_one_environment_are_refused_by_the_variables_names(tables):
    found = plan(
        tables, ascend_mindspore_version="2.7.1", ascend_torch_version="2.7.1", ascend_torch_env_name="mindspore"
    )
    assert found["status"] == "refused" and not found["steps"]
    (said,) = found["findings"]
    assert said["variable"] == "ascend_torch_env_name" and "ascend_env_name" in said["message"]
    alone = plan(tables, ascend_torch_version="2.7.1", ascend_torch_env_name="mindspore")
    assert {step.get("environment") for step in alone["steps"]} == {None, "mindspore"}


def test_cann_alone_is_a_host_for_containers(tables):
    found = plan(tables, ascend_cann_version="8.3.RC1")
    assert names(found) == VENDOR and found["stack"]["cann"]["flavor"] == "toolkit"
    assert found["inference_reason"] == "the stack of this host has no framework to generate text with"


def test_components_narrow(tables):
    found = plan(tables, ascend_torch_version="2.7.1", ascend_components=["driver", "firmware", "cann"])
    assert names(found) == VENDOR[:-1]
    found = plan(tables, ascend_torch_version="2.7.1", ascend_components=["python", "torch"])
    assert names(found) == ["python", "torch"]
    found = plan(tables, ascend_torch_version="2.7.1", ascend_components=["python", "torch_npu"])
    assert names(found) == ["python", "torch"], "the step of torch installs torch_npu"
    both = {"ascend_components": ["python", "mindspore", "torch", "inference"], "ascend_torch_version": "2.7.1"}
    assert names(plan(tables, **both)) == ["python", "torch", "inference"]


def test_a_flavour_that_nnal_cannot_stand_on_leaves_nnal_out(tables):
    found = plan(tables, ascend_torch_version="2.7.1", ascend_cann_version="8.3.RC1", ascend_cann_flavor="nnae")
    assert found["stack"]["nnal"] is None and found["stack"]["cann"]["flavor"] == "nnae"
    assert any("NNAL: none" in line for line in found["why"])


def test_a_role_that_plans_only_its_part_finds_the_same_cann(tables):
    for parts in (["cann", "kernels"], ["driver", "firmware", "cann"], ["python", "torch", "cann"]):
        found = plan(tables, ascend_torch_version="2.7.1", ascend_cann_version="8.3.RC1", ascend_components=parts)
        assert found["stack"]["cann"]["flavor"] == "toolkit" and found["stack"]["nnal"] is None


def environment(**packages):
    packages = {name.replace("_", "-"): version for name, version in packages.items()}
    row = {"name": "torch", "path": "/opt/ascend/envs/torch", "python": "3.11.2", "packages": packages}
    return {**BARE, "environments": [row], "tools": {**BARE["tools"], "gcc": "12.2.0"}}


@pytest.mark.parametrize(
    ("arch", "packages", "action", "words"),
    [
        ("aarch64", {}, "install", "not installed"),
        ("aarch64", {"torch": "2.6.0", "torch_npu": "2.6.0.post3"}, "upgrade", "torch 2.6.0 is installed"),
        ("aarch64", {"torch": "2.8.0", "torch_npu": "2.8.0"}, "downgrade", "torch 2.8.0 is installed"),
        ("aarch64", {"torch": "2.7.1"}, "configure", "torch-npu==2.7.1.post4"),
        ("aarch64", {"torch": "2.7.1", "torch_npu": "2.7.1.post2"}, "upgrade", "torch-npu 2.7.1.post2"),
        ("aarch64", {"torch": "2.7.1", "torch_npu": "2.7.1.post8"}, "downgrade", "torch-npu 2.7.1.post8"),
        ("x86_64", {"torch": "2.7.1", "torch_npu": "2.7.1.post4"}, "repair", "not the CPU build (2.7.1+cpu)"),
        ("x86_64", {"torch": "2.7.1+cu126", "torch_npu": "2.7.1.post4"}, "repair", "torch 2.7.1+cu126"),
    ],
)
def test_what_an_environment_of_pytorch_lacks(tables, arch, packages, action, words):
    facts = {**environment(**packages), "arch": arch}
    pins = {"ascend_torch_npu_version": "2.7.1.post4", "ascend_components": ["python", "torch"]}
    (step,) = plan(tables, facts, **pins)["steps"]
    assert (step["component"], step["action"]) == ("torch", action) and words in step["why"]


def test_an_environment_that_has_it_all_needs_nothing(tables):
    pins = {"ascend_torch_npu_version": "2.7.1.post4", "ascend_components": ["python", "torch"]}
    facts = environment(torch="2.7.1", torch_npu="2.7.1.post4", numpy="1.26.2")
    for arch, torch in (("aarch64", "2.7.1"), ("aarch64", "2.7.1+cpu"), ("x86_64", "2.7.1+cpu")):
        facts["environments"][0]["packages"]["torch"] = torch
        assert plan(tables, {**facts, "arch": arch}, **pins)["status"] == "converged"
