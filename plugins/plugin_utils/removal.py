# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a removal finds of a component on a host, and why it leaves it alone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Standing:
    """One thing of a component that is on the host, for a plan that removes it."""

    name: str
    version: str | None
    left_alone: str | None = None  # why it is left alone
    environment: str | None = None  # the name of the environment that it is


def left_alone(holding: dict[str, Any] | None, everything: bool) -> str | None:
    """Why something installed is left alone, or None when it is ours to remove. holding: the journal's."""
    if holding is None:
        return "it was not installed by ascend.fleet (the journal does not know it)"
    if everything and holding["replaced"]:
        return (
            f"ascend.fleet brought it in place of {holding['replaced']}, which was there before and was not installed "
            "by ascend.fleet"
        )
    return None
