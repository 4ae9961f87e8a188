# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses wheels from a folder for a host: for its Python, architecture and libc, not the control node's."""

from __future__ import annotations

import email.parser
import re
import zipfile
from collections.abc import Callable, Container, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import careful_zip

try:
    from packaging import tags
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.utils import canonicalize_name, parse_wheel_filename
    from packaging.version import InvalidVersion, Version
except ImportError:
    tags = None  # type: ignore[assignment]  # ansible-core brings packaging along; only ansible-test imports this file without it

FALSELY_ANY = {name: arch for one in components.ALL for name, arch in one.falsely_any.items()}
# The older names of manylinux platforms. Source: PEP 600.
LEGACY = {(2, 5): "manylinux1", (2, 12): "manylinux2010", (2, 17): "manylinux2014"}
# The longest part of it is the project's README, tens of kilobytes.
MAX_METADATA = 1024 * 1024
METADATA = re.compile(r"([^/]+)\.dist-info/METADATA")


class WheelError(Exception):
    """No wheel fits; the text names what is missing and for which host."""


class Host:
    """What a wheel has to fit: C(python) ("3.11"), C(arch) ("aarch64"), C(glibc) ("2.28", None for unknown)."""

    def __init__(self, python: str, arch: str, glibc: str | None = None) -> None:
        self.python = tuple(int(part) for part in python.split(".")[:2])
        self.arch = arch
        self.glibc = tuple(int(part) for part in (glibc or "2.17").split(".")[:2])

    def __str__(self) -> str:
        return f"Python {'.'.join(map(str, self.python))} on {self.arch} with glibc {'.'.join(map(str, self.glibc))}"

    def ranks(self) -> dict[tags.Tag, int]:
        """Every tag this host takes, the best one with the lowest number."""
        platforms = list(self._platforms())
        interpreter = f"cp{self.python[0]}{self.python[1]}"
        abi = interpreter + ("m" if self.python < (3, 8) else "")
        found = list(tags.cpython_tags(self.python, abis=[abi], platforms=platforms))
        found += tags.compatible_tags(self.python, interpreter=interpreter, platforms=platforms)
        return {tag: number for number, tag in reversed(list(enumerate(found)))}

    def _platforms(self) -> Iterator[str]:
        for minor in range(self.glibc[1], 4, -1):
            yield f"manylinux_2_{minor}_{self.arch}"
            if (2, minor) in LEGACY:
                yield f"{LEGACY[2, minor]}_{self.arch}"
        yield f"linux_{self.arch}"

    def environment(self) -> dict[str, str]:
        """What markers of requirements are judged by."""
        version = ".".join(map(str, self.python))
        return {
            "python_version": version,
            "python_full_version": f"{version}.0",
            "implementation_name": "cpython",
            "implementation_version": f"{version}.0",
            "platform_python_implementation": "CPython",
            "os_name": "posix",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": self.arch,
            "platform_release": "",
            "platform_version": "",
            "extra": "",
        }


def select(
    folder: Path,
    requirements: Iterable[str],
    host: Host,
    constraints: Iterable[str] = (),
    skip: Iterable[str] = (),
    listed: Container[str] | None = None,
    prove: Callable[[str], Any] = lambda file: None,
) -> list[dict[str, str]]:
    """The wheels that satisfy the requirements and all that those require, the newest of each that fits.

    Args:
        folder: where the wheels are.
        requirements: for example C(mindspore==2.7.1).
        host: where they will be installed.
        constraints: limits on whatever is chosen.
        skip: distributions that are not chosen although something requires them.
        listed: the files of the folder that may be looked at; None for all.
        prove: called with the name of a file before it is opened; raises when it is not the file it should be.

    Returns:
        Rows C({"name", "version", "file"}), sorted by name.

    Raises:
        WheelError: a wheel is missing, or a requirement is none.
    """
    index = _index(folder, host, listed)

    def metadata(file: str) -> tuple[tuple[Requirement, ...], str]:
        prove(file)
        return _metadata(folder / file)

    limits: dict[str, SpecifierSet] = {}
    for text in constraints:
        limit = _requirement(text, "constraint")
        name = canonicalize_name(limit.name)
        limits[name] = limits.get(name, SpecifierSet()) & limit.specifier
    skipped = {canonicalize_name(name) for name in skip}
    queue = [(_requirement(text, "requirement"), "asked for") for text in requirements]
    chosen: dict[str, dict[str, Any]] = {}
    wants: dict[str, list[tuple[Requirement, str]]] = {}
    while queue:
        requirement, origin = queue.pop(0)
        name = canonicalize_name(requirement.name)
        if name in skipped or (requirement.marker and not requirement.marker.evaluate(host.environment())):
            continue
        wants.setdefault(name, []).append((requirement, origin))
        limits[name] = limits.get(name, SpecifierSet()) & requirement.specifier
        before = chosen.get(name)
        if before and limits[name].contains(before["version"], prereleases=True):
            continue
        allowed = (row for row in index.get(name, ()) if limits[name].contains(row["version"], prereleases=True))
        fitting = next((row for row in allowed if _takes(metadata(row["file"])[1], host)), None)
        if not fitting:
            raise WheelError(_missing(folder, name, wants[name], index, host))
        chosen[name] = fitting
        origin = f"required by {name} {fitting['version']}"
        queue += [(needed, origin) for needed in metadata(fitting["file"])[0]]
    return [{"name": name, "version": str(row["version"]), "file": row["file"]} for name, row in sorted(chosen.items())]


def exactly(
    folder: Path, requirements: Iterable[str], host: Host, listed: Container[str] | None = None
) -> list[dict[str, str]]:
    """The wheels of exact requirements alone, without what they require; what is not there is left out.

    Args:
        folder, host, listed: as for select().
        requirements: such as C(numpy==1.26.4).

    Returns:
        Rows C({"name", "version", "file"}), in the order of the requirements.

    Raises:
        WheelError: a requirement is none.
    """
    index = _index(folder, host, listed)
    found = []
    for text in requirements:
        requirement = _requirement(text, "requirement")
        rows = index.get(canonicalize_name(requirement.name), ())
        row = next((row for row in rows if requirement.specifier.contains(row["version"], prereleases=True)), None)
        if row is not None:
            found.append({"name": requirement.name, "version": str(row["version"]), "file": row["file"]})
    return found


def same(file: str, requirements: Iterable[str]) -> bool:
    """Whether a wheel by its file's name is what one of the requirements asks for. Raises WheelError as exactly()."""
    try:
        name, version, _build, _tags = parse_wheel_filename(file)
    except ValueError:
        return False
    asked = (_requirement(text, "requirement") for text in requirements)
    return any(
        canonicalize_name(one.name) == name and one.specifier.contains(version, prereleases=True) for one in asked
    )


def _index(folder: Path, host: Host, listed: Container[str] | None) -> dict[str, list[dict[str, Any]]]:
    """The wheels that fit the host, by name; newest first, and of equals the one made most specially for it."""
    ranks = host.ranks()
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(folder.glob("*.whl")):
        if listed is not None and path.name not in listed:
            continue
        try:
            name, version, _build, wheel_tags = parse_wheel_filename(path.name)
        except ValueError:  # a wrong name or version, whichever of its own kinds this packaging raises
            continue
        fitting = [ranks[tag] for tag in wheel_tags if tag in ranks]
        anywhere = all(tag.platform == "any" for tag in wheel_tags)
        if not fitting or (anywhere and FALSELY_ANY.get(name, host.arch) != host.arch):
            continue
        found.setdefault(name, []).append({"version": version, "file": path.name, "rank": min(fitting)})
    for rows in found.values():
        rows.sort(key=lambda row: row["rank"])
        rows.sort(key=lambda row: row["version"], reverse=True)
    return found


@lru_cache(maxsize=4096)
def _metadata(path: Path) -> tuple[tuple[Requirement, ...], str]:
    """What a wheel says it requires, without extras, and of which Python.

    Raises:
        WheelError: it is no whole wheel, or not the one its name says.
    """
    try:
        fields = metadata(path)
    except (OSError, zipfile.BadZipFile, ArtifactError) as error:
        raise WheelError(f"{path} is not a whole wheel ({error}); fetch it again") from error
    rows = []
    for text in fields.get_all("Requires-Dist") or []:
        try:
            rows.append(Requirement(text))
        except (InvalidRequirement, RecursionError):
            continue
    return tuple(rows), fields.get("Requires-Python") or ""


def metadata(path: Path) -> Any:
    """The header fields of a wheel's METADATA, an email message.

    Raises:
        zipfile.BadZipFile: it is no whole wheel, its METADATA is larger than any real one, or that of another wheel.
        ArtifactError, OSError: it cannot be read.
    """
    with careful_zip.opened(path, path.parent.parent) as archive:
        found = [member for member in archive.infolist() if METADATA.fullmatch(member.filename)]
        if len(found) != 1:
            raise zipfile.BadZipFile(f"it has {len(found)} METADATA, one is right")
        text = careful_zip.read(archive, found[0], MAX_METADATA).decode("utf-8", "replace")
    fields = email.parser.Parser().parsestr(text, headersonly=True)
    own, inner = path.name.split("-")[:2], found[0].filename.split(".dist-info/")[0].rpartition("-")
    for name, version in ((inner[0], inner[2]), (fields.get("Name"), fields.get("Version"))):
        if (name and canonicalize_name(name) != canonicalize_name(own[0])) or (
            version and _version(version) != _version(own[1])
        ):
            raise zipfile.BadZipFile(f"inside it is {name} {version}"[:200])
    return fields


def _version(text: str) -> Any:
    try:
        return Version(text.replace("_", "-"))
    except InvalidVersion:
        return text


def _takes(requires_python: str, host: Host) -> bool:
    """Whether some patch level of the host's Python is one that the wheel requires; its tag alone often says any."""
    try:
        wanted = SpecifierSet(requires_python)
    except InvalidSpecifier:
        return True
    return any(wanted.contains(f"{host.python[0]}.{host.python[1]}.{patch}") for patch in (0, 99))


def _requirement(text: str, what: str) -> Requirement:
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError) as error:
        raise WheelError(f"{text[:200]!r} is not a {what}: {error}") from error


def _missing(folder: Path, name: str, wants: list[tuple[Requirement, str]], index: dict[str, Any], host: Host) -> str:
    asked = "; ".join(f"{requirement.name}{requirement.specifier} {origin}" for requirement, origin in wants)
    fitting = ", ".join(str(row["version"]) for row in index.get(name, ()))
    others = sorted(path.name for path in folder.glob("*.whl") if canonicalize_name(path.name.split("-")[0]) == name)
    seen = "there is none of it"
    if fitting:
        seen = f"versions that fit: {fitting}"
    elif others:
        seen = f"there are {', '.join(others)}"
    return (
        f"No wheel of {name} in {folder} for {host} ({asked}); {seen}. Put it there (ascend.fleet.bundle fetches it),"
        " or set ascend_wheels to the URL of a package index that the hosts reach."
    )
