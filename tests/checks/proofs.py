#!/usr/bin/env python3
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every pair of the catalog that PyPI can install, in an environment of its own, proves itself on this CPU.

    python -m tests.checks.proofs [MINDSPORE ...]       without releases: all of them
    python -m tests.checks.proofs --list                what would run

A row of build/proofs.json per pair: engine, model, whether it said its sentence, seconds. docs/proofs.md has the last
table; --docs writes it there. An environment takes about 3.4 GB below .cache/proofs and is removed after its run,
unless --keep.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, ladder
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import role_requirements
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver

from tests.checks import tables
from tests.model import prove, sentence
from tests.support.paths import ROOT

PLACE = ROOT / ".cache" / "proofs"
RESULTS = ROOT / "build" / "proofs.json"
PAGE = ROOT / "docs" / "proofs.md"
MARKS = ("<!-- proofs -->\n", "<!-- end of proofs -->\n")
HOST = {"arch": "x86_64", "host_kind": "physical"}
CHIPS = ("910b", "910")  # the first that a release has a stack for
HEADING = (
    "MindSpore",
    "MindFormers",
    "Python",
    "engine, model",
    "result",
    "import s",
    "load s",
    "first s",
    "tokens/s",
    "tried",
)


def pairs() -> list[dict[str, Any]]:
    """Every MindSpore of the catalog that PyPI has, alone and with the MindFormers that goes with it there."""
    found = []
    data = catalog.load()
    for row in data["mindspore"]:
        if row["distribution"] != "pypi" or row["package"] != "mindspore":
            continue
        answers = (resolver.resolve(data, {"mindspore": row["mindspore"]}, {**HOST, "chip": chip}) for chip in CHIPS)
        stack = next((answer["stack"] for answer in answers if answer["stack"]), {"mindspore": row})
        formers = stack.get("mindformers") or {}
        python = (stack.get("python") or {}).get("version") or row["python"][1]
        for version in dict.fromkeys((formers.get("version") if formers.get("distribution") == "pypi" else None, None)):
            rung = ladder.climb(data, {"mindspore": row["mindspore"], "mindformers": version})
            if rung:
                found.append(
                    {
                        "mindspore": row["mindspore"],
                        "mindformers": version,
                        "python": python,
                        "engine": rung["engine"],
                        "model": rung["model"],
                        "constraints": _limits(stack, version),
                    }
                )
    return sorted(found, key=lambda pair: (versions.key(pair["mindspore"]), pair["mindformers"] is None))


def _limits(stack: dict[str, Any], formers: str | None) -> list[str]:
    """The constraints that the roles give pip for a pair."""
    return role_requirements.environment(stack if formers else {**stack, "mindformers": None}, {}, None)[1]


def environment(pair: dict[str, Any]) -> Path:
    """The environment of a pair, made when it is not there; its Python. One serves MindSpore with and without."""
    place = PLACE / pair["mindspore"]
    python = place / "bin" / "python"
    done = place / ".installed"
    wanted = [f"mindspore=={pair['mindspore']}"]
    if pair["mindformers"]:
        wanted.append(f"mindformers=={pair['mindformers']}")
    if done.is_file() and set(wanted) <= set(done.read_text(encoding="utf-8").split()):
        return python
    maker = shutil.which(f"python{pair['python']}", path=_pythons())
    if maker is None:
        raise RuntimeError(f"there is no python{pair['python']} on this machine")
    subprocess.run([maker, "-m", "venv", str(place)], check=True)
    limits = place / "limits.txt"
    limits.write_text("".join(f"{line}\n" for line in pair["constraints"]), encoding="utf-8")
    command = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-c", str(limits), *wanted]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        errors = [line for line in said.stderr.splitlines() if line.startswith("ERROR")]
        raise RuntimeError((errors or ["pip failed"])[-1])
    done.write_text("\n".join(wanted), encoding="utf-8")
    return python


def _pythons() -> str:
    """PATH, and the Pythons of pyenv where there are any."""
    found = sorted(Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv").glob("versions/*/bin"))
    return os.pathsep.join([*map(str, found), os.environ.get("PATH", "")])


def proven(pair: dict[str, Any]) -> dict[str, Any]:
    """What became of one pair."""
    started = time.monotonic()
    request = {"task": "generate", "model": pair["model"], "model_dir": str(sentence.SETS / pair["model"])}
    try:
        result = prove.run(str(environment(pair)), pair["engine"], request)
    except RuntimeError as error:
        result = {"error": str(error)}
    good = result.get("text") == sentence.SENTENCE
    figures = {
        name: result.get(name) for name in ("import_seconds", "load_seconds", "first_seconds", "tokens_per_second")
    }
    why = None if good else str(result.get("text") or result.get("error"))[:300]
    return {
        **pair,
        "passed": good,
        "why": why,
        **{name: round(value, 2) if value is not None else None for name, value in figures.items()},
        "wall_seconds": round(time.monotonic() - started),
        "date": time.strftime("%Y-%m-%d"),
    }


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table."""
    seconds = [row[name] for name in ("import_seconds", "load_seconds", "first_seconds", "tokens_per_second")]
    return (
        row["mindspore"],
        row["mindformers"] or "-",
        row["python"],
        ladder.words(row["engine"], row["model"]) or "",
        "passed" if row["passed"] else f"failed: {row['why']}",
        *("-" if value is None else str(value) for value in seconds),
        row["date"],
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mindspore", nargs="*")
    parser.add_argument("--list", action="store_true", help="say what would run")
    parser.add_argument("--keep", action="store_true", help="leave the environments")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/proofs.md")
    given = parser.parse_args()
    chosen = [pair for pair in pairs() if not given.mindspore or pair["mindspore"] in given.mindspore]
    if given.list:
        for pair in chosen:
            print(*(pair[name] or "-" for name in ("mindspore", "mindformers", "python", "engine", "model")))
        return 0
    kept = {(row["mindspore"], row["mindformers"]): row for row in tables.kept(RESULTS)}
    for pair in chosen:
        row = kept[(pair["mindspore"], pair["mindformers"])] = proven(pair)
        print(
            tables.markdown(HEADING, [cells(row)]).splitlines()[-1],
            f"({row['wall_seconds']} s with its installation)",
            flush=True,
        )
        rows = [
            kept[(one["mindspore"], one["mindformers"])]
            for one in pairs()
            if (one["mindspore"], one["mindformers"]) in kept
        ]
        tables.keep(RESULTS, rows)
        if not given.keep and pair["mindformers"] is None:
            shutil.rmtree(PLACE / pair["mindspore"], ignore_errors=True)
    if given.docs:
        tables.write(PAGE, MARKS, tables.markdown(HEADING, map(cells, rows)))
    return int(any(not kept[(pair["mindspore"], pair["mindformers"])]["passed"] for pair in chosen))


if __name__ == "__main__":
    sys.exit(main())
