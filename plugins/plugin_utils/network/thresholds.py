# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of what is measured: rows of the catalog, and what `ascend_network_thresholds` says instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import Level

TABLE = "network_thresholds"
VARIABLE = "ascend_network_thresholds"
BOUNDS = ("warn_below", "warn_above", "alarm_below", "alarm_above")


class ThresholdError(Exception):
    """Thresholds of the user's that cannot be used; the message names the variable and the fix."""


class Verdict(NamedTuple):
    """What a limit says of a value."""

    level: Level
    words: str  # such as "17.2 dB is below 18 dB"


class Threshold(NamedTuple):
    """The limits of one measure; None: none."""

    measure: str
    unit: str
    source: str
    warn_below: float | None = None
    warn_above: float | None = None
    alarm_below: float | None = None
    alarm_above: float | None = None

    def judge(self, value: float | None) -> Verdict | None:
        """What is wrong with a value; None where nothing is, or it is not known."""
        if value is None:
            return None
        levels: tuple[tuple[Level, float | None, float | None], ...] = (
            ("alarm", self.alarm_below, self.alarm_above),
            ("warn", self.warn_below, self.warn_above),
        )
        for level, below, above in levels:
            for bound, wrong, word in (
                (below, below is not None and value < below, "below"),
                (above, above is not None and value > above, "above"),
            ):
                if wrong:
                    return Verdict(level, f"{value:g} {self.unit} is {word} {bound:g} {self.unit}".replace(" %", "%"))
        return None


def read(rows: Iterable[Mapping[str, Any]], overrides: Any = None) -> dict[str, Threshold]:
    """The thresholds by measure.

    Args:
        rows: the catalog's table.
        overrides: `ascend_network_thresholds`: by measure, the bounds that are to differ; null takes one away.

    Raises:
        ThresholdError: an override of what there is not, or that is no number.
    """
    found = {str(row["measure"]): _row(row) for row in rows}
    if overrides is None:
        return found
    if not isinstance(overrides, Mapping):
        raise ThresholdError(f"{VARIABLE} is a dictionary of measures, such as {{snr_db: {{alarm_below: 16}}}}.")
    for measure, bounds in overrides.items():
        if measure not in found:
            raise ThresholdError(f"{VARIABLE}: there is no measure {measure}; known: {', '.join(sorted(found))}.")
        if not isinstance(bounds, Mapping) or not set(bounds) <= set(BOUNDS):
            raise ThresholdError(f"{VARIABLE}: {measure} takes {', '.join(BOUNDS)}, each a number or null.")
        numbers = {}
        for name, value in bounds.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
                raise ThresholdError(f"{VARIABLE}: {measure}.{name} is {value!r}; give a number, or null for no limit.")
            numbers[str(name)] = None if value is None else float(value)
        known = {**found[str(measure)]._asdict(), **numbers, "source": VARIABLE}
        found[str(measure)] = Threshold(**known)
    return found


def _row(row: Mapping[str, Any]) -> Threshold:
    bounds = {name: float(row[name]) for name in BOUNDS if row.get(name) is not None}
    return Threshold(str(row["measure"]), str(row["unit"]), str(row["source"]), **bounds)
