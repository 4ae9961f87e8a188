# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of the simulated servers, built from Debian's packages or from an image the user names."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from .base import CACHE, LABEL, LOGIN_USER, SIMULATOR, podman, run, run_long, say, write_if_changed

SUITE = "bookworm"
# A server as a provider hands it over. What the roles have to install (pciutils, net-tools, gcc, pip) is not here.
PACKAGES = (
    "python3", "python3-venv", "python3-apt", "openssh-server", "sudo", "systemd", "systemd-sysv", "udev", "dbus",
    "kmod", "ca-certificates", "iproute2", "iputils-ping", "procps", "e2fsprogs", "xz-utils",
)
_BASE_PACKAGES = ("python3", "openssh-server", "sudo", "systemd", "kmod", "procps", "ca-certificates")
REPOSITORY = f"localhost/{LABEL}"


def name(base: str | None = None) -> str:
    """The image's name; a changed recipe gives another one."""
    recipe = "\n".join([base or SUITE, *PACKAGES, (SIMULATOR / "host" / "setup.sh").read_text()])
    return f"{REPOSITORY}:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def build(base: str | None = None, again: bool = False) -> str:
    """Make sure the image exists and return its name."""
    image = name(base)
    if not again and run("podman", "image", "exists", image, check=False).returncode == 0:
        say(f"image: {image} exists")
        return image
    if base:
        _from_image(base, image)
    else:
        _from_packages(image, again)
    say(f"image: {image} is ready")
    return image


def _from_packages(image: str, again: bool) -> None:
    archive = CACHE / "image" / (image.rpartition(":")[2] + ".tar")
    if again or not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        partial = archive.with_suffix(".partial.tar")
        sources = apt_sources()
        source_list = CACHE / "image" / "sources.list"
        write_if_changed(source_list, sources)
        setup = SIMULATOR / "host" / "setup.sh"
        hooks = [
            f"--customize-hook=copy-in {setup} /tmp",
            f'--customize-hook=chroot "$1" sh /tmp/setup.sh {LOGIN_USER}',
            '--customize-hook=rm "$1/tmp/setup.sh"',
        ]
        mirror = [source_list] if sources else []
        run_long("image: building a Debian root file system with mmdebstrap, about a minute",
                 CACHE / "log" / "mmdebstrap.log",
                 "mmdebstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES), *apt_options(), *hooks,
                 SUITE, partial, *mirror)
        partial.replace(archive)
    run_long("image: importing it into podman", CACHE / "log" / "import.log",
             "podman", "import", "--change", 'CMD ["/lib/systemd/systemd"]', archive, image)


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
    run_long(f"image: setting up {base}", CACHE / "log" / "base-image.log",
             "podman", "run", "--name", container, "-v", f"{SIMULATOR / 'host'}:/simulator:ro", base,
             "sh", "-c", script)
    run_long("image: committing it", CACHE / "log" / "commit.log", "podman", "commit",
             "--change", 'CMD ["/lib/systemd/systemd"]', container, image)
    podman("rm", "-f", container, check=False)


def apt_options() -> list[str]:
    """Proxies and certificates of this machine's apt, so that the hosts reach the same mirrors."""
    dump = run("apt-config", "dump", check=False).stdout
    return [f"--aptopt={line}" for line in dump.splitlines()
            if re.match(r'Acquire::https?::(Proxy|CaInfo)\S* "[^"]', line)]


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
