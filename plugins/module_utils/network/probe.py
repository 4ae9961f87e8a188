# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pings from the chips of a host to others' addresses, and a second look at what counts up meanwhile.

Given something that asks hccn_tool, so that it can be tried without one. One chip is asked one thing at a time; chips
work side by side. Nothing is changed.
"""

import collections
import threading
import time

from ansible_collections.ascend.fleet.plugins.module_utils.network.parse import (
    HccnError,
    parse_link,
    parse_net_health,
    shorten,
)
from ansible_collections.ascend.fleet.plugins.module_utils.network.ping import parse_hccs_ping, parse_ping
from ansible_collections.ascend.fleet.plugins.module_utils.network.tables import parse_link_stat, parse_stat

# How a probe is asked for, by its way: the words between the chip and the address, and who reads the answer.
WAYS = {
    "roce": (["-ping", "-g", "address"], parse_ping),
    "hccs": (["-hccs_ping", "-g", "address"], parse_hccs_ping),
}
OVER = "The time for all probes was over before this one."
# Of HccnError: the tool said that it does not reach, or could not even try. Anything else says nothing of the network.
_UNREACHED = ("no_address", "no_gateway", "failed")
_BETWEEN_LOOKS = 2.0  # seconds
# What is read again: query, reader, the keys that are kept.
_AGAIN = (
    ("-stat", parse_stat, ("counters",)),
    ("-link_stat", parse_link_stat, ("down_count",)),
    ("-link", parse_link, ("link",)),
    ("-net_health", parse_net_health, ("net_health",)),
)


def run(probes, look, ask, seconds, at_once, wait=0, clock=time.monotonic, sleep=time.sleep):
    """Run probes and the second look.

    Args:
        probes: list of {"chip", "address", "via"}.
        look: chips whose counters and history are read again afterwards.
        ask: takes a chip and the words of a query, returns what hccn_tool printed, raises HccnError (tool.Tool.ask).
        seconds: for everything; what has not begun then is not begun.
        at_once: chips that work side by side.
        wait: seconds that links which are down get to come up before, as after a change of their settings.
        clock: seconds, as of time.monotonic.
        sleep: as time.sleep.

    Returns:
        (list of {"chip", "address", "via", "state", "loss", "ms", "message"} in the order of the probes, {chip as text:
        {"counters": {name: int}, "down_count", "link", "net_health"}}, None for what is not said).
    """
    deadline = clock() + seconds
    patience = clock() + min(wait, seconds) if wait else None
    waiting = collections.OrderedDict((chip, []) for chip in look)
    for place, probe in enumerate(probes):
        waiting.setdefault(probe["chip"], []).append((place, probe))
    results, later = [None] * len(probes), {}
    chips = collections.deque(waiting.items())

    def work():
        while True:
            try:
                chip, mine = chips.popleft()
            except IndexError:
                return
            while patience is not None and clock() < patience and _down(chip, ask):
                sleep(_BETWEEN_LOOKS)
            for place, probe in mine:
                results[place] = _probe(probe, ask, clock() >= deadline)
            if chip in look:
                later[str(chip)] = _again(chip, ask, clock() >= deadline)

    threads = [threading.Thread(target=work, name="probes-%d" % number) for number in range(min(at_once, len(chips)))]
    for thread in threads:
        thread.daemon = True
        thread.start()
    for thread in threads:
        thread.join()
    return results, later


def _probe(probe, ask, over):
    words, read = WAYS[probe["via"]]
    if probe["via"] == "roce" and ":" in probe["address"]:
        words = ["-ping", "-inet6", "-g", "ipv6_address"]
    result = {"chip": probe["chip"], "address": probe["address"], "via": probe["via"]}
    result.update(state="unknown", loss=None, ms=None, message=OVER)
    if over:
        return result
    try:
        said = read(ask(probe["chip"], *(words + [probe["address"]])))
    except HccnError as error:
        state = "fail" if error.kind in _UNREACHED else "unknown"
        return dict(result, state=state, loss=100.0 if state == "fail" else None, message=shorten(str(error)))
    trouble = list(said["trouble"])
    # A packet that came back over a broken plane is one that the next job will miss.
    broken = [
        "L%s plane check result %#x" % (name, value) for name, value in sorted(said.get("planes", {}).items()) if value
    ]
    times, loss = said["times_ms"], said["loss_pct"]
    state = "fail" if not said["received"] else "loss" if loss or broken else "ok"
    return dict(
        result,
        state=state,
        loss=round(loss, 2),
        ms=round(sum(times) / len(times), 3) if times else None,
        message=shorten("; ".join(broken + trouble)) or None,
    )


def _down(chip, ask):
    try:
        return parse_link(ask(chip, "-link", "-g"))["link"] == "DOWN"
    except HccnError:
        return False


def _again(chip, ask, over):
    """What counts up at a chip, its link and health by now; empty where it cannot be told."""
    found = {"counters": {}, "down_count": None, "link": None, "net_health": None}
    if over:
        return found
    for query, read, keys in _AGAIN:
        try:
            said = read(ask(chip, query, "-g"))
        except HccnError:
            continue
        found.update({key: said[key] for key in keys})
    return found
