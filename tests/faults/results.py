# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of a run over all cases: what is written, what is left to try, how a run is taken up again."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

# How often a case is tried whose fault came too late, or which the runner could not carry out.
TRIES = 3


def code(root: Path) -> str:
    """What the code is called that runs now: git's name of it, and a hash of what is not committed."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    name = git("describe", "--always", "--abbrev=12") or "unknown"
    changed = git("diff", "HEAD")
    return f"{name}-{hashlib.sha256(changed.encode()).hexdigest()[:8]}" if changed else name


def settled(row: dict) -> bool:
    """Whether a case need not be tried again: its fault struck, or did not as often as it was tried."""
    struck = (row["injected"] or row["false_ok"]) and not row.get("runner")
    return struck or row.get("tries", 1) >= TRIES


class Results:
    """The rows of a run, on disk after each case.

    Args:
        path: the file (JSON).
        everything: names of all cases that there are; the run is complete when all of them are settled.
        commit: code() of this run.
        fresh: start anew whatever is there.
        keep: go on with the results of other code as well.
    """

    def __init__(
        self, path: Path, everything: Iterable[str], commit: str, fresh: bool = False, keep: bool = False
    ) -> None:
        self.path, self.everything, self.commit = path, list(everything), commit
        self.rows: list[dict] = []
        self.begun, self.before = time.monotonic(), 0.0
        self.started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.words = self._open(fresh, keep)

    def _open(self, fresh: bool, keep: bool) -> str:
        """Take over what is there or put it aside; what was done, for the user."""
        try:
            old = json.loads(self.path.read_text())
            rows = [row for row in old["cases"] if row["name"] in set(self.everything)]
        except (OSError, ValueError, KeyError, TypeError):
            return "starting anew"
        if fresh or (old.get("commit") != self.commit and not keep) or old.get("complete"):
            aside = self.path.with_name(f"{self.path.stem}.before.json")
            self.path.replace(aside)
            why = (
                "as asked"
                if fresh
                else "the last run is complete"
                if old.get("complete")
                else f"the results there are of other code ({old.get('commit', 'unknown')})"
            )
            return f"starting anew: {why}; they are {aside.name} now"
        self.rows, self.started = rows, old.get("started", self.started)
        self.before = float(old.get("seconds", 0))
        words = f"going on after {len(rows)} cases"
        others = {row.get("commit", "unknown") for row in rows} - {self.commit}
        if others:
            words += f"; WARNING: some of them ran on other code ({', '.join(sorted(others))}), now it is {self.commit}"
        return words

    def left(self, names: Iterable[str]) -> list[str]:
        """Those of the cases that are still to be tried, in their order."""
        done = {row["name"] for row in self.rows if settled(row)}
        return [name for name in names if name not in done]

    def tries(self, name: str) -> int:
        """How often a case was tried."""
        return next((row.get("tries", 1) for row in self.rows if row["name"] == name), 0)

    def add(self, row: dict) -> dict:
        """Take in the row of a case, in place of an earlier one of the same name, and write the file."""
        row = {**row, "commit": self.commit, "tries": self.tries(row["name"]) + 1}
        self.rows = [other for other in self.rows if other["name"] != row["name"]] + [row]
        self.write()
        return row

    def summary(self) -> dict:
        """What the file says."""
        struck = [row for row in self.rows if row["injected"]]
        return {
            "injected": len(struck),
            "converged": sum(row["converged"] for row in struck),
            "needed_a_human": sum(not row["converged"] for row in struck),
            "false_ok": sum(row["false_ok"] for row in self.rows),
            "not_injected": len(self.rows) - len(struck),
            "complete": not self.left(self.everything),
            "listed": len(self.everything),
            "commit": self.commit,
            "started": self.started,
            "seconds": round(self.before + time.monotonic() - self.begun),
            "cases": self.rows,
        }

    def write(self) -> None:
        """Write the file; whoever reads it finds the old one or the new one."""
        draft = self.path.with_name(self.path.name + ".partial")
        with draft.open("w") as stream:
            stream.write(json.dumps(self.summary(), indent=1) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(self.path)
