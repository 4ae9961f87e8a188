"""What travels to a host does not need what stays, and no room needs one that needs it."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import imports
import pytest


def in_order(graph: dict[str, set[str]]) -> None:
    try:
        assert tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_what_travels_needs_nothing_that_stays():
    travels = {**imports.files("modules"), **imports.files("module_utils")}
    assert len(travels) > 60
    for name, needs in travels.items():
        assert not {one for one in needs if not one.startswith("module_utils")}, name


@pytest.mark.parametrize("house", imports.HOUSES)
def test_no_file_needs_one_that_needs_it(house):
    graph = imports.files(house)
    assert len(graph) > 40
    in_order(graph)


@pytest.mark.parametrize("house", imports.HOUSES)
def test_no_room_needs_one_that_needs_it(house):
    """A room is a sub-package; the files beside them belong to none."""
    graph = imports.rooms(house)
    assert len(graph) > 5
    in_order(graph)


def test_the_page_shows_the_code_of_today():
    assert imports.drawn() == imports.drawing(), "run python tests/unit/imports.py"
