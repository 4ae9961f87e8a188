# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The models that inference hosts are to run: entries of ascend_om_models, judged, and their files on this node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.convert import atc, exported, om

VARIABLE = "ascend_om_models"
KEYS = ("name", "om", "exported", "options", "input", "output", "tolerance")
# What comes with the collection, for every inference chip.
TINY = Path(__file__).resolve().parents[3] / "roles" / "om_check" / "files" / "tiny"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}\Z")


@dataclass(frozen=True)
class Model:
    """One model as it lies on the control node: exported, to be converted, or somebody's finished OM."""

    name: str
    folder: str | None = None  # of the exported model
    content: str | None = None  # SHA-256 of what is converted
    om: str | None = None
    sha256: str | None = None  # of the OM
    record: Mapping[str, Any] = field(default_factory=dict)  # beside the OM
    options: Mapping[str, Any] = field(default_factory=dict)
    by_content: Mapping[str, Any] = field(default_factory=dict)  # the options, with the hash of a file that one names
    question: Mapping[str, Any] = field(default_factory=dict)  # input, output, tolerance


def problems(entries: Iterable[Any]) -> list[str]:
    """What is wrong with the entries, in sentences with the fix; files are not looked at."""
    found: list[str] = []
    names: set[str] = set()
    for number, entry in enumerate(entries, 1):
        where = f"{VARIABLE}, entry {number}"
        if not isinstance(entry, Mapping):
            found.append(f"{where} is {entry!r}: it takes a mapping with name and om, or name and exported.")
            continue
        unknown = sorted(set(map(str, entry)) - set(KEYS))
        if unknown:
            found.append(f"{where} has {', '.join(unknown)}: it takes {', '.join(KEYS)}.")
        name = entry.get("name")
        if not isinstance(name, str) or not _NAME.match(name):
            found.append(f"{where}: name is {name!r}. It takes letters, digits, ., _ and -, as resnet50.")
        elif name == TINY.name:
            found.append(f"{where}: {name} is the small model that comes with the collection. Give yours another name.")
        elif name in names:
            found.append(f"{where}: {name} is there twice. Give one of them another name.")
        names.add(str(name))
        if bool(entry.get("om")) == bool(entry.get("exported")):
            found.append(
                f"{where}: it takes om (an OM file on the control node) or exported (the folder of an exported model, "
                "which is converted on the site), and one of them."
            )
        for key in ("options", "input", "output", "tolerance"):
            if not isinstance(entry.get(key, {}), Mapping):
                found.append(f"{where}: {key} has to be a mapping.")
        if isinstance(entry.get("options"), Mapping):
            try:
                atc.check_options(entry["options"])
            except atc.OptionError as error:
                found.append(f"{where}: {str(error).replace('model_convert_options', 'options')}")
    return found


def load(entry: Mapping[str, Any]) -> Model:
    """A model of the variable, with what its files say.

    Raises:
        ValueError: they are not there, or not what they have to be; with the fix.
    """
    question = {key: dict(entry[key]) for key in ("input", "output", "tolerance") if entry.get(key)}
    if entry.get("exported"):
        folder = str(Path(entry["exported"]).expanduser().absolute())
        description = _described(folder, _stamp(folder))
        if exported.kind(description) not in atc.FRAMEWORKS:
            raise ValueError(f"{folder} is MindIR, which ATC does not take. Export the model as ONNX or AIR.")
        options = _texts(entry.get("options"))
        try:
            by_content = om.by_content(options, folder)
        except OSError as error:
            raise ValueError(
                f"{error.filename}: {error.strerror}. {om.CONFIGURATION} names a file in the exported model's folder."
            ) from error
        content = exported.content(description)
        return Model(entry["name"], folder, content, options=options, by_content=by_content, question=question)
    path = Path(entry["om"]).expanduser().absolute()
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file on the control node. om names the OM file that ATC made.")
    status = path.stat()
    sha256 = _sha256(str(path), status.st_mtime_ns, status.st_size)
    return Model(entry["name"], om=str(path), sha256=sha256, record=om.record_of(str(path)) or {}, question=question)


def tiny() -> Model:
    """The model of the collection."""
    return load({"name": "tiny", "exported": str(TINY)})


def made(model: Model, folder: str, soc: str) -> tuple[str, dict[str, Any]] | None:
    """(path, record) of the OM that was made of a model for a chip before, and is whole; None where there is none."""
    path = Path(folder) / f"{model.name}-{soc}{om.SUFFIX}"
    record = om.record_of(str(path))
    if not record or not path.is_file() or record["soc"] != soc:
        return None
    if record.get("key") != conversion(model, soc, record["cann"]):
        return None
    status = path.stat()
    if _sha256(str(path), status.st_mtime_ns, status.st_size) != record["sha256"]:
        return None
    return str(path), record


def conversion(model: Model, soc: str, cann: str) -> str:
    """What the record of a conversion has as its key, when it is one of this model."""
    return str(om.key(model.content, soc, cann, dict(model.by_content)))


def _texts(options: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(name): str(value) for name, value in (options or {}).items()}


def _stamp(folder: str) -> tuple[int, ...]:
    """Changes when anything in a folder does."""
    try:
        return tuple(path.stat().st_mtime_ns for path in sorted(Path(folder).iterdir()))
    except OSError:
        return ()


# A fleet has many hosts and few models.
@lru_cache(maxsize=64)
def _described(folder: str, stamp: tuple[int, ...]) -> dict[str, Any]:
    description: dict[str, Any] = exported.read(folder)
    exported.check_files(folder, description)
    return description


@lru_cache(maxsize=256)
def _sha256(path: str, changed: int, size: int) -> str:
    return str(whole_file.sha256(path))
