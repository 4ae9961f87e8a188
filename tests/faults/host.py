# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is broken on purpose: its kept states, what it looks like without a fault, and one case after another."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

from tests.faults import box as boxes
from tests.faults import judge, packages, surroundings
from tests.faults.box import Box
from tests.faults.case import Case
from tests.support.paths import BUILD
from tests.support.playbook import Run, Running

_TOOLS = (
    "command -v lspci ifconfig pip3 >/dev/null || { apt-get update -qq &&"
    " apt-get install -y -qq --no-install-recommends pciutils net-tools kmod python3-pip; } >/dev/null 2>&1;"
    " command -v lspci ifconfig pip3"
)
# State: what it is made from, and the variables of the run that makes it, or a script.
_STATES = {
    "hdk": ("bare", {"ascend_components": ["driver", "firmware"]}),
    "base": ("hdk", {"ascend_components": ["driver", "firmware", "cann"]}),
    "done": ("base", {}),
    "no-driver": ("done", "bash /usr/local/Ascend/driver/script/uninstall.sh --quiet"),
    "no-firmware": ("done", "bash /usr/local/Ascend/firmware/script/uninstall.sh --quiet"),
    "old": ("bare", boxes.OLD),
}
_HINDERED = "it hindered"


class Host:
    """A host with its kept states and what a faultless installation looks like."""

    def __init__(self, name: str, chip: str, code: str, like: Host | None = None) -> None:
        """``like``: a host with the same chips, whose states are taken over instead of being installed again."""
        self.box = Box(name, chip, BUILD / "faults" / name, surroundings.UNDO)
        self.code, self.like = code, like
        self.ready = threading.Event()
        self.golden: set[str] = set()

    def prepare(self, states: set[str]) -> None:
        """Install without faults, keeping the states that cases start from."""
        try:
            self._prepare(states)
        finally:
            self.ready.set()

    def _prepare(self, states: set[str]) -> None:
        box = self.box
        box.prepare()
        # States that other code has installed are not what this code would leave behind.
        box.sh(f"""mkdir -p /root/states && cd /root/states && touch code && [ "$(cat code)" != {self.code} ] &&
            find . -name '*.tar' ! -name bare.tar -delete; echo {self.code} >code""")
        if box.sh(_TOOLS, timeout=900).count("/") < 3:
            raise RuntimeError(f"{box.name}: pciutils, net-tools or python3-pip could not be installed")
        kept = set(box.sh("ls /root/states 2>/dev/null").split())
        if "bare.tar" not in kept:
            box.save("bare")
        if self.like:
            self.like.ready.wait()
            kept |= self._take_states(self.like)
        self.good = packages.folder(box.work / "artifacts", box.chip)
        for state, (origin, variables) in _STATES.items():
            if f"{state}.tar" not in kept and (state in states or state in ("hdk", "base", "done")):
                box.restore(origin)
                if isinstance(variables, str):
                    box.sh(variables, check=True)
                    box.save(state)
                else:
                    self._install(state, variables)
        # The accounts that an installation makes are there from now on, whichever state a case starts from.
        box.restore("done")
        self.golden = judge.tree(box)
        wrong = judge.complaints(box, self.golden)
        if wrong:
            raise RuntimeError(f"{box.name}: not healthy without any fault: {'; '.join(wrong)}")

    def _take_states(self, other: Host) -> set[str]:
        """Copy the states of another host; their names."""
        files = [name for name in other.box.sh("ls /root/states").split() if name.endswith(".tar")]
        for name in files:
            between = self.box.work / name
            boxes.podman("cp", f"{other.box.container}:/root/states/{name}", str(between))
            boxes.podman("cp", str(between), f"{self.box.container}:/root/states/{name}")
        return set(self.box.sh("ls /root/states").split())

    def _install(self, state: str, variables: dict) -> None:
        # Twice: a host that came back late from a reboot is no reason to do without it for an hour.
        for _ in range(2):
            run = self.box.play(self.good, variables, self.box.work / f"state-{state}.log")
            if run.ok:
                break
        else:
            raise RuntimeError(f"state {state} cannot be installed: {_why(run)}")
        self.box.save(state)

    # -- one case -------------------------------------------------------------------------------------------------

    def try_case(self, case: Case) -> dict:
        """Run one case; its row of the results."""
        box, begun = self.box, time.monotonic()
        place = box.work / re.sub(r"[^A-Za-z0-9.%]+", "-", case.name)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        row = {
            "name": case.name,
            "kind": case.kind,
            "component": case.component,
            "start": case.start,
            "host": box.name,
            "first_run": "",
            "second_run": "",
            "third_run": "",
            "converged": False,
            "injected": True,
            "false_ok": False,
            "note": "",
        }
        notes: list[str] = []
        box.restore(case.start)
        self._set_up(case, place)
        first, struck, notes_first = self._first_run(case, place)
        notes += notes_first
        row["injected"] = struck
        called = self._called(case.component)
        at_first = [note for note in notes if note.startswith(_HINDERED)]
        if case.check:
            at_first += box.sh(case.check).strip().splitlines()
        if case.unhindered and not first.ok:
            at_first.append(f"{_HINDERED} the first run: {_why(first)}")
        box.heal()
        if case.after:
            box.sh(case.after)
        row["first_run"] = first.words(box.name)
        row["false_ok"] |= self._must_be_refused(case, first, called, notes)
        row["false_ok"] |= self._false(first, "first", notes)
        second = box.play(self.good, {}, place / "second.log")
        row["second_run"] = second.words(box.name)
        wrong = judge.complaints(box, self.golden)
        if second.ok and wrong:
            row["false_ok"] = True
        last = second
        if second.ok and second.recap(box.name).get("changed", -1) != 0:
            last = box.play(self.good, {}, place / "third.log")
            row["third_run"] = last.words(box.name)
            wrong += judge.complaints(box, self.golden)
        wrong += at_first
        row["converged"] = second.ok and not wrong and last.ok and last.recap(box.name).get("changed", -1) == 0
        if not row["converged"]:
            notes += wrong + ([] if second.ok else [_why(second)])
        row["note"] = "; ".join(notes)[:1500]
        row["seconds"] = round(time.monotonic() - begun, 1)
        return row

    def _set_up(self, case: Case, place: Path) -> None:
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

    def _first_run(self, case: Case, place: Path) -> tuple[Run, bool, list[str]]:
        """The run with the fault: (its outcome, whether the fault really struck, what else was seen)."""
        box, notes, struck = self.box, [], True
        watch = box.watch(case.watch) if case.watch else None
        boot = _started(box) if case.reboot else ""
        process = box.start(self.source, case.variables, place / "first.log")
        if watch or case.reboot:
            struck = self._strike(case, process, watch, boot, place, notes)
        first = box.finish(process)
        if not struck:
            box.end_watches()
        if case.then in ("power", "reboot") or case.reboot:
            box.power_on()
        for name, text in case.faults.items():
            if text.endswith("once"):
                left = boxes.FLEET.silicon(box.name) / "faults" / name
                struck = struck and not left.exists()
            elif name.endswith((".lie", ".wrong-version", ".fail-at", ".disk-full")):
                struck = struck and self._called(case.component)
        if case.strange:
            struck = "Carry out" in first.text
        return first, struck, notes

    def _strike(
        self,
        case: Case,
        process: Running,
        watch: subprocess.Popen | None,
        boot: str,
        place: Path,
        notes: list[str],
    ) -> bool:
        """Wait for the moment, then do what is done from outside."""
        box, heard, running = self.box, "", True
        while running:
            # What was said before the run's end is heard after it.
            running = process.poll() is None
            if watch is not None:
                heard += boxes.said(watch, 0.2)
                struck = "STRUCK" in heard
            else:
                struck = _started(box) not in (boot, "")
                time.sleep(0.2)
            if not struck:
                continue
            if "ansible" in (case.then, case.reboot):
                os.killpg(process.pid, signal.SIGKILL)
            elif case.then == "interrupt":
                os.killpg(process.pid, signal.SIGINT)
            elif "power" in (case.then, case.reboot):
                box.power_cut()
            elif case.then == "second-run":
                other = box.play(self.good, {}, place / "other.log")
                words = re.search(case.refused, other.text)
                notes.append(
                    f"the other run: {other.words(box.name)}" + (", said who" if words else ", did not say who")
                )
                if other.ok or not words:
                    notes.append("SECOND RUN NOT REFUSED")
            elif case.then == "check-run":
                other = box.play(self.good, {}, place / "other.log", "--check")
                notes.append(f"the other run: {other.words(box.name)}")
                if not other.ok:
                    notes.append(f"{_HINDERED} the check run: {_why(other)}")
            return True
        return False

    def _called(self, component: str) -> bool:
        """Whether an installer of this component was started since the state was restored."""
        return any(
            judge.PACKAGES[component] in row["package"]
            and row["event"] == "start"
            and any(word in ("--full", "--install", "--upgrade") for word in row["argv"])
            for row in self.box.calls()
        )

    def _must_be_refused(self, case: Case, first: Run, called: bool, notes: list[str]) -> bool:
        """Whether something was not refused that had to be."""
        if "SECOND RUN NOT REFUSED" in notes:
            return True
        if case.unhindered:
            return False
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


def _started(box: Box) -> str:
    return boxes.podman("inspect", "-f", "{{.State.StartedAt}}", box.container).stdout.strip()


def _why(run: Run) -> str:
    """The last sentence of a failed run that says why."""
    found = re.findall(r'(?:FAILED!|UNREACHABLE!|failed: \[).*?"msg": "(.{0,400}?)"[,}\n]', run.text, re.DOTALL)
    return f"rc {run.code}: {' '.join(found[-1].split()) if found else run.text[-300:]}"
