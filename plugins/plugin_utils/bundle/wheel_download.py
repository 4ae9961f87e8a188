# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wheels for another machine: the hosts' Python and platform, fetched by the control node's pip."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import addresses
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.module_utils.environment import sources as environment_sources
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import wheelhouse

# openEuler 20.03, Kylin V10 and later have this one; a host's own, when observed, replaces it.
DEFAULT_GLIBC = "2.28"
# glibc 2.5 is where manylinux tags begin (PEP 600); the three old names stand for fixed versions of it.
FIRST_GLIBC_MINOR = 5
OLD_TAGS = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}
TIMEOUT = 4 * 3600


def platform_tags(arch: str, glibc: str | None = None) -> list[str]:
    """The platform tags of wheels that run on Linux with this architecture and glibc, newest first."""
    match = re.match(r"2\.(\d+)", glibc or DEFAULT_GLIBC)
    if not match:
        raise ArtifactError(f"glibc {glibc} is not a version like {DEFAULT_GLIBC}")
    tags = []
    for minor in range(int(match.group(1)), FIRST_GLIBC_MINOR - 1, -1):
        tags.append(f"manylinux_2_{minor}_{arch}")
        # The two oldest names were only ever given to Intel wheels.
        if minor in OLD_TAGS and (minor == 17 or arch == "x86_64"):
            tags.append(f"{OLD_TAGS[minor]}_{arch}")
    return [*tags, f"linux_{arch}"]


def pip_command(python: str | None = None) -> list[str]:
    """A working pip of the control node. Raises ArtifactError."""
    for candidate in [python] if python else [sys.executable, "python3"]:
        try:
            done = subprocess.run([candidate, "-m", "pip", "--version"], capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return [candidate, "-m", "pip"]
    raise ArtifactError(
        "No pip on the control node to download wheels with: install python3-pip, or set bundle_python to a Python"
        " that has pip"
    )


def telling(say: Callable[[str], None]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A stand-in for subprocess.run that passes on what pip fetches, as it fetches it."""

    def run(
        command: list[str], timeout: int, env: dict[str, str] | None = None, **_options: Any
    ) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=env)
            guard = threading.Timer(timeout, process.kill)
            guard.start()
            try:
                for line in process.stdout or ():
                    if line.strip().startswith(("Downloading ", "Saved ")):
                        say(f"pip: {addresses.hide_urls(line.strip())}")
                process.wait()
            finally:
                guard.cancel()
                process.kill()
            errors.seek(0)
            return subprocess.CompletedProcess(command, process.returncode, "", errors.read())

    return run


def download(
    pip: list[str],
    folder: Path,
    requirements: Iterable[str],
    python: str,
    arch: str,
    glibc: str | None = None,
    find_links: Iterable[Path] = (),
    index: str | None = None,
    constraints: Iterable[str] = (),
    extra_indexes: Iterable[str] = (),
    run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run,
) -> list[Path]:
    """Downloads wheels and all they need into `folder`. Returns the wheels there.

    Args:
        python: minor version of the hosts' Python, e.g. "3.11".
        find_links: folders with wheels that no index has.
        index: index URL, https; default is pip's own configuration.
        constraints: limits on what pip chooses.
        extra_indexes: URLs of indexes that have what that one does not.

    pip takes wheels only, and compares each with the hash that the index gives.

    Raises:
        ArtifactError: pip's own reason, and the way out when a package is published only as source.
    """
    digits = python.replace(".", "")
    abi = f"cp{digits}m" if python in ("3.6", "3.7") else f"cp{digits}"
    command = [*pip, "download", "--disable-pip-version-check", "--no-input", "--only-binary=:all:"]
    command += ["--dest", str(folder), "--python-version", python, "--implementation", "cp"]
    command += [part for name in (abi, "abi3", "none") for part in ("--abi", name)]
    command += [part for tag in platform_tags(arch, glibc) for part in ("--platform", tag)]
    command += [part for path in find_links for part in ("--find-links", str(path))]
    folder.mkdir(parents=True, exist_ok=True)
    limits = folder / "constraints.txt"
    limits.write_text("".join(f"{line}\n" for line in constraints), encoding="utf-8")
    further = " ".join(filter(None, (os.environ.get("PIP_EXTRA_INDEX_URL"), *extra_indexes)))
    _pip(
        run,
        [*command, "--constraint", str(limits)],
        requirements,
        index,
        {"PIP_EXTRA_INDEX_URL": further} if further else None,
    )
    wheels = sorted(folder.glob("*.whl"))
    for wheel in wheels:
        check_platform(wheel.name, arch)
    return wheels


def build_pure(
    pip: list[str],
    folder: Path,
    requirement: str,
    index: str | None = None,
    run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run,
) -> Path:
    """Makes a wheel of a package that is published only as source. Raises ArtifactError when it is not pure Python.

    Args:
        requirement: a pip requirement; with `--hash=sha256:...` behind it the source is held against that hash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = set(folder.glob("*.whl"))
    command = [*pip, "wheel", "--disable-pip-version-check", "--no-input", "--no-deps", "--wheel-dir", str(folder)]
    with environment_sources.Private() as private:
        try:
            options, secret = private.indexes({"index_url": index, "find_links": []})
        except ValueError as error:
            raise ArtifactError(f"bundle_index: {error}") from error
        _pip(run, command, [requirement], options["index_url"], secret)
    requirement = requirement.split(" --hash=")[0]
    made = sorted(set(folder.glob("*.whl")) - before) or [
        wheel for wheel in before if _distribution(wheel.name) == _normal(re.split(r"[=<>!~ \[]", requirement)[0])
    ]
    if not made or not made[0].name.endswith("-none-any.whl"):
        for wheel in set(made) - before:
            wheel.unlink()
        raise ArtifactError(f"{requirement} has compiled parts: build its wheel on a host of the fleet's kind")
    return made[0]


def at_hand(folders: Iterable[Path], requirement: str) -> bool:
    """True when a wheel of the requirement's distribution lies in one of the folders."""
    name = _normal(re.split(r"[=<>!~ \[]", requirement)[0])
    return any(_distribution(wheel.name) == name for folder in folders for wheel in folder.glob("*.whl"))


def check_platform(name: str, arch: str) -> None:
    """Refuses the one trap in tags that is known: wheels that hold machine code and say they run anywhere.

    PyPI's aarch64 wheels of MindSpore are tagged cpXY-none-any although they hold aarch64 code, so pip takes them on
    x86_64 too where no wheel of its own exists.
    """
    held = wheelhouse.FALSELY_ANY.get(_distribution(name), arch)
    if held != arch and re.search(r"-cp\d+-none-any\.whl\Z", name):
        raise ArtifactError(f"{name} holds {held} code, whatever its name says; there is no wheel for {arch}")


def licence(wheel: Path) -> str | None:
    """What a wheel's own metadata says of its licence."""
    try:
        fields = wheelhouse.metadata(wheel)
    except (OSError, zipfile.BadZipFile, ArtifactError):
        return None
    text = fields.get("License-Expression") or fields.get("License")
    if not text or "\n" in text.strip() or len(text) > 100:
        classifiers = [value for value in fields.get_all("Classifier", []) if value.startswith("License ::")]
        text = classifiers[0].rsplit("::", 1)[-1] if classifiers else (text or "").strip().split("\n")[0][:100]
    return text.strip() or None


def _pip(
    run: Callable[..., subprocess.CompletedProcess[str]],
    command: list[str],
    requirements: Iterable[str],
    index: str | None,
    secret: dict[str, str] | None = None,
) -> None:
    """Runs pip. What can hold a password, index and addresses, goes through its environment and a private file.

    Args:
        secret: further variables of its environment.
    """
    why = addresses.unsafe_index(index)
    if why:
        raise ArtifactError(f"bundle_index: {why}")
    private: list[str] = []
    plain: list[str] = []
    for text in requirements:
        (private if "://" in text or " --hash=" in text else plain).append(text)
    for text in private:
        if addresses.is_plain_http(text.partition("@")[2].strip().removeprefix("git+")) and "sha256=" not in text:
            raise ArtifactError(
                f"{addresses.hide_urls(text)} would come over plain http, which anybody on the way could exchange: use"
                " https, or add #sha256=<hash> to the address"
            )
    environment = {**os.environ, **({"PIP_INDEX_URL": index} if index else {}), **(secret or {})}
    with tempfile.NamedTemporaryFile("w", prefix="ascend-requirements-", suffix=".txt", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in private))
        file.flush()
        command = [*command, *(["--requirement", file.name] if private else []), *plain]
        done = run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False, env=environment)
    if done.returncode == 0:
        return
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip().startswith("ERROR")]
    reason = " ".join(line.removeprefix("ERROR:").strip() for line in lines[:3]) or done.stderr.strip()[-400:]
    hint = ""
    if "No matching distribution" in reason:
        hint = (
            ". If it is published only as source add it to bundle_build; if no index has it put its wheel into a folder"
            " of bundle_sources"
        )
    raise ArtifactError(f"pip could not collect the wheels: {addresses.hide_urls(reason)}{hint}")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _distribution(wheel: str) -> str:
    return _normal(wheel.split("-", 1)[0])
