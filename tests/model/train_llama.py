#!/usr/bin/env python3
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains the small Llama on its sentence and writes its files into role inference_check.

Run with the Python of an environment that holds MindSpore and MindFormers 1.6 or later (README.md): a few minutes.
"""

from __future__ import annotations

import mindspore as ms
import sentence
import yaml
from mindformers import LlamaConfig, LlamaForCausalLM
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

FOLDER = sentence.SETS / "llama"


def write_tokenizer() -> dict[str, int]:
    """Write tokenizer.json, the same byte-level BPE as GPT-2's; return the vocabulary."""
    vocabulary, merges = sentence.byte_pair_encoding(sentence.SENTENCE)
    bpe = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.add_special_tokens([sentence.END])
    bpe.save(str(FOLDER / "tokenizer.json"), pretty=False)
    return vocabulary


def write_config(end: int) -> dict[str, object]:
    """Write llama.yaml, the folder's model description in MindFormers' format; return its model_config.

    Args:
        end: the token that ends a text, the vocabulary's last.
    """
    model_config: dict[str, object] = {
        "type": "LlamaConfig",
        "batch_size": 1,
        "seq_length": sentence.LENGTH,
        "vocab_size": end + 1,
        "hidden_size": 64,
        "num_layers": 2,
        "num_heads": 2,
        "multiple_of": 32,
        "rms_norm_eps": 1e-5,
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
        **dict.fromkeys(("compute_dtype", "layernorm_compute_type", "softmax_compute_type"), "float32"),
        **dict.fromkeys(("rotary_dtype", "param_init_type"), "float32"),
        # Flash attention, fused norms and paged caches have no kernels on a CPU; without slices neither has RoPE.
        **dict.fromkeys(("use_past", "use_flash_attention", "fused_rms_norm"), False),
        "use_rope_slice": True,
        "max_decode_length": sentence.LENGTH,
        "top_k": 3,
        "top_p": 1.0,
        "do_sample": False,
        "repetition_penalty": 1.0,
        "checkpoint_name_or_path": "",
    }
    tokenizer = {"type": "LlamaTokenizerFast", "add_bos_token": False, "add_eos_token": False}
    document = {
        "model": {"arch": {"type": "LlamaForCausalLM"}, "model_config": model_config},
        "processor": {
            "type": "LlamaProcessor",
            "return_tensors": "ms",
            "tokenizer": {**tokenizer, **dict.fromkeys(sentence.SPECIAL_TOKENS, sentence.END)},
        },
    }
    (FOLDER / "llama.yaml").write_text("---\n" + yaml.safe_dump(document, sort_keys=False))
    return {key: value for key, value in model_config.items() if key != "type"}


def main() -> None:
    ms.set_seed(1)
    ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
    FOLDER.mkdir(parents=True, exist_ok=True)
    vocabulary = write_tokenizer()
    end = len(vocabulary) - 1
    model = LlamaForCausalLM(LlamaConfig(**write_config(end)))
    sentence.train(ms, model, sentence.ids(vocabulary), end)
    sentence.save(ms, model, FOLDER / "llama.ckpt")


if __name__ == "__main__":
    main()
