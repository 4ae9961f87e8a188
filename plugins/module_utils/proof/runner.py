# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generates one text, trains a few steps, checks an installation or exports a model, inside a managed environment.

A program of its own. The modules text_generation, framework_check and model_export hand this file's text, and beside it
the folder C(engines) with one engine's files, to the environment's Python, which may be another one than Ansible's:
C(runner.py REQUEST RESULT).
REQUEST and RESULT are JSON files; whatever the frameworks print goes elsewhere. The engine imports the frameworks.
"""

import importlib
import json
import os
import sys
import time
import traceback


def main(request_path, result_path):
    """Do what the request says and write the result; an exception becomes part of the result."""
    with open(request_path, encoding="utf-8") as handle:
        request = json.load(handle)
    os.umask(0o022)
    os.chdir(request["work_dir"])
    result = {}
    _stage(result, "import")
    try:
        engine = importlib.import_module("engines." + request["engine"].replace("-", "_")).Engine(request)
        try:
            _TASKS[request["task"]](engine, request, result)
        finally:
            result.update(engine.said)
        result["ok"] = True
    except BaseException as exc:  # SystemExit too: frameworks end the process on some errors
        result.update(ok=False, error="%s: %s" % (type(exc).__name__, exc), trace=traceback.format_exc()[-4000:])
    with open(result_path + ".new", "w", encoding="utf-8") as handle:
        json.dump(result, handle)
    os.rename(result_path + ".new", result_path)
    return 0 if result["ok"] else 1


def _stage(result, name):
    """Note how far the run came, also for who has to end it."""
    result["stage"] = name
    with open("stage", "w") as handle:
        handle.write(name)


def _open(engine, result):
    engine.open(lambda name: _stage(result, name))


def _generate(engine, request, result):
    begun = time.monotonic()
    _open(engine, result)
    engine.imports()
    _stage(result, "load")
    result["import_seconds"] = time.monotonic() - begun
    begun = time.monotonic()
    engine.load()
    result["load_seconds"] = time.monotonic() - begun
    _stage(result, "generate")
    begun = time.monotonic()
    text = engine.generate()
    result["first_seconds"] = time.monotonic() - begun
    # The first answer holds the compilation of the graph; the rate people compare is that of the next one.
    begun = time.monotonic()
    again = engine.generate()
    seconds = time.monotonic() - begun
    if again != text and not request["do_sample"]:
        raise RuntimeError("the same question was answered first with %r, then with %r" % (text, again))
    tokens = engine.count(text) - engine.count(request["prompt"])
    result.update(
        text=text,
        tokens=tokens,
        seconds=seconds,
        tokens_per_second=tokens / seconds if tokens > 0 and seconds > 0 else None,
        hbm_allocated_mb=engine.memory_mb(),
    )
    _stage(result, "compare")
    result["shown"] = engine.show()


def _train(engine, _request, result):
    """A few optimizer steps of a small model on one fixed batch."""
    _open(engine, result)
    _stage(result, "train")
    begun = time.monotonic()
    losses = engine.train()
    result.update(losses=losses, seconds=time.monotonic() - begun, hbm_allocated_mb=engine.memory_mb())


def _check(engine, _request, result):
    """What the framework itself says of its installation."""
    _open(engine, result)
    _stage(result, "check")
    result["text"] = engine.check()


def _bandwidth(engine, _request, result):
    """How fast the NPUs of the host exchange numbers."""
    _open(engine, result)
    _stage(result, "measure")
    result["table"] = engine.bandwidth()


def _export(engine, request, result):
    """A model's file and its reference; the small classifier is trained before where nobody gave its weights."""
    os.mkdir("out")
    _open(engine, result)
    if not request["checkpoint"]:
        _stage(result, "train")
        result["losses"] = engine.fit()
    _stage(result, "load")
    engine.load()
    _stage(result, "export")
    result["files"] = engine.export()


_TASKS = {"generate": _generate, "train": _train, "check": _check, "bandwidth": _bandwidth, "export": _export}


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]))
