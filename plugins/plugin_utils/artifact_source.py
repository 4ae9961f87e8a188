# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where artifacts come from: a folder on the control node or a mirror, and the hash of each, known before any host.

Ansible runs one process per host and task. Hashes and the mirror's lock are therefore shared through small files in
the user's cache folder, written under a file lock: a file is read once, however many hosts need it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
import time
import urllib.error
import urllib.parse
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils import urls
from ansible_collections.ascend.fleet.plugins.module_utils import artifacts, download
from ansible_collections.ascend.fleet.plugins.module_utils.artifacts import ArtifactError

# A folder of artifacts is small; what looks bigger is a wrong path such as /.
MAX_LISTED = 20000
STALE_SECONDS = 24 * 3600


def cache_dir() -> Path:
    """The user's cache folder for this collection, private to the user; a temporary one where home is read-only."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ascend-fleet"
    fallback = Path(tempfile.gettempdir()) / f"ascend-fleet-{os.getuid()}"
    for folder in (base, fallback):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if folder.stat().st_uid == os.getuid() and os.access(folder, os.W_OK):
            return folder
    raise ArtifactError(f"No cache folder: neither {base} nor {fallback} can be written by this user")


@contextmanager
def _shared_file(kind: str, key: str) -> Iterator[Any]:
    """An open small file for one key, locked against the processes of other hosts."""
    path = cache_dir() / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield stream


def _once(kind: str, key: str, state: Any, make: Callable[[], Any]) -> Any:
    """The value kept for `key` while `state` is the same, else a new one from `make`."""
    with _shared_file(kind, key) as stream:
        try:
            kept = json.load(stream)
        except ValueError:
            kept = {}
        if isinstance(kept, dict) and kept.get("key") == key and kept.get("state") == state:
            return kept["value"]
        value = make()
        stream.seek(0)
        stream.truncate()
        json.dump({"key": key, "state": state, "value": value}, stream)
        return value


def file_sha256(path: Path) -> str:
    """SHA-256 of a file on the control node, computed once per content.

    The stored value holds for the same size, mtime, ctime and inode; ctime cannot be set back, so a file that was
    exchanged or edited is always read again.
    """
    info = path.stat()
    state = [info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino]

    def read() -> str:
        digest, _size = download.hash_file(str(path))
        return digest.hexdigest()

    return _once("sha256", str(path.resolve()), state, read)


def run_id() -> str:
    """The same for every worker process of one Ansible run, another for the next run."""
    parent = os.getppid()
    try:
        started = Path(f"/proc/{parent}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        started = ""
    return f"{parent}:{started}"


def load_lock(text: str, origin: str) -> dict[str, Any]:
    """Parses the text of a lock. Raises ArtifactError."""
    try:
        return artifacts.parse_lock(yaml.safe_load(text), origin)
    except yaml.YAMLError as error:
        raise ArtifactError(f"{origin} is not YAML: {error}") from error


class FolderSource:
    """Artifacts in a folder on the control node, with a lock, with SHA256SUMS, or with neither."""

    def __init__(self, folder: str, serving_url: str | None = None, ignore_lock: bool = False) -> None:
        self.folder = Path(folder).expanduser()
        self.serving_url = serving_url
        if not self.folder.is_dir():
            raise ArtifactError(
                f"ascend_artifacts: {self.folder} is not a folder on the control node."
                " Set ascend_artifacts to the folder (or mirror URL) that holds the packages"
            )
        lock = self.folder / artifacts.LOCK_NAME
        self.lock = (
            load_lock(lock.read_text(encoding="utf-8"), str(lock)) if lock.is_file() and not ignore_lock else None
        )
        sums = self.folder / artifacts.SUMS_NAME
        text = sums.read_text(encoding="utf-8", errors="replace") if sums.is_file() else ""
        self.sums = artifacts.parse_sums(text, str(sums))

    def resolve(self, name: str) -> dict[str, Any]:
        """The file's place, size and hash. Raises ArtifactError when it is absent or not what the lock says."""
        found = self._find(name)
        path = self.folder / found
        size = path.stat().st_size
        sha256 = None
        if self.lock is not None:
            entry = self.lock["artifacts"].get(found)
            if entry is None:
                raise ArtifactError(
                    f"{found} is in {self.folder}, but {artifacts.LOCK_NAME} there does not list it."
                    " Run ascend.fleet.bundle again to add it to the lock"
                )
            sha256 = entry["sha256"]
            # The size costs nothing to compare; the hash is computed once and then remembered.
            if size != entry["size"] or file_sha256(path) != sha256:
                raise ArtifactError(
                    f"{path} is not the file that {artifacts.LOCK_NAME} describes (sha256 {sha256},"
                    f" {entry['size']} bytes): it is damaged or was exchanged. No host was touched."
                    " Fetch it again with ascend.fleet.bundle"
                )
        elif self.sums.get(found, file_sha256(path)) != file_sha256(path):
            raise ArtifactError(
                f"{path} is not the file that {artifacts.SUMS_NAME} there describes (sha256 {self.sums[found]}):"
                " it is damaged or was exchanged. No host was touched. Fetch it again, or mend the list"
            )
        url = _join(self.serving_url, found) if self.serving_url else None
        return {"sha256": sha256 or file_sha256(path), "size": size, "path": str(path), "url": url}

    def _find(self, name: str) -> str:
        if (self.folder / name).is_file():
            return name
        names = self.names()
        key = artifacts.spelling_key(name)
        hits = [other for other in names if artifacts.spelling_key(other) == key]
        if not hits and "/" not in name:
            hits = [other for other in names if artifacts.spelling_key(artifacts.base_name(other)) == key]
        if len(hits) > 1 and len({file_sha256(self.folder / hit) for hit in hits}) > 1:
            raise ArtifactError(f"{name} stands more than once in {self.folder}: {', '.join(hits)}. Keep one")
        if hits:
            return hits[0]
        raise ArtifactError(self._absent(name, names))

    def _absent(self, name: str, names: list[str]) -> str:
        text = f"{name} is not in ascend_artifacts ({self.folder})."
        for other in names:
            if other.endswith(".zip") and artifacts.base_name(name) in zip_names(self.folder / other):
                return f"{text} It is inside {other}: unzip that there, or let ascend.fleet.bundle do it"
        close = artifacts.similar(name, names)
        if close:
            return f"{text} Similar names there: {', '.join(close)}"
        return f"{text} The folder holds {len(names)} files, none with a similar name"

    def names(self) -> list[str]:
        """Every file below the folder, as paths relative to it."""
        names: list[str] = []
        for parent, folders, leaves in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            here = Path(parent).relative_to(self.folder)
            names += [(here / leaf).as_posix() for leaf in sorted(leaves) if not leaf.endswith(".part")]
            if len(names) > MAX_LISTED:
                raise ArtifactError(f"ascend_artifacts: {self.folder} has over {MAX_LISTED} files; wrong folder?")
        return names


class MirrorSource:
    """Artifacts on an http(s) server that hosts fetch from themselves; its lock or SHA256SUMS is read once per run."""

    def __init__(self, url: str) -> None:
        self.url = url
        lock, sums = (_join(url, name) for name in (artifacts.LOCK_NAME, artifacts.SUMS_NAME))
        text = _once("mirror", url, run_id(), lambda: _get_text(lock))
        self.lock = load_lock(text, lock) if text is not None else None
        self.sums: dict[str, str] = {}
        if self.lock is None:
            text = _once("mirror-sums", url, run_id(), lambda: _get_text(sums))
            self.sums = artifacts.parse_sums(text or "", artifacts.public_url(sums))

    def resolve(self, name: str) -> dict[str, Any]:
        """The file's URL and what the mirror's lock or SHA256SUMS says of it; without either the hash is None."""
        if self.lock is None:
            return {"sha256": self.sums.get(name), "size": None, "path": None, "url": _join(self.url, name)}
        known = self.lock["artifacts"]
        key = artifacts.spelling_key(name)
        entry = known.get(name)
        if entry is None:
            hits = [row for other, row in known.items() if artifacts.spelling_key(other) == key]
            hits = hits or [
                row for other, row in known.items() if artifacts.spelling_key(artifacts.base_name(other)) == key
            ]
            if not hits:
                close = artifacts.similar(name, known)
                raise ArtifactError(
                    f"{name} is not in the lock of ascend_artifacts ({artifacts.public_url(self.url)})."
                    + (f" Similar names there: {', '.join(close)}" if close else "")
                )
            entry = hits[0]
        url = _join(self.url, entry["name"])
        return {"sha256": entry["sha256"], "size": entry["size"], "path": None, "url": url}

    def names(self) -> list[str]:
        """The names in the mirror's lock; none without a lock."""
        return list(self.lock["artifacts"]) if self.lock else []


@contextmanager
def piece(path: str, offset: int, limit: int) -> Iterator[tuple[str, int]]:
    """A file with at most `limit` bytes of `path` from `offset` on, and its size; the file itself when it fits."""
    size = os.path.getsize(path) - offset
    if offset == 0 and size <= limit:
        yield path, size
        return
    for old in cache_dir().glob("piece-*"):
        # Left by a run that was killed; a piece never takes this long to send.
        if time.time() - old.stat().st_mtime > STALE_SECONDS:
            old.unlink(missing_ok=True)
    with open(path, "rb") as source, tempfile.NamedTemporaryFile(dir=cache_dir(), prefix="piece-") as target:
        source.seek(offset)
        left = min(size, limit)
        while left:
            data = source.read(min(left, download.CHUNK))
            if not data:
                break
            target.write(data)
            left -= len(data)
        target.flush()
        yield target.name, target.tell()


def open_source(source: str, serving_url: str | None = None) -> FolderSource | MirrorSource:
    """A source from the value of ascend_artifacts. Raises ArtifactError."""
    if not source:
        raise ArtifactError(
            "ascend_artifacts is not set: name the folder on the control node, or the mirror's URL, with the packages"
        )
    if urllib.parse.urlsplit(source).scheme in ("http", "https"):
        return MirrorSource(source)
    return FolderSource(source, serving_url)


def similar(source: str, name: str) -> list[str]:
    """Names in a source that resemble `name`, for messages; empty when the source cannot be read."""
    try:
        opened = open_source(source)
        return artifacts.similar(name, opened.names())
    except (ArtifactError, OSError):
        return []


def missing(source: str, names: Iterable[str]) -> list[str]:
    """Those of `names` that stage would not find in the source; nothing is hashed.

    A mirror without a lock is not asked for every file, so nothing counts as missing there.
    Raises ArtifactError when the source itself cannot be used.
    """
    opened = open_source(source)
    if isinstance(opened, MirrorSource) and opened.lock is None:
        return []
    keys = {artifacts.spelling_key(key) for name in opened.names() for key in (name, artifacts.base_name(name))}
    return [name for name in names if artifacts.spelling_key(name) not in keys]


def unproven(source: str, names: Iterable[str]) -> list[str]:
    """Why some of `names` may not be used: not what lock or SHA256SUMS say, or on a mirror that has neither.

    In a plain folder nothing says anything, so nothing is read. Raises ArtifactError as missing does.
    """
    opened = open_source(source)
    if isinstance(opened, FolderSource) and not opened.lock and not opened.sums:
        return []
    found = []
    for name in names:
        try:
            resolve_files(opened, [{"name": name}])
        except ArtifactError as error:
            found.append(str(error))
    return found


def resolve_files(source: FolderSource | MirrorSource, files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every wanted file with name, sha256, size, path, url and headers.

    Raises:
        ArtifactError: a file is absent, has no hash from any side, or two sides disagree on it.
    """
    resolved = []
    for wanted in files:
        name = artifacts.check_name(wanted.get("name"))
        given = artifacts.check_sha256(wanted.get("sha256"), name)
        if wanted.get("url") and given:
            item = _prefer_local(source, name, given) or {"sha256": given, "size": wanted.get("size"), "path": None}
            item["url"] = wanted["url"]
            item["headers"] = wanted.get("headers")
        else:
            item = source.resolve(name)
        if given and item["sha256"] and given != item["sha256"]:
            raise ArtifactError(
                f"{name} in ascend_artifacts has sha256 {item['sha256']}, expected {given}. No host was touched"
            )
        item["sha256"] = item["sha256"] or given
        if not item["sha256"]:
            raise ArtifactError(
                f"{name}: the mirror has no {artifacts.LOCK_NAME} and no {artifacts.SUMS_NAME} that lists it, and no"
                " sha256 was given; nothing unverified ever runs. Put the lock that ascend.fleet.bundle writes, or a"
                f" {artifacts.SUMS_NAME}, beside the files"
            )
        resolved.append({"headers": None, **item, "name": name})
    return resolved


def _prefer_local(source: FolderSource | MirrorSource, name: str, sha256: str) -> dict[str, Any] | None:
    """The folder's copy of a file that also has a URL, so that it can be sent when the host cannot reach the URL."""
    if not isinstance(source, FolderSource):
        return None
    try:
        item = source.resolve(name)
    except ArtifactError:
        return None
    return item if item["sha256"] == sha256 else None


def _join(base: str | None, name: str) -> str:
    return f"{(base or '').rstrip('/')}/{urllib.parse.quote(name)}"


def _get_text(url: str) -> str | None:
    """The content of a small file on the mirror; None when the mirror has none."""
    try:
        with urls.open_url(url, timeout=30) as response:
            return response.read(64 * 1024 * 1024).decode("utf-8")
    except urllib.error.HTTPError as error:
        if error.code in (403, 404, 410):
            return None
        raise ArtifactError(f"ascend_artifacts: {artifacts.public_url(url)}: HTTP {error.code}") from error
    except (OSError, ValueError, urls.ConnectionError) as error:
        raise ArtifactError(f"ascend_artifacts: {artifacts.public_url(url)}: {error}") from error


def zip_names(path: Path) -> set[str]:
    """Base names of the files in a zip; empty when it is not one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {artifacts.base_name(name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return set()
