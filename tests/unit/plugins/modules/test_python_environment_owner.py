"""An environment with an owner: root neither starts, follows, waits for nor changes what that user put there."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import host_view
from ansible_collections.ascend.fleet.plugins.module_utils.environment import ownership
from ansible_collections.ascend.fleet.plugins.module_utils.environment import place as environment_place
from ansible_collections.ascend.fleet.plugins.module_utils.environment.providers import ProviderError
from ansible_collections.ascend.fleet.plugins.module_utils.host import python as host_probe_python
from ansible_collections.ascend.fleet.tests.unit.environment_world import OWNER, PYTHON, UID, as_root, run, tree, wheel

pytestmark = as_root
SCRIPT = {"path": "ascend-env.sh", "content": "export A=b\n"}
ALL = {
    "executable": PYTHON,
    "owner": OWNER,
    "files": [SCRIPT],
    "environment_file": {"script": "ascend-env.sh"},
}


def as_owner(work) -> None:
    """Do something as the owner of the environment, as that user would."""
    environment_place.run_as(environment_place.user(OWNER), work)


@pytest.fixture
def env(place):
    """An environment of the owner's, made by the module, without the seconds that its pip takes."""
    path = place / "envs" / "one"
    bare = place / "python"
    bare.write_text(f'#!/bin/sh\n[ "$2" != venv ] || exec {PYTHON} -m venv --without-pip "$3"\nexec {PYTHON} "$@"\n')
    bare.chmod(0o755)
    answer = run(path, **{**ALL, "executable": str(bare)})
    assert answer.get("python"), answer
    return path


def test_everything_in_it_is_the_owners_and_the_second_run_changes_nothing(env):
    assert {uid for _what, _mode, uid in tree(env).values()} == {UID} and env.stat().st_uid == UID
    assert env.stat().st_mode & 0o777 == 0o755 and env.parent.stat().st_uid == 0
    lock = env.parent / ".one.lock"
    assert (lock.stat().st_uid, lock.stat().st_mode & 0o777) == (0, 0o600)
    assert run(env, **ALL)["changed"] is False


@pytest.mark.parametrize("where", ["bin/python", "ascend-env.sh", "executable"])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_101_what_the_owner_puts_there_is_never_started_by_root(env, place, where, state):
    said = place / "said"
    said.mkdir(mode=0o777)
    said.chmod(0o777)
    spy = f"#!/bin/sh\nid -u >> {said}/uids\necho 3.11.2\n"

    def attack():
        record = json.loads((env / "ascend-fleet.json").read_text())
        if where == "executable":
            (env / "spy").write_text(spy)
            (env / "spy").chmod(0o755)
            (env / "ascend-fleet.json").write_text(json.dumps({**record, "executable": str(env / "spy")}))
            (env / "bin" / "python").unlink()
        else:
            (env / where).unlink()
            (env / where).write_text(spy)
            (env / where).chmod(0o755)

    as_owner(attack)
    options = {name: value for name, value in ALL.items() if name != "executable" or where != "executable"}
    if where == "ascend-env.sh":
        options.pop("files")
    run(env, state=state, **options)
    uids = (said / "uids").read_text().split() if (said / "uids").exists() else []
    assert set(uids) <= {str(UID)}, uids
    if where != "executable" and state == "present":
        assert uids, "the attack was not tried"


@pytest.mark.parametrize("name", ["constraints.txt", "pip.conf", "ascend-env.sh", "ascend.env", "ascend-fleet.json"])
def test_102_a_link_in_it_leads_root_nowhere(env, place, name):
    precious = place / "precious"
    precious.mkdir()
    for one in ("constraints.txt", "pip.conf", "ascend-env.sh", "ascend.env", "ascend-fleet.json"):
        (precious / one).write_text("root's\n")
        (precious / one).chmod(0o600)
    before = tree(precious)

    def attack():
        (env / name).unlink()
        (env / name).symlink_to(precious / name)

    as_owner(attack)
    run(env, constraints=["alpha<2"], **ALL)
    assert tree(precious) == before
    run(env, state="absent")
    assert tree(precious) == before


@pytest.mark.parametrize("name", ["bin", "etc", "lib"])
def test_102_a_folder_that_became_a_link(env, place, name):
    precious = place / "precious"
    precious.mkdir(mode=0o755)
    (precious / "python").write_text("root's\n")

    def attack():
        if (env / name).exists():
            os.rename(env / name, env / (name + "-before"))
        (env / name).symlink_to(precious)

    before = tree(precious)
    as_owner(attack)
    answer = run(env, **{**ALL, "files": [SCRIPT, {"path": name + "/ascend.sh", "content": "x"}]})
    assert tree(precious) == before
    if name == "etc":
        assert answer["failed"] and "Permission denied" in answer["msg"]
    run(env, state="absent")
    assert tree(precious) == before


def test_102_the_owner_cannot_exchange_the_folder_itself(env):
    def attack():
        os.rename(env, env.parent / "elsewhere")

    with pytest.raises(ProviderError, match="Permission denied"):
        as_owner(attack)


def test_103_nothing_is_given_away_by_its_path(env, monkeypatch):
    """Whatever is exchanged while it runs: only the descriptor of a folder that root has just made is given away."""
    given = []
    real = os.fchown

    def watch(handle, uid, gid):
        given.append((os.listdir(handle), os.fstat(handle).st_uid))
        real(handle, uid, gid)

    def refuse(*_arguments, **_more):
        raise AssertionError("by path")

    for name in ("chown", "lchown"):
        monkeypatch.setattr(os, name, refuse)
    monkeypatch.setattr(os, "fchown", watch)
    assert not run(env, constraints=["alpha<2"], **ALL).get("failed")
    assert given == [], "an environment that exists needs none"
    answer = run(env.parent / "two", **{**ALL, "executable": "/bin/false"})
    assert answer["failed"] and given == [([], 0)]


def test_111_a_fifo_as_record_stops_nobody(env):
    def attack():
        (env / "ascend-fleet.json").unlink()
        os.mkfifo(env / "ascend-fleet.json")

    as_owner(attack)
    start = time.monotonic()
    for state in ("present", "absent"):
        assert "somebody else made it" in run(env, **{**ALL, "state": state})["msg"]
    rows = host_probe_python.environments(host_view.HostView(), str(env.parent), [])
    assert rows == [] and time.monotonic() - start < 20


@pytest.mark.parametrize("name", ["constraints.txt", "pip.conf", "ascend-env.sh"])
def test_111_a_fifo_as_file_is_replaced(env, name):
    def attack():
        (env / name).unlink()
        os.mkfifo(env / name)

    as_owner(attack)
    start = time.monotonic()
    assert not run(env, **ALL).get("failed") and (env / name).is_file() and time.monotonic() - start < 20


@pytest.mark.parametrize(
    "text", ["[" * 200000, '{"a":' * 100000, "{" + " " * 5000000 + "}", "\0\xff", '{"unfinished": 5}']
)
def test_111_a_record_that_is_none_ends_nothing(env, text):
    as_owner(lambda: (env / "ascend-fleet.json").write_text(text) and None)
    assert "somebody else made it" in run(env, **ALL)["msg"]
    assert host_probe_python.environments(host_view.HostView(), str(env.parent), []) == []
    [row] = host_probe_python.foreign_environments(host_view.HostView(), str(env.parent))
    assert row["owner"] == OWNER


def test_a_record_with_wrong_shapes_is_read_over(env):
    record = json.loads((env / "ascend-fleet.json").read_text())
    broken = {**record, "unfinished": {"a": 1}, "wheels": 3, "sources": [], "stack": "x", "executable": 7, "added": [1]}
    as_owner(lambda: (env / "ascend-fleet.json").write_text(json.dumps(broken)) and None)
    assert not run(env, **ALL).get("failed") and run(env, **ALL)["changed"] is False


def test_a_record_that_names_somebody_else_is_not_ours(env):
    record = json.loads((env / "ascend-fleet.json").read_text())
    as_owner(lambda: (env / "ascend-fleet.json").write_text(json.dumps({**record, "owner": "root"})) and None)
    assert "somebody else made it" in run(env, **{**ALL, "owner": "root"})["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_another_owner_gets_a_new_environment(env, check):
    options = {"executable": PYTHON, "owner": "daemon", "files": [SCRIPT]}
    answer = run(env, check, **options)
    assert answer["actions"][:2] == [f"remove {env} of {OWNER}, to make it anew for daemon", f"make {env} with venv"]
    if check:
        assert env.stat().st_uid == UID
    else:
        assert ownership.look(str(env)).owner == "daemon" and run(env, **options)["changed"] is False


def test_what_the_owner_cannot_remove_is_said(env):
    (env / "roots").mkdir(mode=0o700)
    (env / "roots" / "file").write_text("root's")
    answer = run(env, state="absent")
    assert answer["failed"] and f"cannot be removed as its owner {OWNER}" in answer["msg"]
    assert (env / "roots" / "file").exists() and ownership.look(str(env)).kind == ownership.OURS


def test_removal_follows_no_link(env, place):
    (place / "precious").mkdir()
    (place / "precious" / "file").write_text("root's")
    as_owner(lambda: (env / "precious").symlink_to(place / "precious"))
    assert run(env, state="absent")["changed"] and not env.exists()
    assert (place / "precious" / "file").exists()


def test_an_unknown_owner_is_one_sentence(place):
    answer = run(place / "envs" / "one", owner="nobody-of-that-name")
    assert answer["failed"] and answer["msg"].startswith("There is no user nobody-of-that-name on this host.")
    assert not (place / "envs" / "one").exists()


@pytest.mark.parametrize("how", ["owner", "writable", "sticky", "above", "link"])
def test_a_place_that_others_can_exchange_is_refused(place, how):
    root = place / "envs"
    root.mkdir()
    if how == "owner":
        os.chown(root, UID, -1)
    elif how in ("writable", "sticky"):
        root.chmod(0o777 if how == "writable" else 0o1777)
    elif how == "above":
        place.chmod(0o777)
    else:
        root.rmdir()
        root.symlink_to(place)
        os.lchown(root, UID, -1)
    for state in ("present", "absent"):
        for check in (True, False):
            answer = run(root / "one", check, state=state)
            assert answer["failed"] and "could be led elsewhere" in answer["msg"] and not (root / "one").exists()
    place.chmod(0o755)


def test_a_link_of_roots_on_the_way_is_fine(place):
    (place / "real" / "deep").mkdir(parents=True)
    (place / "envs").symlink_to("real/../real/deep")
    assert run(place / "envs" / "one", check=True)["actions"][:1] == [f"make {place}/envs/one with venv"]


def test_root_does_not_work_in_a_folder_of_somebody_elses(place):
    path = place / "envs" / "one"
    path.mkdir(parents=True)
    os.chown(path, UID, -1)
    answer = run(path)
    assert answer["failed"] and f"is an empty folder of {OWNER}" in answer["msg"] and path.stat().st_uid == UID
    path.chmod(0o777)
    os.chown(path, 0, 0)
    (path / "bin").mkdir()
    (path / "ascend-fleet.json").write_text(json.dumps({"path": str(path), "owner": "root"}))
    assert "somebody else made it" in run(path)["msg"]


def test_a_wheel_that_the_owner_cannot_read_is_said_with_the_fix(env, place):
    path = Path(wheel(place / "cache", "alpha", "1.0"))
    path.chmod(0o600)
    answer = run(env, **ALL, wheels=[str(path)])
    assert answer["failed"] and f"{OWNER} cannot read it" in answer["msg"] and "ascend_state_dir" in answer["msg"]


def test_wheels_are_installed_and_removed_as_the_owner(place):
    path = place / "envs" / "one"
    options = {**ALL, "wheels": [wheel(place / "cache", "alpha", "1.0")], "no_deps": True}
    assert run(path, **options)["packages"]["alpha"] == "1.0"
    assert run(path, **options)["changed"] is False
    assert {uid for _what, _mode, uid in tree(path).values()} == {UID}
    half = next(path.glob("lib/python*/site-packages/alpha/__init__.py"))
    record = json.loads((path / "ascend-fleet.json").read_text())

    def cut_off():
        half.unlink()
        (path / "ascend-fleet.json").write_text(json.dumps({**record, "unfinished": ["alpha"]}))

    as_owner(cut_off)
    assert "install alpha==1.0" in run(path, **options)["actions"] and half.is_file()
    assert run(path, state="absent")["changed"] and not path.exists()


def test_an_interrupted_creation_of_an_owners_is_ours(place):
    path = place / "envs" / "one"
    assert run(path, **{**ALL, "executable": "/bin/false"})["failed"]
    assert ownership.look(str(path)).kind == ownership.OURS and path.stat().st_uid == UID
    assert run(path, **{**ALL, "state": "absent"})["changed"] and not path.exists()


def test_the_process_has_dropped_all_rights():
    who = environment_place.user(OWNER)

    def work():
        kept = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True, check=True).stdout
        return [os.getresuid(), os.getresgid(), os.getgroups(), os.environ["HOME"], kept]

    uids, gids, groups, home, status = environment_place.run_as(who, work)
    assert set(uids) == {UID} and set(gids) == {who.gid} and groups == who.groups and home == who.home
    assert [line for line in status.splitlines() if line.startswith("CapEff")] == ["CapEff:\t0000000000000000"]


def test_what_the_owners_process_says_is_data():
    who = environment_place.user(OWNER)
    with pytest.raises(ProviderError, match="ended without an answer"):
        environment_place.run_as(who, lambda: os._exit(3))
    with pytest.raises(ProviderError, match="ended without an answer"):
        environment_place.run_as(who, lambda: "x" * 20_000_000)
    with pytest.raises(ProviderError, match="KeyError"):
        environment_place.run_as(who, lambda: {}["a"])
