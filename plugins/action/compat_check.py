# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges versions against the catalog on the control node, without a host."""

from __future__ import annotations

from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, judging
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import input as compat_input
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat


class ActionModule(judging.JudgingAction):
    ARGUMENTS = ("versions", "host", "report_only", "accept", "catalog_overlay")

    def act(self, args, task_vars):
        tables = catalog.load(args.get("catalog_overlay"))
        versions = compat_input.read_versions(judging.dictionary(args.get("versions"), "versions"))
        host = compat_input.read_host(judging.dictionary(args.get("host"), "host"), tables)
        if not versions and not host:
            raise compat_input.InputError('there is nothing to judge: name versions, such as {"driver": "25.3.rc1"}.')
        accept = judging.rule_ids(args.get("accept"), "accept")
        report_only = judging.flag(args.get("report_only"), "report_only")
        found = compat.judge(tables, versions, host, installed=host.get("installed"), accept=accept)
        findings = judging.sorted_findings(found["findings"])
        blocking = compat.blocking(findings)
        result = {
            "compatible": not blocking,
            "findings": findings,
            "evidence": found["evidence"],
            "msg": "compatible" if not blocking else " ".join(judging.finding_line(item) for item in blocking),
        }
        if blocking and not report_only:
            result["failed"] = True
        return result
