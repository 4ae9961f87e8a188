# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring simulated servers up and take exactly them down again."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import secrets
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import computing, fabric, hardware, rpms
from . import image as images
from .base import CACHE, LABEL, LOGIN_USER, SIMULATOR, SimulatorError, podman, run, say, write_if_changed
from .description import MACHINE, SYSTEMS, Fleet, Host
from .emulation import DEBIAN_NAMES

_INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
# systemd and its services hold about seven inotify instances per host; all hosts count as one user.
_INOTIFY_NEEDED = 1024
KEY = CACHE / "ssh" / "id_ed25519"
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
# A host behind the same proxy, mirror or private certificate authority as this machine.
_PASSED_ON = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "PIP_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "PIP_DEFAULT_TIMEOUT",
    "PIP_DISABLE_PIP_VERSION_CHECK",
)
_CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def folder(prefix: str) -> Path:
    """What belongs to one fleet."""
    return CACHE / "fleets" / prefix


def up(fleet: Fleet, image: str, again: bool = False) -> None:
    """Start every host of the fleet that is not up yet; ``again`` makes all of them new.

    ``image`` is what hosts of this machine's kind start from; others (dnf, another architecture) have their own.
    """
    if fleet.packages:
        image = _with_packages(image, fleet.packages)
    sources = {host.name: host.image or _image(host, image) for host in fleet.hosts}
    if any(host.system == "dnf" for host in fleet.hosts):
        rpms.build()
    place = folder(fleet.prefix)
    place.mkdir(parents=True, exist_ok=True)
    key()
    _make_room()
    write_if_changed(CACHE / "environment", _environment_file())
    if again:
        down(fleet.prefix)
        place.mkdir(parents=True, exist_ok=True)
    computing.FOLDER.mkdir(parents=True, exist_ok=True)
    fabric.write(fleet, place / "fabric")
    network = _network(fleet)
    present = containers(fleet.prefix)
    wanted = {f"{fleet.prefix}-{host.name}": host for host in fleet.hosts}
    for name in present.keys() - wanted.keys():
        say(f"up: {name} is not in the fleet any more, removing it")
        podman("rm", "-f", "-t", "0", name)
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=4) as pool:
        for line in pool.map(
            lambda name: _start(fleet, wanted[name], sources[wanted[name].name], network, present.get(name)), wanted
        ):
            say(line)
    write_if_changed(
        place / "known_hosts", "".join(f"{host.address} {_host_key(fleet.prefix, host)}\n" for host in fleet.hosts)
    )
    write_if_changed(place / "hosts.json", json.dumps(inventory(fleet), indent=2) + "\n")
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda host: _wait(fleet.prefix, host, network), fleet.hosts))
    say(f"up: {len(fleet.hosts)} hosts answer over SSH after {time.monotonic() - started:.0f} s")


def _image(host: Host, plain: str) -> str:
    if (host.system, host.arch) == (SYSTEMS[0], MACHINE):
        return plain
    return images.build(system=host.system, arch=host.arch)


def _with_packages(plain: str, packages: tuple[str, ...]) -> str:
    """An image with packages of Debian added, made once: many hosts that install the same wait for nothing but apt."""
    digest = hashlib.sha256(" ".join(sorted(packages)).encode()).hexdigest()[:8]
    ready = f"{plain}-{digest}"
    if run("podman", "image", "exists", ready, check=False).returncode == 0:
        return ready
    write_if_changed(CACHE / "environment", _environment_file())
    mounts = ["-v", f"{CACHE / 'environment'}:/etc/environment:ro"]
    mounts += ["-v", f"{_bundle()}:{_BUNDLE}:ro"] if _bundle() else []
    script = (
        "set -ea; . /etc/environment; set +a; export DEBIAN_FRONTEND=noninteractive; apt-get -qq update; "
        f"apt-get -qq install -y --no-install-recommends {' '.join(packages)}; apt-get clean"
    )
    say(f"up: adding {', '.join(packages)} to the image, once")
    podman("run", "--replace", "--name", f"{LABEL}-packages-{digest}", *mounts, plain, "sh", "-c", script)
    podman("commit", "-q", "--change", 'CMD ["/lib/systemd/systemd"]', f"{LABEL}-packages-{digest}", ready)
    podman("rm", f"{LABEL}-packages-{digest}")
    return ready


def _make_room() -> None:
    """Debian's limit of 128 inotify instances is enough for about 16 hosts; ask the running kernel for more."""
    try:
        have = int(_INOTIFY.read_text())
        if have < _INOTIFY_NEEDED:
            _INOTIFY.write_text(f"{_INOTIFY_NEEDED}\n")
            say(f"up: raised fs.inotify.max_user_instances from {have} to {_INOTIFY_NEEDED} until the next restart")
    except (OSError, ValueError) as error:
        say(f"up: fs.inotify.max_user_instances stays as it is ({error}); more than 16 hosts may not start")


def inventory(fleet: Fleet) -> dict:
    """An Ansible inventory (JSON is YAML) of the fleet: connection facts and groups, nothing else."""
    groups: dict[str, dict] = {}
    for host in fleet.hosts:
        for group in host.groups:
            groups.setdefault(group, {"hosts": {}})["hosts"][host.name] = {}
    connection = {
        "ansible_user": LOGIN_USER,
        "ansible_ssh_private_key_file": str(KEY),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={folder(fleet.prefix) / 'known_hosts'}"
        " -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes",
    }
    npu = {"hosts": {host.name: {"ansible_host": host.address} for host in fleet.hosts}, "vars": connection}
    return {"all": {"children": {"npu": npu, **groups}}}


def down(prefix: str) -> None:
    """Remove the containers, the network and the files of one fleet; nothing else."""
    names = list(containers(prefix))
    if names:
        say(f"down: removing {len(names)} hosts of {prefix}")
        for start in range(0, len(names), 8):
            podman("rm", "-f", "-t", "0", *names[start : start + 8])
        for name in names:
            podman("rmi", "-f", f"{images.REPOSITORY}:kept-{name}", check=False)
    for network in networks(prefix):
        podman("network", "rm", "-f", network["name"])
        _sweep(network.get("network_interface"))
    shutil.rmtree(folder(prefix), ignore_errors=True)


def _sweep(bridge: str | None) -> None:
    """Remove what podman forgets of a network when starting one of its containers was interrupted."""
    left = run("ip", "-j", "link", "show", "master", bridge, check=False) if bridge else None
    if left is None or left.returncode != 0:
        return
    for link in json.loads(left.stdout or "[]"):
        run("ip", "link", "del", link.get("ifname", ""), check=False)
    run("ip", "link", "del", bridge, check=False)


def containers(prefix: str | None = None) -> dict[str, dict]:
    """Our containers by name: state, fleet prefix, address, definition."""
    label = f"label={LABEL}" + (f"={prefix}" if prefix else "")
    rows = json.loads(podman("ps", "-a", "--filter", label, "--format", "json") or "[]")
    return {
        row["Names"][0]: {
            "state": row["State"],
            "prefix": row["Labels"][LABEL],
            "address": row["Labels"].get(f"{LABEL}.address", ""),
            "definition": row["Labels"].get(f"{LABEL}.definition", ""),
        }
        for row in rows
    }


def prefixes() -> list[str]:
    """Every fleet that exists on this machine."""
    found = {row["prefix"] for row in containers().values()}
    if (CACHE / "fleets").is_dir():
        found |= {path.name for path in (CACHE / "fleets").iterdir()}
    return sorted(found)


def _start(fleet: Fleet, host: Host, image: str, network: str, present: dict | None) -> str:
    name = f"{fleet.prefix}-{host.name}"
    definition = _definition(host, image)
    if present and present["definition"] == definition:
        if present["state"] == "running":
            return f"up: {name} is running"
        # One that an interruption left half made does not start; it has nothing to lose either.
        if present["state"] in ("exited", "stopped") and run("podman", "start", name, check=False).returncode == 0:
            return f"up: {name} started again"
    if present:
        podman("rm", "-f", "-t", "0", name)
    place = folder(fleet.prefix) / "hosts" / host.name
    hardware.write_pci_tree(host, place / "pci")
    hardware.write_state(host, place / "npu-sim")
    (folder(fleet.prefix) / "fabric" / "hosts" / f"{host.name}.json").unlink(missing_ok=True)
    _host_key(fleet.prefix, host)
    _create(fleet.prefix, host, image, definition, network)
    what = f"{host.cards} x {host.chip}" if host.chip else "no accelerator"
    return f"up: {name} {'made anew' if present else 'created'}: {host.address}, {host.kind}, {what}"


def _definition(host: Host, image: str) -> str:
    """Changes when a host is described otherwise, and so has to be made anew."""
    description = {**vars(host), "image": image, "simulator": str(SIMULATOR)}
    for key, usual in (("system", SYSTEMS[0]), ("arch", MACHINE)):
        if description[key] == usual:
            del description[key]
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()[:16]


def _create(prefix: str, host: Host, image: str, definition: str, network: str) -> None:
    """Create and start the container of a host from ``image``; what it mounts is there already."""
    place = folder(prefix) / "hosts" / host.name
    mounts = [
        (place / "pci", "/sys/bus/pci/devices:ro"),
        (place / "npu-sim", "/var/lib/npu-sim"),
        (folder(prefix) / "fabric", "/var/lib/npu-fabric"),
        (SIMULATOR / "host", "/usr/lib/npu-sim:ro"),
        (place / "ssh" / "ssh_host_ed25519_key", "/etc/ssh/ssh_host_ed25519_key:ro"),
        (KEY.with_suffix(".pub"), f"/etc/ssh/authorized_keys.d/{LOGIN_USER}:ro"),
        (CACHE / "environment", "/etc/environment:ro"),
    ]
    if _bundle():
        mounts.append((_bundle(), _BUNDLE + ":ro"))
    if host.arch == MACHINE:
        mounts.append((computing.FOLDER, "/var/lib/npu-sim-runtime:ro"))
    if host.system == "dnf":
        mounts.append((rpms.REPOSITORY, "/srv/repo:ro"))
    if host.os_release:
        write_if_changed(place / "os-release", "".join(f'{key}="{text}"\n' for key, text in host.os_release.items()))
        mounts.append((place / "os-release", "/usr/lib/os-release:ro"))
    mounts += hardware.mounted_driver(host, place / "driver")
    volumes = [word for source, target in mounts for word in ("-v", f"{source}:{target}")]
    platform, init = ["--systemd=always"], "/lib/systemd/systemd"
    if host.arch != MACHINE:
        platform, init = ["--arch", DEBIAN_NAMES[host.arch], "--tmpfs", "/run:exec"], "/usr/lib/npu-sim/init-emulated"
    podman(
        "run",
        "-d",
        "--name",
        f"{prefix}-{host.name}",
        "--hostname",
        host.name,
        *platform,
        "--restart=always",
        "--network",
        network,
        "--ip",
        host.address,
        "--cap-add",
        "MKNOD,AUDIT_WRITE,SYS_ADMIN,SYS_PTRACE,LINUX_IMMUTABLE,NET_ADMIN,NET_RAW",
        "--device-cgroup-rule=c 5:1 rwm",  # a docker in it gives its containers a console
        "--label",
        f"{LABEL}={prefix}",
        "--label",
        f"{LABEL}.address={host.address}",
        "--label",
        f"{LABEL}.definition={definition}",
        *volumes,
        image,
        init,
    )


def _revive(prefix: str, host: Host, network: str) -> None:
    """Another container with the same files, for a host whose own does not come up any more."""
    name = f"{prefix}-{host.name}"
    row = containers(prefix)[name]
    say(f"up: {name} does not come up ({row['state']}); making its container anew, its files stay")
    kept = f"{images.REPOSITORY}:kept-{name}"
    podman("kill", name, check=False)
    podman("commit", "--quiet", name, kept)
    podman("rm", "-f", "-t", "0", name)
    _create(prefix, host, kept, row["definition"], network)


def networks(prefix: str) -> list[dict]:
    """Our podman networks of one fleet, as podman describes them."""
    names = podman("network", "ls", "--filter", f"label={LABEL}={prefix}", "--format", "{{.Name}}").split()
    return json.loads(podman("network", "inspect", *names)) if names else []


def _network(fleet: Fleet) -> str:
    """The name of the fleet's network, which is made when it is missing or has another subnet."""
    present = networks(fleet.prefix)
    if [row["subnets"][0]["subnet"] for row in present] == [str(fleet.subnet)]:
        return present[0]["name"]
    if present:
        down(fleet.prefix)
        folder(fleet.prefix).mkdir(parents=True, exist_ok=True)
    for line in run("ip", "-4", "route", "show").stdout.splitlines():
        target = line.split()[0]
        if target == "default":
            continue
        try:
            taken = ipaddress.IPv4Network(target)
        except ValueError:
            continue
        if taken.overlaps(fleet.subnet):
            raise SimulatorError(
                f"this machine already has a route to {taken} ({line.strip()}); "
                f"choose another network than {fleet.subnet} with --subnet"
            )
    # podman keeps the addresses of a network by its name, even those of containers that were cut off while
    # they started; a name of its own starts with none taken.
    name = f"{fleet.prefix}-net-{secrets.token_hex(2)}"
    podman(
        "network", "create", "--subnet", str(fleet.subnet), "--disable-dns", "--label", f"{LABEL}={fleet.prefix}", name
    )
    return name


def key() -> None:
    """Make the key pair that every host of this clone accepts, unless it is there."""
    if not KEY.exists():
        KEY.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "simulated fleet", "-f", KEY)


def _host_key(prefix: str, host: Host) -> str:
    """The host's public key; made here, so that known_hosts is right before the first connection."""
    path = folder(prefix) / "hosts" / host.name / "ssh" / "ssh_host_ed25519_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", host.name, "-f", path)
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


def _bundle() -> Path | None:
    path = Path(os.environ.get("SSL_CERT_FILE") or _BUNDLE)
    return path if path.is_file() else None


def _environment_file() -> str:
    lines = [f"{name}={os.environ[name]}" for name in _PASSED_ON if os.environ.get(name)]
    lines += [f"{name}={_BUNDLE}" for name in _CERTIFICATES if os.environ.get(name)]
    return "".join(line + "\n" for line in lines)


def ssh(prefix: str, address: str, *command: str, check: bool = True):
    """Run a command on a host as the login user, host key checked."""
    return run(
        "ssh",
        "-i",
        KEY,
        *(
            f"-o{option}"
            for option in ("BatchMode=yes", "IdentitiesOnly=yes", "ConnectTimeout=5", "StrictHostKeyChecking=yes")
        ),
        f"-oUserKnownHostsFile={folder(prefix) / 'known_hosts'}",
        f"{LOGIN_USER}@{address}",
        *command,
        check=check,
    )


def _wait(prefix: str, host: Host, network: str) -> None:
    """Wait until a host answers; one whose container ends again and again, or hangs, is revived once."""
    name = f"{prefix}-{host.name}"
    patience = 60 if host.arch == MACHINE else 300
    deadline = time.monotonic() + patience
    starts, silent, revived = {_begun(name)}, 0, False
    while True:
        done = ssh(prefix, host.address, "sudo -n true", check=False)
        if done.returncode == 0:
            return
        now = _begun(name)
        starts.add(now)
        silent = 0 if now else silent + 1
        # One restart may be a reboot that somebody asked for.
        if not revived and (time.monotonic() > deadline or len(starts) > 3 or silent > 10):
            _revive(prefix, host, network)
            revived = True
            deadline = time.monotonic() + 2 * patience
        if time.monotonic() > deadline:
            raise SimulatorError(
                f"{host.name} ({host.address}) does not answer over SSH: {done.stderr.strip()}; "
                f"look at: podman logs {name}"
            )
        time.sleep(0.5)


def _begun(name: str) -> str:
    """When a container was started; empty while it does not run, whatever podman remembers of it."""
    pid, _space, begun = podman(
        "inspect", "--format", "{{.State.Pid}} {{.State.StartedAt}}", name, check=False
    ).partition(" ")
    return begun if pid not in ("", "0") and Path("/proc", pid).exists() else ""
