"""What npu_driver leaves on a host."""

import json


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
