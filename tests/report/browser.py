# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page in the Chromium of this machine, driven by Playwright; it notes what the page requests and complains about."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync")


def executable() -> str | None:
    """Return the path of Chromium, or None where it is not installed."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """One page. Remembers what it requested and every error that its console showed."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.errors: list[str] = []

    def __enter__(self) -> Browser:
        self._playwright = sync_playwright().start()
        try:
            self._browser = self._playwright.chromium.launch(executable_path=executable(), args=[*FLAGS])
            self.page: Page = self._browser.new_page()
        except BaseException:
            self._playwright.stop()
            raise
        self.page.set_default_timeout(60_000)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)[:500]))
        self.page.on("console", self._console)
        self.emulate()
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.close()
        self._playwright.stop()

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text[:500])

    def open(self, path: Path, fragment: str = "") -> float:
        """Load a file; return the seconds until its load event."""
        self.page.goto("about:blank")
        self.requests.clear()
        self.errors.clear()
        began = time.monotonic()
        self.page.goto(path.resolve().as_uri() + fragment)
        return time.monotonic() - began

    def run(self, script: str) -> Any:
        """Evaluate an expression in the page; return its JSON value. Raises playwright.sync_api.Error."""
        return self.page.evaluate(f"() => ({script})")

    def wait(self, script: str, seconds: float = 5.0) -> None:
        """Wait until an expression is true. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while not self.run(script):
            if time.monotonic() > end:
                raise TimeoutError(f"never became true: {script}")
            time.sleep(0.05)

    def press(self, key: str) -> None:
        """Press and release a key."""
        self.page.keyboard.press(key)

    def emulate(self, scheme: str = "light", media: str = "screen", width: int = 1440, height: int = 1000) -> None:
        """Set colour scheme, medium and window size."""
        self.page.emulate_media(color_scheme=scheme, media=media)
        self.page.set_viewport_size({"width": width, "height": height})

    def pdf(self, path: Path) -> None:
        """Print the page."""
        self.page.pdf(path=path, print_background=True, landscape=True)
