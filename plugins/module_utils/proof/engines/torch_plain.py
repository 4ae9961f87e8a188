# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engine torch-plain: a GPT-2 in PyTorch alone, from MindSpore's checkpoint, read without MindSpore.

Shows driver, CANN, PyTorch and torch_npu on C(npu:N); on a CPU PyTorch alone. Besides the text a product of matrices
that the CPU computes as well, and where the host has several NPUs a sum over all of them.
"""

import os

from . import checkpoint, gpt2, torch_together
from .device import HEADS, HIDDEN, LAYERS, LEARNING_RATE, LENGTH, VOCABULARY

# An NPU multiplies with 10 bits of fraction where it may (HF32); a wrong product is off by far more.
TOLERANCE = 1e-2


class Engine(object):
    """GPT-2 on PyTorch. Arguments and attributes are those of device.MindSporeEngine."""

    def __init__(self, request):
        self.request = request
        self.said = {}
        self.torch = self.tokenizer = self.weights = self.shape = None
        self.device = "cpu"

    def open(self, stage):
        """Import PyTorch and choose the device; C(stage) is told how far it came."""
        cpu = self.request["device_target"] == "CPU"
        if cpu:
            # Else torch loads torch_npu, and that CANN, which a run on the CPU does not need.
            os.environ["TORCH_DEVICE_BACKEND_AUTOLOAD"] = "0"
        import torch

        self.torch = torch
        self.said["torch"] = str(torch.__version__)
        stage("device")
        if not cpu:
            import torch_npu

            self.said["torch_npu"] = str(torch_npu.__version__)
            self.device = "npu:%d" % self.request["device_id"]
            torch.npu.set_device(self.device)
        if self.request.get("seed") is not None:
            torch.manual_seed(self.request["seed"])
        there = torch.ones(1, device=self.device).device
        self.said["device"] = {"cpu": "CPU", "npu": "Ascend"}[there.type]

    def check(self):
        """Products of matrices on the device against the CPU's. Raises RuntimeError where they differ."""
        self._products()
        return "PyTorch %s multiplies matrices on %s successfully" % (self.said["torch"], self.device)

    def show(self):
        """Products of matrices, and a sum over all NPUs of the host where there are several.

        Returns:
            What was shown, in words.

        Raises:
            RuntimeError: the device computes something else, or the NPUs do not add up.
        """
        self._products()
        shown = ["products of matrices on %s as on the CPU" % self.device]
        size = self.request.get("processes") or (self.torch.npu.device_count() if self.device != "cpu" else 1)
        if size > 1:
            shown.append(torch_together.together(self.device.partition(":")[0], size))
        return shown

    def bandwidth(self):
        """The table of an all_reduce over all NPUs of the host.

        Raises:
            RuntimeError: they do not add up, or there are no NPUs.
        """
        if self.device == "cpu":
            raise RuntimeError("a CPU has no bandwidth between NPUs")
        size = self.request.get("processes") or self.torch.npu.device_count()
        request = self.request
        return torch_together.measure("npu", size, request["iterations"], request["sizes"], request["seconds"])

    def _products(self):
        torch = self.torch
        whole = torch.arange(256).reshape(16, 16) % 7
        real = whole.to(torch.float32).to(self.device)
        if not torch.equal((real @ real).cpu().round().to(torch.int64), whole @ whole):
            raise RuntimeError("the product of two matrices on %s is wrong" % self.device)
        # Of numbers with a fraction too, in sizes that nothing is prepared for.
        chance = torch.Generator().manual_seed(1)
        one, other = (torch.rand(shape, generator=chance) - 0.5 for shape in ((61, 127), (127, 83)))
        found = (one.to(self.device) @ other.to(self.device)).cpu()
        if not torch.allclose(found, one @ other, rtol=TOLERANCE, atol=TOLERANCE):
            raise RuntimeError("the product of two matrices on %s is not the one of the CPU" % self.device)

    def memory_mb(self):
        """The most memory of the NPU that PyTorch had allocated, in MB; None on a CPU."""
        if self.device == "cpu":
            return None
        return self.torch.npu.max_memory_allocated(self.device) // 1048576

    def imports(self):
        """What takes its time before a model can be loaded: nothing besides PyTorch."""

    def load(self):
        """The weights from the checkpoint, onto the device."""
        folder = self.request["model_dir"]
        self.tokenizer = gpt2.Tokenizer(folder)
        found = checkpoint.read(os.path.join(folder, self.request["model"] + ".ckpt"))
        self.shape = gpt2.shape({name: tuple(item[0]) for name, item in found.items()}, folder)
        kinds = {"Float32": self.torch.float32, "Float16": self.torch.float16}
        wanted = parameters(self.shape)
        self.weights = {}
        for name, dimensions in wanted.items():
            if name not in found:
                raise ValueError("the checkpoint does not fit the model: it lacks %s" % name)
            given, kind, content = found[name]
            if tuple(given) != dimensions:
                raise ValueError("the checkpoint does not fit the model: the shape of %s is %s" % (name, given))
            # bytearray: PyTorch wants memory that may be written to.
            flat = self.torch.frombuffer(bytearray(content), dtype=kinds[kind])
            self.weights[name] = flat.reshape(dimensions).to(self.device, self.torch.float32)

    def generate(self):
        """The prompt and what follows, without a cache."""
        torch = self.torch
        ids = self.tokenizer.encode(self.request["prompt"])
        candidates = self.request["top_k"] if self.request["do_sample"] else 1
        # One seed, one text: however often it is asked.
        chance = torch.Generator().manual_seed(self.request["seed"])
        with torch.no_grad():
            while len(ids) < min(self.shape["positions"], self.request["max_length"]):
                scores = self._forward(torch.tensor(ids, device=self.device))[-1]
                # The device chooses the candidates; only among them is drawn here.
                values, best = (item.cpu() for item in scores.topk(candidates))
                token = int(best[torch.multinomial(values.softmax(-1), 1, generator=chance)])
                if token == self.tokenizer.end:
                    break
                ids.append(token)
        return self.tokenizer.decode(ids)

    def count(self, text):
        """How many tokens a text has."""
        return len(self.tokenizer.encode(text))

    def train(self):
        """The losses of a few steps of a small GPT-2 on one batch."""
        torch = self.torch
        shape = {"layers": LAYERS, "positions": LENGTH, "hidden": HIDDEN, "vocabulary": VOCABULARY, "heads": HEADS}
        self.shape, self.weights = shape, {}
        for name, dimensions in parameters(shape).items():
            if name.endswith(".gamma"):
                start = torch.ones(dimensions)
            elif len(dimensions) == 1:
                start = torch.zeros(dimensions)
            else:
                start = torch.randn(dimensions) * 0.02
            self.weights[name] = start.to(self.device).requires_grad_()
        text = torch.arange(LENGTH + 1, device=self.device)
        optimizer = torch.optim.Adam(list(self.weights.values()), lr=LEARNING_RATE)
        losses = []
        for _number in range(self.request["steps"]):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(self._forward(text[:-1]), text[1:])
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        return losses

    def _forward(self, ids):
        """Scores of every token after every place: (length, vocabulary)."""
        torch, functional, weights, length = self.torch, self.torch.nn.functional, self.weights, len(ids)
        heads = self.shape["heads"]
        channels = self.shape["hidden"] // heads

        def norm(x, name):
            return functional.layer_norm(x, x.shape[-1:], weights[name + ".gamma"], weights[name + ".beta"], 1e-5)

        def dense(x, name):
            weight = weights[name + ".weight"]
            if not (name + ".weight").endswith(gpt2.INPUT_FIRST):
                weight = weight.t()
            return x @ weight + weights[name + ".bias"]

        def split(x, name):
            return dense(x, name).reshape(length, heads, channels).transpose(0, 1)

        ahead = torch.full((length, length), -10000.0, device=self.device).triu(1)
        x = weights[gpt2.EMBEDDING][ids] + weights[gpt2.POSITIONS][:length]
        for number in range(self.shape["layers"]):
            block = "backbone.blocks.%d." % number
            normed = norm(x, block + "layernorm1")
            query, keys, values = (split(normed, block + "attention.dense%d" % part) for part in (1, 2, 3))
            scores = (query @ keys.transpose(1, 2) * channels**-0.5 + ahead).softmax(-1)
            mixed = (scores @ values).transpose(0, 1).reshape(length, -1)
            x = x + dense(mixed, block + "attention.projection")
            wide = functional.gelu(dense(norm(x, block + "layernorm2"), block + "output.mapping"), approximate="tanh")
            x = x + dense(wide, block + "output.projection")
        return norm(x, "backbone.layernorm") @ weights[gpt2.EMBEDDING].t()


def parameters(shape):
    """{name: dimensions} of all parameters of a GPT-2, as MindFormers stores them."""
    hidden = shape["hidden"]
    found = {gpt2.EMBEDDING: (shape["vocabulary"], hidden), gpt2.POSITIONS: (shape["positions"], hidden)}
    norms = ["backbone.layernorm"]
    for number in range(shape["layers"]):
        block = "backbone.blocks.%d." % number
        norms += [block + "layernorm1", block + "layernorm2"]
        for name in ("dense1", "dense2", "dense3", "projection"):
            found[block + "attention." + name + ".weight"] = (hidden, hidden)
            found[block + "attention." + name + ".bias"] = (hidden,)
        for name, sizes in (("mapping", (hidden, 4 * hidden)), ("projection", (4 * hidden, hidden))):
            found[block + "output." + name + ".weight"] = sizes
            found[block + "output." + name + ".bias"] = sizes[1:]
    for name in norms:
        found[name + ".gamma"] = found[name + ".beta"] = (hidden,)
    return found
