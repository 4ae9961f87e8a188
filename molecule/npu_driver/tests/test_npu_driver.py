"""What npu_driver leaves on a host."""

import json

import pytest


def vendor_calls(host):
    text = host.file("/var/log/npu-sim/vendor-calls.log").content_string
    calls = [json.loads(line) for line in text.splitlines()]
    return [call for call in calls if call["event"] == "start"]


def name(host):
    return host.check_output("hostname")


def test_version_files(host):
    assert "Version=25.3.rc1" in host.file("/usr/local/Ascend/driver/version.info").content_string
    firmware = host.file("/usr/local/Ascend/firmware/version.info")
    assert firmware.exists == (name(host) != "bare-vm"), "firmware belongs to the machine under a VM"
    if firmware.exists:
        assert "Version=7.8.0.2.212" in firmware.content_string


def test_driver_is_loaded_and_every_chip_is_healthy(host):
    output = host.check_output("npu-smi info")
    assert "Version: 25.3.rc1" in output
    cards = {"bare-910b": 8, "bare-310p": 2, "bare-vm": 1}[name(host)]
    assert output.count("| OK ") == cards


def test_user_and_device_nodes(host):
    user = host.user("HwHiAiUser")
    assert user.exists
    assert user.shell == "/bin/bash"
    assert user.group == {"bare-310p": "npu-users"}.get(name(host), "HwHiAiUser")
    assert host.file(user.home).group == user.group
    assert host.file("/dev/davinci0").user == "HwHiAiUser"


def test_driver_went_before_firmware_and_each_ran_once(host):
    installs = [call["package"] for call in vendor_calls(host) if {"--full", "--upgrade"} & set(call["argv"])]
    kinds = ["driver" if "driver" in package else "firmware" for package in installs]
    both = ["driver", "firmware"]
    assert kinds == {"bare-910b": both, "bare-310p": both, "bare-vm": ["driver"]}[name(host)]


def test_no_installer_could_reach_a_prompt(host):
    installs = [call for call in vendor_calls(host) if {"--full", "--upgrade"} & set(call["argv"])]
    assert all("--quiet" in call["argv"] for call in installs)


def test_system_folders_keep_their_permissions(host):
    for path, mode in (("/usr/local", 0o755), ("/etc", 0o755), ("/tmp", 0o1777)):
        assert host.file(path).mode == mode


def reset(fleet, host, chip, *words):
    run = fleet.play("playbooks/reset_chip.yml", "-e", f"reset_host={host}", "-e", f"reset_chip={chip}", *words)
    return run, " ".join(run.text.split())


def resets(host):
    return host.run("cat /var/lib/npu-sim/resets").stdout.splitlines()


@pytest.mark.hosts("bare-910b")
def test_a_sick_chip_is_reset_when_nobody_uses_its_module(host, fleet):
    host.check_output("echo '3 0 Alarm' >/var/lib/npu-sim/health")
    run, text = reset(fleet, "bare-910b", "3/0", "--check")
    assert run.ok and "Would be reset with npu-smi set -t reset -i 3 -c 0 -m 1" in text and "3/0 Alarm" in text, text
    holder = host.check_output("nohup sleep 600 </dev/davinci5 >/dev/null 2>&1 & echo $!")
    run, text = reset(fleet, "bare-910b", "3/0")
    assert not run.ok and f"pid {holder}" in text and "/dev/davinci5" in text, text
    assert resets(host) == []
    host.check_output(f"kill {holder}")
    run, text = reset(fleet, "bare-910b", "3/0")
    assert run.ok and "3/0 Alarm -> OK" in text, text
    assert resets(host) == ["3 0"]


@pytest.mark.hosts("bare-vm")
def test_no_chip_is_reset_from_inside_of_a_virtual_machine(host, fleet):
    run, text = reset(fleet, "bare-vm", "0/0")
    assert not run.ok and "virtual machine" in text and resets(host) == [], text
