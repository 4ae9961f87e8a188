# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generates one text, or trains a few steps, inside a managed environment. Started as a program of its own.

The modules text_generation and framework_check hand this file's text to the environment's Python, which may be another
one than Ansible's: C(runner.py REQUEST RESULT). REQUEST and RESULT are JSON files; whatever the frameworks print
goes elsewhere. MindSpore and MindFormers are imported where they are used, and only there.
"""

import contextlib
import importlib
import io
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
        _TASKS[request["task"]](request, result)
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


def _framework(request, result):
    """Import MindSpore and choose the device. Returns the module."""
    import mindspore

    result["mindspore"] = mindspore.__version__
    _stage(result, "device")
    # set_context works in every release from 1.7 to 2.7; device_id as well; set_device is 2.6 and later.
    options = {"mode": mindspore.GRAPH_MODE, "device_target": request["device_target"]}
    if request["device_target"] != "CPU":
        options["device_id"] = request["device_id"]
    mindspore.set_context(**options)
    if request.get("seed") is not None:
        mindspore.set_seed(request["seed"])
    result["device"] = mindspore.get_context("device_target")
    return mindspore


def _generate(request, result):
    begun = time.monotonic()
    _framework(request, result)
    result["mindformers"] = _version("mindformers")
    from mindformers.pipeline import pipeline

    _stage(result, "load")
    result["import_seconds"] = time.monotonic() - begun
    begun = time.monotonic()
    options = {"max_length": request["max_length"]}
    if request["model_dir"]:
        from mindformers import AutoModel, AutoTokenizer

        model = AutoModel.from_pretrained(request["model_dir"])
        tokenizer = AutoTokenizer.from_pretrained(request["model_dir"])
        task = pipeline("text_generation", model=model, tokenizer=tokenizer, **options)
    else:
        task = pipeline("text_generation", model=request["model"], **options)
        tokenizer = task.tokenizer
    result["load_seconds"] = time.monotonic() - begun
    _stage(result, "generate")
    arguments = {"top_k": request["top_k"], "do_sample": request["do_sample"]}
    begun = time.monotonic()
    text = _text(task(request["prompt"], **arguments))
    result["first_seconds"] = time.monotonic() - begun
    # The first answer holds the compilation of the graph; the rate people compare is that of the next one.
    begun = time.monotonic()
    _text(task(request["prompt"], **arguments))
    seconds = time.monotonic() - begun
    tokens = _length(tokenizer, text) - _length(tokenizer, request["prompt"])
    result.update(
        text=text,
        tokens=tokens,
        seconds=seconds,
        tokens_per_second=tokens / seconds if tokens > 0 and seconds > 0 else None,
    )


def _version(name):
    """The version of an installed distribution; MindFormers before 1.3 does not state its own."""
    try:
        metadata = importlib.import_module("importlib.metadata")  # Python 3.8 and later
    except ImportError:
        import pkg_resources

        return pkg_resources.get_distribution(name).version
    return metadata.version(name)


def _length(tokenizer, text):
    return len(tokenizer(text, add_special_tokens=False)["input_ids"])


def _text(answer):
    """The text in a pipeline's answer: [{"text_generation_text": ["..."]}], in older releases without a list."""
    while isinstance(answer, (list, tuple)):
        answer = answer[0]
    if isinstance(answer, dict):
        return _text(answer["text_generation_text"])
    return answer


def _train(request, result):
    """A few optimizer steps of a small GPT-2 on one fixed batch."""
    mindspore = _framework(request, result)
    import numpy
    from mindformers import GPT2Config, GPT2LMHeadModel
    from mindspore import nn

    _stage(result, "train")
    vocabulary, length = 256, 32
    config = GPT2Config(
        batch_size=1,
        seq_length=length,
        vocab_size=vocabulary,
        hidden_size=64,
        num_layers=2,
        num_heads=2,
        embedding_dropout_prob=0.0,
        hidden_dropout_rate=0.0,
        attention_dropout_rate=0.0,
        checkpoint_name_or_path="",
        compute_dtype="float32" if request["device_target"] == "CPU" else "float16",
        eos_token_id=vocabulary - 1,
        pad_token_id=vocabulary - 1,
        bos_token_id=vocabulary - 1,
        unk_token_id=vocabulary - 1,
    )
    model = GPT2LMHeadModel(config)
    batch = mindspore.Tensor(numpy.arange(length + 1, dtype=numpy.int32).reshape(1, -1) % (vocabulary - 1))
    optimizer = nn.Adam(model.trainable_params(), learning_rate=3e-3)
    step = nn.TrainOneStepCell(model, optimizer).set_train(True)
    losses = []
    begun = time.monotonic()
    for _number in range(request["steps"]):
        losses.append(float(step(batch).asnumpy().reshape(-1)[0]))
    result.update(losses=losses, seconds=time.monotonic() - begun)


def _check(request, result):
    """MindSpore's own check of its installation."""
    mindspore = _framework(request, result)
    _stage(result, "check")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        mindspore.run_check()
    result["text"] = " ".join(said.getvalue().split())
    # It reports most failures in the log only and returns as if all were well.
    if "successfully" not in result["text"]:
        raise RuntimeError("mindspore.run_check() did not say that it succeeded: %r" % result["text"])


_TASKS = {"generate": _generate, "train": _train, "check": _check}


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:3]))
