# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the simulated vendor packages with the real makeself."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import tempfile
from pathlib import Path

from . import mindcluster, releases, stubs, wheels
from .base import SIMULATOR, SimulatorError, run, say

VENDOR = SIMULATOR / "vendor"
_MAKESELF_HEADER = Path("/usr/share/makeself/makeself-header.sh")
_COMMON = ("common.sh",)
_PARTS_OF = {
    "driver.sh": (
        "driver.sh",
        "driver_checks.sh",
        "uninstall.sh",
        "upgrade-tool",
        "npu-smi",
        "hccn_tool",
        "host_sys_init.sh",
        "host_sys_init.service",
    ),
    "firmware.sh": ("firmware.sh", "uninstall.sh"),
    "docker_runtime.sh": ("docker_runtime.sh", "ascend-docker-runtime", "ascend-docker-plugin-install-helper"),
    "cann.sh": (
        "cann.sh",
        "cann_layout.sh",
        "cann_uninstall.sh",
        "set_env.sh",
        "atb_set_env.sh",
        "EULA",
        "all_reduce_test",
        "atc",
        "pyacl",
    ),
}
_LIBRARIES = (
    "lib64/common/libc_sec.so",
    "lib64/common/libascend_hal.so",
    "lib64/driver/libascend_hal.so",
    "lib64/driver/libdcmi.so",
    "lib64/driver/libdrvdsmi_host.so",
)
# The vendors' wrapper gives the package what makeself itself does not know; stock makeself refuses it.
# (Written for a here-document, hence the backslashes.)
_WRAPPER = r"""
@OPTIONS@vendor_left=\$#
vendor_own=
vendor_target=
while test \$vendor_left -gt 0; do
    vendor_word="\$1"
    shift
    vendor_left=\`expr \$vendor_left - 1\`
    case "\$vendor_word" in
    --info | --list | --lsm | --dumpconf | --phase2) set -- "\$vendor_word"; vendor_own=stock; break ;;
    --tar) set -- --tar "\$@"; vendor_own=stock; break ;;
    --noexec) vendor_own="\$vendor_own --noexec" ;;
    --extract=*) vendor_target="\${vendor_word#--extract=}" ;;
    --nox11 | --xwin) ;;
    -q) set -- "\$@" --quiet ;;
    *) set -- "\$@" "\$vendor_word" ;;
    esac
done
if test "\$vendor_own" = stock; then :
elif test -n "\$vendor_target"; then set -- --target "\$vendor_target" \$vendor_own --nox11 -- "\$@"
else set -- \$vendor_own --nox11 -- "\$@"
fi
"""
# help.info of the driver's package (hicann/driver, scripts/package), and what its archive knows by itself.
_DRIVER_OPTIONS = (
    *(
        "--full",
        "--run",
        "--debug",
        "--devel",
        "--docker",
        "--upgrade",
        "--uninstall",
        "--version",
        "--check",
        "--quiet",
    ),
    *("--install-path", "--install-username", "--install-usergroup", "--install-for-all", "--force", "--norebuild"),
    *("--vnpu_host", "--vnpu_guest", "--vnpu_docker_host", "--help"),
)
_NOT_ON_A_BOARD = ("--install-for-all",)  # the SoC flavour of the 310B
_ARCHIVE_OPTIONS = (
    "--info",
    "--list",
    "--lsm",
    "--dumpconf",
    "--phase2",
    "--tar",
    "--noexec",
    "--extract",
    "--nox11",
    "--xwin",
)


def build(out: Path, sets: list[str] | None = None) -> list[Path]:
    """Build what is missing or out of date in ``out``, and SHA256SUMS over it; returns the files."""
    wanted = releases.packages(sets)
    out.mkdir(parents=True, exist_ok=True)
    state_file = out / ".built.json"
    state = json.loads(state_file.read_text()) if state_file.exists() else {}
    header = _header()
    stamp = _fingerprint(header)
    result, made = [], 0
    for package in wanted:
        target = out / package.file
        recipe = hashlib.sha256((stamp + repr(package)).encode()).hexdigest()
        if state.get(package.file) != recipe or not target.exists():
            _make(package, target, header)
            made += 1
            state[package.file] = recipe
            state_file.write_text(json.dumps(state, indent=1, sort_keys=True) + "\n")
        result.append(target)
    result += mindcluster.build(out, sets)
    files = sorted([*out.glob("*.run"), *out.glob("*.zip")])
    digests = ((hashlib.sha256(path.read_bytes()).hexdigest(), path.name) for path in files)
    (out / "SHA256SUMS").write_text("".join(f"{digest}  {name}\n" for digest, name in digests))
    say(f"packages: {len(result)} in {out}, {made} of them built now")
    return result


def _header() -> str:
    """makeself's own header script with the vendors' option handling put in front of its own."""
    if not _MAKESELF_HEADER.exists():
        raise SimulatorError("makeself is not installed; run: make simulator")
    # Where the vendor's archives unpack to when nobody says where (recorded).
    text = _MAKESELF_HEADER.read_text().replace("TMPROOT=\\${TMPDIR:=/tmp}", 'TMPROOT=\\${TMPDIR:="\\$HOME"}')
    mark = 'initargs="\\$@"\n'
    if text.count(mark) != 1:
        raise SimulatorError(f"{_MAKESELF_HEADER} is not the makeself 2.4 or 2.5 header this builder knows")
    return text.replace(mark, _WRAPPER + mark)


def _fingerprint(header: str) -> str:
    """Changes whenever anything a package is made of changes."""
    digest = hashlib.sha256(header.encode())
    sources = [Path(module.__file__ or "") for module in (stubs, wheels)]
    for path in [*sorted(VENDOR.iterdir()), SIMULATOR / "cann_symbols.txt", Path(__file__), *sources]:
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def lay_out(package: releases.Package, place: Path) -> None:
    """Write the files a package consists of into ``place``."""
    for name in (*_COMMON, *_PARTS_OF[package.script]):
        shutil.copy(VENDOR / name, place / name)
    texts = dict(package.files)
    texts["package.conf"] = "".join(f"{key}={shlex.quote(text)}\n" for key, text in package.settings.items())
    texts["install.sh"] = f'#!/bin/sh\nexec bash ./{package.script} "$@"\n'
    libraries = (*package.libraries, *(_LIBRARIES if package.script == "driver.sh" else ()))
    if package.script == "firmware.sh":
        texts["image/Ascend.bin"] = f"simulated firmware {package.settings['PKG_VERSION']}\n"
    for name, text in texts.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in libraries:
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stubs.library(path.name, stubs.symbols(), package.settings["PKG_ARCH"]))
    for name, version in package.wheels.items():
        path = place / "wheels" / wheels.file_name(name, version)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(wheels.wheel(name, version, package.settings["PKG_VERSION"]))
    for path in place.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.suffix == ".sh" or "." not in path.name else 0o644)


def _make(package: releases.Package, target: Path, header: str) -> None:
    with tempfile.TemporaryDirectory() as work:
        place = Path(work) / "package"
        place.mkdir()
        lay_out(package, place)
        for path in place.rglob("*"):
            os.utime(path, (1577836800, 1577836800))
        header_file = Path(work) / "header.sh"
        header_file.write_text(header.replace("@OPTIONS@", _options_of(package)))
        partial = target.with_suffix(".partial")
        run(
            "makeself",
            "--quiet",
            "--header",
            header_file,
            "--sha256",
            "--nomd5",
            "--nocrc",
            "--nox11",
            "--packaging-date",
            "2020-01-01",
            "--tar-extra",
            "--sort=name --owner=0 --group=0 --numeric-owner --mtime=@1577836800",
            place,
            partial,
            package.label,
            "./install.sh",
        )
        _forget_paths(partial, work, str(partial))
        partial.chmod(0o755)
        partial.replace(target)


def _options_of(package: releases.Package) -> str:
    """The check of options that the driver's archive makes before anything else: its list, or a usage and 1."""
    if package.script != "driver.sh":
        return ""
    known = [name for name in _DRIVER_OPTIONS if not (name in _NOT_ON_A_BOARD and package.settings["PKG_SOC"] == "yes")]
    usage = ["Usage: \\$0 [options]", "Options:", *(f"  {name:<32}  see the manual" for name in known)]
    lines = [f'        echo "{line}" >&2' for line in usage]
    pattern = " | ".join([*known, *_ARCHIVE_OPTIONS])
    return "\n".join(
        [
            'for vendor_word in "\\$@"; do',
            '    case "\\${vendor_word%%=*}" in',
            f"    {pattern}) ;;",
            "    --*)",
            *lines,
            "        exit 1 ;;",
            "    esac",
            "done",
            "",
        ]
    )


def _forget_paths(partial: Path, *paths: str) -> None:
    """The header quotes the build command; take this machine's paths out (same length, so offsets stay right)."""
    data = partial.read_bytes()
    end = data.index(b"\n", data.index(b"Build command was"))
    head, rest = data[: end + 2000], data[end + 2000 :]
    for path in paths:
        head = head.replace(path.encode(), b"x" * len(path.encode()))
    partial.write_bytes(head + rest)
