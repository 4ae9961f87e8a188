#!/usr/bin/env python3
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PyTorch and MindSpore export for real, on this CPU, and onnxruntime gives the answers of the reference.

    python -m tests.checks.exports [REQUIREMENT ...]       torch==2.13.0+cpu, mindspore==2.7.1; without: TRIED

Each in an environment of its own below .cache/exports, removed after its run unless --keep: the small classifier,
trained, and a model as a user has one. Rows go to build/exports.json; --docs writes the table into docs/proofs.md.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.checks import tables
from tests.model import prove
from tests.support.paths import ROOT

PLACE = ROOT / ".cache" / "exports"
RESULTS = ROOT / "build" / "exports.json"
PAGE = ROOT / "docs" / "proofs.md"
MARKS = ("<!-- exports -->\n", "<!-- end of exports -->\n")
HEADING = ("framework", "model", "file", "opset", "onnxruntime", "damaged file", "seconds", "tried")
DEFINITIONS = ROOT / "tests" / "model" / "definitions"
# Of PyTorch whatever pip finds first; on x86_64 the build for the CPU, where an index has it.
TRIED = ("torch", "mindspore==2.7.1", "mindspore==2.9.0", "mindspore==2.10.0")
BESIDE = {"torch": ("onnx", "onnxruntime", "numpy"), "mindspore": ("onnxruntime",)}
REQUEST = {"task": "export", "factory": "build", "definition": None, "checkpoint": None, "inputs": [], "outputs": []}
TWO: dict[str, dict[str, Any]] = {
    "torch": {
        "inputs": [
            {"name": "ids", "shape": [-1, 64], "dtype": "int64", "below": 50},
            {"name": "mask", "shape": [-1, 64], "dtype": "float32", "below": 2},
        ],
        "outputs": ["scores", "best"],
    },
    "mindspore": {
        "inputs": [
            {"name": "x", "shape": [2, 8], "dtype": "float32", "below": 2},
            {"name": "mask", "shape": [2, 8], "dtype": "float32", "below": 2},
        ],
        "outputs": ["scores", "odds"],
    },
}


def environment(requirement: str) -> str:
    """The Python of an environment with a framework, made when it is not there."""
    place = PLACE / requirement.replace("==", "-")
    python, done = place / "bin" / "python", place / ".installed"
    if not done.is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        wanted = [requirement, *BESIDE[requirement.split("=")[0]]]
        command = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *wanted]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        if said.returncode:
            raise RuntimeError(
                next((line for line in said.stderr.splitlines() if line.startswith("ERROR")), "pip failed")
            )
        done.write_text(" ".join(wanted), encoding="utf-8")
    return str(python)


def exports(framework: str, python: str, work: Path) -> list[tuple[str, dict[str, Any]]]:
    """(what it is, the request) of each export that is tried."""
    definition = DEFINITIONS / f"two_{framework}.py"
    weights = work / ("two.pt" if framework == "torch" else "two.ckpt")
    save = f"import {definition.stem}; {definition.stem}.save({str(weights)!r})"
    subprocess.run([python, "-c", save], check=True, capture_output=True, cwd=DEFINITIONS)
    two = {**TWO[framework], "definition": str(definition), "checkpoint": str(weights)}
    found = [("the classifier", {}), ("a user's", two)]
    if framework == "torch":
        return [*found, ("a user's, opset 13", {**two, "opset": 13})]
    return [*found, ("the classifier, MindIR", {"format": "mindir"})]


def tried(requirement: str, work: Path) -> list[dict[str, Any]]:
    """A row for each export of a framework."""
    framework = requirement.split("=")[0]
    rows = []
    python = environment(requirement)
    for name, request in exports(framework, python, work):
        begun = time.monotonic()
        row: dict[str, Any] = {"requirement": requirement, "model": name, "date": time.strftime("%Y-%m-%d")}
        whole = {**REQUEST, "seed": 1, "steps": 100, "format": "onnx", "opset": 11, **request}
        if whole["checkpoint"]:
            whole["definition"] = str(whole["definition"])

        def keep(folder: Path, row: dict[str, Any] = row) -> None:
            if (folder / "out" / "model.onnx").is_file() and (folder / "export.json").is_file():
                row["off"], row["damaged"] = (answer(python, folder, more) for more in ([], ["--damage"]))

        result = prove.run(python, f"{framework}-export", whole, keep=keep)
        row.update(
            framework=f"{framework} {result.get(framework)}",
            files=result.get("files") or [],
            error=None if result["ok"] else str(result.get("error"))[:200],
            opset=whole["opset"] if framework == "torch" else None,
            seconds=round(time.monotonic() - begun, 1),
        )
        row["passed"] = bool(result["ok"]) and (whole["format"] != "onnx" or row["off"] <= 1 < row["damaged"])
        rows.append(row)
    return rows


def answer(python: str, folder: Path, more: list[str]) -> float:
    """How far onnxruntime's answer is off, in units of the tolerance; infinite where it gives none."""
    command = [python, str(ROOT / "tests" / "model" / "run_onnx.py"), str(folder), *more]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    return float(said.stdout) if said.returncode == 0 else float("inf")


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table."""
    compared = "off" in row
    return (
        row["framework"],
        row["model"],
        f"failed: {row['error']}" if row["error"] else (row["files"] or ["-"])[0],
        str(row["opset"] or "-"),
        ("the same answer" if row["off"] <= 1 else "another answer") if compared else "-",
        ("another answer, or none" if row["damaged"] > 1 else "the same answer") if compared else "-",
        str(row["seconds"]),
        row["date"],
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("requirement", nargs="*", default=list(TRIED))
    parser.add_argument("--keep", action="store_true", help="leave the environments")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/proofs.md")
    given = parser.parse_args()
    work = PLACE / "work"
    work.mkdir(parents=True, exist_ok=True)
    rows = [row for row in tables.kept(RESULTS) if row["requirement"] not in given.requirement]
    bad = 0
    for requirement in given.requirement:
        found = tried(requirement, work)
        rows += found
        bad += sum(not row["passed"] for row in found)
        print(tables.markdown(HEADING, map(cells, found)), flush=True)
        tables.keep(RESULTS, rows)
        if not given.keep:
            shutil.rmtree(PLACE / requirement.replace("==", "-"), ignore_errors=True)
    if given.docs:
        tables.write(PAGE, MARKS, tables.markdown(HEADING, map(cells, rows)))
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
