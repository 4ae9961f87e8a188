# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the facts of a host, and what its probes saw later, to its ports. What has no sound value is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import (
    Host,
    Key,
    Port,
    Probe,
    Result,
    State,
    network_of,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.rank_table import Device, RankTableError, Server
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import number, part, plain, rows, text

# What the playbook registers for each host.
OBSERVATION, SEEN = "ascend_observation", "ascend_network_seen"
# Key of a lane's values in the facts -> key of the port's optics; a power has its unit in the name.
_LANES = {"tx_bias_ma": "tx_bias_ma", "host_snr_db": "host_snr_db", "media_snr_db": "media_snr_db"}
_FLAGS = ("tx_los", "rx_los", "tx_lol", "rx_lol")
# What hccn_tool says of an optic in place of an answer.
_GONE = {"no_optics": {"present": False}, "link_unreachable": {"unreachable": True}}
_STATES: tuple[State, ...] = ("ok", "loss", "fail", "unknown")


def of_host(name: str, observation: Mapping[str, Any], seen: Mapping[str, Any] | None = None) -> Host:
    """The ports of a host.

    Args:
        name: the host's.
        observation: the registered result of host_facts, asked for the NPUs' network.
        seen: the registered result of network_probe, where it ran.
    """
    facts = part(part(dict(observation), "ansible_facts"), "ascend")
    network = part(facts, "device_network")
    if not facts:
        return _without(name, text(observation.get("msg")) or "the host could not be observed", True)
    chips = [chip for chip in rows(network, "chips") if isinstance(chip, dict) and isinstance(chip.get("chip"), int)]
    if chips:
        family = text(part(facts, "accelerators").get("family"))
        conf = part(part(network, "conf"), "chips")
        later = part(dict(seen or {}), "later")
        ports = [
            _port(name, family, chip, part(conf, str(chip["chip"])), part(later, str(chip["chip"]))) for chip in chips
        ]
        tool = text(network.get("tool"))
        return {"name": name, "ports": ports, "tool": tool, "reason": None, "missing": False}
    count = number(part(facts, "accelerators").get("count"))
    reason = text(network.get("reason"))
    # A family with a port, whose tool does not answer, hides what is wrong; one without is no part of this network.
    return _without(name, reason, bool(count and text(network.get("port")) == "roce"))


def _without(name: str, reason: str | None, missing: bool) -> Host:
    return {"name": name, "ports": [], "tool": None, "reason": reason, "missing": missing}


def _addresses(chip: dict, conf: dict) -> dict[str, Any]:
    """Address, netmask and the like of the port, and what the file says of them: of IPv4, else of IPv6."""
    found: dict[str, Any] = {key: text(chip.get(key)) for key in ("netmask", "gateway", "netdetect")}
    found["address"] = _address(chip.get("address"))
    prefix, ipv6 = "", part(chip, "ipv6")
    if not found["address"] and conf.get("IPv6address") and not conf.get("address"):
        prefix = "IPv6"
        found["address"], found["netmask"] = _address(ipv6.get("address")), text(ipv6.get("prefix_length"))
        found["gateway"], found["netdetect"] = None, text(ipv6.get("netdetect"))
    told = {key: conf.get(prefix + key) for key in ("address", "netmask", "gateway")}
    return {**found, "file": {key: value for key, value in told.items() if isinstance(value, str)}}


def _port(name: str, family: str | None, chip: dict, conf: dict, later: dict) -> Port:
    history, neighbour, tls = part(chip, "link_history"), part(chip, "lldp"), chip.get("tls")
    switched = part(chip, "tls").get("enabled") if tls is not None else _switch(conf.get("tls_enable"))
    return Port(
        Key(name, int(chip["chip"])),
        family=family,
        **_addresses(chip, conf),
        # As it is by now: a link that was set a moment ago needs its time.
        link=text(later.get("link")) or text(chip.get("link")),
        health=text(later.get("net_health")) or text(chip.get("net_health")),
        speed=_integer(chip.get("speed_mbps")),
        mtu=_integer(conf.get("mtu")),
        priorities=text(conf.get("bitmap")),
        tls=switched if isinstance(switched, bool) else None,
        mac=text(chip.get("mac")),
        optics=_optics(chip),
        counters=_counters(chip),
        later=_counters(later),
        flaps=_integer(history.get("down_count")),
        flaps_later=_integer(later.get("down_count")),
        switch=text(neighbour.get("system")) or text(neighbour.get("chassis")),
        switch_port=text(neighbour.get("port")),
        vnic=_address(part(chip, "vnic").get("address")),
        pod=_integer(part(chip, "super_pod").get("super_pod_id")),
    )


def _address(value: Any) -> str | None:
    """An address and nothing else: other hosts give it to a program."""
    return value if isinstance(value, str) and network_of(value, "0") is not None else None


def _switch(value: Any) -> bool | None:
    """The TLS switch as hccn.conf has it: the device's own, kept there since it was first asked."""
    return {"0": False, "1": True}.get(str(value))


def _integer(value: Any) -> int | None:
    found = number(value)
    return int(found) if found is not None else None


def _counters(data: dict) -> dict[str, int]:
    return {str(name): value for name, value in part(data, "counters").items() if isinstance(value, int)}


def _optics(chip: dict) -> dict[str, Any]:
    optics, problem = (
        part(chip, "optics"),
        part(part(chip, "problems"), "optical") or part(part(chip, "problems"), "optics"),
    )
    if not optics:
        return dict(_GONE.get(str(problem.get("kind")), {}))
    if optics.get("present") is False:
        return {"present": False}
    found: dict[str, Any] = {key: _values(optics.get(name)) for name, key in _LANES.items()}
    unit = {"mW": "mw", "dBm": "dbm"}.get(str(optics.get("power_unit")))
    if unit:
        found.update({f"{name}_power_{unit}": _values(optics.get(f"{name}_power")) for name in ("tx", "rx")})
    flags = {name: optics[name] for name in _FLAGS if isinstance(optics.get(name), int)}
    return {**found, "present": optics.get("present"), "flags": flags}


def _values(values: Any) -> dict[int, float]:
    pairs = enumerate(values) if isinstance(values, list) else ()
    return {lane: float(found) for lane, value in pairs if (found := number(value)) is not None}


def results(probes: Sequence[Probe], seen: Mapping[str, Any] | None) -> list[Result]:
    """How the probes of a host ended; a probe of which nothing is told is unknown.

    Args:
        probes: those that were asked for.
        seen: the registered result of network_probe.
    """
    data = dict(seen or {})
    told = {(row["chip"], row["address"], row["via"]): row for row in rows(data, "probed") if _sound(row)}
    silence = text(data.get("msg")) or "the host did not answer"
    return [_result(probe, told.get((probe.source.chip, probe.address, probe.via)), silence) for probe in probes]


def _sound(row: Any) -> bool:
    known = isinstance(row, dict) and isinstance(row.get("chip"), int) and row.get("state") in _STATES
    return known and all(isinstance(row.get(key), str) for key in ("address", "via"))


def _result(probe: Probe, row: dict | None, silence: str) -> Result:
    if row is None:
        return Result(probe, "unknown", message=silence)
    state: State = next(state for state in _STATES if state == row["state"])
    return Result(probe, state, number(row.get("loss")), number(row.get("ms")), text(row.get("message")))


def of_fleet(names: Sequence[str], hostvars: Any) -> list[Host]:
    """The ports of every host, from what the plays registered.

    Args:
        names: the hosts.
        hostvars: Ansible's.
    """
    return [of_host(name, registered(hostvars, name, OBSERVATION), registered(hostvars, name, SEEN)) for name in names]


def configured(names: Sequence[str], hostvars: Any, plans: Any) -> list[str]:
    """The hosts whose network this run has set, or found, as `ascend_device_network` asks for it.

    Args:
        names: the hosts.
        hostvars: Ansible's.
        plans: of the run, by host.
    """
    found = []
    for name in names:
        plan = plans.get(name) if isinstance(plans, Mapping) else None
        stack = plan.get("stack") if isinstance(plan, Mapping) else None
        if not isinstance(stack, Mapping) or not stack.get("device_network") or not isinstance(plan, Mapping):
            continue
        outcome = (hostvars.raw_get(name) or {}).get("rollout_outcome")
        done = isinstance(outcome, Mapping) and outcome.get("status") == "changed"
        if plan.get("status") == "converged" or (plan.get("status") == "pending" and done):
            found.append(name)
    return found


def plans(hostvars: Any, name: str) -> Any:
    """The plans of the run, by host, as the plays registered them for one of its hosts; None where there are none."""
    planned = (hostvars.raw_get(name) or {}).get("ascend_fleet_plan")
    return planned.get("plans") if isinstance(planned, Mapping) else None


def facts_of(hostvars: Any, name: str) -> dict[str, Any]:
    """What host_facts saw of a host; empty where it did not answer."""
    return part(part(registered(hostvars, name, OBSERVATION), "ansible_facts"), "ascend")


def registered(hostvars: Any, name: str, variable: str) -> dict[str, Any]:
    """What a play registered for a host, as plain data; empty where it did not, or the host is not known."""
    found = plain((hostvars.raw_get(name) or {}).get(variable))
    return found if isinstance(found, dict) else {}


def server(name: str, server_id: str, observation: Mapping[str, Any], chips: Sequence[int] = ()) -> Server:
    """A host's part of a rank table.

    Args:
        name: the host's.
        server_id: by which the others know it.
        observation: the registered result of host_facts, asked for the NPUs' network.
        chips: those that take part; all where none is named.

    Raises:
        RankTableError: the host does not tell enough.
    """
    facts = part(part(dict(observation), "ansible_facts"), "ascend")
    found = {one["chip"]: one for one in rows(part(facts, "device_network"), "chips") if isinstance(one, dict)}
    told = part(part(facts, "device_network"), "root_info")
    ranks = {one["device_id"]: one for one in rows(told, "ranks") if isinstance(one, dict)}
    # A 950 says in one file how all its chips are reached, whatever its hccn_tool answers.
    found.update({chip: {"chip": chip} for chip in ranks if chip not in found})
    if not found:
        host = of_host(name, observation)
        raise RankTableError(f"{name} shows no chip with a network port: {host['reason'] or 'nothing asked for it'}.")
    absent = sorted(set(chips) - set(found))
    if absent:
        raise RankTableError(f"{name} has no chip {', '.join(map(str, absent))}: correct ascend_rank_table_chips.")
    pods = {_integer(part(found[chip], "super_pod").get("super_pod_id")) for chip in found}
    return Server(
        name,
        server_id,
        [
            Device(
                chip,
                text(found[chip].get("address")) or text(part(found[chip], "ipv6").get("address")),
                _integer(part(found[chip], "super_pod").get("super_device_id")),
                rows(ranks.get(chip), "level_list"),
                _integer((ranks.get(chip) or {}).get("local_id")),
            )
            for chip in sorted(chips or found)
        ],
        text(part(facts, "accelerators").get("family")),
        pods.pop() if len(pods) == 1 else None,
        reason=text(told.get("problem")),
    )
