# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports a PyTorch model to ONNX, by tracing, whose graphs ATC knows; the reference is what the CPU computes."""

import inspect
import os

from . import exporting
from .device import LEARNING_RATE
from .torch_plain import Engine as TorchEngine


class Engine(TorchEngine):
    """Weights, export and reference of one model."""

    def __init__(self, request):
        TorchEngine.__init__(self, request)
        self.model = None

    def open(self, stage):
        """As TorchEngine; only a training needs the NPU, which others may be using."""
        if self.request["checkpoint"]:
            self.request["device_target"] = "CPU"
        TorchEngine.open(self, stage)

    def fit(self):
        """Train the small classifier on the device and keep its weights. Returns the losses."""
        torch, functional = self.torch, self.torch.nn.functional
        pixels, classes = exporting.pictures(exporting.PICTURES, self.request["seed"])
        seen = torch.tensor(pixels, device=self.device).reshape(-1, 1, exporting.SIZE, exporting.SIZE)
        wanted = torch.tensor(classes, device=self.device)
        model = tiny(torch).to(self.device)
        optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
        losses = []
        for _number in range(self.request["steps"]):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(seen), wanted)
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        path = os.path.join(exporting.OUT, "checkpoint.pt")
        torch.save({name: value.cpu() for name, value in model.state_dict().items()}, path)
        self.request["checkpoint"] = path
        return losses

    def load(self):
        """Build the model on the CPU and give it the checkpoint's weights, each of them."""
        self.model = exporting.build(self.request) if self.request["definition"] else tiny(self.torch)
        if not isinstance(self.model, self.torch.nn.Module):
            raise ValueError("%s() returns no torch.nn.Module" % self.request["factory"])
        weights = self._weights(self.request["checkpoint"])
        try:
            self.model.load_state_dict(weights)
        except RuntimeError as exc:
            raise ValueError("the checkpoint does not fit the model: %s" % exc)
        self.model.eval()

    def _weights(self, path):
        # By what the user's file is called: what is opened is a link to it.
        if os.path.realpath(path).endswith(".safetensors"):
            import safetensors.torch

            return safetensors.torch.load_file(path)
        how = {"map_location": "cpu"}
        # From 1.13 on nothing but weights is read; before, whatever the file says is executed, by an ordinary user.
        if "weights_only" in inspect.signature(self.torch.load).parameters:
            how["weights_only"] = True
        weights = self.torch.load(path, **how)
        for name in ("state_dict", "model"):
            if isinstance(weights, dict) and isinstance(weights.get(name), dict):
                weights = weights[name]
        return weights

    def export(self):
        """The model's file and its description. Returns the names of the files."""
        torch, request = self.torch, self.request
        rows, values = exporting.given(request)
        tensors = [
            torch.tensor(numbers, dtype=getattr(torch, row["dtype"])).reshape(exporting.shape(row))
            for row, numbers in zip(rows, values)
        ]
        with torch.no_grad():
            found = [tensor.contiguous() for tensor in exporting.flat(self.model(*tensors))]
        kinds = {getattr(torch, name): name for name in exporting.LETTERS}
        outputs = exporting.answered(
            request, [(tensor.shape, kinds[tensor.dtype], tensor.reshape(-1).tolist()) for tensor in found]
        )
        path = os.path.join(exporting.OUT, "model.onnx")
        how = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
        how["dynamic_axes"] = {
            row["name"]: {axis: "open_%d" % axis for axis, size in enumerate(row["shape"]) if size == -1}
            for row in rows
            if -1 in row["shape"]
        }
        torch.onnx.export(
            self.model,
            tuple(tensors),
            path,
            opset_version=request["opset"],
            input_names=[row["name"] for row in rows],
            output_names=[row["name"] for row, _numbers in outputs],
            **how,
        )
        return exporting.describe(list(zip(rows, values)), outputs, path)


def tiny(torch):
    """The small classifier: operators that every ATC knows."""
    nn, (few, many) = torch.nn, exporting.CHANNELS
    return nn.Sequential(
        nn.Conv2d(1, few, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(few, many, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(many * (exporting.SIZE // 4) ** 2, exporting.CLASSES),
    )
