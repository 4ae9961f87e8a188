# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record beside an OM model: C(<name>.om.json), which says what it was made from, for which chip, with which CANN.

C(<state>/converted) has what a host converted, as C(<name>-<soc>.om); C(<state>/models) what a host is to run, as
C(<name>.om). Both have the record::

    {"format": 1, "name": "tiny", "soc": "Ascend310P3", "cann": "8.0.RC3", "sha256": "<of the OM>", "size": 1234,
     "model": "<sha256 of the exported model's file>", "source": {...}, "options": {...}, "warnings": [...],
     "inputs": [...], "outputs": [...], "reference": {...}, "time": "2026-11-22T16:40:00Z"}

C(inputs), C(outputs), C(reference) and C(source) are those of the exported model (exported.py); the tensors of the
reference stand in the record itself, so that it and the OM are all that has to travel. A user's own OM may lack them.
"""

import hashlib
import json
import os
import re

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file

FORMAT = 1
CONVERTED, STAGED = "converted", "models"  # folders below the state folder
SUFFIX = ".om"
CONFIGURATION = "insert_op_conf"  # the option of ATC that names a file: AIPP
RECORD_SUFFIX = ".om.json"
_LIMIT = 32 * 1024 * 1024  # bytes of a record
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def record_of(path):
    """The record beside an OM; None where there is none, or what is there is no record."""
    try:
        with open(path + ".json", "rb") as stream:
            value = json.loads(stream.read(_LIMIT).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if is_record(value) else None


def is_record(value):
    """Whether a value has what every record has."""
    return (
        isinstance(value, dict)
        and value.get("format") == FORMAT
        and all(isinstance(value.get(name), str) for name in ("name", "soc", "cann", "sha256"))
        and bool(_SHA256.match(value["sha256"]))
        and isinstance(value.get("source", {}), dict)
    )


def key(model, soc, cann, options):
    """What a conversion is converted once for: the model's content, the chip, CANN and the options of ATC.

    Args:
        model: SHA-256 of the exported model's file.
        options: {name of an ATC option: its value}, as by_content() gives them.
    """
    words = json.dumps([model, soc, cann, sorted(options.items())])
    return hashlib.sha256(words.encode("utf-8")).hexdigest()


def by_content(options, folder):
    """Options of ATC with what a file of theirs holds in the place of its name. Raises OSError.

    Args:
        options: {name: value}.
        folder: of the exported model, in which a relative name is looked for.
    """
    if not options.get(CONFIGURATION):
        return dict(options)
    return dict(options, **{CONFIGURATION: whole_file.sha256(os.path.join(folder, options[CONFIGURATION]))})


def records(folder):
    """The records in a folder, by the names of their OM files, sorted."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return {}
    found = {}
    for name in names:
        if name.endswith(RECORD_SUFFIX):
            path = os.path.join(folder, name[: -len(".json")])
            record = record_of(path)
            if record:
                found[os.path.basename(path)] = record
    return found
