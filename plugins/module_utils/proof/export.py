# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One export of a model on this host: what is asked for, whether it is there, and how it comes to its place.

Touches the host, unlike most of module_utils. What it makes is an exported model, as exported.py describes one.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.convert import exported
from ansible_collections.ascend.fleet.plugins.module_utils.proof import process, proofs, sources
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder

FOLDER = "exported"  # below the state folder
MINDSPORE, TORCH = "mindspore", "torch"
# By what their names end with, so that the framework knows what it reads.
CHECKPOINTS = {MINDSPORE: (".ckpt",), TORCH: (".pt", ".pth", ".bin", ".ckpt", ".safetensors")}
FORMATS = {MINDSPORE: ("onnx", "mindir", "air"), TORCH: ("onnx",)}
_DEFINITION = "model_definition.py"
_DESCRIPTION, _LIMIT = "export.json", 8 * 1024 * 1024
_FILE = re.compile(r"(?:model\.(?:onnx|air|mindir)|(?:input|output)_\d{1,3}\.bin)\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\Z")
_TENSOR = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/-]{0,99}\Z")
# What the exported file depends on, beside the checkpoint's content.
_ASKED = ("framework", "definition", "factory", "inputs", "outputs", "format", "opset", "seed", "rtol", "atol")


class ExportError(Exception):
    """The export cannot be made; the text names cause and fix.

    Attributes:
        log_tail: the last lines of the framework's log.
        ran_as: the user it ran as, or None when it did not start.
    """

    def __init__(self, message, log_tail="", ran_as=None):
        Exception.__init__(self, message)
        self.log_tail = log_tail
        self.ran_as = ran_as


def check(wanted):
    """Refuse what could never be exported.

    Args:
        wanted: options of model_export, with the framework found.

    Raises:
        ExportError: with the option and the fix.
    """
    framework = wanted["framework"]
    if not _NAME.match(wanted["name"]):
        raise ExportError("name is %r; it has to be letters, digits, ., _ and -." % wanted["name"])
    if framework is None:
        raise ExportError(
            "There is neither PyTorch nor MindSpore in %s. Run the role torch or mindspore, or name another one."
            % wanted["environment"]
        )
    if wanted["format"] not in FORMATS[framework]:
        raise ExportError(
            "format %s is not one that %s exports: set it to %s."
            % (wanted["format"], framework, " or ".join(FORMATS[framework]))
        )
    if wanted["format"] == "air" and wanted["device_target"] != "Ascend":
        raise ExportError("Only an NPU exports AIR: set device_target to Ascend, or format to onnx.")
    if wanted["definition"]:
        if not wanted["checkpoint"]:
            raise ExportError("A definition has no weights: set checkpoint to the file on the host that has them.")
        _check_inputs(wanted)
    if wanted["checkpoint"] and not wanted["checkpoint"].endswith(CHECKPOINTS[framework]):
        raise ExportError(
            "%s is no checkpoint that %s loads, by its name: those end with %s."
            % (wanted["checkpoint"], framework, ", ".join(CHECKPOINTS[framework]))
        )


def _check_inputs(wanted):
    names = [row["name"] for row in wanted["inputs"]]
    if not names:
        raise ExportError("inputs is empty: name the inputs of the model with their shapes, in the order of its call.")
    if len(set(names)) != len(names) or not all(_TENSOR.match(name) for name in names):
        raise ExportError("The names of inputs have to differ and be letters, digits, _, ., :, / and -: %s." % names)
    if not all(_TENSOR.match(name) for name in wanted["outputs"]):
        raise ExportError("The names of outputs have to be letters, digits, _, ., :, / and -: %s." % wanted["outputs"])
    for row in wanted["inputs"]:
        if not exported.is_shape(row["shape"], -1):
            raise ExportError(
                "The shape of input %s is %s; it takes sizes from 1 on, or -1." % (row["name"], row["shape"])
            )
        if -1 in row["shape"] and wanted["framework"] != TORCH:
            raise ExportError(
                "The shape of input %s leaves a size open (-1), which MindSpore does not export. Give a size."
                % row["name"]
            )


def request_sha256(wanted, checkpoint):
    """What an export is made once for, as one number: all that its content depends on.

    Args:
        checkpoint: SHA-256 of the checkpoint; None where the small classifier is trained for it.
    """
    asked = {name: wanted[name] for name in _ASKED}
    asked.update(checkpoint=checkpoint, steps=None if checkpoint else wanted["steps"])
    if wanted["framework"] == MINDSPORE:
        # Its reference is what the device computes.
        asked["device_target"] = wanted["device_target"]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode("utf-8")).hexdigest()


def there(folder):
    """The description of the export in a folder; None where there is no folder.

    Raises:
        ExportError: what is there was not exported by this collection.
    """
    if not os.path.lexists(folder):
        return None
    try:
        found = exported.read(folder)
    except exported.ExportedError:
        found = {"source": {}}
    if not found["source"].get("request_sha256"):
        raise ExportError(
            "%s was not exported by this collection, and is left as it is. Choose another name, or move it away."
            % folder
        )
    return found


def holds(folder, found, asked):
    """Whether an export is the one that is asked for (request_sha256) and its files are whole."""
    if not found or found["source"]["request_sha256"] != asked:
        return False
    try:
        exported.check_files(folder, found)
    except exported.ExportedError:
        return False
    return True


def checkpoint_sha256(path):
    """SHA-256 of the checkpoint. Raises ExportError."""
    try:
        return whole_file.sha256(path)
    except OSError as exc:
        raise ExportError(
            "The checkpoint %s cannot be read: %s. Name a file on this host, or train one first." % (path, exc.strerror)
        )


def run(wanted, folder, asked, checkpoint):
    """Export the model and put it in its place, whole or not at all.

    Args:
        wanted: options of model_export.
        folder: where it goes; what is there is an older export of ours.
        asked: request_sha256() of it.
        checkpoint: SHA-256 of the checkpoint, None where there is none yet.

    Returns:
        (description, what process.run() returned).

    Raises:
        ExportError: with cause and fix.
        safe_folder.UnsafeFolder: others can write where it goes.
        OSError: it cannot be written.
    """
    above = os.path.dirname(folder)
    safe_folder.ensure(above)
    draft = tempfile.mkdtemp(dir=above, prefix=".%s." % wanted["name"])
    try:
        os.chmod(draft, 0o755)
        described, outcome = _exported(wanted, draft)
        if checkpoint and checkpoint_sha256(wanted["checkpoint"]) != checkpoint:
            raise ExportError(
                "%s changed while it was exported. Run again when its training is over." % wanted["checkpoint"]
            )
        if not checkpoint:
            name = next(name for name in sorted(os.listdir(draft)) if name.startswith("checkpoint."))
            checkpoint = whole_file.sha256(os.path.join(draft, name))
        framework = wanted["framework"]
        described["name"] = wanted["name"]
        described["source"] = {
            "framework": framework,
            "version": outcome.get(framework),
            "device": outcome.get("device"),
            "checkpoint_sha256": checkpoint,
            "request_sha256": asked,
        }
        described["reference"]["tolerance"] = {"rtol": wanted["rtol"], "atol": wanted["atol"]}
        files = {name: "0" * 64 for name in os.listdir(draft) if _FILE.match(name)}
        try:
            # Judged before a file that it names is opened: it is a stranger's.
            exported.judged(dict(described, format=exported.FORMAT, files=files))
            description = exported.write(draft, described)
        except exported.ExportedError as exc:
            raise ExportError("What the run left is no model: %s" % exc, outcome["log_tail"], outcome["ran_as"])
        _put(draft, folder)
        return description, outcome
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _exported(wanted, draft):
    """Let the framework export into a folder; (what it says of the model, the result of the run)."""
    said = {}

    def keep(folder, result):
        names = [name for name in result["files"] if _FILE.match(name)]
        if not wanted["checkpoint"]:
            names.append("checkpoint.pt" if wanted["framework"] == TORCH else "checkpoint.ckpt")
        for name in names:
            if not folder.copy("out/" + name, os.path.join(draft, name)):
                raise ExportError("The run left no %s." % name, result["log_tail"], result["ran_as"])
        try:
            said["model"] = json.loads((folder.read(_DESCRIPTION, _LIMIT) or b"").decode("utf-8"))
        except (ValueError, RecursionError):
            said["model"] = None

    links, files = {}, {}
    request = {name: wanted[name] for name in ("factory", "inputs", "outputs", "format", "opset", "seed", "steps")}
    request.update(task="export", definition=None, checkpoint=None)
    if wanted["definition"]:
        request["definition"] = _DEFINITION
        files[_DEFINITION] = wanted["definition"]
    if wanted["checkpoint"]:
        request["checkpoint"] = "weights" + os.path.splitext(wanted["checkpoint"])[1]
        links[request["checkpoint"]] = wanted["checkpoint"]
    given = dict(wanted, engine=wanted["framework"] + "-export")
    try:
        outcome = process.run(given, request, watch_npu=not wanted["checkpoint"], links=links, files=files, keep=keep)
    except process.Failure as exc:
        raise ExportError(str(exc), exc.log_tail, exc.ran_as)
    reason = proofs.judge_losses(outcome["losses"], wanted["max_loss_ratio"]) if outcome.get("losses") else None
    if not isinstance(said["model"], dict) or not isinstance(said["model"].get("reference"), dict):
        reason = "The run left no description of the model."
    if reason:
        raise ExportError(reason, outcome["log_tail"], outcome["ran_as"])
    return said["model"], outcome


def _put(draft, folder):
    """Let a finished draft take the place of an older export."""
    old = draft + ".old"
    if os.path.lexists(folder):
        os.rename(folder, old)
    try:
        os.rename(draft, folder)
    except OSError:
        if os.path.lexists(old):
            os.rename(old, folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def framework_of(wanted):
    """The framework that was asked for, or the one that the environment has; None where it has none."""
    return wanted["framework"] or sources.exporter(wanted["environment"])
