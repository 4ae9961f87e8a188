# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artifact is, how a lock reads, what a cache keeps: pure functions, no IO.

Shared by the control node (which knows the hashes) and the managed host (which checks them).
"""

import difflib
import re

LOCK_NAME = "artifacts.lock.yml"
LOCK_VERSION = 1
SUMS_NAME = "SHA256SUMS"

_SHA256 = re.compile(r"\A(?:sha256:)?([0-9a-fA-F]{64})\Z")
_SUM_LINE = re.compile(r"\A([0-9a-fA-F]{64})[ \t]+\*?(\S.*?)[ \t\r]*\Z")
_CONTENT_RANGE = re.compile(r"\Abytes\s+(\d+)-(\d+)/(\d+|\*)\Z")
# Vendor packages for Intel spell the architecture both ways: x86-64 in uniform packages, x86_64 elsewhere.
_X86 = re.compile(r"x86[-_]64")


class ArtifactError(Exception):
    """An artifact cannot be used as asked; the text is for the operator and names the fix."""


def check_name(name):
    """Returns `name` as a clean relative POSIX path.

    Raises:
        ArtifactError: it is empty, absolute, leaves the folder or holds control characters.
    """
    text = str(name or "").strip()
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if not parts or text.startswith("/") or ".." in parts or re.search(r"[\x00-\x1f\\]", text):
        raise ArtifactError(
            "%r is not a usable artifact name: give a file name, or a path below the artifact folder" % (name,)
        )
    return "/".join(parts)


def base_name(name):
    """The last part of an artifact name: what the file is called on the host."""
    return name.rsplit("/", 1)[-1]


def check_sha256(value, what="sha256"):
    """Returns 64 lower-case hex digits, or None when `value` is empty. A `sha256:` prefix is allowed.

    Raises:
        ArtifactError: the value is something else.
    """
    if value is None or value == "":
        return None
    match = _SHA256.match(str(value).strip())
    if not match:
        raise ArtifactError("%s: %r is not a sha256 (64 hex digits)" % (what, value))
    return match.group(1).lower()


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


def parse_lock(data, origin):
    """Checks a loaded artifacts.lock.yml.

    Args:
        data: the document as plain data.
        origin: where it came from, for messages.

    Returns:
        {"artifacts": {name: {"name", "size" bytes, "sha256", "url", "headers", "licence", "kind", "arch",
        "python", "archive", "signature"}}, "sets": {set name: [artifact names]}}.

    Raises:
        ArtifactError: not a lock, a wrong version, a broken or repeated entry, a set that names what is not listed.
    """
    if not isinstance(data, dict) or not isinstance(data.get("artifacts"), list):
        raise ArtifactError("%s is not an artifact lock: it has no list `artifacts`" % origin)
    if data.get("version") != LOCK_VERSION:
        raise ArtifactError(
            "%s has lock version %r, this release reads %d: make it again with ascend.fleet.bundle"
            % (origin, data.get("version"), LOCK_VERSION)
        )
    artifacts = {}
    for index, row in enumerate(data["artifacts"]):
        entry = _lock_entry(row, "%s, artifact %d" % (origin, index + 1))
        if entry["name"] in artifacts:
            raise ArtifactError("%s lists %s twice" % (origin, entry["name"]))
        artifacts[entry["name"]] = entry
    return {"artifacts": artifacts, "sets": _lock_sets(data.get("sets"), artifacts, origin)}


def parse_sums(text, origin):
    """Reads a SHA256SUMS file, as sha256sum writes it.

    Args:
        text: its content.
        origin: where it came from, for messages.

    Returns:
        {file name: sha256}.

    Raises:
        ArtifactError: a line that is none of its kind, or a file with two hashes.
    """
    sums = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _SUM_LINE.match(line)
        if not found:
            raise ArtifactError("%s, line %d is no '<sha256>  <file name>': make it again with sha256sum" % (
                origin, number))
        name, value = check_name(found.group(2)), found.group(1).lower()
        if sums.setdefault(name, value) != value:
            raise ArtifactError("%s gives two hashes for %s: keep the right one" % (origin, name))
    return sums


def _lock_entry(row, where):
    if not isinstance(row, dict):
        raise ArtifactError("%s is not a mapping" % where)
    name = check_name(row.get("name"))
    sha256 = check_sha256(row.get("sha256"), "%s (%s)" % (where, name))
    size = row.get("size")
    if sha256 is None or isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise ArtifactError("%s (%s) needs sha256 and size in bytes" % (where, name))
    entry = {"name": name, "size": size, "sha256": sha256, "headers": dict(row.get("headers") or {})}
    for key in ("url", "licence", "kind", "arch", "python", "archive", "signature"):
        entry[key] = row.get(key)
    return entry


def _lock_sets(sets, artifacts, origin):
    result = {}
    for name, members in (sets or {}).items():
        missing = [member for member in members or [] if member not in artifacts]
        if missing:
            raise ArtifactError("%s: set %s names %s, which the lock does not list" % (origin, name, missing[0]))
        result[str(name)] = list(members or [])
    return result


def lock_document(artifacts, sets, created):
    """The plain data of artifacts.lock.yml, sorted so that two equal bundles give equal files."""
    rows = []
    for name in sorted(artifacts):
        entry = artifacts[name]
        row = {"name": name, "size": entry["size"], "sha256": entry["sha256"]}
        for key in ("kind", "arch", "python", "url", "headers", "archive", "licence", "signature"):
            if entry.get(key):
                row[key] = entry[key]
        rows.append(row)
    return {
        "version": LOCK_VERSION,
        "created": created,
        "artifacts": rows,
        "sets": {name: sorted(members) for name, members in sorted(sets.items())},
    }


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


def public_url(url):
    """The URL without a user name and password, fit for messages."""
    return re.sub(r"(?<=://)[^/@]*@", "", url or "")
