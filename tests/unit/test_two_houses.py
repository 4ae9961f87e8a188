"""What travels to a host does not need what stays, and no room needs one that needs it."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
BASE = "ansible_collections.ascend.fleet.plugins."
HOUSES = ("module_utils", "plugin_utils")


def needed(path: Path) -> set[str]:
    """The files of this collection that a file imports when it is loaded, as dotted names below plugins/."""
    found = set()
    name = ".".join(path.relative_to(PLUGINS).with_suffix("").parts)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            start = BASE + ".".join(name.split(".")[: -node.level])
            module = f"{start}.{node.module}" if node.module else start
        else:
            module = node.module or ""
        if module.startswith(BASE):
            found |= {module[len(BASE) :]} | {f"{module[len(BASE) :]}.{alias.name}" for alias in node.names}
    return {one for one in found if (PLUGINS / (one.replace(".", "/") + ".py")).is_file()}


def files(house: str) -> dict[str, set[str]]:
    paths = sorted((PLUGINS / house).rglob("*.py"))
    assert len(paths) > 40
    return {".".join(path.relative_to(PLUGINS).with_suffix("").parts): needed(path) for path in paths}


def test_what_travels_needs_nothing_that_stays():
    paths = [*(PLUGINS / "modules").glob("*.py"), *(PLUGINS / "module_utils").rglob("*.py")]
    assert len(paths) > 60
    for path in paths:
        assert not {one for one in needed(path) if not one.startswith("module_utils")}, path.name


@pytest.mark.parametrize("house", HOUSES)
def test_no_file_needs_one_that_needs_it(house):
    graph = files(house)
    try:
        assert tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("house", HOUSES)
def test_no_room_needs_one_that_needs_it(house):
    """A room is a sub-package; the files beside them belong to none."""

    def room(name: str) -> str | None:
        parts = name.split(".")
        return parts[1] if len(parts) > 2 else None

    graph: dict[str, set[str]] = {}
    for name, needs in files(house).items():
        others = {room(one) for one in needs if one.startswith(house)} - {room(name), None}
        if room(name):
            graph.setdefault(str(room(name)), set()).update(str(other) for other in others)
    assert len(graph) > 5
    try:
        assert tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
