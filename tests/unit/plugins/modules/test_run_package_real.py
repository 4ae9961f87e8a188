"""What the vendor's own scripts do and say: how run_package takes it. Words and states as they were recorded."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import complaints, installed, installer
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView
from run_package_fakes import Fake, sha256

ROOT = "/usr/local/Ascend"
RECORD = (
    "UserName={0}\nUserGroup={0}\nDriver_Install_Type=full\nDriver_Install_Path_Param={1}\nDriver_Install_For_All={2}\n"
)
USAGE = """Usage: {0} [options]
Options:
  --help | -h                       Print this message
  --check                           Checks integrity and version dependency of the archive
  --quiet                           Quiet install mode, skip human-computer interactions
  --full                            Install full type
  --upgrade                         Upgrade product immediately
  --install-path=<path>             Install to specific dir
  --install-username=<username>     Install to specific username
  --install-usergroup=<usergroup>   Install to specific usrgroup
  --uninstall                       Uninstall product
  --norebuild                       Forcibly no kernel module rebuild
"""


@pytest.fixture
def fake(tmp_path):
    return Fake(tmp_path)


def strict(fake, body, *lacks):
    """A package whose archive knows only the options of its list."""
    usage = USAGE.format("x.run")
    for option in lacks:
        usage = "".join(line for line in usage.splitlines(True) if f"{option}" not in line)
    known = " ".join(sorted(set(installer._OPTION.findall(usage))))
    return fake.package(
        f"""for word in "$@"; do case " {known} " in *" ${{word%%=*}} "*) ;; *)
cat >&2 <<'END'
{usage}
END
exit 1;; esac; done
{body}"""
    )


GOOD = "put 25.3.rc1\nsay 'Driver package installed successfully! The new version takes effect immediately. '"


def test_an_option_that_the_archive_does_not_know_is_left_out(fake):
    result = fake.run(path=strict(fake, GOOD), install_for_all=True)
    assert not result.get("failed"), result
    assert result["changed"]
    assert len(fake.calls) == 2
    assert "--install-for-all" in fake.calls[0]
    assert "--install-for-all" not in fake.calls[1]
    assert any("--install-for-all" in note for note in result["notes"])
    assert [row["event"] for row in fake.journal()] == ["start", "end"]


def test_an_option_that_matters_is_named_and_nothing_was_changed(fake):
    result = fake.run(path=strict(fake, GOOD), extra_args=["--vnpu_guest"])
    assert result["failed"]
    assert result["changed"] is False
    assert "does not know --vnpu_guest" in result["cause"]
    assert len(fake.calls) == 1
    assert fake.journal()[-1]["result"] == "refused"
    # So the next run is no repair.
    assert fake.run(path=fake.package(GOOD))["action"] == "install"


@pytest.mark.parametrize(
    ("text", "argv", "refused"),
    [
        (
            USAGE.format("/x.run"),
            ["--full", "--force", "--install-for-all", "--quiet"],
            ["--force", "--install-for-all"],
        ),
        (USAGE.format("/x.run"), ["--full", "--install-path=/a", "--quiet"], []),
        ("Unrecognized flag : --force\n" + USAGE.format("x"), ["--upgrade", "--force"], ["--force"]),
        (
            "[ERROR]ERR_NO:0x0004;ERR_DES: Unrecognized parameters. Try './xxx.run --help'",
            ["--full", "--force"],
            ["--force"],
        ),
        ("[ERROR]ERR_NO:0x0004;ERR_DES: Unrecognized parameters: --force. Try", ["--full", "--force"], ["--force"]),
        ("[Driver] [2026-11-26 11:44:00] [ERROR]x\n" + USAGE.format("x"), ["--full", "--force"], []),
        ("[INFO]Driver package installed successfully!", ["--full", "--force"], []),
    ],
)
def test_options_that_a_package_refuses(text, argv, refused):
    assert installer.refused_options(text, ["bash", "x.run", *argv]) == refused
    assert installer.dispensable(refused)


def test_a_failed_installation_without_a_version_file_can_be_removed(fake):
    """The real installer writes its record first and version.info last: this is what every real failure leaves."""
    view = DictView(
        {
            "/etc/ascend_install.info": RECORD.format("HwHiAiUser", ROOT, "no"),
            f"{ROOT}/driver/script/uninstall.sh": "",
            f"{ROOT}/driver/build.info": "",
        }
    )
    for path in (ROOT, "/somewhere/else"):
        state = installed.component(view, "driver", path)
        assert state["version"] is None
        assert "is missing" in state["damaged"]
        assert state["uninstall"] == f"{ROOT}/driver/script/uninstall.sh"
    assert installed.component(DictView(), "driver", ROOT)["uninstall"] is None


def test_a_hot_reset_settles_what_an_earlier_change_left_for_a_reboot(fake):
    later = "put {0}\nsay 'Driver package upgraded finished!'\nsay 'Kernel modules can not be removed, reboot needed'\n"
    later += "exit 2"
    first = fake.run(path=fake.package(later.format("25.2.0")), version="25.2.0")
    assert first["reboot_required"] is True
    now = "put 25.3.rc1\nsay 'Driver package upgraded successfully! The new version takes effect immediately. '"
    second = fake.run(path=fake.package(now))
    assert (second["changed"], second["reboot_required"]) == (True, False)
    assert fake.run(path=fake.package(now))["reboot_required"] is False


def test_a_driver_of_root_is_repaired_as_root():
    situation = {
        "component": "driver",
        "package": "x.run",
        "file_name": "x.run",
        "chip": None,
        "install_path": ROOT,
        "install_for_all": False,
        "username": None,
        "usergroup": None,
        "extra_args": [],
        "installed": False,
        "recorded_path": ROOT,
        "recorded_user": "root",
        "recorded_group": "root",
        "recorded_for_all": True,
    }
    full = ["--full", "--install-username=root", "--install-usergroup=root", "--install-for-all", "--quiet"]
    assert installer.install_argv(situation)[2:] == full
    npu = dict(situation, recorded_user="npu", recorded_group="ai", recorded_for_all=True)
    assert installer.install_argv(npu)[2:] == ["--full", "--install-username=npu", "--install-usergroup=ai", "--quiet"]
    named = dict(npu, username="HwHiAiUser")
    assert "--install-usergroup=HwHiAiUser" in installer.install_argv(named)
    assert installer.install_argv(dict(situation, installed=True))[2:] == ["--upgrade", "--quiet"]


FAILED = "[INFO]Failed to {0} driver package, please retry after uninstall and reboot!\n"


@pytest.mark.parametrize(
    ("text", "name", "untouched"),
    [
        ("[ERROR]Driver_ko_install_manually failed, details in : /var/log/x\n" + FAILED, "module-load", False),
        ("[ERROR]asdrv_svm modprobe failed", "module-load", False),
        ("[ERROR]Set boot-items failed, details in : x\n" + FAILED, "boot-items", False),
        ("[ERROR]Pcie_load_path_set failed, details in : x", "boot-items", False),
        ("[ERROR]Drv_file_copy failed, details in : x\n" + FAILED, "files", False),
        ("[ERROR]Device_pcie_load_file_rename failed, details in : x", "files", False),
        (
            "[ERROR]The software signature verification failed because the signature mode used by the software is "
            "inconsistent with the current configuration.",
            "signature-mode",
            False,
        ),
        ("[ERROR]The given dir, or its parents, permission is invalid, details in : x", "path-mode", True),
        ("[ERROR]DKMS check and uninstall time(300 seconds) out, please check DKMS", "dkms-hangs", False),
        ("[WARNING]The current installation package is 310B EP, please check whether", "wrong-chip", True),
        ("[ERROR]chmod 644 /etc/ascend_install.info failed!", "0x0093", True),
        (" Unexpected archive size.", "checksum", True),
        (
            "[ERROR]ERR_NO:0x0080;ERR_DES: Uninstallation and recovery failed, so reboot is recommended.",
            "live-patch",
            False,
        ),
        (
            "[ERROR]ERR_NO:0x0080;ERR_DES:Driver package is not installed on this device, uninstall failed",
            "0x0080",
            True,
        ),
        ("[Runtime] [ERROR]: ERR_NO:0X0080;ERR_DES:Runfile is not installed in /x, upgrade failed", "0x0080", True),
        (
            "[ERROR]ERR_NO:0x0091;ERR_DES:username not permission for root, check /etc/ascend_install.info",
            "for-root",
            True,
        ),
        (
            "[ERROR]ERR_NO:0x0094;ERR_DES:Operation failed, An all-in-one RUN package is found, which",
            "all-in-one",
            True,
        ),
        ("[ERROR]ERR_NO:0x0094;ERR_DES:There is already a process being executed,please do not", "0x0094", True),
        ("[ERROR]free space only 12M, cannot install driver package (greater than 300M)", "space", False),
    ],
)
def test_what_the_real_scripts_say(text, name, untouched):
    rows = complaints.explain(text)
    assert (rows[0]["name"], rows[0]["untouched"]) == (name, untouched)
    assert rows[0]["cause"]
    assert rows[0]["fix"]
    assert "{" not in rows[0]["cause"] + rows[0]["fix"]
    if name == "live-patch":
        assert "0x0080" not in [row["name"] for row in rows]


def test_a_module_that_does_not_load_is_not_installed_twice(fake):
    fake.own("25.3.rc1")
    (fake.root / "driver" / "version.info").write_text("")
    result = fake.run(path=fake.package("echo '[ERROR]Driver_ko_install_manually failed'\nexit 1"))
    assert "kernel module" in result["cause"]
    assert len(fake.calls) == 1


def test_an_error_that_nobody_knows_is_quoted(fake):
    body = "echo '[Driver] [2026-11-26 11:44:00] [ERROR]The moon is full'\necho '[INFO]End time: now'\nexit 1"
    assert "The moon is full" in fake.run(path=fake.package(body))["cause"]


def test_an_all_in_one_package_is_refused_with_0_and_nothing_was_touched(fake):
    body = "echo '[ERROR]ERR_NO:0x0094;ERR_DES:Operation failed, An all-in-one RUN package is found, which'\nexit 0"
    result = fake.run(path=fake.package(body))
    assert result["failed"]
    assert result["changed"] is False
    assert "uninstall it first" in result["fix"]


def test_a_package_for_another_machine_is_not_called_damaged(fake):
    arch = "echo '[ERROR]Arch mismatch, src package is aarch64, cur os is x86_64'; exit 1"
    result = fake.run(path=fake.package(GOOD, check=arch))
    assert "is not for this host" in result["msg"]
    assert "its own check" not in result["msg"]
    assert "aarch64" in result["cause"]
    denied = fake.run(path=fake.package(GOOD, name="b.run", check="echo 'Permission denied'; exit 126"))
    assert "noexec" in denied["fix"]
    broken = fake.run(path=fake.package(GOOD, name="c.run", check="echo ' Unexpected archive size.'; exit 2"))
    assert "its own check" in broken["msg"]
    assert "transfer" in broken["fix"]


def test_a_package_that_is_known_to_be_whole_checks_itself_only_where_something_could_be_lost(fake):
    refuses = "echo ' Unexpected archive size.'; exit 2"
    path = fake.package(GOOD, check=refuses)
    known = {"path": path, "checksum": f"sha256:{sha256(path)}", "verified": True}
    assert "needs checksum" in fake.run(path=path, verified=True)["msg"]
    assert "its own check" in fake.run(**{**known, "verified": False})["msg"]
    assert "is not what it should be" in fake.run(**{**known, "checksum": f"sha256:{'0' * 64}"})["msg"]
    assert fake.calls == []
    assert fake.run(**known)["changed"]
    assert fake.calls_file.read_text().splitlines()[1:] == [fake.calls[0]]
    firmware = fake.package("put 25.3.rc1 firmware", name="firmware.run", check=refuses)
    its = {**known, "component": "firmware", "path": firmware, "checksum": f"sha256:{sha256(firmware)}"}
    assert "its own check" in fake.run(**its)["msg"]
    # An older version is there now, or a broken one: it is not given up for a package that refuses this host.
    fake.put("25.2.0")
    assert "its own check" in fake.run(**known, take_over=True)["msg"]
    (fake.root / "driver" / "version.info").write_text("")
    assert "its own check" in fake.run(**known)["msg"]


PIECE = {
    f"{ROOT}/cann-8.5.0/share/info/runtime/ascend_install.info": "Runtime_Install_Type=full\n",
    f"{ROOT}/cann-8.5.0/share/info/runtime/version.info": "Version=8.5.0\nversion_dir=cann-8.5.0\n",
    f"{ROOT}/cann-8.5.0/cann_uninstall.sh": "",
    f"{ROOT}/cann-8.5.0/set_env.sh": "",
    f"{ROOT}/cann-8.5.0/x86_64-linux/lib64/libruntime.so": "",
}


def test_a_piece_of_cann_is_no_broken_toolkit():
    [row] = installed.cann(DictView(PIECE), ROOT)
    assert (row["product"], row["version"], row["parts"]) == ("pieces", "8.5.0", ["runtime"])
    assert (row["damaged"], row["latest"], row["uninstall"]) == (None, False, None)
    for base in ("toolkit", "nnae", "nnrt"):
        state = installed.component(DictView(PIECE), base, ROOT)
        assert (state["version"], state["damaged"], state["uninstall"]) == (None, None, None)


def test_parts_without_a_record_of_their_own_are_a_broken_base():
    tree = {path: text for path, text in PIECE.items() if not path.endswith("ascend_install.info")}
    [row] = installed.cann(DictView(tree), ROOT)
    assert row["product"] == "toolkit"
    assert "incomplete" in row["damaged"]
