"""A file is there whole or not at all, with the mode that was asked for."""

import hashlib
import os
import time

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import whole_file


def test_replaces_what_was_there(tmp_path):
    path = tmp_path / "report.prom"
    for text, mode in (("old\n", 0o600), ("new \udcff\n", 0o644)):
        whole_file.put(str(path), text, mode)
        assert path.stat().st_mode & 0o777 == mode
    assert path.read_text(encoding="utf-8") == "new ?\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.prom"]


def test_what_cannot_take_its_place_leaves_nothing(tmp_path):
    (tmp_path / "taken" / "by a folder").mkdir(parents=True)
    with pytest.raises(OSError):
        whole_file.put(str(tmp_path / "taken"), "text")
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


def test_drafts_of_a_killed_process_are_cleared(tmp_path):
    hour_ago = time.time() - 3700
    names = {
        ".plan.json.abcd_123": True,
        ".plan.json.ABCDEFGH": False,
        ".plan.json.abc": False,
        "plan.json.abcd_123": False,
        ".other.json.abcd_123": False,
        ".plan.json.abcd_123.swp": False,
        ".planxjson.abcd_123": False,
    }
    for name in names:
        (tmp_path / name).write_text("draft")
        os.utime(tmp_path / name, (hour_ago, hour_ago))
    (tmp_path / ".plan.json.fresh_12").write_text("another process is at work")
    (tmp_path / ".plan.json.folder_1").mkdir()
    os.utime(tmp_path / ".plan.json.folder_1", (hour_ago, hour_ago))
    (tmp_path / ".plan.json.theirs_1").write_text("of another user")
    os.chown(tmp_path / ".plan.json.theirs_1", 65534, 65534)
    os.utime(tmp_path / ".plan.json.theirs_1", (hour_ago, hour_ago))
    whole_file.put(str(tmp_path / "plan.json"), "{}")
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left == {name for name, cleared in names.items() if not cleared} | {
        "plan.json",
        ".plan.json.fresh_12",
        ".plan.json.folder_1",
        ".plan.json.theirs_1",
    }


def test_no_mode_is_set_by_name(tmp_path, monkeypatch):
    """Where somebody else can write the folder, the name leads where they want by then."""
    monkeypatch.setattr(os, "chmod", lambda *_args, **_more: pytest.fail("chmod by path"))
    whole_file.put(str(tmp_path / "report.prom"), "text", 0o640)
    assert (tmp_path / "report.prom").stat().st_mode & 0o777 == 0o640


def test_what_cannot_be_read_is_empty(tmp_path):
    (tmp_path / "a").write_bytes(b"a\xffb\n")
    assert whole_file.read(str(tmp_path / "a")) == "a\ufffdb\n" and whole_file.read(str(tmp_path / "a"), 1) == "a"
    assert whole_file.read(str(tmp_path / "none")) == "" == whole_file.read(str(tmp_path))


def test_a_file_is_hashed_whole_or_up_to_a_place(tmp_path):
    content = b"x" * (3 << 20)
    (tmp_path / "a").write_bytes(content)
    assert whole_file.sha256(str(tmp_path / "a")) == hashlib.sha256(content).hexdigest()
    found, count = whole_file.digest(str(tmp_path / "a"), 1 << 20)
    assert count == 1 << 20 and found.hexdigest() == hashlib.sha256(content[:count]).hexdigest()
    handle = os.open(tmp_path / "a", os.O_RDONLY)
    assert whole_file.digest(handle)[1] == len(content)


def test_free_space_where_a_folder_will_be(tmp_path):
    facts = os.statvfs(tmp_path)
    found = whole_file.free_bytes(str(tmp_path / "not" / "yet"))
    assert abs(found - facts.f_bavail * facts.f_frsize) < 1 << 30


def test_what_is_durable_is_on_the_disk_before_its_name_is(tmp_path, monkeypatch):
    steps = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(whole_file.os, "fsync", lambda handle: steps.append("sync") or sync(handle))
    monkeypatch.setattr(whole_file.os, "replace", lambda old, new: steps.append("name") or replace(old, new))
    whole_file.put(str(tmp_path / "a"), "text", durable=True)
    assert steps == ["sync", "name", "sync"] and (tmp_path / "a").read_text() == "text"
