"""What it costs to bring one file to many hosts over slow links: relays, one of them killed, one server.

`make bench FANOUT=1`. Hosts are network namespaces of our own behind a bridge, each with an sshd, a cache and links
limited by tc; nothing else of the machine is touched, and all of it is removed at the end. Ansible runs in the control
node's namespace: the action stage as it is, over SSH, with the sources that the action relay_tree has chosen. The
relays' nginx has the configuration that the module relay writes.

Variables of the environment: HOSTS (16), FANOUT_MB (1000), FANOUT_HOST_MBIT (100), FANOUT_CONTROL_MBIT (200).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import relay_tree

from tests.support import playbook as playbooks
from tests.support.paths import BUILD, ROOT

PREFIX = "afan"
BRIDGE = f"{PREFIX}br"
NETWORK = "10.217.0"
CONTROL = f"{NETWORK}.250"
PORT, SERVER_PORT = 8089, 8088
FAN = 2  # the default of ascend_relay_fan
# Root's alone and below nobody else's folder, as a cache has to be.
WORK = Path("/var/lib/ascend-bench-fanout")
BOOK = ROOT / "tests" / "bench" / "fanout.yml"


def _run(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, check=check, capture_output=True, text=True)


def _tool(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if not found:
        sys.exit(f"bench: {name} is not here: apt-get install iproute2 nginx-light openssh-server")
    return found


class Net:
    """The namespaces, their links and the processes in them."""

    def __init__(self, hosts: int, host_mbit: int, control_mbit: int) -> None:
        self.hosts = {f"h{number:02}": f"{NETWORK}.{number}" for number in range(1, hosts + 1)}
        self._limits = (host_mbit, control_mbit)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._nginx: dict[str, subprocess.Popen[bytes]] = {}

    def up(self) -> None:
        _run("ip", "link", "add", BRIDGE, "type", "bridge")
        _run("ip", "link", "set", BRIDGE, "up")
        for name, address in {**self.hosts, "control": CONTROL}.items():
            self._namespace(name, address, self._limits[name == "control"])
        key = WORK / "key"
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
        Path("/run/sshd").mkdir(exist_ok=True)
        for name, address in self.hosts.items():
            self._sshd(name, address, key)

    def _namespace(self, name: str, address: str, mbit: int) -> None:
        space, outside = f"{PREFIX}-{name}", f"{PREFIX}{name}"
        _run("ip", "netns", "add", space)
        _run("ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", space)
        _run("ip", "link", "set", outside, "master", BRIDGE, "up")
        inside = ("ip", "netns", "exec", space)
        _run(*inside, "ip", "address", "add", f"{address}/24", "dev", "eth0")
        _run(*inside, "ip", "link", "set", "eth0", "up")
        _run(*inside, "ip", "link", "set", "lo", "up")
        limit = ("root", "tbf", "rate", f"{mbit}mbit", "burst", "256kb", "latency", "200ms")
        _run(*inside, "tc", "qdisc", "add", "dev", "eth0", *limit)  # what it sends
        _run("tc", "qdisc", "add", "dev", outside, *limit)  # what it is sent

    def _sshd(self, name: str, address: str, key: Path) -> None:
        folder = WORK / name
        (folder / "state").mkdir(parents=True)
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host_key"))
        (folder / "authorized").write_text(key.with_suffix(".pub").read_text())
        settings = {
            "ListenAddress": address,
            "HostKey": folder / "host_key",
            "AuthorizedKeysFile": folder / "authorized",
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PermitRootLogin": "prohibit-password",
            "Subsystem": "sftp internal-sftp",
        }
        (folder / "sshd_config").write_text("".join(f"{word} {value}\n" for word, value in settings.items()))
        self._start(name, _tool("sshd"), "-D", "-f", str(folder / "sshd_config"))

    def _start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        log = (WORK / f"{name}.log").open("ab")
        started = subprocess.Popen(
            ["ip", "netns", "exec", f"{PREFIX}-{name}", *words], stdout=log, stderr=log, start_new_session=True
        )
        self._processes.append(started)
        return started

    def relay(self, name: str) -> None:
        """The web server of a relay, with the module's configuration."""
        from ansible_collections.ascend.fleet.plugins.module_utils.artifact import relay_server

        folder = WORK / name / "relay"
        folder.mkdir(exist_ok=True)
        cache = WORK / name / "state" / "cache"
        text = relay_server.configuration(self.hosts[name], PORT, str(cache), str(folder))
        (folder / "nginx.conf").write_text(f"user root;\n{text}")
        self._nginx[name] = self._start(name, _tool("nginx"), "-c", str(folder / "nginx.conf"), "-g", "daemon off;")

    def server(self, root: Path) -> None:
        """One server on the control node, which is what one does without relays (docs/air-gap.md)."""
        folder = WORK / "server"
        folder.mkdir(exist_ok=True)
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (folder / "nginx.conf").write_text(
            f"user root; pid {folder}/pid; error_log stderr; events {{}}"
            f" http {{ access_log off; sendfile on; tcp_nopush on; {temporary}"
            f" server {{ listen {CONTROL}:{SERVER_PORT}; root {root}; }} }}\n"
        )
        self._nginx["control"] = self._start(
            "control", _tool("nginx"), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"
        )

    def kill(self, name: str) -> None:
        """End a web server at once, its workers too, as a power cut does."""
        os.killpg(self._nginx.pop(name).pid, signal.SIGKILL)

    def quiet(self) -> None:
        """No web server, and bare caches."""
        for name in list(self._nginx):
            self.kill(name)
        for name in self.hosts:
            shutil.rmtree(WORK / name / "state")
            (WORK / name / "state").mkdir()

    def control_bytes(self) -> int:
        """What the control node has sent so far, on the wire."""
        return int(Path(f"/sys/class/net/{PREFIX}control/statistics/rx_bytes").read_text())

    def down(self) -> None:
        for started in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
            started.wait()
        for name in [*self.hosts, "control"]:
            # Sessions of sshd and kept connections have groups of their own.
            for pid in _run("ip", "netns", "pids", f"{PREFIX}-{name}", check=False).stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            _run("ip", "netns", "delete", f"{PREFIX}-{name}", check=False)
            _run("ip", "link", "delete", f"{PREFIX}{name}", check=False)
        _run("ip", "link", "delete", BRIDGE, check=False)


@contextlib.contextmanager
def _net(hosts: int, host_mbit: int, control_mbit: int) -> Iterator[Net]:
    net = Net(hosts, host_mbit, control_mbit)
    try:
        net.up()
        yield net
    finally:
        net.down()
        shutil.rmtree(WORK, ignore_errors=True)


def _artifact(megabytes: int) -> str:
    """A file that compresses badly, in a folder of its own; its hash."""
    folder = WORK / "artifacts"
    folder.mkdir(parents=True)
    digest = hashlib.sha256()
    with (folder / "package.run").open("wb") as stream:
        for _megabyte in range(megabytes):
            block = os.urandom(1000 * 1000)
            digest.update(block)
            stream.write(block)
    return digest.hexdigest()


def _inventory(net: Net, **variables: object) -> Path:
    rows = {
        name: {"ansible_host": address, "ascend_state_dir": str(WORK / name / "state")}
        for name, address in net.hosts.items()
    }
    shared = {
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": str(WORK / "key"),
        "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
        "ascend_artifacts": str(WORK / "artifacts"),
        **variables,
    }
    path = WORK / "hosts.json"
    path.write_text(json.dumps({"all": {"hosts": rows, "vars": shared}}))
    return path


def _inside(program: str) -> Path:
    """A program that opens its connections in the control node's namespace, where the links are limited."""
    path = WORK / program
    path.write_text(f'#!/bin/sh\nexec ip netns exec {PREFIX}-control {_tool(program)} "$@"\n')
    path.chmod(0o755)
    return path


def _stage(net: Net, name: str, **variables: object) -> dict:
    """One run of the playbook over bare hosts; seconds and the control node's bytes."""
    inventory = _inventory(net, **variables)
    BUILD.mkdir(exist_ok=True)
    settings = {
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(WORK / "cp"),
        "ANSIBLE_FORKS": str(max(32, len(net.hosts))),
        "XDG_CACHE_HOME": str(WORK / "user-cache"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
        **{f"ANSIBLE_{program.upper()}_EXECUTABLE": str(_inside(program)) for program in ("ssh", "sftp")},
    }
    before, log = net.control_bytes(), BUILD / f"fanout-{name}.log"
    done = playbooks.play(BOOK, inventory=inventory, settings=settings, log=log, timeout=3600)
    if done.code:
        sys.exit(f"bench: the fan-out {name} failed, see {log}")
    seconds = done.seconds
    result = {"seconds": round(seconds, 1), "control_node_bytes": net.control_bytes() - before}
    print(f"{name}: {result['seconds']} s, {result['control_node_bytes']:,} bytes from the control node", flush=True)
    return result


def _whole(net: Net, sha256: str) -> None:
    """Every host has the file, byte by byte."""
    for name in net.hosts:
        path = WORK / name / "state" / "cache" / sha256 / "package.run"
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
                sys.exit(f"bench: the file on {name} is not the one that was sent")


def _depth(tree: relay_tree.Tree, name: str) -> int:
    """How many links a byte passes on its way from the control node to a host."""
    sources = tree.sources[name]
    return 1 + _depth(tree, sources[0]) if sources else 1


def measure(hosts: int, megabytes: int, host_mbit: int, control_mbit: int) -> dict:
    """The three ways, each on bare hosts; what contract 5 calls fanout."""
    result: dict = {
        "hosts": hosts,
        "artifact_bytes": megabytes * 1000 * 1000,
        "link_mbit": {"host": host_mbit, "control_node": control_mbit},
        "load_before": round(os.getloadavg()[0], 1),
    }
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    sha256 = _artifact(megabytes)
    with _net(hosts, host_mbit, control_mbit) as net:
        tree = relay_tree.grow([relay_tree.Member(*one, "") for one in net.hosts.items()], ["auto"], FAN)
        relays = tree.relays
        result.update(relays_among_them=len(relays), tree_depth=max(_depth(tree, name) for name in net.hosts))
        for name in ("relays", "relay_killed"):
            for relay in relays:
                net.relay(relay)
            timer = threading.Timer(0.4 * megabytes * 8 * 2 / host_mbit, net.kill, [relays[1]])
            if name == "relay_killed":
                timer.start()
            result[name] = _stage(net, name, ascend_relays=["auto"])
            timer.cancel()
            result[name]["ratio"] = round(result[name]["control_node_bytes"] / result["artifact_bytes"], 3)
            _whole(net, sha256)
            net.quiet()
        net.server(WORK / "artifacts")
        result["one_server"] = _stage(
            net, "one_server", ascend_relays=[], ascend_artifacts_url=f"http://{CONTROL}:{SERVER_PORT}"
        )
        _whole(net, sha256)
    worst = max((result["relays"], result["relay_killed"]), key=lambda row: row["ratio"])
    slowest = max(result["relays"]["seconds"], result["relay_killed"]["seconds"])
    result.update(control_node_bytes=worst["control_node_bytes"], ratio=worst["ratio"])
    result["wall_ratio"] = round(slowest / result["one_server"]["seconds"], 3)
    return {"fanout": result}


def from_environment() -> dict:
    """`measure` with what the variables of the environment say."""
    asked = {"HOSTS": 16, "FANOUT_MB": 1000, "FANOUT_HOST_MBIT": 100, "FANOUT_CONTROL_MBIT": 200}
    return measure(*(int(os.environ.get(name) or default) for name, default in asked.items()))
