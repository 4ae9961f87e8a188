# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a person or a playbook hands to the compatibility check, and says clearly what cannot be used."""

import difflib
import re
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import components

# What is judged without being a component of its own stands beside the components.
NUMBERS = tuple(
    dict.fromkeys((*(one.name for one in components.ALL if one.versioned), "torch", "torch_npu", "kernels"))
)
WORDS = {
    "cann_flavor": ("nnae", "toolkit", "nnrt"),
    "device_target": ("Ascend", "CPU"),
    "quantization": ("int8", "none"),
}
TEXTS = ("te", "hccl", "topi", "cann_wheels_from", "mindspore_package", "mindspore_wheel", "model")
OTHERS = ("packages", "inference_cards")
VERSION_KEYS = NUMBERS + tuple(WORDS) + TEXTS + OTHERS
HOST_KEYS = ("chip", "arch", "host_kind", "os", "glibc", "product", "variant", "installed")
HOST_WORDS = {
    "arch": ("aarch64", "x86_64"),
    "host_kind": ("physical", "vm", "container"),
    "variant": ("ep", "soc"),
}
ALIASES = {
    "arm64": "aarch64",
    "amd64": "x86_64",
    "x86-64": "x86_64",
    "x64": "x86_64",
    "bare metal": "physical",
    "bare-metal": "physical",
    "baremetal": "physical",
    "virtual machine": "vm",
}


class InputError(Exception):
    """Input that cannot be judged; the text names the variable and the fix."""


def _kind(value):
    """What a person calls the type of value (ansible-core 2.19 wraps them in classes of its own)."""
    for kind, name in (
        (bool, "the truth value"),
        (str, "the text"),
        (dict, "the dictionary"),
        (list, "the list"),
        ((int, float), "the number"),
    ):
        if isinstance(value, kind):
            return f"{name} {value!r}"
    return repr(value)


_EXAMPLES = {"versions": '{"driver": "25.3.rc1"}', "host": '{"chip": "910b"}'}


def _mapping(value, name):
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError(
            f"{name} must be a dictionary such as {_EXAMPLES.get(name, _EXAMPLES['host'])}, not {_kind(value)}."
        )
    return value


def _known_key(key, keys, name):
    if key not in keys:
        near = difflib.get_close_matches(str(key), keys, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise InputError(f"{name}.{key} is not known; {name} takes {', '.join(keys)}.{hint}")


def _word(value, allowed, where):
    text = ALIASES.get(str(value).lower(), str(value))
    found = next((word for word in allowed if word.lower() == text.lower()), None)
    if found is None or isinstance(value, (dict, list)):
        raise InputError("{} is {!r}; it takes one of {}.".format(where, value, ", ".join(allowed)))
    return found


def _version(value, where):
    if not isinstance(value, str):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            raise InputError(
                f"{where} is the number {value}: put versions in quotes, because 3.10 without quotes is the number 3.1."
            )
        raise InputError(f'{where} must be text such as "25.3.rc1", not {_kind(value)}.')
    text = re.sub(r"\s*\([^()]*\)\s*\Z", "", value.strip())  # a remark, as in 1.11.0.rc2(beta)
    plain = text.split(" ")[-1]  # "nnae 8.3.RC1" names the product as well
    if plain.lower() != "auto" and not versions.is_version(plain):
        raise InputError(f'{where} is {value!r}, which does not look like a version; an example is "25.3.rc1".')
    return text


def read_versions(value, names=None):
    """The versions to judge, checked; empty entries left out. Raises InputError.

    names: what an error message calls a key, versions.<key> by default.
    """
    result = {}
    for key, item in _mapping(value, "versions").items():
        where = (names or {}).get(key, f"versions.{key}")
        _known_key(key, VERSION_KEYS, "versions")
        if item is None or item == "" or item == "auto":
            continue
        if key in NUMBERS:
            result[key] = _version(item, where)
        elif key in WORDS:
            result[key] = _word(item, WORDS[key], where)
        elif key == "packages":
            if not isinstance(item, list) or not all(isinstance(name, str) for name in item):
                raise InputError(f"versions.packages must be a list of file names, not {item!r}.")
            result[key] = item
        elif key == "inference_cards":
            if not str(item).isdigit():
                raise InputError(f"versions.inference_cards is {item!r}; it takes a number of cards.")
            result[key] = int(item)
        elif not isinstance(item, str):
            raise InputError(f"{where} must be text, not {_kind(item)}.")
        else:
            result[key] = item.strip()
    return result


def chip_key(value, catalog, where="host.chip"):
    """The family key of what somebody calls a chip: 910b, 310P, Ascend910B3, 910ProB. Raises InputError.

    "910B" is refused: as the name of a chip it is the first generation (Ascend910B, npu-smi prints 910B), as the name
    of a family it is A2. Guessing would stage the wrong driver.
    """
    text = str(value).strip()
    keys = [row["chip"] for row in catalog["chips"]]
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InputError("{} is {!r}; it takes one of {}.".format(where, value, ", ".join(keys)))
    if text in keys:
        return text
    lowered = text.lower()
    named = lowered[6:] if lowered.startswith("ascend") else lowered
    if named == "910b" and text != "Ascend910B":
        raise InputError(
            f'{where} is "{text}", which means two things: npu-smi prints 910B for the first generation (chip '
            "910), and the family 910B1 to 910B4 is A2 (chip 910b). Write 910 or 910b."
        )
    for row in catalog["chips"]:
        for name in row["soc"] + list(row.get("npu_smi_names") or []):
            if lowered in (name.lower(), "ascend" + name.lower()):
                return row["chip"]
    if named in keys:
        return named
    near = difflib.get_close_matches(lowered, keys, n=2)
    raise InputError(
        "{} {!r} is not in the catalog{}; it takes one of {}.".format(
            where, text, " (nearest: {})".format(", ".join(near)) if near else "", ", ".join(keys)
        )
    )


def read_host(value, catalog):
    """The host to judge for, checked; empty entries left out. Raises InputError."""
    result = {}
    for key, item in _mapping(value, "host").items():
        _known_key(key, HOST_KEYS, "host")
        if item is None or item == "":
            continue
        where = f"host.{key}"
        if key == "chip":
            result[key] = chip_key(item, catalog)
        elif key in HOST_WORDS:
            result[key] = _word(item, HOST_WORDS[key], where)
        elif key == "glibc":
            result[key] = _version(item, where)
        elif key == "installed":
            result[key] = _installed(item)
        elif key == "os" and isinstance(item, dict):
            result[key] = {"id": str(item.get("id") or ""), "version": str(item.get("version") or "")}
        elif not isinstance(item, str):
            raise InputError(
                "{} must be text{}, not {}.".format(
                    where, ' such as "openEuler 22.03"' if key == "os" else "", _kind(item)
                )
            )
        else:
            result[key] = item.strip()
    return result


def _installed(value):
    if not isinstance(value, dict):
        raise InputError(f"host.installed must be a dictionary with driver, firmware and cann, not {_kind(value)}.")
    result: dict[str, Any] = {}
    for key, item in value.items():
        _known_key(key, ("driver", "firmware", "cann"), "host.installed")
        if item is None:
            continue
        if key == "cann":
            listed = item if isinstance(item, list) else [item]
            result[key] = [
                entry if isinstance(entry, dict) else {"version": _version(entry, "host.installed.cann")}
                for entry in listed
            ]
        elif isinstance(item, dict):
            result[key] = item
        else:
            result[key] = {"installed": _version(item, f"host.installed.{key}")}
    return result
