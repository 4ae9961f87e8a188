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
  - Where there are O(relays), neighbours that serve their caches, they are asked before the URL; every piece of a file
    is checked against O(files[].pieces) before it is kept.
  - A file that cannot be had is reported in RV(missing), it is not a failure. M(ascend.fleet.stage) sends such files
    over the connection; use that action rather than this module.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.cache
  - ascend.fleet.options.download
  - ascend.fleet.options.state
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
        description: A file on the host to take into the cache, or a piece of it.
        type: path
      src_begin:
        description: The byte of O(files[].src) at which it begins, where that holds several.
        type: int
        default: 0
      src_size:
        description: How many bytes of O(files[].src) it is. Default is all of the rest.
        type: int
      offset:
        description: The byte of the file at which the piece in O(files[].src) begins; earlier pieces came before.
        type: int
        default: 0
      pieces:
        description:
          - SHA-256 of each 8,000,000 bytes of the file. With them a relay is of use while it is still getting the file
            itself; without, once it has the whole.
        type: list
        elements: str
      link_dir:
        description: As O(link_dir), for this file.
        type: path
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
  description: Files that are neither in the cache nor to be had here, as name, why and part, the bytes already here.
  type: list
  elements: dict
  returned: success
bytes_received:
  description: Bytes that were downloaded.
  type: int
  returned: success
relay_bytes:
  description: Those of RV(bytes_received) that came from neighbours.
  type: int
  returned: success
relay_notes:
  description: Why neighbours were not asked any more.
  type: list
  elements: str
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
import os
from urllib.parse import unquote

from ansible_collections.ascend.fleet.plugins.module_utils import compiled

compiled.use()

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import defaults, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import (
    download,
    relayed,
)
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import (
    names as artifacts,
)
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import (
    store as artifact_store,
)
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale, safe_folder

SPARE_BYTES = download.SPARE_BYTES
# Seconds without a byte: a neighbour is near, and there are others.
RELAY_TIMEOUT = 10


def run(module, store, opener, relay_opener=None):
    """Brings the cache to what is asked. Returns the module's result.

    Args:
        opener: the HTTP client for URLs.
        relay_opener: that for neighbours, where it is another one.
    """
    params = module.params
    result = {"changed": False, "files": {}, "from_cache": [], "missing": [], "bytes_received": 0, "evicted": []}
    relays = relayed.Relays(params.get("relays") or [], relay_opener or opener)
    result["relay_bytes"] = 0
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
        _obtain(module, store, opener, relays, item, result)
    result["relay_notes"] = relays.notes
    for item in params["files"]:
        path, folder = result["files"].get(item["name"]), item.get("link_dir") or params["link_dir"]
        if path and folder:
            changed = artifact_store.link_in(folder, path, item["name"], module.check_mode)
            result["changed"] = result["changed"] or changed
    return result


def _check_space(module, store, wanted):
    free = whole_file.free_bytes(store.root)
    if free < wanted + SPARE_BYTES and not module.check_mode:
        module.fail_json(
            msg="%s has %s free, the files to stage need %s: free space there or set ascend_state_dir to a larger"
            " file system" % (store.root, artifacts.megabytes(free), artifacts.megabytes(wanted + SPARE_BYTES))
        )


def _obtain(module, store, opener, relays, item, result):
    """Adopts or downloads one file; without either it is missing."""
    name = item["name"]
    if module.check_mode:
        if item.get("url") or item.get("src"):
            result["files"][name] = store.path(item)
            result["changed"] = True
        else:
            result["missing"].append({"name": name, "why": "not in the cache", "part": store.part_bytes(item)})
        return
    path, why = None, "not in the cache"
    if item.get("src"):
        path = store.adopt(item, item["src"])
        why = "%s does not have the sha256 %s" % (item["src"], item["sha256"])
    if not path and relays.can(item):
        path, received = store.fetch_relayed(item, relays)
        result["relay_bytes"] += received
        result["bytes_received"] += received
    if not path and item.get("url"):
        try:
            path, received = store.fetch(item, opener, module.params["retries"])
            result["bytes_received"] += received
        except download.DownloadError as error:
            result["bytes_received"] += error.received
            why = str(error)
    if path:
        result["files"][name] = path
        result["changed"] = True
    else:
        result["missing"].append({"name": name, "why": why, "part": store.part_bytes(item)})


def make_opener(timeout, use_proxy=True):
    """An HTTP client for download.fetch: Ansible's own, with its proxies and certificate checks.

    Args:
        timeout: seconds without a byte.
        use_proxy: whether the host's proxies are asked; a neighbour is none of theirs.
    """

    def open_once(url, headers):
        # Read when there is something to download: it is a third of what this module costs a host.
        from ansible.module_utils import urls

        try:
            return urls.open_url(
                url,
                headers=headers,
                timeout=timeout,
                use_gssapi=False,
                decompress=False,
                follow_redirects="none",
                use_proxy=use_proxy,
            )
        except urls.ConnectionError as error:
            raise download.DownloadError("%s: %s" % (artifacts.public_url(url), error))

    return download.follow(open_once)


def secrets_of(files):
    """The texts in the URLs and headers of files that nothing may show, at any verbosity.

    Args:
        files: the option of that name.

    Returns:
        Set of text: user info, password and query of each URL, and values of headers. Texts too short to be told from
        ordinary ones are left out.
    """
    found = set()
    for item in files:
        rest, _mark, query = (item.get("url") or "").partition("#")[0].partition("?")
        place = rest.partition("://")[2].partition("/")[0]
        info = place.rpartition("@")[0]
        password = info.partition(":")[2] or info
        found.update([info, password, unquote(password), query])
        found.update(str(value) for value in (item.get("headers") or {}).values())
    return {text for text in found if len(text) > 3}


def main():
    spec = {
        "name": {"type": "str", "required": True},
        "sha256": {"type": "str", "required": True},
        "size": {"type": "int"},
        "url": {"type": "str"},
        "headers": {"type": "dict"},
        "src": {"type": "path"},
        "src_begin": {"type": "int", "default": 0},
        "src_size": {"type": "int"},
        "offset": {"type": "int", "default": 0},
        "pieces": {"type": "list", "elements": "str"},
        "link_dir": {"type": "path"},
    }
    module = AnsibleModule(
        argument_spec={
            # A mirror's URL or headers may carry credentials, which do not belong into the host's system log.
            "files": {"type": "list", "elements": "dict", "required": True, "options": spec, "no_log": True},
            "state_dir": {"type": "path", "default": defaults.STATE_DIR},
            "link_dir": {"type": "path"},
            "cache_max_mb": {"type": "int", "default": 8192},
            "timeout": {"type": "int", "default": 60},
            "retries": {"type": "int", "default": 5},
            "lock_timeout": {"type": "int", "default": artifact_store.PATIENCE},
            "relays": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    # The log is written. In what the module says only the secrets are hidden: messages shall name files and mirror.
    module.no_log_values.clear()
    module.no_log_values.update(secrets_of(module.params["files"]))
    # Other accounts read wheels and models from the cache; a hardened umask must not hide them.
    os.umask(0o022)
    files = module.params["files"]
    host_locale.check(module, files=[item[key] for item in files for key in ("name", "src", "link_dir")])
    try:
        for item in files:
            item["name"] = artifacts.check_name(item["name"])
            item["sha256"] = artifacts.check_sha256(item["sha256"], item["name"])
        store = artifact_store.Store(module.params["state_dir"], module.check_mode)
        if module.check_mode:
            store.check()
        else:
            store.lock(module.params["lock_timeout"])
        openers = make_opener(module.params["timeout"]), make_opener(RELAY_TIMEOUT, use_proxy=False)
        result = run(module, store, *openers)
    except (artifacts.ArtifactError, safe_folder.UnsafeFolder) as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        hint = ": free space there" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        module.fail_json(msg="Cannot write to the artifact cache: %s%s" % (error, hint))
    if not module.check_mode:
        compiled.keep()
    module.exit_json(**result)


if __name__ == "__main__":
    main()
