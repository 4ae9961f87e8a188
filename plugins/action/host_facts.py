# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control-node half of host_facts: gives the module what the catalog and the host's variables say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, components, host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import limits as answer
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import observed
from ansible_collections.ascend.fleet.plugins.plugin_utils.host_action import HostAction
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import accounts, beside, declared, model_files
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import printable

HUAWEI = "19e5"
# Either of them asks for the network of the NPUs.
NETWORK = ("ascend_device_network", "ascend_observe_device_network")
_SILENT = (
    "{host} does not answer, so nothing can be said of it: {said}. Cause: it is down, did not come back from a reboot,"
    " or cannot be reached. Fix: look at its console and network, and run again when ansible {host} -m ping answers;"
    " a host that needs longer to boot gets it with ascend_reboot_timeout."
)
_RUNTIME = "container_runtime"
_FIX = "Run again; if it says so again, find out what answers for ascend.fleet.host_facts on this host."

observed.shape()  # read before the workers fork, as the catalog is
catalog.load_early()


class ActionModule(HostAction):
    MODULE = "host_facts"
    FROM_VARIABLES = {
        **host_variables.places("install_path", "env_root", "state_dir"),
        "user": "ascend_user",
        "container_engine": "ascend_container_engine",
    }
    _supports_async = False

    def act(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        given = dict(self._task.args)
        must_answer = boolean(given.pop("must_answer", False))
        arguments = self.completed(given, self._templar, task_vars)
        try:
            said = self._execute_module(
                module_name="ascend.fleet.host_facts", module_args=arguments, task_vars=task_vars
            )
        except AnsibleConnectionFailure as error:
            if not must_answer:
                raise
            # Without its cause, whose words Ansible would add as the host gave them.
            raise AnsibleActionFail(silent(task_vars, error)) from None
        return self.handed_on(said, ["host_facts"])

    @classmethod
    def completed(cls, args: Mapping[str, Any], templar: Any, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The arguments with what the catalog and the host's variables say. Raises AnsibleActionFail."""

        def variable(name: str) -> Any:
            return host_variables.value(templar, task_vars, name)

        arguments = dict(args)
        try:
            tables = catalog.load(variable("ascend_catalog_overlay"))
        except catalog.CatalogError as error:
            raise AnsibleActionFail(str(error)) from error
        arguments.setdefault("pci_ids", pci_ids(tables["chips"]))
        arguments.setdefault("npu_names", npu_names(tables["chips"]))
        if "device_network" not in arguments and any(bool(variable(name)) for name in NETWORK):
            arguments["device_network"] = True
        if arguments.get("device_network"):
            arguments.setdefault("network_ports", network_ports(tables["chips"]))
        arguments.setdefault("host_tuning", bool(variable("ascend_host_tuning")))
        containers = _wants_runtime(variable)
        arguments.setdefault(_RUNTIME, containers)
        arguments.setdefault("accounts", _accounts(variable, containers))
        # Where what ascend_extra_packages names would be; wrong entries are the plan's to complain about.
        proofs = beside.proofs({name: variable(name) for name in beside.READS}, tables)
        arguments.setdefault("extra_packages", proofs)
        arguments.setdefault("python_packages", beside.distributions(variable))
        if folder := model_files.folder(model_files.values(variable)):
            arguments.setdefault("model_dir", folder)
        return arguments

    def handed_on(self, said: Any, modules: list[str], asynchronous: bool = False) -> dict[str, Any]:
        """The answer with the one fact that the module gives, checked: the plan and the roles rely on its shape."""
        result = super().handed_on(said, modules, asynchronous)
        return result if result.get("failed") else with_facts(result, said)


def with_facts(result: dict[str, Any], said: Any) -> dict[str, Any]:
    """A result with the observation of an answer in it, or failed where that is none."""
    try:
        seen = observed.facts(said)
    except answer.AnswerError as error:
        return {**result, "failed": True, "msg": f"{error} Nothing of it is used. {_FIX}"}
    return {**result, "ansible_facts": {**result.get("ansible_facts", {}), "ascend": seen}}


def silent(task_vars: Mapping[str, Any], error: Exception) -> str:
    """What is said of a host that does not answer where somebody relies on it."""
    return _SILENT.format(host=task_vars["inventory_hostname"], said=printable(str(error)))


def _wants_runtime(variable: Callable[[str], Any]) -> bool:
    """Whether somebody asks for the container runtime; that all components are the default asks for nothing."""
    parts = variable("ascend_components")
    parts = parts.split(",") if isinstance(parts, str) else parts
    named = isinstance(parts, (list, tuple)) and _RUNTIME in [str(part).strip() for part in parts]
    return named or variable("ascend_container_runtime_version") not in (None, "", "auto")


def _accounts(variable: Callable[[str], Any], containers: bool) -> list[dict[str, Any]]:
    """The users to look for, from variables that nobody has judged yet; the plan complains about a wrong number."""
    names = {name for one in components.ALL for name in one.account_variables}
    desired = {name: variable(name) or declared.default(name) for name in names}
    numbers = [str(value) for name, value in desired.items() if name.endswith("_id")]
    if any(said not in ("", "auto") and not said.isdigit() for said in numbers):
        return []
    parts = {one.name: containers or not one.for_containers for one in components.ALL}
    rows = accounts.wanted(desired, parts)
    return [{"name": row.name, "group": row.group, "number": row.number} for row in rows]


def pci_ids(chips: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The catalog's chips table as the flat rows of ids the module matches devices with."""
    return [
        {
            "vendor": row.get("vendor", HUAWEI),
            "device": row["device"],
            "subsystem_vendor": row.get("subsystem_vendor"),
            "subsystem_device": row.get("subsystem_device"),
            "family": chip["chip"],
            "chips": row.get("chips", 1),
            "devices_per_card": chip.get("devices_per_card", 1),
            "product": row.get("product"),
            "role": row.get("role", chip["role"]),
            "variant": row.get("variant"),
        }
        for chip in chips
        for row in chip["pci"]
    ]


def network_ports(chips: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """{chip family: what its network ports are}, of the families that have any."""
    return {
        chip["chip"]: {"port": chip["network"]["port"], "super_pod": chip["network"].get("super_pod", False)}
        for chip in chips
        if chip.get("network")
    }


def npu_names(chips: list[dict[str, Any]]) -> dict[str, str]:
    """{name as npu-smi prints it: chip family}."""
    return {name: chip["chip"] for chip in chips for name in chip.get("npu_smi_names", ())}
