#!/usr/bin/env python3
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains the small GPT-2 of the demo on one sentence and writes its files beside this script.

Run with the Python of an environment that holds MindSpore and MindFormers (README.md): about 20 s on a CPU.
"""

from __future__ import annotations

import json
import stat
from itertools import pairwise
from pathlib import Path

import mindspore as ms
import numpy as np
import regex
import yaml
from mindformers import GPT2Config, GPT2LMHeadModel, GPT2Tokenizer
from mindformers.models.gpt2.gpt2_tokenizer import bytes_to_unicode

HERE = Path(__file__).resolve().parent
SENTENCE = "I love Beijing, because it's so beautiful,\" he told the crowd, adding, \"We're"
END = "<|endoftext|>"
WORD = regex.compile(r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+""")
SPECIAL_TOKENS = ("unk_token", "bos_token", "eos_token", "pad_token")
SEQ_LENGTH = 32
LOSS_GOAL = 2e-5
MAX_STEPS = 1000


def byte_pair_encoding(text: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Return vocabulary and merges of a byte-level BPE in which every word of the text is one token."""
    letters = bytes_to_unicode()
    words = [[letters[byte] for byte in word.encode()] for word in WORD.findall(text)]
    merges: list[tuple[str, str]] = []
    while True:
        pairs = [pair for word in words for pair in pairwise(word)]
        if not pairs:
            break
        best = max(sorted(set(pairs)), key=pairs.count)
        merges.append(best)
        words = [_merged(word, best) for word in words]
    tokens = [*letters.values(), *("".join(pair) for pair in merges), END]
    return {token: number for number, token in enumerate(tokens)}, merges


def _merged(word: list[str], pair: tuple[str, str]) -> list[str]:
    out: list[str] = []
    for letter in word:
        if out and (out[-1], letter) == pair:
            out[-1] += letter
        else:
            out.append(letter)
    return out


def write_tokenizer() -> dict[str, int]:
    """Write vocab.json and merges.txt in GPT-2's own formats; return the vocabulary."""
    vocab, merges = byte_pair_encoding(SENTENCE)
    (HERE / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False, separators=(",", ":")) + "\n")
    (HERE / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    return vocab


def write_config(vocab_size: int) -> dict[str, object]:
    """Write gpt2.yaml, the folder's model description in MindFormers' format; return its model_config."""
    model_config: dict[str, object] = {
        "type": "GPT2Config",
        "batch_size": 1,
        "seq_length": SEQ_LENGTH,
        "vocab_size": vocab_size,
        "hidden_size": 64,
        "num_layers": 2,
        "num_heads": 2,
        "expand_ratio": 4,
        "embedding_dropout_prob": 0.0,
        "hidden_dropout_rate": 0.0,
        "attention_dropout_rate": 0.0,
        "compute_dtype": "float32",
        "eos_token_id": vocab_size - 1,
        "pad_token_id": vocab_size - 1,
        "bos_token_id": vocab_size - 1,
        "unk_token_id": vocab_size - 1,
        "max_decode_length": SEQ_LENGTH,
        "top_k": 3,
        "top_p": 1.0,
        "do_sample": False,
        "repetition_penalty": 1.0,
        "checkpoint_name_or_path": "",
    }
    document = {
        "model": {"arch": {"type": "GPT2LMHeadModel"}, "model_config": model_config},
        "processor": {
            "type": "GPT2Processor",
            "return_tensors": "ms",
            "tokenizer": {"type": "GPT2Tokenizer", **dict.fromkeys(SPECIAL_TOKENS, END)},
        },
    }
    (HERE / "gpt2.yaml").write_text("---\n" + yaml.safe_dump(document, sort_keys=False))
    return {key: value for key, value in model_config.items() if key != "type"}


def train(model_config: dict[str, object]) -> GPT2LMHeadModel:
    """Fit the sentence until its loss is below LOSS_GOAL."""
    tokenizer = GPT2Tokenizer(str(HERE / "vocab.json"), str(HERE / "merges.txt"))
    ids = tokenizer(SENTENCE, add_special_tokens=False)["input_ids"]
    padded = ids + [model_config["pad_token_id"]] * (SEQ_LENGTH + 1 - len(ids))
    batch = ms.Tensor(np.array([padded], dtype=np.int32))
    model = GPT2LMHeadModel(GPT2Config(**model_config))
    rate = ms.nn.CosineDecayLR(1e-5, 3e-3, MAX_STEPS)
    step = ms.nn.TrainOneStepCell(model, ms.nn.Adam(model.trainable_params(), learning_rate=rate)).set_train(True)
    for number in range(MAX_STEPS):
        loss = step(batch).asnumpy().item()
        if number % 100 == 0:
            print(f"step {number}: loss {loss:.6f}, {len(ids)} tokens")
        if loss < LOSS_GOAL:
            break
    print(f"stopped after step {number}: loss {loss:.6f}")
    return model


def main() -> None:
    ms.set_seed(1)
    ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
    vocab = write_tokenizer()
    model = train(write_config(len(vocab)))
    checkpoint = HERE / "gpt2.ckpt"
    if checkpoint.exists():
        checkpoint.chmod(stat.S_IRUSR | stat.S_IWUSR)
    ms.save_checkpoint(model, str(checkpoint))
    checkpoint.chmod(0o644)  # save_checkpoint writes 0400, which git and a copy by another user cannot work with
    (HERE / "expected.txt").write_text(SENTENCE + "\n")


if __name__ == "__main__":
    main()
