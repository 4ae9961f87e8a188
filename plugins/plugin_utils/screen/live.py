# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A live line at the bottom of a terminal, and a heartbeat where there is none.

The line is drawn by hand and not by rich's own live display: rich would replace sys.stdout and draw from a thread whose
lock Ansible's forked workers inherit in whatever state it is. Everything here is written under the lock that Ansible's
display holds while it forks. rich, when it is installed, only turns the line into colours.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import printable, shorten

try:
    from rich.console import Console
    from rich.text import Text
except ImportError:  # the plain line is as good
    Console = None  # type: ignore[assignment,misc]

_FRAMES = "|/-\\"


class Ticker:
    """Calls back once a second from a thread, until stopped. Forked children do not inherit the thread."""

    def __init__(self, call: Callable[[], None], seconds: float = 1.0) -> None:
        self._call = call
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ascend-fleet-progress", daemon=True)

    def start(self) -> None:
        """Start ticking."""
        self._thread.start()

    def stop(self) -> None:
        """Stop and wait for the tick that is under way."""
        self._stop.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            self._call()


class LiveLine:
    """One status line that steps aside whenever anything else is printed."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._lock = getattr(display, "_lock", None) or threading.RLock()
        self._owner = os.getpid()
        self._shown = False
        self._frame = 0
        self._original = display.display
        self._console = None
        if Console is not None:
            self._console = Console(file=sys.stdout, force_terminal=True, highlight=False, soft_wrap=True)

    def attach(self) -> None:
        """Make the display clear the line before it prints, whoever asks it to (warnings, prompts, other plugins)."""

        def display(*args: Any, **kwargs: Any) -> Any:
            self.clear()
            return self._original(*args, **kwargs)

        self._display.display = display

    def detach(self) -> None:
        """Undo `attach` and remove the line."""
        self.clear()
        self._display.display = self._original

    def show(self, text: str) -> None:
        """Draw the line, cut to the terminal's width."""
        if os.getpid() != self._owner:
            return
        columns = max(20, shutil.get_terminal_size().columns - 1)
        with self._lock:
            self._frame += 1
            one = " ".join(printable(text).expandtabs(1).splitlines())  # its gaps stay
            line = shorten(f"{_FRAMES[self._frame % len(_FRAMES)]} {one}", columns)
            sys.stdout.write("\r\x1b[2K" + self._painted(line))
            sys.stdout.flush()
            self._shown = True

    def clear(self) -> None:
        """Remove the line, so that what follows starts on an empty one."""
        if not self._shown or os.getpid() != self._owner:
            return
        with self._lock:
            sys.stdout.write("\r\x1b[2K")
            sys.stdout.flush()
            self._shown = False

    def _painted(self, line: str) -> str:
        if self._console is None:
            return line
        text = Text(line, style="dim")
        text.highlight_regex(r"\d+/\d+", "bold not dim cyan")
        text.highlight_regex(r"^.", "cyan")
        with self._console.capture() as capture:
            self._console.print(text, end="")
        return capture.get()
