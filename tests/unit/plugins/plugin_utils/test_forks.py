"""A process that Ansible forks for a task leaves alone what the run has loaded; the run's own collector stays."""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, forks
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import role_work

FILTERS = Path(role_work.__file__).resolve().parents[2] / "filter"
COLLECTIONS = FILTERS.parents[1] / ".cache" / "collections"
EARLY = """
from pathlib import Path
from ansible.plugins.loader import filter_loader, init_plugin_loader
init_plugin_loader([str(Path.cwd())])
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import role_work
role_work.load_early()
print(*(Path(path).name for path in filter_loader._module_cache if "/ascend/fleet/" in path))
"""


@pytest.fixture
def collector():
    """Python's collector with nothing frozen yet, and as it was when the test is over."""
    threshold = gc.get_threshold()
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def _told(pipe, work) -> None:
    pipe.send(work())
    pipe.close()


def forked(work):
    """What a function returns in a forked process."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=_told, args=(there, work))
    process.start()
    there.close()
    answer = here.recv()
    process.join()
    return answer


def begun() -> dict[str, int]:
    before = gc.get_freeze_count()
    forks.begin()
    frozen = gc.get_freeze_count()
    for _number in range(1000):
        garbage: list = []
        garbage.append(garbage)
    forks.begin()
    return {
        "before": before,
        "frozen": frozen,
        "again": gc.get_freeze_count(),
        "threshold": gc.get_threshold()[0],
        "collected": gc.collect(),
    }


def test_a_forked_process_visits_nothing_that_it_was_given(collector):
    seen = forked(begun)
    assert seen["frozen"] > seen["before"] + 10_000
    assert seen["threshold"] == forks.NEW_OBJECTS > gc.get_threshold()[0]


def test_it_begins_once_and_what_it_makes_is_still_collected(collector):
    seen = forked(begun)
    assert seen["again"] == seen["frozen"]
    assert seen["collected"] >= 999, "the last one is still at hand"


def test_the_process_of_a_run_keeps_its_collector(collector):
    before = gc.get_threshold(), gc.get_freeze_count()
    forks.begin()
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_what_actions_load_before_forks_is_shared(collector):
    catalog.load_early()
    assert gc.get_freeze_count() > 10_000


@pytest.mark.parametrize("base", ["host_action.HostAction", "control_action.ControlAction"])
def test_actions_begin_so(base, monkeypatch):
    module, name = base.split(".")
    action = importlib.import_module(f"ansible_collections.ascend.fleet.plugins.plugin_utils.{module}")
    calls = []
    monkeypatch.setattr(forks, "begin", lambda: calls.append(base))
    monkeypatch.setattr("ansible.plugins.action.ActionBase.run", _stop)
    one = object.__new__(type("One", (getattr(action, name),), {"act": None}))
    with pytest.raises(_Begun):
        one.run(None, {})
    assert calls == [base]


class _Begun(Exception):
    """The action went on to Ansible's own part."""


def _stop(*_args, **_more):
    raise _Begun


def test_the_filters_of_the_roles_are_there_before_forks():
    """In a forked process each host would import the files of all of them."""
    done = subprocess.run([sys.executable, "-c", EARLY], cwd=COLLECTIONS, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {path.name for path in FILTERS.glob("*.py")} - {"__init__.py"}
