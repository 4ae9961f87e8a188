"""The demo: a simulated fleet from bare operating system to generated text, and a second run that changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
OUT = ROOT / "build" / "demo"
SIMULATOR = [sys.executable, str(ROOT / "tests" / "simulator" / "fleet.py")]


def say(text: str) -> None:
    print(f"\n==> {text}", flush=True)


def run_site(title: str, record: Path) -> dict:
    say(title)
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_STDOUT_CALLBACK": os.environ.get("ANSIBLE_STDOUT_CALLBACK", "ascend.fleet.progress"),
        "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests" / "demo" / "callback"),
        "ANSIBLE_CALLBACKS_ENABLED": "run_record",
        "RUN_RECORD": str(record),
    }
    command = [str(BIN / "ansible-playbook"), "site.yml", "-i", "inventories/simulated"]
    print(f"$ {' '.join(['ansible-playbook', *command[1:]])}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    if code:
        sys.exit(f"The run ended with exit code {code}. Mend what it says and start `make demo` again; it goes on.")
    return {**json.loads(record.read_text(encoding="utf-8")), "seconds": round(time.monotonic() - started, 1)}


def vendor_calls() -> int:
    """How many times a vendor installer was started on the fleet, from the packages' own log."""
    sys.path.insert(0, str(ROOT / "tests" / "simulator"))
    from sim import hosts
    from sim.base import podman

    logs = [
        podman("exec", name, "sh", "-c", "cat /var/log/npu-sim/vendor-calls.log 2>/dev/null || true")
        for name in hosts.containers("ascend")
    ]
    return sum(json.loads(line)["event"] == "start" for log in logs for line in log.splitlines())


def finish(second: dict) -> None:
    """Put the second run's counts into the report."""
    sys.path.insert(0, str(ROOT / ".cache" / "collections"))
    from ansible_collections.ascend.fleet.plugins.plugin_utils.report import page, text

    path = OUT / "report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    report["second_run"] = second
    path.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (OUT / "report.html").write_text(page.render(report, text.lines(report, text.WIDTH)), encoding="utf-8")


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    say("Start the simulated hosts: podman containers with systemd, SSH and fake NPUs on a network of their own")
    subprocess.run([*SIMULATOR, "up"], check=True)
    run_site("First run: from what is there to generated text", OUT / "run-1.json")
    before = vendor_calls()
    second = run_site("Second run: nothing may change", OUT / "run-2.json")
    started = vendor_calls() - before
    finish(
        {
            "changed": second["changed"],
            "installers_started": started,
            "artifact_bytes": second["artifact_bytes"],
            "seconds": second["seconds"],
        }
    )
    if second["changed"] or started or second["artifact_bytes"]:
        sys.exit(
            f"The second run was not a no-op: {second['changed_tasks']}, {started} installers, "
            f"{second['artifact_bytes']} bytes"
        )
    say(f"Done: second run changed=0, no vendor installer started, no artifact byte sent ({second['seconds']} s)")
    print("    report   build/demo/report.html and build/demo/report.json")
    print("    again    make demo            (goes on with the same hosts)")
    print("    remove   make clean")


if __name__ == "__main__":
    main()
