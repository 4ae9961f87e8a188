"""Resolving and judging a fleet: seconds for 1,000 to 10,000 hosts, and whether they grow in step with the hosts.

Run: `make bench-pure`; ends with 1 when the largest fleet costs more than its share.
A fleet repeats itself: chips, architectures, kinds of host and installed versions come in few combinations, and equal
input is answered once, as plugin_utils/plan/planner.py does. "distinct" counts the combinations.
"""

from __future__ import annotations

import itertools
import json
import sys
import time

INSTALLED = (None, ("24.1.rc3", "7.5.0.1.129"), ("25.3.rc1", "7.8.0.2.212"), ("25.5.2", "7.8.0.7.220"))
MINDSPORE = ("2.4.10", "2.6.0", "2.7.0", "2.7.1", "2.7.2", "2.9.0")


def fleet(count: int) -> list[tuple[dict, dict]]:
    """(pins, host) of count hosts, in repeating order."""
    kinds = itertools.cycle(
        itertools.product(
            MINDSPORE, ("910", "910b", "310p", "a3"), ("aarch64", "x86_64"), ("physical", "vm", "container"), INSTALLED
        )
    )
    hosts = []
    for mindspore, chip, arch, kind, installed in itertools.islice(kinds, count):
        host = {"chip": chip, "arch": arch, "host_kind": kind, "os": "openEuler 22.03"}
        if installed:
            host["installed"] = dict(zip(("driver", "firmware"), installed, strict=True))
        hosts.append(({"mindspore": mindspore}, host))
    return hosts


def judge(tables: dict, hosts: list[tuple[dict, dict]]) -> tuple[int, int]:
    """(distinct inputs, hosts with a stack)."""
    from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
    from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver

    answers: dict[str, dict] = {}
    resolved = 0
    for pins, host in hosts:
        key = json.dumps([pins, host], sort_keys=True)
        if key not in answers:
            answer = resolver.resolve(tables, pins, host)
            if answer["ok"]:
                answer["findings"] += compat.check(tables, {}, host, stack=answer["stack"])
            answers[key] = answer
        resolved += answers[key]["ok"]
    return len(answers), resolved


def main() -> int:
    from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog

    most = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    start = time.perf_counter()
    tables = catalog.load()
    print(f"catalog read in {time.perf_counter() - start:.2f} s")
    print(f"{'hosts':>7} {'distinct':>9} {'resolved':>9} {'seconds':>8} {'ms a host':>10}")
    costs = []
    for count in (most // 10, most // 4, most // 2, most):
        hosts = fleet(count)
        start = time.perf_counter()
        distinct, resolved = judge(tables, hosts)
        seconds = time.perf_counter() - start
        costs.append(seconds / count)
        print(f"{count:>7} {distinct:>9} {resolved:>9} {seconds:>8.2f} {1000 * seconds / count:>10.3f}")
    return 1 if costs[-1] > 1.5 * costs[0] else 0


if __name__ == "__main__":
    raise SystemExit(main())
