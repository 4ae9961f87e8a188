# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known about a running stage (a play): who runs what since when, who changed, who failed."""

from __future__ import annotations

import threading
import time
from typing import Any

from ansible import constants as C
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.words import plural

_FREE = ("free", "host_pinned")


class Stage:
    """Counts and running tasks of one play. Read from the ticker's thread, hence the lock."""

    def __init__(self, name: str, strategy: Any = "linear") -> None:
        self.name = name
        self.announced = False
        self.lockstep = str(strategy).rpartition(".")[2] not in _FREE
        self.has_changes = False
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._running: dict[str, tuple[str, float]] = {}
        self._words: dict[str, list[str]] = {}
        self._state: dict[str, str] = {}
        self._differences: dict[tuple[str, str], list[str]] = {}

    def seconds(self) -> float:
        """Return how long the stage has been running."""
        return time.monotonic() - self._began

    def start(self, host: str, task: str) -> None:
        """A host starts a task."""
        with self._lock:
            self._running[host] = (task, time.monotonic())
            self._state.setdefault(host, "ok")

    def finish(self, host: str) -> None:
        """A host ended its task, well or badly."""
        with self._lock:
            self._running.pop(host, None)

    def running(self) -> dict[str, tuple[str, float]]:
        """Return host -> (task, monotonic start), the longest first."""
        with self._lock:
            return dict(sorted(self._running.items(), key=lambda item: item[1][1]))

    def ok(self, host: str) -> None:
        """A host's task changed nothing."""
        self._state.setdefault(host, "ok")

    def changed(self, host: str, words: str) -> None:
        """A host's task changed something; `words` are kept until `take_changes`."""
        self.has_changes = True
        if self._state.get(host) in (None, "ok"):
            self._state[host] = "changed"
        hosts = self._words.setdefault(words, [])
        if host not in hosts:
            hosts.append(host)

    def differs(self, host: str, task: str, difference: str) -> None:
        """A task's difference on a host, kept until `take_differences`."""
        self._differences.setdefault((task, difference), []).append(host)

    def take_differences(self) -> list[tuple[str, str, list[str]]]:
        """Return (task, difference, hosts) not yet taken."""
        taken, self._differences = self._differences, {}
        return [(task, difference, hosts) for (task, difference), hosts in taken.items()]

    def take_changes(self) -> list[tuple[str, list[str]]]:
        """Return (words, hosts) not yet taken."""
        taken, self._words = list(self._words.items()), {}
        return taken

    def failed(self, host: str, unreachable: bool) -> None:
        """A host failed or could not be reached."""
        self._state[host] = "unreachable" if unreachable else "failed"

    def progress(self) -> tuple[int, int]:
        """Return (hosts not busy, hosts seen)."""
        with self._lock:
            return len(self._state) - len(self._running), len(self._state)

    def summary(self, check_mode: bool = False) -> str:
        """Return the counts of the stage: 4 hosts: 3 ok, 1 changed."""
        words = {"ok": "ok", "changed": "would change" if check_mode else "changed"}
        counts = [
            f"{count} {words.get(state, state)}"
            for state in ("ok", "changed", "failed", "unreachable")
            if (count := list(self._state.values()).count(state))
        ]
        return f"{plural(len(self._state), 'host')}: {', '.join(counts) or 'nothing to do'}"

    def color(self) -> str:
        """Return the colour of the summary."""
        states = set(self._state.values())
        if states & {"failed", "unreachable"}:
            return C.COLOR_ERROR
        return C.COLOR_CHANGED if "changed" in states else C.COLOR_OK
