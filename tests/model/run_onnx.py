"""Runs what an export left with onnxruntime, on the fixed input: run_onnx.py FOLDER [--damage].

FOLDER is that of the run: C(export.json) and C(out). Prints the largest difference from the reference, in units of the
tolerance: at most 1 is the same answer. With --damage the middle of the file, which holds weights, is turned round.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy
import onnxruntime


def main(folder: Path, damage: bool) -> float:
    said = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    model = bytearray((folder / "out" / "model.onnx").read_bytes())
    if damage:
        for at in range(len(model) * 2 // 5, len(model) * 3 // 5):
            model[at] ^= 0x80
    reference = said["reference"]

    def tensor(row, value):
        kind = numpy.dtype(row["dtype"])
        found = (
            numpy.fromfile(folder / "out" / value, kind) if isinstance(value, str) else numpy.array(value, dtype=kind)
        )
        return found.reshape(reference.get("shapes", {}).get(row["name"], row["shape"]))

    session = onnxruntime.InferenceSession(bytes(model), providers=["CPUExecutionProvider"])
    given = {row["name"]: tensor(row, reference["input"][row["name"]]) for row in said["inputs"]}
    found = session.run([row["name"] for row in said["outputs"]], given)
    worst = 0.0
    for row, answer in zip(said["outputs"], found, strict=True):
        wanted = tensor(row, reference["output"][row["name"]])
        if answer.shape != wanted.shape or answer.dtype != wanted.dtype:
            return float("inf")
        off = numpy.abs(answer.astype("float64") - wanted) / (0.001 + 0.01 * numpy.abs(wanted))
        worst = max(worst, float(numpy.nan_to_num(off, nan=numpy.inf).max()))
    return worst


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), "--damage" in sys.argv))
