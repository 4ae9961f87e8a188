"""Runs molecule scenarios: all of them, or those named on the command line. Each makes and removes its own hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def main(names: list[str]) -> int:
    scenarios = names or sorted(path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml"))
    environment = {
        **os.environ,
        "ASCEND_ROOT": str(ROOT),
        "MOLECULE_GLOB": "molecule/*/molecule.yml",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    failed, skipped = [], 0
    for scenario in scenarios:
        reason = not_here(scenario)
        if reason:
            print(f"==> molecule {scenario}: skipped: {reason}", flush=True)
            skipped += 1
            continue
        started = time.monotonic()
        print(f"==> molecule {scenario}", flush=True)
        environment["ASCEND_FLEET_PREFIX"] = "mol-" + scenario.replace("_", "-")
        command = [str(BIN / "molecule"), "test", "--scenario-name", scenario]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        print(
            f"==> molecule {scenario}: {'failed' if code else 'passed'}, {time.monotonic() - started:.0f} s", flush=True
        )
        if code:
            failed.append(scenario)
    print(f"{len(scenarios) - len(failed) - skipped} passed, {len(failed)} failed, {skipped} skipped")
    return 1 if failed else 0


def not_here(scenario: str) -> str:
    """Why this machine can not run a scenario's hosts (another architecture without qemu); empty when it can."""
    fleet = ROOT / "molecule" / scenario / "fleet.json"
    hosts = json.loads(fleet.read_text())["hosts"] if fleet.exists() else []
    for arch in sorted({host["arch"] for host in hosts if "arch" in host}):
        command = [sys.executable, str(ROOT / "tests" / "simulator" / "fleet.py"), "emulates", arch]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode:
            return (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
