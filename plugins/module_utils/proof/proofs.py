# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proofs: what was shown on this host, with which versions, and whether it still counts."""

import hashlib
import json
import math
import os
import re
import time

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.proof import sources

_LIMIT = 1024 * 1024  # characters; a proof has a few hundred
# What the answer depends on; a proof for another request proves nothing for this one.
_REQUEST = (
    "engine",
    "model",
    "prompt",
    "top_k",
    "do_sample",
    "max_length",
    "device_target",
    "expected",
    "expected_pattern",
)
_OUTCOME = (
    "text",
    "device",
    "tokens",
    "tokens_per_second",
    "seconds",
    "first_seconds",
    "load_seconds",
    "import_seconds",
    "wall_seconds",
    "hbm_used_mb",
    "hbm_allocated_mb",
    "mindspore",
    "mindformers",
    "torch",
    "torch_npu",
    "shown",
)
# Which engine made a proof that does not say so: there was one only.
_FIRST_ENGINE = sources.MINDFORMERS


def check_expectation(wanted):
    """Refuse what could never be met.

    Raises:
        ValueError: with the option and the fix.
    """
    if wanted["expected_pattern"]:
        try:
            re.compile(wanted["expected_pattern"])
        except re.error as exc:
            raise ValueError("expected_pattern %r is not a regular expression: %s." % (wanted["expected_pattern"], exc))
    if wanted["expected"] and not wanted["expected"].startswith(wanted["prompt"]):
        raise ValueError(
            "expected (%r) does not begin with the prompt (%r), which every generated text does. Change "
            "inference_check_expected or inference_check_prompt; the models that come with the collection know one "
            "sentence, and another prompt needs a model of your own (inference_check_model)."
            % (wanted["expected"], wanted["prompt"])
        )


def check_files(folder, hashes):
    """Refuse a model whose files are not the ones that were meant.

    Args:
        folder: where its files are.
        hashes: {file name: its SHA-256}; files not named are not looked at.

    Raises:
        ValueError: with the file and the fix.
    """
    for name, wanted in sorted(hashes.items()):
        path, digest = os.path.join(folder, name), hashlib.sha256()
        try:
            with open(path, "rb") as handle:
                for piece in iter(lambda: handle.read(1024 * 1024), b""):
                    digest.update(piece)
        except (IOError, OSError) as exc:
            raise ValueError("%s cannot be read: %s. Run the role inference_check." % (path, exc.strerror))
        if digest.hexdigest() != wanted.lower():
            raise ValueError(
                "%s is damaged or another file: its SHA-256 is %s, not %s. Remove it and what is below cache/%s in the "
                "state folder, and run the role inference_check, which brings it again."
                % (path, digest.hexdigest(), wanted, wanted)
            )


def model_links(model, folder, names, engine=_FIRST_ENGINE):
    """What a run needs in its own folder so that MindFormers finds the model: {path below it: path of the file}.

    Empty when the folder describes itself with a yaml and is loaded by its path. Else the model is loaded by its name,
    and then MindFormers looks for C(checkpoint_download/<family>/<name>.ckpt) below the folder it runs in. Empty too
    for the plain engines, which read C(<name>.ckpt), C(vocab.json) and C(merges.txt) from the folder.

    Args:
        engine: which one shall run.
        model: its name in MindFormers.
        folder: where its files are.
        names: the files in it.

    Raises:
        ValueError: files are missing.
    """
    if not any(name.endswith((".ckpt", ".safetensors")) for name in names):
        raise ValueError(
            "There are no weights (*.ckpt) in %s: it holds %s. Name them in inference_check_model_files, so that they "
            "are staged from ascend_artifacts." % (folder, ", ".join(names) or "nothing")
        )
    name = model.split("/")[-1]
    if engine != sources.MINDFORMERS:
        lacking = sorted({name + ".ckpt", "vocab.json", "merges.txt"} - set(names))
        if lacking:
            raise ValueError(
                "%s generates with a GPT-2 from its own three files; %s lacks %s. Name them in "
                "inference_check_model_files." % (engine, folder, ", ".join(lacking))
            )
        return {}
    if described(names):
        return {}
    if name + ".ckpt" not in names:
        raise ValueError(
            "MindFormers loads %s from a file %s.ckpt; %s holds %s. Or put a yaml description beside the files."
            % (model, name, folder, ", ".join(names))
        )
    below = "checkpoint_download/%s/" % name.split("_")[0]
    return {below + item: os.path.join(folder, item) for item in names}


def described(names):
    """Whether a model's folder holds its description."""
    return any(name.endswith((".yaml", ".yml")) for name in names)


def judge(text, wanted):
    """Why a generated text is not what was expected, or None."""
    if wanted["expected"] is not None and text.strip() != wanted["expected"].strip():
        return (
            "The generated text is %r, expected was %r. Weights, tokenizer, max_length or this device's arithmetic "
            "differ: compare the model files' checksums, then try device_target CPU." % (text, wanted["expected"])
        )
    if wanted["expected_pattern"] and not re.search(wanted["expected_pattern"], text):
        return "The generated text %r does not match %r." % (text, wanted["expected_pattern"])
    if not text.startswith(wanted["prompt"]) or not text[len(wanted["prompt"]) :].strip():
        return "Nothing was generated after the prompt: %r. max_length (%d) counts the prompt's tokens too." % (
            text,
            wanted["max_length"],
        )
    return None


def judge_losses(losses, max_ratio):
    """Why a training's losses do not show that it learns, or None."""
    if not all(math.isfinite(loss) for loss in losses):
        return "The loss is not a number (%s): the device computes wrongly, or the compute type overflows." % losses
    if losses[-1] > max_ratio * losses[0]:
        return (
            "The loss went from %.4f to %.4f in %d steps; at most %.4f was expected. Try device_target CPU: if it "
            "falls there, the device is at fault." % (losses[0], losses[-1], len(losses), max_ratio * losses[0])
        )
    return None


def inference(wanted, outcome, reason, now=None):
    """The proof of one text generation."""
    proof = {name: outcome.get(name) for name in _OUTCOME}
    proof.update(
        status="failed" if reason else "passed",
        reason=reason,
        engine=wanted["engine"],
        prompt=wanted["prompt"],
        model=wanted["model"],
        stack=wanted["stack"],
        request={name: wanted[name] for name in _REQUEST},
        time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
    )
    proof["device"] = proof["device"] or wanted["device_target"]
    for name in ("tokens_per_second", "seconds", "first_seconds", "load_seconds", "import_seconds"):
        if proof[name] is not None:
            proof[name] = round(proof[name], 2)
    return proof


def holds(proof, wanted):
    """Whether an earlier proof was a pass, for these versions and this request."""
    if not proof or proof.get("status") != "passed" or proof.get("stack") != wanted["stack"]:
        return False
    asked = proof.get("request")
    if not isinstance(asked, dict):
        return False
    return dict(asked, engine=asked.get("engine", _FIRST_ENGINE)) == {name: wanted[name] for name in _REQUEST}


def read(path):
    """The proof in a file, or None when there is none that can be read."""
    try:
        with open(path, encoding="utf-8") as handle:
            value = json.loads(handle.read(_LIMIT))
    except (IOError, OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def write(path, proof):
    """Put a proof in its place, whole or not at all."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o755)
    whole_file.put(path, json.dumps(proof, indent=2, sort_keys=True) + "\n")
