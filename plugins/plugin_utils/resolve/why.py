# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says where each choice of the resolver comes from, and what the user should know about it."""

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import hdk as compat_hdk
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import Case, find_row, pattern_holds
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve.search import PAIRS

VERSIONED = ("mindspore", "mindformers", "cann", "driver", "firmware", "python")
GUEST_WHY = {
    "vm": "firmware: none, a virtual machine cannot flash its host's cards",
    "container": "driver and firmware: none, a container uses those of its host",
}


def explain(search, chosen, fixed, stack, why, case):
    """Say where each free choice comes from, and what the user should know about it."""
    for name in VERSIONED:
        if name in chosen and name not in fixed and chosen[name]:
            why.append(f"{name} {chosen[name]}: {_reason(search, name, chosen)}")
    if chosen.get("mindspore") and "mindformers" in chosen and chosen["mindformers"] is None:
        case.warn(
            "mindformers-none",
            "no MindFormers release is documented for MindSpore {}, so none is chosen. Set "
            "ascend_mindformers_version to one you know to work, or choose another "
            "MindSpore.".format(chosen["mindspore"]),
            "mf",
            "mindformers",
        )
    _explain_incomplete_hdk(chosen, fixed, stack, why, case)
    _explain_model(chosen, stack, case)
    kind = case.host.get("host_kind")
    if kind in GUEST_WHY:
        case.info("firmware-host-kind", GUEST_WHY[kind], "article; host (Huawei VM guide)")
    elif "firmware" in chosen and chosen["firmware"] is None:
        case.warn(
            "firmware-unknown",
            "the firmware that ships with driver {} for chip {} is not recorded in the "
            "catalog, so none is installed. Set ascend_firmware_version to the number in the package's "
            "name.".format(chosen.get("driver"), case.chip),
            "catalog/hdk.yml",
            "firmware",
        )
    present = search.present("driver")
    if kind == "container":
        _judge_hosts_driver(search, chosen, present, case)
    elif present and chosen.get("driver") and "driver" not in fixed and versions.compare(chosen["driver"], present) < 0:
        case.warn(
            "driver-downgrade",
            "driver {} is installed and does not accept CANN {}, so auto goes down to {}. "
            "Pin ascend_cann_version to a release it accepts to keep "
            "it.".format(present, chosen.get("cann"), chosen["driver"]),
            "catalog",
            "driver",
        )


def _explain_incomplete_hdk(chosen, fixed, stack, why, case):
    """CANN's own HDK is passed over when the catalog does not know which firmware ships with it for this chip."""
    row = find_row(case.catalog, "cann", chosen["cann"]) if chosen.get("cann") else None
    if row is None or "driver" in fixed or not stack["firmware"]:
        return
    for item in case.catalog["hdk"]:
        matched = case.chip in item["chips"] and any(pattern_holds(item, name) for name in row["hdk"])
        if matched and item["firmware"] is None and versions.compare(item["driver"], chosen["driver"]) > 0:
            why.append(
                "driver {}, the pair of CANN {}, is passed over: its firmware for chip {} is not recorded. Set "
                "ascend_firmware_version to the number in the package's name to choose "
                "it".format(item["driver"], chosen["cann"], case.chip)
            )


def _explain_model(chosen, stack, case):
    model = (stack["inference"] or {}).get("model")
    row = next((item for item in case.catalog["models"] if item["model"] == model), None)
    if row and chosen.get("mindformers") and stack["mindformers"]:
        first, last = row["mindformers"]
        if not versions.key(first) <= versions.key(chosen["mindformers"]) <= versions.key(last):
            case.warn(
                "model-mindformers",
                "the inference proof generates with {}, which MindFormers {} to {} carry "
                "and {} does not. Set ascend_mindformers_version, or take inference out of "
                "ascend_components.".format(model, first, last, chosen["mindformers"]),
                row["source"],
                "mindformers",
            )


def _judge_hosts_driver(search, chosen, present, case):
    if present and chosen.get("cann"):
        case.findings += [
            dict(found)
            for found in search.verdict(compat_hdk.cann_driver, {"cann": chosen["cann"], "driver": present})[1]
        ]


def _reason(search, name, chosen):
    present = search.present(name) if name in ("driver", "firmware") else None
    if versions.same(present, chosen[name]):
        return "it is installed and fits"
    for names, rule in PAIRS:
        other = names[0] if names[1] == name else names[1]
        if name not in names or not chosen.get(other) or (name, other) in (("cann", "driver"), ("driver", "firmware")):
            continue
        case = Case(search.catalog, {name: chosen[name], other: chosen[other]}, search.host, search.installed)
        rule(case)
        for found in case.evidence + case.findings:
            return "{} ({})".format(found["message"], found["source"])
    return "the newest the catalog knows for this host"
