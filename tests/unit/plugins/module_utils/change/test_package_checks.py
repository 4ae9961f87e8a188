"""package_checks and package_io: what is refused before an installer starts, and the lock."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    checks as package_checks,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    files as package_io,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    process as process_io,
)

ROW = {"pid": 7, "user": "alice", "command": "python train.py", "source": "npu-smi", "device": None, "container": None}


class View:
    """The few methods the checks use, over a dictionary of files."""

    def __init__(self, files):
        self.files = files

    def read(self, path):
        return self.files.get(path)


def refused(call, *args, **more):
    with pytest.raises(package_checks.Refused) as caught:
        call(*args, **more)
    assert caught.value.facts["cause"] and caught.value.facts["fix"]
    return str(caught.value)


def test_busy_npus_refuse_a_driver_and_name_who():
    text = refused(package_checks.idle, "driver", "refuse", 0, users=lambda: [ROW])
    assert "pid 7 (alice): python train.py" in text and "ascend_busy_policy" in text


def test_cann_does_not_care_who_uses_the_npus():
    assert package_checks.idle("nnae", "refuse", 0, users=lambda: pytest.fail("asked")) == []


def test_waiting_until_they_are_gone():
    rows, slept = [[ROW], [ROW], []], []
    assert package_checks.idle("driver", "wait", 60, lambda: rows.pop(0), slept.append, lambda: 0) == []
    assert len(slept) == 2


def test_waiting_has_an_end():
    times = iter(range(0, 1000, 10))
    text = refused(package_checks.idle, "firmware", "wait", 60, lambda: [ROW], lambda s: None, lambda: next(times))
    assert "after waiting 60 s" in text


def test_ignoring_goes_on_and_says_who():
    assert package_checks.idle("driver", "ignore", 0, users=lambda: [ROW]) == [ROW]


@pytest.mark.parametrize(
    "wanted,current,allowed,undoing,fine",
    [
        ("2", "1", False, False, True),
        ("1", None, False, False, True),
        ("1", "2", True, False, True),
        ("1", "2", False, True, True),
        ("1", "1", False, False, True),
        ("25.3.rc1", "25.3.0", False, False, False),
    ],
)
def test_downgrades(wanted, current, allowed, undoing, fine):
    arguments = ("driver", wanted, {"version": current}, allowed, undoing)
    if fine:
        package_checks.downgrade(*arguments)
    else:
        assert "ascend_allow_downgrade" in refused(package_checks.downgrade, *arguments)


RECORD = "/etc/Ascend/ascend_cann_install.info"


@pytest.mark.parametrize(
    "files,path,has,expected",
    [
        ({}, "/usr/local/Ascend", False, None),
        ({RECORD: "Install_Path=/usr/local/Ascend\n"}, "/usr/local/Ascend", True, "/usr/local/Ascend"),
        ({RECORD: "Install_Path=/opt/A\n"}, "/usr/local/Ascend", False, None),
    ],
)
def test_the_path_cann_was_recorded_in(files, path, has, expected):
    assert package_checks.cann_path(View(files), "nnae", path, has) == expected


def test_a_second_cann_path_is_refused():
    text = refused(package_checks.cann_path, View({RECORD: "Install_Path=/opt/A\n"}), "nnae", "/usr/local/Ascend", True)
    assert "/opt/A" in text and "ascend_install_path" in text
    assert package_checks.cann_path(View({}), "driver", "/x", True) is None


def test_a_disk_that_is_too_full(tmp_path, monkeypatch):
    package = tmp_path / "x.run"
    package.write_text("#!/bin/sh\n")
    monkeypatch.setattr(package_io, "free_mb", lambda path: 299)
    assert "about 300 MB are needed" in refused(package_checks.space, "driver", str(package), "/x", str(tmp_path))
    monkeypatch.setattr(package_io, "free_mb", lambda path: 301)
    monkeypatch.setattr(package_io, "unpack_folder", lambda need, folders: (None, ["/tmp: mounted noexec"]))
    assert "noexec" in refused(package_checks.space, "driver", str(package), "/x", str(tmp_path))
    monkeypatch.setattr(package_io, "unpack_folder", lambda need, folders: (folders[0], []))
    assert package_checks.space("driver", str(package), "/x", str(tmp_path)) == "/var/tmp"


def test_an_archive_in_the_state_folder_finds_nothing_of_the_last(tmp_path, monkeypatch):
    package = tmp_path / "x.run"
    package.write_text("#!/bin/sh\n")
    monkeypatch.setattr(package_io, "unpack_folder", lambda need, folders: (str(tmp_path), []))
    folder = Path(package_checks.space("nnae", str(package), str(tmp_path), str(tmp_path)))
    assert folder.is_relative_to(tmp_path) and folder.stat().st_mode & 0o022 == 0
    (folder / "selfgz1").mkdir()
    again = package_checks.space("nnae", str(package), str(tmp_path), str(tmp_path))
    assert Path(again) == folder and not list(folder.iterdir())


def test_the_size_of_an_unpacked_archive(tmp_path):
    package = tmp_path / "x.run"
    package.write_bytes(b"#!/bin/sh\necho Uncompressed size: 2048 KB\n" + b"x" * 100)
    assert package_io.unpacked_mb(str(package)) == 3
    package.write_bytes(b"x" * (2 * 1024 * 1024))
    assert package_io.unpacked_mb(str(package)) == 7


def test_an_unpack_folder_needs_space(tmp_path):
    folder, reasons = package_io.unpack_folder(10**9, (str(tmp_path), "/nowhere"))
    assert folder is None and len(reasons) == 2 and "needed" in reasons[0]
    assert package_io.unpack_folder(0, ("/nowhere", str(tmp_path)))[0] == str(tmp_path)


def test_prerequisites_are_warnings(tmp_path):
    assert package_checks.prerequisites("nnae", None, str(tmp_path)) == []
    warnings = package_checks.prerequisites("driver", "no-such-user", str(tmp_path))
    assert "lspci and ifconfig" in warnings[0] and "no-such-user" in warnings[1]


def test_a_line_after_a_torn_one(tmp_path):
    file = tmp_path / "journal"
    package_io.append_line(str(file), "one\n")
    file.write_text(file.read_text() + "tor")
    package_io.append_line(str(file), "two\n")
    assert file.read_text() == "one\ntor\ntwo\n"


def test_folders_get_their_mode_whatever_the_umask(tmp_path):
    old = os.umask(0o077)
    try:
        package_io.ensure_folder(str(tmp_path / "a" / "b"))
    finally:
        os.umask(old)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b")] == [0o755, 0o755]


def test_the_lock_names_its_holder_and_dies_with_it(tmp_path):
    path = str(tmp_path / "lock")
    handle = package_io.take_lock(path, {"what": "present driver"})
    with pytest.raises(package_io.LockHeld) as caught:
        package_io.take_lock(path, {})
    assert caught.value.holder == {"what": "present driver"}
    os.close(handle)  # as the kernel does when the holder is killed: the text stays, the lock does not
    package_io.release_lock(package_io.take_lock(path, {}))
    assert (tmp_path / "lock").read_text() == ""


def test_colours_and_redraws_are_taken_out():
    assert process_io.strip_ansi("\x1b[32m[INFO]ok\x1b[0m\r\n10%\r20%\x07\n") == "[INFO]ok\n10%\n20%\n"


def test_the_output_of_one_run_of_several(tmp_path):
    env = process_io.clean_environment({})
    first = process_io.run(["echo", "one"], str(tmp_path), env, 10)
    second = process_io.run(["bash", "-c", "echo two; exit 3"], str(tmp_path), env, 10)
    log = str(tmp_path / process_io.LOG)
    assert process_io.read_output(log, second["offset"]) == "two\n" and "one" in process_io.read_output(log)
    assert (first["rc"], second["rc"], process_io.read_rc(str(tmp_path))) == (0, 3, 3)
    record = process_io.read_record(str(tmp_path))
    assert record["argv"][0] == "bash" and not process_io.still_running(record)


def test_a_pid_that_was_given_away_is_not_the_old_process():
    own = {"pid": os.getpid(), "start": 1, "boot_id": process_io.boot_id()}
    assert process_io.still_running(own) == []
    assert process_io.still_running(dict(own, boot_id="another")) == []
    assert process_io.still_running(None) == []


def test_only_the_installers_file_systems_are_waited_for(tmp_path, monkeypatch):
    """A network share that hangs must not hang an installation."""
    synced = []
    monkeypatch.setattr(
        package_io.ctypes, "CDLL", lambda _name: SimpleNamespace(syncfs=lambda fd: synced.append(os.fstat(fd).st_dev))
    )
    monkeypatch.setattr(package_io.os, "sync", lambda: pytest.fail("every file system was waited for"))
    package_io.sync_installation(str(tmp_path))
    assert os.stat(tmp_path).st_dev in synced
    assert len(synced) == len(set(synced))
    before = len(os.listdir("/proc/self/fd"))
    package_io.sync_installation(str(tmp_path / "gone"))
    assert len(os.listdir("/proc/self/fd")) == before


def test_without_syncfs_all_file_systems_are_waited_for(tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr(package_io.ctypes, "CDLL", lambda _name: SimpleNamespace())
    monkeypatch.setattr(package_io.os, "sync", lambda: called.append(True))
    package_io.sync_installation(str(tmp_path))
    assert called


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"<!DOCTYPE html><title>Log in</title>", "<!DOCTYPE html>"),
        (b"PK\x03\x04", "begins with"),
    ],
)
def test_what_is_no_installer_is_not_run(tmp_path, content, words):
    path = tmp_path / "Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run"
    path.write_bytes(content)
    text = refused(package_checks.package_file, str(path), None)
    assert words in text
    assert "download it again" in text
