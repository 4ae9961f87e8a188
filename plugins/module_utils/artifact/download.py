# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One resumable, verified download into a file. Standard library only; the caller brings the HTTP client.

Two callers share it: the artifact module on managed hosts and the bundle action on the control node.
That is why this file, unlike its neighbours, does IO.
"""

import errno
import hashlib
import http.client
import os
import ssl
import time
import urllib.error
import urllib.parse

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts

CHUNK = 1024 * 1024
# Smaller than CHUNK: what a broken connection delivered of an unfinished read is lost.
NETWORK_CHUNK = 64 * 1024
MAX_ATTEMPTS = 50
MAX_MISMATCHES = 2
# What a busy or restarting server answers; other 4xx codes do not get better by asking again.
PASSING_CODES = (408, 425, 429)
# Left free on the file system whatever comes: a full /var breaks more than this run.
SPARE_BYTES = 64 * 1000 * 1000
# After so many bytes the free space is looked at again.
_LOOK_BYTES = 4 * 1024 * 1024
FULL = (errno.ENOSPC, errno.EDQUOT)
MAX_REDIRECTS = 10
REDIRECTS = (301, 302, 303, 307, 308)
# Headers that tell no secret and may go wherever a redirect leads; every other one is for the host it was given for.
_HARMLESS = ("accept", "accept-encoding", "accept-language", "range", "referer", "user-agent")


class DownloadError(Exception):
    """The file could not be had; the text says what the server or the network did.

    Attributes:
        received: bytes that came over the network all the same.
    """

    received = 0


class _Passing(Exception):
    """A failure that another attempt may not meet."""


class _Full(Exception):
    """There is no room for what comes."""


def follow(open_once):
    """An opener for fetch that follows redirects itself, because HTTP clients hand all headers on to any host.

    Args:
        open_once: callable(url, headers) -> response; raises urllib.error.HTTPError for a redirect.

    Returns:
        callable(url, headers) -> response. It raises DownloadError for a redirect that leads nowhere.
    """

    def opener(url, headers):
        shown = artifacts.public_url(url)
        for _hop in range(MAX_REDIRECTS + 1):
            try:
                return open_once(url, headers)
            except urllib.error.HTTPError as error:
                target = error.headers.get("Location") if error.code in REDIRECTS and error.headers else None
                if not target:
                    raise
                error.close()
            except ValueError as error:
                raise DownloadError("%s: its address, or one that it redirects to, cannot be read: %s" % (shown, error))
            try:
                new = urllib.parse.urljoin(url, target.replace(" ", "%20"))
                stays = _site(new) == _site(url)
            except ValueError:
                raise DownloadError("%s: redirects to an address that cannot be read" % shown)
            parts = urllib.parse.urlsplit(new)
            if parts.scheme not in ("http", "https"):
                raise DownloadError(
                    "%s: redirects to %s, which is neither http nor https" % (shown, artifacts.public_url(new))
                )
            user = urllib.parse.urlsplit(url).netloc.rpartition("@")[0]
            if not stays:
                headers = {name: value for name, value in headers.items() if name.lower() in _HARMLESS}
            elif user and "@" not in parts.netloc:
                new = parts._replace(netloc="%s@%s" % (user, parts.netloc)).geturl()
            url = new
        raise DownloadError("%s: more than %d redirects" % (shown, MAX_REDIRECTS))

    return opener


def _site(url):
    """What a header of the user's is meant for: scheme, host and port."""
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def forget_if_full(part, error):
    """Remove an unfinished file when it is what fills the file system."""
    if error.errno in FULL:
        _drop(part)


def fetch(
    url, part, opener, sha256=None, size=None, headers=None, retries=5, sleep=None, progress=None, spare=SPARE_BYTES
):
    """Downloads `url` into the file `part`, going on from what `part` already holds.

    Args:
        url: http or https.
        part: file that is kept when the network fails, so that the next call resumes.
        opener: callable(url, headers) -> response with getcode(), headers and read(n).
        sha256: expected hash, or None to learn it.
        size: expected bytes, or None.
        retries: attempts in a row without one new byte before giving up.
        progress: callable(bytes so far, bytes expected or None), called per piece.
        spare: bytes that are left free on the file system of `part`; what would take them is not received.

    Returns:
        {"sha256", "size", "received"}: hash and size of the whole file, bytes that came over the network.

    Raises:
        DownloadError: given up; `part` is kept unless its content is wrong or fills the file system.
    """
    received = fruitless = mismatches = 0
    reason = "no attempt was made"
    for _attempt in range(MAX_ATTEMPTS):
        if fruitless:
            (sleep or time.sleep)(artifacts.backoff_seconds(fruitless))
        counter = [0]
        try:
            digest, total = _attempt_once(url, part, opener, size, headers or {}, counter, progress, spare)
        except DownloadError as error:
            error.received = received + counter[0]
            raise
        except _Passing as error:
            reason = str(error)
            received += counter[0]
            fruitless = 0 if counter[0] else fruitless + 1
            if fruitless >= retries:
                break
            continue
        received += counter[0]
        if sha256 is None or digest == sha256:
            return {"sha256": digest, "size": total, "received": received}
        os.unlink(part)
        mismatches += 1
        reason = "its sha256 is %s, expected %s" % (digest, sha256)
        if mismatches >= MAX_MISMATCHES:
            break
    error = DownloadError("%s: %s" % (artifacts.public_url(url), reason))
    error.received = received
    raise error


def _attempt_once(url, part, opener, size, headers, counter, progress, spare):
    """One request. Returns (hex digest, size) of the complete file; raises _Passing or DownloadError."""
    have = os.path.getsize(part) if os.path.exists(part) else 0
    if size is not None and have > size:
        os.unlink(part)
        have = 0
    digest, have = whole_file.digest(part) if have else (hashlib.sha256(), 0)
    if size is not None and have == size and have:
        return digest.hexdigest(), have
    try:
        response = opener(url, dict(headers, **artifacts.range_headers(have)))
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:
            # The server's file ends where ours does, or it is another file: start over and let the hash decide.
            os.unlink(part)
            raise _Passing("the server has no bytes from %d on" % have)
        if error.code >= 500 or error.code in PASSING_CODES:
            raise _Passing("HTTP %d" % error.code)
        raise DownloadError("%s: HTTP %d %s" % (artifacts.public_url(url), error.code, error.reason))
    except (OSError, http.client.HTTPException) as error:
        if isinstance(getattr(error, "reason", error), ssl.SSLError) and "CERTIFICATE" in str(error).upper():
            raise DownloadError(
                "%s: %s; install the server's CA certificate, certificate checks stay on"
                % (artifacts.public_url(url), error)
            )
        raise _Passing(str(error) or error.__class__.__name__)
    try:
        return _receive(response, part, digest, have, size, counter, progress, spare)
    except (_Full, OSError) as error:
        # Of the network's errors none comes so far.
        if not isinstance(error, _Full) and error.errno not in FULL:
            raise
        _drop(part)
        raise DownloadError(
            "%s: %s; what had come was removed. Free space in %s, or use a larger file system"
            % (artifacts.public_url(url), error, os.path.dirname(part))
        )
    finally:
        response.close()


def _receive(response, part, digest, have, size, counter, progress, spare):
    try:
        start = artifacts.resume_offset(response.getcode(), response.headers.get("Content-Range"), have)
    except artifacts.ArtifactError as error:
        os.unlink(part)
        raise _Passing(str(error))
    if start == 0:
        digest = hashlib.sha256()
    announced = response.headers.get("Content-Length")
    announced = start + int(announced) if announced and announced.isdecimal() else None
    if size is not None and announced is not None and announced > size:
        _drop(part)
        raise DownloadError("the server sends more than the %d bytes expected (%d)" % (size, announced))
    total, looked = start, start
    _check_room(part, max(0, (size or announced or 0) - start), spare)
    # Unbuffered: what a buffer still holds would meet a full disk when the file is closed.
    with open(part, "ab" if start else "wb", buffering=0) as stream:
        while True:
            try:
                piece = response.read(NETWORK_CHUNK)
            except (OSError, http.client.HTTPException) as error:
                raise _Passing(str(error) or error.__class__.__name__)
            if not piece:
                break
            if total + len(piece) - looked > _LOOK_BYTES:
                _check_room(part, 0, spare)
                looked = total
            write_all(stream, piece)
            digest.update(piece)
            total += len(piece)
            counter[0] += len(piece)
            if progress:
                progress(total, size or announced)
            if size is not None and total > size:
                break
        os.fsync(stream.fileno())
    if size is not None and total > size:
        os.unlink(part)
        raise DownloadError("the server sends more than the %d bytes expected" % size)
    expected = size if size is not None else announced
    if expected is not None and total < expected:
        raise _Passing("the transfer stopped at byte %d of %d" % (total, expected))
    return digest.hexdigest(), total


def _check_room(part, coming, spare):
    free = whole_file.free_bytes(os.path.dirname(part))
    if free < coming + spare:
        raise _Full(
            "the file system has %s free, and %s are left free whatever comes"
            % (artifacts.megabytes(free), artifacts.megabytes(spare))
            if not coming
            else "the file system has %s free, %s are to come and %s are left free"
            % (artifacts.megabytes(free), artifacts.megabytes(coming), artifacts.megabytes(spare))
        )


def write_all(stream, piece):
    """Writes all of it: an unbuffered file on a full disk takes a part without an error.

    Args:
        stream: an unbuffered binary file.
        piece: bytes. Raises OSError when they do not fit.
    """
    piece = memoryview(piece)
    while piece:
        piece = piece[stream.write(piece) :]


def _drop(part):
    if os.path.lexists(part):
        os.unlink(part)
