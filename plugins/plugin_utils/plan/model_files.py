# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a host's model lies and what its files are called: what role inference_check is going to link in."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog

_ROLE = Path(__file__).parents[3] / "roles" / "inference_check" / "defaults" / "main.yml"
_READ = (
    "inference_check_model",
    "inference_check_model_root",
    "inference_check_model_files",
    "inference_check_artifacts",
)


def _defaults() -> dict[str, Any]:
    found = yaml.load(_ROLE.read_text(encoding="utf-8"), catalog.Loader)
    # The artifacts are the shared ones, by a template that is read elsewhere.
    return {name: found[name] for name in _READ if name != "inference_check_artifacts"}


_DEFAULTS = _defaults()  # before the workers fork


def values(get: Callable[[str], Any]) -> dict[str, Any]:
    """The role's variables as they are for a host.

    Args:
        get: gives the templated variable of the host, None where it is not set.
    """
    return {**_DEFAULTS, **{name: value for name in _READ if (value := get(name)) is not None}}


def asked(model: dict[str, Any]) -> str | None:
    """The model that the user named for the proof; None leaves it to the collection."""
    return str(model["inference_check_model"]) if model["inference_check_model"] else None


def problem(model: dict[str, Any]) -> str | None:
    """What is wrong with the variables taken together, or None."""
    if not model["inference_check_model_files"] or model["inference_check_model"]:
        return None
    return (
        "inference_check_model_files names files and inference_check_model no model. Set inference_check_model to the "
        "model's name, which is also the name of its weights (gpt2 for gpt2.ckpt), or leave both empty to generate "
        "with the model that comes with the collection."
    )


def folder(model: dict[str, Any]) -> str | None:
    """The folder of the user's model on the host; None where the proof takes the collection's own."""
    if not model["inference_check_model"]:
        return None
    return f"{str(model['inference_check_model_root']).rstrip('/')}/{model['inference_check_model']}"


def names(model: dict[str, Any], artifacts: str | None) -> list[str]:
    """The names that the model's files get in its folder.

    Args:
        model: of values().
        artifacts: ascend_artifacts of the host.
    """
    if not model["inference_check_model"]:
        return []
    given = model["inference_check_model_files"]
    if isinstance(given, list) and given:
        texts = [str(item.get("name", "") if isinstance(item, dict) else item) for item in given]
        return sorted(posixpath.basename(text) for text in texts)
    source, name = str(model.get("inference_check_artifacts") or artifacts or ""), model["inference_check_model"]
    if "://" in source or not source:
        return sorted([f"{name}.ckpt", "vocab.json", "merges.txt"])
    try:
        return sorted(path.name for path in (Path(source) / "models" / str(name)).iterdir() if path.is_file())
    except OSError:
        return []
