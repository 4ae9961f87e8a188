"""What the main job leaves on a host of another architecture than the control node's."""

import json
import os
from pathlib import Path

import pytest

# One remote execution for everything: each is a Python that starts under emulation.
QUESTIONS = {
    "machine": "uname -m",
    "calls": "cat /var/log/npu-sim/vendor-calls.log",
    "journal": "cat /var/lib/ascend-fleet/journal.jsonl",
    "cached": "find /var/lib/ascend-fleet/cache -name '*.run' -printf '%f\\n'",
    "npu-smi": "npu-smi info",
    "firmware": "cat /usr/local/Ascend/firmware/version.info",
    "cann": "cat /usr/local/Ascend/nnae/latest/ascend_nnae_install.info",
    "environment": "/opt/ascend/envs/mindspore/bin/python -c 'import platform, pip; print(platform.machine())'",
    "compiler": "gcc -dumpmachine && cmake --version",
}


@pytest.fixture(scope="module")
def left(host):
    """What each question's command prints; a command that fails prints nothing."""
    script = "; ".join(f"echo '== {name}'; {command}" for name, command in QUESTIONS.items())
    sections = host.run(script).stdout.split("== ")[1:]
    return {name: text for name, _, text in (section.partition("\n") for section in sections)}


@pytest.fixture(scope="module")
def calls(left):
    return [json.loads(line) for line in left["calls"].splitlines()]


def test_the_host_is_aarch64(left):
    assert left["machine"].strip() == "aarch64"


def test_packages_are_those_of_the_hosts_architecture(left, calls):
    packages = {call["package"] for call in calls}
    assert {
        "Ascend-hdk-910-npu-driver_25.3.rc1_linux-aarch64.run",
        "Ascend-cann-nnae_8.3.RC1_linux-aarch64.run",
        "Ascend-cann-kernels-910_8.3.RC1_linux-aarch64.run",
    } <= packages
    brought = set(left["cached"].split())
    assert packages <= brought
    assert not [package for package in brought | packages if "x86" in package]


def test_installers_ran_once_though_the_playbook_ran_twice(calls):
    starts = [
        call["package"] for call in calls if call["event"] == "start" and {"--full", "--install"} & set(call["argv"])
    ]
    assert len(starts) == 4
    assert len(set(starts)) == 4


def test_driver_firmware_and_cann_are_there(left):
    assert "Version: 25.3.rc1" in left["npu-smi"]
    assert "Version=7.8.0.2.212" in left["firmware"]
    assert "version=8.3.RC1" in left["cann"]


def test_the_host_rebooted_between_firmware_and_cann(left):
    entries = [json.loads(line) for line in left["journal"].splitlines()]
    boots = {entry["component"]: entry["boot_id"] for entry in entries if entry["event"] == "end"}
    assert boots["driver"] == boots["firmware"] != boots["nnae"]


def test_toolchain_and_environment_are_of_that_architecture(left):
    assert left["compiler"].startswith("aarch64-linux-gnu\ncmake version 3.")
    assert left["environment"].strip() == "aarch64"


def test_the_report_says_converged():
    path = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "report" / "report.json"
    (entry,) = json.loads(path.read_text(encoding="utf-8"))["hosts"]
    assert entry["status"] == "converged"
    assert entry["versions"]["firmware"] == "7.8.0.2.212"
