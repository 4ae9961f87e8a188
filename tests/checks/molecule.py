"""Runs molecule scenarios: those of every change, those named on the command line, or with --all every one.

Each makes and removes its own hosts. Two run at a time (ASCEND_MOLECULE_JOBS says otherwise): a scenario spends half of
its time waiting.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.paths import BIN, BUILD, COLLECTIONS, ROOT

LOGS = BUILD / "molecule"
# They start first, so that none of them is left to run alone at the end.
LONGEST = ("torch", "network", "frameworks", "npu_exporter", "aarch64", "site", "inference_check", "theirs")


# Many hosts, or hosts under emulation: minutes that not every change can wait for. `make molecule-all` runs them too.
APART = ("frameworks", "network", "relay", "tensorflow", "torch")


def main(names: list[str]) -> int:
    every = sorted(path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml"))
    scenarios = every if names == ["--all"] else names or [name for name in every if name not in APART]
    scenarios.sort(key=lambda name: (name not in LONGEST, name))
    LOGS.mkdir(parents=True, exist_ok=True)
    jobs = int(os.environ.get("ASCEND_MOLECULE_JOBS") or min(2, os.cpu_count() or 1))
    print(f"==> molecule: {len(scenarios)} scenarios, {jobs} at a time", flush=True)
    with ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(run, scenarios))
    # Whole and in the end: between the others nobody finds it.
    for name in [name for name, word in zip(scenarios, results, strict=True) if word == "failed"]:
        print(f"\n==> molecule {name}\n{log_of(name).read_text(encoding='utf-8', errors='replace')}", flush=True)
    print(", ".join(f"{results.count(word)} {word}" for word in ("passed", "failed", "skipped")))
    return 1 if "failed" in results else 0


def run(scenario: str) -> str:
    """Run one scenario, its output into a file of its own; "passed", "failed" or "skipped"."""
    reason = not_here(scenario)
    if reason:
        print(f"==> molecule {scenario}: skipped: {reason}", flush=True)
        return "skipped"
    environment = {
        **os.environ,
        "ASCEND_ROOT": str(ROOT),
        "ASCEND_FLEET_PREFIX": "mol-" + scenario.replace("_", "-"),
        "MOLECULE_GLOB": "molecule/*/molecule.yml",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    started = time.monotonic()
    path = log_of(scenario)
    print(f"==> molecule {scenario}: started, follow it in {path.relative_to(ROOT)}", flush=True)
    with path.open("w", encoding="utf-8") as log:
        command = [str(BIN / "molecule"), "test", "--scenario-name", scenario]
        code = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ).returncode
    word = "failed" if code else "passed"
    print(f"==> molecule {scenario}: {word}, {time.monotonic() - started:.0f} s", flush=True)
    return word


def log_of(scenario: str) -> Path:
    """The file that a scenario's output goes to."""
    return LOGS / f"{scenario}.log"


def not_here(scenario: str) -> str:
    """Why this machine can not run a scenario's hosts (another architecture without qemu); empty when it can."""
    fleet = ROOT / "molecule" / scenario / "fleet.json"
    hosts = json.loads(fleet.read_text())["hosts"] if fleet.exists() else []
    for arch in sorted({host["arch"] for host in hosts if "arch" in host}):
        command = [sys.executable, "-m", "tests.simulator.fleet", "emulates", arch]
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if answer.returncode:
            return (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
