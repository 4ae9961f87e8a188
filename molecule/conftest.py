"""What the tests of all scenarios share.

A file of tests, or one test, can be about some of its hosts: `testinfra_hosts` in the file, or the marker
`hosts("name", ...)`, count although the verifier names a group.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.simulator.sim import base
from tests.support import fleet as fleets
from tests.support import playbook
from tests.support.paths import BUILD, ROOT
from tests.support.playbook import Run

# The simulator's, which podman needs here to reach the hosts it has started.
os.environ.update(base.environment())


def pytest_configure(config):
    config.addinivalue_line("markers", "hosts(name, ...): the hosts of the scenario that a test is about")


def pytest_collection_modifyitems(config, items):
    left = [item for item in items if not _concerns(item)]
    items[:] = [item for item in items if _concerns(item)]
    config.hook.pytest_deselected(items=left)


def _concerns(item):
    marker = item.get_closest_marker("hosts")
    wanted = marker.args if marker else getattr(item.module, "testinfra_hosts", None)
    return wanted is None or item.callspec.params["_testinfra_host"].backend.host in wanted


class Fleet(fleets.Fleet):
    """The scenario's hosts, and playbooks that a user would run on them."""

    def __init__(self, scenario: str) -> None:
        super().__init__(os.environ["ASCEND_FLEET_PREFIX"])
        self.scenario = scenario

    def play(self, book: str, *options: str, **settings: str) -> Run:
        """How a playbook of the repository ended, whatever that is. settings: variables of its environment."""
        return playbook.play(
            ROOT / book,
            *options,
            inventory=[self.inventory, ROOT / "molecule" / self.scenario / "inventory"],
            settings=settings,
            log=BUILD / "molecule" / f"{self.scenario}-plays.log",
            timeout=1200,
        )

    def output(self, book: str, *options: str) -> str:
        """The output of a playbook that must succeed."""
        run = self.play(book, *options)
        assert run.ok, run.text[-3000:]
        return run.text


@pytest.fixture
def fleet(request) -> Fleet:
    """The fleet of the scenario that the test file belongs to."""
    return Fleet(Path(request.path).parents[1].name)
