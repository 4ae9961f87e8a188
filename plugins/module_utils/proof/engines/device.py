# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What engines that compute with MindSpore have in common: the device, the installation check, the memory."""

import contextlib
import importlib
import io
import re

# What a small model has that trains for a few steps, on whatever engine.
VOCABULARY, LENGTH, HIDDEN, LAYERS, HEADS = 256, 32, 64, 2, 2
LEARNING_RATE = 3e-3


def version_of(distribution):
    """The version of an installed distribution; MindFormers before 1.3 does not state its own."""
    try:
        metadata = importlib.import_module("importlib.metadata")  # Python 3.8 and later
    except ImportError:
        import pkg_resources

        return pkg_resources.get_distribution(distribution).version
    return metadata.version(distribution)


def key(version):
    """The leading numbers of a version, to compare: 1.7.0rc1 is (1, 7, 0)."""
    return tuple(int(part) for part in re.match(r"\d+(?:\.\d+)*", version).group().split("."))


class MindSporeEngine(object):
    """An engine on MindSpore.

    Args:
        request: what the runner was asked: C(device_target), C(device_id), C(seed), C(model), C(model_dir) and so on.

    Attributes:
        said: what it learns of itself, for the result: versions by name, the device.
    """

    def __init__(self, request):
        self.request = request
        self.said = {}
        self.mindspore = None

    def open(self, stage):
        """Import MindSpore and choose the device; C(stage) is told how far it came."""
        import mindspore

        self.said["mindspore"] = mindspore.__version__
        stage("device")
        # set_context works in every release from 1.7 to 2.10; device_id as well; set_device is 2.6 and later.
        options = {"mode": mindspore.GRAPH_MODE, "device_target": self.request["device_target"]}
        if self.request["device_target"] != "CPU":
            options["device_id"] = self.request["device_id"]
        mindspore.set_context(**options)
        if self.request.get("seed") is not None:
            mindspore.set_seed(self.request["seed"])
        self.said["device"] = mindspore.get_context("device_target")
        self.mindspore = mindspore

    def check(self):
        """MindSpore's own check of its installation: what it says. Raises RuntimeError where that is no success."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.mindspore.run_check()
        text = " ".join(said.getvalue().split())
        # It reports most failures in the log only and returns as if all were well.
        if "successfully" not in text:
            raise RuntimeError("mindspore.run_check() did not say that it succeeded: %r" % text)
        return text

    def show(self):
        """What else it computes and compares, in words: nothing, the text says it all."""
        return []

    def memory_mb(self):
        """The most memory of the NPU that MindSpore had allocated, in MB; None on a CPU and where it does not count."""
        if self.request["device_target"] == "CPU":
            return None
        for room in ("runtime", "hal"):  # mindspore.runtime from 2.5 on, mindspore.hal before
            count = getattr(getattr(self.mindspore, room, None), "max_memory_allocated", None)
            if count:
                return count() // 1048576
        return None

    def steps(self, network, batch):
        """The losses of the optimizer steps asked for, on one batch.

        Args:
            network: a Cell that gives the loss of a batch.
            batch: its arguments, as numpy arrays.
        """
        nn = self.mindspore.nn
        optimizer = nn.Adam(network.trainable_params(), learning_rate=LEARNING_RATE)
        step = nn.TrainOneStepCell(network, optimizer).set_train(True)
        tensors = [self.mindspore.Tensor(array) for array in batch]
        return [float(step(*tensors).asnumpy().reshape(-1)[0]) for _number in range(self.request["steps"])]
