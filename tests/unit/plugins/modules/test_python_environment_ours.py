"""Only what carries our record for this very path is changed or removed; nothing of a user's is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.environment import ownership
from ansible_collections.ascend.fleet.plugins.module_utils.environment import place as environment_place
from ansible_collections.ascend.fleet.tests.unit.environment_world import as_root, run, tree

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
STATES = [{"state": "absent"}, {"state": "present"}, {"state": "present", "python_version": VERSION}]


def data(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "weights.ckpt").write_bytes(b"months of work")


def no_venv(folder: Path) -> None:
    """An environment whose Python does not work, and no record."""
    data(folder)
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to("/nowhere/python")


def venv(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (folder / "notes.txt").write_text("mine\n")


def moved(folder: Path) -> None:
    data(folder)
    record = {"path": str(folder.parent / "before"), "owner": "root", "name": folder.name, "provider": "venv"}
    (folder / "ascend-fleet.json").write_text(json.dumps(record))


def old_record(folder: Path) -> None:
    data(folder)
    (folder / "ascend-fleet.json").write_text(json.dumps({"name": folder.name, "owner": "root", "provider": "venv"}))


def linked_record(folder: Path) -> None:
    data(folder)
    record = folder.parent / "record.json"
    record.write_text(json.dumps({"path": str(folder), "owner": "root"}))
    (folder / "ascend-fleet.json").symlink_to(record)


def lists_of_lists(folder: Path) -> None:
    data(folder)
    (folder / "ascend-fleet.json").write_text("[" * 200000)


@pytest.mark.parametrize("state", STATES, ids=["absent", "present", "present with a version"])
@pytest.mark.parametrize("check", [False, True], ids=["real", "check mode"])
@pytest.mark.parametrize("make", [data, no_venv, venv, moved, old_record, linked_record, lists_of_lists])
def test_401_402_what_is_not_ours_is_left_as_it_is(tmp_path, make, state, check):
    make(tmp_path / "data" / "mindspore")
    before = tree(tmp_path / "data")
    answer = run(tmp_path / "data" / "mindspore", check, **state)
    assert answer.get("failed") and "somebody else made it" in answer["msg"], answer
    assert "ascend_env_name" in answer["msg"] and "Traceback" not in answer["raw"]
    after = tree(tmp_path / "data")
    after.pop(".mindspore.lock", None)
    assert after == before


@pytest.mark.parametrize("state", STATES[:2], ids=["absent", "present"])
@pytest.mark.parametrize("name", ["", ".", "../envs", "x/../../envs", "one/", "one/."])
def test_403_a_name_that_leads_elsewhere_costs_no_environment(tmp_path, name, state):
    root = tmp_path / "envs"
    for one in ("one", "two"):
        data(root / one)
        (root / one / "ascend-fleet.json").write_text(json.dumps({"path": str(root / one)}))
    before = tree(root)
    answer = run(f"{root}/{name}", **state)
    after = tree(tmp_path / "envs")
    after.pop(".one.lock", None)
    assert answer.get("failed") and after == before, answer


@pytest.mark.parametrize("state", STATES[:2], ids=["absent", "present"])
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("venv", "is not absolute"),
        ("../venv", "is not absolute"),
        ("/", "lies directly below it"),
        ("/opt", "lies directly below it"),
        ("/opt/", "lies directly below it"),
        ("/opt/keep/../keep", "in it"),
        ("/opt//keep", "in it"),
        ("/opt/a\nb", "control characters"),
    ],
)
def test_405_a_path_that_cannot_be_one_is_refused_in_a_sentence(path, why, state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = run(path, **state)
    assert answer.get("failed") and why in answer["msg"] and "ascend_env_root" in answer["msg"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("state", STATES[:2], ids=["absent", "present"])
@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "fifo"])
def test_405_a_file_or_link_is_refused_in_a_sentence(tmp_path, kind, state):
    target, path = tmp_path / "target", tmp_path / "envs" / "one"
    data(target)
    path.parent.mkdir()
    if kind == "file":
        path.write_text("mine")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(target if kind == "link" else tmp_path / "nowhere")
    answer = run(path, **state)
    assert answer.get("failed") and "somebody else made it" in answer["msg"], answer
    assert os.path.lexists(path) and (target / "weights.ckpt").exists()


def test_an_environment_is_made_kept_repaired_and_removed(tmp_path):
    path = tmp_path / "envs" / "one"
    script = {"path": "ascend-env.sh", "content": "export A=b\n"}
    wanted = {"files": [script], "environment_file": {"script": "ascend-env.sh"}}
    assert run(path, check=True, **wanted)["changed"] and not path.parent.exists()
    assert run(path, **wanted)["python"].startswith(VERSION)
    record = json.loads((path / "ascend-fleet.json").read_text())
    assert (record["path"], record["owner"]) == (str(path), "root") and "creating" not in record
    assert run(path, **wanted)["changed"] is False
    # Its Python is gone with the distribution's: the environment is ours, and is made anew.
    (path / "bin" / "python").unlink()
    (path / "bin" / "python").symlink_to("/nowhere")
    repaired = run(path, **wanted)
    assert repaired["actions"][:2] == [f"remove {path}", f"make {path} with venv"] and repaired["python"]
    beside = path.parent / "two"
    data(beside)
    assert run(path, check=True, state="absent")["actions"] == [f"remove {path}"] and path.exists()
    assert run(path, state="absent")["changed"] and not path.exists()
    assert run(path, state="absent")["changed"] is False
    assert (beside / "weights.ckpt").exists()


def test_an_interrupted_creation_is_ours(tmp_path):
    path = tmp_path / "envs" / "one"
    killer = tmp_path / "python"
    # Dies in the middle, as with a power cut: with files there and no answer.
    killer.write_text(f"#!/bin/sh\nmkdir -p {path}/lib/half\nkill -9 $$\n")
    killer.chmod(0o755)
    assert run(path, executable=str(killer))["failed"]
    assert (path / "lib" / "half").is_dir() and ownership.look(str(path)).kind == ownership.OURS
    again = run(path)
    assert again["python"] and not (path / "lib" / "half").exists()


def test_an_interrupted_creation_can_be_removed(tmp_path):
    path = tmp_path / "envs" / "one"
    assert run(path, executable="/bin/false")["failed"]
    assert run(path, state="absent")["changed"] and not path.exists()


def test_an_interrupted_removal_is_ours(tmp_path, monkeypatch):
    path = tmp_path / "envs" / "one"
    run(path)
    remove = environment_place.shutil.rmtree

    def cut(folder, *arguments):
        remove(folder, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(environment_place.shutil, "rmtree", cut)
        environment_place.clear(str(path))
    assert ownership.look(str(path)).kind == ownership.OURS
    assert run(path, state="absent")["changed"] and not path.exists()


def test_a_draft_of_a_record_does_not_make_a_folder_somebody_elses(tmp_path):
    path = tmp_path / "envs" / "one"
    path.mkdir(parents=True)
    (path / ".ascend-fleet.json.x1y2").write_text("{")
    assert run(path)["python"]


@as_root
def test_what_is_mounted_in_it_is_not_removed(tmp_path, place):
    path, disk = place / "envs" / "one", place / "disk"
    data(disk)
    run(path)
    (path / "data").mkdir()
    if subprocess.run(["mount", "--bind", str(disk), str(path / "data")], check=False).returncode:
        pytest.skip("mount is not allowed here")
    try:
        answer = run(path, state="absent")
    finally:
        subprocess.run(["umount", str(path / "data")], check=True)
    assert answer["failed"] and f"{path}/data" in answer["msg"]
    assert (disk / "weights.ckpt").exists() and (path / "ascend-fleet.json").exists()


def test_mount_points_are_read_with_their_spaces():
    text = "1 2 8:1 / /opt/a/x\\040y rw - ext4 /dev/a rw\n1 2 8:1 / /opt/ab rw - ext4 /dev/a rw\n"
    assert ownership.mounts_below("/opt/a", text) == ["/opt/a/x y"]


@pytest.mark.parametrize("state", STATES[:2], ids=["absent", "present"])
def test_608_a_target_that_cannot_be_written_is_said_in_words(tmp_path, monkeypatch, state):
    path = tmp_path / "envs" / "one"
    path.parent.mkdir()

    def refuse(name, *_arguments, **_more):
        raise OSError(30, "Read-only file system", str(name))

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "mkdir", refuse)
    answer = run(path, **state)
    monkeypatch.undo()
    assert answer["failed"] and "Read-only file system" in answer["msg"] and "ascend_env_root" in answer["msg"]


@as_root
def test_608_a_file_system_that_is_mounted_read_only(place):
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,mode=755", "none", str(place)], check=False).returncode:
        pytest.skip("mount is not allowed here")
    try:
        answer = run(place / "envs" / "one")
    finally:
        subprocess.run(["umount", str(place)], check=True)
    assert answer["failed"] and "mounted read-only" in answer["msg"] and "Traceback" not in answer["raw"]


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "ascend-fleet.json"])
def test_files_stay_inside(tmp_path, name):
    answer = run(tmp_path / "envs" / "one", files=[{"path": name, "content": "x"}])
    assert answer["failed"] and "inside of the environment" in answer["msg"] and not (tmp_path / "envs").exists()
