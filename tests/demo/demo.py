"""The demo: a simulated fleet from bare operating system to generated text, and a second run that changes nothing."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.plugin_utils.report import page, text

from tests.support import playbook
from tests.support.fleet import Fleet, simulator
from tests.support.paths import BUILD, ROOT

FLEET = Fleet("ascend")
OUT = BUILD / "demo"


def say(text: str) -> None:
    print(f"\n==> {text}", flush=True)


def run_site(title: str, record: Path) -> dict:
    say(title)
    # The demo is the user's: what they have set for Ansible counts.
    settings = {name: value for name, value in os.environ.items() if name.startswith("ANSIBLE_")}
    settings = {"ANSIBLE_STDOUT_CALLBACK": "ascend.fleet.progress", **settings, **playbook.recorded(record)}
    print("$ ansible-playbook site.yml -i inventories/simulated", flush=True)
    inventory = ROOT / "inventories" / "simulated"
    run = playbook.play(ROOT / "site.yml", inventory=inventory, settings=settings, record=record)
    if not run.ok:
        sys.exit(f"The run ended with exit code {run.code}. Mend what it says and start `make demo` again; it goes on.")
    return {**run.record, "seconds": round(run.seconds, 1)}


def finish(second: dict) -> None:
    """Put the second run's counts into the report."""
    path = OUT / "report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    report["second_run"] = second
    path.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (OUT / "report.html").write_text(page.render(report, text.lines(report, text.WIDTH)), encoding="utf-8")


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    say("Start the simulated hosts: podman containers with systemd, SSH and fake NPUs on a network of their own")
    simulator("up")
    run_site("First run: from what is there to generated text", OUT / "run-1.json")
    before = FLEET.installer_starts()
    second = run_site("Second run: nothing may change", OUT / "run-2.json")
    started = FLEET.installer_starts() - before
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
