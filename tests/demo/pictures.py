"""README's pictures from the last `make demo`: its report's page as PNG, its first plan on a terminal as SVG."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from tests.support.paths import ROOT

DEMO = ROOT / "build" / "demo"
IMAGES = ROOT / "docs" / "images"
COMMAND = "$ ansible-playbook site.yml -i inventories/simulated"
LARGEST = 300_000  # bytes of a picture
# Pixels: a letter of the terminal is WIDE and a line TALL; the page is as tall as its first screen.
WIDE, TALL, EDGE = 8.4, 19, 18
PAGE = (1280, 1000)
_COLOURS = {
    "to change": "#f0c674",
    "unchanged": "#8fce8f",
    "accepted:": "#9aa5b1",
    "about ": "#9aa5b1",
    "$ ": "#8fce8f",
}


def terminal(lines: list[str]) -> str:
    """Lines of text as an SVG that looks like a terminal, with the fonts that whoever looks at it has."""
    width = round(max(map(len, lines)) * WIDE + 2 * EDGE)
    height = len(lines) * TALL + 2 * EDGE + 14
    top = EDGE + 24
    rows = [
        f'<text x="{EDGE}" y="{top + number * TALL}" fill="{_colour(line)}" xml:space="preserve">{escape(line)}</text>'
        for number, line in enumerate(lines)
        if line.strip()
    ]
    dots = [
        f'<circle cx="{EDGE + 16 * number}" cy="14" r="5" fill="{colour}"/>'
        for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    ]
    style = f'font-family="ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{WIDE / 0.6:.0f}"'
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
            f'<rect width="{width}" height="{height}" rx="8" fill="#1d2329"/>',
            *dots,
            f"<g {style}>",
            *rows,
            "</g>\n</svg>\n",
        ]
    )


def _colour(line: str) -> str:
    return next((colour for word, colour in _COLOURS.items() if word in line), "#e4e8ec")


def page(html: Path, target: Path) -> None:
    """The first screen of a page, by a browser without a window."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        sys.exit("There is no Chromium: apt-get install chromium.")
    with tempfile.TemporaryDirectory() as profile:
        shot = Path(profile) / "page.png"
        command = [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--virtual-time-budget=4000",
        ]
        command += [
            f"--user-data-dir={profile}",
            f"--window-size={PAGE[0]},{PAGE[1]}",
            f"--screenshot={shot}",
            html.as_uri(),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        shutil.copyfile(shot, target)


def main() -> None:
    try:
        said = json.loads((DEMO / "run-1.json").read_text(encoding="utf-8"))["said"]
        plan = next(lines for lines in said if lines[0].startswith("Plan for "))
    except (OSError, KeyError, StopIteration):
        sys.exit(f"{DEMO} has no plan: run `make clean demo` first.")
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "plan.svg").write_text(terminal([COMMAND, "", *plan]), encoding="utf-8")
    page(DEMO / "report.html", IMAGES / "report.png")
    for name in ("plan.svg", "report.png"):
        size = (IMAGES / name).stat().st_size
        print(f"docs/images/{name}: {size} bytes")
        if size > LARGEST:
            sys.exit(f"{name} is larger than {LARGEST} bytes")


if __name__ == "__main__":
    main()
