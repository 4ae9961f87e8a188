"""Hosts of the rollout tests are taken where little has to be done, and made anew when nobody knows what they have."""

from __future__ import annotations

import pytest

from tests.rollout.pool import CANN, NEW, OLD, Pool
from tests.support.playbook import Run


class Played(Pool):
    """Notes what it would do to hosts."""

    def __init__(self, count: int, **states: str) -> None:
        super().__init__(count)
        self.done: list[tuple] = []
        self.code = 0
        self._state = {name.replace("npu", "npu-0"): state for name, state in states.items()}

    def play(self, book, variables=None, *words, **settings):
        hosts = words[words.index("--limit") + 1]
        self.done.append((book, variables["ascend_driver_version"], "ascend_components" in variables, hosts))
        return Run(self.code, "it failed", 1.0)

    def _make_new(self, names):
        if names:
            self.done.append(("new", *names))
        self._state.update(dict.fromkeys(names, "bare"))

    def quiet(self):
        pass


def test_those_in_the_state_come_first_and_cost_nothing():
    pool = Played(4, npu1="new", npu2="old", npu3="old", npu4="new")
    assert pool.take(2, "old") == ["npu-02", "npu-03"]
    assert pool.done == []


def test_the_nearest_are_brought_there_together():
    pool = Played(3, npu1="bare", npu2="new", npu3="old")
    assert pool.take(2, "new") == ["npu-02", "npu-03"]
    assert pool.done == [("site", NEW["ascend_driver_version"], False, "npu-03")]


def test_the_way_from_a_new_host_is_gone_step_by_step():
    pool = Played(1)
    pool.take(1, "cann")
    old, new = OLD["ascend_driver_version"], NEW["ascend_driver_version"]
    assert pool.done == [
        ("new", "npu-01"),
        ("site", old, False, "npu-01"),
        ("site", new, False, "npu-01"),
        ("site", new, bool(CANN), "npu-01"),
    ]


def test_a_host_that_is_past_the_state_is_made_anew():
    pool = Played(2, npu1="cann", npu2="twice")
    pool.take(2, "old")
    assert pool.done == [("new", "npu-01", "npu-02"), ("site", OLD["ascend_driver_version"], False, "npu-01,npu-02")]


def test_what_a_test_does_not_vouch_for_is_unknown():
    pool = Played(2, npu1="old", npu2="old")
    first, second = pool.take(2, "old")
    pool.leave([first], "old")
    assert pool.take(2, "old") == [first, second]
    assert pool.done[0] == ("new", second)


def test_hosts_that_cannot_be_brought_there_stop_the_test():
    pool = Played(1, npu1="bare")
    pool.code = 2
    with pytest.raises(AssertionError, match="cannot be brought to the state old"):
        pool.take(1, "old")
