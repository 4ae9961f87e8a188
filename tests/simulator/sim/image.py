# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of the simulated servers, built from Debian's packages or from an image the user names."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from . import emulation
from .base import CACHE, LABEL, LOGIN_USER, SIMULATOR, SimulatorError, podman, run, run_long, say, write_if_changed
from .description import MACHINE, SYSTEMS

SUITE = "bookworm"
# A server as a provider hands it over. What the roles have to install (pciutils, net-tools, gcc, pip) is not here.
PACKAGES = (
    "python3",
    "python3-venv",
    "python3-apt",
    "openssh-server",
    "sudo",
    "systemd",
    "systemd-sysv",
    "udev",
    "dbus",
    "kmod",
    "ca-certificates",
    "iproute2",
    "iputils-ping",
    "procps",
    "e2fsprogs",
    "xz-utils",
)
# dnf for real in a Debian root; apt and its data base go (setup-dnf.sh).
_DNF_PACKAGES = (*(word for word in PACKAGES if word != "python3-apt"), "dnf", "rpm", "python3-dnf")
# What the roles would install takes minutes under emulation, so it is in the image, and they find it there.
_EMULATED_PACKAGES = (*PACKAGES, "pciutils", "net-tools", "python3-pip", "gcc", "g++", "make", "cmake", "python3-dev")
# Nothing comes by itself where mmdebstrap only unpacks.
_ESSENTIAL = ("?essential", "?priority(required)", "apt,debian-archive-keyring")
_EMULATED_ROOT = Path(__file__).with_name("emulated-root.sh")
_BASE_PACKAGES = ("python3", "openssh-server", "sudo", "systemd", "kmod", "procps", "ca-certificates")
REPOSITORY = f"localhost/{LABEL}"


def name(base: str | None = None, system: str = SYSTEMS[0], arch: str = MACHINE) -> str:
    """The image's name; a changed recipe gives another one."""
    words = [base or SUITE, *_packages(system, arch), *(script.read_text() for script in _scripts(system))]
    if (system, arch) != (SYSTEMS[0], MACHINE):
        words += [system, arch]
    if arch != MACHINE:
        words.append(_EMULATED_ROOT.read_text())
    return f"{REPOSITORY}:{hashlib.sha256(chr(10).join(words).encode()).hexdigest()[:12]}"


def _packages(system: str, arch: str) -> tuple[str, ...]:
    if arch != MACHINE:
        return _EMULATED_PACKAGES
    return _DNF_PACKAGES if system == "dnf" else PACKAGES


def _scripts(system: str) -> list[Path]:
    """What is run in the new root, in order."""
    return [SIMULATOR / "host" / word for word in (("setup.sh", "setup-dnf.sh") if system == "dnf" else ("setup.sh",))]


def build(base: str | None = None, again: bool = False, system: str = SYSTEMS[0], arch: str = MACHINE) -> str:
    """Make sure the image exists and return its name."""
    reason = emulation.problem(arch)
    if reason:
        raise SimulatorError(f"no hosts of {arch} here: {reason}")
    if arch != MACHINE and system != SYSTEMS[0]:
        raise SimulatorError(f"there is no image of {system} for {arch}")
    image = name(base, system, arch)
    if not again and run("podman", "image", "exists", image, check=False).returncode == 0:
        say(f"image: {image} exists")
        return image
    if base and arch == MACHINE:
        _from_image(base, image)
    else:
        _from_packages(image, again, system, arch)
    say(f"image: {image} is ready")
    return image


def _from_packages(image: str, again: bool, system: str, arch: str) -> None:
    archive = CACHE / "image" / (image.rpartition(":")[2] + ".tar")
    if again or not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        partial = archive.with_suffix(".partial.tar")
        sources = apt_sources()
        source_list = CACHE / "image" / "sources.list"
        write_if_changed(source_list, sources)
        hook = "customize" if arch == MACHINE else "extract"
        hooks = []
        for script in _scripts(system):
            hooks += [
                f"--{hook}-hook=copy-in {script} /tmp",
                f'--{hook}-hook=chroot "$1" sh /tmp/{script.name} {LOGIN_USER}',
                f'--{hook}-hook=rm "$1/tmp/{script.name}"',
            ]
        mirror = [source_list] if sources else []
        variant, patience = ["--variant=minbase"], "about a minute"
        if arch != MACHINE:
            variant = [
                "--variant=extract",
                f"--architectures={emulation.DEBIAN_NAMES[arch]}",
                "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
                f'--extract-hook=sh {_EMULATED_ROOT} "$1"',
                *(f"--include={words}" for words in _ESSENTIAL),
            ]
            patience = f"for {arch} under qemu, about three minutes, once"
        run_long(
            f"image: building a Debian root file system with mmdebstrap, {patience}",
            CACHE / "log" / "mmdebstrap.log",
            "mmdebstrap",
            *variant,
            "--include=" + ",".join(_packages(system, arch)),
            *apt_options(),
            *hooks,
            SUITE,
            partial,
            *mirror,
        )
        partial.replace(archive)
    platform = ["--arch", emulation.DEBIAN_NAMES[arch], "--os", "linux"] if arch != MACHINE else []
    run_long(
        "image: importing it into podman",
        CACHE / "log" / "import.log",
        "podman",
        "import",
        *platform,
        "--change",
        'CMD ["/lib/systemd/systemd"]',
        archive,
        image,
    )


def _from_image(base: str, image: str) -> None:
    """Set up a container of ``base`` (a Debian or dnf system from a registry) and keep it as our image."""
    container = "ascend-fleet-sim-build"
    podman("rm", "-f", container, check=False)
    packages = " ".join(_BASE_PACKAGES)
    install = (
        "if command -v apt-get >/dev/null; then apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y "
        f"--no-install-recommends {packages} systemd-sysv python3-venv python3-apt udev dbus iproute2; "
        f"else dnf install -y {packages} shadow-utils iproute; fi"
    )
    script = f"set -e; {install}; sh /simulator/setup.sh {LOGIN_USER}"
    run_long(
        f"image: setting up {base}",
        CACHE / "log" / "base-image.log",
        "podman",
        "run",
        "--name",
        container,
        "-v",
        f"{SIMULATOR / 'host'}:/simulator:ro",
        base,
        "sh",
        "-c",
        script,
    )
    run_long(
        "image: committing it",
        CACHE / "log" / "commit.log",
        "podman",
        "commit",
        "--change",
        'CMD ["/lib/systemd/systemd"]',
        container,
        image,
    )
    podman("rm", "-f", container, check=False)


def apt_options() -> list[str]:
    """Proxies and certificates of this machine's apt, so that the hosts reach the same mirrors."""
    dump = run("apt-config", "dump", check=False).stdout
    return [
        f"--aptopt={line}" for line in dump.splitlines() if re.match(r'Acquire::https?::(Proxy|CaInfo)\S* "[^"]', line)
    ]


def apt_sources(folder: Path = Path("/etc/apt")) -> str:
    """This machine's own apt sources for our suite, one-line style; empty to let mmdebstrap choose."""
    wanted = (SUITE, SUITE + "-updates", SUITE + "-security")
    lines: list[str] = []
    for path in [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]:
        if not path.is_file():
            continue
        text = path.read_text(errors="replace")
        entries = _deb822(text) if path.suffix == ".sources" else _one_line(text)
        for options, uri, suite, components in entries:
            if suite in wanted and "main" in components:
                lines.append(f"deb {options}{uri} {suite} main")
    known = {line.split()[-2] for line in lines}
    return "\n".join(dict.fromkeys(lines)) + "\n" if SUITE in known else ""


def _one_line(text: str):
    for match in re.finditer(r"^deb\s+(\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)$", text, re.MULTILINE):
        yield match.group(1) or "", match.group(2), match.group(3), match.group(4).split()


def _deb822(text: str):
    for stanza in re.split(r"\n\s*\n", text):
        fields = {key.lower(): value.strip() for key, value in re.findall(r"^([\w-]+):(.*)$", stanza, re.MULTILINE)}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        options = f"[signed-by={fields['signed-by']}] " if fields.get("signed-by", "").startswith("/") else ""
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield options, uri, suite, fields.get("components", "").split()
