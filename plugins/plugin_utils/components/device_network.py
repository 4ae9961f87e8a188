# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network between the NPUs: the addresses and switches of their RoCE ports, in hccn.conf and on the chips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.network import conf, difference
from ansible_collections.ascend.fleet.plugins.plugin_utils import values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Component, Member, Own, Site, Standing
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import wanted as wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack, Step, finding

_INDEX = "ascend_device_network_index"


class DeviceNetwork(Component):
    name = "device_network"
    title = "Network of the NPUs"
    role = "device_network"
    after = ("driver", "firmware")
    versioned = False
    tabled = False
    has_version = False
    disturbs = True
    removable = True
    minutes = 1
    fleet_variables = (wishes.VARIABLE, _INDEX)

    def together(self, members: Iterable[Member]) -> dict[str, Own]:
        servers = [_readable(member) for member in members if member.values.get(wishes.VARIABLE)]
        answers = wishes.judge(servers)
        return {
            name: Own(
                {"chips": answer.chips},
                [
                    finding("device-network", "error", f"{wishes.VARIABLE}: {error}", variable=wishes.VARIABLE)
                    for error in answer.errors
                ],
            )
            for name, answer in answers.items()
        }

    def installed(self, site: Site, stack: Stack) -> str | None:
        return None

    def step(self, site: Site, stack: Stack) -> Step | None:
        chips = (stack[self.name] or {}).get("chips") or {}
        seen = values.part(site.facts, self.name)
        if not seen.get("available"):
            # Nobody can say yet what the chips have: they answer when their driver is there.
            reason = seen.get("reason") or "the chips were not asked"
            return self._step(site.facts, None, chips, f"the chips cannot be asked yet: {reason}")
        found = difference.differences(chips, _in_file(seen), seen["chips"])
        if found:
            had = any(row["now"] for row in found if row["key"] in ("address", "IPv6address"))
            return self._step(site.facts, difference.words(found) if had else None, chips, difference.words(found))
        if self.name in (site.facts.get("journal") or {}).get("unfinished_components", ()):
            return self._step(site.facts, None, chips, f"an earlier change of {self.name} was interrupted")
        return None

    def _step(self, facts: Facts, now: str | None, chips: Mapping[str, Any], why: str) -> Step:
        count = len(chips)
        addresses = [str(conf.address(row)) for _number, row in sorted(chips.items(), key=lambda item: int(item[0]))]
        to = f"{count} chip{'s' if count != 1 else ''}: {', '.join(addresses)}"
        step = self.make_step(facts, "configure", None, to, why)
        step["disturbs"] = True
        if now:
            step["from"] = _now(facts)
        return step

    def label(self, step: Step) -> str:
        if step["action"] == "remove":
            return "network of the NPUs back to what it was"
        return f"network of {step['to']}"

    def standing(self, site: Site, everything: bool) -> list[Standing]:
        held = any(row["component"] == self.name for row in site.held)
        return [Standing("network of the NPUs", "as it was set")] if held else []

    def fingerprint(self, entry: dict[str, Any]) -> str | None:
        return None

    def wanted(self, stack: Stack) -> str | None:
        return None


def _in_file(seen: Mapping[str, Any]) -> dict[str, Any]:
    return (seen.get("conf") or {}).get("chips") or {}


def _now(facts: Facts) -> str:
    """The addresses that the chips have, as a step names those they get."""
    rows = values.part(facts, "device_network").get("chips") or []
    return f"{len(rows)} chip{'s' if len(rows) != 1 else ''}: {', '.join(map(_address, rows))}"


def _address(row: Mapping[str, Any]) -> str:
    return str(row["address"] or (row.get("ipv6") or {}).get("address") or "none")


def _readable(member: Member) -> wishes.Server:
    """The host; without what it says where that cannot be read, so that one host never ends the plan of the others."""
    try:
        return _server(member)
    except (TypeError, ValueError, LookupError, AttributeError):
        return _server(replace(member, facts=None))


def _server(member: Member) -> wishes.Server:
    facts = member.facts or {}
    seen, accelerators = values.part(facts, "device_network"), values.part(facts, "accelerators")
    chips: tuple[int, ...] | None = None
    has: dict[int, str] = {}
    if member.facts:
        rows = seen.get("chips") or []
        chips = tuple(row["chip"] for row in rows) or tuple(range(accelerators.get("count") or 0))
        has.update((row["chip"], row["address"]) for row in rows if row["address"])
        has.update((int(chip), row["address"]) for chip, row in _in_file(seen).items() if row.get("address"))
    elif member.planned:
        has = {int(chip): str(conf.address(row)) for chip, row in (member.planned.get("chips") or {}).items()}
    return wishes.Server(
        member.name,
        member.values[wishes.VARIABLE],
        member.values.get(_INDEX),
        member.chip["chip"] if member.chip else None,
        member.chip.get("network") if member.chip else {},
        chips,
        has,
        any((row.get("super_pod") or {}).get("super_pod_id") is not None for row in seen.get("chips") or []),
        facts.get("host_kind") == "container",
    )


COMPONENT = DeviceNetwork()
