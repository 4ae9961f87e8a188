"""The wait for a host that is gone ends, and the wait for one that comes back does not."""

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.ascend.fleet.plugins.plugin_utils import failure
from ansible_collections.ascend.fleet.plugins.plugin_utils.long_action import Patience


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


class Connection:
    """Answers, or takes seconds to fail as SSH does."""

    def __init__(self, clock, answers):
        self.clock, self.answers, self.resets = clock, list(answers), 0

    def exec_command(self, command, in_data=None, sudoable=True):
        if self.answers.pop(0):
            return 0, b"{}", b""
        self.clock.seconds += 20
        raise AnsibleConnectionFailure("timed out")

    def reset(self):
        self.resets += 1


def poll(connection, clock, times, every=10):
    """Ansible's own loop: a failed poll resets the connection, an error of the reset leaves the loop."""
    for _turn in range(times):
        clock.seconds += every
        try:
            connection.exec_command("async_status", in_data=b"", sudoable=True)
        except AnsibleConnectionFailure:
            connection.reset()


def waiting(answers, limit=100):
    clock = Clock()
    connection = Connection(clock, answers)
    Patience(connection, limit, clock)
    return connection, clock


def test_a_host_that_is_gone_is_given_up_by_the_clock():
    connection, clock = waiting([True] * 5 + [False] * 100)
    with pytest.raises(AnsibleActionFail, match="no answer for 120 s") as error:
        poll(connection, clock, 105)
    assert clock.seconds == 50 + 120 and connection.resets == 3
    told = failure.read({"msg": f"Task failed: {error.value}"})
    assert told["message"].startswith("The host has not answered for 120 s")
    assert "console" in told["fix"] and "Run again" in told["fix"]


def test_a_host_that_answers_now_and_then_is_waited_for():
    connection, clock = waiting(([False] * 3 + [True]) * 20)
    poll(connection, clock, 80)
    assert connection.resets == 60


def test_a_connection_without_a_reset_is_left_alone():
    class Bare:
        def exec_command(self, command):
            return command

    connection = Bare()
    Patience(connection, 1)
    assert connection.exec_command("x") == "x" and vars(connection) == {}
