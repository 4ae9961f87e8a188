"""What cann leaves on a host."""

import json

import pytest


def name(host):
    return host.check_output("hostname")


def installed(host, product):
    folder = f"/usr/local/Ascend/{product}/latest/"
    return host.check_output(f"grep -Rh --include=ascend_{product}_install.info ^version= {folder}")


@pytest.mark.hosts("nnae-910b")
def test_training_chip_gets_nnae_with_kernels(host):
    assert installed(host, "nnae") == "version=8.3.RC1"
    assert host.file("/usr/local/Ascend/nnae/set_env.sh").exists
    assert host.check_output("ls /usr/local/Ascend/nnae/latest/lib64 | grep -c whl").strip() == "2", "te and hccl"


@pytest.mark.hosts("nnrt-310p")
def test_inference_chip_gets_nnrt_only(host):
    assert installed(host, "nnrt") == "version=8.3.RC1"
    assert not host.file("/usr/local/Ascend/nnae").exists


def test_readable_for_everybody(host):
    root = {"nnae-910b": "nnae", "nnrt-310p": "nnrt"}[name(host)]
    host.run_expect([0], f"su nobody -s /bin/sh -c 'cat /usr/local/Ascend/{root}/set_env.sh'")


def test_the_licence_prompt_was_never_reached(host):
    calls = [json.loads(line) for line in host.file("/var/log/npu-sim/vendor-calls.log").content_string.splitlines()]
    installs = [call for call in calls if call["event"] == "start" and "--install" in call["argv"]]
    assert installs
    assert all("--quiet" in call["argv"] for call in installs)
