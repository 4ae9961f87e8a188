#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: artifact
short_description: Keep verified files in a content-addressed cache on the host
version_added: "0.1.0"
description:
  - Makes sure that files with known SHA-256 hashes are in the cache below O(state_dir), one folder for each hash.
  - A file comes from the cache, from O(files[].url) with resume and bounded retries, or from O(files[].src), a file
    that is already on the host. It is checked before it gets its name; what fails the check never gets a name.
  - A file that cannot be had is reported in RV(missing), it is not a failure. M(ascend.fleet.stage) sends such files
    over the connection; use that action rather than this module.
author:
  - ascend.fleet contributors
extends_documentation_fragment:
  - ascend.fleet.attributes
options:
  files:
    description: The files wanted.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: File name; of a path only the last part is used on the host.
        type: str
        required: true
      sha256:
        description: Expected hash, 64 hexadecimal digits.
        type: str
        required: true
      size:
        description: Expected size in bytes.
        type: int
      url:
        description: Where to download the file from, http or https.
        type: str
      headers:
        description: Request headers for O(files[].url).
        type: dict
      src:
        description: A file on the host to take into the cache.
        type: path
  state_dir:
    description: The state folder of the collection on the host.
    type: path
    default: /var/lib/ascend-fleet
  link_dir:
    description: A folder in which every file shall be found under its name as well, for tools that take a folder.
    type: path
  cache_max_mb:
    description: Bound of the cache in units of 10^6 bytes; the least recently used files not wanted now go first.
    type: int
    default: 8192
  timeout:
    description: Seconds without a byte after which a download counts as interrupted.
    type: int
    default: 60
  retries:
    description: Attempts in a row without a new byte before a download is given up.
    type: int
    default: 5
"""

EXAMPLES = r"""
- name: Take a package from the site's mirror into the cache
  ascend.fleet.artifact:
    files:
      - name: Ascend-cann-nnae_8.3.RC1_linux-aarch64.run
        sha256: 6a1e9e7b7f0a4c7f2f0f5a1f2a3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e
        url: https://mirror.example.com/ascend/Ascend-cann-nnae_8.3.RC1_linux-aarch64.run
"""

RETURN = r"""
files:
  description: Path of every file that is in the cache, or in check mode would be after downloads, by name.
  type: dict
  returned: success
from_cache:
  description: Names of files that were there already.
  type: list
  elements: str
  returned: success
missing:
  description: Files that are neither in the cache nor to be had here, as name and why.
  type: list
  elements: dict
  returned: success
bytes_received:
  description: Bytes that were downloaded.
  type: int
  returned: success
bytes_wanted:
  description: Bytes of the files not in the cache, where their size is known.
  type: int
  returned: success
evicted:
  description: Hashes that left the cache.
  type: list
  elements: str
  returned: success
"""

import errno
import fcntl
import os
import shutil
import stat

from ansible.module_utils import urls
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import artifacts, download

# Left free on the file system whatever is staged: a full /var breaks more than this run.
SPARE_BYTES = 64 * 1000 * 1000


class Store:
    """The cache: <state_dir>/cache/<sha256>/<file name>, beside it <file name>.ok and, while fetching, .part."""

    def __init__(self, state_dir, check_mode=False):
        self.root = os.path.join(state_dir, "cache")
        self.check_mode = check_mode
        self._lock = None

    def lock(self):
        """Waits for another run on this host; the kernel frees the lock when its holder dies."""
        os.makedirs(self.root, mode=0o755, exist_ok=True)
        self._lock = open(os.path.join(self.root, ".lock"), "a")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def path(self, item):
        return os.path.join(self.root, item["sha256"], artifacts.base_name(item["name"]))

    def lookup(self, item):
        """Path of a verified file or None. Reads the file again only when size or mtime moved since its check."""
        path = self.path(item)
        try:
            info = os.lstat(path)
        except OSError:
            return None
        if stat.S_ISREG(info.st_mode):
            if artifacts.marker_matches(_read(path + ".ok"), info.st_size, info.st_mtime_ns):
                if not self.check_mode:
                    os.utime(path + ".ok", None)
                return path
            if download.hash_file(path)[0].hexdigest() == item["sha256"]:
                if not self.check_mode:
                    self._mark(path)
                return path
        if not self.check_mode:
            _remove(path)
        return None

    def adopt(self, item, src):
        """Copies `src` in, hashing what is written: a file its owner could still change is never trusted."""
        part = self._part(item)
        digest = download.hashlib.sha256()
        with open(src, "rb") as source, open(part, "wb") as target:
            while True:
                piece = source.read(download.CHUNK)
                if not piece:
                    break
                digest.update(piece)
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
        if digest.hexdigest() != item["sha256"]:
            os.unlink(part)
            return None
        return self._commit(item, part)

    def fetch(self, item, opener, retries):
        """Downloads into the cache. Returns (path, bytes received); raises DownloadError."""
        part = self._part(item)
        got = download.fetch(
            item["url"], part, opener, item["sha256"], item.get("size"), item.get("headers"), retries=retries
        )
        return self._commit(item, part), got["received"]

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
        os.makedirs(folder, mode=0o755, exist_ok=True)
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
        temporary = path + ".ok.part"
        with open(temporary, "w") as stream:
            stream.write(artifacts.marker(info.st_size, info.st_mtime_ns))
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(temporary, path + ".ok")
        folder = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(path):
    try:
        with open(path) as stream:
            return stream.read(200)
    except (OSError, ValueError):
        return ""


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


def free_bytes(path):
    """Free bytes for root at the nearest existing parent of `path`."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    info = os.statvfs(path)
    return info.f_bavail * info.f_frsize


def link_in(link_dir, path, name, check_mode):
    """Gives a cached file a second name in `link_dir`. Returns True when something changed."""
    target = os.path.join(link_dir, artifacts.base_name(name))
    try:
        if os.path.samefile(target, path):
            return False
    except OSError:
        pass
    if check_mode:
        return True
    os.makedirs(link_dir, mode=0o755, exist_ok=True)
    _remove(target)
    try:
        os.link(path, target)
    except OSError:
        # Another file system: a symbolic link serves as well, as long as the cache keeps the file.
        os.symlink(path, target)
    return True


def run(module, store, opener):
    """Brings the cache to what is asked. Returns the module's result."""
    params = module.params
    result = {"changed": False, "files": {}, "from_cache": [], "missing": [], "bytes_received": 0, "evicted": []}
    absent = []
    for item in params["files"]:
        path = store.lookup(item)
        if path:
            result["files"][item["name"]] = path
            result["from_cache"].append(item["name"])
        else:
            absent.append(item)
    result["bytes_wanted"] = sum(item.get("size") or 0 for item in absent)
    needed = [item["sha256"] for item in params["files"]]
    if absent:
        victims = artifacts.choose_evictions(
            store.entries(), needed, params["cache_max_mb"] * 1000 * 1000, result["bytes_wanted"]
        )
        result["evicted"] = store.evict(victims)
        _check_space(module, store, result["bytes_wanted"])
    for item in absent:
        _obtain(module, store, opener, item, result)
    if params["link_dir"]:
        for name, path in result["files"].items():
            changed = link_in(params["link_dir"], path, name, module.check_mode)
            result["changed"] = result["changed"] or changed
    return result


def _check_space(module, store, wanted):
    free = free_bytes(store.root)
    if free < wanted + SPARE_BYTES and not module.check_mode:
        module.fail_json(
            msg="%s has %s free, the files to stage need %s: free space there or set ascend_state_dir to a larger"
            " file system" % (store.root, artifacts.megabytes(free), artifacts.megabytes(wanted + SPARE_BYTES))
        )


def _obtain(module, store, opener, item, result):
    """Adopts or downloads one file; without either it is missing."""
    name = item["name"]
    if module.check_mode:
        if item.get("url") or item.get("src"):
            result["files"][name] = store.path(item)
            result["changed"] = True
        else:
            result["missing"].append({"name": name, "why": "not in the cache"})
        return
    path, why = None, "not in the cache"
    if item.get("src"):
        path = store.adopt(item, item["src"])
        why = "%s does not have the sha256 %s" % (item["src"], item["sha256"])
    if not path and item.get("url"):
        try:
            path, received = store.fetch(item, opener, module.params["retries"])
            result["bytes_received"] += received
        except download.DownloadError as error:
            why = str(error)
    if path:
        result["files"][name] = path
        result["changed"] = True
    else:
        result["missing"].append({"name": name, "why": why})


def make_opener(timeout):
    """An HTTP client for download.fetch: Ansible's own, with its proxies and certificate checks."""

    def opener(url, headers):
        try:
            return urls.open_url(url, headers=headers, timeout=timeout, use_gssapi=False, decompress=False)
        except urls.ConnectionError as error:
            raise download.DownloadError("%s: %s" % (artifacts.public_url(url), error))

    return opener


def main():
    spec = {
        "name": {"type": "str", "required": True},
        "sha256": {"type": "str", "required": True},
        "size": {"type": "int"},
        "url": {"type": "str"},
        "headers": {"type": "dict"},
        "src": {"type": "path"},
    }
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "dict", "required": True, "options": spec},
            "state_dir": {"type": "path", "default": "/var/lib/ascend-fleet"},
            "link_dir": {"type": "path"},
            "cache_max_mb": {"type": "int", "default": 8192},
            "timeout": {"type": "int", "default": 60},
            "retries": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    # Other accounts read wheels and models from the cache; a hardened umask must not hide them.
    os.umask(0o022)
    try:
        for item in module.params["files"]:
            item["name"] = artifacts.check_name(item["name"])
            item["sha256"] = artifacts.check_sha256(item["sha256"], item["name"])
        store = Store(module.params["state_dir"], module.check_mode)
        if not module.check_mode:
            store.lock()
        module.exit_json(**run(module, store, make_opener(module.params["timeout"])))
    except artifacts.ArtifactError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        hint = ": free space there" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        module.fail_json(msg="Cannot write to the artifact cache: %s%s" % (error, hint))


if __name__ == "__main__":
    main()
