"""Simulated hosts as tests see them: commands past SSH, faults, what the vendor's programs noted. One podman."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from tests.simulator.sim import base, description, hosts, image
from tests.support.paths import ROOT

# What the simulated vendor programs note, one JSON object a line; it exists once one was started.
CALLS = "/var/log/npu-sim/vendor-calls.log"


def podman(*words: str, timeout: float = 300, check: bool = False) -> subprocess.CompletedProcess[str]:
    """Run podman as the simulator does; code 124 when it does not end in time.

    Args:
        words: its command line.
        timeout: in seconds.
        check: whether a failure is an error.

    Returns:
        Code and output, both streams in stdout, in the order in which they were written.

    Raises:
        subprocess.CalledProcessError: it failed and check is true.
    """
    command = ["podman", *words]
    try:
        done = subprocess.run(
            command,
            env=base.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        done = subprocess.CompletedProcess(command, 124, "did not end in time")
    if check:
        done.check_returncode()
    return done


class Fleet:
    """The simulated hosts of one prefix, whoever has started them.

    Args:
        prefix: name of the fleet.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    # -- what there is --------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        return hosts.folder(self.prefix)

    @property
    def inventory(self) -> Path:
        """The inventory that the simulator has written: connection facts only."""
        return self.folder / "hosts.json"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def addresses(self) -> dict[str, str]:
        """Address of each host, in the order of the inventory."""
        rows = json.loads(self.inventory.read_text(encoding="utf-8"))["all"]["children"]["npu"]["hosts"]
        return {name: row["ansible_host"] for name, row in rows.items()}

    def container(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    # -- its life -------------------------------------------------------------------------------------------------

    def up(self, rows: list[dict], subnet: str, again: bool = True, ready: str | None = None) -> None:
        """Start hosts.

        Args:
            rows: the hosts as a fleet's file describes them.
            subnet: network of their own.
            again: throw away those that are there; false starts only those that are not.
            ready: image to start from; None: the simulator's own.
        """
        fleet = description.parse({"prefix": self.prefix, "subnet": subnet, "hosts": rows}, self.prefix)
        hosts.up(fleet, ready or image.build(None), again=again)

    def down(self) -> None:
        hosts.down(self.prefix)

    def prepared(self, row: dict, subnet: str, packages: tuple[str, ...], more: str = "true", tag: str = "") -> str:
        """Name of an image of our own with the distribution's packages, made when it is missing.

        Args:
            row: a host to make it on. subnet: its network.
            packages: names of Debian's packages.
            more: further script of root's. tag: what else distinguishes the image, a name's suffix.
        """
        ready = f"{image.REPOSITORY}:{self.prefix}-{image.build(None).rpartition(':')[2]}{tag}"
        if podman("image", "exists", ready).returncode:
            self.up([row], subnet)
            (name,) = self.addresses
            script = (
                "set -ea; . /etc/environment; set +a; export DEBIAN_FRONTEND=noninteractive; apt-get -qq update; "
                f"apt-get -qq install -y --no-install-recommends {' '.join(packages)}; apt-get clean; {more}"
            )
            podman("exec", self.container(name), "sh", "-c", script, timeout=900, check=True)
            podman("commit", "-q", self.container(name), ready, timeout=900, check=True)
            self.down()
        return ready

    # -- commands on a host ---------------------------------------------------------------------------------------

    def run(self, name: str, *command: str, timeout: float = 120) -> str:
        """Run a command as root on a host, past SSH; its output with standard error, whatever the exit code."""
        return podman("exec", self.container(name), *command, timeout=timeout).stdout

    def must(self, name: str, *command: str) -> str:
        """The standard output of a command that must succeed on a host. Raises CalledProcessError."""
        words = ["podman", "exec", self.container(name), *command]
        done = subprocess.run(words, env=base.environment(), capture_output=True, text=True, check=True)
        return done.stdout

    def stop(self, name: str) -> None:
        """The power goes."""
        podman("kill", self.container(name), check=True)

    def start(self, name: str) -> None:
        """The power is back, and SSH answers. Raises TimeoutError."""
        podman("start", self.container(name), check=True)
        for _try in range(3):
            deadline = time.monotonic() + 40
            while time.monotonic() < deadline:
                if hosts.ssh(self.prefix, self.addresses[name], "sudo -n true", check=False).returncode == 0:
                    return
                time.sleep(0.5)
            # Now and then a container comes back without its network.
            podman("restart", "-t", "0", self.container(name), check=True)
        raise TimeoutError(f"{name} does not answer after its start")

    # -- its vendor programs --------------------------------------------------------------------------------------

    def calls(self, name: str) -> list[dict]:
        """What the host's vendor programs noted, oldest first."""
        return [json.loads(line) for line in self.run(name, "cat", CALLS).splitlines() if line.startswith("{")]

    def installer_starts(self) -> int:
        """How often a vendor's program was started on all hosts so far."""
        return sum(call["event"] == "start" for name in self.addresses for call in self.calls(name))

    # -- its silicon ----------------------------------------------------------------------------------------------

    def silicon(self, name: str) -> Path:
        """The folder that a host has its simulated devices and faults from."""
        return self.folder / "hosts" / name / "npu-sim"

    def fault(self, name: str, fault: str, text: str = "") -> None:
        """Set a fault of the simulated installers (tests/simulator/README.md)."""
        place = self.silicon(name) / "faults"
        place.mkdir(exist_ok=True)
        (place / fault).write_text(text + "\n", encoding="utf-8")

    def heal(self, name: str) -> None:
        """Take every simulated fault of a host away."""
        for path in (self.silicon(name) / "faults").glob("*"):
            path.unlink(missing_ok=True)

    def health(self, name: str, text: str) -> None:
        """What npu-smi says of chips that are not OK, in lines such as "0 0 Alarm"."""
        (self.silicon(name) / "health").write_text(text + "\n" if text else "", encoding="utf-8")


def vendor_file(fleet: Fleet, name: str, component: str) -> str | None:
    """The version in the version file of driver or firmware, or of a CANN product; None when there is none."""
    place = f"/usr/local/Ascend/{component}/version.info"
    if component in ("nnae", "kernels"):
        place = "/usr/local/Ascend/nnae/latest/version.cfg"
    for line in fleet.run(name, "cat", place).splitlines():
        if line.startswith("Version="):
            return line.partition("=")[2].strip()
    return None


def simulator(*words: str, quiet: bool = False) -> None:
    """Run a command of the simulator. In a session of its own: a second Ctrl-C must not keep hosts from being removed.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    subprocess.run(
        [sys.executable, "-m", "tests.simulator.fleet", *words],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL if quiet else None,
        start_new_session=True,
    )
