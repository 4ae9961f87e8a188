"""A job that looks at its host: before its first step, and after its last."""

from __future__ import annotations

from types import SimpleNamespace
from unittest import mock

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.host import observation
from ansible_collections.ascend.fleet.plugins.module_utils.steps import answer, stretch

LOOK = {"state_dir": "/var/lib/x"}
PROVES = [{"id": "driver-install", "component": "driver", "to": "2"}]
ENTRIES = [{"step": "cann-install", "module": "it", "args": {}}]


def facts(driver="2"):
    return {
        "driver": {"installed": driver, "loaded": driver},
        "reboot_required": False,
        "npu": {"available": True, "chips": []},
        "accelerators": {"count": 0},
    }


class Done:
    """A job of one step, its looks with these answers in turn."""

    def __init__(self, *looks, said=None, check_mode=False, proves=(), look=LOOK):
        self.order = []
        kind = SimpleNamespace(SPEC={}, run=lambda _args, _told: self.order.append("step") or said or {"changed": True})
        answers = list(looks)

        def see(given):
            assert given == LOOK
            self.order.append("look")
            found = answers.pop(0)
            if isinstance(found, Exception):
                raise found
            return found

        with mock.patch.object(observation, "look", see):
            told = answer.Told(check_mode=check_mode)
            self.result = stretch.carry_out(ENTRIES, told, self.order.append, {"it": kind}, look=look, proves=proves)


def test_it_ends_with_a_look():
    done = Done(facts())
    assert done.order == ["cann-install", "step", stretch.VERIFY, "look"]
    assert done.result["observed"] == facts() and done.result["steps_done"] == ["cann-install"]


def test_without_being_asked_it_does_not_look():
    assert "observed" not in Done(look=None).result


def test_after_a_step_that_failed_nobody_looks():
    done = Done(said={"failed": True, "msg": "m"})
    assert "look" not in done.order and done.result["failed_step"] == "cann-install"


def test_in_check_mode_nobody_looks():
    assert Done(check_mode=True, proves=PROVES).order == ["cann-install", "step"]


def test_a_look_that_breaks_loses_nothing_of_what_was_done():
    result = Done(OSError("no room")).result
    assert (result["failed"], result["failed_step"], result["msg"]) == (True, stretch.VERIFY, "OSError: no room")
    assert result["steps_done"] == ["cann-install"] and result["changed"] and "Traceback" in result["exception"]


def test_what_was_done_before_is_proven_before_anything_is_begun():
    done = Done(facts(), facts(), proves=PROVES)
    assert done.order == ["look", "cann-install", "step", stretch.VERIFY, "look"] and "failed" not in done.result


def test_where_it_is_not_proven_nothing_is_begun_and_what_there_is_is_told():
    done = Done(facts("1"), proves=PROVES)
    assert done.order == ["look"] and done.result["observed"] == facts("1")
    assert (done.result["failed"], done.result["failed_step"]) == (True, "driver-install")
    assert done.result["msg"] == "driver 1 is installed, not 2"
    assert done.result["steps"] == done.result["steps_done"] == [] and not done.result["changed"]


def test_where_nobody_can_look_nothing_is_begun():
    done = Done(OSError("no room"), proves=PROVES)
    assert done.order == ["look"] and done.result["failed"] and "observed" not in done.result


def test_what_a_look_is_told_is_judged():
    assert stretch.judged_look(None) is None
    assert stretch.judged_look({"npu_smi_timeout": "5"})["npu_smi_timeout"] == 5
    with pytest.raises(stretch.Wrong, match=r"look: .*npu_smi_timeout"):
        stretch.judged_look({"npu_smi_timeout": "soon"})
