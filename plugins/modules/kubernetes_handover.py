#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the kubernetes_handover action. plugins/action/kubernetes_handover.py does the work."""

DOCUMENTATION = r"""
module: kubernetes_handover
short_description: Write labels and Helm values for a Kubernetes cluster with MindCluster
version_added: "0.1.0"
description:
  - Makes from what was observed of the hosts the commands that label them, the values of MindCluster's own Helm charts,
    the list of their images, and a page that says what an installation without a network has to bring and what stands
    against it. Touches no cluster.
  - Runs once, on the control node, and talks to no host. It reads the variables RV(ignore:ascend_observation) and
    RV(ignore:ascend_kubernetes_seen) of each host, the registered results of M(ascend.fleet.host_facts) and
    M(ascend.fleet.kubernetes_probe), and C(ascend_kubernetes_node), what the cluster calls a host.
  - A file that is right already is not written again.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.hosts
options:
  dir:
    description: Folder on the control node to write to. It is made where it is missing.
    type: path
    required: true
  release:
    description: Release of MindCluster; V(auto) is the newest that lists the drivers of most hosts.
    type: str
    default: auto
  registry:
    description: Registry, and path in it, that the images come from.
    type: str
    default: swr.cn-south-1.myhuaweicloud.com/ascendhub
  control:
    description: Names of the control nodes as the cluster calls them, which get their label too.
    type: list
    elements: str
    default: []
  volcano:
    description: Whether MindCluster's Volcano schedules.
    type: bool
    default: true
  catalog_overlay:
    description: Folder with YAML files whose rows add to or replace those of the catalog.
    type: path
"""

EXAMPLES = r"""
- name: Hand the hosts of the play over
  ascend.fleet.kubernetes_handover:
    dir: /srv/ascend-kubernetes
    control: [control-1]
  run_once: true
"""

RETURN = r"""
release:
  description: The release of MindCluster.
  returned: always
  type: str
  sample: 26.1.0
files:
  description: The files, in the order of their names.
  returned: always
  type: list
  elements: str
  sample: [crds-values.yaml, handover.md, images.txt, labels.sh, values.yaml]
hosts:
  description: By host what is to be said of it - C(rule), C(severity), C(message).
  returned: always
  type: dict
fleet:
  description: What is to be said of all hosts together.
  returned: always
  type: list
  elements: dict
good:
  description: Whether nothing stands against an installation.
  returned: always
  type: bool
ascend_lines:
  description: The same as lines for people.
  returned: always
  type: list
  elements: str
"""
