# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OM models that were staged on a host, by the records beside them. Pure, given a host_view.HostView."""

import json

from ansible_collections.ascend.fleet.plugins.module_utils.convert import om

_LIMIT = 32 * 1024 * 1024  # bytes of a record: the tensors of its reference stand in it
_MANY = 200
_TEXTS = ("name", "soc", "cann", "sha256", "model", "time")
_SOURCE = ("framework", "version", "checkpoint_sha256")


def observed(view, state_dir):
    """A row of each model that has a record.

    Returns:
        rows of C(name), C(path), C(present) (whether the OM is there), C(soc), C(cann), C(sha256), C(model) (of the
        exported file), C(time), C(source) (C(framework), C(version), C(checkpoint_sha256)); None for what a record does
        not say.
    """
    folder = state_dir + "/" + om.STAGED
    names = [name for name in view.listdir(folder) if name.endswith(om.RECORD_SUFFIX)]
    rows = []
    for name in names[:_MANY]:
        path = folder + "/" + name[: -len(".json")]
        record = _record(view.read(path + ".json", _LIMIT))
        if record:
            row = _texts(record, _TEXTS)
            row.update(path=path, present=view.isfile(path), source=_texts(record.get("source") or {}, _SOURCE))
            rows.append(row)
    return rows


def _record(text):
    try:
        value = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return value if om.is_record(value) else None


def _texts(table, names):
    return {name: table[name] if isinstance(table.get(name), str) else None for name in names}
