"""Runs the playbooks as a user would, and keeps what they said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from hosts import ROOT, Hosts

HERE = Path(__file__).resolve().parent
OUT = ROOT / "build" / "rollout"
BIN = Path(sys.executable).parent
OLD = {"ascend_driver_version": "24.1.rc3", "ascend_cann_version": "8.0.RC3"}
NEW = {"ascend_driver_version": "25.3.rc1", "ascend_cann_version": "8.3.RC1"}
CANN = {"ascend_components": ["driver", "firmware", "cann", "kernels"]}


@dataclass
class Run:
    """How a run ended, what it printed and the report it left (empty when it left none)."""

    code: int
    text: str
    report: dict
    seconds: float

    def host(self, name: str) -> dict:
        """The report's record of one host."""
        return next(host for host in self.report["hosts"] if host["name"] == name)

    def statuses(self) -> dict[str, str]:
        return {host["name"]: host["status"] for host in self.report["hosts"]}


def environment(**more: str) -> dict[str, str]:
    """The same on every machine; more wins."""
    return {
        **os.environ,
        "ASCEND_ROOT": str(ROOT),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_STDOUT_CALLBACK": "ascend.fleet.progress",
        "PATH": f"{BIN}:{os.environ['PATH']}",
        **more,
    }


def command(hosts: Hosts, playbook: str, variables: dict, *arguments: str) -> list[str]:
    values = {"ascend_report_dir": str(OUT / "report"), **variables}
    return [
        str(BIN / "ansible-playbook"),
        f"ascend.fleet.{playbook}",
        "-i",
        str(hosts.inventory),
        "-i",
        str(HERE / "inventory"),
        "-e",
        json.dumps(values),
        *arguments,
    ]


def play(hosts: Hosts, playbook: str, variables: dict | None = None, *arguments: str, **settings: str) -> Run:
    """Run one playbook of the collection. settings: environment variables."""
    report = OUT / "report" / "report.json"
    report.unlink(missing_ok=True)
    started = time.monotonic()
    with (OUT / "log.txt").open("a+", encoding="utf-8") as log:
        log.write(f"\n$ {playbook} {variables} {arguments} {settings}\n")
        log.flush()
        begin = log.tell()
        code = subprocess.run(
            command(hosts, playbook, variables or {}, *arguments),
            cwd=ROOT,
            check=False,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment(**settings),
        ).returncode
        log.seek(begin)
        text = log.read()
    found = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    return Run(code, text, found, time.monotonic() - started)


def kill_when(hosts: Hosts, variables: dict, condition, *arguments: str) -> int:
    """Start site and kill its whole process group when condition() is true; the exit code (negative: the signal)."""
    with (OUT / "log.txt").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(
            command(hosts, "site", variables, *arguments),
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment(),
            start_new_session=True,
        )
        try:
            while process.poll() is None and not condition():
                time.sleep(0.3)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return process.wait()
