# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How artifacts.lock.yml and SHA256SUMS read and are written: pure functions, no IO. Imported through artifacts.py.

A lock comes from a folder or a mirror of somebody else's: whatever is in it, it reads or is refused in one sentence.
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import addresses

LOCK_VERSION = 1
# More bytes than any file has, and still a number that JSON and C hold.
MAX_SIZE = 2**60
TEXTS = ("url", "licence", "kind", "arch", "python", "archive", "signature")

_SHA256 = re.compile(r"\A(?:sha256:)?([0-9a-fA-F]{64})\Z")
_SUM_LINE = re.compile(r"\A([0-9a-fA-F]{64})[ \t]+\*?(\S.*?)[ \t\r]*\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


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
            "%s is not a usable artifact name: give a file name, or a path below the artifact folder" % _short(name)
        )
    return "/".join(parts)


def check_sha256(value, what="sha256"):
    """Returns 64 lower-case hex digits, or None when `value` is empty. A `sha256:` prefix is allowed.

    Raises:
        ArtifactError: the value is something else.
    """
    if value is None or value == "":
        return None
    match = _SHA256.match(value.strip()) if isinstance(value, str) else None
    if not match:
        raise ArtifactError("%s: %s is not a sha256 (64 hex digits, in quotes)" % (what, _short(value)))
    return match.group(1).lower()


def parse_lock(data, origin):
    """Checks a loaded artifacts.lock.yml.

    Args:
        data: the document as plain data.
        origin: where it came from, for messages.

    Returns:
        {"artifacts": {name: {"name", "size" bytes, "sha256", "url", "headers", "licence", "kind", "arch",
        "python", "archive", "signature"}}, "sets": {set name: [artifact names]}, "requirements": {set name: [text]}}.

    Raises:
        ArtifactError: not a lock, a wrong version, a broken or repeated entry, a set that names what is not listed.
    """
    if not isinstance(data, dict) or not isinstance(data.get("artifacts"), list):
        raise ArtifactError("%s is not an artifact lock: it has no list `artifacts`" % origin)
    version = data.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version != LOCK_VERSION:
        raise ArtifactError(
            "%s has lock version %s, this release reads %d: make it again with ascend.fleet.bundle"
            % (origin, _short(version), LOCK_VERSION)
        )
    artifacts = {}
    for index, row in enumerate(data["artifacts"]):
        entry = _lock_entry(row, "%s, artifact %d" % (origin, index + 1))
        if entry["name"] in artifacts:
            raise ArtifactError("%s lists %s twice" % (origin, entry["name"]))
        artifacts[entry["name"]] = entry
    sets = _lists(data.get("sets"), origin, "sets", "artifact names")
    for name, members in sets.items():
        missing = [member for member in members if member not in artifacts]
        if missing:
            raise ArtifactError(
                "%s: set %s names %s, which the lock does not list" % (origin, name, _short(missing[0]))
            )
    requirements = _lists(data.get("requirements"), origin, "requirements", "texts")
    return {"artifacts": artifacts, "sets": sets, "requirements": requirements}


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
            raise ArtifactError(
                "%s, line %d is no '<sha256>  <file name>': make it again with sha256sum" % (origin, number)
            )
        name, value = check_name(found.group(2)), found.group(1).lower()
        if sums.setdefault(name, value) != value:
            raise ArtifactError("%s gives two hashes for %s: keep the right one" % (origin, name))
    return sums


def _lock_entry(row, where):
    if not isinstance(row, dict):
        raise ArtifactError("%s is not a mapping" % where)
    if not isinstance(row.get("name"), str):
        raise ArtifactError("%s: name is %s, which is not an artifact name" % (where, _short(row.get("name"))))
    name = check_name(row["name"])
    where = "%s (%s)" % (where, name)
    sha256 = check_sha256(row.get("sha256"), where)
    size = row.get("size")
    if sha256 is None or isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= MAX_SIZE:
        raise ArtifactError("%s needs sha256 and size in bytes" % where)
    entry = {"name": name, "size": size, "sha256": sha256, "headers": _headers(row.get("headers"), where)}
    for key in TEXTS:
        value = row.get(key)
        # A hand-written python: 3.11 is a number to YAML.
        if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e6:
            value = str(value)
        if value is not None and not isinstance(value, str):
            raise ArtifactError("%s: %s is %s, it takes a text" % (where, key, _short(value)))
        entry[key] = value
    return entry


def _headers(headers, where):
    if headers is None:
        return {}
    if not isinstance(headers, dict):
        raise ArtifactError("%s: headers is %s, it takes a mapping of names to texts" % (where, _short(headers)))
    for key, value in headers.items():
        if not isinstance(key, str) or not isinstance(value, str) or _CONTROL.search(key + value):
            raise ArtifactError(
                "%s: headers: %s is not a request header, a name with a text of one line" % (where, _short(key))
            )
    return dict(headers)


def _lists(table, origin, what, of):
    """One of the lock's tables of lists of text."""
    if table is None:
        return {}
    if not isinstance(table, dict):
        raise ArtifactError("%s: %s is %s, it takes a mapping of names to lists" % (origin, what, _short(table)))
    result = {}
    for name, members in table.items():
        members = [] if members is None else members
        texts = isinstance(members, list) and all(isinstance(member, str) for member in members)
        if not isinstance(name, str) or not texts:
            raise ArtifactError("%s: %s: %s is not a list of %s" % (origin, what, _short(name), of))
        result[name] = list(members)
    return result


def _short(value):
    """A value of somebody else's in a message: printable, and not longer than a line."""
    if isinstance(value, (dict, list, tuple, set)):
        return "a %s" % type(value).__name__
    if isinstance(value, int) and abs(value) > MAX_SIZE:
        return "a number without end"
    text = repr(value)
    return text if len(text) <= 100 else text[:100] + "..."


def lock_document(artifacts, sets, created):
    """The plain data of artifacts.lock.yml, sorted so that two equal bundles give equal files.

    Everybody may read a lock, so it keeps no credentials: of headers only those that say nothing of who asks, of an
    address neither user, password nor query. They come from the variables again when a file is fetched again.
    """
    rows = []
    for name in sorted(artifacts):
        entry = artifacts[name]
        row = {"name": name, "size": entry["size"], "sha256": entry["sha256"]}
        public = {
            "url": addresses.public_url(entry.get("url")),
            "headers": addresses.public_headers(entry.get("headers")),
            "licence": addresses.hide_urls(entry.get("licence") or ""),
        }
        for key in ("kind", "arch", "python", "url", "headers", "archive", "licence", "signature"):
            value = public.get(key, entry.get(key))
            if value:
                row[key] = value
        rows.append(row)
    return {
        "version": LOCK_VERSION,
        "created": created,
        "artifacts": rows,
        "sets": {name: sorted(members) for name, members in sorted(sets.items())},
    }
