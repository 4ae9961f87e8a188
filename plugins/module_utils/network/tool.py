# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the driver's hccn_tool, with limits on the time and output of a call, and one on all. Touches the host."""

import os
import time

from ansible_collections.ascend.fleet.plugins.module_utils.network.parse import HccnError, classify, lines_of
from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded

# Bytes; the longest answer of one query (optics with certificates) has about six thousand.
OUTPUT_LIMIT = 256 * 1024
# Where the driver's package puts it, below the driver's folder. It is not on PATH.
PLACE = "tools/hccn_tool"


class Tool(object):
    """hccn_tool on this host.

    Args:
        path: of the program.
        timeout: seconds that one call may take.
        total: seconds that all calls together may take; None for no limit.
        start: bounded.run, or its like.
    """

    def __init__(self, path, timeout=10.0, total=None, start=bounded.run):
        self.path, self.timeout, self._start = path, timeout, start
        self._deadline = None if total is None else time.monotonic() + total

    def ask(self, chip, *words):
        """What `hccn_tool -i <chip> <words>` prints, both outputs; the exit code is the reader's to ignore.

        Raises:
            HccnError: it cannot be started, gave no answer in time, or printed without end.
        """
        return self.run(["-i", str(chip)] + list(words))[1]

    def run(self, args):
        """(exit code, output and then errors) of one call. Raises HccnError as ask() does."""
        left = self.timeout if self._deadline is None else min(self.timeout, self._deadline - time.monotonic())
        if left <= 0:
            raise HccnError("timeout", "hccn_tool was not asked any more: the time for all queries is over")
        environment = dict(os.environ, LC_ALL="C", LANG="C")
        try:
            done = self._start([self.path] + list(args), left, limit=OUTPUT_LIMIT, env=environment)
        except OSError as exc:
            raise HccnError("not_found", "%s cannot be started: %s" % (self.path, exc.strerror))
        if done.ended is not None:
            words = bounded.words(done, round(left, 1), OUTPUT_LIMIT)
            raise HccnError("timeout" if done.ended == bounded.TIMEOUT else "unrecognised", "hccn_tool " + words)
        return done.rc, (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")

    def change(self, chip, *words):
        """One call that sets something.

        Raises:
            HccnError: it ended with another exit code than 0.
        """
        self.done(["-i", str(chip)] + list(words))

    def done(self, args):
        """As change(), with all arguments."""
        rc, text = self.run(args)
        if rc == 0:
            return
        kind, message = classify(lines_of(text)) if text.strip() else ("failed", "it printed nothing")
        raise HccnError(
            "failed" if kind == "unrecognised" else kind,
            "hccn_tool %s ended with %s: %s" % (" ".join(args), rc, message),
        )
