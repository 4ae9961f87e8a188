# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file from neighbours that are getting it themselves: piece by piece, each checked before it is kept.

A relay serves its cache as it grows, so a host follows it at a distance of some pieces instead of waiting until it has
the whole file. The hashes of the pieces come from the control node with that of the file. No relay is believed.
"""

import hashlib
import http.client
import os
import time
import urllib.error
import urllib.parse

from ansible_collections.ascend.fleet.plugins.module_utils.artifact import download
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts

# 16 of them are a piece of the connection, see the action stage.
PIECE_BYTES = 8 * 1000 * 1000
# Seconds: between two questions for bytes that are not there yet; without a byte, before the next relay is asked as
# well; without a byte from any of them, before it is given up. The first relay gets its bytes in pieces of 128 MB.
POLL = 0.5
STALL = 20
PATIENCE = 120
# How often a relay may refuse, break off or send something wrong, one after the other, before it is not asked any more.
FAULTS = 3
_NOT_YET = (404, 416)


class Relays(object):
    """The relays of one run on one host.

    Attributes:
        notes: why relays were put off or given up, as sentences without secrets.
    """

    def __init__(self, bases, opener, sleep=None, clock=None):
        """Args:
        bases: URLs such as http://192.0.2.7:8089, the one to ask first first.
        opener: callable(url, headers) -> response, as download.fetch takes it.
        """
        self._faults = dict.fromkeys(bases, 0)
        self._bases = list(self._faults)
        self._opener = opener
        self._sleep, self._clock = sleep or time.sleep, clock or time.monotonic
        self._patient = True
        self._put_off = set()
        self.notes = []

    def can(self, item):
        """Whether there is somebody to ask for this file, and pieces to check what comes."""
        pieces = item.get("pieces")
        return bool(self._bases and pieces and len(pieces) == -(-(item.get("size") or 0) // PIECE_BYTES))

    def fetch(self, item, part):
        """Brings what there is of a file into `part`, going on from the pieces of it that are right.

        Args:
            item: the file: name, sha256, size, and pieces, the hashes of its pieces of PIECE_BYTES. Without pieces no
                relay is asked.
            part: path of the unfinished file; what stays there is right, piece by piece.

        Returns:
            (whether the file is whole and right, bytes that came over the network).

        Raises:
            OSError: part cannot be written.
        """
        if not self.can(item):
            return False, 0
        file = _Growing(item, part)
        received, quiet_since = 0, self._clock()
        with open(part, "ab", buffering=0) as stream:
            stream.truncate(file.have)
            while file.have < file.size and self._bases:
                came = self._ask(file, stream, self._clock() - quiet_since)
                received += came
                if came:
                    quiet_since, self._patient = self._clock(), True
                elif not self._patient or self._clock() - quiet_since > PATIENCE:
                    # Whoever had nothing for so long is asked for the other files as well, but not waited for.
                    self._patient = False
                    break
                else:
                    self._sleep(POLL)
            os.fsync(stream.fileno())
        if file.have < file.size:
            return False, received
        if file.digest.hexdigest() != item["sha256"]:
            os.unlink(part)
            return False, received
        return True, received

    def _ask(self, file, stream, quiet):
        """Asks one relay after the other, as far as the patience with the nearer ones is over; the bytes that came."""
        for place, base in enumerate(list(self._bases)):
            if self._patient and quiet < STALL * place:
                break
            came = self._take(base, file, stream)
            if came:
                return came
        return 0

    def _take(self, base, file, stream):
        """What this relay has beyond ours, at once. One that fails is asked last from then on, then no more."""
        url, before = "%s/%s/%s" % (base, file.sha256, urllib.parse.quote(file.name)), file.received
        fault = None
        try:
            response = self._opener(url, artifacts.range_headers(file.held()))
            try:
                if (
                    artifacts.resume_offset(response.getcode(), response.headers.get("Content-Range"), file.held())
                    != file.held()
                ):
                    fault = "it does not send parts of files"
                else:
                    fault = file.read(response, stream)
            finally:
                response.close()
        except urllib.error.HTTPError as error:
            fault = None if error.code in _NOT_YET else "HTTP %d" % error.code
            error.close()
        except artifacts.ArtifactError as error:
            fault = str(error)
        except download.DownloadError as error:
            fault = str(error)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.errno in download.FULL:
                raise
            fault = str(error) or error.__class__.__name__
        came = file.received - before
        if fault:
            self._fault(base, fault)
        elif came:
            self._faults[base] = 0
        return came

    def _fault(self, base, fault):
        """Puts a relay behind the others, which need not wait for it, or gives it up."""
        self._faults[base] += 1
        self._bases.remove(base)
        if self._faults[base] >= FAULTS:
            self.notes.append("%s is not asked any more: %s" % (base, fault))
            return
        if self._bases and base not in self._put_off:
            self.notes.append("%s is asked last from now on: %s" % (base, fault))
        self._put_off.add(base)
        self._bases.append(base)


class _Growing(object):
    """An unfinished file: the pieces of it that are right, and what came of the next one."""

    def __init__(self, item, part):
        self.sha256, self.size = item["sha256"], item["size"]
        self.name = artifacts.base_name(item["name"])
        self._pieces = item["pieces"]
        self.digest, self.have, self.received, self._next = hashlib.sha256(), 0, 0, bytearray()
        if os.path.exists(part):
            with open(part, "rb") as stream:
                while self.have < self.size and self._keep(stream.read(self._wanted())):
                    pass

    def held(self):
        """The byte to go on from."""
        return self.have + len(self._next)

    def _wanted(self):
        return min(PIECE_BYTES, self.size - self.have)

    def _keep(self, piece):
        """Counts a piece as ours when it is whole and right."""
        number = self.have // PIECE_BYTES
        if len(piece) != self._wanted():
            return False
        if hashlib.sha256(piece).hexdigest() != self._pieces[number]:
            return False
        self.digest.update(piece)
        self.have += len(piece)
        return True

    def read(self, response, stream):
        """Reads to the end of what the relay has now, and writes what is right. Returns what was wrong, or None."""
        while self.have < self.size:
            # What a broken connection delivered of an unfinished read is lost.
            data = response.read(min(download.NETWORK_CHUNK, self._wanted() - len(self._next)))
            if not data:
                return None
            self._next += data
            self.received += len(data)
            if len(self._next) == self._wanted():
                piece, self._next = bytes(self._next), bytearray()
                if not self._keep(piece):
                    return "it sent bytes that are not those of %s" % self.name
                download.write_all(stream, piece)
        return None
