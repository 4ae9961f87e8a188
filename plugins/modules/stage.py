#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the stage action. plugins/action/stage.py does the work on the control node."""

DOCUMENTATION = r"""
module: stage
short_description: Bring verified vendor packages, wheels and models to a host, at most once
version_added: "0.1.0"
description:
  - Resolves every file on the control node, in a folder or on a mirror, together with its SHA-256. A file that is
    absent, damaged or without any hash fails here, before the host is touched.
  - Asks the host once which files its cache lacks. The host downloads them itself when there is an URL, with resume;
    what remains is sent over the Ansible connection. The host checks every file before it gets its name.
  - A host that has everything costs one module execution and is sent no byte of any file.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.cache
  - ascend.fleet.options.download
  - ascend.fleet.options.state
options:
  files:
    description: The files wanted; a plain string is short for a mapping with only O(files[].name).
    type: list
    elements: raw
    default: []
    suboptions:
      name:
        description: File name, or path below O(source). The architecture may be spelled x86_64 or x86-64.
        type: str
        required: true
      sha256:
        description: Expected hash. Without it the lock, or else the file in the folder, says it.
        type: str
      size:
        description: Size in bytes, for O(files[].url).
        type: int
      url:
        description: Where hosts download this file from; needs O(files[].sha256).
        type: str
      headers:
        description: Request headers for O(files[].url).
        type: dict
  sets:
    description:
      - Several sets of files that are brought together, so that the host is asked once for all of them. Each takes the
        options O(files), O(requirement_set), O(source), O(source_url), O(lock_sha256), O(state_dir), O(link_dir), and
        C(step), a name under which RV(steps) tells of its files.
      - What a set does not say of O(source) and O(state_dir) is as this task has it.
    type: list
    elements: dict
    default: []
  roles:
    description:
      - Roles of this collection, in the order of installation, which are asked for the sets that the host's plan takes,
        as M(ascend.fleet.work) asks them.
    type: list
    elements: str
  plan:
    description: The plan for O(roles). Default is the variable C(ascend_plan) of the host.
    type: dict
  before:
    description:
      - What this module has returned for the same plan before. It is returned again, and the host is not asked.
      - An empty one says nothing.
    type: dict
    version_added: "0.1.0"
  requirement_set:
    description: Name of a list in the lock (C(sets)), for example C(wheels-2.7.1-py3.11-aarch64); its files are added.
    type: str
  source:
    description:
      - Folder on the control node or http(s) URL of a mirror with the files. Where the variable C(ascend_artifacts) of
        the host is set, it is the default.
      - Where an C(artifacts.lock.yml) is beside the files it is the authority on their hashes. A folder without a lock
        works too, its files are hashed on the control node, once per content and not once per host. A mirror without a
        lock works only for files with O(files[].sha256).
      - Of a folder only regular files that lie in it are used; a link that leaves the folder is refused.
    type: str
  source_url:
    description:
      - URL at which the folder O(source) is served over HTTP, so that hosts fetch in parallel instead of through the
        Ansible connection. When a host cannot reach it the file is sent. The hashes come from the folder, so plain
        http will do here.
      - Default is the variable C(ascend_artifacts_url); an empty text means none.
    type: str
  lock_sha256:
    description:
      - SHA-256 that the C(artifacts.lock.yml) of O(source) must have. A mirror over plain http is used with it only,
        since anybody on the way could exchange the lock and the files together.
      - Default is the variable C(ascend_artifacts_lock_sha256); an empty text means none.
    type: str
"""

EXAMPLES = r"""
- name: Stage the driver and firmware packages
  ascend.fleet.stage:
    source: "{{ ascend_artifacts }}"
    files:
      - name: Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run
      - name: Ascend-hdk-910b-npu-firmware_7.8.0.2.212.run
  become: true
  register: npu_driver_staged

- name: Stage the wheels of one environment and have them in one folder
  ascend.fleet.stage:
    source: "{{ ascend_artifacts }}"
    requirement_set: wheels-2.7.1-py3.11-aarch64
    link_dir: /var/lib/ascend-fleet/wheels/mindspore
  become: true
"""

RETURN = r"""
files:
  description: Path on the host by the name asked for.
  type: dict
  returned: success
  sample:
    A300-firmware.run: /var/lib/ascend-fleet/cache/9f2c6a/A300-firmware.run
sha256:
  description: Hash by the name asked for.
  type: dict
  returned: success
steps:
  description: >-
    C(files) and C(sha256) as above by C(step) of O(sets), and C(whole), the names of the vendor packages that are whole
    by the sums they carry, as far as the control node has them.
  type: dict
  returned: success
work:
  description: What M(ascend.fleet.work) returns, for M(ascend.fleet.change).
  type: dict
  returned: with O(roles)
from_cache:
  description: Names that the host had already.
  type: list
  elements: str
  returned: success
bytes_sent:
  description: Bytes of files that this host was sent, by HTTP and over the connection. Always 0 in check mode.
  type: int
  returned: success
relay_bytes:
  description: Those of RV(bytes_sent) that came from neighbours.
  type: int
  returned: success
bytes_to_send:
  description: Bytes that check mode found lacking.
  type: int
  returned: in check mode
link_dir:
  description: The option of that name.
  type: str
  returned: when set
evicted:
  description: Hashes that left the host's cache to keep its bound.
  type: list
  elements: str
  returned: success
"""
