"""A virtual machine gets a driver and no firmware, a container neither; both get CANN."""

import json

import pytest


def name(host):
    return host.check_output("hostname")


def installed_packages(host):
    text = host.file("/var/log/npu-sim/vendor-calls.log").content_string
    calls = [json.loads(line) for line in text.splitlines()]
    return [
        call["package"]
        for call in calls
        if {"--full", "--upgrade", "--install"} & set(call["argv"]) and call["event"] == "end" and call["rc"] in (0, 2)
    ]


def kinds(host):
    return [
        word
        for package in installed_packages(host)
        for word in ("driver", "firmware", "nnae", "kernels")
        if f"-{word}" in package
    ]


def test_the_host_is_what_it_is_said_to_be(host):
    assert host.run("systemd-detect-virt").stdout.strip() == {"vm": "kvm", "container": "docker"}[name(host)]


def test_only_what_belongs_into_a_guest_was_installed_and_in_order(host):
    expected = {"vm": ["driver", "nnae", "kernels"], "container": ["nnae", "kernels"]}
    assert kinds(host) == expected[name(host)]


def test_no_guest_has_firmware(host):
    assert not host.file("/usr/local/Ascend/firmware").exists
    assert "Firmware_Install_Type" not in host.file("/etc/ascend_install.info").content_string


def test_the_npus_answer_through_the_drivers_own_tool(host):
    output = host.check_output("npu-smi info")
    assert "Version: 25.3.rc1" in output
    assert output.count("| OK ") == {"vm": 1, "container": 2}[name(host)]


@pytest.mark.hosts("container")
def test_the_driver_of_a_container_is_its_hosts_and_untouched(host):
    for path in ("/usr/local/Ascend/driver/version.info", "/usr/local/bin/npu-smi"):
        assert f" {path} " in host.file("/proc/self/mountinfo").content_string
    assert not host.file("/etc/systemd/system/host_sys_init.service").exists
    assert host.file("/dev/davinci0").mode == 0o666


def test_cann_is_there_and_its_environment_can_be_sourced(host):
    assert "version=8.3.RC1" in host.check_output("cat /usr/local/Ascend/nnae/latest/ascend_nnae_install.info")
    sourced = "source /usr/local/Ascend/nnae/set_env.sh"
    host.run_expect([0], f"bash -c '{sourced} && test -n \"$ASCEND_HOME_PATH$LD_LIBRARY_PATH\"'")
