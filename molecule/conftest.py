"""What the tests of all scenarios share.

A file of tests can be about some of its hosts: `testinfra_hosts` counts although the verifier names a group.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

# The simulator's, which podman needs here to reach the hosts it has started.
os.environ["CONTAINERS_CONF"] = os.environ["ASCEND_ROOT"] + "/.cache/simulator/containers.conf"


def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if _concerns(item)]


def _concerns(item):
    wanted = getattr(item.module, "testinfra_hosts", None)
    return wanted is None or item.callspec.params["_testinfra_host"].backend.host in wanted


class Fleet:
    """The scenario's hosts, and playbooks that a user would run on them."""

    def __init__(self, scenario):
        self.root = Path(os.environ["ASCEND_ROOT"])
        self.inventory = self.root / "molecule" / scenario / "inventory"
        self.hosts = self.root / ".cache" / "simulator" / "fleets" / os.environ["ASCEND_FLEET_PREFIX"] / "hosts.json"

    @property
    def addresses(self):
        hosts = json.loads(self.hosts.read_text(encoding="utf-8"))["all"]["children"]["npu"]["hosts"]
        return [entry["ansible_host"] for entry in hosts.values()]

    def play(self, playbook, *options, **more):
        """What a playbook of the repository printed and its exit code (`returncode`), whatever that is.

        more: further variables of its environment.
        """
        command = [
            "ansible-playbook",
            "-i",
            str(self.hosts),
            "-i",
            str(self.inventory),
            *options,
            str(self.root / playbook),
        ]
        # A plain environment: the test runner's own settings would change what is printed.
        environment = {key: os.environ[key] for key in ("PATH", "HOME", "ASCEND_ROOT", "MOLECULE_EPHEMERAL_DIRECTORY")}
        environment.update(ANSIBLE_CONFIG=str(self.root / "ansible.cfg"), LC_ALL="C.UTF-8", **more)
        return subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=1200,
        )

    def run(self, playbook, *options):
        """The output of a playbook that must succeed."""
        done = self.play(playbook, *options)
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    def on(self, host, *command):
        """The output of a command that root runs on a host, past SSH and Ansible. Raises CalledProcessError."""
        name = f"{os.environ['ASCEND_FLEET_PREFIX']}-{host}"
        return subprocess.run(["podman", "exec", name, *command], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def fleet(request):
    """The fleet of the scenario that the test file belongs to."""
    return Fleet(request.path.parents[1].name)
