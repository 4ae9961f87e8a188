# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts' side of a cluster: what MindCluster finds on a node, judged before anybody installs a chart. Pure.

Source: github:Ascend/mind-cluster @22bb3d98, manual installation (user, log folders, order), dependencies.
"""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import unit
from ansible_collections.ascend.fleet.plugins.plugin_utils import mindcluster, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.kubernetes import nodes
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Catalog, Finding, finding

_DRIVER_ID = 1000  # of HwHiAiUser in the vendor's images
_LOGS = "/var/log/mindx-dl"


def judge(catalog: Catalog, node: nodes.Node, release: str) -> list[Finding]:
    """What is to be said of one host; errors first.

    Args:
        release: of MindCluster.
    """
    if node.error:
        return [finding("unreachable", "error", f"it was not observed: {node.error}")]
    problem = nodes.name_problem(node.node)
    found = (
        [finding("node-name", "error", f"{node.node} is no name of a node: {problem}. Set ascend_kubernetes_node.")]
        if problem
        else []
    )
    found += [
        *_chips(catalog, node),
        *_driver(catalog, node, release),
        *_users(node),
        *_runtime(node, release),
        *_logs(node),
    ]
    return sorted(found, key=lambda one: ("error", "warning", "info").index(one["severity"]))


def _chips(catalog: Catalog, node: nodes.Node) -> Iterable[Finding]:
    if not node.chips:
        yield finding(
            "no-chips", "error", "no Ascend chip is known of it. Leave it out with --limit, or set ascend_chip."
        )
    elif nodes.row(catalog, node) is None:
        known = ", ".join(sorted({row["chip"] for row in catalog["kubernetes_nodes"]}))
        yield finding(
            "no-labels", "error", f"MindCluster's guide has no labels for chip {node.family}; it has them for {known}."
        )


def _driver(catalog: Catalog, node: nodes.Node, release: str) -> Iterable[Finding]:
    driver = values.part(node.facts, "driver")
    installed = values.text(driver.get("installed"))
    if not installed:
        yield finding("no-driver", "error", "it has no driver. Run ascend.fleet.site first.")
        return
    if node.facts.get("reboot_required"):
        yield finding("reboot", "error", "it waits for a reboot. Reboot it, then run again.")
    if not mindcluster.lists(catalog, release, installed, None, node.family):
        yield finding(
            "mindcluster-stack",
            "warning",
            f"no source says that MindCluster {release} goes with driver {installed}. Choose another release with "
            "ascend_kubernetes_release, or another driver.",
        )
    elif values.part(driver, "install_info").get("Driver_Install_For_All") == "no":
        yield finding(
            "driver-not-for-all",
            "error",
            f"its driver was installed for its own group only, and {unit.USER} cannot load libdcmi. Install it with "
            "npu_driver_install_for_all: true.",
        )


def _users(node: nodes.Node) -> Iterable[Finding]:
    user = values.part(node.facts, "user")
    if user.get("exists") and user.get("uid") not in (None, _DRIVER_ID):
        yield finding(
            "driver-user-id",
            "warning",
            f"{user.get('name')} has the id {user.get('uid')}; the vendor's images have {_DRIVER_ID}, and a "
            "container's user without the host's id is not let in. Build images with the host's id, or make the user "
            "anew.",
        )
    rows = [row for row in values.rows(node.facts, "accounts") if row.get("name") == unit.USER]
    account = rows[0] if rows else {}
    uid, other = account.get("uid"), account.get("user_of_id")
    if uid not in (None, unit.USER_ID):
        yield finding(
            "user-id",
            "error",
            f"{unit.USER} has the id {uid}; MindCluster's containers have {unit.USER_ID}. Change it with "
            f"usermod -u {unit.USER_ID} {unit.USER}.",
        )
    elif other not in (None, unit.USER):
        yield finding(
            "user-id-taken",
            "error",
            f"the user id {unit.USER_ID} belongs to {other}, and MindCluster runs as {unit.USER} with that id. Give "
            f"{other} another one.",
        )
    elif uid is None:
        yield finding(
            "no-user",
            "warning",
            f"there is no user {unit.USER} (id {unit.USER_ID}, in the driver's group), as whom noded and others write "
            f"their logs. Make it: useradd -u {unit.USER_ID} -m -s /sbin/nologin -G HwHiAiUser {unit.USER}.",
        )


def _runtime(node: nodes.Node, release: str) -> Iterable[Finding]:
    runtime = values.part(node.facts, "container_runtime")
    engine, installed = values.part(runtime, "engine"), values.text(runtime.get("version"))
    name = engine.get("name") or "the container engine"
    if not engine.get("installed"):
        yield finding(
            "no-engine",
            "error",
            f"it has no {name}. Name the one it has with ascend_container_engine, or let ascend.fleet install it.",
        )
    if not installed:
        yield finding(
            "no-runtime",
            "error",
            "Ascend-docker-runtime is not installed: containers would not get their chips. Add container_runtime to "
            "ascend_components and run ascend.fleet.site before the device plugin comes.",
        )
        return
    if not versions.same(installed, release):
        yield finding(
            "runtime-release",
            "warning",
            f"Ascend-docker-runtime {installed} and MindCluster {release} differ in release. Take one for both.",
        )
    if engine.get("installed") and engine.get("default") != "ascend":
        yield finding(
            "runtime-not-default",
            "warning",
            f"{name} does not use the ascend runtime by default: pods have to name a runtimeClass.",
        )


def _logs(node: nodes.Node) -> Iterable[Finding]:
    for row in values.rows(node.seen, "folders"):
        wanted = "0755" if row.get("path") == _LOGS else "0750"
        if row.get("exists") and row.get("mode") != wanted:
            text = f"{row['path']} has the mode {row.get('mode')}; MindCluster takes {wanted}."
            yield finding("log-folder", "warning", f"{text} Set it: chmod {wanted} {row['path']}.")


def of_all(hosts: list[nodes.Node]) -> list[Finding]:
    """What is to be said of the hosts together."""
    names: dict[str, list[str]] = {}
    for one in hosts:
        names.setdefault(one.node, []).append(one.name)
    found = [
        finding(
            "same-node", "error", f"{' and '.join(rows)} are both called {node}. Set ascend_kubernetes_node of one."
        )
        for node, rows in sorted(names.items())
        if len(rows) > 1
    ]
    drivers = sorted({str(values.part(one.facts, "driver").get("installed")) for one in hosts if not one.error})
    if len(drivers) > 1:
        found.append(finding("drivers-differ", "info", f"the hosts have different drivers: {', '.join(drivers)}."))
    return found
