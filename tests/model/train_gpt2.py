#!/usr/bin/env python3
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains the small GPT-2 on its sentence and writes its files into role inference_check.

Run with the Python of an environment that holds MindSpore and MindFormers up to 1.3.2 (README.md): a few minutes.
"""

from __future__ import annotations

import mindspore as ms
import sentence
import yaml
from mindformers import GPT2Config, GPT2LMHeadModel

FOLDER = sentence.SETS / "gpt2"


def write_config(vocab_size: int) -> dict[str, object]:
    """Write gpt2.yaml, the folder's model description in MindFormers' format; return its model_config."""
    model_config: dict[str, object] = {
        "type": "GPT2Config",
        "batch_size": 1,
        "seq_length": sentence.LENGTH,
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
        "max_decode_length": sentence.LENGTH,
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
            "tokenizer": {"type": "GPT2Tokenizer", **dict.fromkeys(sentence.SPECIAL_TOKENS, sentence.END)},
        },
        # AutoModel of MindFormers 1.3 hands this on without asking whether it is there (models/auto/auto_factory.py).
        "parallel_config": {"data_parallel": 1, "model_parallel": 1},
    }
    (FOLDER / "gpt2.yaml").write_text("---\n" + yaml.safe_dump(document, sort_keys=False))
    return {key: value for key, value in model_config.items() if key != "type"}


def main() -> None:
    ms.set_seed(1)
    ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
    FOLDER.mkdir(parents=True, exist_ok=True)
    vocabulary = sentence.write_bpe(FOLDER)
    model = GPT2LMHeadModel(GPT2Config(**write_config(len(vocabulary))))
    sentence.train(ms, model, sentence.ids(vocabulary), len(vocabulary) - 1)
    sentence.save(ms, model, FOLDER / "gpt2.ckpt")


if __name__ == "__main__":
    main()
