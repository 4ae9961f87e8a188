"""A simulated host that one ansible-core brings to its versions, and that others then have nothing to do on."""

from __future__ import annotations

from pathlib import Path

from tests.support import playbook, ssh_count
from tests.support.fleet import Fleet as Hosts
from tests.support.paths import ARTIFACTS

HOSTS = Hosts("matrix")
SUBNET = "10.213.78.0/24"
WANTED = {
    "ascend_driver_version": "25.3.rc1",
    "ascend_cann_version": "8.3.RC1",
    "ascend_components": ["driver", "firmware", "cann"],
    "npu_driver_dkms": False,
}


class Fleet:
    """With it a bare host is up; it is gone afterwards."""

    def __init__(self, work: Path) -> None:
        self.work = work

    def __enter__(self) -> Fleet:
        HOSTS.up([{"name": "npu", "chip": "910B3", "cards": 2}], SUBNET)
        return self

    def __exit__(self, *_error: object) -> None:
        HOSTS.down()

    def site(self, tools: Path, settings: dict[str, str]) -> list[str]:
        """Run the main job. Returns why it was more than a look at each host, as sentences; empty when it was not.

        Raises:
            RuntimeError: it failed; with its last words.
        """
        before = HOSTS.installer_starts()
        run = playbook.play(
            "ascend.fleet.site",
            "-vvv",
            inventory=HOSTS.inventory,
            variables={
                **WANTED,
                "ascend_artifacts": str(ARTIFACTS),
                "ascend_report_dir": str(self.work / "report"),
            },
            settings={**settings, "ANSIBLE_STDOUT_CALLBACK": "default"},
            tools=tools,
            log=self.work / "site.log",
            record=self.work / "record.json",
        )
        if not run.ok:
            raise RuntimeError(f"exit code {run.code}\n{run.text[-4000:]}")
        wrong = [f"changed: {task}" for task in run.record["changed_tasks"]]
        wrong += ssh_count.check_noop(run.text, HOSTS.addresses.values())
        if run.record["artifact_bytes"]:
            wrong.append(f"{run.record['artifact_bytes']} bytes of artifacts were sent")
        started = HOSTS.installer_starts() - before
        return [*wrong, f"{started} installers were started"] if started else wrong
