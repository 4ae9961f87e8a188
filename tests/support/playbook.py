"""Runs playbooks as a user would, and says how they ended: the one way in which tests start ansible-playbook."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.support.paths import BIN, CALLBACKS, COLLECTIONS, ROOT

# Set by those who started the tests; they would change what a playbook does or prints.
_NOT_OURS = re.compile(r"ANSIBLE_|PYTEST_|PYTHONPATH$|PYTHONDONTWRITEBYTECODE$|PY_COLORS$|FORCE_COLOR$|CLICOLOR")
_RECAP = re.compile(r"^(?P<host>\S+)\s+: (?P<counts>ok=\d+ .*)$", re.MULTILINE)


@dataclass
class Run:
    """How a run ended.

    code: exit code; negative: the signal that ended it; 124: it did not end in time.
    text: what it printed, both streams (empty when it printed to the terminal).
    seconds: on the wall. cpu: seconds of user and system time of it and its children on the control node.
    record: what callback run_record noted; report: the report's JSON; empty when there is none.
    """

    code: int
    text: str
    seconds: float
    cpu: float = 0.0
    record: dict = field(default_factory=dict)
    report: dict = field(default_factory=dict)
    log: Path | None = None

    @property
    def ok(self) -> bool:
        """Whether the run claims that everything is as it should be."""
        return self.code == 0

    def words(self, host: str) -> str:
        """How it ended, in two words and the number of changes on a host."""
        if self.ok:
            return f"ok, changed={self.recap(host).get('changed', -1)}"
        return f"ended by signal {-self.code}" if self.code < 0 else "failed"

    def recap(self, host: str) -> dict[str, int]:
        """The last lines' counts of one host: ok, changed, unreachable, failed ...; empty when it is not there."""
        for row in _RECAP.finditer(self.text):
            if row["host"] == host:
                return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", row["counts"])}
        return {}

    def host(self, name: str) -> dict:
        """The report's record of one host. Raises StopIteration when it has none."""
        return next(host for host in self.report["hosts"] if host["name"] == name)

    def statuses(self) -> dict[str, str]:
        """What the report says became of each host."""
        return {host["name"]: host["status"] for host in self.report["hosts"]}


def environment(tools: Path = BIN, **settings: str) -> dict[str, str]:
    """The variables that a playbook of ours runs in: the same wherever the tests were started from.

    Args:
        tools: folder of ansible's programs.
        settings: further variables; they win.
    """
    return {
        **{name: value for name, value in os.environ.items() if not _NOT_OURS.match(name)},
        "PATH": f"{tools}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "ASCEND_ROOT": str(ROOT),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        **settings,
    }


def recorded(record: Path) -> dict[str, str]:
    """The variables with which callback run_record notes into a file what a run did."""
    return {
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "run_record",
        "RUN_RECORD": str(record),
    }


class Running:
    """A command that has been started, in a process group of its own unless it owns the terminal.

    Args:
        command: its words.
        variables: its environment.
        log: where its output goes, behind what is there; None leaves it on the terminal.
        record: the file that run_record writes. report: the report that it leaves. Both are removed before.
        cwd: the folder it is started in.
        terminal: descriptor of a terminal to print to, in place of the tests' own.
    """

    def __init__(
        self,
        command: list[str],
        variables: dict[str, str],
        log: Path | None = None,
        record: Path | None = None,
        report: Path | None = None,
        cwd: Path = ROOT,
        terminal: int | None = None,
    ) -> None:
        self._log, self._record, self._report = log, record, report
        for path in filter(None, (record, report)):
            path.unlink(missing_ok=True)
        self._offset, self._cpu = 0, 0.0
        self._code: int | None = None
        self._one = threading.Lock()
        with contextlib.ExitStack() as stack:
            stream: IO[bytes] | int | None = terminal
            if log:
                log.parent.mkdir(parents=True, exist_ok=True)
                stream = stack.enter_context(log.open("ab"))
                self._offset = stream.tell()
            self._begun = time.monotonic()
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env=variables,
                stdin=None if stream is None else subprocess.DEVNULL,
                stdout=stream,
                stderr=None if stream is None else subprocess.STDOUT,
                start_new_session=bool(log),
            )
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, None as long as it runs."""
        with self._one:
            if self._code is None:
                pid, status, usage = os.wait4(self.pid, os.WNOHANG)
                if pid:
                    self._code = self._process.returncode = os.waitstatus_to_exitcode(status)
                    self._cpu = usage.ru_utime + usage.ru_stime
            return self._code

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to it and all that it started."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended this very moment
                os.killpg(self.pid, number)

    def wait(self, timeout: float | None = None) -> Run:
        """How it ended; killed with code 124 when it has not after so many seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        try:
            while end is not None and self.poll() is None:
                if time.monotonic() > end:
                    self.kill()
                    self._await()
                    self._code = 124
                time.sleep(0.05)
            self._await()
        except BaseException:  # interrupted: nothing of it may go on behind the tests' back
            if self._log:
                self.kill()
            raise
        seconds = time.monotonic() - self._begun
        return Run(self._code, self.text(), seconds, self._cpu, _json(self._record), _json(self._report), self._log)

    def text(self) -> str:
        """What it has printed so far."""
        if not self._log:
            return ""
        with self._log.open("rb") as stream:
            stream.seek(self._offset)
            return stream.read().decode(errors="replace")

    def _await(self) -> None:
        """Sleep until it has ended; what it cost is read once, whoever else asks meanwhile."""
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        self.poll()


def _json(path: Path | None) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path and path.is_file() else {}


def start(
    playbook: str | Path,
    *options: str,
    inventory: list[Path] | Path | str,
    variables: dict | None = None,
    settings: dict[str, str] | None = None,
    tools: Path = BIN,
    log: Path | None = None,
    record: Path | None = None,
    report: Path | None = None,
    cwd: Path = ROOT,
    terminal: int | None = None,
) -> Running:
    """Start a playbook.

    Args:
        playbook: its full name (ascend.fleet.site) or its file.
        options: further words of the command line.
        inventory: one or several inventories; a text is one as the command line takes it ("a,b,").
        variables: extra variables.
        settings: variables of its environment, over those of environment().
        tools: folder of ansible's programs.
        log: its output goes there, without colours; None leaves it on the terminal.
        record: the file into which callback run_record notes what it did.
        report: the JSON report that it leaves.
        cwd: the folder it is started in.
        terminal: descriptor of a terminal to print to, in place of the tests' own.
    """
    command = [str(tools / "ansible-playbook"), str(playbook)]
    for path in inventory if isinstance(inventory, list) else [inventory]:
        command += ["-i", str(path)]
    if variables:
        command += ["-e", json.dumps(variables)]
    more = {
        **({"ANSIBLE_NOCOLOR": "1"} if log else {}),
        **(recorded(record) if record else {}),
        **(settings or {}),
    }
    return Running([*command, *options], environment(tools, **more), log, record, report, cwd, terminal)


def play(playbook: str | Path, *options: str, timeout: float | None = None, **details) -> Run:
    """start(), and how it ended; see there for the details."""
    return start(playbook, *options, **details).wait(timeout)
