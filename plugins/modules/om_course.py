#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the om_course action. plugins/action/om_course.py does the work."""

DOCUMENTATION = r"""
module: om_course
short_description: Decide which inference host proves which model, and who converts it
version_added: "0.1.0"
description:
  - Every host with an inference chip proves the small model of the collection, and each of C(ascend_om_models) that its
    variables name. A host that has proven a model with the stack it has is left alone.
  - A model that is not an OM for the host's chip yet is converted by a host of the play with CANN's toolkit, of the
    host's release of CANN or an older one. Where there is none the host is skipped, with that reason.
  - Runs once, on the control node, and talks to no host. It reads what the plays left of each host,
    RV(ignore:ascend_observation) and the outcome of the rollout.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.hosts
options:
  models_dir:
    description: Folder on the control node that keeps converted models. What is there is not converted again.
    type: path
    required: true
  models:
    description: Further models for all inference hosts, as entries of C(ascend_om_models).
    type: list
    elements: dict
    default: []
  plans:
    description:
      - The plans of the hosts, as M(ascend.fleet.plan) returns them. Default is what the play registered as
        C(ascend_fleet_plan).
    type: dict
  force:
    description: Whether hosts prove again what they have proven.
    type: bool
    default: false
seealso:
  - module: ascend.fleet.model_convert
  - module: ascend.fleet.om_check
"""

EXAMPLES = r"""
- name: Lay out what is converted and proven
  ascend.fleet.om_course:
    models_dir: /srv/ascend/models
  run_once: true
  register: ascend_om_course
"""

RETURN = r"""
convert:
  description: By host, what it converts.
  returned: success
  type: dict
  sample:
    train-1: [{"name": "tiny", "folder": "/srv/tiny", "soc": "Ascend310P3", "options": {}, "environment": ""}]
prove:
  description:
    - By host, the models that it proves, and in C(waits) who converts those that are not converted yet. In check mode
      empty, as RV(convert).
  returned: success
  type: dict
  sample:
    infer-1: {"soc": "Ascend310P3", "stack": {}, "models": [{"name": "tiny", "om": "/srv/tiny-Ascend310P3.om"}]}
unproven:
  description:
    - By host, why it proves nothing - C(status) C(skipped) where nobody can convert the small model of the collection,
      C(failed) where a model that somebody asked for cannot be had - and the C(reason).
  returned: success
  type: dict
soc_names:
  description: The inference chips of the play, each once.
  returned: success
  type: list
  elements: str
  sample: [Ascend310P3]
"""
