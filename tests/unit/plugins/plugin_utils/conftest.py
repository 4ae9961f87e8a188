"""The catalog, and a healthy host as host_facts sees it."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.tests.unit import sample_hosts


@pytest.fixture(scope="session")
def tables():
    return catalog.load()


@pytest.fixture(scope="session")
def _healthy():
    return sample_hosts.healthy()


@pytest.fixture
def facts(_healthy):
    return copy.deepcopy(_healthy)
