"""A file is there whole or not at all, with the mode that was asked for."""

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
