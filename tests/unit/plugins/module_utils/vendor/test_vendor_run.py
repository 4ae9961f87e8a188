"""vendor_run: the commands that are built, and what exit codes and words are worth beside the version files."""

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import (
    complaints as vendor_errors,
)
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import (
    installer as vendor_run,
)
from hypothesis import given
from hypothesis import strategies as st

PATH = "/srv/Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run"


def situation(**more):
    base = {
        "component": "driver",
        "package": PATH,
        "file_name": PATH.rsplit("/", 1)[1],
        "chip": "910b",
        "install_path": "/usr/local/Ascend",
        "install_for_all": True,
        "username": None,
        "usergroup": None,
        "extra_args": [],
        "installed": False,
        "recorded_path": None,
        "downgrade": False,
        "uninstall": None,
    }
    return dict(base, **more)


@pytest.mark.parametrize(
    "more,words",
    [
        ({}, "--full --install-for-all --quiet"),
        ({"install_for_all": False, "username": "u"}, "--full --install-username=u --install-usergroup=u --quiet"),
        (
            {"username": "u", "usergroup": "g", "install_path": "/opt/A", "extra_args": ["--norebuild"]},
            "--full --install-username=u --install-usergroup=g --install-for-all --install-path=/opt/A --quiet"
            " --norebuild",
        ),
        # --upgrade takes type, user and path from the vendor's record and refuses them as options.
        (
            {"installed": True, "recorded_path": "/opt/A", "install_path": "/opt/A", "username": "u"},
            "--upgrade --quiet",
        ),
        ({"installed": True}, "--upgrade --quiet"),
        ({"installed": True, "install_path": "/opt/A"}, "--full --install-for-all --install-path=/opt/A --quiet"),
        ({"installed": True, "fresh": True}, "--full --install-for-all --quiet"),
        ({"installed": True, "force": True}, "--upgrade --force --quiet"),
        (
            {"file_name": "Ascend-hdk-310b-npu-driver-soc_25.0.rc1.1_linux-aarch64.run", "chip": "310b"},
            "--full --quiet",
        ),
        # Nothing is known of the firmware package's options beyond these.
        ({"component": "firmware", "username": "u", "install_path": "/opt/A"}, "--full --quiet"),
        ({"component": "firmware", "installed": True, "recorded_path": "/usr/local/Ascend"}, "--upgrade --quiet"),
        ({"component": "nnae"}, "--install --install-for-all --quiet"),
        ({"component": "nnae", "install_path": "/opt/A"}, "--install --install-for-all --install-path=/opt/A --quiet"),
        (
            {"component": "nnae", "install_path": "/opt/A", "recorded_path": "/opt/A", "installed": True},
            "--upgrade --install-for-all --quiet",
        ),
        ({"component": "toolkit", "installed": True, "downgrade": True}, "--install --install-for-all --quiet"),
    ],
)
def test_the_command_to_install(more, words):
    assert vendor_run.install_argv(situation(**more)) == ["bash", PATH, *words.split(" ")]


@pytest.mark.parametrize(
    "more,argv",
    [
        ({"uninstall": "/A/driver/script/uninstall.sh"}, ["bash", "/A/driver/script/uninstall.sh", "--quiet"]),
        ({}, ["bash", PATH, "--uninstall"]),
        ({"package": None}, None),
        (
            {"component": "toolkit", "uninstall": "/A/8.3.RC1/cann_uninstall.sh"},
            ["bash", "/A/8.3.RC1/cann_uninstall.sh"],
        ),
        ({"component": "toolkit", "install_path": "/opt/A"}, ["bash", PATH, "--uninstall", "--install-path=/opt/A"]),
    ],
)
def test_the_command_to_remove(more, argv):
    assert vendor_run.uninstall_argv(situation(**more)) == argv


def judged(rc=0, text="", wanted="2", before="1", after="2", component="driver", damaged=None, **more):
    run = {"rc": rc, "timed_out": False, "flooded": False, "seconds": 1}
    run.update(more.pop("run", {}))
    return vendor_run.judge(
        component,
        run,
        text,
        wanted,
        {"version": before, "damaged": None},
        {"version": after, "damaged": damaged},
        **more,
    )


RECORDED = {
    "takes effect": "[Driver] [2025-07-17 10:36:24] [INFO]Driver package installed successfully! The new version takes "
    "effect immediately. ",
    "reboot": "[Driver] [x] [INFO]Driver package installed successfully! Reboot needed for installation/upgrade to "
    "take effect! ",
    "finished": "Driver package installed finished!\n[WARNING]Kernel modules can not be removed, reboot needed for "
    "installation/upgrade to take effect!",
    "firmware": "[Firmware] [x] [INFO]Firmware package installed successfully! Reboot now or after driver installation "
    "for the installation/upgrade to take effect.",
    "not ready": "[WARNING]There are some chips not ready, please check after reboot\nDriver package installed "
    "successfully! The new version takes effect immediately. ",
    "power off": "[WARNING]Do not power off or restart the system during the installation/upgrade",
}


@pytest.mark.parametrize(
    "text,rc,component,reboot",
    [
        ("takes effect", 0, "driver", False),
        ("takes effect", 2, "driver", True),
        ("reboot", 0, "driver", True),
        ("finished", 2, "driver", True),
        ("not ready", 0, "driver", True),
        ("power off", 0, "driver", False),
        ("firmware", 0, "firmware", True),
        ("takes effect", 0, "firmware", True),
        ("takes effect", 2, "nnae", False),
    ],
)
def test_the_recorded_endings(text, rc, component, reboot):
    verdict = judged(rc, RECORDED[text], component=component)
    assert verdict["ok"] and verdict["reboot_required"] is reboot


@pytest.mark.parametrize(
    "case",
    [
        {"after": "1"},
        {"after": None},
        {"damaged": "half of it is missing"},
        {"rc": 1},
        {"rc": 3},
        {"rc": 137},
        {"rc": None},
        {"text": "Failed to install driver package, please retry after uninstall and reboot!"},
        {"text": "[ERROR] CANN-opp install failed"},
        {"text": "ERR_NO:0x0004;ERR_DES:bad"},
        {"run": {"timed_out": True, "rc": None}},
        {"run": {"flooded": True, "rc": None}},
        {"run": {"asked": True, "rc": None}},
        {"before": "2", "repair": True, "rewritten": False},
        {"wanted": None, "after": "1"},
    ],
)
def test_what_is_not_believed(case):
    verdict = judged(**case)
    assert not verdict["ok"] and verdict["summary"] and verdict["fix"]


@pytest.mark.parametrize(
    "case",
    [
        {"text": "[ERROR] part one failed to install\n[INFO] Ascend-cann-nnae install success"},
        {"text": "[ERROR] pip's resolver found a conflict"},
        {"rc": 1, "text": "the package is already installed"},
        {"before": "2", "repair": True, "rewritten": True},
        {"before": "2", "repair": True, "rewritten": False, "text": RECORDED["takes effect"]},
        {"wanted": None, "after": None},
    ],
)
def test_what_is_believed(case):
    assert judged(**case)["ok"]


def test_a_refusal_before_any_change_leaves_nothing_to_repair():
    text = "ERR_NO:0x0091;ERR_DES:HwHiAiUser not exists! Please add HwHiAiUser"
    assert judged(1, text, after="1")["untouched"]
    assert not judged(1, text, after="2")["untouched"] and not judged(1, "anything", after="1")["untouched"]


def test_the_newest_drivers_state_a_number_beside_their_name():
    assert vendor_run.matches("25.3.RC1", {"version": "25.3.rc1"})
    assert vendor_run.matches("25.3.rc1", {"version": "7", "package_version": "25.3.rc1"})
    assert not vendor_run.matches("25.3.rc1", {"version": None, "package_version": None})


@pytest.mark.parametrize(
    "line,ended,silent,waits",
    [
        ("Driver package has been installed, do you want to continue?  [y/n] ", False, 31, True),
        ("Driver package has been installed, do you want to continue?  [y/n] ", False, 12, False),
        ("Accept the licence? (Y/N):", True, 40, True),
        ("Which site is this?", False, 121, True),
        ("Which site is this?", False, 60, False),
        ("Compiling kernel modules:", True, 3000, False),
        ("upgradePercentage:40%", True, 3000, False),
    ],
)
def test_who_waits_for_an_answer(line, ended, silent, waits):
    assert vendor_run.waits_for_answer(line, ended, silent) is waits


@pytest.mark.parametrize(
    "text,rejects",
    [
        ("ERR_NO:0x0004;ERR_DES:Unrecognized parameters: --install-for-all.", True),
        ("--install-for-all is not supported by this package", True),
        ("installing with --install-for-all", False),
    ],
)
def test_a_package_that_does_not_know_install_for_all(text, rejects):
    refused = vendor_run.refused_options(text, ["bash", "x", "--full", "--install-for-all", "--quiet"])
    assert refused == (["--install-for-all"] if rejects else [])
    assert not vendor_run.refused_options(text, ["bash", "x", "--full"])


@pytest.mark.parametrize(
    "text,name,words",
    [
        ("[ERROR]The list of missing tools: lspci,ifconfig,", "missing-tools", "lspci,ifconfig"),
        ("The current installation package and environment is not match, please check.", "wrong-chip", "another chip"),
        ("[WARNING]There is no chip matching the driver package.", "wrong-chip", "another chip"),
        ("Arch mismatch, src package is x86-64, cur os is aarch64", "wrong-arch", "x86-64"),
        ("/x free space only 12M, cannot install driver package (greater than 300M)", "space", "full"),
        ("[ERROR]Dkms install failed, details in : /var/log/x\nDriver_ko_install failed", "dkms", "kernel module"),
        ("driver package version=1 is earlier than the device flash hardware version=2", "flash-version", "older"),
        (
            "Download and install the 23.0.RC1 driver package. Then upgrade to the target version.",
            "stepwise",
            "23.0.RC1",
        ),
        ("ERR_NO:0x0091;ERR_DES:HwHiAiUser not exists! Please add HwHiAiUser", "no-user", "HwHiAiUser"),
        ("ERR_NO:0x0095;ERR_DES:... user and group are not same with last installation", "other-user", "another user"),
        ("User is not belong to the dirver or firmware's installed usergroup!", "not-in-group", "group"),
        (
            "Please install toolkit, nnae or nnrt version 8.3.RC1 before installing kernels 8.3.RC1",
            "base-first",
            "8.3.RC1",
        ),
        ("driver not installed, please install driver first", "driver-first", "no driver"),
        ("ERR_NO:0x0094;ERR_DES:busy", "0x0094", "in progress"),
        ("ERR_NO:0x00aa;ERR_DES:no idea", "other-code", "0x00aa: no idea"),
    ],
)
def test_complaints_are_explained(text, name, words):
    found = vendor_errors.explain("before\n" + text + "\nafter")
    assert found[0]["name"] == name and words in found[0]["cause"] and found[0]["fix"]
    assert found[0]["line"] in text


def test_every_complaint_has_cause_and_fix():
    for row in vendor_errors.ERRORS:
        assert row["cause"] and row["fix"] and isinstance(row["untouched"], bool), row["name"]
    assert vendor_errors.explain("all is well") == []


@given(st.text(), st.one_of(st.none(), st.integers(0, 255)), st.sampled_from([None, "1", "2"]))
def test_no_output_breaks_the_judgement_and_wrong_files_are_never_ok(text, rc, after):
    verdict = judged(rc, text, after=after)
    assert after == "2" or not verdict["ok"]
