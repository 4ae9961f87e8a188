# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engine mindspore-plain: a GPT-2 in MindSpore alone, from the checkpoint that MindFormers' GPT-2 is saved in.

Shows driver, CANN and MindSpore with a real graph on the device; of MindFormers it shows nothing.
"""

import os

from . import gpt2
from .device import HEADS, HIDDEN, LAYERS, LENGTH, VOCABULARY, MindSporeEngine


class Engine(MindSporeEngine):
    """GPT-2 without MindFormers."""

    def __init__(self, request):
        MindSporeEngine.__init__(self, request)
        self.tokenizer = self.network = self.draw = None
        self.length = 0

    def imports(self):
        """What takes its time before a model can be loaded: nothing besides MindSpore."""

    def load(self):
        """The weights from the checkpoint, each of them, into a network of their shape."""
        mindspore, folder = self.mindspore, self.request["model_dir"]
        self.tokenizer = gpt2.Tokenizer(folder)
        weights = mindspore.load_checkpoint(os.path.join(folder, self.request["model"] + ".ckpt"))
        shape = gpt2.shape({name: tuple(value.shape) for name, value in weights.items()}, folder)
        self.length = min(shape["positions"], self.request["max_length"])
        self.network = _network(mindspore, shape, self.length)
        self.network.set_train(False)
        for name, parameter in self.network.parameters_and_names():
            if name not in weights:
                raise ValueError("the checkpoint does not fit the model: it lacks %s" % name)
            value = weights[name].asnumpy().astype("float32")
            if name.endswith(gpt2.INPUT_FIRST):
                value = value.T
            if value.shape != tuple(parameter.shape):
                raise ValueError("the checkpoint does not fit the model: the shape of %s is %s" % (name, value.shape))
            parameter.set_data(mindspore.Tensor(value))

    def generate(self):
        """The prompt and what follows, without a cache: the input has one length, so that one graph is compiled."""
        import numpy

        ids = self.tokenizer.encode(self.request["prompt"])
        candidates = self.request["top_k"] if self.request["do_sample"] else 1
        choose = self.mindspore.ops.TopK(sorted=True)
        chance = numpy.random.RandomState(self.request["seed"])
        while len(ids) < self.length:
            padded = numpy.array(ids + [0] * (self.length - len(ids)), numpy.int32)
            scores = self.network(self.mindspore.Tensor(padded))
            # The device chooses the candidates; only among them is drawn here.
            values, best = (item.asnumpy() for item in choose(scores[len(ids) - 1], candidates))
            odds = numpy.exp((values - values.max()).astype("float64"))
            token = int(chance.choice(best, p=odds / odds.sum()))
            if token == self.tokenizer.end:
                break
            ids.append(token)
        return self.tokenizer.decode(ids)

    def count(self, text):
        """How many tokens a text has."""
        return len(self.tokenizer.encode(text))

    def train(self):
        """The losses of a few steps of a small GPT-2 on one batch."""
        import numpy

        shape = {"layers": LAYERS, "positions": LENGTH, "hidden": HIDDEN, "vocabulary": VOCABULARY, "heads": HEADS}
        text = numpy.arange(LENGTH + 1, dtype=numpy.int32)
        network = _loss(self.mindspore, _network(self.mindspore, shape, LENGTH))
        return self.steps(network, [text[:-1], text[1:]])


def _network(mindspore, shape, length):
    """A GPT-2 for texts of one length, whose parameters have the checkpoint's names."""
    import numpy

    nn, ops = mindspore.nn, mindspore.ops
    hidden, heads = shape["hidden"], shape["heads"]
    channels = hidden // heads
    places = mindspore.Tensor(numpy.arange(length, dtype=numpy.int32))
    ahead = mindspore.Tensor(numpy.triu(numpy.full((length, length), -10000.0, numpy.float32), 1))

    class Attention(nn.Cell):
        def __init__(self):
            nn.Cell.__init__(self)
            self.dense1, self.dense2, self.dense3 = (nn.Dense(hidden, hidden) for _number in range(3))
            self.projection = nn.Dense(hidden, hidden)
            self.multiply, self.multiply_turned = ops.BatchMatMul(), ops.BatchMatMul(transpose_b=True)
            self.reshape, self.transpose, self.softmax = ops.Reshape(), ops.Transpose(), ops.Softmax()
            self.ahead, self.scale = ahead, channels**-0.5

        def construct(self, x):
            query = self.transpose(self.reshape(self.dense1(x), (length, heads, channels)), (1, 0, 2))
            keys = self.transpose(self.reshape(self.dense2(x), (length, heads, channels)), (1, 0, 2))
            values = self.transpose(self.reshape(self.dense3(x), (length, heads, channels)), (1, 0, 2))
            scores = self.softmax(self.multiply_turned(query, keys) * self.scale + self.ahead)
            mixed = self.transpose(self.multiply(scores, values), (1, 0, 2))
            return self.projection(self.reshape(mixed, (length, hidden)))

    class Output(nn.Cell):
        def __init__(self):
            nn.Cell.__init__(self)
            self.mapping = nn.Dense(hidden, 4 * hidden)
            self.projection = nn.Dense(4 * hidden, hidden)
            self.gelu = nn.GELU(approximate=True)

        def construct(self, x):
            return self.projection(self.gelu(self.mapping(x)))

    class Block(nn.Cell):
        def __init__(self):
            nn.Cell.__init__(self)
            self.layernorm1, self.layernorm2 = (nn.LayerNorm((hidden,), epsilon=1e-5) for _number in range(2))
            self.attention, self.output = Attention(), Output()

        def construct(self, x):
            x = x + self.attention(self.layernorm1(x))
            return x + self.output(self.layernorm2(x))

    class Embedding(nn.Cell):
        def __init__(self):
            nn.Cell.__init__(self)
            self.word_embedding = nn.Embedding(shape["vocabulary"], hidden)
            self.position_embedding = nn.Embedding(shape["positions"], hidden)
            self.places = places

        def construct(self, ids):
            return self.word_embedding(ids) + self.position_embedding(self.places)

    class Backbone(nn.Cell):
        def __init__(self):
            nn.Cell.__init__(self)
            self.embedding = Embedding()
            self.blocks = nn.CellList([Block() for _number in range(shape["layers"])])
            self.layernorm = nn.LayerNorm((hidden,), epsilon=1e-5)

        def construct(self, ids):
            x = self.embedding(ids)
            for block in self.blocks:
                x = block(x)
            return self.layernorm(x)

    class Gpt2(nn.Cell):
        """Scores of every token after every place: (length, vocabulary)."""

        def __init__(self):
            nn.Cell.__init__(self)
            self.backbone = Backbone()
            self.multiply = ops.MatMul(transpose_b=True)

        def construct(self, ids):
            return self.multiply(self.backbone(ids), self.backbone.embedding.word_embedding.embedding_table)

    return Gpt2()


def _loss(mindspore, network):
    nn = mindspore.nn

    class Loss(nn.Cell):
        def __init__(self):
            nn.Cell.__init__(self)
            self.network = network
            self.entropy = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")

        def construct(self, ids, following):
            return self.entropy(self.network(ids), following)

    return Loss()
