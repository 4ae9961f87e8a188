# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that several modules have, described once."""

from __future__ import annotations


class ModuleDocFragment:
    # Actions about many hosts at once.
    HOSTS = r"""
options:
  hosts:
    description: Names of the hosts it is about. Default is every host of the play, those that dropped out included.
    type: list
    elements: str
"""

    # Actions that judge versions against the catalog.
    JUDGING = r"""
options:
  accept:
    description:
      - Ids of rules whose errors are accepted. Their findings are returned with C(accepted) set to true, and a stack
        that only these rules forbid is taken.
    type: list
    elements: str
    default: []
  catalog_overlay:
    description: Folder with YAML files whose rows add to or replace those of the catalog.
    type: path
"""

    # Whatever downloads.
    DOWNLOAD = r"""
options:
  timeout:
    description: Seconds without a byte after which a download counts as interrupted and is resumed.
    type: int
    default: 60
  retries:
    description: Attempts in a row without a new byte before a download is given up.
    type: int
    default: 5
"""

    # What tells accelerators apart on a host, which has no catalog.
    ACCELERATORS = r"""
options:
  pci_ids:
    description: PCI ids of accelerators. Filled from the catalog, so there is no need to give any.
    type: list
    elements: dict
    suboptions:
      vendor: {description: "PCI vendor id, hexadecimal without C(0x), as all ids here.", type: str, required: true}
      device: {description: PCI device id., type: str, required: true}
      subsystem_vendor: {description: PCI subsystem vendor id., type: str}
      subsystem_device: {description: PCI subsystem device id., type: str}
      family: {description: "Chip family, for example V(910b).", type: str, required: true}
      chips: {description: Chips a device holds., type: int, default: 1}
      devices_per_card: {description: "Devices of a card: V(2) for A3, where each die is one.", type: int, default: 1}
      product: {description: Product name., type: str}
      role: {description: V(training) or V(inference)., type: str}
      variant: {description: 'V(ep) (a card in a server) or V(soc) (a board that is its own host).', type: str}
  npu_names:
    description: Chip family by the name C(npu-smi) prints. Filled from the catalog, so there is no need to give any.
    type: dict
"""

    # What fills the host's cache.
    CACHE = r"""
options:
  link_dir:
    description: Folder on the host in which every file shall be found by name too, for example for C(pip --find-links).
    type: path
  cache_max_mb:
    description: Bound of the host's cache in units of 10^6 bytes. The least recently used files go first.
    type: int
    default: 8192
  relays:
    description:
      - URLs of neighbours that serve their verified caches, such as C(http://192.0.2.7:8089), the nearest first. They
        are asked before any other source, and what they send is checked piece by piece.
      - With M(ascend.fleet.stage) the default is what M(ascend.fleet.relay_tree) has chosen for the host in this run.
    type: list
    elements: str
    default: []
  lock_timeout:
    description: Seconds to wait for another run that uses the cache of the same host.
    type: int
    default: 1800
"""

    # What looks at, or changes, an installation.
    INSTALL_PATH = r"""
options:
  install_path:
    description:
      - Where driver, firmware and CANN are, or go. Where the variable C(ascend_install_path) of the host is set, it is
        the default.
    type: path
    default: /usr/local/Ascend
"""

    # What looks at managed environments.
    ENV_ROOT = r"""
options:
  env_root:
    description:
      - The folder of managed Python environments. Where the variable C(ascend_env_root) of the host is set, it is the
        default.
    type: path
    default: /opt/ascend/envs
"""

    # What keeps or reads something of ours on the host.
    STATE = r"""
options:
  state_dir:
    description:
      - State folder of the collection on the host - journal, lock, C(cache/<sha256>/<name>), C(proofs), logs of
        installers. Where the variable C(ascend_state_dir) of the host is set, it is the default.
      - It and every folder above it must belong to root and be writable for root only; what changes the host refuses
        another one.
    type: path
    default: /var/lib/ascend-fleet
"""

    # What runs MindSpore.
    FRAMEWORK = r"""
options:
  environment:
    description: Folder of the managed Python environment.
    type: path
    required: true
  engine:
    description:
      - What computes. V(mindformers-pipeline) shows MindFormers' loader, tokenizer and generator; V(mindspore-plain) a
        model in MindSpore alone; V(torch-plain) a model in PyTorch alone, with torch_npu on an NPU.
      - Default is the strongest for what is installed in O(environment).
    type: str
    choices: [mindformers-pipeline, mindspore-plain, torch-plain]
  device_target:
    description: Where it runs.
    type: str
    choices: [Ascend, CPU]
    default: Ascend
  device_id:
    description: Which NPU.
    type: int
    default: 0
  processes:
    description:
      - With V(torch-plain) and a text, how many processes add their numbers with C(torch.distributed) afterwards, one
        an NPU by HCCL, on a CPU by gloo. V(0) is one for each NPU of the host, V(1) leaves it out.
    type: int
    default: 0
  stack:
    description: The versions this proves something for; kept in the proof.
    type: dict
    default: {}
  timeout:
    description: Seconds the run may take; compiling a large model for the first time takes minutes.
    type: int
    default: 900
"""

    # A package of which the entry of a variable says all there is to know.
    DECLARED = r"""
options:
  declared:
    description:
      - A C(.run) package that no component of ours knows, as an entry of C(ascend_extra_packages) declares it. Its name
        in the journal is C(extra:) and C(declared.name); C(component) is not given then.
      - What was installed by it is kept in a record in the state folder; to remove it, its name is enough.
    type: dict
    version_added: "0.1.0"
    suboptions:
      name: {description: Its name., type: str, required: true}
      install_path: {description: "Where it is installed, by default where the vendor's others are.", type: path}
      options: {description: "Words for its installation; C({install_path}) is that path.", type: list, elements: str}
      upgrade_options:
        description: Words that let it go over an earlier version. Without, that is removed first.
        type: list
        elements: str
        default: []
      remove:
        description: A script below its path, with words, or else options of the package; by default C(--uninstall).
        type: list
        elements: str
        default: []
      user: {description: The ordinary user who installs and owns it., type: str}
      proof: {description: "Its file that states its version, below its path.", type: str}
      pattern: {description: Regular expression whose first group is the version in that file., type: str}
      stands_on:
        description: What it is installed on top of, by component. On top of another one it is installed anew.
        type: dict
      of_component:
        description: Whether a component of ours declares it, which is its name in the journal then.
        type: bool
        default: false
      place_options:
        description: Further words where it does not go to the vendor's usual path.
        type: list
        elements: str
        default: []
      accept_licence:
        description:
          - Whether the licence is accepted that it asks for on its standard input. V(false) answers no, which it takes
            for a good end; its files tell.
        type: bool
      keeps:
        description: Files that it changes and that are not its own; they are put back as they were.
        type: list
        elements: path
        default: []
"""

    # What a host has beside its stack.
    BESIDE = r"""
options:
  python_packages:
    description: Distributions to look for in environments beside those we know. Filled from C(ascend_python_extra).
    type: list
    elements: str
    default: []
  extra_packages:
    description: Packages to look for, filled from C(ascend_extra_packages), so there is no need to give any.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Its name., type: str, required: true}
      install_path: {description: Where it is installed., type: path, required: true}
      proof: {description: "Its file that states its version, below that path.", type: str, required: true}
      pattern: {description: Regular expression whose first group is the version in that file., type: str}
"""
