"""The simulated hosts of these tests, and what is looked at on them."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "simulator"))

from sim import base, description, hosts, image

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "rollout"
SUBNET = "10.213.98.0/24"
# What the vendors' installers call and what an environment is made with, so that no run has to fetch it.
PACKAGES = ("pciutils", "net-tools", "kmod", "python3-pip", "python3-venv")
LOG = "/var/log/npu-sim/vendor-calls.log"


class Hosts:
    """count servers with two NPUs each, named npu-01 and so on."""

    def __init__(self, count: int) -> None:
        self.names = [f"npu-{number:02}" for number in range(1, count + 1)]
        self.inventory = hosts.folder(PREFIX) / "hosts.json"

    def up(self) -> None:
        """Bare operating systems, with the distribution's packages already there."""
        started = self._image()
        self._start(len(self.names), started)

    def _image(self) -> str:
        plain = image.build(None)
        ready = f"{image.REPOSITORY}:{PREFIX}-{plain.rpartition(':')[2]}"
        if base.run("podman", "image", "exists", ready, check=False).returncode:
            self._start(1, None)
            name = f"{PREFIX}-npu"
            script = (
                "set -a; . /etc/environment; set +a; export DEBIAN_FRONTEND=noninteractive; apt-get -qq update; "
                f"apt-get -qq install -y --no-install-recommends {' '.join(PACKAGES)} && apt-get clean"
            )
            base.podman("exec", name, "sh", "-c", script)
            base.podman("commit", "-q", name, ready)
            hosts.down(PREFIX)
        return ready

    def _start(self, count: int, ready: str | None) -> None:
        row = {"name": "npu", "chip": "910B3", "cards": 2, "count": count, **({"image": ready} if ready else {})}
        path = base.CACHE / "rollout.json"
        path.write_text(json.dumps({"prefix": PREFIX, "subnet": SUBNET, "hosts": [row]}), encoding="utf-8")
        hosts.up(description.load(path), ready or image.build(None), again=True)

    def down(self) -> None:
        hosts.down(PREFIX)

    def run(self, name: str, *command: str) -> str:
        """Run a command as root on a host, past SSH; its output, whatever the exit code."""
        done = base.run("podman", "exec", f"{PREFIX}-{name}", *command, check=False)
        return done.stdout or ""

    def calls(self, name: str) -> list[dict]:
        """What the host's vendor programs noted, oldest first."""
        return [json.loads(line) for line in self.run(name, "cat", LOG).splitlines() if line.startswith("{")]

    def installs(self, name: str) -> list[str]:
        """ "driver 25.3.rc1" and so on, for each installer that was started to change something."""
        started = [call for call in self.calls(name) if call["event"] == "start"]
        return [
            f"{_component(call['package'])} {call['version']}"
            for call in started
            if not {"--check", "--version"} & set(call["argv"])
        ]

    def forget_calls(self) -> None:
        for name in self.names:
            self.run(name, "rm", "-f", LOG)

    def fault(self, name: str, fault: str, content: str = "") -> None:
        (self._silicon(name) / "faults").mkdir(exist_ok=True)
        (self._silicon(name) / "faults" / fault).write_text(content + "\n", encoding="utf-8")

    def health(self, name: str, text: str) -> None:
        """What npu-smi says of chips that are not OK, in lines such as "0 0 Alarm"."""
        (self._silicon(name) / "health").write_text(text + "\n" if text else "", encoding="utf-8")

    def mend(self) -> None:
        for name in self.names:
            for path in (self._silicon(name) / "faults").glob("*"):
                path.unlink()

    def _silicon(self, name: str) -> Path:
        return hosts.folder(PREFIX) / "hosts" / name / "npu-sim"

    def installed(self, name: str, component: str) -> str | None:
        """The version in the version file of driver or firmware, or of a CANN product."""
        place = f"/usr/local/Ascend/{component}/version.info"
        if component in ("nnae", "kernels"):
            place = "/usr/local/Ascend/nnae/latest/version.cfg"
        for line in self.run(name, "cat", place).splitlines():
            if line.startswith("Version="):
                return line.partition("=")[2].strip()
        return None

    def stop(self, name: str) -> None:
        """The power goes."""
        base.podman("kill", f"{PREFIX}-{name}")

    def start(self, name: str) -> None:
        """The power is back, and SSH answers. Raises TimeoutError."""
        address = json.loads(self.inventory.read_text())["all"]["children"]["npu"]["hosts"][name]["ansible_host"]
        base.podman("start", f"{PREFIX}-{name}")
        for _try in range(3):
            deadline = time.monotonic() + 40
            while time.monotonic() < deadline:
                if hosts.ssh(PREFIX, address, "sudo -n true", check=False).returncode == 0:
                    return
                time.sleep(0.5)
            # Now and then a container comes back without its network.
            base.podman("restart", "-t", "0", f"{PREFIX}-{name}")
        raise TimeoutError(f"{name} does not answer after its start")


def _component(package: str) -> str:
    for word in ("driver", "firmware", "nnae", "kernels"):
        if word in package:
            return word
    return package
