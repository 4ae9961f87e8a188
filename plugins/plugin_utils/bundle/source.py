# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where artifacts come from: a folder on the control node or a mirror, and the hash of each, known before any host.

Ansible runs one process per host and task. Hashes and the mirror's lock are therefore shared through small files in
the user's cache folder, written under a file lock: a file is read once, however many hosts need it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
import urllib.error
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import addresses, download, relayed
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import careful_zip, inside, lock_file, self_check
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.lock_file import load_lock
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.shared_cache import cache_dir, once, run_id

# A folder of artifacts is small; what looks bigger is a wrong path such as /.
MAX_LISTED = 20000
STALE_SECONDS = 24 * 3600


def _of_content(kind: str, path: Path, folder: Path | None, read: Callable[[BinaryIO], Any]) -> Any:
    """What `read` finds in a file on the control node, computed once per content.

    The stored value holds for the same size, mtime, ctime and inode; ctime cannot be set back, so a file that was
    exchanged or edited is always read again.

    Args:
        folder: what the file must lie in, also behind links; default is the one it is named in.

    Raises:
        ArtifactError: it lies elsewhere, or is no regular file.
    """
    folder = folder or path.parent
    with inside.opened(folder, str(path.relative_to(folder))) as stream:
        info = os.fstat(stream.fileno())
        state = [info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino]
        return once(kind, str(path.resolve()), state, lambda: read(stream))


def file_sha256(path: Path, folder: Path | None = None) -> str:
    """SHA-256 of a file on the control node; arguments and errors are those of _of_content."""

    def read(stream: BinaryIO) -> str:
        digest, _size = whole_file.digest(os.dup(stream.fileno()))
        return digest.hexdigest()

    return _of_content("sha256", path, folder, read)


def file_pieces(path: Path, folder: Path | None = None) -> list[str]:
    """SHA-256 of each relayed.PIECE_BYTES of a file on the control node; arguments and errors as for file_sha256."""

    def read(stream: BinaryIO) -> list[str]:
        pieces = iter(lambda: stream.read(relayed.PIECE_BYTES), b"")
        return [hashlib.sha256(piece).hexdigest() for piece in pieces]

    return _of_content("pieces", path, folder, read)


class FolderSource:
    """Artifacts in a folder on the control node, with a lock, with SHA256SUMS, or with neither.

    Args:
        pin: the SHA-256 that the folder's lock must have, if any.
    """

    def __init__(
        self, folder: str, serving_url: str | None = None, ignore_lock: bool = False, pin: str | None = None
    ) -> None:
        self.folder = Path(folder).expanduser()
        self.serving_url = serving_url
        if not self.folder.is_dir():
            raise ArtifactError(
                f"ascend_artifacts: {self.folder} is not a folder on the control node."
                " Set ascend_artifacts to the folder (or mirror URL) that holds the packages"
            )
        self.lock = None if ignore_lock else lock_file.of_folder(self.folder, pin)
        sums = self.folder / artifacts.SUMS_NAME
        self.sums: dict[str, str] = {}
        if sums.is_symlink() or sums.exists():
            text = inside.read(self.folder, artifacts.SUMS_NAME, lock_file.MAX_BYTES).decode("utf-8", "replace")
            self.sums = artifacts.parse_sums(text, str(sums))

    def check(self, name: str) -> None:
        """Raises ArtifactError when the file is absent, or lies outside the folder; nothing is hashed."""
        inside.check(self.folder, self._find(name))

    def resolve(self, name: str) -> dict[str, Any]:
        """The file's place, size and hash, and whether it is whole by what it says itself (self_check.whole).

        Raises:
            ArtifactError: it is absent, not what the lock says, or a package that is damaged by its own sums.
        """
        found = self._find(name)
        path = self.folder / found
        size = inside.check(self.folder, found)
        entry = self.lock["artifacts"].get(found) if self.lock is not None else None
        if self.lock is not None and entry is None:
            raise ArtifactError(
                f"{found} is in {self.folder}, but {artifacts.LOCK_NAME} there does not list it."
                " Run ascend.fleet.bundle again to add it to the lock"
            )
        # The size costs nothing to compare; the hash is computed once and then remembered.
        sha256 = file_sha256(path, self.folder) if entry is None or size == entry["size"] else None
        if entry is not None and sha256 != entry["sha256"]:
            raise ArtifactError(
                f"{path} is not the file that {artifacts.LOCK_NAME} describes (sha256 {entry['sha256']},"
                f" {entry['size']} bytes): it is damaged or was exchanged. No host was touched."
                " Fetch it again with ascend.fleet.bundle"
            )
        if entry is None and self.sums.get(found, sha256) != sha256:
            raise ArtifactError(
                f"{path} is not the file that {artifacts.SUMS_NAME} there describes (sha256 {self.sums[found]}):"
                " it is damaged or was exchanged. No host was touched. Fetch it again, or mend the list"
            )
        whole = found.endswith(".run") and _of_content("whole", path, self.folder, self_check.whole)
        if isinstance(whole, str):
            raise ArtifactError(
                f"{path} is damaged: {whole}. No host was touched. Fetch it again, with ascend.fleet.bundle or by hand"
            )
        url = _join(self.serving_url, found) if self.serving_url else None
        return {"sha256": sha256, "size": size, "path": str(path), "url": url, "whole": whole}

    def _find(self, name: str) -> str:
        if (self.folder / name).is_file():
            return name
        names = self.names()
        key = artifacts.spelling_key(name)
        hits = [other for other in names if artifacts.spelling_key(other) == key]
        if not hits and "/" not in name:
            hits = [other for other in names if artifacts.spelling_key(artifacts.base_name(other)) == key]
        if len(hits) > 1 and len({file_sha256(self.folder / hit, self.folder) for hit in hits}) > 1:
            raise ArtifactError(f"{name} stands more than once in {self.folder}: {', '.join(hits)}. Keep one")
        if hits:
            return hits[0]
        raise ArtifactError(self._absent(name, names))

    def _absent(self, name: str, names: list[str]) -> str:
        text = f"{name} is not in ascend_artifacts ({self.folder})."
        for other in names:
            if other.endswith(".zip") and artifacts.base_name(name) in zip_names(self.folder / other, self.folder):
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
    """Artifacts on an http(s) server that hosts fetch from themselves; its lock or SHA256SUMS is read once per run.

    The hashes are as good as the way they came: over https, or as the hash that the user pinned says.

    Raises:
        ArtifactError: plain http without a pin, a lock that is broken or not the pinned one, no answer.
    """

    def __init__(self, url: str, pin: str | None = None) -> None:
        self.url = url
        if addresses.is_plain_http(url) and not pin:
            raise ArtifactError(
                f"ascend_artifacts is {artifacts.public_url(url)}: over plain http anybody on the way could exchange"
                f" the lock and the files together. Use https, or set {lock_file.PIN} to the sha256 of the"
                f" {artifacts.LOCK_NAME} that you trust (sha256sum {artifacts.LOCK_NAME}, where the bundle was made)"
            )
        lock, sums = (_join(url, name) for name in (artifacts.LOCK_NAME, artifacts.SUMS_NAME))
        origin = artifacts.public_url(lock)
        text = once("mirror", url, run_id(), lambda: _get_text(lock))
        lock_file.hold(None if text is None else text.encode(), origin, pin)
        self.lock = load_lock(text, origin) if text is not None else None
        self.sums: dict[str, str] = {}
        if self.lock is None:
            text = once("mirror-sums", url, run_id(), lambda: _get_text(sums))
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
def pieces(wanted: Iterable[tuple[str, int, str | None]], limit: int) -> Iterator[tuple[str, list[int]]]:
    """One file with a piece of each of several files, one behind the other, and the sizes of the pieces.

    What is sent is always a copy: the connection's program opens the file by its name, and what has that name in the
    user's folder could be a link by then.

    Args:
        wanted: path of a file; the byte at which its piece begins; the folder that the path must lie in, also behind
            links, where None is the one it is named in.
        limit: bytes of a piece at most.
    """
    for old in cache_dir().glob("piece-*"):
        # Left by a run that was killed; a piece never takes this long to send.
        try:
            if time.time() - old.stat().st_mtime > STALE_SECONDS:
                old.unlink()
        except FileNotFoundError:
            continue
    with tempfile.NamedTemporaryFile(dir=cache_dir(), prefix="piece-") as target:
        sizes = [_append(target, path, offset, limit, folder) for path, offset, folder in wanted]
        target.flush()
        yield target.name, sizes


def _append(target: IO[bytes], path: str, offset: int, limit: int, folder: str | None) -> int:
    """Append a piece of a file; how many bytes it has."""
    root = Path(folder).expanduser() if folder else Path(path).parent
    left = limit
    with inside.opened(root, str(Path(path).relative_to(root))) as source:
        source.seek(offset)
        while left:
            data = source.read(min(left, download.CHUNK))
            if not data:
                break
            target.write(data)
            left -= len(data)
    return limit - left


def open_source(source: str, serving_url: str | None = None, pin: str | None = None) -> FolderSource | MirrorSource:
    """A source from the value of ascend_artifacts and ascend_artifacts_lock_sha256. Raises ArtifactError."""
    if not source:
        raise ArtifactError(
            "ascend_artifacts is not set: name the folder on the control node, or the mirror's URL, with the packages"
        )
    if urllib.parse.urlsplit(source).scheme in ("http", "https"):
        return MirrorSource(source, pin)
    if "://" in source:
        raise ArtifactError(f"ascend_artifacts is {artifacts.public_url(source)}: it takes a folder, or an https URL")
    return FolderSource(source, serving_url, pin=pin)


def similar(source: str, name: str, pin: str | None = None) -> list[str]:
    """Names in a source that resemble `name`, for messages; empty when the source cannot be read."""
    try:
        opened = open_source(source, pin=pin)
        return artifacts.similar(name, opened.names())
    except (ArtifactError, OSError):
        return []


def missing(source: str, names: Iterable[str], pin: str | None = None) -> list[str]:
    """Those of `names` that stage would not find in the source; nothing is hashed.

    A mirror without a lock is not asked for every file, so nothing counts as missing there.
    Raises ArtifactError when the source itself cannot be used.
    """
    opened = open_source(source, pin=pin)
    if isinstance(opened, MirrorSource) and opened.lock is None:
        return []
    keys = {artifacts.spelling_key(key) for name in opened.names() for key in (name, artifacts.base_name(name))}
    return [name for name in names if artifacts.spelling_key(name) not in keys]


def unproven(source: str, names: Iterable[str], pin: str | None = None) -> list[str]:
    """Why some of `names` may not be used: not what lock or SHA256SUMS say, on a mirror that has neither, a link away.

    In a plain folder nothing says anything, so nothing is read. Raises ArtifactError as missing does.
    """
    opened = open_source(source, pin=pin)
    found = []
    for name in names:
        try:
            if isinstance(opened, FolderSource) and not opened.lock and not opened.sums:
                opened.check(name)
            else:
                resolve_files(opened, [{"name": name}])
        except ArtifactError as error:
            found.append(str(error))
    return found


def resolve_files(source: FolderSource | MirrorSource, files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every wanted file with name, sha256, size, path, url, headers, and whole (self_check.whole) as far as it is here.

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
        resolved.append({"headers": None, "whole": False, **item, "name": name})
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
    # Read when a mirror is asked: with all that it brings it is a fifth of what a run without one imports.
    from ansible.module_utils import urls

    try:
        with urls.open_url(url, timeout=30) as response:
            if addresses.is_plain_http(response.geturl()) and not addresses.is_plain_http(url):
                raise ArtifactError(
                    f"ascend_artifacts: {artifacts.public_url(url)} leads to {artifacts.public_url(response.geturl())},"
                    " plain http that anybody on the way could exchange: name the https address that has the file"
                )
            data = response.read(lock_file.MAX_BYTES + 1)
        if len(data) > lock_file.MAX_BYTES:
            raise ArtifactError(f"ascend_artifacts: {artifacts.public_url(url)} is larger than any lock")
        return lock_file.decoded(data, artifacts.public_url(url))
    except urllib.error.HTTPError as error:
        if error.code in (403, 404, 410):
            return None
        raise ArtifactError(f"ascend_artifacts: {artifacts.public_url(url)}: HTTP {error.code}") from error
    except (OSError, ValueError, urls.ConnectionError) as error:
        text = addresses.hide_urls(str(error))
        raise ArtifactError(f"ascend_artifacts: {artifacts.public_url(url)}: {text}") from error


def zip_names(path: Path, folder: Path | None = None) -> set[str]:
    """Base names of the files in a zip; empty when it is not one."""
    return careful_zip.names(path, folder)
