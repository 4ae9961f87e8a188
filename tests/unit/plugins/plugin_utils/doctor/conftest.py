"""A host with nothing wrong, for the rules of the doctor."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.ascend.fleet.tests.unit import ascend_trees as trees
from ansible_collections.ascend.fleet.tests.unit import sample_hosts as hosts


@pytest.fixture(scope="module")
def _healthy():
    return hosts.healthy(
        trees.kernels_8_1("8.3.RC1", folder="nnae"), {f"/dev/{name}": hosts.DEVICE for name in hosts.MANAGERS}
    )


@pytest.fixture
def healthy(_healthy):
    return copy.deepcopy(_healthy)
