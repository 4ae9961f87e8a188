# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artifact is and what a cache keeps: pure functions, no IO. How a lock reads is in artifact_lock.py.

Shared by the control node (which knows the hashes) and the managed host (which checks them).
"""

import difflib
import re

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import addresses
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import lock as artifact_lock

LOCK_NAME = "artifacts.lock.yml"
SUMS_NAME = "SHA256SUMS"

LOCK_VERSION = artifact_lock.LOCK_VERSION
ArtifactError = artifact_lock.ArtifactError
check_name = artifact_lock.check_name
check_sha256 = artifact_lock.check_sha256
parse_lock = artifact_lock.parse_lock
parse_sums = artifact_lock.parse_sums
lock_document = artifact_lock.lock_document
public_url = addresses.public_url

_CONTENT_RANGE = re.compile(r"\Abytes\s+(\d+)-(\d+)/(\d+|\*)\Z")
# Vendor packages for Intel spell the architecture both ways: x86-64 in uniform packages, x86_64 elsewhere.
_X86 = re.compile(r"x86[-_]64")


def base_name(name):
    """The last part of an artifact name: what the file is called on the host."""
    return name.rsplit("/", 1)[-1]


def spelling_key(name):
    """Equal for names that differ only in how the vendor spells x86_64."""
    return _X86.sub("x86_64", name)


def similar(name, names, limit=5):
    """Up to `limit` of `names` that resemble `name`, best first, for a "did you mean" line."""
    wanted = base_name(name).lower()
    by_base = {}
    for candidate in names:
        by_base.setdefault(base_name(candidate).lower(), candidate)
    return [by_base[hit] for hit in difflib.get_close_matches(wanted, sorted(by_base), n=limit, cutoff=0.5)]


def wheel_set_name(mindspore, python, arch):
    """The name of the lock's wheel set for one environment, e.g. wheels-2.7.1-py3.11-aarch64."""
    python = ".".join(str(python).split(".")[:2])
    return "wheels-%s-py%s-%s" % (mindspore, python, arch)


def marker(size, mtime_ns):
    """Content of the `.ok` file beside a verified artifact: the state at which its hash was right."""
    return "%d %d\n" % (size, mtime_ns)


def marker_matches(text, size, mtime_ns):
    """True when the `.ok` file's text says the artifact of this size and mtime (ns) was verified."""
    return text == marker(size, mtime_ns)


def choose_evictions(entries, needed, limit_bytes, incoming_bytes=0):
    """Which cache entries to remove, least recently used first.

    Args:
        entries: [{"sha256", "bytes", "used" (seconds)}], everything in the cache.
        needed: the sha256 values of this call; never evicted.
        limit_bytes: the bound of the whole cache.
        incoming_bytes: what is about to be added.

    Returns:
        list of sha256; when everything left is needed the bound is exceeded rather than the work refused.
    """
    needed = set(needed)
    total = sum(entry["bytes"] for entry in entries) + incoming_bytes
    victims = []
    for entry in sorted(entries, key=lambda item: (item["used"], item["sha256"])):
        if total <= limit_bytes:
            break
        if entry["sha256"] not in needed:
            victims.append(entry["sha256"])
            total -= entry["bytes"]
    return victims


def range_headers(offset):
    """Request headers that ask for the bytes from `offset` on; none at 0."""
    return {"Range": "bytes=%d-" % offset} if offset > 0 else {}


def resume_offset(status, content_range, asked):
    """Where the body of a response starts, given that it was asked for from byte `asked`.

    Args:
        status: HTTP status (200 or 206).
        content_range: value of Content-Range, or None.

    Returns:
        `asked` when the server resumes there, 0 when it sends the whole file.

    Raises:
        ArtifactError: the server answers with a part that was not asked for.
    """
    if status != 206:
        return 0
    match = _CONTENT_RANGE.match((content_range or "").strip())
    if not match or int(match.group(1)) != asked:
        raise ArtifactError("asked for the bytes from %d on, the server sent %r" % (asked, content_range))
    return asked


def backoff_seconds(fruitless):
    """How long to wait before the next attempt: 1, 2, 4, ... at most 30 seconds."""
    return min(30, 2 ** max(0, fruitless - 1))


def megabytes(count):
    """Bytes as a short text for people."""
    return "%.1f MB" % (count / 1e6) if count >= 100000 else "%d bytes" % count
