"""The peer on the same hosts with the same packages: ascend-deployer from its own release, unchanged, in its own venv.

Its command runs two playbooks, a check and an installation; both are run here directly, with the arguments its command
line gives them. It logs in as root, and it wants an operating system it knows on the control node too, so its runs
happen in a mount namespace with another /etc/os-release and another ~/.ssh: nothing of this machine is changed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.bench import bare
from tests.bench.bench_hosts import OS_RELEASE, Hosts
from tests.bench.measure import WORK, run
from tests.simulator.sim import hosts as sim_hosts
from tests.support import ssh_count
from tests.support.paths import CALLBACKS
from tests.support.playbook import Run, environment

VERSION = "26.0.0"
ANSIBLE_CORE = "2.16.*"  # the newest line it runs on
VENV = WORK / "peer-venv"
PLACE = WORK / "peer"
TAGS = "npu,nnae,kernels"
# The arguments of its command line for --install npu,nnae,kernels with its default Python.
ARGUMENTS = {
    "python_tar": "Python-3.7.5",
    "python_version": "python3.7.5",
    "hosts_name": "worker",
    "deployer_check_mode": "full",
    "force_upgrade_npu": "false",
    "do_upgrade": "true",
    "working_on_ipv6": "false",
    "use_k8s_version": "1.25.3",
}
INVENTORY_VARIABLES = {"SCALE": '"false"', "RUNNER_IP": '""', "WEIGHTS_PATH": '""'}
NAMESPACE = 'mount --bind "$1" /etc/os-release && mount --bind "$2" ~/.ssh && shift 2 && exec "$@"'


def measure(hosts: Hosts) -> dict:
    """Its first and second run over bare hosts; what could not run is in "reason"."""
    result: dict = {
        "name": "ascend-deployer",
        "version": VERSION,
        "reason": [],
        "components": ["driver", "firmware", "nnae", "kernels"],
    }
    try:
        _install()
    except (OSError, subprocess.CalledProcessError) as error:
        output = getattr(error, "stderr", None) or str(error)
        return {**result, "reason": [f"it could not be installed: {output.strip().splitlines()[-1]}"]}
    result["ansible_core"] = _ansible_version()
    bytes_once = _prepare(hosts)
    first = {name: _playbook(name, f"peer-first-{name}", hosts, ["-vvv"]) for name in ("check", "install")}
    counts = ssh_count.count(first["install"].text + first["check"].text)
    reached = [counts.get(address, ssh_count.Count()).executions for address in hosts.addresses]
    result["first_run"] = {**_facts(first, bytes_once), "remote_executions_per_host": max(reached)}
    hosts.each(hosts.reboot)
    before, cpu = hosts.installer_starts(), hosts.cpu_seconds()
    second = {name: _playbook(name, f"peer-second-{name}", hosts, []) for name in ("check", "install")}
    result["second_run"] = {**_facts(second, bytes_once), "installers_started": hosts.installer_starts() - before}
    if cpu is not None:
        result["second_run"]["hosts_cpu_s"] = round(hosts.cpu_seconds() - cpu, 1)
    for label, runs in (("first", first), ("second", second)):
        for name, done in runs.items():
            if done.code:
                result["reason"].append(f"{label} run, its {name} playbook: exit code {done.code}: {_why(done.text)}")
    return result


def _install() -> None:
    stamp = VENV / ".complete"
    wanted = f"{VERSION} {ANSIBLE_CORE}"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    _output(sys.executable, "-m", "venv", str(VENV))
    _output(
        str(VENV / "bin" / "pip"),
        "install",
        "--quiet",
        "--disable-pip-version-check",
        f"ansible-core=={ANSIBLE_CORE}",
        f"ascend-deployer=={VERSION}",
    )
    stamp.write_text(wanted)


def _ansible_version() -> str:
    return _output(str(VENV / "bin" / "python"), "-c", "import ansible.release; print(ansible.release.__version__)")


def _output(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def _prepare(hosts: Hosts) -> int:
    """Lay out its working copy, its resources, its inventory; the size in bytes of what it sends to each host."""
    shutil.rmtree(PLACE, ignore_errors=True)
    package = next((VENV / "lib").glob("python3*/site-packages/ascend_deployer"))
    shutil.copytree(package, PLACE / "deployer", ignore=shutil.ignore_patterns("__pycache__"))
    home = PLACE / "home"
    layout = {"run_from_910b_zip": (bare.DRIVER, bare.FIRMWARE), "run_from_cann_zip": (bare.NNAE, bare.KERNELS)}
    for folder, names in layout.items():
        (home / "resources" / folder).mkdir(parents=True)
        for name in names:
            shutil.copy2(bare.ARTIFACTS / name, home / "resources" / folder / name)
    (PLACE / "deployer" / "resources").mkdir(exist_ok=True)
    archive = home / f"resources_{os.uname().machine}.tar"
    with tarfile.open(archive, "w") as stream:
        stream.add(home / "resources", "resources")
    keys = PLACE / "ssh"
    keys.mkdir(mode=0o700)
    shutil.copy2(sim_hosts.KEY, keys / "id_ed25519")
    shutil.copy2(hosts.known_hosts, keys / "known_hosts")
    (PLACE / "os-release").write_text("".join(f'{key}="{value}"\n' for key, value in OS_RELEASE.items()))
    lines = [
        "[master]",
        "",
        "[worker]",
        *(f"{address} ansible_ssh_user='root'" for address in hosts.addresses),
        "",
        "[npu_node]",
        "",
        "[other_build_image]",
        "",
        "[all:vars]",
        *(f"{name}={value}" for name, value in INVENTORY_VARIABLES.items()),
        "",
    ]
    (PLACE / "deployer" / "inventory_file").write_text("\n".join(lines))
    shutil.copy2(PLACE / "deployer" / "inventory_file", PLACE / "deployer" / "parsed_inventory_file")
    return archive.stat().st_size


def _playbook(name: str, log: str, hosts: Hosts, options: list[str]) -> Run:
    folder, record = PLACE / "deployer", WORK / "log" / f"{log}.json"
    shutil.rmtree(folder / "facts_cache", ignore_errors=True)  # as its command does
    tags = ["--tags", TAGS, "--skip-tags", "copy"] if name == "check" else ["--tags", f"{TAGS},copy"]
    extra = [word for key, value in ARGUMENTS.items() for word in ("-e", f"{key}={value}")]
    command = [
        str(VENV / "bin" / "ansible-playbook"),
        "-i",
        "inventory_file",
        f"playbooks/process/process_{name}.yml",
        *tags,
        *extra,
        *options,
    ]
    variables = environment(
        VENV / "bin",
        HOME=str(PLACE / "home"),
        ANSIBLE_CONFIG=str(folder / "ansible.cfg"),
        ANSIBLE_STDOUT_CALLBACK="default",
        ANSIBLE_CALLBACK_PLUGINS=f"{folder / 'ansible_plugin'}:{CALLBACKS}",
        ANSIBLE_CALLBACKS_ENABLED="run_record",
        ANSIBLE_NOCOLOR="1",
        ANSIBLE_SSH_CONTROL_PATH_DIR=str(hosts.sockets),
        RUN_RECORD=str(record),
    )
    del variables["ANSIBLE_COLLECTIONS_PATH"]  # the peer's own counts
    real_ssh = Path(os.path.expanduser("~")) / ".ssh"
    ours = not real_ssh.exists()  # something has to be there to mount over
    real_ssh.mkdir(mode=0o700, exist_ok=True)
    wrapper = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        NAMESPACE.replace("~/.ssh", f"'{real_ssh}'"),
        "sh",
        str(PLACE / "os-release"),
        str(PLACE / "ssh"),
    ]
    try:
        return run(log, [*wrapper, *command], variables, folder, record)
    finally:
        if ours:
            real_ssh.rmdir()


def _facts(runs: dict[str, Run], bytes_once: int) -> dict:
    """One command of its: the check and the installation together."""
    counted = [done.record.get("hosts", {}) for done in runs.values()]
    names = {name for hosts in counted for name in hosts if name != "localhost"}
    tasks = {name: sum(hosts.get(name, {}).get("ok", 0) for hosts in counted) for name in names}
    sent = [line for line in runs["install"].record.get("changed_tasks", []) if line.endswith("scp to remote hosts")]
    failed = {
        name
        for hosts in counted
        for name in names
        if hosts.get(name, {}).get("failures") or hosts.get(name, {}).get("unreachable")
    }
    return {
        "seconds": round(sum(done.seconds for done in runs.values()), 2),
        "check_seconds": round(runs["check"].seconds, 2),
        "install_seconds": round(runs["install"].seconds, 2),
        "control_node_cpu_s": round(sum(done.cpu for done in runs.values()), 2),
        "tasks_per_host": max(tasks.values(), default=0),
        "changed": sum(done.record.get("changed", 0) for done in runs.values()),
        "artifact_bytes": bytes_once * len(sent),
        "failed_hosts": len(failed),
    }


def _why(text: str) -> str:
    """The first error of a log, short: what its check says of a host, else the message of the first failed task."""
    check = re.search(r'"(Check [^"\\]*failed[^"\\]*)', text)
    if check:
        return check.group(1)[:300]
    start = re.search(r"^(?:fatal: |ERROR|\[ERROR\])", text, re.MULTILINE)
    rest = text[start.start() :] if start else text[-300:]
    message = re.search(r'"msg": "((?:[^"\\]|\\.)*)"', rest) if rest.startswith("fatal") else None
    return " ".join((message.group(1) if message else rest).replace("\\n", " ").split())[:300]
