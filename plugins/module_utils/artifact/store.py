# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content-addressed cache of artifacts on a managed host: the file system half of the artifact module."""

import hashlib
import os
import shutil
import stat
import time

from ansible_collections.ascend.fleet.plugins.module_utils import host_view, journal, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import download, links
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, places, safe_folder

# Seconds: longer than the transfer of the largest package over a slow line.
PATIENCE = 1800


class Store:
    """The cache: <state_dir>/cache/<sha256>/<file name>, beside it <file name>.ok and, while fetching, .part."""

    def __init__(self, state_dir, check_mode=False):
        self.root = os.path.join(state_dir, "cache")
        self.check_mode = check_mode
        self._lock = None

    def lock(self, patience=PATIENCE):
        """Waits for another run on this host; the kernel frees the lock when its holder dies.

        Args:
            patience: seconds to wait at most.

        Raises:
            ArtifactError: the other run has not ended by then.
            UnsafeFolder: others than root can write the cache.
            OSError: the cache cannot be made.
        """
        content = {"pid": os.getpid(), "since": journal.timestamp(time.time())}
        try:
            handle = held_lock.take(
                os.path.join(self.root, ".lock"),
                content,
                patience,
                lambda holder: True,
                lambda: safe_folder.ensure(self.root),
            )
        except held_lock.LockHeld as held:
            raise artifacts.ArtifactError(
                "The artifact cache %s is in use by another run for more than %d s (pid %s, since %s). Cause: it stages"
                " a large file, or it hangs. Fix: wait until it has ended, or end that process on the host, then run"
                " again; lock_timeout sets how long is waited."
                % (self.root, patience, held.holder.get("pid") or "unknown", held.holder.get("since") or "unknown")
            )
        self._lock = os.fdopen(handle, "r+")

    def check(self):
        """Raises UnsafeFolder where the cache is not one that only root can have filled; makes nothing."""
        safe_folder.check(self.root)

    def path(self, item):
        return os.path.join(self.root, item["sha256"], artifacts.base_name(item["name"]))

    def lookup(self, item):
        """Path of a verified file or None. Reads the file again only when size or mtime moved since its check."""
        path = self.path(item)
        try:
            info = os.lstat(path)
        except OSError:
            return None
        safe_folder.check(os.path.dirname(path))
        # Of a file that somebody else can change no hash says anything.
        if stat.S_ISREG(info.st_mode) and safe_folder.ours(info):
            marker = whole_file.read(path + ".ok", 200) if safe_folder.file_is_ours(path + ".ok") else ""
            if artifacts.marker_matches(marker, info.st_size, info.st_mtime_ns):
                if not self.check_mode:
                    os.utime(path + ".ok", None)
                return path
            if whole_file.sha256(path) == item["sha256"]:
                if not self.check_mode:
                    self._mark(path)
                return path
        if not self.check_mode:
            _remove(path)
        return None

    def adopt(self, item, src):
        """Appends the piece in `src` to what is here from byte item["offset"] on; checks the file once it is complete.

        The bytes are copied before they are hashed: `src` belongs to the login user, who could still change it.
        Returns the path of the verified file, or None while bytes are lacking or when they were wrong.
        """
        part = self._part(item)
        offset = item.get("offset") or 0
        if offset != (self.part_bytes(item) if offset else 0):
            return None
        # The login user could put a FIFO or an endless device there meanwhile.
        source = os.open(src, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(source, "rb") as reader:
            facts, begin = os.fstat(source), item.get("src_begin") or 0
            rest = facts.st_size - begin
            size = rest if item.get("src_size") is None else item["src_size"]
            if (
                not stat.S_ISREG(facts.st_mode)
                or not 0 <= size <= rest
                or size + offset > (item.get("size") or size + offset)
            ):
                return None
            reader.seek(begin)
            try:
                with open(part, "ab" if offset else "wb") as target:
                    digest = _copy(reader, target, size)
                    target.flush()
                    os.fsync(target.fileno())
            except OSError as error:
                download.forget_if_full(part, error)
                raise
        if os.path.getsize(part) < (item.get("size") or 0):
            return None
        # What came in one piece is hashed already.
        if (whole_file.sha256(part) if offset else digest.hexdigest()) != item["sha256"]:
            os.unlink(part)
            return None
        return self._commit(item, part)

    def part_bytes(self, item):
        """How many bytes of an unfinished transfer are here."""
        try:
            return os.lstat(self.path(item) + ".part").st_size
        except OSError:
            return 0

    def fetch(self, item, opener, retries):
        """Downloads into the cache. Returns (path, bytes received); raises DownloadError."""
        part = self._part(item)
        got = download.fetch(
            item["url"], part, opener, item["sha256"], item.get("size"), item.get("headers"), retries=retries
        )
        return self._commit(item, part), got["received"]

    def fetch_relayed(self, item, relays):
        """Downloads what neighbours have into the cache.

        Args:
            item: the file.
            relays: the relayed.Relays of this run.

        Returns:
            (path of the verified file or None, bytes received).
        """
        part = self._part(item)
        try:
            whole, received = relays.fetch(item, part)
        except OSError as error:
            download.forget_if_full(part, error)
            raise
        return (self._commit(item, part) if whole else None), received

    def entries(self):
        """Every entry with its bytes and its last use in seconds."""
        found = []
        for name in _listdir(self.root):
            folder = os.path.join(self.root, name)
            if len(name) != 64 or not os.path.isdir(folder):
                continue
            infos = [os.lstat(os.path.join(folder, leaf)) for leaf in _listdir(folder)]
            used = max([info.st_mtime for info in infos] or [0])
            found.append({"sha256": name, "bytes": sum(info.st_size for info in infos), "used": used})
        return found

    def evict(self, victims):
        for sha256 in victims:
            if not self.check_mode:
                shutil.rmtree(os.path.join(self.root, sha256))
        return victims

    def _part(self, item):
        folder = os.path.join(self.root, item["sha256"])
        safe_folder.ensure(folder)
        part = self.path(item) + ".part"
        if os.path.islink(part):
            os.unlink(part)
        return part

    def _commit(self, item, part):
        path = self.path(item)
        os.chmod(part, 0o644)
        os.rename(part, path)
        self._mark(path)
        return path

    def _mark(self, path):
        info = os.lstat(path)
        whole_file.put(path + ".ok", artifacts.marker(info.st_size, info.st_mtime_ns), durable=True)


def _copy(reader, target, left):
    """Copies so many bytes; the hash of what was written."""
    digest = hashlib.sha256()
    while left:
        piece = reader.read(min(download.CHUNK, left))
        if not piece:
            break
        target.write(piece)
        digest.update(piece)
        left -= len(piece)
    return digest


def _listdir(path):
    try:
        return sorted(os.listdir(path))
    except OSError:
        return []


def _remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def link_in(link_dir, path, name, check_mode):
    """Give a cached file a second name in a folder.

    Args:
        link_dir: the folder, made when it is missing.
        path: the file in the cache, <state_dir>/cache/<sha256>/<file name>.
        name: the artifact's name; its last part becomes the name.
        check_mode: only say whether something would change.

    Returns:
        Whether something changed. Raises artifacts.ArtifactError where somebody else's thing has that name.
    """
    problem = places.path_problem(link_dir)
    if problem:
        raise artifacts.ArtifactError("link_dir is %r: %s" % (link_dir, problem))
    view, target = host_view.HostView(), os.path.join(link_dir, artifacts.base_name(name))
    known = links.Links(view, os.path.dirname(os.path.dirname(os.path.dirname(path))))
    there, cached = view.lstat(target), view.lstat(path)
    if there and cached and os.path.exists(target) and os.path.samefile(target, path):
        return False
    # The same content under another inode is ours to replace as well: nothing is lost with it.
    if there and not known.ours(target) and not _same_content(target, there, path, cached):
        raise artifacts.ArtifactError(
            "%s is %s that ascend.fleet did not put there, and it is not replaced. Cause: %s of the artifacts is to"
            " have this name. Fix: move it away, or choose another folder (inference_check_model_root for models)"
            % (target, links.what(there), artifacts.base_name(name))
        )
    if check_mode:
        return True
    os.makedirs(link_dir, mode=0o755, exist_ok=True)
    draft = os.path.join(link_dir, ".%s.ascend-fleet" % artifacts.base_name(name))
    if known.ours(draft):
        os.unlink(draft)  # of a run that was ended right here
    try:
        os.link(path, draft)
    except FileExistsError:
        raise artifacts.ArtifactError("%s is in the way and is not ours. Fix: remove it" % draft)
    except OSError:
        # Another file system: a symbolic link serves as well, as long as the cache keeps the file.
        os.symlink(path, draft)
    # Not a removal first: whatever happens, the name stands for the old file or for the new one, never for none.
    os.rename(draft, target)
    known.remember(target)
    return True


def _same_content(target, there, path, cached):
    return (
        bool(cached)
        and stat.S_ISREG(there.st_mode)
        and there.st_size == cached.st_size
        and (whole_file.sha256(target) == whole_file.sha256(path))
    )
