"""Runs molecule scenarios: all of them, or those named on the command line. Each makes and removes its own hosts."""

from __future__ import annotations

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
    failed = []
    for scenario in scenarios:
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
    print(f"{len(scenarios) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
