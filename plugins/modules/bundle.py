#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the bundle action. plugins/action/bundle.py does the work on the control node."""

DOCUMENTATION = r"""
module: bundle
short_description: Collect everything a fleet's stacks need into one verified folder
version_added: "0.1.0"
description:
  - Resolves the stack of every kind of host from its C(ascend_*) variables and the catalog, and collects the vendor
    packages, the wheels for the hosts' Python and platform, and further files into O(dest).
  - Files come from O(sources) (also out of the vendor's zip archives) or from the vendor's store, with resume. Known
    hashes and the vendor's signatures are checked; a file that fails stays out.
  - Writes C(artifacts.lock.yml) with name, size, hash, address and licence of every file, after each file. The folder
    alone then provisions hosts without access to any network but the control node's.
  - Collects for O(hosts), observed earlier in the run into the variable C(ascend_observation), or for the kinds of
    hosts that O(chips) and O(arches) describe. Observed hosts get the files of their plans, by what their installed
    driver, firmware and CANN declare; of described ones only the catalog is known, and RV(rests_on) says so.
  - Runs on the control node only. The playbook C(ascend.fleet.bundle) observes the hosts and calls it.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.hosts
  - ascend.fleet.options.download
options:
  dest:
    description: Folder to fill; the later value of C(ascend_artifacts).
    type: path
    required: true
  chips:
    description:
      - Chip families to collect for when there are no hosts yet, for example 910b. The stack follows from the
        C(ascend_*) variables of the play.
    type: list
    elements: str
    default: []
  arches:
    description: Architectures of the hosts of O(chips), aarch64 or x86_64.
    type: list
    elements: str
    default: [aarch64]
  host_kind:
    description: One of physical, vm and container, for the hosts of O(chips); firmware is for physical hosts only.
    type: str
    default: physical
  glibc:
    description: Oldest glibc of the hosts of O(chips); decides which wheels fit. Default is 2.28.
    type: str
  sources:
    description: Folders on the control node with files that were downloaded by hand, packages, zips or wheels.
    type: list
    elements: path
    default: []
  files:
    description: Further files, for example model checkpoints.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Path in the bundle.
        type: str
        required: true
      kind:
        description: What the file is, for example model.
        type: str
      arch:
        description: Architecture the file is for.
        type: str
      url:
        description: Where to download it. Plain http only with O(files[].sha256).
        type: str
      headers:
        description:
          - Request headers for the download. Of these the lock keeps the harmless ones only (Accept, Referer,
            User-Agent), and of an address neither password nor query.
        type: dict
      sha256:
        description: Expected hash.
        type: str
      licence:
        description: Note kept in the lock.
        type: str
  requirements:
    description: Further pip requirements of the hosts' environment.
    type: list
    elements: str
    default: []
  build:
    description:
      - Requirements that are published only as source. Their wheels are built on the control node and taken only when
        they are pure Python. Building runs the package's own code, so each has to be named. With
        C(name==version --hash=sha256:...) the source is held against that hash first.
    type: list
    elements: str
    default: []
  wheels:
    description: Whether to collect wheels.
    type: bool
    default: true
  index:
    description: Index URL for pip, https; the default is pip's own configuration.
    type: str
  python:
    description: A Python of the control node that has pip; the default is Ansible's own, then python3.
    type: path
  ca_file:
    description: The vendor's root certificate (PEM). Without it a signature proves the content, not the signer.
    type: path
  crl_file:
    description:
      - The vendor's current revocation list (PEM or DER). The newest list known counts, whether given here, found
        beside a package or kept in C(crl/) of O(dest) by an earlier run; an older one is not believed.
      - Without any list the lock says that revocation was not checked.
    type: path
  signer:
    description:
      - Common name or whole subject (RFC 2253) of the certificate that signs the packages. No other may sign then.
      - Without it the certificate of the signer has to be one for signing code (extended key usage codeSigning).
    type: str
  require_signature:
    description: Refuse vendor packages whose signature is absent or whose signer is not proven by O(ca_file).
    type: bool
    default: false
  offline:
    description: Use O(sources) only.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Collect for hosts that need not exist yet
  ascend.fleet.bundle:
    dest: /srv/ascend
    sources: [/home/operator/Downloads]
    chips: [910b]
    arches: [aarch64]
  vars:
    ascend_mindspore_version: "2.7.1"
"""

RETURN = r"""
added:
  description: Files that are new in the lock.
  type: list
  elements: str
  returned: not in check mode
artifacts:
  description: Every file in the lock.
  type: list
  elements: str
  returned: not in check mode
bytes_received:
  description: Bytes downloaded from the vendor's store.
  type: int
  returned: not in check mode
dest:
  description: The folder.
  type: str
  returned: always
ascend_lines:
  description: What the folder holds, or would hold, as lines of text.
  type: list
  elements: str
  returned: always
lacking:
  description: What could not be had, why, and what to do.
  type: list
  elements: str
  returned: not in check mode
licences:
  description: Licence note by file.
  type: dict
  returned: not in check mode
rests_on:
  description: What the choice of files rests on, in sentences, observed hosts or the catalog alone.
  type: list
  elements: str
  returned: always
sets:
  description: The wheel sets of the lock with their files. In check mode the names of those that would be collected.
  type: raw
  returned: always
sources:
  description: Where each file would come from.
  type: dict
  returned: in check mode
total_bytes:
  description: Bytes of all files in the lock.
  type: int
  returned: not in check mode
unproven:
  description: Files with neither a signature beside them nor a known hash, and wheels built from an unknown source.
  type: list
  elements: str
  returned: not in check mode
"""
