# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break simulated hosts in many ways, run the site playbook again, and judge what became of them.

Every case: a known state, one fault during (or before) the first run, the fault ends, a plain second run, a judge that
knows nothing of the collection, and a third run that must change nothing. Results go to build/faults.json after each
case; a run that was cut short goes on where it was as long as the code is the same.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import signal
import sys
import threading
import time
from pathlib import Path

from tests.faults import box as boxes
from tests.faults import cases
from tests.faults.host import Host
from tests.faults.results import Results, code, settled
from tests.support.paths import BUILD, ROOT

_QUICK_HOSTS = 3
_print = threading.Lock()


def say(text: str) -> None:
    with _print:
        print(text, flush=True)


def one_case(host: Host, case: cases.Case) -> dict:
    """The row of a case; what the runner itself could not do is no success."""
    try:
        return host.try_case(case)
    except boxes.Stopped:
        raise
    except Exception as error:  # a case that cannot be run must not stop the others
        return {
            "name": case.name,
            "kind": case.kind,
            "component": case.component,
            "start": case.start,
            "host": host.box.name,
            "first_run": "",
            "second_run": "",
            "third_run": "",
            "seconds": 0,
            "converged": False,
            "injected": True,
            "false_ok": False,
            "runner": True,
            "note": f"runner: {error!r}"[:500],
        }


def tell(row: dict, number: int) -> None:
    verdict = "converged" if row["converged"] else "NEEDS A HUMAN"
    verdict += ", FALSE OK" if row["false_ok"] else ""
    verdict += "" if row["injected"] else ", fault did not strike"
    say(
        f"{number:4}  {verdict}: {row['name']}: {row['first_run']}; {row['second_run']} ({row['seconds']} s)"
        + (f"\n      {row['note'][:600]}" if row["note"] else "")
    )


def work(host: Host, states: set[str], todo: queue.Queue, results: Results, until: float) -> None:
    """Take cases until there are none, or no time. One whose fault came too late goes back to the end of the queue."""
    host.prepare(states)
    say(f"{host.box.name}: ready")
    while time.monotonic() < until:
        try:
            case = todo.get_nowait()
        except queue.Empty:
            return
        row = one_case(host, case)
        if boxes.STOP.is_set():
            return
        with _print:
            row = results.add(row)
            again = not settled(row)
        tell(row, len(results.rows))
        if again:
            todo.put(case)


def run(hosts: list[Host], states: set[str], todo: queue.Queue, results: Results, until: float) -> list[BaseException]:
    """All hosts at once, until there is nothing to do or a signal comes; what went wrong with them."""
    failures: list[BaseException] = []

    def worker(host: Host) -> None:
        try:
            work(host, states, todo, results, until)
        except boxes.Stopped:
            pass
        except BaseException as error:
            failures.append(error)
            say(f"{host.box.name}: {error}")

    threads = [threading.Thread(target=worker, args=(host,)) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.5)
            if boxes.STOP.is_set():
                for host in hosts:
                    host.box.kill_processes()
    return failures


def stop_on_signals() -> None:
    """SIGINT and SIGTERM end what is at work; it is tried again when the run is taken up."""

    def stop(number: int, _frame: object) -> None:
        if not boxes.STOP.is_set():
            os.write(1, f"\nfaults: {signal.Signals(number).name}; ending, the hosts go\n".encode())
        boxes.STOP.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def described(names: str, quick: bool, commit: str) -> list[Host]:
    """The hosts of fleet.json; the second of a kind takes over the states of the first."""
    fleet = json.loads(Path(__file__).with_name("fleet.json").read_text())["hosts"]
    hosts: dict[str, Host] = {}
    found = []
    for row in fleet[:_QUICK_HOSTS] if quick else fleet:
        if re.search(names, row["name"]):
            chip = row["name"].split("-")[1]
            host = Host(row["name"], chip, commit, hosts.get(chip))
            hosts.setdefault(chip, host)
            found.append(host)
    return found


def arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a dozen cases instead of all")
    options.add_argument("--match", default="", help="only cases whose name matches this expression")
    options.add_argument("--minutes", type=float, default=600, help="start no case after this time")
    options.add_argument("--hosts", default="", help="only hosts whose name matches this expression")
    options.add_argument("--keep", action="store_true", help="leave the hosts running afterwards")
    options.add_argument("--list", action="store_true", help="print the cases")
    options.add_argument("--report", type=Path, help="where the results go, instead of build/faults[-quick|-some].json")
    options.add_argument("--fresh", action="store_true", help="start anew although there are results of the same code")
    options.add_argument("--resume", action="store_true", help="go on with results of other code as well")
    return options.parse_args()


def main() -> int:
    given = arguments()
    listed = cases.quick() if given.quick else cases.every()
    chosen = {case.name: case for case in listed if re.search(given.match, case.name)}
    if given.list:
        print("\n".join(chosen))
        return 0
    begun, commit = time.monotonic(), code(ROOT)
    # Some cases alone leave the results of all of them as they are.
    part = given.quick or given.match
    name = "faults-quick" if given.quick else "faults-some" if part else "faults"
    path = given.report or BUILD / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    results = Results(
        path,
        chosen if part else [case.name for case in listed],
        commit,
        given.fresh or bool(part and not given.resume),
        given.resume,
    )
    left = results.left(chosen)
    say(f"faults: {results.words}; {len(left)} of {len(chosen)} cases to do on {commit}")
    todo: queue.Queue = queue.Queue()
    for name in left:
        todo.put(chosen[name])
    stop_on_signals()
    failures: list[BaseException] = []
    try:
        if left:
            boxes.fleet("up")
            failures = run(
                described(given.hosts, given.quick, commit),
                {case.start for case in chosen.values()},
                todo,
                results,
                begun + given.minutes * 60,
            )
    finally:
        if not given.keep:
            boxes.fleet("down")
    results.write()
    result = results.summary()
    say(
        f"{result['injected']} faults injected, {result['converged']} converged,"
        f" {result['needed_a_human']} needed a human, {result['false_ok']} false ok,"
        f" {result['not_injected']} did not strike; {len(results.left(chosen))} still to do;"
        f" {time.monotonic() - begun:.0f} s; {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}"
    )
    if boxes.STOP.is_set():
        say("cut short; the same command goes on from here")
        return 130
    good = result["converged"] == result["injected"] and not result["false_ok"] and not failures
    return 0 if good and not results.left(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
