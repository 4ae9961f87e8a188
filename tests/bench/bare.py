"""What a first installation costs without any tool: the vendor's installers over SSH, one script per host.

Per host: copy the packages, driver, firmware, reboot and wait, nnae, kernels; with MINDSPORE=1 a venv with MindSpore
and the wheels of CANN. As many hosts at once as Ansible has forks, one kept SSH connection per host between reboots,
nothing checked but exit codes.
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench.bench_hosts import MINDSPORE, Hosts
from tests.simulator.sim import base
from tests.support.paths import ARTIFACTS, BIN

DRIVER = "Ascend-hdk-910b-npu-driver_25.3.rc1_linux-x86-64.run"
FIRMWARE = "Ascend-hdk-910b-npu-firmware_7.8.0.2.212.run"
NNAE = "Ascend-cann-nnae_8.3.RC1_linux-x86_64.run"
KERNELS = "Ascend-cann-kernels-910b_8.3.RC1_linux-x86_64.run"
PACKAGES = (DRIVER, FIRMWARE, NNAE, KERNELS)
# An installer that ends with 2 asks for a reboot.
BEFORE_REBOOT = (
    'set -e; ok() { "$@" || [ $? = 2 ]; }; '
    "getent group HwHiAiUser || groupadd HwHiAiUser; "
    "id HwHiAiUser || useradd -g HwHiAiUser -m -s /bin/bash HwHiAiUser; "
    f"ok bash /var/tmp/{DRIVER} --full --quiet --install-for-all; ok bash /var/tmp/{FIRMWARE} --full --quiet"
)
AFTER_REBOOT = (
    f"set -e; bash /var/tmp/{NNAE} --install --quiet --install-for-all; "
    f"bash /var/tmp/{KERNELS} --install --quiet --install-for-all; rm /var/tmp/*.run; npu-smi info"
)
FRAMEWORK = (
    "; python3 -m venv /opt/bare; . /usr/local/Ascend/nnae/set_env.sh; /opt/bare/bin/pip install -q --no-index"
    f" --find-links /var/tmp/wheels mindspore=={MINDSPORE}"
    ' $(find -L /usr/local/Ascend/nnae/latest/ -path "*/lib64/*.whl");'
    ' rm -r /var/tmp/wheels; /opt/bare/bin/python -c "import mindspore"'
)


def install(hosts: Hosts) -> dict:
    """Install on all hosts; {"seconds", "cpu", "failed": {address: last lines}}."""
    with tempfile.TemporaryDirectory(prefix="ascend-bare-") as folder:
        wheels = _wheels(Path(folder)) if MINDSPORE else []
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        answers = hosts.each(lambda address: _one(hosts, address, Path(folder), wheels))
    seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    failed = {address: answer for address, answer in zip(hosts.addresses, answers, strict=True) if answer}
    return {"seconds": seconds, "cpu": cpu, "failed": failed}


def _wheels(folder: Path) -> list[str]:
    """MindSpore and what it needs, out of the artifacts; somebody has collected them before."""
    words = ["download", "-q", "--no-index", "--find-links", ARTIFACTS / "wheels", "-d", folder / "wheels"]
    subprocess.run([BIN / "pip", *words, f"mindspore=={MINDSPORE}"], check=True)
    return ["-r", str(folder / "wheels")]


def _one(hosts: Hosts, address: str, sockets: Path, wheels: list[str]) -> str | None:
    """None, or why this host failed."""
    login = f"{base.LOGIN_USER}@{address}"
    options = [
        *hosts.ssh_options(),
        "-o",
        "ControlMaster=auto",
        "-o",
        "ControlPersist=60",
        "-o",
        f"ControlPath={sockets / address}",
    ]

    def call(*words: str) -> str | None:
        done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        return None if done.returncode == 0 else f"rc {done.returncode}: {(done.stderr or done.stdout)[-300:]}"

    def root(script: str) -> str | None:
        return call("ssh", *options, login, f"sudo bash -c '{script}'")

    packages = (str(ARTIFACTS / name) for name in PACKAGES)
    failure = call("scp", "-q", *options, *wheels, *packages, f"{login}:/var/tmp/")
    failure = failure or root(BEFORE_REBOOT)
    if failure:
        return failure
    call("ssh", "-O", "exit", *options, login)
    try:
        hosts.reboot(address)
    except TimeoutError as error:
        return str(error)
    failure = root(AFTER_REBOOT + (FRAMEWORK if MINDSPORE else ""))
    call("ssh", "-O", "exit", *options, login)
    return failure
