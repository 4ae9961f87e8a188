"""How the reading of npu-smi's table grows with the number of chips.

Prints, for tables of 16 to 1,024 chips with a process on each, the time of one reading and its ratio to the table half
as large: about 2 is linear. Run: `make bench-pure`; ends with 1 when the largest table costs
more than three times its share.
"""

from __future__ import annotations

import importlib.util
import sys
import time

from tests.support.paths import ROOT

SOURCE = ROOT / "plugins" / "module_utils" / "npu_smi.py"
SIZES = (16, 32, 64, 128, 256, 512, 1024)
RULE = "+===========================+===============+====================================================+"
HEAD = f"""{RULE.replace("=", "-")}
| npu-smi 25.5.0                   Version: 25.5.0                                               |
{RULE.replace("=", "-")}
| NPU   Name                | Health        | Power(W)    Temp(C)           Hugepages-Usage(page)|
| Chip                      | Bus-Id        | AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)        |
{RULE}
"""
PROCESSES = f"""{RULE.replace("=", "-")}
| NPU     Chip              | Process id    | Process name             | Process memory(MB)      |
{RULE}
"""


def table(chips: int) -> str:
    """Return a table of that many chips with a process on each."""
    rows = [HEAD]
    for number in range(chips):
        rows.append(
            f"| {number:<5} 910B3               | OK            | 91.5        33                0    / 0     "
            "        |\n"
            f"| 0                         | 0000:{number % 256:02X}:00.0  | 97          0    / 0          "
            f"62632/ 65536         |\n{RULE}\n"
        )
    rows.append(PROCESSES)
    for number in range(chips):
        rows.append(
            f"| {number:<7} 0                 | {70000 + number:<13} | python3.11               | 59100"
            f"                   |\n{RULE}\n"
        )
    return "".join(rows)


def main() -> int:
    """Measure, print, and judge."""
    spec = importlib.util.spec_from_file_location("npu_smi", SOURCE)
    npu_smi = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(npu_smi)
    costs = {}
    print(f"{'chips':>6} {'kB':>7} {'ms':>9} {'us/chip':>9} {'ratio':>7}")
    for chips in SIZES:
        text = table(chips)
        best = min(_measure(npu_smi, text, chips) for _attempt in range(5))
        ratio = best / costs[chips // 2] if chips // 2 in costs else float("nan")
        costs[chips] = best
        print(f"{chips:>6} {len(text) / 1024:>7.1f} {best * 1e3:>9.3f} {best * 1e6 / chips:>9.2f} {ratio:>7.2f}")
    growth = costs[SIZES[-1]] / costs[SIZES[0]] / (SIZES[-1] / SIZES[0])
    print(f"{SIZES[-1]} chips cost {growth:.2f} times the share that {SIZES[0]} chips cost (1 is linear)")
    return 0 if growth < 3 else 1


def _measure(npu_smi, text: str, chips: int) -> float:
    start = time.process_time()
    found = npu_smi.parse_info(text)
    cost = time.process_time() - start
    if len(found["chips"]) != chips or len(found["processes"]) != chips:
        raise SystemExit(f"{len(found['chips'])} chips and {len(found['processes'])} processes read, not {chips}")
    return cost


if __name__ == "__main__":
    sys.exit(main())
