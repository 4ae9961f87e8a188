# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets an engine run on the CPU with the frameworks of any Python: on a small model, and on damaged copies of it.

    PYTHONPATH=.cache/collections python -m tests.model.prove PYTHON ENGINE SET [--damage]

One line per run; ends with 1 where the proof fails, or a damaged model passes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.proof import sources
from ansible_collections.ascend.fleet.plugins.module_utils.proof.engines import checkpoint

from tests.model import sentence

PROMPT = "I love Beijing, because"
REQUEST = {"device_target": "CPU", "device_id": 0, "prompt": PROMPT, "top_k": 3, "do_sample": False, "seed": 1}
# Every second one in the order of their names: each kind of matrix of either layer, and it takes a minute, not ten.
MATRICES = slice(0, None, 2)


def run(
    python: str,
    engine: str,
    request: dict[str, Any],
    timeout: int = 600,
    keep: Callable[[Path], None] = lambda _folder: None,
) -> dict[str, Any]:
    """The runner's result for one request, with `log` where it has none.

    keep: called with the folder of the run before it goes.
    """
    with tempfile.TemporaryDirectory() as work:
        for name, text in sources.of(engine).items():
            path = Path(work) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        whole = {**REQUEST, "max_length": 20, "engine": engine, "work_dir": work, **request}
        (Path(work) / "request.json").write_text(json.dumps(whole), encoding="utf-8")
        command = [python, sources.RUNNER, "request.json", "result.json"]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=timeout, check=False)
        keep(Path(work))
        try:
            return json.loads((Path(work) / "result.json").read_text(encoding="utf-8"))
        except OSError:
            return {"ok": False, "error": f"rc {done.returncode}", "log": (done.stdout + done.stderr)[-2000:]}


def damaged(weights: Path) -> Iterator[tuple[str, bytes]]:
    """(what was done, the content of the file then): its end cut off, and each matrix zeroed or negated."""
    data = weights.read_bytes()
    yield "cut off", data[: len(data) * 2 // 3]
    found = checkpoint.read(str(weights))
    names = sorted(name for name, (dimensions, _kind, _content) in found.items() if len(dimensions) > 1)
    for number, name in enumerate(names[MATRICES]):
        content = found[name][2]
        if number % 2:
            yield f"{name} zeroed", data.replace(content, bytes(len(content)))
        else:
            # The sign is the highest bit of a little-endian float's last byte.
            turned = bytearray(content)
            turned[3::4] = bytes(byte ^ 0x80 for byte in turned[3::4])
            yield f"{name} negated", data.replace(content, bytes(turned))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("python")
    parser.add_argument("engine", choices=sources.NAMES)
    parser.add_argument("set", choices=sorted(path.name for path in sentence.SETS.iterdir() if path.is_dir()))
    parser.add_argument("--damage", action="store_true", help="damaged copies of the model, too")
    given = parser.parse_args()
    bad = 0
    asked = {"task": "generate", "model": given.set, "model_dir": str(sentence.SETS / given.set)}
    for name, more in (("greedy", {}), ("top 3", {"do_sample": True})):
        result = run(given.python, given.engine, {**asked, **more})
        bad += told(name, result, result.get("text") == sentence.SENTENCE)
    result = run(given.python, given.engine, {"task": "train", "steps": 20, "model": None, "model_dir": None})
    losses = result.get("losses") or [1.0, 1.0]
    bad += told("training", result, losses[-1] <= 0.5 * losses[0])
    bad += told("check", result := run(given.python, given.engine, {"task": "check"}), result["ok"])
    if given.damage:
        with tempfile.TemporaryDirectory() as work:
            folder = Path(work) / given.set
            shutil.copytree(sentence.SETS / given.set, folder)
            weights = folder / f"{given.set}.ckpt"
            for name, content in damaged(sentence.SETS / given.set / weights.name):
                weights.write_bytes(content)
                result = run(given.python, given.engine, {**asked, "model_dir": str(folder)})
                bad += told(name, result, result.get("text") != sentence.SENTENCE)
    return 1 if bad else 0


def told(name: str, result: dict[str, Any], good: bool) -> int:
    """Print a line about one run; 1 when it is not as it should be."""
    keys = ("mindspore", "mindformers", "torch", "import_seconds", "load_seconds", "first_seconds", "seconds")
    figures = {key: result[key] for key in keys if result.get(key) is not None}
    figures = {key: round(value, 2) if isinstance(value, float) else value for key, value in figures.items()}
    losses = result.get("losses")
    shown = result.get("text") or (losses and f"loss {losses[0]:.3f} to {losses[-1]:.3f}")
    print("as it should be" if good else "WRONG", name, figures, shown or result.get("error"), sep=" | ", flush=True)
    if not good and result.get("log"):
        print(result["log"])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
