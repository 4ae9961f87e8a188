# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From chosen versions to the stack that the plan and the roles work with: package files, flavour, wheels."""

from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import find_row
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve.files import hdk_row, name_or_none

# What a stack is made of, in the order it is installed.
COMPONENTS = ("driver", "firmware", "cann", "kernels", "python", "mindspore", "mindformers", "inference")


def build(catalog, chosen, pins, parts, host, chip, why, case):
    """{component: what installing it needs, or None where this host does not get it}. Adds to why what decided."""
    grammar, arch, key = catalog["filenames"], host["arch"], host.get("chip")
    variant = host.get("variant") if host.get("variant") == "soc" else None
    stack = dict.fromkeys(COMPONENTS)
    for name in ("driver", "firmware"):
        if name in parts and chosen.get(name):
            row = hdk_row(catalog, chosen["driver"], key) if chosen.get("driver") else None
            stack[name] = {
                "version": chosen[name],
                "hdk": row["hdk"] if row else None,
                "package": name_or_none(name, chosen[name], key, arch, grammar, variant),
            }
    cann = chosen.get("cann")
    row = find_row(catalog, "cann", cann) if cann else None
    if "cann" in parts and row:
        flavor = pins.get("cann_flavor") or (chip["default_flavor"] if chip else "nnae")
        if "cann_flavor" not in pins and flavor not in row["products"]:
            why.append(f"CANN flavour toolkit: CANN {cann} has no documented {flavor} package")
            flavor = "toolkit"
        stack["cann"] = {
            "flavor": flavor,
            "version": cann,
            "layout": row["layout"],
            "package": name_or_none(flavor, cann, None, arch, grammar),
        }
    if "kernels" in parts and row:
        stack["kernels"] = _kernels(catalog, pins, host, chip, cann, row, why, case)
    if "mindspore" in parts and chosen.get("mindspore"):
        found = find_row(catalog, "mindspore", chosen["mindspore"])
        stack["mindspore"] = {
            "version": chosen["mindspore"],
            "package": found["package"],
            "wheels": list(found["wheels"]),
            "distribution": "pypi" if chosen["mindspore"] in (found.get("pypi") or []) else found["distribution"],
        }
    if "mindformers" in parts and chosen.get("mindformers"):
        found = find_row(catalog, "mindformers", chosen["mindformers"])
        stack["mindformers"] = {
            "version": chosen["mindformers"],
            "distribution": found["distribution"],
            "branch": found.get("branch"),
        }
    if chosen.get("python") and {"python", "mindspore"} & parts:
        stack["python"] = {"version": chosen["python"]}
    if "inference" in parts:
        stack["inference"] = {
            "model": pins.get("model") or "gpt2",
            "device_target": pins.get("device_target") or "Ascend",
        }
    return stack


def _kernels(catalog, pins, host, chip, cann, row, why, case):
    wanted = pins.get("kernels")
    if wanted is False:
        return None
    published = "kernels" in row["products"]
    if wanted is True or (chip and chip["kernels"] and chip["role"] != "inference" and published):
        package = name_or_none("kernels", cann, host.get("chip"), host["arch"], catalog["filenames"])
        if package and published:
            return {"version": cann, "package": package}
        if wanted is True:
            case.warn(
                "package-name",
                "no kernels package is known for CANN {} on chip {}: ascend_cann_kernels is "
                "ignored".format(cann, host.get("chip")),
                row["source"],
                "kernels",
            )
    elif not published:
        why.append(f"kernels: none, CANN {cann} has no kernels package")
    return None
