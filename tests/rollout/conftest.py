"""The fleet of the rollout tests, started once and removed at the end: `pytest tests/rollout -k rollback`."""

from __future__ import annotations

import shutil

import pytest

from tests.rollout.pool import OUT, Pool


def pytest_addoption(parser):
    group = parser.getgroup("rollout")
    group.addoption("--hosts-count", type=int, default=8, metavar="N", help="how many hosts there are (8)")
    group.addoption("--keep-hosts", action="store_true", help="leave the hosts; the next run starts them anew")


@pytest.fixture(scope="session")
def _fleet(request):
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    fleet = Pool(request.config.getoption("--hosts-count"))
    try:
        fleet.begin()
        yield fleet
    finally:
        if not request.config.getoption("--keep-hosts"):
            fleet.down()


@pytest.fixture
def hosts(_fleet) -> Pool:
    """The fleet, without a fault and without a note of what was done before."""
    _fleet.quiet()
    return _fleet
