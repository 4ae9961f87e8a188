"""A simulated host that one ansible-core brings to its versions, and that others then have nothing to do on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "simulator"))

from sim import base, description, hosts, image
from support import ssh_count

ROOT = Path(__file__).resolve().parents[1]
PREFIX = "matrix"
FLEET = {"prefix": PREFIX, "subnet": "10.213.78.0/24", "hosts": [{"name": "npu", "chip": "910B3", "cards": 2}]}
WANTED = {
    "ascend_driver_version": "25.3.rc1",
    "ascend_cann_version": "8.3.RC1",
    "ascend_components": ["driver", "firmware", "cann"],
    "npu_driver_dkms": False,
}
CALLS = "/var/log/npu-sim/vendor-calls.log"


class Fleet:
    """With it a bare host is up; it is gone afterwards."""

    def __init__(self, work: Path) -> None:
        self.work = work

    def __enter__(self) -> Fleet:
        path = self.work / "fleet.json"
        path.write_text(json.dumps(FLEET), encoding="utf-8")
        fleet = description.load(path)
        hosts.up(fleet, image.build(None), again=True)
        self.addresses = [host.address for host in fleet.hosts]
        return self

    def __exit__(self, *_error: object) -> None:
        hosts.down(PREFIX)

    def site(self, tools: Path, environment: dict[str, str]) -> list[str]:
        """Run the main job. Returns why it was more than a look at each host, as sentences; empty when it was not.

        Raises:
            RuntimeError: it failed; with its last words.
        """
        record = self.work / "record.json"
        variables = {
            **WANTED,
            "ascend_artifacts": str(base.CACHE / "artifacts"),
            "ascend_report_dir": str(self.work / "report"),
        }
        command = [tools / "ansible-playbook", "ascend.fleet.site", "-vvv", "-e", json.dumps(variables)]
        before = self._installers()
        done = subprocess.run(
            [*map(str, command), "-i", str(hosts.folder(PREFIX) / "hosts.json")],
            cwd=ROOT,
            env={
                **environment,
                "ANSIBLE_STDOUT_CALLBACK": "default",
                "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests" / "demo" / "callback"),
                "ANSIBLE_CALLBACKS_ENABLED": "run_record",
                "RUN_RECORD": str(record),
            },
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"exit code {done.returncode}\n{done.stdout[-4000:]}")
        said = json.loads(record.read_text(encoding="utf-8"))
        wrong = [f"changed: {task}" for task in said["changed_tasks"]]
        wrong += ssh_count.check_noop(done.stdout, self.addresses)
        if said["artifact_bytes"]:
            wrong.append(f"{said['artifact_bytes']} bytes of artifacts were sent")
        started = self._installers() - before
        return [*wrong, f"{started} installers were started"] if started else wrong

    def _installers(self) -> int:
        """How often a vendor's program was started on the hosts so far."""
        names = hosts.containers(PREFIX)
        logs = [base.podman("exec", name, "sh", "-c", f"cat {CALLS} 2>/dev/null || true") for name in names]
        return sum(json.loads(line)["event"] == "start" for log in logs for line in log.splitlines())
