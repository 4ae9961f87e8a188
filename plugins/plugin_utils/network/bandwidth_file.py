# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of the bandwidth on the control node: JSON lines that runs append to."""

from __future__ import annotations

import os
from collections import deque

from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import bandwidth

_LINES = 100_000  # of the history that are looked at


def read(path: str) -> bandwidth.Past:
    """What earlier runs measured. Raises AnsibleActionFail."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return bandwidth.read_history(deque(stream, _LINES))
    except FileNotFoundError:
        return bandwidth.Past({}, {})
    except OSError as error:
        raise _refusal(path, error) from error


def append(path: str, lines: list[str]) -> None:
    """Keep what this run measured. Raises AnsibleActionFail."""
    if not lines:
        return
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "a", encoding="utf-8") as stream:
            stream.write("".join(f"{line}\n" for line in lines))
    except OSError as error:
        raise _refusal(path, error) from error


def _refusal(path: str, error: OSError) -> AnsibleActionFail:
    return AnsibleActionFail(
        f"The history of the bandwidth in {path} cannot be used: {error.strerror or error}. Give a folder on the "
        "control node that this user may write to (ascend_report_dir)."
    )
