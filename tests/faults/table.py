# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print build/faults.json (or the file named) as the table of docs/faults.md."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def table(result: dict) -> str:
    """Markdown: one line per kind, then every case that needed a human or a false ok."""
    lines = ["| fault | cases | repaired in the first run | converged | needed a human | false ok |",
             "|---|---:|---:|---:|---:|---:|"]
    kinds: dict[str, list[dict]] = {}
    for row in result["cases"]:
        if row["injected"]:
            kinds.setdefault(row["kind"], []).append(row)
    everything = [row for rows in kinds.values() for row in rows]
    for kind, rows in [*sorted(kinds.items()), ("all", everything)]:
        lines.append(
            f"| {kind} | {len(rows)} | {sum(row['first_run'].startswith('ok') for row in rows)}"
            f" | {sum(row['converged'] for row in rows)} | {sum(not row['converged'] for row in rows)}"
            f" | {sum(row['false_ok'] for row in rows)} |")
    for row in result["cases"]:
        if row["injected"] and (row["false_ok"] or not row["converged"]):
            lines += ["", f"- {row['name']}: {row['note']}"]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "build/faults.json").read_text())))
