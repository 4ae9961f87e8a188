"""The hosts that are measured: simulated servers of our own prefix and network, bare again whenever asked for."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.measure import WORK
from tests.simulator.sim import base, hosts, image
from tests.support.fleet import Fleet, podman

PREFIX = "bench"
FLEET = Fleet(PREFIX)
SUBNET = "10.214.0.0/22"
# Seconds a simulated installer works. Real ones: half a minute (firmware) to minutes (CANN).
INSTALLER_SECONDS = int(os.environ.get("INSTALLER_SECONDS") or 10)
_FIRMWARE = ("firmware.flash", "firmware.running")
PARALLEL = 32  # as many as the forks of ansible.cfg
# A server and an operating system both sides support. The packages are those the vendor's installers and the peer call.
OS_RELEASE = {
    "ID": "ubuntu",
    "ID_LIKE": "debian",
    "NAME": "Ubuntu",
    "PRETTY_NAME": "Ubuntu 22.04 LTS",
    "VERSION_ID": "22.04",
    "VERSION": "22.04 LTS (Jammy Jellyfish)",
}
PACKAGES = ("python3-pip", "pciutils", "net-tools", "dmidecode", "bzip2", "unzip", "tar")
COMPONENTS = ["driver", "firmware", "cann", "kernels"]
MINDSPORE = "2.7.1" if os.environ.get("MINDSPORE", "0") == "1" else ""
if MINDSPORE:
    COMPONENTS += ["python", "mindspore"]
    PACKAGES += ("gcc", "g++", "make", "cmake", "python3-venv", "python3-dev")  # from the distribution, for both sides
VARIABLES = f"""\
ansible_python_interpreter: /usr/bin/python3
ascend_cann_version: "8.3.RC1"
ascend_cann_flavor: nnae
ascend_components: [{", ".join(COMPONENTS)}]
ascend_artifacts: "{{{{ inventory_dir }}}}/../../simulator/artifacts"
# Everybody at once, as the bare sequence does it.
ascend_rollout: ["100%"]
npu_driver_dkms: false
ascend_report_dir: "{{{{ inventory_dir }}}}/../report"
"""
if MINDSPORE:
    VARIABLES += f"""\
ascend_mindspore_version: "{MINDSPORE}"
ascend_device_target: CPU
ascend_accept_findings: [device-target-cpu]
"""


class Hosts:
    """count simulated servers with eight NPUs each."""

    def __init__(self, count: int) -> None:
        self.count = count
        # Sockets of kept SSH connections: ssh wants short paths.
        self.sockets = Path(tempfile.mkdtemp(prefix="ascend-bench-"))
        self._image = ""

    def prepare(self) -> None:
        """An image with the packages the installers call and the key for root, which the peer wants."""
        hosts.key()
        added = " ".join(PACKAGES) + hosts.KEY.with_suffix(".pub").read_text(encoding="utf-8")
        self._image = FLEET.prepared(
            self._row(1, None),
            SUBNET,
            PACKAGES,
            f"cp /etc/ssh/authorized_keys.d/{base.LOGIN_USER} /etc/ssh/authorized_keys.d/root",
            f"-{hashlib.sha256(added.encode()).hexdigest()[:6]}",
        )

    def bare(self, count: int | None = None) -> None:
        """Throw the hosts away and start them (or only so many) anew."""
        self._begin(count or self.count, self._image)

    def copy_first(self) -> None:
        """As many hosts as wanted, each a copy of the first one as it is now, firmware on its chips included."""
        image_name = f"{image.REPOSITORY}:{PREFIX}-copy"
        first = next(iter(FLEET.addresses))
        firmware = {name: (FLEET.silicon(first) / name).read_text(encoding="utf-8") for name in _FIRMWARE}
        podman("commit", "-q", FLEET.container(first), image_name, timeout=900, check=True)
        self._begin(self.count, image_name)
        for host in FLEET.addresses:
            for name, text in firmware.items():
                (FLEET.silicon(host) / name).write_text(text, encoding="utf-8")

    def _begin(self, count: int, image_name: str) -> None:
        """Start hosts from an image and write their inventory."""
        self.disconnect()
        FLEET.up([self._row(count, image_name)], SUBNET)
        folder = WORK / "inventory"
        (folder / "group_vars").mkdir(parents=True, exist_ok=True)
        shutil.copy(FLEET.inventory, folder / "hosts.json")
        (folder / "group_vars" / "all.yml").write_text(VARIABLES, encoding="utf-8")

    def down(self) -> None:
        self.disconnect()
        FLEET.down()

    def remove(self) -> None:
        """Everything that this run has made outside the cache folder."""
        self.down()
        podman("rmi", "-f", f"{image.REPOSITORY}:{PREFIX}-copy")
        shutil.rmtree(self.sockets, ignore_errors=True)

    def disconnect(self) -> None:
        """End the kept connections: the next run has to log in again."""
        for socket in self.sockets.iterdir():
            subprocess.run(
                ["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "bench"], capture_output=True, check=False
            )

    @property
    def addresses(self) -> list[str]:
        return list(FLEET.addresses.values())

    @property
    def known_hosts(self) -> Path:
        return FLEET.known_hosts

    def each(self, function) -> list:
        """function(address) for every host, as many at once as Ansible has forks."""
        with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
            return list(pool.map(function, self.addresses))

    def installer_starts(self) -> int:
        """How often a vendor installer was started so far on all hosts."""
        command = 'grep -c \'"event": *"start"\' /var/log/npu-sim/vendor-calls.log || true'
        return sum(int(done.stdout or 0) for done in self.each(lambda address: self.ssh(address, command)))

    def cpu_seconds(self) -> float | None:
        """CPU seconds all hosts have used since they started, or None where the machine does not count them.

        Read from their control groups on this machine, so that asking costs the hosts nothing.
        """
        names = map(FLEET.container, FLEET.addresses)
        try:
            return sum(map(_cpu_of, base.podman("inspect", "--format", "{{.State.Pid}}", *names).split()))
        except (OSError, ValueError, LookupError):
            return None

    def ssh(self, address: str, command: str) -> subprocess.CompletedProcess[str]:
        """A command on a host as the login user; the host's key is checked."""
        words = ["ssh", *self.ssh_options(), f"{base.LOGIN_USER}@{address}", command]
        return subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)

    def ssh_options(self) -> list[str]:
        return [
            "-i",
            str(hosts.KEY),
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "ConnectTimeout=5",
            "-o",
            f"UserKnownHostsFile={self.known_hosts}",
            "-o",
            "StrictHostKeyChecking=yes",
            "-o",
            "LogLevel=ERROR",
        ]

    def reboot(self, address: str, timeout: float = 300) -> None:
        """Reboot one host and wait until it answers with a newer process 1. Raises TimeoutError."""
        started = "awk '{print $22}' /proc/1/stat"
        before = self.ssh(address, started).stdout
        self.ssh(address, "sudo systemctl reboot")
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            answer = self.ssh(address, started)
            if answer.returncode == 0 and answer.stdout != before:
                return
            time.sleep(0.5)
        raise TimeoutError(f"{address} did not come back within {timeout:.0f} s")

    def _row(self, count: int, image_name: str | None) -> dict:
        row = {
            "name": "n",
            "count": count,
            "chip": "910B3",
            "cards": 8,
            "os_release": OS_RELEASE,
            "settings": {"installer_seconds": INSTALLER_SECONDS},
        }
        return {**row, "image": image_name} if image_name else row


def _cpu_of(pid: str) -> float:
    """CPU seconds of the container of a process, counted by version 1 or 2 of control groups."""
    rows = [line.split(":", 2) for line in Path("/proc", pid, "cgroup").read_text(encoding="utf-8").splitlines()]
    counted = [path for _id, controllers, path in rows if "cpuacct" in controllers.split(",")]
    if counted:
        return int(Path(f"/sys/fs/cgroup/cpuacct{counted[0]}/cpuacct.usage").read_text(encoding="utf-8")) / 1e9
    # systemd moves itself to a group below the container's.
    group = Path("/sys/fs/cgroup" + rows[0][2].removesuffix("/init.scope"))
    usage = dict(line.split() for line in (group / "cpu.stat").read_text(encoding="utf-8").splitlines())
    return int(usage["usage_usec"]) / 1e6
