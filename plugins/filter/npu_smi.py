# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ascend.fleet.npu_smi; its documentation is in npu_smi.yml."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.ascend.fleet.plugins.module_utils.host import npu as npu_smi_run


def npu_smi(text: Any, command: str = "info", strict: bool = True) -> dict[str, Any]:
    """Read output of npu-smi.

    Args:
        text: what npu-smi printed.
        command: npu-smi's arguments, such as "info -t usages".
        strict: fail when there is nothing to read; else return the failure as npu_smi_info does.

    Raises:
        AnsibleFilterError: the text holds no such output, with cause and fix.
    """
    result = npu_smi_run.read(text, tuple(command.split()))
    if result["available"]:
        return result["npu_smi"]
    if strict:
        raise AnsibleFilterError("ascend.fleet.npu_smi: {kind}: {message} {fix}".format(**result))
    return {key: result[key] for key in ("available", "kind", "code", "message", "fix")}


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Any]:
        """Return the filters by name."""
        return {"npu_smi": npu_smi}
