"""What the roles leave on a host of another architecture than the control node's."""

import json


def test_the_host_is_aarch64(host):
    assert host.check_output("uname -m") == "aarch64"


def test_packages_are_those_of_the_hosts_architecture(host):
    text = host.file("/var/log/npu-sim/vendor-calls.log").content_string
    packages = {json.loads(line)["package"] for line in text.splitlines()}
    assert "Ascend-hdk-910-npu-driver_25.3.rc1_linux-aarch64.run" in packages
    assert "Ascend-cann-nnae_8.3.RC1_linux-aarch64.run" in packages
    assert not [package for package in packages if "x86" in package]


def test_driver_answers_and_cann_is_there(host):
    assert "Version: 25.3.rc1" in host.check_output("npu-smi info")
    assert "version=8.3.RC1" in host.check_output("cat /usr/local/Ascend/nnae/latest/ascend_nnae_install.info")


def test_environment_runs_a_python_of_that_architecture(host):
    code = "import platform; print(platform.machine())"
    assert host.check_output(f"/opt/ascend/envs/mindspore/bin/python -c '{code}'") == "aarch64"
