#!/usr/bin/env python3
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan, roll out, fail, go back, uninstall: what the playbooks promise, on eight simulated servers.

The scenarios build on each other in this order. With names on the command line only those run, on the hosts that are
there (--keep leaves them); each then expects the state that the ones before it leave.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import going_back
import planning
import rolling
from hosts import Hosts
from plays import OUT

SCENARIOS = [*planning.SCENARIOS, *rolling.SCENARIOS, *going_back.SCENARIOS]
# Left out with --quick: variants of what another scenario shows.
LONG = {"sick_chip", "strategy_free"}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", choices=[*(scenario.__name__ for scenario in SCENARIOS), []], help="only these scenarios"
    )
    parser.add_argument("--quick", action="store_true", help=f"without {', '.join(sorted(LONG))}")
    parser.add_argument("--keep", action="store_true", help="leave the hosts")
    options = parser.parse_args(arguments)
    hosts = Hosts(8)
    begun = time.monotonic()
    if not options.names:
        shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True, exist_ok=True)
    wanted = [
        scenario
        for scenario in SCENARIOS
        if (not options.names or scenario.__name__ in options.names)
        and not (options.quick and scenario.__name__ in LONG)
    ]
    failed = []
    try:
        if not options.names:
            hosts.up()
        for scenario in wanted:
            failed += [] if _passes(scenario, hosts) else [scenario.__name__]
    finally:
        if not options.keep:
            hosts.down()
    print(
        f"==> rollout: {len(wanted) - len(failed)} passed, {len(failed)} failed, "
        f"{time.monotonic() - begun:.0f} s{'; log in build/rollout/log.txt' if failed else ''}",
        flush=True,
    )
    return 1 if failed else 0


def _passes(scenario, hosts: Hosts) -> bool:
    started = time.monotonic()
    try:
        hosts.mend()
        hosts.forget_calls()
        scenario(hosts)
    except Exception:
        print(f"==> {scenario.__name__}: FAILED, {time.monotonic() - started:.0f} s", flush=True)
        traceback.print_exc()
        return False
    seconds = time.monotonic() - started
    print(f"==> {scenario.__name__}: {seconds:.0f} s. {scenario.__doc__.splitlines()[0]}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
