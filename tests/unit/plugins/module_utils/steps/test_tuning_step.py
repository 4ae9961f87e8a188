"""The step host_tuning: it judges its arguments, foresees, and says what it did in a module's words."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import host_view
from ansible_collections.ascend.fleet.plugins.module_utils.change import tuning as change
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock
from ansible_collections.ascend.fleet.plugins.module_utils.steps import answer, stretch, tuning

SWAPPINESS = "/proc/sys/vm/swappiness"


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A folder in place of this machine's files."""
    place = tmp_path / SWAPPINESS[1:]
    place.parent.mkdir(parents=True)
    place.write_text("60\n")
    (tmp_path / "state").mkdir()
    view, made = host_view.HostView, change.TuningChange
    monkeypatch.setattr(tuning.host_view, "HostView", lambda: view(str(tmp_path)))
    monkeypatch.setattr(tuning.tuning, "TuningChange", lambda *args: made(*args, root=str(tmp_path)))
    monkeypatch.setattr(tuning.files, "take_host_lock", lambda *args: [])
    return tmp_path


def run(host, check_mode=False, **args):
    entry = {
        "step": "s",
        "module": "host_tuning",
        "args": {"state_dir": str(host / "state"), "controller": "c", **args},
    }
    (judged,), _secrets = stretch.judged([entry])
    return tuning.run(judged["args"], answer.Told(check_mode=check_mode, diff=True))


def test_it_foresees_makes_and_is_done(host):
    seen = run(host, check_mode=True, settings={"swappiness": 0})
    assert seen["changed"] and {"where": SWAPPINESS, "now": "60", "wanted": "0"} in seen["differences"]
    assert any("vm.swappiness = 0" in row["after"] for row in seen["diff"])
    assert (host / SWAPPINESS[1:]).read_text() == "60\n"
    assert run(host, settings={"swappiness": 0})["changed"]
    assert (host / SWAPPINESS[1:]).read_text() == "0\n"
    assert run(host, settings={"swappiness": 0}) == {"changed": False, "differences": []}
    assert run(host, state="absent")["changed"]
    assert (host / SWAPPINESS[1:]).read_text() == "60\n" and not run(host, state="absent")["changed"]


def test_a_wrong_setting_says_cause_and_fix(host):
    said = run(host, settings={"colour": "red"})
    assert said["failed"] and not said["changed"]
    assert "colour is no setting" in said["msg"] and "ascend_host_tuning" in said["fix"]


def test_a_run_that_works_on_the_host_is_named(host, monkeypatch):
    def held(*_args):
        raise held_lock.LockHeld({"what": "driver 25.3"})

    monkeypatch.setattr(tuning.files, "take_host_lock", held)
    said = run(host, settings={"swappiness": 0})
    assert said["failed"] and "driver 25.3" in said["msg"]
