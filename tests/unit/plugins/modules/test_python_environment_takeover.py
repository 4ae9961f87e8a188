"""A virtual environment that somebody else made: taken over only by the option, and given back as it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.modules import python_environment
from ansible_collections.ascend.fleet.tests.unit.environment_world import run, tree, wheel

OPTIONS = {"take_over": True, "no_deps": True}
SCRIPT = {"path": "ascend-env.sh", "content": "export A=b\n"}


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A virtual environment with a package and files of its owner's; the tests work on copies at its own path."""
    folder = tmp_path_factory.mktemp("theirs") / "envs" / "one"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    path = wheel(folder.parent / "wheels", "theirs", "1.0")
    command = [folder / "bin" / "python", "-m", "pip", "install", "-q", "--no-index", "--no-deps", path]
    subprocess.run(command, check=True)
    (folder / "notes.txt").write_text("mine\n")
    return folder


@pytest.fixture
def env(original, tmp_path):
    path = tmp_path / "envs" / "one"
    path.parent.mkdir()
    subprocess.run(["cp", "-a", str(original), str(path)], check=True)
    return path


def contents(folder: Path) -> dict:
    """What is there, byte for byte."""
    return tree(folder)


def test_402_it_is_given_back_byte_for_byte(env, tmp_path):
    before = contents(env)
    wanted = {
        **OPTIONS,
        "wheels": [wheel(tmp_path, "ours", "1.0"), wheel(tmp_path, "dependency", "2.0")],
        "constraints": ["ours==1.0", "theirs<2"],
        "files": [SCRIPT],
        "environment_file": {"script": "ascend-env.sh"},
    }
    assert run(env, check=True, **wanted)["actions"][0] == f"take over {env}" and contents(env) == before
    first = run(env, **wanted)
    assert first["packages"]["ours"] == "1.0" and first["packages"]["theirs"] == "1.0", first
    record = json.loads((env / "ascend-fleet.json").read_text())
    assert record["adopted"] is True and record["found"]["theirs"] == "1.0" and "pip" in record["found"]
    assert record["added"] == ["dependency", "ours"]
    after = contents(env)
    changed = {name for name, what in before.items() if after.get(name) != what}
    assert all(before[name][0] is None for name in changed), "no more than folders"
    assert run(env, **wanted)["changed"] is False
    # The other roles do not know that it was taken over.
    assert run(env, **{**wanted, "take_over": False})["changed"] is False
    upgraded = run(env, **{**wanted, "wheels": [wheel(tmp_path, "ours", "1.1")], "constraints": ["ours==1.1"]})
    assert upgraded["packages"]["ours"] == "1.1", upgraded
    assert run(env, check=True, state="absent")["changed"] and (env / "ascend-fleet.json").exists()
    back = run(env, state="absent")
    assert back["actions"][0] == "remove dependency, ours" and back["actions"][-1] == f"give back {env}"
    assert contents(env) == before
    assert "somebody else made it" in run(env, state="absent")["msg"]


def test_402_without_the_option_nothing_happens(env, tmp_path):
    before = contents(env)
    for state in ("present", "absent"):
        assert "ascend_take_over: [python]" in run(env, state=state, wheels=[wheel(tmp_path, "ours", "1.0")])["msg"]
    assert "somebody else made it" in run(env, state="absent", take_over=True)["msg"]
    assert contents(env) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"packages": ["theirs==2.0"]}, "theirs 1.0 is wanted as theirs==2.0"),
        ({"constraints": ["theirs>=2"]}, "theirs 1.0 is wanted as theirs>=2"),
        ({"absent": ["Theirs"]}, "theirs 1.0 has to go"),
    ],
)
def test_what_is_theirs_is_not_replaced(env, options, said):
    before = contents(env)
    answer = run(env, **OPTIONS, **options)
    assert answer["failed"] and said in answer["msg"] and "ascend_env_name" in answer["msg"], answer
    after = {name: what for name, what in contents(env).items() if name != "ascend-fleet.json"}
    assert after == before
    run(env, state="absent")
    assert contents(env) == before


def test_a_dependency_that_would_replace_theirs_is_refused_by_pip(env, tmp_path):
    wheels = tmp_path / "wheels"
    wheel(wheels, "ours", "1.0", requires="theirs>=2.0")
    wheel(wheels, "theirs", "2.0")
    answer = run(env, take_over=True, packages=["ours==1.0"], find_links=[str(wheels)])
    assert answer["failed"], answer
    assert answer["packages"]["theirs"] == "1.0"


def test_dependencies_that_were_added_go_as_well(env, tmp_path):
    before = contents(env)
    wheels = tmp_path / "wheels"
    wheel(wheels, "ours", "1.0", requires="dependency")
    wheel(wheels, "dependency", "1.0")
    answer = run(env, take_over=True, packages=["ours==1.0"], find_links=[str(wheels)])
    assert answer["packages"].get("dependency") == "1.0", answer
    assert run(env, state="absent")["actions"][0] == "remove dependency, ours"
    assert contents(env) == before


def test_what_was_added_by_a_run_that_died_goes_as_well(env, tmp_path):
    before = contents(env)
    run(env, **OPTIONS, wheels=[wheel(tmp_path, "ours", "1.0")])
    record = json.loads((env / "ascend-fleet.json").read_text())
    cut = {**record, "added": [], "unfinished": ["ours"], "before": sorted(record["found"])}
    (env / "ascend-fleet.json").write_text(json.dumps(cut))
    assert "remove ours" in run(env, state="absent")["actions"] and contents(env) == before


def test_what_its_owner_adds_later_stays(env, tmp_path):
    run(env, **OPTIONS, wheels=[wheel(tmp_path, "ours", "1.0")])
    later = wheel(tmp_path, "later", "1.0")
    subprocess.run([env / "bin" / "python", "-m", "pip", "install", "-q", "--no-index", later], check=True)
    (env / "weights.ckpt").write_bytes(b"months")
    assert "remove ours" in run(env, state="absent")["actions"]
    assert (env / "weights.ckpt").exists() and list(env.glob("lib/python*/site-packages/later"))


def test_a_file_of_ours_that_was_edited_stays_and_is_said(env, monkeypatch):
    warned = []
    monkeypatch.setattr(python_environment.AnsibleModule, "warn", lambda self, text: warned.append(text))
    run(env, **OPTIONS, files=[SCRIPT])
    (env / "ascend-env.sh").write_text("edited\n")
    run(env, state="absent")
    assert "ascend-env.sh was changed" in warned[0] and (env / "ascend-env.sh").exists()


@pytest.mark.parametrize("name", ["pip.conf", "constraints.txt", "ascend-env.sh", "ascend-fleet.json"])
def test_files_in_the_way_are_not_overwritten(env, name):
    (env / name).write_text("mine\n")
    before = contents(env)
    answer = run(env, **OPTIONS, files=[SCRIPT])
    assert answer["failed"] and name in answer["msg"] and contents(env) == before


def test_only_a_virtual_environment_with_the_wanted_python_can_be(env, tmp_path):
    before = contents(env)
    assert "its Python is" in run(env, **OPTIONS, python_version="3.5")["msg"]
    assert contents(env) == before
    folder = tmp_path / "data" / "mindspore"
    folder.mkdir(parents=True)
    (folder / "weights.ckpt").write_bytes(b"months")
    assert "only a virtual environment" in run(folder, **OPTIONS)["msg"] and os.listdir(folder) == ["weights.ckpt"]
    (env / "conda-meta").mkdir()
    assert "only a virtual environment" in run(env, **OPTIONS)["msg"]


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file away")
def test_root_takes_over_nothing_that_others_can_write(env):
    os.lchown(env / "lib", 65534, -1)
    answer = run(env, **OPTIONS)
    assert answer["failed"] and "lib belongs to" in answer["msg"]
    os.lchown(env / "lib", 0, -1)
    (env / "lib").chmod(0o777)
    assert "can be written by everybody" in run(env, **OPTIONS)["msg"]
    (env / "lib").chmod(0o755)
    os.chown(env, 65534, -1)
    assert "somebody else made it" in run(env, **OPTIONS)["msg"]


def test_it_is_not_made_anew(env):
    run(env, **OPTIONS)
    answer = run(env, python_version="3.5")
    assert answer["failed"] and "It is not made anew" in answer["msg"] and (env / "notes.txt").exists()
