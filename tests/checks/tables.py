"""The tables of long checks: rows kept between runs, and written into a page of the documentation between two marks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def kept(path: Path) -> list[dict[str, Any]]:
    """The rows of earlier runs; none where there was no run."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return []


def keep(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the rows for the next run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def markdown(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [heading, tuple("---" for _name in heading), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write(page: Path, marks: tuple[str, str], table: str) -> None:
    """Put a table between its two marks in a page.

    Raises:
        ValueError: the page lacks a mark.
    """
    text = page.read_text(encoding="utf-8")
    start, end = (text.index(mark) for mark in marks)
    page.write_text(text[: start + len(marks[0])] + table + text[end:], encoding="utf-8")
