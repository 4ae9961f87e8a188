"""The catalog, and a healthy host as host_facts sees it."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.tests.unit.plugins.plugin_utils.doctor import test_doctor as hosts


@pytest.fixture(scope="session")
def tables():
    return catalog.load()


@pytest.fixture(scope="session")
def _healthy():
    node = hosts.Node(owner="HwHiAiUser", group="HwHiAiUser", mode="0660", kind="char")
    return hosts.observe(
        hosts.trees.driver(), hosts.trees.firmware(), hosts.trees.cann_6_3("8.3.RC1", "nnae", "C23"),
        hosts.environment(), *[hosts.pci(number) for number in range(8)],
        {f"/dev/davinci{number}": node for number in range(8)}, answer=hosts.npu(8),
    )  # fmt: skip


@pytest.fixture
def facts(_healthy):
    return copy.deepcopy(_healthy)
