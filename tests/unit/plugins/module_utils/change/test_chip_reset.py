"""The reset of a chip: whom it concerns, who is in the way, and what the chips say afterwards."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, chip_reset


def chips(name="910B3", cards=2, per=1, **health):
    return [
        {"npu_id": card, "chip_id": die, "name": name, "health": health.get(f"c{card}_{die}", "OK")}
        for card in range(cards)
        for die in range(per)
    ]


def user(pid, device=None, **rest):
    return {"pid": pid, "user": "ann", "command": "python train.py", "device": device, "container": None, **rest}


class Host:
    """npu-smi and a clock."""

    def __init__(self, rows, after=None, users=(), processes=(), said="", rc=0):
        self.rows, self.after, self.people, self.processes = rows, after or {}, list(users), list(processes)
        self.said, self.rc, self.calls, self.now, self.was_reset = said, rc, [], 0, None

    def ask(self, args):
        self.calls.append((self.now, " ".join(args)))
        if args[0] == "set":
            self.was_reset = self.now
            return {"available": True, "message": None, "npu_smi": {"text": self.said}, "rc": self.rc}
        rows = self.rows
        if self.was_reset is not None:
            rows = [{**row, "health": self.health(row)} for row in rows if self.health(row)]
        return {"available": True, "message": None, "npu_smi": {"chips": rows, "processes": self.processes}, "rc": 0}

    def health(self, row):
        """The last word that the time since the reset has reached."""
        words = self.after.get(chip_reset.name(row), [(0, "OK")])
        return [word for since, word in words if self.now - self.was_reset >= since][-1]

    def reset(self, npu_id=0, chip_id=0, mode="in_band", kind="physical", wait=180):
        work = chip_reset.Reset(
            npu_id, chip_id, mode, self.ask, lambda npu_processes: self.people, wait, self.sleep, lambda: self.now
        )
        work.look(kind)
        work.idle()
        return work.make()

    def sleep(self, seconds):
        self.now += seconds


def test_a_sick_chip_is_reset_and_nobody_asks_before_its_time():
    host = Host(chips(c1_0="Alarm"), after={"1/0": [(0, "UNKNOWN"), (31, "OK")]})
    assert host.reset(1) == {"0/0": "OK", "1/0": "OK"}
    assert host.calls[1] == (0, "set -t reset -i 1 -c 0 -m 1")
    assert [when for when, words in host.calls[2:]] == [20, 25, 30, 35]


def test_over_the_ibmc():
    host = Host(chips())
    host.reset(mode="out_of_band")
    assert host.calls[1][1] == "set -t reset -i 0 -c 0"


@pytest.mark.parametrize(("kind", "words"), [("vm", "a virtual machine"), ("container", "a container")])
def test_guests_are_refused_before_anything_is_asked(kind, words):
    host = Host(chips())
    with pytest.raises(checks.Refused, match=words):
        host.reset(kind=kind)
    assert host.calls == []


def test_a_chip_that_is_not_there_is_refused():
    with pytest.raises(checks.Refused, match="no such chip, but 0/0, 1/0"):
        Host(chips()).reset(7)


def test_a_driver_that_does_not_answer_is_refused():
    host = Host(chips())
    host.ask = lambda args: {"available": False, "message": "-8005", "fix": "Reboot.", "npu_smi": None, "rc": 1}
    with pytest.raises(checks.Refused, match="-8005"):
        host.reset()


# user, processes of npu-smi -> whether it is in the way of card 0 of two Duo cards
CARDS = [
    (user(7, "/dev/davinci0"), [], True),
    (user(7, "/dev/davinci1"), [], True),
    (user(7, "/dev/davinci2"), [], False),
    (user(7, "/dev/davinci9"), [], True),
    (user(7, "/dev/davinci_manager"), [], True),
    (user(7), [{"pid": 7, "npu_id": 1, "chip_id": 0}], False),
    (user(7, "/dev/davinci2"), [{"pid": 7, "npu_id": 0, "chip_id": 1}], True),
]


@pytest.mark.parametrize(("row", "processes", "busy"), CARDS)
def test_on_cards_only_the_users_of_that_card_are_in_the_way(row, processes, busy):
    host = Host(chips("310P3", 2, 2), users=[row], processes=processes)
    if not busy:
        assert host.reset() == {"0/0": "OK", "0/1": "OK"}
        return
    with pytest.raises(checks.Refused, match=r"pid 7 \(ann\)") as refused:
        host.reset()
    assert refused.value.facts["busy"] == [row] and host.was_reset is None


@pytest.mark.parametrize("name", ["910B3", "910ProB", "Ascend910", "950DT", ""])
def test_on_modules_any_user_of_the_host_is_in_the_way(name):
    host = Host(chips(name), users=[user(7, "/dev/davinci1", container="docker trainer (0123456789ab)")])
    with pytest.raises(checks.Refused, match=r"0/0, 1/0 would be reset with it.*docker trainer"):
        host.reset(0)
    assert host.was_reset is None


def test_what_is_stopped_meanwhile_is_in_nobodys_way():
    host = Host(chips(), users=[user(7, "/dev/davinci_manager")])
    work = chip_reset.Reset(0, 0, "in_band", host.ask, lambda npu_processes: host.people, 180)
    work.look("physical")
    work.idle(lambda row: row["pid"] == 7)
    with pytest.raises(checks.Refused):
        work.idle()


@pytest.mark.parametrize(("said", "rc"), [("This device does not support setting reset.", 0), ("error", 1)])
def test_a_tool_that_refuses_is_quoted(said, rc):
    with pytest.raises(checks.Refused, match=f"{said}.*reset_mode=out_of_band"):
        Host(chips(), said=said, rc=rc).reset()


def test_a_chip_that_stays_ill_or_away_is_said_with_the_way_out():
    host = Host(chips(c0_0="Alarm"), after={"0/0": [(0, "Alarm")], "1/0": [(0, None)]})
    with pytest.raises(checks.Refused, match=r"0/0 Alarm, 1/0 is away.*start it cold") as refused:
        host.reset(wait=60)
    assert refused.value.facts["changed"] is True and refused.value.facts["after"] == {"0/0": "Alarm", "1/0": None}
