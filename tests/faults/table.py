# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print build/faults.json (or the file named) as the results of docs/faults.md; with --docs write them there."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.support.paths import BUILD, ROOT

PAGE = ROOT / "docs" / "faults.md"
BEGIN = "<!-- results: begin (tests/faults/table.py --docs) -->"
END = "<!-- results: end -->"


def numbers(result: dict) -> str:
    """The sentence over the table."""
    seconds = sorted(row["seconds"] for row in result["cases"])
    cases = len(seconds)
    words = "all" if result.get("complete") else f"{cases} of the {result.get('listed', cases)}"
    commits = sorted({row.get("commit", "unknown") for row in result["cases"]})
    text = (
        f"Run on {result.get('started', 'an unknown day')[:10]} with {', '.join(commits)}: {words} cases in"
        f" {result.get('seconds', 0) / 60:.0f} minutes"
    )
    if seconds:
        text += f" ({sum(seconds) / cases:.0f} seconds a case on average, {seconds[-1]:.0f} at most)"
    return (
        f"{text}. {result['injected']} faults struck: {result['converged']} converged, {result['needed_a_human']}"
        f" needed a human, {result['false_ok']} were falsely ok. {result.get('not_injected', 0)} did not strike."
    )


def table(result: dict) -> str:
    """Markdown: one line per kind, then every case that needed a human or a false ok."""
    lines = [
        "| fault | cases | repaired in the first run | converged | needed a human | false ok |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    kinds: dict[str, list[dict]] = {}
    for row in result["cases"]:
        if row["injected"]:
            kinds.setdefault(row["kind"], []).append(row)
    everything = [row for rows in kinds.values() for row in rows]
    for kind, rows in [*sorted(kinds.items()), ("all", everything)]:
        lines.append(
            f"| {kind} | {len(rows)} | {sum(row['first_run'].startswith('ok') for row in rows)}"
            f" | {sum(row['converged'] for row in rows)} | {sum(not row['converged'] for row in rows)}"
            f" | {sum(row['false_ok'] for row in rows)} |"
        )
    for row in result["cases"]:
        if row["injected"] and (row["false_ok"] or not row["converged"]):
            lines += ["", f"- {row['name']}: {row['note']}"]
    missed = [row["name"] for row in result["cases"] if not row["injected"]]
    if missed:
        lines += ["", "Did not strike: " + "; ".join(missed) + "."]
    return "\n".join(lines)


def put(page: str, text: str) -> str:
    """The page with the text between its two marks. Raises ValueError where it has not exactly one of each."""
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"{PAGE.name} needs the lines {BEGIN} and {END}, once each and in this order")
    return page[: page.index(BEGIN)] + f"{BEGIN}\n\n{text}\n\n" + page[page.index(END) :]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("file", nargs="?", type=Path, default=BUILD / "faults.json")
    options.add_argument("--docs", action="store_true", help="write them between the marks of docs/faults.md")
    given = options.parse_args()
    result = json.loads(given.file.read_text())
    text = f"{numbers(result)}\n\n{table(result)}"
    if given.docs:
        PAGE.write_text(put(PAGE.read_text(), text))
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
