"""The collection's Python on the control node is loaded as Python has compiled it before."""

from __future__ import annotations

import importlib.machinery
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import bytecode

from tests.support import paths


@pytest.fixture
def finder(tmp_path):
    for name in ("a.py", "sub/__init__.py", "sub/b.py", "plain/c.py", "both.py", "both/__init__.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    return bytecode.Finder("x.y", tmp_path)


@pytest.mark.parametrize(
    ("name", "file", "package"),
    [
        ("a", "a.py", False),
        ("sub", "sub/__init__.py", True),
        ("sub.b", "sub/b.py", False),
        ("plain.c", "plain/c.py", False),
        # As in Ansible's loader, the folder comes first.
        ("both", "both/__init__.py", True),
    ],
)
def test_a_module_that_is_a_file_is_pythons_own(finder, tmp_path, name, file, package):
    spec = finder.find_spec(f"x.y.{name}")
    assert isinstance(spec.loader, importlib.machinery.SourceFileLoader)
    assert spec.origin == str(tmp_path / file) and bool(spec.cached)
    assert spec.submodule_search_locations == ([str(tmp_path / name)] if package else None)


@pytest.mark.parametrize("name", ["x.y", "x.y.none", "x.y.plain", "x.ya", "a", "x", "z.x.y.a"])
def test_the_rest_is_left_to_others(finder, name):
    assert finder.find_spec(name) is None


def test_who_was_put_before_ansibles_finder_stays_there(monkeypatch, tmp_path):
    ansibles, other = type("_AnsibleCollectionFinder", (), {})(), object()
    for before in ([other, ansibles], [other], []):
        monkeypatch.setattr(sys, "meta_path", list(before))
        bytecode.use("x.y", tmp_path)
        assert sys.meta_path == before
    monkeypatch.setattr(sys, "meta_path", [ansibles, other])
    for _time in (1, 2):
        bytecode.use("x.y", tmp_path)
        assert len(sys.meta_path) == 3 and isinstance(sys.meta_path[0], bytecode.Finder)


# In a process of its own, which begins as Ansible does.
LOAD = """
import json, sys
from ansible.plugins.loader import action_loader, init_plugin_loader
init_plugin_loader([sys.argv[1]])
for name in ("validate", "plan"):
    assert action_loader.get(f"ascend.fleet.{name}", class_only=True)
from ansible_collections.ascend.fleet.plugins.plugin_utils import bytecode, catalog
below = "ansible_collections.ascend.fleet.plugins."
mine = {name: one for name, one in sys.modules.items() if name.startswith(below) and one.__file__.endswith(".py")}
print(json.dumps({
    "loaders": {name.removeprefix(below): type(one.__spec__.loader).__name__ for name, one in mine.items()},
    "finders": sum(isinstance(one, bytecode.Finder) for one in sys.meta_path),
    "cached": catalog.__spec__.cached,
}))
"""


def _load(tmp_path: Path) -> dict:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environ.update(PYTHONPYCACHEPREFIX=str(tmp_path / "kept"), XDG_CACHE_HOME=str(tmp_path / "cache"))
    command = [sys.executable, "-c", LOAD, str(paths.ROOT / ".cache" / "collections")]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, cwd="/", timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_what_an_action_imports_is_kept_for_the_next_run(tmp_path):
    said = _load(tmp_path)
    others = {name for name, loader in said["loaders"].items() if loader != "SourceFileLoader"}
    assert len(said["loaders"]) > 80 and said["finders"] == 1
    # What is there before the finder; plugins are files to Ansible too.
    assert others == {"plugin_utils", "plugin_utils.bytecode"}
    kept = Path(said["cached"])
    assert kept.is_relative_to(tmp_path / "kept") and kept.is_file()
    before = kept.stat().st_mtime_ns
    assert _load(tmp_path)["loaders"] == said["loaders"]
    assert kept.stat().st_mtime_ns == before
