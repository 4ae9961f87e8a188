# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One resumable, verified download into a file. Standard library only; the caller brings the HTTP client.

Two callers share it: the artifact module on managed hosts and the bundle action on the control node.
That is why this file, unlike its neighbours, does IO.
"""

import hashlib
import http.client
import os
import ssl
import time
import urllib.error

from ansible_collections.ascend.fleet.plugins.module_utils import artifacts

CHUNK = 1024 * 1024
# Smaller than CHUNK: what a broken connection delivered of an unfinished read is lost.
NETWORK_CHUNK = 64 * 1024
MAX_ATTEMPTS = 50
MAX_MISMATCHES = 2
# What a busy or restarting server answers; other 4xx codes do not get better by asking again.
PASSING_CODES = (408, 425, 429)


class DownloadError(Exception):
    """The file could not be had; the text says what the server or the network did.

    Attributes:
        received: bytes that came over the network all the same.
    """

    received = 0


class _Passing(Exception):
    """A failure that another attempt may not meet."""


def hash_file(path, stop_at=None):
    """SHA-256 of a file, read in pieces so that its size does not matter.

    Returns:
        (hashlib object, bytes read).
    """
    digest = hashlib.sha256()
    count = 0
    with open(path, "rb") as stream:
        while stop_at is None or count < stop_at:
            piece = stream.read(CHUNK)
            if not piece:
                break
            digest.update(piece)
            count += len(piece)
    return digest, count


def fetch(url, part, opener, sha256=None, size=None, headers=None, retries=5, sleep=None, progress=None):
    """Downloads `url` into the file `part`, going on from what `part` already holds.

    Args:
        url: http or https.
        part: file that is kept when the network fails, so that the next call resumes.
        opener: callable(url, headers) -> response with getcode(), headers and read(n).
        sha256: expected hash, or None to learn it.
        size: expected bytes, or None.
        retries: attempts in a row without one new byte before giving up.
        progress: callable(bytes so far, bytes expected or None), called per piece.

    Returns:
        {"sha256", "size", "received"}: hash and size of the whole file, bytes that came over the network.

    Raises:
        DownloadError: given up; `part` is kept unless its content is wrong.
    """
    received = fruitless = mismatches = 0
    reason = "no attempt was made"
    for _attempt in range(MAX_ATTEMPTS):
        if fruitless:
            (sleep or time.sleep)(artifacts.backoff_seconds(fruitless))
        counter = [0]
        try:
            digest, total = _attempt_once(url, part, opener, size, headers or {}, counter, progress)
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


def _attempt_once(url, part, opener, size, headers, counter, progress):
    """One request. Returns (hex digest, size) of the complete file; raises _Passing or DownloadError."""
    have = os.path.getsize(part) if os.path.exists(part) else 0
    if size is not None and have > size:
        os.unlink(part)
        have = 0
    digest, have = hash_file(part) if have else (hashlib.sha256(), 0)
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
        return _receive(response, part, digest, have, size, counter, progress)
    finally:
        response.close()


def _receive(response, part, digest, have, size, counter, progress):
    try:
        start = artifacts.resume_offset(response.getcode(), response.headers.get("Content-Range"), have)
    except artifacts.ArtifactError as error:
        os.unlink(part)
        raise _Passing(str(error))
    if start == 0:
        digest = hashlib.sha256()
    announced = response.headers.get("Content-Length")
    announced = start + int(announced) if announced and announced.isdecimal() else None
    total = start
    with open(part, "ab" if start else "wb") as stream:
        while True:
            try:
                piece = response.read(NETWORK_CHUNK)
            except (OSError, http.client.HTTPException) as error:
                stream.flush()
                raise _Passing(str(error) or error.__class__.__name__)
            if not piece:
                break
            stream.write(piece)
            digest.update(piece)
            total += len(piece)
            counter[0] += len(piece)
            if progress:
                progress(total, size or announced)
            if size is not None and total > size:
                break
        stream.flush()
        os.fsync(stream.fileno())
    if size is not None and total > size:
        os.unlink(part)
        raise DownloadError("the server sends more than the %d bytes expected" % size)
    expected = size if size is not None else announced
    if expected is not None and total < expected:
        raise _Passing("the transfer stopped at byte %d of %d" % (total, expected))
    return digest.hexdigest(), total
