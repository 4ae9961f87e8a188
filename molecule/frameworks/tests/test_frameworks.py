"""Hosts for MindSpore, PyTorch, both and vLLM Ascend, by one run of the main job: each proves what it has."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.support import ssh_count

ENVIRONMENTS = "/opt/ascend/envs"
FILES = Path(os.environ["ASCEND_ROOT"]) / "roles" / "inference_check" / "files"
HAS = {"mindspore": ["mindspore"], "pytorch": ["torch"], "both": ["mindspore", "torch"], "serving": ["vllm"]}
CANN = {
    "mindspore": "nnae 8.3.RC1",
    "pytorch": "toolkit 9.1.0",
    "both": "toolkit 8.3.RC1",
    "serving": "toolkit 8.3.RC1",
}


def name(host):
    return host.check_output("hostname")


def proof(host, file="inference"):
    return json.loads(host.file(f"/var/lib/ascend-fleet/proofs/{file}.json").content_string)


def sentence(model):
    return (FILES / model / "expected.txt").read_text(encoding="utf-8").strip()


@pytest.fixture(scope="module")
def report():
    path = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "report" / "report.json"
    return {entry["name"]: entry for entry in json.loads(path.read_text(encoding="utf-8"))["hosts"]}


def test_each_framework_has_an_environment_of_its_own(host):
    assert host.check_output(f"ls {ENVIRONMENTS}").split() == HAS[name(host)]
    for framework in HAS[name(host)]:
        there = host.check_output(f"ls {ENVIRONMENTS}/{framework}/lib/python3.11/site-packages").split()
        assert {"mindspore", "torch", "torch_npu"} & set(there) == (
            {"mindspore"} if framework == "mindspore" else {"torch", "torch_npu"}
        ), framework


def test_one_report_tells_each(host, report):
    entry = report[name(host)]
    assert entry["status"] == "converged" and entry["versions"]["cann"] == CANN[name(host)]
    assert [bool(entry["versions"][one]) for one in ("mindspore", "torch")] == [
        one in HAS[name(host)] for one in ("mindspore", "torch")
    ]


@pytest.mark.hosts("mindspore", "pytorch", "both")
def test_each_framework_has_its_proof(host, report):
    entry = report[name(host)]
    proofs = [entry["inference"], *entry["inference"].get("also", [])]
    assert [one["status"] for one in proofs] == ["passed"] * len(HAS[name(host)])
    assert [one["engine"] for one in proofs] == [
        {"mindspore": "mindformers-pipeline", "torch": "torch-plain"}[one] for one in HAS[name(host)]
    ]


def test_every_installer_ran_once_though_the_playbook_ran_twice(host):
    calls = [json.loads(line) for line in host.file("/var/log/npu-sim/vendor-calls.log").content_string.splitlines()]
    starts = [call["package"] for call in calls if call["event"] == "start" and "--quiet" in call["argv"]]
    assert starts and len(starts) == len(set(starts)), starts


@pytest.mark.hosts("serving")
def test_packages_for_serving_are_reported_without_a_proof(host, report):
    entry = report[name(host)]
    assert entry["inference"]["status"] == "skipped" and entry["versions"]["vllm_ascend"] == "0.11.0rc1"


@pytest.mark.hosts("serving")
def test_vllm_finds_its_platform_in_a_bare_shell(host):
    program = "import vllm; print(vllm.__version__, vllm.platforms())"
    said = host.check_output(f"env -i {ENVIRONMENTS}/vllm/bin/ascend-run python -c '{program}'")
    assert said.splitlines()[-1] == "0.11.0+empty {'ascend': 'vllm_ascend.platform.NPUPlatform'}"


@pytest.mark.hosts("pytorch")
def test_pytorch_computes_on_every_npu_with_a_version_and_artifacts_alone(host):
    found = proof(host)
    assert found["text"] == sentence("gpt2")
    assert (found["status"], found["engine"], found["device"]) == ("passed", "torch-plain", "Ascend")
    assert (found["torch"], found["torch_npu"]) == ("2.7.1+cpu", "2.7.1.post8")
    assert found["shown"] == [
        "products of matrices on npu:0 as on the CPU",
        "the sum of the numbers of 4 NPUs by an all_reduce (hccl)",
    ]


@pytest.mark.hosts("pytorch")
def test_torch_finds_its_npus_in_a_bare_shell_and_not_without_cann(host):
    program = "import torch; print(torch.npu.device_count(), torch.ones(1).npu() + 1)"
    said = host.check_output(f"env -i {ENVIRONMENTS}/torch/bin/ascend-run python -c '{program}'")
    assert said.splitlines()[-1] == "4 tensor([2.], device='npu:0')"
    failed = host.run(f"env -i {ENVIRONMENTS}/torch/bin/python -c 'import torch'")
    assert failed.rc != 0 and "Failed to load the backend extension: torch_npu" in failed.stderr


@pytest.mark.hosts("both")
def test_each_of_two_frameworks_said_its_own_sentence(host):
    first, other = proof(host), proof(host, "inference-torch")
    assert (first["text"], other["text"]) == (sentence("llama"), sentence("gpt2"))
    assert (first["mindspore"], other["torch"], other["stack"]) == ("2.7.1", "2.7.1+cpu", first["stack"])
    # On the CPU it says nothing of torch_npu, which is the one for this CANN.
    assert other["stack"]["cann"].endswith("8.3.RC1") and other["torch_npu"] is None
    versions = host.check_output(f"ls -d {ENVIRONMENTS}/torch/lib/python3.11/site-packages/torch_npu-*")
    assert versions.endswith("torch_npu-2.7.1.dist-info")


@pytest.mark.hosts("both")
def test_only_the_framework_whose_proof_is_gone_proves_itself_again(host, fleet):
    host.check_output("rm /var/lib/ascend-fleet/proofs/inference-torch.json")
    said = fleet.output("site.yml", "--limit", "both")
    assert "generate text: torch-plain, gpt2" in said and "generate text: mindformers" not in said
    assert proof(host, "inference-torch")["status"] == "passed"


@pytest.mark.hosts("mindspore")
def test_a_run_with_nothing_to_do_reaches_each_host_once(host, fleet):
    assert ssh_count.check_noop(fleet.output("site.yml", "-vvv"), fleet.addresses.values()) == []


@pytest.mark.hosts("pytorch")
def test_pytorch_trains_also_where_it_is_the_second_framework(host, fleet):
    fleet.output("molecule/frameworks/training.yml")
    found = json.loads(host.file("/var/lib/ascend-fleet/proofs/training.json").content_string)
    assert (found["status"], found["engine"], found["device"]) == ("passed", "torch-plain", "Ascend")


# On the host that comes last.
@pytest.mark.hosts("serving")
def test_last_of_all_one_of_two_frameworks_goes_and_the_other_stays(host, fleet):
    narrowed = {"ascend_components": ["python", "torch"]}
    fleet.output("playbooks/uninstall.yml", "--limit", "both", "-e", json.dumps(narrowed))
    assert fleet.run("both", "ls", ENVIRONMENTS).split() == ["mindspore"]
    fleet.output("playbooks/uninstall.yml", "--limit", "serving")
    assert not host.file(f"{ENVIRONMENTS}/vllm").exists
    assert not host.file("/usr/local/Ascend/nnal/atb/latest").exists
