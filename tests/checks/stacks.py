#!/usr/bin/env python3
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""inventories/example, unchanged but for one version, from a bare simulated host to text, and then with nothing to do.

    python -m tests.checks.stacks [MINDSPORE ...] [--docs] [--keep]
    python -m tests.checks.stacks --list

The commands are those of docs/getting-started.md: bundle, plan, site, and site again. A release has a stack here when a
set of tests/simulator/releases.json has its packages. One host at a time, removed after its turn; its wheels take about
1.3 GB below .cache/stacks and go with it, unless --keep.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from tests.checks import tables
from tests.model import sentence
from tests.simulator.sim import packages, releases, stand_in
from tests.support import playbook, ssh_count
from tests.support.artifacts import DOWNLOAD
from tests.support.fleet import Fleet
from tests.support.paths import BUILD, CACHE, ROOT

EXAMPLE = ROOT / "inventories" / "example"
HOSTS = Fleet("stacks")
SUBNET = "10.213.61.0/24"
PLACE = CACHE / "stacks"
RESULTS = BUILD / "stacks.json"
PAGE = ROOT / "docs" / "proofs.md"
MARKS = ("<!-- stacks -->\n", "<!-- end of stacks -->\n")
HEADING = ("MindSpore", "MindFormers", "CANN", "driver, firmware", "Python", "engine, model", "site", "again", "tried")
# What no user has to say: the simulated host has no NPU to compute on, and its kernel no headers to build a driver for.
SIMULATED = {
    "ascend_device_target": "CPU",
    "ascend_accept_findings": ["device-target-cpu"],
    "npu_driver_dkms": False,
}


def stacks() -> dict[str, dict[str, Any]]:
    """The sets of simulated packages that are one MindSpore release's: version -> the set, with its name."""
    rows = releases.catalog()["sets"]
    return {row["mindspore"]: {"set": name, **row} for name, row in rows.items() if "mindspore" in row}


def first_host() -> str:
    """The name of the example's first host."""
    document = yaml.safe_load((EXAMPLE / "hosts.yml").read_text(encoding="utf-8"))
    return next(iter(document["all"]["children"]["npu"]["hosts"]))


def collect(stack: dict[str, Any], folder: Path) -> None:
    """What a user has downloaded by hand: the vendor's packages, and the wheel that only the vendor's store has."""
    packages.build(folder, [stack["set"]])
    nearest = stack.get("nearest")
    if not nearest or any((folder / "wheels").glob("mindspore-*.whl")):
        return
    source = folder.parent / "nearest"
    subprocess.run([*DOWNLOAD, "--dest", str(source), nearest], check=True)
    (wheel,) = source.glob("*.whl")
    stand_in.make(wheel, folder / "wheels", "mindspore", stack["mindspore"], platform.machine())
    shutil.rmtree(source)


class Turn:
    """One release on one host.

    Args:
        stack: its row of stacks().
    """

    def __init__(self, stack: dict[str, Any]) -> None:
        self.version, self.stack = stack["mindspore"], stack
        self.work, self.artifacts = BUILD / "stacks" / stack["mindspore"], PLACE / stack["mindspore"] / "artifacts"
        self.report = self.work / "report" / "report.json"

    def run(self, name: str, *options: str) -> playbook.Run:
        """One of the collection's playbooks, as getting-started has it.

        Raises:
            RuntimeError: it failed; with its last words.
        """
        done = playbook.play(
            f"ascend.fleet.{name}",
            "--limit",
            first_host(),
            *options,
            inventory=[EXAMPLE, HOSTS.inventory],
            variables={
                **SIMULATED,
                "ascend_mindspore_version": self.version,
                "ascend_artifacts": str(self.artifacts),
                "ascend_report_dir": str(self.report.parent),
            },
            settings={"ANSIBLE_STDOUT_CALLBACK": "default"},
            log=self.work / f"{name}.log",
            record=self.work / "record.json",
            report=self.report if name == "site" else None,
        )
        if not done.ok:
            raise RuntimeError(f"{name} ended with {done.code}: {done.text[-3000:]}")
        print(f"    {self.version}: {name} {done.seconds:.0f} s", flush=True)
        return done

    def row(self) -> dict[str, Any]:
        """Everything once; what was seen.

        Raises:
            RuntimeError: a command failed, or did not do what it must.
        """
        shutil.rmtree(self.work, ignore_errors=True)
        collect(self.stack, self.artifacts)
        HOSTS.up([{"name": first_host(), "chip": "910B3", "cards": 2}], SUBNET)
        try:
            self.run("bundle")
            plan, site = self.run("plan"), self.run("site")
            started = HOSTS.installer_starts()
            again = self.run("site", "-vvv")
            wrong = [*self._first(plan, site), *self._second(again, HOSTS.installer_starts() - started)]
        finally:
            HOSTS.down()
        if wrong:
            raise RuntimeError("; ".join(wrong))
        host = site.host(first_host())
        return {
            "mindspore": self.version,
            "nearest": self.stack.get("nearest"),
            "versions": host["versions"],
            "engine": host["inference"]["engine"],
            "model": host["inference"]["model"],
            "site_seconds": round(site.seconds),
            "again_seconds": round(again.seconds),
            "date": time.strftime("%Y-%m-%d"),
        }

    def _first(self, plan: playbook.Run, site: playbook.Run) -> list[str]:
        """What the installation did not show, as sentences."""
        host = site.host(first_host())
        proof, wrong = host["inference"] or {}, []
        if host["status"] != "converged":
            wrong.append(f"the host is {host['status']}")
        if proof.get("status") != "passed" or proof.get("text") != sentence.SENTENCE:
            wrong.append(f"the proof: {proof.get('status')}, {proof.get('text')!r}, {proof.get('reason')}")
        if f"generate text: {proof.get('engine')}, {proof.get('model')}" not in plan.text:
            wrong.append(f"the plan did not say that {proof.get('engine')} with {proof.get('model')} would prove it")
        if host["versions"].get("mindspore") != self.version:
            wrong.append(f"MindSpore is {host['versions'].get('mindspore')}")
        return wrong

    @staticmethod
    def _second(again: playbook.Run, started: int) -> list[str]:
        """Why the second run was more than a look, as sentences."""
        wrong = [f"changed again: {task}" for task in again.record["changed_tasks"]]
        wrong += ssh_count.check_noop(again.text, HOSTS.addresses.values())
        if again.record["artifact_bytes"]:
            wrong.append(f"{again.record['artifact_bytes']} bytes of artifacts were sent again")
        return [*wrong, f"{started} installers were started again"] if started else wrong


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table."""
    versions = row["versions"]
    return (
        row["mindspore"] + (f" (made of {row['nearest']})" if row["nearest"] else ""),
        versions.get("mindformers") or "-",
        versions["cann"],
        f"{versions['driver']}, {versions['firmware']}",
        versions["python"],
        f"{row['engine']}, {row['model']}",
        f"{row['site_seconds']} s",
        f"{row['again_seconds']} s, changed=0",
        row["date"],
    )


def main() -> int:
    known = stacks()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mindspore", nargs="*", help=f"of {', '.join(known)}; all of them")
    parser.add_argument("--list", action="store_true", help="say what would run")
    parser.add_argument("--keep", action="store_true", help="leave packages and wheels")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/proofs.md")
    given = parser.parse_args()
    chosen = given.mindspore or list(known)
    if set(chosen) - set(known):
        parser.error(f"there are packages for {', '.join(known)}")
    if given.list:
        print(*chosen, sep="\n")
        return 0
    kept = {row["mindspore"]: row for row in tables.kept(RESULTS)}
    failed = []
    for version in chosen:
        print(f"==> MindSpore {version}: inventories/example on a bare host", flush=True)
        try:
            kept[version] = Turn(known[version]).row()
            print(tables.markdown(HEADING, [cells(kept[version])]).splitlines()[-1], flush=True)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            failed.append(version)
            print(f"==> MindSpore {version}: failed: {error}", flush=True)
        tables.keep(RESULTS, [kept[name] for name in known if name in kept])
        if not given.keep:
            shutil.rmtree(PLACE / version, ignore_errors=True)
    if given.docs:
        tables.write(PAGE, MARKS, tables.markdown(HEADING, [cells(kept[name]) for name in known if name in kept]))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
