# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One simulated host to break: commands inside it, saved states, playbook runs against it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulator.sim import base
from tests.support import fleet as fleets
from tests.support import playbook
from tests.support.fleet import podman
from tests.support.playbook import Run, Running

FLEET = fleets.Fleet("faults")
# Set when the run is to end: nothing new is started any more.
STOP = threading.Event()
VARIABLES = {
    "ascend_components": ["driver", "firmware", "cann", "kernels"],
    "ascend_cann_flavor": "nnae",
    "ascend_driver_version": "25.3.rc1",
    "ascend_firmware_version": "7.8.0.2.212",
    "ascend_cann_version": "8.3.RC1",
    "ascend_cann_kernels": True,
    "ascend_rollout": ["100%"],
    "npu_driver_dkms": False,
    "npu_driver_timeout": 240,
    "cann_timeout": 240,
}
OLD = {"ascend_driver_version": "24.1.rc3", "ascend_firmware_version": "7.5.0.1.129", "ascend_cann_version": "8.0.RC3"}

# Everything vendor packages and we ourselves leave on a host.
_PLACES = (
    "/usr/local/Ascend /usr/local/sbin/npu-smi /usr/local/bin/npu-smi /usr/local/dcmi /etc/ascend_install.info"
    " /etc/Ascend /etc/ascend_driver.conf /lib/davinci.conf /etc/ld.so.conf.d/ascend_driver_so.conf"
    " /etc/systemd/system/host_sys_init.service /etc/systemd/system/multi-user.target.wants/host_sys_init.service"
    " /var/lib/ascend-fleet /var/lib/dkms /usr/src/davinci_ascend-1.0"
    " /var/lib/npu-sim/firmware.flash /var/lib/npu-sim/firmware.running"
)
# A watch with all that it started: timeout leads a group of its own.
_WATCHES = r"""
for pid in $(pgrep -f '^timeout 150 .* watches-for-it$'); do kill -9 -- "-$pid"; done
"""
# What an interrupted run may have left running: installers, modules.
_STRAY = r"""
for place in /proc/[0-9]*; do
    pid=${place#/proc/}
    [ "$pid" -gt 1 ] && [ "$pid" != $$ ] || continue
    words=$(tr '\0' ' ' <"$place/cmdline" 2>/dev/null) || continue
    case "$words" in
        *ansible*|*Ansi*|*/var/lib/ascend-fleet/*|*.run\ --*|*/makeself*|*/selfgz*|*holds-the-npu*|lock-keeper*)
            kill -9 "$pid" 2>/dev/null ;;
    esac
done
true"""
_RESTORE = r"""
UNDO
for place in /usr/local/Ascend /var/lib/ascend-fleet; do
    while mountpoint -q $place; do umount -l $place || break; done
done
chattr -R -i /usr/local/Ascend 2>/dev/null
rm -rf PLACES
tar -C / -xpf /root/states/STATE.tar
rm -rf /var/lib/npu-sim/faults/* /tmp/selfgz* /tmp/makeself* /run/ascend-fleet
: >/var/lib/npu-sim/processes
: >/var/log/npu-sim/vendor-calls.log
systemctl daemon-reload
/usr/lib/npu-sim/hardware unload
[ ! -e /usr/local/Ascend/driver/script/host_sys_init.sh ] || bash /usr/local/Ascend/driver/script/host_sys_init.sh
"""


class Stopped(Exception):
    """The run is to end; what was at work is no result."""


@dataclass
class Box:
    """A host of the fleet `faults` and its folder of inventories, artifacts and logs."""

    name: str
    chip: str
    work: Path
    undo: str = ""  # script that takes back what cases do to a host outside of its states
    processes: list[subprocess.Popen | Running] = field(default_factory=list)

    @property
    def container(self) -> str:
        return FLEET.container(self.name)

    def prepare(self) -> None:
        """Write the inventory with this host alone."""
        self.work.mkdir(parents=True, exist_ok=True)
        fleet = json.loads(FLEET.inventory.read_text())["all"]["children"]["npu"]
        hosts = {self.name: fleet["hosts"][self.name]}
        (self.work / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": fleet["vars"]}}, indent=1))

    # -- commands on the host -------------------------------------------------------------------------------------

    def sh(self, script: str, timeout: float = 60, check: bool = False) -> str:
        """Run a script as root inside the host; its output, standard error included."""
        if STOP.is_set():
            raise Stopped(self.name)
        done = podman("exec", self.container, "bash", "-c", script, timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.name}: {script[:200]}: {done.stdout[-500:]}")
        return done.stdout

    def watch(self, script: str) -> subprocess.Popen:
        """Start a script inside the host that waits for its moment and says STRUCK when it has acted."""
        process = subprocess.Popen(
            ["podman", "exec", self.container, "timeout", "150", "bash", "-c", script, "watches-for-it"],
            env=base.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def end_watches(self) -> None:
        """End watches whose moment did not come: it must not come in the next run."""
        self.sh(_WATCHES)

    def fault(self, name: str, text: str = "") -> None:
        """Set a fault of the simulated installers (tests/simulator/README.md)."""
        FLEET.fault(self.name, name, text)

    def heal(self) -> None:
        """Take every simulated fault away."""
        FLEET.heal(self.name)

    def power_cut(self) -> None:
        """Every process gone at once, then on again. podman may or may not start the host by itself."""
        podman("kill", self.container)
        self.power_on()

    def power_on(self) -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            podman("start", self.container)
            if "running" in self.sh("systemctl is-system-running --wait", timeout=60) or self._answers():
                return
            time.sleep(0.5)
        raise RuntimeError(f"{self.name} does not come back")

    def _answers(self) -> bool:
        return "active" in self.sh("systemctl is-active ssh sshd").split()

    # -- states ---------------------------------------------------------------------------------------------------

    def save(self, state: str) -> None:
        """Keep the vendor's and our own files under a name."""
        target = f"/root/states/{state}.tar"
        self.sh(f"mkdir -p /root/states; tar -C / --ignore-failed-read -cpf {target} {_PLACES} 2>/dev/null")

    def restore(self, state: str) -> None:
        """Back to a kept state: nothing left running, no fault, the kept driver loaded."""
        self.end_processes()
        if not self._answers():
            self.power_on()
        back = _RESTORE.replace("UNDO", self.undo).replace("PLACES", _PLACES).replace("STATE", state)
        self.sh(_WATCHES + _STRAY + back)
        if "/var/lib/npu-sim/firmware.flash" in self.sh("ls /var/lib/npu-sim/firmware.flash 2>&1 >/dev/null"):
            raise RuntimeError(f"{self.name}: state {state} was not restored")

    def end_processes(self) -> None:
        """End what was started here and still runs: playbooks, watches."""
        self.kill_processes()
        for process in self.processes:
            if isinstance(process, subprocess.Popen) and process.stdout:
                process.stdout.close()
        self.processes.clear()

    def kill_processes(self) -> None:
        for process in list(self.processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def calls(self) -> list[dict]:
        """The vendor calls since the state was restored."""
        return FLEET.calls(self.name)

    # -- playbook runs --------------------------------------------------------------------------------------------

    def start(self, artifacts: Path, variables: dict, log: Path, *words: str) -> Running:
        """Start the site playbook; end it with finish()."""
        if STOP.is_set():
            raise Stopped(self.name)
        process = playbook.start(
            "ascend.fleet.site",
            *words,
            inventory=self.work / "hosts.json",
            variables={
                **VARIABLES,
                "ascend_artifacts": str(artifacts),
                "ascend_report_dir": str(log.with_suffix("")),
                **variables,
            },
            # A cut connection should be noticed within seconds here, not minutes.
            settings={
                "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=3"
                " -o ServerAliveCountMax=3 -o ConnectTimeout=10"
            },
            log=log,
        )
        self.processes.append(process)
        return process

    def finish(self, process: Running, timeout: float = 600) -> Run:
        """How a playbook run ended."""
        run = process.wait(timeout)
        if STOP.is_set():
            raise Stopped(self.name)
        return run

    def play(self, artifacts: Path, variables: dict, log: Path, *words: str) -> Run:
        return self.finish(self.start(artifacts, variables, log, *words))


def said(process: subprocess.Popen, seconds: float) -> str:
    """What a watch has said within this time; "" when it said nothing, or nothing more will come."""
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    return os.read(process.stdout.fileno(), 4096).decode(errors="replace") if ready else ""


def fleet(command: str) -> None:
    """up or down of the fleet `faults`."""
    words = ["--fleet", str(Path(__file__).with_name("fleet.json"))] if command == "up" else ["--prefix", FLEET.prefix]
    fleets.simulator(command, *words, quiet=True)
