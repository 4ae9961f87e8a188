# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files an engine travels to a run as, and which engine an environment is made for.

Data files do not travel with modules, imported ones do; so the engines are imported here, which imports no framework.
"""

import os
import re

from ansible_collections.ascend.fleet.plugins.module_utils.proof import runner
from ansible_collections.ascend.fleet.plugins.module_utils.proof.engines import (
    checkpoint,
    device,
    exporting,
    gpt2,
    mindformers_pipeline,
    mindspore_export,
    mindspore_plain,
    onnx_graph,
    protobuf,
    torch_export,
    torch_plain,
    torch_together,
)

MINDFORMERS, MINDSPORE, TORCH = "mindformers-pipeline", "mindspore-plain", "torch-plain"
# An engine's own file and what that imports. Strongest first: what an environment is asked for when nothing is said.
FILES = (
    (MINDFORMERS, "mindformers", (mindformers_pipeline, device)),
    (MINDSPORE, "mindspore", (mindspore_plain, device, gpt2)),
    (TORCH, "torch", (torch_plain, device, gpt2, checkpoint, protobuf, torch_together)),
)
# What exports a model, by the framework, which is the name of its distribution.
_EXPORT = (exporting, onnx_graph, protobuf)
EXPORTERS = {
    "mindspore": (mindspore_export, device, *_EXPORT),
    "torch": (torch_export, torch_plain, device, gpt2, checkpoint, torch_together, *_EXPORT),
}
NAMES = [name for name, _distribution, _modules in FILES]
RUNNER = "generation_runner.py"
_DISTRIBUTION = re.compile(r"([A-Za-z0-9_.]+)-[^-]+.*\.(?:dist|egg)-info$")


def of(engine):
    """{path in the folder of a run: text} of the runner with one engine."""
    modules = {name: modules for name, _distribution, modules in FILES}
    modules.update((framework + "-export", found) for framework, found in EXPORTERS.items())
    files = {RUNNER: _text(runner), "engines/__init__.py": ""}
    files.update(("engines/%s.py" % module.__name__.rpartition(".")[2], _text(module)) for module in modules[engine])
    return files


def _text(module):
    # Out of the archive that Ansible sent, in which it is no file.
    return module.__loader__.get_source(module.__name__)


def default(environment):
    """The strongest engine for what is installed in an environment; the first of all where none of it is.

    Args:
        environment: its folder; the packages are looked for by the names of their records, nothing is imported.
    """
    installed = _distributions(environment)
    for name, distribution, _modules in FILES:
        if distribution in installed:
            return name
    return MINDFORMERS


def exporter(environment):
    """The framework that exports from an environment, None where none is installed there."""
    installed = _distributions(environment)
    return next((framework for framework in sorted(EXPORTERS) if framework in installed), None)


def _distributions(environment):
    found = set()
    for folder in ("lib", "lib64"):
        for python in _names(os.path.join(environment, folder)):
            if python.startswith("python"):
                for name in _names(os.path.join(environment, folder, python, "site-packages")):
                    match = _DISTRIBUTION.match(name)
                    if match:
                        found.add(match.group(1).lower())
    return found


def _names(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []
