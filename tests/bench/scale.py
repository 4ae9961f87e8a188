"""No-op, plan and report for a thousand hosts, without one host: `make bench SCALE=1`, HOSTS (1000).

A connection plugin answers as a converged host does, so what is measured is the control node: processes, modules put
together, answers judged, hosts planned, tables and the report written. The hosts' own work and the network are not in
it.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.bench.pure import bench_plan
from tests.support import playbook as playbooks
from tests.support.paths import ROOT

HERE = Path(__file__).resolve().parent / "hostless"
BOOKS = {
    "floor": ROOT / "tests" / "bench" / "floor.yml",
    "plan": ROOT / "playbooks" / "plan.yml",
    "report": ROOT / "playbooks" / "report.yml",
    "noop": ROOT / "site.yml",
}
VARIABLES = {
    "ansible_connection": "hostless",
    "ansible_python_interpreter": "/usr/bin/python3",
    "ascend_cann_version": "8.3.RC1",
    "ascend_cann_flavor": "nnae",
    "ascend_components": ["driver", "firmware", "cann", "kernels"],
    "ascend_accept_findings": ["os-support"],
}
CONVERGED = bench_plan.STATES.index(("25.3.rc1", "7.8.0.2.212", "8.3.RC1"))


def _answer() -> dict:
    """What host_facts returns on a converged 910B server."""
    answer = copy.deepcopy(bench_plan.observation(CONVERGED + len(bench_plan.STATES)))
    facts = answer["ansible_facts"]["ascend"]
    facts["hostname"] = "HOSTNAME"
    return {"changed": False, **answer, "ping": "pong"}


def measure(hosts: int) -> dict:
    """Seconds, CPU seconds and executions per host of each playbook. Ends the program where one of them fails."""
    folder = Path(tempfile.mkdtemp(prefix="ascend-scale-"))
    result: dict = {"hosts": hosts, "load_before": round(os.getloadavg()[0], 1)}
    try:
        (folder / "answer.json").write_text(json.dumps(_answer()))
        rows = {f"node-{number:04}": {} for number in range(hosts)}
        artifacts = folder / "artifacts"
        artifacts.mkdir()
        shared = {**VARIABLES, "ascend_artifacts": str(artifacts), "ascend_report_dir": str(folder / "report")}
        (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": rows, "vars": shared}}))
        for name, book in BOOKS.items():
            count = folder / f"{name}.count"
            count.write_bytes(b"")
            done = playbooks.play(
                book,
                inventory=folder / "hosts.json",
                settings={
                    "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection_plugins"),
                    "HOSTLESS_ANSWER": str(folder / "answer.json"),
                    "HOSTLESS_COUNT": str(count),
                    "ANSIBLE_PIPELINING": "1",
                    "ANSIBLE_STDOUT_CALLBACK": "ascend.fleet.progress",
                },
                log=folder / f"{name}.log",
                timeout=3600,
            )
            if done.code:
                sys.exit(f"bench: {name} of {hosts} hosts ended with {done.code}:\n{done.text[-3000:]}")
            if name != "floor" and f"{hosts} unchanged" not in done.text:
                sys.exit(f"bench: not every host was found as it should be:\n{done.text[-3000:]}")
            result[name] = {
                "seconds": round(done.seconds, 1),
                "control_node_cpu_s": round(done.cpu, 1),
                "executions_per_host": round(len(count.read_text().splitlines()) / hosts, 2),
                "lines_on_the_screen": len(done.text.splitlines()),
            }
            print(f"{name}: {result[name]}", flush=True)
        result["noop_ratio"] = round(result["noop"]["seconds"] / result["floor"]["seconds"], 3)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"scale": result}
