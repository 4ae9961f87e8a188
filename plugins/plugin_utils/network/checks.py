# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a single port shows to be wrong with it: link, optic, address, counters. One row of CHECKS per look.

Vendor facts: the meaning of hccn_tool's lines and the good values are those of github:Ascend/mind-cluster
(component/ascend-common/devmanager/hccn and the fault diagnosis toolkit); what hccn.conf says and the device does not
is vllm-project/vllm-ascend pull request 16847.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import Host, Key, Level, Port, Trouble, inside
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.thresholds import Threshold, Verdict

Limits = Mapping[str, Threshold]
_TOOL = "github:Ascend/mind-cluster component/ascend-common/devmanager/hccn"
_SITE = "github:vllm-project/vllm-ascend pull request 16847"
# Words of net_health that say that nobody asked for a verdict, or that it is not there yet.
_UNDECIDED = ("init",)
# Counters that mean something was lost; pauses only slow down.
_ERRORS = ("err", "bad", "drop", "discard", "fcs", "crc", "oversize", "undersize", "jabber", "fragment", "overrun")
_NO_ERRORS = ("pause", "pfc")


def of_hosts(hosts: Sequence[Host], limits: Limits) -> list[Trouble]:
    """What every host and port shows by itself.

    Args:
        hosts: the fleet.
        limits: thresholds by measure.
    """
    found = [trouble for host in hosts for trouble in _of_host(host)]
    for host in hosts:
        for port in host["ports"]:
            if port.used:
                found += [trouble for check in CHECKS for trouble in check(port, limits)]
    return found


def _of_host(host: Host) -> Iterator[Trouble]:
    if host["missing"]:
        yield Trouble(
            "host-silent",
            "alarm",
            host["name"],
            "The host could not be looked at, so nothing is known of its ports.",
            host["reason"] or "no answer",
            "Bring the host up (power, SSH, driver) and run again; the doctor says more of it.",
            "ascend.fleet",
        )
    used = [port for port in host["ports"] if port.used]
    without = [port for port in host["ports"] if not port.used]
    if used and without:
        yield Trouble(
            "address-missing",
            "alarm",
            ", ".join(port.place for port in without),
            "The chip has no address, unlike others of its host.",
            f"{len(used)} of {len(host['ports'])} chips have one",
            "Set ascend_device_network for this host and run ascend.fleet.site.",
            _TOOL,
            tuple(port.key for port in without),
        )


def _link(port: Port, limits: Limits) -> Iterator[Trouble]:
    """A link that is down, by the smallest thing that explains it: the optic, the light, else cable and far end."""
    if port.link is None or port.link.upper() == "UP":
        return
    optic = _optic_gone(port)
    if optic:
        yield optic
        return
    dark = [(word, verdict) for word, verdict in _optic_values(port, limits) if verdict.level == "alarm"]
    received = [f"{word}: {verdict.words}" for word, verdict in dark if word.startswith("Rx")]
    sent = [f"{word}: {verdict.words}" for word, verdict in dark if word.startswith("Tx")]
    if sent:
        yield _trouble(
            port,
            "optic-dead",
            "The link is down and the chip's optical module sends no proper light.",
            "; ".join(sent),
            "Replace the optical module of this chip.",
            _TOOL,
        )
    elif received:
        yield _trouble(
            port,
            "no-light",
            "The link is down and no light comes in.",
            "; ".join(received),
            "Clean or replace the cable, then look at the optical module at the switch and whether its port is shut.",
            _TOOL,
        )
    else:
        yield _trouble(
            port,
            "link-down",
            "The link is down.",
            f"link status: {port.link}",
            "See that the cable is in and the switch port is not shut, and that both ends have one speed and FEC mode; "
            "hccn_tool -i N -cfg recovery undoes a link that was set down.",
            _TOOL,
        )


def _optic_gone(port: Port) -> Trouble | None:
    """A module that is not there or does not answer; None where it does, or nothing is said."""
    present = port.optics.get("present")
    if port.optics.get("unreachable"):
        return _trouble(
            port,
            "optic-dead",
            "The optical module does not answer.",
            "hccn_tool -optical: Control link unreachable",
            "Reseat the optical module; replace it if it stays silent.",
            _TOOL,
        )
    if present is False:
        return _trouble(
            port,
            "optic-absent",
            "There is no optical module in the chip's port.",
            "hccn_tool -optical: not present",
            "Plug one in, or reseat it.",
            _TOOL,
        )
    return None


def _optic_values(port: Port, limits: Limits) -> Iterator[tuple[str, Verdict]]:
    """(what, verdict) of everything measured at the optic that is outside its limits."""
    for name, measure in (
        ("tx_power_mw", "tx_power_mw"),
        ("rx_power_mw", "rx_power_mw"),
        ("tx_power_dbm", "tx_power_dbm"),
        ("rx_power_dbm", "rx_power_dbm"),
        ("tx_bias_ma", "tx_bias_ma"),
        ("host_snr_db", "snr_db"),
        ("media_snr_db", "snr_db"),
    ):
        for lane, value in _lanes(port.optics.get(name)):
            verdict = limits[measure].judge(value)
            if verdict:
                yield f"{_WORDS[name]} lane {lane}", verdict


_WORDS = {
    "tx_power_mw": "Tx power",
    "rx_power_mw": "Rx power",
    "tx_power_dbm": "Tx power",
    "rx_power_dbm": "Rx power",
    "tx_bias_ma": "Tx bias",
    "host_snr_db": "host SNR",
    "media_snr_db": "media SNR",
}


def _lanes(values: Any) -> list[tuple[int, float]]:
    pairs = values.items() if isinstance(values, Mapping) else enumerate(values or ())
    return sorted((int(lane), float(value)) for lane, value in pairs if value is not None)


def _optic(port: Port, limits: Limits) -> Iterator[Trouble]:
    """An optic that works, and not well. That the link is down is told by _link."""
    if port.link is not None and port.link.upper() != "UP":
        return
    gone = _optic_gone(port)
    if gone:
        yield gone
        return
    found = list(_optic_values(port, limits))
    for names, rule, problem, fix in (
        (("Tx",), "optic-weak", "The chip's optical module sends outside its range.", "Replace the optical module."),
        (
            ("Rx",),
            "light-weak",
            "The light that comes in is outside its range.",
            "Clean or replace the cable, then the optical module at the switch.",
        ),
        (
            ("host SNR", "media SNR"),
            "snr-low",
            "The signal is noisy.",
            "Clean both ends of the cable and reseat the optical module; replace the module, then the cable.",
        ),
    ):
        told = [(word, verdict) for word, verdict in found if word.startswith(names)]
        if told:
            level: Level = "alarm" if any(verdict.level == "alarm" for _word, verdict in told) else "warn"
            evidence = "; ".join(f"{word}: {verdict.words}" for word, verdict in told)
            yield _trouble(port, rule, problem, evidence, fix, limits["snr_db"].source, level, explains=False)
    flags = [f"{name} {value:#x}" for name, value in (port.optics.get("flags") or {}).items() if value not in (0, 0xFF)]
    if flags and not any(word.startswith("Rx") for word, _verdict in found):
        yield _trouble(
            port,
            "optic-flags",
            "The optical module reports a lost signal.",
            ", ".join(flags),
            "Clean or replace the cable; then replace the optical module.",
            _TOOL,
            explains=False,
        )


def _address(port: Port, _limits: Limits) -> Iterator[Trouble]:
    """What the file says and the chip does not."""
    wanted = port.file.get("address")
    if wanted and not port.address:
        yield _trouble(
            port,
            "address-not-on-chip",
            "/etc/hccn.conf has an address for the chip, which the chip has not.",
            f"file: {wanted}; chip: none",
            "hccn_tool -i N -cfg recovery applies the file; ascend.fleet.site does where ascend_device_network is set.",
            _SITE,
        )
        return
    differing = [
        f"{name}: file {port.file[name]}, chip {getattr(port, name) or 'none'}"
        for name in ("address", "netmask", "gateway")
        if port.file.get(name) and not _same(port.file[name], getattr(port, name))
    ]
    if differing:
        yield _trouble(
            port,
            "file-differs",
            "/etc/hccn.conf says something else than the chip; the next restart of the driver changes the chip.",
            "; ".join(differing),
            "Decide which is right. With ascend_device_network set, ascend.fleet.site makes file and chip the same.",
            _SITE,
        )


def _same(one: str, other: str | None) -> bool:
    return other is not None and one.strip().casefold() == other.strip().casefold()


def _routes(port: Port, _limits: Limits) -> Iterator[Trouble]:
    network = port.network
    if port.address and network is None:
        yield _trouble(
            port,
            "netmask-wrong",
            "The chip's netmask is none.",
            f"{port.address} with netmask {port.netmask or 'none'}",
            "Set netmask in ascend_device_network.",
            _TOOL,
        )
    elif port.gateway and network is not None and not inside(port.gateway, network):
        yield _trouble(
            port,
            "gateway-outside",
            "The gateway is not in the chip's network, so it is never reached.",
            f"gateway {port.gateway}, network {network}",
            "Correct gateway or netmask in ascend_device_network.",
            _TOOL,
        )


def _health(port: Port, _limits: Limits) -> Iterator[Trouble]:
    """The chip's own probe of its detection target; a link that is down has said everything."""
    word = (port.health or "").strip()
    if word.casefold() in ("", "success", *_UNDECIDED) or (port.link or "UP").upper() != "UP":
        return
    yield _trouble(
        port,
        "detection-fails",
        "The chip does not reach its detection target.",
        f"net health status: {word}; target {port.netdetect or 'not set'}",
        "See that the target answers pings and is in the chip's network or behind its gateway.",
        _TOOL,
        explains=False,
    )


def _counters(port: Port, limits: Limits) -> Iterator[Trouble]:
    """Errors that were counted between the two looks."""
    limit = limits["error_counter"]
    grown = {
        name: value - port.counters[name]
        for name, value in port.later.items()
        if name in port.counters and value > port.counters[name] and counts_errors(name)
    }
    verdicts = [verdict for count in grown.values() if (verdict := limit.judge(count))]
    if verdicts:
        level: Level = "alarm" if any(verdict.level == "alarm" for verdict in verdicts) else "warn"
        yield _trouble(
            port,
            "errors-grow",
            "The port counted errors while it was looked at.",
            ", ".join(f"{name} +{count}" for name, count in sorted(grown.items())),
            "Clean or replace cable and optical module; compare speed, MTU and FEC mode with the switch port.",
            _TOOL,
            level,
            explains=False,
        )


def counts_errors(name: str) -> bool:
    """Whether a counter of hccn_tool -stat counts something that went wrong."""
    word = name.casefold()
    return any(part in word for part in _ERRORS) and not any(part in word for part in _NO_ERRORS)


def _flaps(port: Port, limits: Limits) -> Iterator[Trouble]:
    before, after = port.flaps, port.flaps_later
    if before is not None and after is not None and after > before:
        yield _trouble(
            port,
            "link-flaps",
            "The link went down while it was looked at.",
            f"link down count {before}, then {after}",
            "Reseat cable and optical module at both ends; look at the switch port's log.",
            _TOOL,
            explains=False,
        )
        return
    verdict = limits["flaps"].judge(before if after is None else after)
    if verdict:
        yield _trouble(
            port,
            "link-flaps",
            "The link has gone down again and again.",
            f"hccn_tool -link_stat: {verdict.words}",
            "Reseat cable and optical module at both ends; look at the switch port's log.",
            _TOOL,
            verdict.level,
            explains=False,
        )


CHECKS: tuple[Callable[[Port, Limits], Iterator[Trouble]], ...] = (
    _link,
    _optic,
    _address,
    _routes,
    _health,
    _counters,
    _flaps,
)


def _trouble(
    port: Port,
    rule: str,
    problem: str,
    evidence: str,
    fix: str,
    source: str,
    level: Level = "alarm",
    explains: bool = True,
) -> Trouble:
    keys: tuple[Key, ...] = (port.key,)
    fix = fix.replace("-i N ", f"-i {port.key.chip} ")
    return Trouble(rule, level, port.place, problem, evidence, fix, source, keys, keys if explains else ())
