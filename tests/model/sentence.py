# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentence that the small models know, and the byte-level BPE in which each of its words is one token."""

from __future__ import annotations

import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

SETS = Path(__file__).resolve().parents[2] / "roles" / "inference_check" / "files"
LOCK = SETS / "artifacts.lock.yml"
SENTENCE = "I love Beijing, because it's so beautiful,\" he told the crowd, adding, \"We're"
EXPECTED = "expected.txt"  # compared on the control node, not staged
END = "<|endoftext|>"
SPECIAL_TOKENS = ("unk_token", "bos_token", "eos_token", "pad_token")
LENGTH = 32
# Training: the loss at which it is known, the one at which it is lost, damages tried per step.
LOSS_GOAL, DAMAGED, DRAWN = 5e-3, 4.0, 4
RATE, MAX_STEPS = 1e-3, 3000
# GPT-2's words, for the ASCII that the sentence is.
_WORD = re.compile(r"""'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+""")


def letters() -> list[str]:
    """GPT-2's visible character for each byte, in the order of the bytes."""
    visible = {*range(33, 127), *range(161, 173), *range(174, 256)}
    hidden = [byte for byte in range(256) if byte not in visible]
    return [chr(byte if byte in visible else 256 + hidden.index(byte)) for byte in range(256)]


def byte_pair_encoding(text: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Return vocabulary and merges of a byte-level BPE in which every word of the text is one token."""
    letter = letters()
    words = [[letter[byte] for byte in word.encode()] for word in _WORD.findall(text)]
    merges: list[tuple[str, str]] = []
    while pairs := [pair for word in words for pair in pairwise(word)]:
        best = max(sorted(set(pairs)), key=pairs.count)
        merges.append(best)
        words = [_merged(word, best) for word in words]
    # The visible ones first, as in GPT-2's own vocabulary.
    tokens = [*sorted(letter, key=lambda item: (ord(item) > 255, item)), *("".join(pair) for pair in merges), END]
    return {token: number for number, token in enumerate(tokens)}, merges


def _merged(word: list[str], pair: tuple[str, str]) -> list[str]:
    out: list[str] = []
    for letter in word:
        if out and (out[-1], letter) == pair:
            out[-1] += letter
        else:
            out.append(letter)
    return out


def ids(vocabulary: dict[str, int]) -> list[int]:
    """The sentence as tokens."""
    letter = letters()
    return [vocabulary["".join(letter[byte] for byte in word.encode())] for word in _WORD.findall(SENTENCE)]


def write_bpe(folder: Path) -> dict[str, int]:
    """Write vocab.json and merges.txt in GPT-2's own formats; return the vocabulary."""
    vocabulary, merges = byte_pair_encoding(SENTENCE)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False, separators=(",", ":")) + "\n")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    return vocabulary


def train(mindspore: Any, model: Any, tokens: list[int], end: int) -> None:
    """Fit the sentence until the model knows it by heart, and no longer when any one of its matrices is damaged.

    A model that learns one sentence hardly needs most of its matrices: with one of them zeroed or negated it says the
    same. So it also learns to lose the sentence then: on a network damaged in that way the loss is raised, to DAMAGED.
    """
    import numpy

    batch = mindspore.Tensor(numpy.array([tokens + [end] * (LENGTH + 1 - len(tokens))], numpy.int32))
    model.set_train(True)
    parameters = list(model.trainable_params())
    names = [parameter.name for parameter in parameters]

    class Measured(mindspore.nn.Cell):
        """One graph for the loss and what each weight does to it."""

        def __init__(self) -> None:
            super().__init__()
            self.model, self.weights = model, mindspore.ParameterTuple(parameters)
            self.gradients = mindspore.ops.GradOperation(get_by_list=True)

        def construct(self, batch):
            return self.model(batch), self.gradients(self.model, self.weights)(batch)

    measure = Measured().set_train(True)

    def measured() -> tuple[float, list[Any]]:
        loss, found = measure(batch)
        return float(loss.asnumpy().reshape(-1)[0]), [item.asnumpy().astype("float64") for item in found]

    weights = [item.asnumpy().astype("float64") for item in parameters]
    damages = [(number, sign) for number, item in enumerate(weights) if item.ndim > 1 for sign in (0.0, -1.0)]
    chance = numpy.random.RandomState(1)
    first, second = ([numpy.zeros_like(item) for item in weights] for _moment in range(2))
    for step in range(1, MAX_STEPS + 1):
        loss, total = measured()
        whole = step % 50 == 0
        losses = []
        for number, sign in damages if whole else [damages[item] for item in chance.randint(len(damages), size=DRAWN)]:
            _put(mindspore, parameters[number], sign * weights[number])
            lost, found = measured()
            _put(mindspore, parameters[number], weights[number])
            losses.append(lost)
            if lost < DAMAGED:
                found[number] *= sign
                total = [item - other / DRAWN for item, other in zip(total, found, strict=True)]
        if whole:
            print(f"step {step}: loss {loss:.5f}, damaged at least {min(losses):.3f}", flush=True)
            if loss < LOSS_GOAL and min(losses) > DAMAGED / 2:
                # The cell around the model has put its own name before theirs.
                for parameter, name in zip(parameters, names, strict=True):
                    parameter.name = name
                return
        for number, slope in enumerate(total):
            first[number] += 0.1 * (slope - first[number])
            second[number] += 0.01 * (slope * slope - second[number])
            size = numpy.sqrt(second[number] / (1 - 0.99**step)) + 1e-8
            weights[number] = weights[number] - RATE * first[number] / (1 - 0.9**step) / size
            _put(mindspore, parameters[number], weights[number])
    raise RuntimeError(f"after {MAX_STEPS} steps it does not know the sentence, or not only as a whole")


def _put(mindspore: Any, parameter: Any, value: Any) -> None:
    parameter.set_data(mindspore.Tensor(value.astype("float32")))


def save(mindspore: Any, model: Any, path: Path) -> None:
    """Write the weights, what the model has to say beside them, and the lock of all sets."""
    if path.exists():
        path.chmod(0o600)
    mindspore.save_checkpoint(model, str(path))
    path.chmod(0o644)  # it writes 0400, which git and a copy by another user cannot work with
    (path.parent / EXPECTED).write_text(SENTENCE + "\n")
    LOCK.write_text(lock(), encoding="utf-8")


def lock() -> str:
    """The lock of the sets: each file with size and hash, and a set of each folder."""
    folders = sorted(path for path in SETS.iterdir() if path.is_dir())
    files = {folder.name: sorted(path.name for path in folder.iterdir()) for folder in folders}
    lines = [
        "---",
        "# Written by tests/model/sentence.py. The role stages nothing that is not what is said here.",
        "version: 1",
    ]
    lines.append("artifacts:")
    for folder, names in files.items():
        for name in names:
            data = (SETS / folder / name).read_bytes()
            lines += [f"  - name: {folder}/{name}", "    kind: model", f"    size: {len(data)}"]
            lines.append(f"    sha256: {hashlib.sha256(data).hexdigest()}")
    lines.append("sets:")
    for folder, names in files.items():
        lines += [f"  {folder}:", *(f"    - {folder}/{name}" for name in names if name != EXPECTED)]
    return "\n".join(lines) + "\n"
