"""A reboot: one command starts it, and what became of the host is told apart. The commands run in a real shell."""

from __future__ import annotations

import functools
import os
import subprocess
from types import SimpleNamespace
from unittest import mock

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.ascend.fleet.plugins.action import reboot

LOST = AnsibleConnectionFailure("ssh: connect to host h port 22: Connection timed out")
# What stands before everything else in PATH: root, no waiting, no systemd, and a shutdown that the test can see.
TOOLS = {
    "id": "echo 0",
    "sleep": ":",
    "systemd-run": "exit 1",
    "shutdown": 'printf "%s\\n" "$@" >{folder}/told; echo second >{folder}/boot',
}


class Host:
    """A host of commands: its boot is a file, which its shutdown changes."""

    def __init__(self, folder, monkeypatch, **tools):
        self.folder, self.commands, self.resets, self.away = folder, [], 0, 0
        self.terminal = True  # as ssh gives one to a command that sudo may ask for a password
        (folder / "bin").mkdir()
        (folder / "boot").write_text("first\n77\n")
        for name, script in {**TOOLS, **tools}.items():
            if script is not None:
                (folder / "bin" / name).write_text(f"#!/bin/sh\n{script.format(folder=folder)}\n")
                (folder / "bin" / name).chmod(0o755)
        monkeypatch.setattr(reboot, "RUN", str(folder))

    def run(self, command, sudoable):
        assert sudoable
        self.commands.append(command)
        if len(self.commands) > 1 and self.away > 0:
            self.away -= 1
            raise LOST
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            capture_output=True,
            text=True,
            env={"PATH": f"{self.folder}/bin:{os.environ['PATH']}"},
            check=False,
        )
        if not self.terminal:
            return {"rc": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
        words = (done.stdout + done.stderr).replace("\n", "\r\n")
        return {"rc": done.returncode, "stdout": words, "stderr": "Shared connection to h closed.\r\n"}

    def reset(self):
        self.resets += 1


def act(host, monkeypatch, transport="ssh", check_mode=False, diff=False, **args):
    """The result of the action, with a clock that a look moves by half a second."""
    args = {"boot_time_command": f"cat {host.folder}/boot", "reboot_timeout": 60, **args}
    clock = [0.0]

    def sleep(seconds):
        clock[0] += seconds
        # The shell that is to reboot runs in the background.
        subprocess.run(["sleep", "0.1"], check=True)

    timed = functools.partial(reboot.wait, now=lambda: clock[0], sleep=sleep)
    monkeypatch.setattr(reboot, "wait", timed)
    task = SimpleNamespace(
        args=args, module_defaults=[], check_mode=check_mode, diff=diff, async_val=0, action="ascend.fleet.reboot"
    )
    connection = SimpleNamespace(transport=transport, reset=host.reset)
    templar = SimpleNamespace(template=lambda value: value)
    action = reboot.ActionModule(task, connection, mock.Mock(), mock.Mock(), templar, mock.Mock())
    defaults = {name: option["default"] for name, option in reboot.ActionModule.ARGUMENTS.items()}
    with (
        mock.patch.object(reboot.ActionModule, "_low_level_execute_command", side_effect=host.run),
        mock.patch.object(reboot.ActionModule, "validate_argument_spec", return_value=(None, {**defaults, **args})),
        mock.patch("ansible.plugins.action.ActionBase.run", return_value={}),
    ):
        return action.run(task_vars={"inventory_hostname": "h"})


@pytest.mark.parametrize("terminal", [True, False])
def test_a_reboot_is_one_command_and_looks(tmp_path, monkeypatch, terminal):
    host = Host(tmp_path, monkeypatch)
    host.away, host.terminal = 2, terminal
    result = act(host, monkeypatch, msg="new driver", diff=True)
    assert result["changed"] and result["rebooted"] and result["elapsed"] >= 3
    assert result["diff"] == {"before": "boot: first 77\n", "after": "boot: second\n"}
    starts = [command for command in host.commands if "shutdown" in command]
    assert len(starts) == 1 and host.commands[0] == starts[0]
    assert (tmp_path / "told").read_text().splitlines() == ["-r", "now", "new driver"]
    assert host.resets == len(host.commands) - 1  # no look goes through a connection of before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "boot", "told"]


def test_those_who_are_logged_in_are_told_why(tmp_path, monkeypatch):
    act(Host(tmp_path, monkeypatch), monkeypatch, reasons=["driver 25.3 is not loaded", "firmware \x1b[2Jtoo"])
    assert (tmp_path / "told").read_text().splitlines()[2] == "ascend.fleet: driver 25.3 is not loaded; firmware [2Jtoo"


@pytest.mark.parametrize(
    ("reasons", "words"), [(["driver 25.3 is not loaded"], ": driver 25.3 is not loaded."), ([], ".")]
)
def test_where_it_is_not_allowed_nothing_is_asked(tmp_path, monkeypatch, reasons, words):
    host = Host(tmp_path, monkeypatch)
    with pytest.raises(AnsibleActionFail) as raised:
        act(host, monkeypatch, reasons=reasons, allowed=False)
    assert f"h needs a reboot{words} Allow it with ascend_allow_reboot: true" in str(raised.value)
    assert host.commands == []


def test_a_host_that_goes_down_slowly_is_watched_by_one_look(tmp_path, monkeypatch):
    """Every look is an execution on the host; this one ends with the host, or when it refuses."""
    counted = "echo x >>{folder}/slept"
    host = Host(tmp_path, monkeypatch, shutdown=":", sleep=counted)
    with pytest.raises(AnsibleActionFail, match="has not gone down within 3 s"):
        act(host, monkeypatch, reboot_timeout=3)
    looks = [command for command in host.commands if "left=20" in command]
    assert len(looks) == 1 and len((tmp_path / "slept").read_text().split()) >= 20


def test_systemd_starts_it_outside_the_session(tmp_path, monkeypatch):
    """There where systemd runs, which the machine of the tests need not."""
    monkeypatch.setattr(reboot, "_START", reboot._START.replace("/run/systemd/system", str(tmp_path)))
    host = Host(
        tmp_path, monkeypatch, **{"systemd-run": 'echo "$*" >{folder}/unit; while [ "$1" != sh ]; do shift; done; "$@"'}
    )
    assert act(host, monkeypatch)["rebooted"]
    unit = (tmp_path / "unit").read_text()
    assert unit.startswith("--quiet --unit=ascend-fleet-reboot-") and "/bin:" in unit


@pytest.mark.parametrize(
    "message",
    [
        '1"; touch pwned; "',
        "$(touch pwned)",
        "`touch pwned`",
        "1\ntouch pwned",
        "a\\",
        "'; touch pwned; '",
        "!id",
        "\u202e\x1b]0;title\x07x",
        "x" * 5000,
    ],
)
def test_no_text_of_a_host_reaches_the_shell(tmp_path, monkeypatch, message):
    host = Host(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    assert act(host, monkeypatch, msg=message)["rebooted"]
    told = (tmp_path / "told").read_text().splitlines()
    assert told[:2] == ["-r", "now"] and len(told) == 3 and len(told[2]) <= 300 and told[2].isprintable()
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    ("tools", "args", "words"),
    [
        (
            {},
            {"boot_time_command": "cat /nowhere"},
            "does not work there: cat: /nowhere: No such file.*ascend_boot_time_command",
        ),
        ({}, {"boot_time_command": "true"}, "does not work there: it prints nothing"),
        ({}, {"boot_time_command": "echo '"}, "does not work there: .*[Uu]nterminated"),
        ({"id": "echo 1000"}, {}, "does not run as root. Fix: set become"),
        ({"id": "exit 3"}, {}, "does not run as root"),
    ],
)
@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_is_started_where_it_could_not_be_proved(tmp_path, monkeypatch, tools, args, words, terminal):
    host = Host(tmp_path, monkeypatch, **tools)
    host.terminal = terminal
    with pytest.raises(AnsibleActionFail, match=f"(?s)^h was not rebooted. Cause: .*{words}"):
        act(host, monkeypatch, **args)
    assert not (tmp_path / "told").exists() and len(host.commands) == 1


def test_a_host_without_shutdown(tmp_path, monkeypatch):
    host = Host(tmp_path, monkeypatch)
    monkeypatch.setattr(host, "run", lambda command, sudoable: {"rc": 71, "stdout": "", "stderr": ""})
    with pytest.raises(AnsibleActionFail, match="no program shutdown in PATH"):
        act(host, monkeypatch)


def test_what_else_keeps_the_command_from_running_is_said(tmp_path, monkeypatch):
    host = Host(tmp_path, monkeypatch)
    monkeypatch.setattr(host, "run", lambda command, sudoable: {"rc": 1, "stdout": "", "stderr": "sudo: no tty\x1b[2J"})
    with pytest.raises(AnsibleActionFail, match=r"ended with 1: sudo: no tty\[2J. Fix"):
        act(host, monkeypatch)


def test_a_shutdown_that_refuses_ends_the_wait(tmp_path, monkeypatch):
    host = Host(tmp_path, monkeypatch, shutdown="echo Operation inhibited by backup >&2; exit 1")
    with pytest.raises(
        AnsibleActionFail, match=r"h does not reboot\. Cause: shutdown refused: Operation inhibited by backup"
    ):
        act(host, monkeypatch, reboot_timeout=1000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "boot"]


def test_the_control_node_is_not_rebooted(tmp_path, monkeypatch):
    host = Host(tmp_path, monkeypatch)
    with pytest.raises(AnsibleActionFail, match="connection is local"):
        act(host, monkeypatch, transport="local")
    assert not host.commands


def test_check_mode_asks_nobody(tmp_path, monkeypatch):
    host = Host(tmp_path, monkeypatch)
    result = act(host, monkeypatch, check_mode=True, diff=True)
    assert result["changed"] and not result["rebooted"] and result["diff"]["after"] == "boot: another boot\n"
    assert not host.commands


class Looks:
    """Answers one after the other, the last one for ever; each takes a second, one that does not come twelve."""

    def __init__(self, *answers):
        self.answers, self.seconds, self.count = list(answers), 0.0, 0

    def __call__(self):
        self.count += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.seconds += 12 if isinstance(answer, Exception) else 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sleep(self, seconds):
        self.seconds += seconds

    def wait(self, timeout=600):
        return reboot.wait(self, "first", timeout, "h", lambda: self.seconds, self.sleep)


SAME, OTHER, MUTE = reboot.Look("first"), reboot.Look("second"), reboot.Look(trouble="Permission denied")


def test_the_boot_that_it_came_back_with():
    looks = Looks(SAME, SAME, LOST, LOST, MUTE, OTHER)
    boot, seconds = looks.wait()
    assert boot == "second" and seconds == looks.seconds


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([SAME], "h has not gone down within 600 s"),
        (
            [SAME, LOST],
            "h did not come back within 600 s of its reboot. The last attempt said: ssh: .*ascend_reboot_timeout",
        ),
        ([LOST, LOST, SAME], "h was away and is back with the same boot.*ascend_boot_time_command"),
        ([SAME, MUTE], "h answers 600 s after its reboot, but not which boot it is in: Permission denied"),
    ],
)
def test_what_became_of_a_host_is_told_apart(answers, words):
    looks = Looks(*answers)
    with pytest.raises(AnsibleActionFail, match=words):
        looks.wait()
    assert 600 <= looks.seconds < 640


def test_a_boot_of_minutes_is_not_asked_for_every_second():
    looks = Looks(*[SAME] * 1000)
    with pytest.raises(AnsibleActionFail):
        looks.wait(1800)
    assert looks.count < 200
