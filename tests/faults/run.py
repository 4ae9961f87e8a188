#!/usr/bin/env python3
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break simulated hosts in many ways, run the site playbook again, and judge what became of them.

Every case: a known state, one fault during (or before) the first run, the fault ends, a plain second run, a judge that
knows nothing of the collection, and a third run that must change nothing. Results go to build/faults.json.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import box as boxes
import cases
import judge
import packages
from box import ROOT, Box, Run

BUILD = ROOT / "build"
_TOOLS = ("command -v lspci ifconfig pip3 >/dev/null || { apt-get update -qq &&"
          " apt-get install -y -qq --no-install-recommends pciutils net-tools kmod python3-pip; } >/dev/null 2>&1;"
          " command -v lspci ifconfig pip3")
# State: what it is made from, and the variables of the run that makes it, or a script.
_STATES = {
    "hdk": ("bare", {"ascend_components": ["driver", "firmware"]}),
    "base": ("hdk", {"ascend_components": ["driver", "firmware", "cann"]}),
    "done": ("base", {}),
    "no-driver": ("done", "bash /usr/local/Ascend/driver/script/uninstall.sh --quiet"),
    "no-firmware": ("done", "bash /usr/local/Ascend/firmware/script/uninstall.sh --quiet"),
    "old": ("bare", boxes.OLD),
}
_print = threading.Lock()


def say(text: str) -> None:
    with _print:
        print(text, flush=True)


class Host:
    """A host with its kept states and what a faultless installation looks like."""

    def __init__(self, name: str, chip: str) -> None:
        self.box = Box(name, chip, BUILD / "faults" / name)
        self.golden: set[str] = set()

    def prepare(self, states: set[str]) -> None:
        """Install without faults, keeping the states that cases start from."""
        box = self.box
        box.prepare()
        if box.sh(_TOOLS, timeout=900).count("/") < 3:
            raise RuntimeError(f"{box.name}: pciutils, net-tools or python3-pip could not be installed")
        kept = set(box.sh("ls /root/states 2>/dev/null").split())
        if "bare.tar" not in kept:
            box.save("bare")
        self.good = packages.folder(box.work / "artifacts", box.chip)
        for state, (origin, variables) in _STATES.items():
            if f"{state}.tar" not in kept and (state in states or state in ("hdk", "base", "done")):
                box.restore(origin)
                if isinstance(variables, str):
                    box.sh(variables, check=True)
                    box.save(state)
                else:
                    self._install(state, variables)
        box.restore("done")
        self.golden = judge.tree(box)
        wrong = judge.complaints(box, self.golden)
        if wrong:
            raise RuntimeError(f"{box.name}: not healthy without any fault: {'; '.join(wrong)}")
        say(f"{box.name}: ready")

    def _install(self, state: str, variables: dict) -> None:
        run = self.box.play(self.good, variables, self.box.work / f"state-{state}.log")
        if not run.ok:
            raise RuntimeError(f"state {state} cannot be installed: {_why(run)}")
        self.box.save(state)

    # -- one case -------------------------------------------------------------------------------------------------

    def try_case(self, case: cases.Case) -> dict:
        """Run one case; its row of the results."""
        box, begun = self.box, time.monotonic()
        place = box.work / re.sub(r"[^A-Za-z0-9.%]+", "-", case.name)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        row = {"name": case.name, "kind": case.kind, "component": case.component, "start": case.start,
               "host": box.name, "first_run": "", "second_run": "", "third_run": "", "converged": False,
               "injected": True, "false_ok": False, "note": ""}
        notes: list[str] = []
        box.restore(case.start)
        self._set_up(case, place)
        first, struck, notes_first = self._first_run(case, place)
        notes += notes_first
        row["injected"] = struck
        called = self._called(case.component)
        box.heal()
        if case.after:
            box.sh(case.after)
        row["first_run"] = first.words()
        row["false_ok"] |= self._must_be_refused(case, first, called, notes)
        row["false_ok"] |= self._false(first, "first", notes)
        second = box.play(self.good, {}, place / "second.log")
        row["second_run"] = second.words()
        wrong = judge.complaints(box, self.golden)
        if second.ok and wrong:
            row["false_ok"] = True
        last = second
        if second.ok and second.changed != 0:
            last = box.play(self.good, {}, place / "third.log")
            row["third_run"] = last.words()
            wrong += judge.complaints(box, self.golden)
        row["converged"] = second.ok and not wrong and last.ok and last.changed == 0
        if not row["converged"]:
            notes += wrong + ([] if second.ok else [_why(second)])
        row["note"] = "; ".join(notes)[:1500]
        row["seconds"] = round(time.monotonic() - begun, 1)
        return row

    def _set_up(self, case: cases.Case, place: Path) -> None:
        box = self.box
        for name, text in case.faults.items():
            box.fault(name, text)
        self.source = self.good
        if case.tampered or case.strange:
            self.source = packages.folder(place / "artifacts", box.chip)
        if case.tampered:
            packages.tamper(self.source, case.component, box.chip, case.tampered, case.sums)
        if case.strange:
            packages.make_strange(self.source, case.component, box.chip, case.strange)
        if case.before.startswith("CACHE "):
            self._damage_cache(case.component, case.before.split()[1])
        elif case.before:
            box.sh(case.before)

    def _damage_cache(self, component: str, how: str) -> None:
        """The package lies in the host's cache under its right hash, damaged."""
        file = packages.name(component, self.box.chip)
        path = self.good / file
        damaged = self.box.work / "damaged"
        damaged.write_bytes(packages.damage(path.read_bytes(), how))
        folder = f"/var/lib/ascend-fleet/cache/{packages.sha256(path)}"
        self.box.sh(f"mkdir -p {folder}")
        boxes.podman("cp", str(damaged), f"{self.box.container}:{folder}/{file}")

    def _first_run(self, case: cases.Case, place: Path) -> tuple[Run, bool, list[str]]:
        """The run with the fault: (its outcome, whether the fault really struck, what else was seen)."""
        box, notes, struck = self.box, [], True
        watch = box.watch(f"timeout 150 bash -c '{_quoted(case.watch)}'") if case.watch else None
        boot = _started(box) if case.reboot else ""
        process = box.start(self.source, case.variables, place / "first.log")
        if watch or case.reboot:
            struck = self._strike(case, process, watch, boot, place, notes)
        first = box.finish(process)
        if case.then == "power" or case.reboot:
            box.power_on()
        for name, text in case.faults.items():
            if text.endswith("once"):
                left = (boxes.SIMULATOR / "fleets" / boxes.PREFIX / "hosts" / box.name / "npu-sim" / "faults" / name)
                struck = struck and not left.exists()
            elif name.endswith((".lie", ".wrong-version", ".fail-at", ".disk-full")):
                struck = struck and self._called(case.component)
        if case.strange:
            struck = "Vendor package" in first.text
        return first, struck, notes

    def _strike(self, case: cases.Case, process: subprocess.Popen, watch: subprocess.Popen | None, boot: str,
                place: Path, notes: list[str]) -> bool:
        """Wait for the moment, then do what is done from outside."""
        box = self.box
        while process.poll() is None:
            if watch is not None:
                line = watch.stdout.readline()
                struck = "STRUCK" in line
                if not line and not struck:
                    return False
            else:
                struck = _started(box) not in (boot, "")
                time.sleep(0.2)
            if not struck:
                continue
            if "ansible" in (case.then, case.reboot):
                os.killpg(process.pid, signal.SIGKILL)
            elif "power" in (case.then, case.reboot):
                box.power_cut()
            elif case.then == "second-run":
                other = box.play(self.good, {}, place / "other.log")
                words = re.search(case.refused, other.text)
                notes.append(f"the other run: {other.words()}" + (", said who" if words else ", did not say who"))
                if other.ok or not words:
                    notes.append("SECOND RUN NOT REFUSED")
            return True
        return False

    def _called(self, component: str) -> bool:
        """Whether an installer of this component was started since the state was restored."""
        return any(judge.PACKAGES[component] in row["package"] and row["event"] == "start"
                   and any(word in ("--full", "--install", "--upgrade") for word in row["argv"])
                   for row in self.box.calls())

    def _must_be_refused(self, case: cases.Case, first: Run, called: bool, notes: list[str]) -> bool:
        """Whether something was not refused that had to be."""
        if "SECOND RUN NOT REFUSED" in notes:
            return True
        if not case.refused or case.then:
            if case.untouched and called:
                notes.append("its installer was started")
            return case.untouched and called
        text = " ".join(first.text.split())
        if first.ok or not re.search(case.refused, text):
            notes.append("not refused" if first.ok else f"failed without the expected words ({_why(first)})")
        if case.untouched and called:
            notes.append("its installer was started")
        return first.ok or (case.untouched and called)

    def _false(self, run: Run, which: str, notes: list[str]) -> bool:
        """Whether a run said ok although the judge disagrees."""
        if not run.ok:
            return False
        wrong = judge.complaints(self.box, self.golden)
        notes += [f"{which} run said ok, but: {text}" for text in wrong]
        return bool(wrong)


def _quoted(script: str) -> str:
    return script.replace("'", "'\\''")


def _started(box: Box) -> str:
    return boxes.podman("inspect", "-f", "{{.State.StartedAt}}", box.container).stdout.strip()


def _why(run: Run) -> str:
    """The last sentence of a failed run that says why."""
    found = re.findall(r'(?:FAILED!|UNREACHABLE!|failed: \[).*?"msg": "(.{0,400}?)"[,}\n]', run.text, re.DOTALL)
    return f"rc {run.rc}: {' '.join(found[-1].split()) if found else run.text[-300:]}"


def summary(rows: list[dict]) -> dict:
    """The numbers of build/faults.json."""
    struck = [row for row in rows if row["injected"]]
    return {"injected": len(struck), "converged": sum(row["converged"] for row in struck),
            "needed_a_human": sum(not row["converged"] for row in struck),
            "false_ok": sum(row["false_ok"] for row in rows),
            "not_injected": len(rows) - len(struck), "cases": rows}


def work(host: Host, states: set[str], todo: queue.Queue, rows: list[dict], path: Path, until: float) -> None:
    """Take cases until there are none, or no time, writing the results after each."""
    host.prepare(states)
    while time.monotonic() < until:
        try:
            case = todo.get_nowait()
        except queue.Empty:
            return
        try:
            row = host.try_case(case)
        except Exception as error:  # a case that cannot be run must not stop the others; it is not counted as converged
            row = {"name": case.name, "kind": case.kind, "component": case.component, "start": case.start,
                   "host": host.box.name, "first_run": "", "second_run": "", "third_run": "", "seconds": 0,
                   "converged": False, "injected": True, "false_ok": False, "note": f"runner: {error!r}"[:500]}
        with _print:
            rows.append(row)
            path.write_text(json.dumps(summary(rows), indent=1) + "\n")
        verdict = "converged" if row["converged"] else "NEEDS A HUMAN"
        verdict += ", FALSE OK" if row["false_ok"] else ""
        verdict += "" if row["injected"] else ", fault did not strike"
        say(f"{len(rows):4}  {verdict}: {row['name']}: {row['first_run']}; {row['second_run']} ({row['seconds']} s)"
            + (f"\n      {row['note'][:600]}" if row["note"] else ""))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a dozen cases instead of all")
    options.add_argument("--match", default="", help="only cases whose name matches this expression")
    options.add_argument("--minutes", type=float, default=600, help="start no case after this time")
    options.add_argument("--hosts", default="", help="only hosts whose name matches this expression")
    options.add_argument("--keep", action="store_true", help="leave the hosts running afterwards")
    options.add_argument("--list", action="store_true", help="print the cases")
    options.add_argument("--report", type=Path, help="where the results go, instead of build/faults[-quick].json")
    options.add_argument("--resume", action="store_true", help="keep the results that are there, try only the others")
    given = options.parse_args()
    chosen = [case for case in (cases.quick() if given.quick else cases.every()) if re.search(given.match, case.name)]
    if given.list:
        print("\n".join(case.name for case in chosen))
        return 0
    begun = time.monotonic()
    path = given.report or BUILD / ("faults-quick.json" if given.quick else "faults.json")
    path.parent.mkdir(exist_ok=True)
    rows: list[dict] = json.loads(path.read_text())["cases"] if given.resume and path.exists() else []
    tried = {row["name"] for row in rows if row["injected"]}
    rows = [row for row in rows if row["name"] in tried]
    boxes.fleet("up")
    todo: queue.Queue = queue.Queue()
    for case in chosen:
        if case.name not in tried:
            todo.put(case)
    failures: list[BaseException] = []

    def worker(host: Host) -> None:
        try:
            work(host, {case.start for case in chosen}, todo, rows, path, begun + given.minutes * 60)
        except BaseException as error:
            failures.append(error)
            say(f"{host.box.name}: {error}")

    fleet = json.loads(Path(__file__).with_name("fleet.json").read_text())["hosts"]
    names = [row["name"] for row in fleet if re.search(given.hosts, row["name"])]
    threads = [threading.Thread(target=worker, args=(Host(name, name.partition("-")[2]),)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not given.keep:
        boxes.fleet("down")
    result = summary(rows)
    say(f"{result['injected']} faults injected, {result['converged']} converged,"
        f" {result['needed_a_human']} needed a human, {result['false_ok']} false ok,"
        f" {result['not_injected']} did not strike; {todo.qsize()} not tried;"
        f" {time.monotonic() - begun:.0f} s; {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")
    good = result["converged"] == result["injected"] and not result["false_ok"] and not failures
    return 0 if good and (not given.quick or len(rows) == len(chosen)) else 1


if __name__ == "__main__":
    sys.exit(main())
