"""What the main job leaves on a mixed fleet, and what it says about it."""

import json
import os
from pathlib import Path

import pytest

from tests.support import ssh_count

CANN = {"canary-310p": "nnrt", "train-910": "nnae", "train-a2": "nnae", "guest": "nnae"}


def name(host):
    return host.check_output("hostname")


@pytest.fixture(scope="module")
def report():
    path = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "report" / "report.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    return {entry["name"]: entry for entry in data["hosts"]}


def test_every_host_has_its_driver_loaded(host):
    assert "Version: 25.3.rc1" in host.check_output("npu-smi info")


def test_firmware_everywhere_but_in_the_vm(host):
    assert host.file("/usr/local/Ascend/firmware/version.info").exists == (name(host) != "guest")


def test_cann_by_the_chips_role(host):
    product = CANN[name(host)]
    assert host.file(f"/usr/local/Ascend/{product}/latest").exists


def test_installers_ran_once_though_the_playbook_ran_twice(host):
    lines = host.file("/var/log/npu-sim/vendor-calls.log").content_string.splitlines()
    calls = [json.loads(line) for line in lines]
    starts = [
        call["package"]
        for call in calls
        if call["event"] == "start" and {"--full", "--install", "--upgrade"} & set(call["argv"])
    ]
    assert starts
    assert len(starts) == len(set(starts)), "an installer was started again on a converged host"


def test_journal_has_an_end_for_every_start(host):
    lines = host.file("/var/lib/ascend-fleet/journal.jsonl").content_string.splitlines()
    entries = [json.loads(line) for line in lines]
    ended = {entry["id"] for entry in entries if entry["event"] == "end" and entry["result"] == "ok"}
    assert {entry["id"] for entry in entries if entry["event"] == "start"} == ended


def test_report_names_every_host_as_converged(host, report):
    entry = report[name(host)]
    assert entry["status"] == "converged"
    assert entry["versions"]["driver"] == "25.3.rc1"
    assert all(chip["health"] == "OK" for chip in entry["chips"])


@pytest.mark.hosts("train-a2")
def test_an_official_pair_has_proven_itself(host, report):
    entry, proof = report["train-a2"], report["train-a2"]["inference"]
    assert (entry["versions"]["mindspore"], entry["versions"]["mindformers"]) == ("2.7.1", "1.7.0")
    assert entry["versions"]["cann"].endswith("8.3.RC1")
    assert (proof["status"], proof["engine"], proof["model"]) == ("passed", "mindformers-pipeline", "llama")
    assert proof["text"].startswith(proof["prompt"]) and "MindFormers" in proof["shows"]
    accepted = {item["rule"] for item in entry["findings"] if item["accepted"]}
    assert accepted == {"device-target-cpu"}


@pytest.mark.hosts("canary-310p")
def test_a_run_that_changes_nothing_costs_one_execution_per_host(host, fleet):
    """Counted once for the fleet, from what Ansible says it sent over SSH."""
    assert ssh_count.check_noop(fleet.output("site.yml", "-vvv"), fleet.addresses.values()) == []
