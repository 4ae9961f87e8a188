"""The view of a real file system."""

from __future__ import annotations

import os
import time

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.host_view import HostView


@pytest.fixture
def view(tmp_path):
    (tmp_path / "file").write_text("one\ntwo\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").write_text("")
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "dangling").symlink_to("nowhere")
    return HostView(str(tmp_path))


def test_read(view):
    assert view.read("/file") == "one\ntwo\n"
    assert view.read("/file", 3) == "one"
    assert view.read("/file", 4, tail=True) == "two\n"
    assert view.read("/none") is view.read("/folder") is view.read("/dangling") is None
    assert view.read("/bad\0name") is None


def test_read_of_a_fifo_does_not_block(view, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert view.read("/fifo") == ""


def test_read_of_a_device_does_not_open_it(view, tmp_path, monkeypatch):
    (tmp_path / "zero").symlink_to("/dev/zero")
    real, opened = os.open, []
    monkeypatch.setattr(os, "open", lambda *args, **options: opened.append(args[0]) or real(*args, **options))
    assert view.read("/zero") == ""
    assert opened == []
    assert view.read("/file") == "one\ntwo\n"
    assert HostView().read("/proc/version").startswith("Linux") and HostView().read("/sys/kernel/mm/hugepages") is None


def test_what_becomes_a_device_meanwhile_is_not_read(view, tmp_path, monkeypatch):
    """Between the look and the opening the owner of the folder exchanges it."""
    real = os.open

    def exchanged(path, flags, *args):
        os.unlink(path)
        os.symlink("/dev/zero", path)
        return real(path, flags, *args)

    monkeypatch.setattr(os, "open", exchanged)
    assert view.read("/file") == ""


def test_a_command_without_end_is_ended():
    begun = time.monotonic()
    assert HostView().run(["yes"], timeout=30) is None
    assert HostView().run(["/bin/sh", "-c", "trap '' TERM; cat /dev/zero"], timeout=30) is None
    assert time.monotonic() - begun < 15


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_command_that_looks_into_somebodys_tree_runs_as_that_somebody(tmp_path):
    assert HostView().run(["id", "-u"], owner_of=str(tmp_path)) == (0, "0\n")
    os.chown(tmp_path, 4242, 4242)
    assert HostView().run(["id", "-u"], owner_of=str(tmp_path)) == (0, "4242\n")
    assert HostView().run(["id", "-u"], owner_of=str(tmp_path / "none")) is None


def test_read_of_bytes_that_are_no_text(view, tmp_path):
    (tmp_path / "file").write_bytes(b"\xff\xfeVersion=1\n")
    assert "Version=1" in view.read("/file")


def test_kinds(view):
    assert view.listdir("/") == ["dangling", "file", "folder", "link"]
    assert view.listdir("/none") == view.listdir("/file") == []
    assert view.isdir("/link") and view.islink("/link") and not view.islink("/folder")
    assert view.isfile("/file") and not view.isfile("/folder")
    assert view.exists("/file") and not view.exists("/dangling") and view.islink("/dangling")
    assert view.readlink("/link") == "folder"
    assert view.readlink("/file") is None
    assert view.realpath("/link/inner") == "/folder/inner"
    assert view.realpath("/") == "/"


def test_executable(view, tmp_path):
    assert not view.executable("/file")
    (tmp_path / "file").chmod(0o755)
    assert view.executable("/file")
    assert not view.executable("/folder") and not view.executable("/none")


def test_owner(view, tmp_path):
    (tmp_path / "file").chmod(0o640)
    status = view.stat_owner("/file")
    assert (status["mode"], status["type"], status["uid"]) == ("0640", "file", os.getuid())
    assert view.stat_owner("/folder")["type"] == "dir"
    assert view.stat_owner("/none") is None
    assert HostView().stat_owner("/dev/null")["type"] == "char"


def test_owner_without_a_name():
    from ansible_collections.ascend.fleet.plugins.module_utils import host_view

    assert host_view._user_name(4123456) == "4123456"
    assert host_view._group_name(4123456) == "4123456"


def test_denied(view, monkeypatch):
    assert not view.denied("/folder/inner")
    assert not view.denied("/none")
    assert not view.denied("/bad\0name")

    def closed(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.stat", closed)
    assert view.denied("/folder/inner")


def test_space(view):
    space = view.space("/")
    assert space["total_mb"] >= space["free_mb"] >= 0
    assert view.space("/none") is None


def test_account():
    root = HostView().account("root")
    assert (root["uid"], root["group"], root["home"]) == (0, "root", "/root")
    assert "root" in root["groups"]
    assert HostView().account("no such user") is None


def test_uname_and_glibc():
    assert set(HostView().uname()) == {"hostname", "release", "machine"}
    assert HostView().glibc() is None or " " in HostView().glibc()


def test_run():
    view = HostView()
    assert view.run(["/bin/sh", "-c", "echo $LC_ALL; exit 3"]) == (3, "C\n")
    assert view.run(["/no/such/tool"]) is None


def test_run_ends_a_tool_that_hangs_with_its_children():
    begin = time.monotonic()
    assert HostView().run(["/bin/sh", "-c", "sleep 30 & wait"], timeout=0.2) is None
    assert time.monotonic() - begin < 5
