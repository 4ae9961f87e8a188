"""npu-smi is run once at a time, in the C locale, with a limit that ends all it started."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.host import npu as npu_smi_run

TABLE = Path(__file__).parents[1] / "fixtures" / "npu_smi" / "l2_910b3_processes.txt"


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    """No test touches the places of this machine."""
    locks = tmp_path / "locks"
    locks.mkdir()
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(npu_smi_run, "LOCK_FOLDERS", (str(tmp_path / "missing"), str(locks)))
    monkeypatch.setattr(npu_smi_run, "ROOT_LOCK_FOLDERS", (str(tmp_path / "missing"), str(tmp_path / "run")))
    monkeypatch.setattr(npu_smi_run, "INSTALL_INFO", str(tmp_path / "ascend_install.info"))
    monkeypatch.setattr(npu_smi_run.defaults, "INSTALL_PATH", str(tmp_path / "Ascend"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


@pytest.fixture
def tool(tmp_path):
    """Writes a tool with the given shell body and returns its place."""

    def write(body: str, mode: int = 0o755) -> str:
        path = tmp_path / "npu-smi"
        path.write_text("#!/bin/sh\n" + body)
        path.chmod(mode)
        return str(path)

    return write


def test_a_table_is_read(tool):
    path = tool(f"cat {TABLE}; echo 'a warning of the driver' >&2")
    result = npu_smi_run.run([path])
    assert len(result.pop("npu_smi")["chips"]) == 3
    assert result == {
        "available": True,
        "kind": None,
        "code": None,
        "message": None,
        "fix": None,
        "rc": 0,
        "path": path,
    }


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ("echo 'dcmi module initialize failed. ret is -8005'; exit 1", "driver_not_loaded", -8005),
        ("echo 'dcmi model initialized failed, because the device is used. ret is -8020'", "device_busy", -8020),
        (
            "echo 'npu-smi: error while loading shared libraries: libc_sec.so: cannot open' >&2; exit 127",
            "missing_library",
            None,
        ),
        ("echo 'There is no NPU card on this server.'", "no_device", None),
        ("exit 0", "unrecognised", None),
    ],
)
def test_each_failure_has_its_fix(tool, body, kind, code):
    result = npu_smi_run.run([tool(body)])
    assert (result["available"], result["kind"], result["code"], result["npu_smi"]) == (False, kind, code, None)
    assert result["message"]
    assert result["fix"] == npu_smi_run.FIXES[kind]


def test_every_kind_has_a_fix_of_its_own():
    assert set(npu_smi_run.FIXES) == {
        "not_found",
        "driver_not_loaded",
        "device_busy",
        "permission_denied",
        "no_device",
        "missing_library",
        "not_supported",
        "timeout",
        "unrecognised",
    }
    assert len(set(npu_smi_run.FIXES.values())) == len(npu_smi_run.FIXES)


def test_no_tool_names_where_it_was_looked_for(tmp_path):
    result = npu_smi_run.run([str(tmp_path / "nothing")])
    assert (result["kind"], result["path"]) == ("not_found", None)
    assert str(tmp_path / "nothing") in result["message"]
    assert "PATH" in npu_smi_run.run()["message"]


def test_the_drivers_own_folder_and_path_are_searched(tmp_path, monkeypatch):
    tools = tmp_path / "elsewhere" / "driver" / "tools"
    tools.mkdir(parents=True)
    in_path = tmp_path / "bin"
    in_path.mkdir()
    for folder in (tools, in_path):
        (folder / "npu-smi").write_text("#!/bin/sh\n")
        (folder / "npu-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(in_path))
    assert npu_smi_run.find() == str(in_path / "npu-smi")
    (tmp_path / "ascend_install.info").write_text(f"UserName=x\nDriver_Install_Path_Param={tmp_path}/elsewhere\n")
    assert npu_smi_run.find() == str(tools / "npu-smi")


def test_a_tool_that_cannot_be_started(tool, tmp_path):
    interpreter = tmp_path / "npu-smi-2"
    interpreter.write_text("#!/nowhere/sh\n")
    interpreter.chmod(0o755)
    assert npu_smi_run.run([str(interpreter)])["kind"] == "not_found"
    assert npu_smi_run.run([tool("exit 0", mode=0o644)])["kind"] == "permission_denied"


def test_a_tool_that_hangs_is_ended_with_its_children(tool, tmp_path):
    pids = tmp_path / "pids"
    path = tool(f"sleep 300 & echo $! $$ > {pids}; echo half; wait")
    start = time.monotonic()
    result = npu_smi_run.run([path], timeout=2)
    assert (result["kind"], result["path"]) == ("timeout", path)
    assert time.monotonic() - start < 10
    for pid in pids.read_text().split():
        for _attempt in range(100):
            state = Path(f"/proc/{pid}/stat")
            if not state.exists() or state.read_text().split()[2] == "Z":
                break
            time.sleep(0.05)
        else:
            pytest.fail(f"process {pid} lives on")


def test_a_tool_that_dies_is_said(tool):
    result = npu_smi_run.run([tool("kill -SEGV $$")])
    assert (result["kind"], result["rc"]) == ("unrecognised", -11)
    assert "signal 11" in result["message"]


def test_locale_input_and_libraries(tool, tmp_path, monkeypatch):
    for folder in ("lib64/common", "lib64/driver"):
        (tmp_path / "Ascend" / "driver" / folder).mkdir(parents=True)
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/mine")
    seen = tmp_path / "seen"
    npu_smi_run.run([tool(f'read line; echo "$LC_ALL:$LANG:$line:$LD_LIBRARY_PATH:$*:$(pwd)" > {seen}')])
    lib64 = f"{tmp_path}/Ascend/driver/lib64"
    assert seen.read_text() == f"C:C::/opt/mine:{lib64}:{lib64}/common:{lib64}/driver:info:/\n"


def test_never_two_at_once(tool, tmp_path):
    log = tmp_path / "log"
    path = tool(f"echo in >> {log}; sleep 0.2; echo out >> {log}; cat {TABLE}")
    results = []
    threads = [threading.Thread(target=lambda: results.append(npu_smi_run.run([path]))) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.read_text().split() == ["in", "out"] * 4
    assert all(result["available"] for result in results)


def test_the_first_two_at_once_lock_the_same_file(tool, tmp_path, monkeypatch):
    """Whoever looked before another made the lock must not go on to a lock of its own."""
    path, real_open, made = tmp_path / "locks" / npu_smi_run.LOCK_NAME, os.open, []

    def overtaken(name, flags, mode=0o777):
        if name == str(path) and flags & os.O_CREAT and not made:
            path.touch(mode=0o644)
            made.append(name)
        return real_open(name, flags, mode)

    monkeypatch.setattr(npu_smi_run, "LOCK_FOLDERS", (str(path.parent), str(tmp_path)))
    monkeypatch.setattr(npu_smi_run.os, "open", overtaken)
    assert npu_smi_run.run([tool(f"cat {TABLE}")])["available"]
    assert made
    assert not (tmp_path / npu_smi_run.LOCK_NAME).exists()


def own_lock(tmp_path) -> Path:
    """The lock that this user waits for, to the end."""
    if os.geteuid() == 0:
        return tmp_path / "run" / npu_smi_run.ROOT_LOCK_NAME
    return tmp_path / "locks" / npu_smi_run.LOCK_NAME


def test_waiting_for_another_run_is_bounded(tool, tmp_path):
    path = tool(f"cat {TABLE}")
    assert npu_smi_run.run([path])["available"]
    lock = own_lock(tmp_path)
    with lock.open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        result = npu_smi_run.run([path], timeout=0.3)
    assert result["kind"] == "timeout"
    assert "Another npu-smi" in result["message"] and str(lock) in result["message"] + result["fix"]
    # Who holds a lock says nothing about the driver.
    assert "reboot" not in (result["message"] + result["fix"]).lower()
    assert npu_smi_run.run([path])["available"]


root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has a lock of its own")


@root
def test_what_ordinary_users_hold_does_not_stop_root(tool, tmp_path, monkeypatch):
    """Any user may hold the shared lock for ever: nobody, in a process of its own."""
    monkeypatch.setattr(npu_smi_run, "SHARED_WAIT", 1.0)
    path = tool(f"cat {TABLE}")
    assert npu_smi_run.run([path])["available"]
    lock = tmp_path / "locks" / npu_smi_run.LOCK_NAME
    assert lock.stat().st_mode & 0o777 == 0o644
    pid = os.fork()
    if not pid:
        # Opened as root, because the folders of the tests are closed; in /run/lock nobody can open it.
        handle = os.open(lock, os.O_RDONLY)
        os.setuid(65534)
        fcntl.flock(handle, fcntl.LOCK_EX)
        time.sleep(60)
        os._exit(0)
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and str(lock.stat().st_ino) not in Path("/proc/locks").read_text():
            time.sleep(0.05)
        begun = time.monotonic()
        assert npu_smi_run.run([path], timeout=20)["available"]
        assert 0.9 < time.monotonic() - begun < 5
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


@root
def test_roots_own_lock_is_nobodys_to_open(tool, tmp_path):
    path = tool(f"cat {TABLE}")
    assert npu_smi_run.run([path])["available"]
    status = own_lock(tmp_path).stat()
    assert (status.st_mode & 0o777, status.st_uid) == (0o600, 0)


@root
@pytest.mark.parametrize("trap", ["writable", "foreign", "readable", "link", "fifo"])
def test_a_lock_that_is_not_roots_alone_is_not_taken_for_it(tool, tmp_path, trap, monkeypatch):
    folder, lock = tmp_path / "run", own_lock(tmp_path)
    if trap == "writable":
        folder.chmod(0o1777)
    elif trap == "link":
        lock.symlink_to(tmp_path / "precious")
    elif trap == "fifo":
        os.mkfifo(lock, 0o600)
    else:
        lock.touch(mode=0o600 if trap == "foreign" else 0o644)
        lock.chmod(0o600 if trap == "foreign" else 0o644)
        os.chown(lock, 65534 if trap == "foreign" else 0, 0)
    second = tmp_path / "second"
    second.mkdir()
    monkeypatch.setattr(npu_smi_run, "ROOT_LOCK_FOLDERS", (str(folder), str(second)))
    assert npu_smi_run.run([tool(f"cat {TABLE}")], timeout=5)["available"]
    assert not (tmp_path / "precious").exists()
    assert (second / npu_smi_run.ROOT_LOCK_NAME).exists()


@pytest.mark.parametrize("body", ["yes", "yes >&2", "yes '| NPU  Name  Health |' & yes; wait"])
def test_a_tool_without_end_is_answered_in_words(tool, body):
    begun = time.monotonic()
    path = tool(body)
    result = npu_smi_run.run([path], timeout=30)
    assert (result["available"], result["kind"], result["npu_smi"]) == (False, "unrecognised", None)
    assert "printed more than 4 MB" in result["message"] and path in result["fix"]
    assert time.monotonic() - begun < 15


def test_a_link_in_place_of_the_lock_is_not_followed(tool, tmp_path):
    target = tmp_path / "precious"
    os.symlink(target, tmp_path / "locks" / npu_smi_run.LOCK_NAME)
    assert npu_smi_run.run([tool(f"cat {TABLE}")])["available"]
    assert not target.exists()


def test_no_descriptor_is_left_open(tool):
    path = tool(f"cat {TABLE}")
    npu_smi_run.run([path])
    before = len(os.listdir("/proc/self/fd"))
    npu_smi_run.run([path])
    npu_smi_run.run([tool("sleep 60")], timeout=0.1)
    assert len(os.listdir("/proc/self/fd")) == before


def test_other_commands_have_their_reader(tool):
    assert npu_smi_run.run([tool('[ "$1" = -v ] && echo npu-smi version: 25.5.0')], args=("-v",))["npu_smi"] == {
        "npu_smi_version": "25.5.0"
    }
    plain = npu_smi_run.run([tool("echo NPU ID : 0")], args=("info", "-t", "ecc"))["npu_smi"]
    assert plain["text"].startswith("NPU ID : 0")


def test_output_of_megabytes_does_not_block(tool):
    result = npu_smi_run.run([tool(f"cat {TABLE}; head -c 3000000 /dev/zero | tr '\\0' x >&2")])
    assert result["available"]
