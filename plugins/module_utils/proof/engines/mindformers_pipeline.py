# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engine mindformers-pipeline: MindFormers loads a model with its tokenizer and generates through its own pipeline.

Any model that MindFormers describes. What is trained is a small GPT-2 where MindFormers has one (up to 1.3.2), else a
Llama.
"""

from .device import HEADS, HIDDEN, LAYERS, LENGTH, VOCABULARY, MindSporeEngine, key, version_of

# From here on the likeliest token is picked with mindspore.mint, whose argmax has no CPU kernel (ArgMaxExt is
# "unregistered"). Sampling is in numpy: always at first, then where MindFormers' own switch asks for it, which stands
# beside the context and later in it. Seen in the wheels of 1.1.0 to 2.1.0 on PyPI (generation/, core/context/).
MINT, SWITCH, SWITCH_IN_CONTEXT = (1, 2), (1, 3), (1, 6)


class Engine(MindSporeEngine):
    """MindFormers' text generation."""

    def __init__(self, request):
        MindSporeEngine.__init__(self, request)
        self.task = self.tokenizer = None
        self.numpy_choice = False

    def imports(self):
        """What takes its time before a model can be loaded."""
        self.said["mindformers"] = version_of("mindformers")
        from mindformers.pipeline import pipeline

        self.pipeline = pipeline
        release = key(self.said["mindformers"])
        self.numpy_choice = self.request["device_target"] == "CPU" and release >= MINT
        if self.numpy_choice and release >= SWITCH:
            from mindformers.core.context import build_context

            settings = {"context": {"mode": "GRAPH_MODE", "device_target": "CPU"}, "parallel": {}}
            place = settings["context"] if release >= SWITCH_IN_CONTEXT else settings
            place["postprocess_use_numpy"] = True
            build_context(settings)

    def load(self):
        """The model with its tokenizer, from a folder that describes itself or by its name."""
        options = {"max_length": self.request["max_length"]}
        if self.request["model_dir"]:
            from mindformers import AutoModel, AutoTokenizer

            options["model"] = AutoModel.from_pretrained(self.request["model_dir"])
            options["tokenizer"] = AutoTokenizer.from_pretrained(self.request["model_dir"])
        else:
            options["model"] = self.request["model"]
        self.task = self.pipeline("text_generation", **options)
        self.tokenizer = options.get("tokenizer") or self.task.tokenizer

    def generate(self):
        """The prompt and what follows."""
        return _text(self.task(self.request["prompt"], **self._choice()))

    def _choice(self):
        if not self.numpy_choice:
            return {"top_k": self.request["top_k"], "do_sample": self.request["do_sample"]}
        # Drawing from one candidate is greedy.
        return {"top_k": self.request["top_k"] if self.request["do_sample"] else 1, "top_p": 1.0, "do_sample": True}

    def count(self, text):
        """How many tokens a text has."""
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def train(self):
        """The losses of a few steps of a small model on one batch."""
        import mindformers
        import numpy

        batch = numpy.arange(LENGTH + 1, dtype=numpy.int32).reshape(1, -1) % (VOCABULARY - 1)
        config = {
            "batch_size": 1,
            "seq_length": LENGTH,
            "vocab_size": VOCABULARY,
            "hidden_size": HIDDEN,
            "num_layers": LAYERS,
            "num_heads": HEADS,
            "checkpoint_name_or_path": "",
            "compute_dtype": "float32" if self.request["device_target"] == "CPU" else "float16",
        }
        config.update(dict.fromkeys(("eos_token_id", "pad_token_id", "bos_token_id"), VOCABULARY - 1))
        if hasattr(mindformers, "GPT2LMHeadModel"):
            dropout = dict.fromkeys(("embedding_dropout_prob", "hidden_dropout_rate", "attention_dropout_rate"), 0.0)
            config.update(dropout, unk_token_id=VOCABULARY - 1)
            model = mindformers.GPT2LMHeadModel(mindformers.GPT2Config(**config))
        else:
            # use_rope_slice: without it RoPE multiplies matrices in a way that a CPU has no kernel for.
            off = dict.fromkeys(("use_past", "use_flash_attention", "fused_rms_norm"), False)
            config.update(off, multiple_of=32, use_rope_slice=True, param_init_type="float32")
            config.update(dict.fromkeys(("layernorm_compute_type", "softmax_compute_type", "rotary_dtype"), "float32"))
            model = mindformers.LlamaForCausalLM(mindformers.LlamaConfig(**config))
        return self.steps(model, [batch])


def _text(answer):
    """The text in a pipeline's answer: [{"text_generation_text": ["..."]}], in older releases without a list."""
    while isinstance(answer, (list, tuple)):
        answer = answer[0]
    if isinstance(answer, dict):
        return _text(answer["text_generation_text"])
    return answer
