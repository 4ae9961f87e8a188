# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports a MindSpore model to ONNX, MindIR or AIR; the reference is what the device of the run computes."""

import os

from . import exporting
from .device import MindSporeEngine


class Engine(MindSporeEngine):
    """Weights, export and reference of one model."""

    def __init__(self, request):
        MindSporeEngine.__init__(self, request)
        self.model = None

    def fit(self):
        """Train the small classifier on the device and keep its weights. Returns the losses."""
        import numpy

        pixels, classes = exporting.pictures(exporting.PICTURES, self.request["seed"])
        seen = numpy.array(pixels, numpy.float32).reshape((-1, 1, exporting.SIZE, exporting.SIZE))
        model = tiny(self.mindspore)
        entropy = self.mindspore.nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
        network = self.mindspore.nn.WithLossCell(model, entropy)
        losses = self.steps(network, [seen, numpy.array(classes, numpy.int32)])
        path = os.path.join(exporting.OUT, "checkpoint.ckpt")
        self.mindspore.save_checkpoint(model, path)
        self.request["checkpoint"] = path
        return losses

    def load(self):
        """Build the model and give it the checkpoint's weights, each of them."""
        self.model = exporting.build(self.request) if self.request["definition"] else tiny(self.mindspore)
        if not isinstance(self.model, self.mindspore.nn.Cell):
            raise ValueError("%s() returns no mindspore.nn.Cell" % self.request["factory"])
        weights = self.mindspore.load_checkpoint(self.request["checkpoint"])
        for name, parameter in self.model.parameters_and_names():
            value = weights.get(name)
            if value is None or tuple(value.shape) != tuple(parameter.shape):
                said = "it lacks %s" % name if value is None else "the shape of %s is %s" % (name, tuple(value.shape))
                raise ValueError("the checkpoint does not fit the model: " + said)
            parameter.set_data(self.mindspore.Tensor(value.asnumpy()))
        self.model.set_train(False)

    def export(self):
        """The model's file and its description. Returns the names of the files."""
        import numpy

        request = self.request
        rows, values = exporting.given(request)
        tensors = [
            self.mindspore.Tensor(numpy.array(numbers, row["dtype"]).reshape(exporting.shape(row)))
            for row, numbers in zip(rows, values)
        ]
        found = [tensor.asnumpy() for tensor in exporting.flat(self.model(*tensors))]
        outputs = exporting.answered(
            request, [(array.shape, str(array.dtype), array.reshape(-1).tolist()) for array in found]
        )
        kind = request["format"]
        self.mindspore.export(
            self.model, *tensors, file_name=os.path.join(exporting.OUT, "model"), file_format=kind.upper()
        )
        path = os.path.join(exporting.OUT, "model." + kind)
        if not os.path.isfile(path):
            raise RuntimeError("mindspore.export() left no model.%s" % kind)
        return exporting.describe(list(zip(rows, values)), outputs, path)


def tiny(mindspore):
    """The small classifier: operators that every ATC knows."""
    nn, (few, many) = mindspore.nn, exporting.CHANNELS
    return nn.SequentialCell(
        nn.Conv2d(1, few, 3, pad_mode="pad", padding=1, has_bias=True),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Conv2d(few, many, 3, pad_mode="pad", padding=1, has_bias=True),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Flatten(),
        nn.Dense(many * (exporting.SIZE // 4) ** 2, exporting.CLASSES),
    )
