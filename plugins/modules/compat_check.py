#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the compat_check action. plugins/action/compat_check.py does the work on the control node."""

DOCUMENTATION = r"""
module: compat_check
short_description: Judge whether versions of the Ascend stack go together
version_added: "0.1.0"
description:
  - Judges driver, firmware, CANN, MindSpore, MindFormers, torch, serving engines and Python against the catalog of
    the collection, for a chip, an architecture and a kind of host. It needs no host and no NPU.
  - Everything is optional. It judges what it is given and says nothing about the rest.
  - Each finding has the id of its rule, a message that ends in the fix, and the source of the knowledge. The rules
    are described in C(docs/rules.md).
  - Official documents outrank reports of users. What no source says is a finding of severity V(info) or
    V(warning), never an error.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.judging
options:
  versions:
    description:
      - The versions to judge, as text. Keys are C(driver), C(firmware), C(cann), C(mindspore), C(mindformers),
        C(torch), C(torch_npu), C(python), C(kernels), C(nnal), C(vllm_ascend), C(vllm), C(triton_ascend), C(mindie),
        C(mindcluster). What people write is understood as well, such as V(2.10.0+cpu), V(v2.7.1) and V(CANN 8.3 RC1).
      - A driver may be a line of Huawei's tables, such as V(25.2.X).
      - Further keys are C(cann_flavor) (V(nnae), V(toolkit) or V(nnrt)), C(device_target) (V(Ascend) or V(CPU)),
        C(model), C(quantization) (V(int8)), C(inference_cards), C(packages) (list of package file names),
        C(mindspore_package), C(mindspore_wheel) (file name), and C(te), C(hccl), C(topi) and C(cann_wheels_from)
        (the CANN that a wheel comes from, such as V(nnae 8.3.RC1)).
      - Of a model for inference chips C(om_soc) and C(om_cann), the SoC and the CANN that it was converted for and
        with; C(opset) (version of ONNX's operators), and of the place where C(cann) converts C(atc_python),
        C(atc_numpy) and C(atc) (V(here) where the host itself is to convert).
    type: dict
    default: {}
  host:
    description:
      - What the host is. Keys are C(chip) (V(310), V(310p), V(310b), V(910), V(910b), V(a3), V(950), a SoC name such
        as V(Ascend910B3), a nickname such as V(910C), or a server or card such as V(Atlas 800T A2)), C(arch)
        (V(aarch64) or V(x86_64)), C(host_kind) (V(physical), V(vm) or V(container)), C(os) (such as
        V(openEuler 22.03)), C(glibc), C(product), C(variant) (V(ep) or V(soc), for 310b) and C(installed).
      - C(installed) is a dictionary with C(driver), C(firmware) and C(cann), each a version or what
        M(ascend.fleet.host_facts) returned for it; other keys are refused. What the vendor's files on a host declare
        counts beside the catalog, see C(cann-driver) in C(docs/rules.md).
    type: dict
    default: {}
  report_only:
    description: Return the findings and do not fail, even when one is an error.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Is this stack compatible?
  ascend.fleet.compat_check:
    versions:
      driver: "23.0.rc1"
      firmware: "6.3.0.1.241"
      cann: "6.0.1"
      mindspore: "1.10.1"
      python: "3.7"
    host:
      chip: "910"
      arch: aarch64
      host_kind: physical

- name: Collect findings about an experiment without failing
  ascend.fleet.compat_check:
    versions:
      mindspore: "2.7.1"
      mindformers: "1.0.2"
    accept: [mindformers-mindspore]
    report_only: true
  register: verdict
"""

RETURN = r"""
compatible:
  description: Whether no finding is an error that is not accepted.
  type: bool
  returned: always
findings:
  description: What was found, errors first.
  type: list
  elements: dict
  returned: always
  contains:
    rule:
      description: Id of the rule, a heading of C(docs/rules.md).
      type: str
      sample: driver-firmware-pair
    severity:
      description: V(error), V(warning) or V(info).
      type: str
    message:
      description: What is wrong, and what to change.
      type: str
    source:
      description: Who says so.
      type: str
    accepted:
      description: Whether the rule's id is in O(accept).
      type: bool
    variable:
      description: The variable to change, where there is one.
      type: str
evidence:
  description: The pairs that were confirmed, each with its source.
  type: list
  elements: dict
  returned: always
  contains:
    rule:
      description: Id of the rule.
      type: str
    message:
      description: What was confirmed.
      type: str
    source:
      description: Who says so.
      type: str
"""
