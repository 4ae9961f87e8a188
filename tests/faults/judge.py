# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host is as it should be, without a line of the collection's code: files, npu-smi, the record of calls."""

from __future__ import annotations

import re

from tests.faults.box import VARIABLES, Box

ROOT = "/usr/local/Ascend"
CANN = f"{ROOT}/nnae/8.3.RC1"
FILES = {
    "driver": (f"{ROOT}/driver/version.info", "Version", VARIABLES["ascend_driver_version"]),
    "firmware": (f"{ROOT}/firmware/version.info", "Version", VARIABLES["ascend_firmware_version"]),
    "cann": (f"{CANN}/ascend_nnae_install.info", "version", VARIABLES["ascend_cann_version"]),
    "kernels": (f"{CANN}/opp_kernel/version.info", "version_dir", VARIABLES["ascend_cann_version"]),
}
# How the packages call themselves in the record of vendor calls.
PACKAGES = {"driver": "npu-driver_", "firmware": "npu-firmware_", "cann": "cann-nnae_", "kernels": "cann-kernels-"}
# pip's records name temporary folders; install.conf says how the last installation was asked for.
_LIST = (
    f"cd {ROOT} && {{ find . -type f ! -name '*.pyc' ! -name '*.log' ! -name install.conf ! -path '*.dist-info/*'"
    " -exec sha256sum {} +;"
    " find . -type l -printf 'link %l %p\\n'; } | sort"
)
# Whatever the umask was, nobody else may write to what root executes and believes.
_OPEN = f"find {ROOT} /var/lib/ascend-fleet /etc/ascend_install.info ! -type l -perm -o+w 2>/dev/null"
_LOOK = "\n".join(
    [f"echo '== {name}'; cat {row[0]} 2>&1" for name, row in FILES.items()]
    + [
        "echo '== loaded'; cat /run/npu-sim/driver.loaded 2>&1",
        "echo '== running'; cat /var/lib/npu-sim/firmware.running 2>&1",
        "echo '== record'; cat /etc/ascend_install.info 2>&1",
        f"echo '== latest'; readlink -e {ROOT}/nnae/latest/opp",
        f"echo '== env'; bash -c '. {ROOT}/nnae/set_env.sh && echo $ASCEND_HOME_PATH' 2>&1",
        "echo '== smi'; timeout -k 1 10 npu-smi info 2>&1; echo rc=$?",
        "echo '== install'; ps -eo args | grep -v watches-for-it |"
        " grep -c '[n]pu-driver_.*--\\|[n]pu-firmware_.*--\\|[c]ann-.*run --'",
        "echo '== calls'; cat /var/log/npu-sim/vendor-calls.log",
        "echo '== open'",
        _OPEN,
        "echo '== tree'",
        _LIST,
    ]
)


def tree(box: Box) -> set[str]:
    """What lies under the vendor's folder: a line with hash and path per file, with target and path per link."""
    return set(box.sh(_LIST).splitlines())


def complaints(box: Box, golden: set[str]) -> list[str]:
    """What is wrong with the host; nothing when it is converged and healthy.

    ``golden`` is the tree of a host that was installed without any fault: not a file of it may be missing or differ.
    """
    parts = dict(re.findall(r"^== (\w+)\n(.*?)(?=^== |\Z)", box.sh(_LOOK, timeout=90), re.MULTILINE | re.DOTALL))
    wrong = []
    for name, (path, key, wanted) in FILES.items():
        found = re.findall(rf"^{key}=(.*)$", parts.get(name, ""), re.MULTILINE)
        if found[-1:] != [wanted]:
            wrong.append(f"{path} says {found or parts.get(name, '')[:80]!r}, not {wanted}")
    for part, wanted in (
        ("loaded", FILES["driver"][2]),
        ("running", FILES["firmware"][2]),
        ("latest", f"{CANN}/opp"),
        ("install", "0"),
    ):
        if parts.get(part, "").strip() != wanted:
            wrong.append(f"{part}: {parts.get(part, '').strip()!r}, not {wanted!r}")
    if not re.search(r"nnae", parts.get("env", "")) or "No such file" in parts.get("env", ""):
        wrong.append(f"set_env.sh: {parts.get('env', '').strip()!r}")
    for key in ("Driver_Install_Path_Param", "Firmware_Install_Path_Param"):
        if not re.search(rf"^{key}={ROOT}$", parts.get("record", ""), re.MULTILINE):
            wrong.append(f"/etc/ascend_install.info lacks {key}={ROOT}")
    table = parts.get("smi", "")
    healthy = len(re.findall(r"\|\s*OK\s*\|", table))
    if "rc=0" not in table or healthy < 2:
        wrong.append(f"npu-smi shows {healthy} healthy chips, not 2")
    everybody = parts.get("open", "").split("\n")
    if everybody[0]:
        wrong.append(f"{len(everybody) - 1} files that everybody may write to, such as {everybody[0]}")
    present = set(parts.get("tree", "").splitlines())
    lacking = sorted(golden - present)
    if lacking:
        wrong.append(f"{len(lacking)} files missing or different, such as {lacking[0]}")
    return wrong + _open_calls(parts.get("calls", ""))


def _open_calls(text: str) -> list[str]:
    """Components whose last installer never came to its end: nothing may call them done."""
    last: dict[str, str] = {}
    for row in text.splitlines():
        event = re.search(r'"event": "(\w+)", "package": "([^"]*)"', row)
        for component, sign in PACKAGES.items():
            if event and sign in event[2] and re.search(r"--(full|upgrade|install)\b", row):
                last[component] = event[1]
    return [f"the last installer of {name} did not end ({event})" for name, event in last.items() if event != "end"]
