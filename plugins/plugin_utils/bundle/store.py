# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundle folder: finds, fetches, unpacks and proves files, and writes their lock after each one.

Whatever ends the run, the folder holds finished files, the lock of those, and .part files that the next run resumes.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils import urls
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import addresses, download
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import (
    files as bundle_files,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import (
    inside,
    lock_file,
    revocation,
    signature,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import (
    source as artifact_source,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle.files import SIGNATURE_SUFFIXES, Lacking
from ansible_collections.ascend.fleet.plugins.plugin_utils.published import Want

WORK = ".bundle"
KIND_BY_SUFFIX = {".run": "package", ".whl": "wheel", ".zip": "archive", ".ckpt": "model", ".safetensors": "model"}
PROGRESS_SECONDS = 5


class Bundle:
    """A folder that becomes, or already is, the value of ascend_artifacts."""

    def __init__(
        self,
        folder: Path,
        sources: list[Path],
        say: Callable[[str], None],
        ca_file: Path | None = None,
        crl_file: Path | None = None,
        signer: str | None = None,
        require_signature: bool = False,
        offline: bool = False,
        timeout: int = 60,
        retries: int = 5,
    ) -> None:
        self.folder = folder
        self.sources = sources
        self.say = say
        self.ca_file = ca_file
        self.crl_file = crl_file
        for variable, file in (("bundle_ca_file", ca_file), ("bundle_crl_file", crl_file)):
            if file is not None and not file.is_file():
                raise ArtifactError(f"{variable}: {file} is not a file on the control node")
        self.signer = signer
        self.require_signature = require_signature
        self.offline = offline
        self.timeout = timeout
        self.retries = retries
        self.added: list[str] = []
        self.received = 0
        self.unproven: dict[str, str] = {}
        self.unchecked: list[str] = []
        self.artifacts: dict[str, dict[str, Any]] = {}
        self.sets: dict[str, list[str]] = {}
        self.requirements: dict[str, list[str]] = {}
        self._written: dict[str, Any] = {}
        self._read_lock()

    def _read_lock(self) -> None:
        parsed = lock_file.of_folder(self.folder)
        if parsed is not None:
            self.artifacts, self.sets, self.requirements = (parsed[k] for k in ("artifacts", "sets", "requirements"))
            path = self.folder / artifacts.LOCK_NAME
            self._written = lock_file.document(path.read_text(encoding="utf-8"), str(path))

    def write_lock(self) -> None:
        """Replaces the lock in one step: readers see the old or the new one, never half of one."""
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        document = artifacts.lock_document(self.artifacts, self.sets, now)
        document["requirements"] = self.requirements
        # Values that came through Ansible's templates are subclasses of str, which YAML does not represent.
        document = json.loads(json.dumps(document))
        if {**document, "created": None} == {**self._written, "created": None}:
            return
        self._written = document
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f"{artifacts.LOCK_NAME}.part"
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(
                "---\n# Made by ansible-playbook ascend.fleet.bundle; the authority on every file beside it.\n"
            )
            yaml.safe_dump(document, stream, sort_keys=False, width=200)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(self.folder / artifacts.LOCK_NAME)

    def has(self, name: str) -> bool:
        """True when the lock lists the file and the file is still that one."""
        entry = self.artifacts.get(name)
        path = self.folder / name
        if entry is None or not path.is_file() or path.stat().st_size != entry["size"]:
            return False
        return artifact_source.file_sha256(path, self.folder) == entry["sha256"]

    def whence(self, want: Want) -> str:
        """Where `want` would come from, in words; for check mode."""
        if self.has(want.name) or (self.folder / want.name).is_file():
            return "the bundle"
        found = self._in_sources(want) or self._zip_in_sources(want)
        if found:
            return str(found)
        url = (want.archive or want).url or want.url
        return artifacts.public_url(url) if url and not self.offline else "nowhere"

    def obtain(self, want: Want) -> None:
        """Makes sure of one file, verified and in the lock. Raises Lacking."""
        if self.has(want.name):
            self._judge_again(want)
            return
        entry, path = self.artifacts.get(want.name), self.folder / want.name
        if entry is not None:
            want = replace(want, sha256=entry["sha256"])
            if path.is_file():
                path.replace(path.with_name(path.name + ".refused"))
                self.say(f"{want.name} is not what the lock says; kept as {path.name}.refused, getting it again")
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            self._bring(want, path)
            try:
                self.accept(want)
            except Lacking:
                for suffix in ("", *SIGNATURE_SUFFIXES):
                    path.with_name(path.name + suffix).unlink(missing_ok=True)
                raise
            return
        self.accept(want)

    def _bring(self, want: Want, path: Path) -> None:
        """Puts the file at `path`: from a source folder, from a zip, or from its URL. Raises Lacking."""
        found = self._in_sources(want)
        if found:
            self.say(f"{want.name}: from {found}")
            for source in (found, *(found.with_name(found.name + suffix) for suffix in SIGNATURE_SUFFIXES)):
                if source.is_file():
                    target = path.with_name(path.name + source.name[len(found.name) :])
                    bundle_files.copy(self._root(found), source, target)
            return
        archive = self._zip_in_sources(want)
        if archive is None and want.archive is not None and want.archive.url and not self.offline:
            archive = self._fetch(want.archive, self.folder / WORK / want.archive.name)
        if archive is not None:
            if want.archive and want.archive.sha256 and archive.name == want.archive.name:
                self._hold(archive, want.archive.sha256)
            self.say(f"{want.name}: from {archive.name}")
            if not bundle_files.unpack(self._root(archive), archive, path):
                raise Lacking(f"{want.name} is not inside {archive.name}")
            return
        if want.url and not self.offline:
            self._fetch(want, path)
            return
        zipped = f" or {want.archive.name}" if want.archive else ""
        raise Lacking(
            f"{want.name} is not in bundle_sources and has no known address: download it{zipped} from the vendor's"
            " support site and put it into a folder of bundle_sources"
        )

    def _hold(self, path: Path, sha256: str) -> None:
        real = artifact_source.file_sha256(path, self._root(path))
        if real != sha256:
            raise Lacking(
                f"{path} has sha256 {real}, the catalog says {sha256}: it is damaged or not the vendor's file"
            )

    def _fetch(self, want: Want, target: Path) -> Path:
        if target.is_file():
            return target
        if addresses.crosses_network(want.url) and not want.sha256:
            raise Lacking(
                f"{want.name}: {artifacts.public_url(want.url)} is plain http and no sha256 is given: anybody on the"
                " way could exchange the file. Use https, or give its sha256"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        self.say(f"{want.name}: from {artifacts.public_url(want.url)}")
        try:
            got = download.fetch(
                want.url,
                str(part),
                download.follow(self._open if want.sha256 else self._open_safely),
                want.sha256,
                headers=want.headers,
                retries=self.retries,
                progress=_Progress(want.name, self.say),
            )
        except download.DownloadError as error:
            raise Lacking(
                f"{want.name} could not be downloaded: {error}. Run again to resume, or put it into a"
                " folder of bundle_sources"
            ) from error
        self.received += got["received"]
        if not bundle_files.looks_right(part, target.name):
            part.unlink()
            raise Lacking(
                f"{want.name}: {artifacts.public_url(want.url)} sent a page instead of the file; the address has"
                " changed or wants a login. Download it by hand and put it into a folder of bundle_sources"
            )
        part.replace(target)
        return target

    def _open(self, url: str, headers: dict[str, str]) -> Any:
        try:
            return urls.open_url(url, headers=headers, timeout=self.timeout, decompress=False, follow_redirects="none")
        except urls.ConnectionError as error:
            raise download.DownloadError(f"{artifacts.public_url(url)}: {error}") from error

    def _open_safely(self, url: str, headers: dict[str, str]) -> Any:
        """For what no hash is known of: what came over https must not be led to plain http. Called for each hop."""
        if addresses.crosses_network(url):
            raise download.DownloadError(
                f"{artifacts.public_url(url)}: plain http, and no sha256 is given for what comes from there"
            )
        return self._open(url, headers)

    def accept(self, want: Want) -> None:
        """Proves a file that is in place and adds it to the lock. Raises Lacking."""
        path = self.folder / want.name
        try:
            size = inside.check(self.folder, want.name)
            sha256 = artifact_source.file_sha256(path, self.folder)
        except ArtifactError as error:
            raise Lacking(str(error)) from error
        if not bundle_files.looks_right(path, path.name):
            raise Lacking(f"{path} is not a {path.suffix} file: its first bytes are wrong")
        if want.sha256:
            self._hold(path, want.sha256)
        entry = {
            "name": want.name,
            "size": size,
            "sha256": sha256,
            "kind": want.kind,
            **{key: getattr(want, key) for key in ("arch", "python", "url", "headers", "licence")},
        }
        if want.archive:
            entry.update(archive=want.archive.name, url=want.archive.url, headers=want.archive.headers)
        signed = self._check_signature(want, path)
        if signed:
            entry["signature"] = signed
        elif not want.sha256 and want.kind != "other" and not want.proven:
            self.unproven[want.name] = "no signature beside it and no known hash: the lock holds it as it is now"
        self.artifacts[want.name] = entry
        self.added.append(want.name)
        self.write_lock()

    def _check_signature(self, want: Want, path: Path) -> str | None:
        found, crl = signature.find(path)
        if found is None:
            if self.require_signature and want.kind == "package":
                raise Lacking(
                    f"{want.name} has no signature (.cms or .p7s) beside it and bundle_require_signature is set"
                )
            return None
        verdict = signature.verify(
            path, found, self.ca_file, crl, self.crl_file, revocation.known(self.folder), self.signer
        )
        # Also of a refused package: its list must not be forgotten when the next run comes without it.
        if verdict.used is not None and revocation.keep(self.folder, verdict.used):
            self.say(f"{verdict.used.label} is kept in {self.folder / revocation.FOLDER}")
        if verdict.refused or (self.require_signature and not verdict.trusted):
            raise Lacking(f"{want.name} is refused: {verdict.note}")
        self.say(f"{want.name}: {verdict.note}")
        if verdict.trusted and verdict.used is None:
            self.unchecked.append(want.name)
        return verdict.note if verdict.matches else None

    def _judge_again(self, want: Want) -> None:
        """Judges a package of an earlier run by what is known of its signer now. Raises Lacking.

        Without this a revocation would only reach what is fetched after it. The file stays, but out of the lock: no
        host gets it, and a run with the right bundle_ca_file takes it in again.
        """
        path = self.folder / want.name
        if self.ca_file is None or want.kind != "package" or signature.find(path)[0] is None:
            return
        try:
            note = self._check_signature(want, path)
        except Lacking:
            del self.artifacts[want.name]
            self.sets = {name: [row for row in rows if row != want.name] for name, rows in self.sets.items()}
            self.write_lock()
            raise
        self.artifacts[want.name]["signature"] = note
        self.write_lock()

    def adopt_rest(self) -> list[str]:
        """Adds what lies in the folder but not in the lock. Returns why some of it cannot be."""
        refused = []
        for name in artifact_source.FolderSource(str(self.folder), ignore_lock=True).names():
            suffix = Path(name).suffix
            if name in self.artifacts or name.startswith(artifacts.LOCK_NAME):
                continue
            if suffix in (*SIGNATURE_SUFFIXES, ".refused", ".part"):
                continue
            try:
                self.accept(Want(name, KIND_BY_SUFFIX.get(suffix, "other")))
            except Lacking as error:
                refused.append(str(error))
        return refused

    def _in_sources(self, want: Want) -> Path | None:
        key = artifacts.spelling_key(artifacts.base_name(want.name))
        for path in self._source_files():
            if artifacts.spelling_key(path.name) == key:
                return path
        return None

    def _zip_in_sources(self, want: Want) -> Path | None:
        base = artifacts.spelling_key(artifacts.base_name(want.name))
        own = [*sorted((self.folder / WORK).glob("*.zip")), *sorted(self.folder.glob("*.zip"))]
        for path in [*self._source_files(), *own]:
            if path.suffix == ".zip" and base in {
                artifacts.spelling_key(name) for name in artifact_source.zip_names(path, self._root(path))
            }:
                return path
        return None

    def _root(self, path: Path) -> Path:
        """The folder of sources, or the bundle, that a file must lie in, also behind links."""
        return next((folder for folder in self.sources if path.is_relative_to(folder)), self.folder)

    def _source_files(self) -> list[Path]:
        files = []
        for folder in self.sources:
            if not folder.is_dir():
                raise ArtifactError(f"bundle_sources: {folder} is not a folder on the control node")
            files += [folder / name for name in artifact_source.FolderSource(str(folder), ignore_lock=True).names()]
        return files


class _Progress:
    """Says now and then how far a download is."""

    def __init__(self, name: str, say: Callable[[str], None]) -> None:
        self.name, self.say, self.last = name, say, time.monotonic()

    def __call__(self, done: int, total: int | None) -> None:
        if time.monotonic() - self.last >= PROGRESS_SECONDS:
            self.last = time.monotonic()
            share = f" of {artifacts.megabytes(total)} ({100 * done // total} %)" if total else ""
            self.say(f"{self.name}: {artifacts.megabytes(done)}{share}")
