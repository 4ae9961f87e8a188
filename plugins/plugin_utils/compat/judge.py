# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges one set of versions on one host: every rule, in the order of the stack."""

import re

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import (
    framework as compat_framework,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import (
    hdk as compat_hdk,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import (
    host as compat_host,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import (
    models as compat_models,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import (
    om as compat_om,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import (
    serving as compat_serving,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import (
    systems as compat_systems,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import (
    tensorflow as compat_tensorflow,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import (
    torch as compat_torch,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import Case
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import (
    is_known,
    is_listed,
    known_versions,
    stands_for,
)

# Versions of which the catalog has a table, and those of components whose files on a host say what they go with.
NUMBERED = tuple(
    dict.fromkeys(
        [
            *(one.name for one in components.ALL if one.versioned and one.tabled),
            *("torch", "torch_npu", "nnal", "vllm_ascend", "mindie", "mindcluster"),
        ]
    )
)
DECLARING = tuple(one.name for one in components.ALL if one.declares)

# Every rule id a finding can carry. docs/rules.md has a section for each.
RULES = (
    "unknown-version",
    "mindformers-none",
    "mindformers-pypi",
    "firmware-unknown",
    "driver-downgrade",
    "driver-firmware-pair",
    "hdk-chip",
    "cann-driver",
    "cann-chip",
    "firmware-flash",
    "firmware-step",
    "firmware-host-kind",
    "driver-host-kind",
    "training-on-inference-chip",
    "os-support",
    "os-minimum-hdk",
    "cann-flavor",
    "cann-python",
    "kernels-cann",
    "cann-wheels",
    "topi-removed",
    "mindspore-cann",
    "python-missing",
    "mindspore-python",
    "mindspore-package",
    "mindformers-mindspore",
    "mindformers-python",
    "mindformers-chip",
    "tensorflow-chip",
    "tensorflow-python",
    "tensorflow-cann",
    "torch-npu-torch",
    "torch-npu-cann",
    "torch-python",
    "torch-npu-pypi",
    "torch-cpu-build",
    "torch-companion",
    "nnal-cann",
    "serving-flavor",
    "vllm-ascend-stack",
    "vllm-ascend-pypi",
    "mindie-stack",
    "mindcluster-stack",
    "chip-support",
    "glibc",
    "package-name",
    "package-chip",
    "package-arch",
    "package-python",
    "package-version",
    "model-unknown",
    "model-mindformers",
    "model-chip",
    "model-feature",
    "om-chip",
    "om-cann",
    "onnx-opset",
    "atc-python",
    "atc-memory",
    "device-target-cpu",
)
CHECKS = (
    compat_host.host_kind,
    compat_host.training_on_inference_chip,
    compat_systems.os_support,
    compat_hdk.hdk_chip,
    compat_hdk.driver_firmware,
    compat_hdk.firmware_history,
    compat_hdk.cann_driver,
    compat_host.cann_chip,
    compat_framework.cann_flavor,
    compat_framework.cann_python,
    compat_framework.kernels_cann,
    compat_framework.cann_wheels,
    compat_framework.mindspore_cann,
    compat_framework.mindspore_python,
    compat_framework.python_missing,
    compat_framework.mindspore_package,
    compat_framework.mindformers_mindspore,
    compat_framework.mindformers_python,
    compat_framework.mindformers_chip,
    compat_tensorflow.tensorflow_chip,
    compat_tensorflow.tensorflow_python,
    compat_tensorflow.tensorflow_cann,
    compat_torch.torch_npu_torch,
    compat_torch.torch_npu_cann,
    compat_torch.torch_python,
    compat_serving.nnal_cann,
    compat_serving.serving_flavor,
    compat_serving.vllm_ascend_cann,
    compat_serving.vllm_ascend_python,
    compat_serving.vllm_ascend,
    compat_serving.mindie,
    compat_serving.mindcluster,
    compat_serving.chip_support,
    compat_host.glibc,
    compat_host.packages,
    compat_models.model,
    compat_om.om_chip,
    compat_om.om_cann,
    compat_om.onnx_opset,
    compat_om.atc_python,
    compat_om.atc_memory,
    compat_framework.device_target,
)
_FLAVORED = re.compile(r"(?:Ascend-cann-)?(toolkit|nnae|nnrt)[ _=/-]+(.+)\Z")


def normalised(chosen):
    """A copy without empty entries, and with "nnae 8.3.RC1" taken apart into flavour and version."""
    result = {name: value for name, value in chosen.items() if value not in (None, "", [], "auto")}
    match = _FLAVORED.match(result["cann"]) if isinstance(result.get("cann"), str) else None
    if match:
        result["cann"] = match.group(2)
        result.setdefault("cann_flavor", match.group(1))
    return result


def unknown_version(catalog, component, version, name=None):
    """Why version cannot be used, with the nearest known ones, or None when the catalog knows it.

    name: what the message calls the component, where that is not its own name.
    """
    if component not in NUMBERED or is_known(catalog, component, version):
        return None
    near = ", ".join(versions.nearest(version, known_versions(catalog, component)))
    return (
        f"{name or component} {version} is not in the catalog; nearest known: {near}. Correct the version, or describe "
        "it in a catalog overlay (ascend_catalog_overlay, see docs/catalog.md)."
    )


def _unknown(case):
    for component in NUMBERED:
        version = case.get(component)
        message = unknown_version(case.catalog, component, version) if version else None
        if not message:
            if not (component in DECLARING and case.declared(component)):
                _stands_for(case, component, version)
            elif not is_listed(case.catalog, component, version):
                _installed_unknown(case, component, version)
            continue
        if component in DECLARING and case.declared(component):
            _installed_unknown(case, component, version)
        else:
            case.error("unknown-version", message, "catalog", component)


def _installed_unknown(case, component, version):
    """What is installed stays, whatever the catalog knows; a warning where a driver does not say what it accepts."""
    says = component != "driver" or case.declared(component).get("compatible_cann")
    (case.info if says else case.warn)(
        "unknown-version",
        f"{component} {version} is not in the catalog; it is installed and stays, its own version.info decides what it "
        "accepts",
        "version.info on this host",
        component,
    )


def _stands_for(case, component, version):
    instead = stands_for(case.catalog, component, version) if version else None
    if instead:
        case.warn(
            "unknown-version",
            f"{component} {version} is judged as {instead}, which it belongs to by its number: what goes with itself "
            "the catalog does not know",
            "catalog",
            component,
        )


def judge(catalog, chosen, host, installed=None, accept=()):
    """Apply every rule.

    chosen: component -> version (any subset). host: chip, arch, host_kind, os, glibc, product, variant, installed
    (any subset). installed: what host_facts says about driver, firmware and cann. accept: rule ids the user accepts.
    Returns {"findings": [...], "evidence": [...]}; evidence lists the pairs that were confirmed, and by whom.
    """
    case = Case(catalog, normalised(chosen), host or {}, installed)
    _unknown(case)
    for rule in CHECKS:
        rule(case)
    for found in case.findings:
        found["accepted"] = found["rule"] in accept
    return {"findings": case.findings, "evidence": case.evidence}


def check(catalog, chosen, host, installed=None, accept=(), stack=None):
    """The findings of judge(). stack: a resolved stack to judge instead of single versions."""
    if stack:
        chosen = dict(from_stack(stack), **(chosen or {}))
    return judge(catalog, chosen, host, installed, accept)["findings"]


def from_stack(stack):
    """The versions of a resolved stack, as check() takes them."""
    chosen = {
        name: entry["version"] for name, entry in stack.items() if isinstance(entry, dict) and entry.get("version")
    }
    if stack.get("cann"):
        chosen["cann_flavor"] = stack["cann"].get("flavor")
    environments = (stack.get("python") or {}).get("environments") or []
    chosen["pythons"] = {row["framework"]: row["version"] for row in environments}
    if stack.get("inference"):
        chosen["device_target"] = stack["inference"].get("device_target")
    chosen["packages"] = [
        (stack.get(one.name) or {})["package"]
        for one in components.ALL
        if one.packaged and (stack.get(one.name) or {}).get("package")
    ]
    return chosen


def blocking(findings):
    """The findings that stop a run: errors nobody accepted."""
    return [found for found in findings if found["severity"] == "error" and not found.get("accepted")]
