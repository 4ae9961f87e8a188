#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: host_facts
short_description: Observe an Ascend host in one round trip
version_added: "0.1.0"
description:
  - Reads everything the plan needs to know of a host into C(ansible_facts.ascend) - system, accelerators, driver,
    firmware, CANN packages, Python environments, NPU health and users, free space, history and whether a reboot is due.
  - Changes nothing. Versions are read from the vendor's own files and from package metadata; nothing is imported, no
    package manager is asked. The only commands that may run are C(systemd-detect-virt), C(npu-smi), the driver's
    C(upgrade-tool), C(hccn_tool) where O(device_network) asks for it, and C(gcc) or C(cmake) where no file tells
    their version.
  - Works without root; what cannot be read then is V(null). Works on a host with nothing Ascend about it.
  - The variables C(ascend_install_path), C(ascend_user), C(ascend_env_root) and C(ascend_state_dir) are the defaults of
    the options of these names, where they are set.
notes:
  - The facts are an observation of one moment. Ansible may keep them in a fact cache; never decide from cached ones,
    observe again.
extends_documentation_fragment:
  - ascend.fleet.attributes.info
  - ascend.fleet.options.accelerators
  - ascend.fleet.options.beside
  - ascend.fleet.options.env_root
  - ascend.fleet.options.install_path
  - ascend.fleet.options.state
options:
  user:
    description: The driver's run user.
    type: str
    default: HwHiAiUser
  model_dir:
    description: Folder of role inference_check's model. Filled from its variables, so there is no need to give any.
    type: path
  must_answer:
    description:
      - Whether a host that does not answer has failed, with what to do in words, where C(ignore_unreachable) lets the
        play go on. Heeded on the control node.
    type: bool
    default: false
  npu_smi_timeout:
    description: Seconds to wait for C(npu-smi) and C(upgrade-tool), which hang with a dead driver.
    type: int
    default: 30
  container_runtime:
    description:
      - Whether to look at the vendor's container runtime and its engine. On by itself where C(ascend_components) names
        C(container_runtime) or C(ascend_container_runtime_version) is set; what ascend.fleet did is looked at anyway.
    type: bool
    default: false
  accounts:
    description: Users with a number of their own to look for. Filled from what the components make.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Name of the user., type: str, required: true}
      group: {description: Its group., type: str, required: true}
      number: {description: Number of both., type: int, required: true}
  container_engine:
    description: The engine to look at. The default is C(ascend_container_engine).
    type: str
    choices: [containerd, crio, docker, isula]
    default: docker
  device_network:
    description:
      - Whether to ask the chips for their network ports too, with the driver's C(hccn_tool). By default where
        C(ascend_device_network) or C(ascend_observe_device_network) says so.
    type: bool
    default: false
  host_tuning:
    description:
      - Whether to look at the settings of the operating system too. By default where C(ascend_host_tuning) is set; what
        ascend.fleet has set is looked at anyway.
    type: bool
    default: false
  network_ports:
    description: Network ports by chip family. Filled from the catalog, so there is no need to give any.
    type: dict
  device_network_timeout:
    description: Seconds that all queries of C(hccn_tool) together may take.
    type: int
    default: 120
author:
  - ascend.fleet contributors (@ascend-fleet)
"""

EXAMPLES = r"""
- name: Observe the host
  ascend.fleet.host_facts:
  become: true

- name: Show its chips and versions
  ansible.builtin.debug:
    msg: >-
      {{ ansible_facts['ascend'].accelerators.count }} chips of family
      {{ ansible_facts['ascend'].accelerators.family }}, driver {{ ansible_facts['ascend'].driver.installed }}
"""

RETURN = r"""
ansible_facts:
  description: Facts to add to the host.
  returned: always
  type: dict
  contains:
    ascend:
      description: What was observed. Every key is always there; what is not known is V(null).
      returned: always
      type: dict
      contains:
        schema:
          description: Version of this structure. It changes only when a key changes its meaning.
          type: int
          sample: 1
        hostname: {description: The host's own name., type: str}
        arch: {description: Architecture as the vendor's packages spell it., type: str, sample: aarch64}
        os:
          description: Distribution and package manager.
          type: dict
          contains:
            id: {description: V(ID) of os-release in lower case., type: str, sample: openeuler}
            id_like: {description: V(ID_LIKE) of os-release., type: list, elements: str}
            version: {description: V(VERSION_ID) of os-release., type: str, sample: "22.03"}
            name: {description: V(PRETTY_NAME) of os-release., type: str}
            family: {description: V(apt) or V(dnf); V(null) with neither., type: str, sample: dnf}
            package_manager: {description: "V(apt-get), V(dnf) or V(yum).", type: str, sample: dnf}
        kernel:
          description: The running kernel.
          type: dict
          contains:
            release: {description: As C(uname -r) prints it., type: str}
            headers: {description: "Whether its headers are there, which DKMS builds the driver with.", type: bool}
        python:
          description: The Python that ran this module.
          type: dict
          contains:
            version: {description: Its version., type: str, sample: 3.11.2}
            executable: {description: Its path., type: str, sample: /usr/bin/python3}
        glibc:
          description: Version of the GNU C library; V(null) where the C library is another one.
          type: str
          sample: "2.34"
        host_kind: {description: "V(physical), V(vm) or V(container).", type: str, sample: physical}
        host_kind_evidence: {description: How that was told., type: str, sample: "systemd-detect-virt: none"}
        boot_id: {description: "Identity of this boot, of the host or of a container.", type: str}
        accelerators:
          description: "NPUs by their PCI ids, so also before a driver is installed."
          type: dict
          contains:
            family:
              description: "Chip family; V(null) with none, with several, or with unknown ones."
              type: str
              sample: 910b
            count: {description: Chips., type: int, sample: 8}
            cards:
              description: Cards, as C(npu-smi) numbers them. An A3 server has 8 of them and 16 chips.
              type: int
              sample: 8
            product: {description: "Product, where all devices are the same one.", type: str, sample: Atlas 300I A2}
            role: {description: "V(training) or V(inference), where all devices agree.", type: str, sample: training}
            variant: {description: "V(ep) or V(soc), of a family that has both.", type: str, sample: soc}
            devices:
              description: >-
                One row per device - C(address), C(vendor), C(device), C(subsystem_vendor),
                C(subsystem_device), C(family), C(chips).
              type: list
              elements: dict
            unknown: {description: "Those that no row of the catalog knows, as above.", type: list, elements: dict}
            passed_through:
              {description: "C(address) and C(driver) of those given to virtual machines.", type: list, elements: dict}
            unknown_names: {description: Names of chips that the catalog lacks., type: list, elements: str}
            mixed: {description: Whether there are several chip families., type: bool}
        user:
          description: The driver's run user.
          type: dict
          contains:
            name: {description: The name that was looked for., type: str, sample: HwHiAiUser}
            exists: {description: Whether the user is there., type: bool}
            uid: {description: User id., type: int, sample: 1000}
            group: {description: Primary group., type: str}
            groups: {description: "All groups, the primary one included.", type: list, elements: str}
            shell: {description: Login shell., type: str, sample: /bin/bash}
            home: {description: Home folder., type: str}
            makes_group:
              description: >-
                Whether making the user makes a group of its name, as C(/etc/login.defs) has it; V(false) where one of
                the two is there.
              type: bool
        accounts:
          description:
            - What is known of O(accounts) - C(name), C(uid) of that name, C(gid) of its group, C(user_of_id) and
              C(group_of_id), the names that have the number now.
          type: list
          elements: dict
        tools:
          description: "Tools that installers, DKMS and the Python stack need, on the system's default path."
          type: dict
          contains:
            lspci: {description: Whether it is there., type: bool}
            ifconfig: {description: Whether it is there., type: bool}
            gcc: {description: Version; V(null) without gcc., type: str, sample: 12.2.0}
            cmake:
              description: "Version, from 3.23 on without its patch level; V(null) without CMake."
              type: str
              sample: "3.25"
            make: {description: Whether it is there., type: bool}
            dkms: {description: Whether it is there., type: bool}
            openssl: {description: Whether it is there., type: bool}
            conda: {description: Path; V(null) without., type: str}
            uv: {description: Path; V(null) without., type: str}
            pip3: {description: Path; V(null) without., type: str}
            pythons: {description: "What a venv can be made with, as V(3.11).", type: list, elements: str}
        driver:
          description: The NPU driver.
          type: dict
          contains:
            installed: {description: Version that its C(version.info) states., type: str, sample: 25.3.rc1}
            loaded: {description: Version that answers to C(npu-smi)., type: str, sample: 25.3.rc1}
            path: {description: Its folder., type: str, sample: /usr/local/Ascend/driver}
            package_version: {description: HDK version of the package; V(null) in old releases., type: str}
            build_version: {description: "What C(Version=) says, in the newest builds a number of its own.", type: str}
            innerversion: {description: The vendor's internal version., type: str, sample: V100R001C23SPC002B212}
            compatible_cann:
              description: Internal versions of CANN it says it works with.
              type: list
              elements: str
              sample: [V100R001C19, V100R001C23]
            compatible_firmware:
              description: Ranges of firmware it says it works with.
              type: list
              elements: list
              sample: [["7.0.0", "7.8.99"]]
            install_info: {description: All keys of C(/etc/ascend_install.info)., type: dict}
            recorded: {description: Whether that file names the driver. Null when this user cannot know., type: bool}
            ascendhal_version: {description: Version of its hardware layer., type: str}
            modules_loaded:
              {description: Whether a kernel module of it is loaded; V(null) when that cannot be read., type: bool}
            damaged: {description: What is wrong with the installation; V(null) when nothing is., type: str}
        firmware:
          description: The NPU firmware.
          type: dict
          contains:
            installed: {description: Version that its C(version.info) states., type: str, sample: 7.8.0.2.212}
            loaded:
              description: >-
                Version the chips run, by the driver's upgrade-tool (root only); several are
                joined with commas.
              type: str
            package_version: {description: HDK version of the package., type: str, sample: 25.3.rc1}
            compatible_driver:
              description: >-
                Ranges of drivers it says it works with; an upper limit may end in a dot (all of
                that release).
              type: list
              elements: list
              sample: [["24.1", "24.1."]]
            path: {description: Its folder., type: str, sample: /usr/local/Ascend/firmware}
            damaged: {description: What is wrong with the installation; V(null) when nothing is., type: str}
        cann:
          description: "Installed CANN packages, several releases side by side included."
          type: list
          elements: dict
          contains:
            product:
              description: >-
                V(toolkit), V(nnae), V(nnrt), V(kernels) or V(ops) (the same under two names),
                V(nnal), V(tfplugin), V(toolbox); V(pieces) of parts that were installed one by one, named in C(parts).
              type: str
              sample: nnae
            version:
              description: Version its own file states; V(null) in a damaged installation that states none.
              type: str
              sample: 8.3.RC1
            path: {description: Folder of the release., type: str, sample: /usr/local/Ascend/nnae/8.3.RC1}
            install_path: {description: Install path it was found below., type: str, sample: /usr/local/Ascend}
            latest: {description: Whether it is the release that C(latest) or C(cann) stands for., type: bool}
            innerversion: {description: The vendor's internal version., type: str, sample: V100R001C23SPC001B231}
            code: {description: The part of it that drivers list., type: str, sample: C23}
            compatible_version: {description: Internal versions it says it works with., type: list, elements: str}
            arch: {description: Architecture., type: str, sample: aarch64}
            chip: {description: Chip family of kernels and ops., type: str}
            info_file: {description: The file that states the version., type: str}
            set_env:
              {description: The script that sets its environment., type: str, sample: /usr/local/Ascend/nnae/set_env.sh}
            component_version: {description: Numeric version of its parts., type: str, sample: 8.3.0.1.200}
            wheels: {description: "Paths of the Python wheels it brings - C(te), C(hccl), C(topi).", type: dict}
            uninstall: {description: Its uninstaller., type: str}
            layout:
              description: "Where this release puts its files - V(5.1), V(6.0), V(6.3) or V(8.5)."
              type: str
              sample: "6.3"
            damaged: {description: What is wrong with the installation; V(null) when nothing is., type: str}
        cann_elsewhere:
          description: Folders with a CANN outside of those above, of users and of Conda packages.
          type: list
          elements: str
          sample: [/opt/conda/Ascend]
        missing_mounts: {description: "Files of its host's driver that a container lacks.", type: list, elements: str}
        environments:
          description: Python environments that carry our record, with this very path and the folder's owner in it.
          type: list
          elements: dict
          contains:
            name: {description: Name., type: str, sample: mindspore}
            path: {description: Folder., type: str, sample: /opt/ascend/envs/mindspore}
            provider: {description: "V(venv), V(conda) or V(uv).", type: str, sample: venv}
            owner: {description: User it belongs to., type: str, sample: root}
            adopted: {description: Whether somebody else made it and it was taken over., type: bool}
            python:
              {description: Its Python's version; V(null) when its interpreter is gone., type: str, sample: 3.11.2}
            packages:
              description: "Versions of the packages that matter, without half-installed ones."
              type: dict
              sample: {"mindspore": "2.7.1", "te": "0.4.0"}
            stack: {description: "The stack it was made for, as its marker says.", type: dict}
            cann_wheels_from:
              {description: CANN package that its C(te) and C(hccl) come from., type: str, sample: nnae 8.3.RC1}
        foreign_environments:
          description: What else lies below the folder of the environments; without empty folders and hidden names.
          type: list
          elements: dict
          contains:
            name: {description: Name., type: str, sample: mine}
            path: {description: Where it lies., type: str, sample: /opt/ascend/envs/mine}
            what: {description: What it is., type: str, sample: a Python 3.11 environment}
            owner: {description: User it belongs to., type: str, sample: root}
        extra_packages:
          description:
            - What was installed by an entry of C(ascend_extra_packages), by its record, and what somebody else has
              where an entry would go - C(name), C(version), C(damaged), C(ours), C(stands_on) and more.
          type: list
          elements: dict
        om_models:
          description:
            - The OM models in C(models) below O(state_dir), by the record beside each - C(name), C(path), C(present),
              C(soc) and C(cann) that it was converted for and with, C(sha256), C(model) (SHA-256 of the exported file),
              C(time), and C(source) with C(framework), C(version) and C(checkpoint_sha256).
          type: list
          elements: dict
        devices:
          description: "Device nodes of the driver - C(path), C(owner), C(group), C(mode)."
          type: list
          elements: dict
          sample: [{"path": "/dev/davinci0", "owner": "HwHiAiUser", "group": "HwHiAiUser", "mode": "0660"}]
        npu:
          description: "What C(npu-smi info) said, see M(ascend.fleet.npu_smi_info)."
          type: dict
          contains:
            available: {description: Whether it printed its table., type: bool}
            kind: {description: Kind of failure., type: str, sample: driver_not_loaded}
            code: {description: The vendor's number of the failure., type: int, sample: -8005}
            message: {description: The failure in words., type: str}
            fix: {description: What to do about it., type: str}
            npu_smi_version: {description: Version of the tool., type: str}
            driver_version: {description: Version of the loaded driver., type: str}
            chips: {description: One row per chip., type: list, elements: dict}
            processes: {description: Processes that use a chip., type: list, elements: dict}
        busy:
          description: >-
            Users of the NPUs - C(pid), C(user), C(command), C(source) (V(npu-smi) or V(open device)),
            C(device), C(container) (the engine and what it calls the container). The command is the program and the
            name of the script or module that it runs, without any argument. C(paused) is V(true) for the NPU exporter
            of ours, which a change stops and starts.
          type: list
          elements: dict
        disk:
          description: >-
            For each path that matters the space where it is, or would be - C(free_mb), C(total_mb),
            C(filesystem) - and its C(owner) and C(mode).
          type: dict
        cached: {description: "How many files M(ascend.fleet.stage) has in its cache.", type: int}
        journal:
          description: History of changes by this collection.
          type: dict
          contains:
            unfinished:
              {description: Start of the newest change that did not end well; V(null) without one., type: dict}
            unfinished_components:
              {description: The components with a change that did not end well., type: list, elements: str}
            before_last_run:
              description: Version of each component before the last run that changed it; V(null) for what was absent.
              type: dict
              sample: {"driver": "24.1.0"}
            environments_before_last_run:
              description: By path, C(python) and by name C(packages) before and after the last run that changed them.
              type: dict
            origin:
              description: Version of each component before the first change; V(null) for what was not there.
              type: dict
              sample: {"driver": null}
            held:
              description: >-
                The vendor packages that are ours - C(component), C(install_path), C(version), C(replaced) (whose place
                it took, of somebody else's), C(open) (not come to a good end). All others are somebody else's.
              type: list
              elements: dict
            entries: {description: The last 20 entries., type: list, elements: dict}
            previous: {description: Version of each component before its last change., type: dict}
            durations:
              description: Seconds that the last installation of each component took.
              type: dict
              sample: {"driver": 96.5}
        models:
          description: >-
            The folder of the model at O(model_dir) - C(path), and C(foreign), the names in it that somebody else put
            there.
          type: dict
        proofs:
          description: What was proven on this host.
          type: dict
          contains:
            inference: {description: The last generation of text; V(null) without one., type: dict}
            om: {description: The OM models that were proven; V(null) without one., type: dict}
            others:
              description: By framework those of further frameworks of the host; V(null) without one.
              type: dict
              sample: {"torch": null}
        npu_exporter:
          description: The vendor's exporter of chip metrics.
          type: dict
          contains:
            installed: {description: Its version., type: str, sample: 26.0.0}
            ours: {description: Whether this collection installed what is there., type: bool}
            path: {description: "Its program, else its unit; V(null) without both.", type: str}
            state: {description: State of its service., type: str, sample: active}
            enabled: {description: Whether the service starts with the host., type: bool}
            pid: {description: Its process., type: int}
            address: {description: Address that its unit names., type: str, sample: 127.0.0.1}
            port: {description: Port that its unit names., type: int, sample: 8082}
            damaged: {description: What is wrong with one of ours., type: str}
        container_runtime:
          description: The vendor's container runtime and its engine, where O(container_runtime) asks for them.
          type: dict
          contains:
            asked: {description: Whether it was asked for., type: bool}
            version: {description: Version that its own file states., type: str, sample: 26.0.0}
            damaged: {description: What is wrong with the installation; V(null) when nothing is., type: str}
            ours: {description: Whether ascend.fleet installed it., type: bool}
            open: {description: Whether its last change did not come to a good end., type: bool}
            path: {description: Its program., type: str}
            package: {description: File it was installed from., type: str}
            configured: {description: Whether ascend.fleet configured an engine., type: bool}
            engine:
              description: >-
                The engine - C(name), C(installed), C(active), C(config) (its file), C(problem) (why that file is not
                changed), C(runtime) and C(default) as the file says, C(answer) (C(runtimes), C(default) and
                C(live_restore) as the running engine says; V(null) where it cannot be asked), C(live_restore),
                C(running) (the names of its containers). V(null) where nobody asked.
              type: dict
        host_tuning:
          description: Settings of the operating system, where O(host_tuning) asks for them.
          type: dict
          contains:
            asked: {description: Whether they were asked for., type: bool}
            recorded: {description: Whether ascend.fleet has set some., type: bool}
            can_go_back: {description: Whether what was there before the last change is known., type: bool}
            files: {description: "By path C(text), V(null) without the file, and whether it is C(ours).", type: dict}
            live: {description: "By path of the kernel C(now), and C(before) our first change.", type: dict}
            available_governors: {description: "What may govern the CPUs; V(null) where nothing does.", type: list}
        device_network:
          description: The network of the NPUs, where O(device_network) asks for it.
          type: dict
          contains:
            asked: {description: Whether it was asked for., type: bool}
            available: {description: Whether the chips could be asked., type: bool}
            reason: {description: Why not., type: str}
            tool: {description: The program that answered., type: str, sample: /usr/local/Ascend/driver/tools/hccn_tool}
            port: {description: "What the catalog calls the ports: V(roce), V(ub); V(null) for none.", type: str}
            conf:
              description: "What C(/etc/hccn.conf) says - C(path), C(present), C(chips) (keys without number by chip)."
              type: dict
            chips:
              description: One row per chip; the dictionaries in it are described in C(docs/device-network.md).
              type: list
              elements: dict
              contains:
                chip: {description: "Physical number, by which hccn.conf and C(hccn_tool) count.", type: int}
                npu_id: {description: Its NPU id., type: int}
                chip_id: {description: Its number on the NPU., type: int}
                address: {description: Its address., type: str, sample: 198.51.100.10}
                netmask: {description: Netmask of the address., type: str, sample: 255.255.255.0}
                addresses: {description: "All its addresses - C(address), C(netmask).", type: list, elements: dict}
                gateway: {description: Its gateway., type: str}
                interface: {description: Interface of the gateway., type: str, sample: eth0}
                netdetect: {description: Address that it probes to tell its health., type: str}
                link: {description: State of the link., type: str, sample: UP}
                net_health: {description: What its own probes say., type: str, sample: Success}
                speed_mbps: {description: Speed of the link in Mbit/s., type: int, sample: 200000}
                duplex: {description: Duplex., type: str, sample: Full}
                mac: {description: MAC address., type: str, sample: "00:00:5e:00:53:01"}
                tls: {description: "V(null) where C(hccn.conf) does not name the switch.", type: dict}
                optics: {description: The optical module., type: dict}
                counters: {description: Counters by the tool's own names., type: dict}
                link_history: {description: Changes of the link., type: dict}
                lldp: {description: The switch and its port., type: dict}
                super_pod: {description: Its place in a super pod., type: dict}
                vnic: {description: "Its port inside a super pod - C(link), C(address), C(netmask).", type: dict}
                ipv6:
                  description: Of IPv6, where hccn.conf has an address - C(address), C(prefix_length), C(netdetect).
                  type: dict
                ports: {description: Ports of a 950., type: list, elements: dict}
                problems: {description: "Queries without an answer - C(kind), C(message).", type: dict}
            root_info:
              description: >-
                Of a 950, how its chips are reached by network layer - C(path), C(ranks) with C(device_id), C(local_id),
                C(level_list) each, and C(problem) where the file says nothing. V(null) for other families.
              type: dict
        reboot_required:
          {description: "Whether a reboot is due, told from the host's state. Never in a container.", type: bool}
        reboot_reasons:
          {description: Why., type: list, elements: str, sample: ["driver 25.3.rc1 is installed, 24.1.0 is loaded"]}
"""

from ansible_collections.ascend.fleet.plugins.module_utils import compiled

compiled.use()

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils.host import observation
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale


def main():
    module = AnsibleModule(
        argument_spec=dict(observation.SPEC, must_answer={"type": "bool", "default": False}),
        supports_check_mode=True,
    )
    host_locale.check(module)
    facts = observation.look(module.params)
    if not module.check_mode:
        compiled.keep()
    module.exit_json(changed=False, ansible_facts={"ascend": facts})


if __name__ == "__main__":
    main()
