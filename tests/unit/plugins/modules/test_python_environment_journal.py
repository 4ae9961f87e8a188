"""What the journal keeps of an environment, and that what it keeps is enough to go back without a network."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.module_utils import journal
from ansible_collections.ascend.fleet.plugins.module_utils.environment import history
from ansible_collections.ascend.fleet.tests.unit.environment_world import as_root, run, wheel


def entries(path) -> list[dict]:
    file = Path(f"{path}.state/journal.jsonl")
    return journal.parse(file.read_text()) if file.exists() else []


def cache(path, file: str) -> str:
    """A wheel as stage leaves it on a host."""
    digest = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    folder = Path(f"{path}.state") / "cache" / digest
    folder.mkdir(parents=True)
    return shutil.copy(file, folder)


def undone(path) -> dict:
    """The options that bring an environment back to what the journal says of it."""
    packages = journal.environments_before_last_run(entries(path))[str(path)]["packages"]
    return {
        "packages": [f"{name}=={before}" for name, (before, _now) in packages.items() if before],
        "absent": [name for name, (before, _now) in packages.items() if not before],
        "constraints": [f"{name}=={before}" for name, (before, _now) in packages.items() if before],
        "no_deps": True,
        "controller": "three, rollback",
    }


@as_root
def test_an_environment_goes_back_to_what_it_had_from_the_cache_alone(tmp_path):
    path = tmp_path / "envs" / "one"
    old, new, more = (
        cache(path, wheel(tmp_path, *what)) for what in (("bird", "1.0"), ("bird", "2.0"), ("worm", "1.0"))
    )
    first = run(path, wheels=[old], constraints=["bird==1.0"], controller="one")
    assert first["packages"]["bird"] == "1.0"
    run(path, wheels=[new, more], constraints=["bird==2.0"], controller="two")
    wanted = undone(path)
    assert wanted["packages"] == ["bird==1.0"] and wanted["absent"] == ["worm"]
    back = run(path, **wanted)
    assert back["packages"] == first["packages"], back.get("msg")
    assert journal.environments_before_last_run(entries(path))[str(path)]["packages"] == {}, "going back is done"
    assert run(path, **wanted)["changed"] is False


@as_root
def test_an_environment_that_was_removed_comes_back(tmp_path):
    path = tmp_path / "envs" / "one"
    old = cache(path, wheel(tmp_path, "bird", "1.0"))
    first = run(path, wheels=[old], controller="one")
    run(path, state="absent", controller="two")
    row = journal.environments_before_last_run(entries(path))[str(path)]
    assert row["python"] == [history.short(first["python"]), None]
    assert row["packages"]["bird"] == ["1.0", None]
    assert run(path, packages=["bird==1.0"], no_deps=True)["packages"] == first["packages"]


@as_root
def test_what_an_ordinary_user_put_into_the_cache_is_not_taken(tmp_path):
    path = tmp_path / "envs" / "one"
    file = cache(path, wheel(tmp_path, "bird", "1.0"))
    assert history.cached(f"{path}.state", ["bird==1.0", "worm"]) == [str(Path(file).parent)]
    assert history.cached(f"{path}.state", ["bird==2.0", "bird"]) == []
    Path(file).chmod(0o666)
    assert history.cached(f"{path}.state", ["bird==1.0"]) == []
    Path(file).chmod(0o644)
    with open(file, "ab") as stream:
        stream.write(b"more")
    assert history.cached(f"{path}.state", ["bird==1.0"]) == []
    answer = run(path, packages=["bird==1.0"])
    assert answer["failed"] and "ascend.fleet.bundle" in answer["msg"]


@as_root
def test_every_change_has_a_beginning_and_an_end_and_nothing_else_is_written(tmp_path):
    path = tmp_path / "envs" / "one"
    bird = wheel(tmp_path, "bird", "1.0")
    run(path, check=True, wheels=[bird])
    assert entries(path) == []
    run(path, wheels=[bird], controller="me")
    run(path, wheels=[bird], controller="me")
    found = entries(path)
    assert [(entry["event"], entry["action"], entry.get("result")) for entry in found] == [
        ("start", "install", None),
        ("end", "install", "ok"),
    ]
    assert found[0]["packages"] == {} and found[0]["from"] is None and found[0]["controller"] == "me"
    assert found[1]["packages"]["bird"] == "1.0" and found[1]["install_path"] == str(path)


@as_root
def test_a_change_that_fails_is_told_and_the_next_good_one_settles_it(tmp_path):
    path = tmp_path / "envs" / "one"
    run(path)
    assert run(path, packages=["bird==1.0"])["failed"]
    assert journal.unfinished(entries(path))["component"] == journal.ENVIRONMENT
    # Nothing is left to do, but what was begun has come to its end.
    answer = run(path)
    assert not answer.get("failed"), answer
    assert journal.unfinished(entries(path)) is None
    count = len(entries(path))
    run(path)
    assert len(entries(path)) == count


def test_a_journal_that_says_nonsense_of_packages_says_nothing():
    started = dict(journal.start("1", 0, "b", "python", "install", None, "3.11", install_path="/e"), packages=["x"])
    (entry,) = journal.parse(journal.line(started))
    assert entry["packages"] is None
    assert journal.environments_before_last_run([entry]) == {"/e": {"python": [None, None], "packages": {}}}
