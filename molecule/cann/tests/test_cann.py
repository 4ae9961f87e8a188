"""What cann leaves on a host."""

import json


def name(host):
    return host.check_output("hostname")


def test_training_chip_gets_nnae_with_kernels(host):
    if name(host) == "nnae-910b":
        assert "version=8.3.RC1" in host.check_output("cat /usr/local/Ascend/nnae/latest/*/ascend_nnae_install.info")
        assert host.file("/usr/local/Ascend/nnae/set_env.sh").exists
        assert host.check_output("ls /usr/local/Ascend/nnae/latest/lib64 | grep -c whl").strip() == "2", "te and hccl"


def test_inference_chip_gets_nnrt_only(host):
    if name(host) == "nnrt-310p":
        assert "version=8.3.RC1" in host.check_output("cat /usr/local/Ascend/nnrt/latest/*/ascend_nnrt_install.info")
        assert not host.file("/usr/local/Ascend/nnae").exists


def test_readable_for_everybody(host):
    root = {"nnae-910b": "nnae", "nnrt-310p": "nnrt"}[name(host)]
    host.run_expect([0], f"su nobody -s /bin/sh -c 'cat /usr/local/Ascend/{root}/set_env.sh'")


def test_the_licence_prompt_was_never_reached(host):
    calls = [json.loads(line) for line in host.file("/var/log/npu-sim/vendor-calls.log").content_string.splitlines()]
    installs = [call for call in calls if "--install" in call["argv"]]
    assert installs
    assert all("--quiet" in call["argv"] for call in installs)
