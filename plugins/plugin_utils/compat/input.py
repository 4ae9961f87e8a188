# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a person or a playbook hands to the compatibility check, and says clearly what cannot be used."""

import difflib
import re
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import chip_names
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.wrong_input import InputError

# Beside the versions of the components: what they are judged with, and what only compat_check and resolve know.
OTHER_NUMBERS = (
    "torch",
    "torch_npu",
    "kernels",
    "nnal",
    "vllm_ascend",
    "vllm",
    "triton_ascend",
    "mindie",
    "mindcluster",
    "om_cann",
    "atc_python",
    "atc_numpy",
)
NUMBERS = tuple(dict.fromkeys([*components.VARIABLES.values(), *OTHER_NUMBERS]))
WORDS = {
    "cann_flavor": ("nnae", "toolkit", "nnrt"),
    "device_target": ("Ascend", "CPU"),
    "quantization": ("int8", "none"),
    "atc": ("here", "elsewhere"),
}
TEXTS = ("te", "hccl", "topi", "cann_wheels_from", "mindspore_package", "mindspore_wheel", "model", "om_soc")
COUNTS = {"inference_cards": "a number of cards", "opset": "a version of ONNX's operators such as 11"}
OTHERS = ("packages", *COUNTS)
VERSION_KEYS = NUMBERS + tuple(WORDS) + TEXTS + OTHERS
HOST_KEYS = ("chip", "arch", "host_kind", "os", "glibc", "product", "variant", "installed")
# What may be said of what is installed: the keys that host_facts returns.
INSTALLED_KEYS = {
    "driver": (
        "installed", "loaded", "path", "package_version", "build_version", "innerversion", "compatible_cann",
        "compatible_firmware", "install_info", "recorded", "ascendhal_version", "modules_loaded", "damaged",
    ),
    "firmware": ("installed", "loaded", "package_version", "compatible_driver", "path", "damaged"),
    "cann": (
        "product", "version", "path", "install_path", "latest", "innerversion", "code", "compatible_version", "arch",
        "chip", "info_file", "set_env", "component_version", "wheels", "uninstall", "layout", "damaged",
    ),
    "os": ("id", "id_like", "version", "name", "family", "package_manager"),
}  # fmt: skip
_LISTS = ("compatible_cann", "compatible_version", "compatible_firmware", "compatible_driver")
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
        if key == "version" and "installed" in keys:
            near = ["installed"]
        hint = f" Did you mean {near[0]}?" if near else ""
        raise InputError(f"{name}.{key} is not known; {name} takes {', '.join(keys)}.{hint}")


def _word(value, allowed, where):
    text = ALIASES.get(str(value).lower(), str(value))
    found = next((word for word in allowed if word.lower() == text.lower()), None)
    if found is None or isinstance(value, (dict, list)):
        raise InputError("{} is {!r}; it takes one of {}.".format(where, value, ", ".join(allowed)))
    return found


def _version(value, where):
    """A version as text: v2.7.1, torch==2.7.1, CANN 8.3 RC1 and 1.11.0.rc2(beta) are understood as well."""
    if not isinstance(value, str):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            raise InputError(
                f"{where} is the number {value}: put versions in quotes, because 3.10 without quotes is the number 3.1."
            )
        raise InputError(f'{where} must be text such as "25.3.rc1", not {_kind(value)}.')
    text = re.sub(r"\s*\([^()]*\)\s*\Z", "", value.strip())
    text = re.sub(r"(?<=\d)\s+(?=rc\d)", ".", text, flags=re.IGNORECASE)
    plain = re.split(r"\s+|==", text)[-1]
    plain = re.sub(r"\A[vV](?=\d)", "", plain)
    if plain.lower() != "auto" and not versions.is_version(plain):
        raise InputError(f'{where} is {value!r}, which does not look like a version; an example is "25.3.rc1".')
    flavor = re.match(r"(?:Ascend-cann-)?(toolkit|nnae|nnrt)\b", text)  # "nnae 8.3.RC1" names the product as well
    return f"{flavor.group(1)} {plain}" if flavor else plain


def read_versions(value, names=None):
    """The versions to judge, checked; empty entries left out. Raises InputError.

    names: what an error message calls a key, versions.<key> by default.
    """
    result = {}
    for said, item in _mapping(value, "versions").items():
        key = str(said).lower().replace("-", "_")
        where = (names or {}).get(key, f"versions.{said}")
        _known_key(key, VERSION_KEYS, "versions")
        if key in result:
            raise InputError(f"versions.{said} is said twice; leave one of them out.")
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
        elif key in COUNTS:
            if not str(item).isdigit():
                raise InputError(f"versions.{key} is {item!r}; it takes {COUNTS[key]}.")
            result[key] = int(item)
        elif not isinstance(item, str):
            raise InputError(f"{where} must be text, not {_kind(item)}.")
        else:
            result[key] = item.strip()
    return result


def read_host(value, catalog):
    """The host to judge for, checked; empty entries left out. Raises InputError.

    A chip that is named by its SoC (Ascend910B4-1) gives `soc` beside the family.
    """
    result: dict[str, Any] = {}
    for key, item in _mapping(value, "host").items():
        _known_key(key, HOST_KEYS, "host")
        if item is None or item == "":
            continue
        where = f"host.{key}"
        if key == "chip":
            result[key], soc = chip_names.family(item, catalog)
            if soc:
                result["soc"] = soc
        elif key in HOST_WORDS:
            result[key] = _word(item, HOST_WORDS[key], where)
        elif key == "glibc":
            result[key] = _version(item, where)
        elif key == "installed":
            result[key] = _installed(item)
        elif key == "os" and isinstance(item, dict):
            for inner in item:
                _known_key(inner, INSTALLED_KEYS["os"], where)
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
        where = f"host.installed.{key}"
        _known_key(key, ("driver", "firmware", "cann"), "host.installed")
        if item is None:
            continue
        if key == "cann":
            listed = item if isinstance(item, list) else [item]
            result[key] = [_declared(entry, key, where, "version") for entry in listed]
        else:
            result[key] = _declared(item, key, where, "installed")
    return result


def _declared(value, part, where, version):
    """What is said of one thing that is installed; its version stands under the key `version`."""
    if not isinstance(value, dict):
        return {version: _version(value, where)}
    for key, item in value.items():
        _known_key(key, INSTALLED_KEYS[part], where)
        if key in _LISTS and item is not None and not isinstance(item, list):
            raise InputError(f"{where}.{key} must be a list, not {_kind(item)}.")
        if key == version and item is not None:
            _version(item, f"{where}.{key}")
    return value


def chip_key(value, catalog, where="host.chip"):
    """The family key of what somebody calls a chip: 910b, 310P, Ascend910B3, 910C, Atlas 800T A2. Raises InputError."""
    return chip_names.family(value, catalog, where)[0]
