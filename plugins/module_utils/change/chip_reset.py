# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reset of a sick chip by npu-smi: whom it concerns, who stands in the way, and how the chips are afterwards.

What the chips say afterwards is the evidence; the tool's own words are not published for a reset that works.
"""

import re
import time

from ansible_collections.ascend.fleet.plugins.module_utils.change.checks import Refused
from ansible_collections.ascend.fleet.plugins.module_utils.host import busy

COMPONENT = "chip_reset"
IN_BAND, OUT_OF_BAND = "in_band", "out_of_band"
# Before that no chip may be asked (npu-smi reference, set -t reset).
SETTLE = 20
_POLL = 5
_UNSUPPORTED = re.compile(r"does not support", re.IGNORECASE)
# Cards that stand alone; the chips of the others are on modules, where the reset of one resets all.
_ALONE = re.compile(r"(?:Ascend\s*)?310")


def command(npu_id, chip_id, mode):
    """The arguments of npu-smi."""
    words = ["set", "-t", "reset", "-i", str(npu_id), "-c", str(chip_id)]
    return words + (["-m", "1"] if mode == IN_BAND else [])


def concerned(chips, npu_id, chip_id):
    """The rows of npu-smi's table that a reset of one chip concerns: those of its card, or of all modules of the host.

    Raises:
        Refused: there is no such chip.
    """
    if not any((row["npu_id"], row["chip_id"] or 0) == (npu_id, chip_id) for row in chips):
        raise Refused(
            "Chip %s/%s is not reset" % (npu_id, chip_id),
            "npu-smi shows no such chip, but %s" % (", ".join(map(name, chips)) or "none"),
            "name one that it shows, as npu/chip; one that is missing needs a cold start of the host",
        )
    alone = all(_ALONE.match(row.get("name") or "") for row in chips)
    return [row for row in chips if not alone or row["npu_id"] == npu_id]


def in_the_way(users, processes, chips, scope):
    """The rows of busy.users() that a reset of the chips in scope would disturb.

    Who holds something that is no chip of its own, such as the manager or a namespace, uses any of them.
    """
    if len(scope) == len(chips):
        return list(users)
    of_pid = {}
    for row in processes:
        of_pid.setdefault(row.get("pid"), set()).add(row.get("npu_id"))
    ours = {row["npu_id"] for row in scope}
    numbers = {_number(row, place): row["npu_id"] for place, row in enumerate(chips)}
    found = []
    for user in users:
        cards = set(of_pid.get(user["pid"], ()))
        match = re.match(r"/dev/davinci(\d+)$", user.get("device") or "")
        # The first device that a process holds; it may hold others, which npu-smi names while it computes.
        if match:
            cards.add(numbers.get(int(match.group(1))))
        if not cards or None in cards or cards & ours:
            found.append(user)
    return found


def name(row):
    """A chip as people name it: npu/chip."""
    return "%s/%s" % (row["npu_id"], row["chip_id"] or 0)


def health(answer, scope):
    """{npu/chip: health} of the chips in scope; None for one that npu-smi does not show."""
    rows = {name(row): row["health"] for row in (answer.get("npu_smi") or {}).get("chips") or ()}
    return {name(row): rows.get(name(row)) for row in scope}


class Reset(object):
    """One reset.

    Args:
        npu_id, chip_id, mode: the chip, and the way.
        ask: runs npu-smi with arguments (a list); as npu.run(args=...).
        users: finds who uses the NPUs, given npu-smi's processes; as busy.users.
        wait: seconds that the chips may take to come back.
    """

    def __init__(self, npu_id, chip_id, mode, ask, users, wait, sleep=time.sleep, clock=time.monotonic):
        self.npu_id, self.chip_id, self.mode, self.wait = npu_id, chip_id, mode, wait
        self.ask, self.users, self._sleep, self._clock = ask, users, sleep, clock
        self.label = "%s/%s" % (npu_id, chip_id)

    def look(self, kind):
        """Who is concerned, and how they are: fills chips, scope and before.

        Args:
            kind: of the host: physical, vm or container.
        """
        if kind != "physical":
            raise Refused(
                "Chip %s is not reset" % self.label,
                "this is a %s, and a chip is reset on its physical host" % {"vm": "virtual machine"}.get(kind, kind),
                "run it on the host that holds the card",
            )
        answer = self.ask(["info"])
        if not answer["available"]:
            raise Refused(
                "Chip %s is not reset" % self.label,
                "npu-smi does not answer: %s" % answer["message"],
                "%s A driver that does not answer needs a reboot of the host" % answer["fix"],
            )
        self.chips, self.processes = answer["npu_smi"]["chips"], answer["npu_smi"]["processes"]
        self.scope = concerned(self.chips, self.npu_id, self.chip_id)
        self.before = health(answer, self.scope)

    def idle(self, ignore=lambda row: False):
        """Refuse while somebody uses a chip that would be reset. ignore: of a row, whether it is stopped meanwhile."""
        rows = [row for row in self.users(npu_processes=self.processes) if not ignore(row)]
        rows = in_the_way(rows, self.processes, self.chips, self.scope)
        if rows:
            raise Refused(
                "Chip %s is not reset" % self.label,
                "%s would be reset with it, and somebody uses them: %s"
                % (", ".join(map(name, self.scope)), "; ".join(map(busy.describe, rows))),
                "stop them, and drain the host in Kubernetes first; nothing waits for them or stops them",
                busy=rows,
            )

    def make(self):
        """Reset, wait, look. Returns {npu/chip: health} afterwards.

        Raises:
            Refused: the tool refused, or the chips are not well afterwards; C(facts["after"]) has them then.
        """
        answer = self.ask(command(self.npu_id, self.chip_id, self.mode))
        said = " ".join((answer.get("message") or (answer.get("npu_smi") or {}).get("text") or "").split())[:300]
        if answer["rc"] != 0 or _UNSUPPORTED.search(said):
            other = "out_of_band" if self.mode == IN_BAND else "in_band"
            raise Refused(
                "Chip %s was not reset" % self.label,
                "npu-smi says: %s" % (said or "nothing, exit code %s" % answer["rc"]),
                "try reset_mode=%s, or reboot the host; not every product has a reset" % other,
            )
        deadline = self._clock() + self.wait
        self._sleep(SETTLE)
        after = health(self.ask(["info"]), self.scope)
        while any(word != "OK" for word in after.values()) and self._clock() < deadline:
            self._sleep(_POLL)
            after = health(self.ask(["info"]), self.scope)
        ill = ["%s %s" % (chip, word or "is away") for chip, word in sorted(after.items()) if word != "OK"]
        if ill:
            raise Refused(
                "Chip %s was reset, and that did not help" % self.label,
                "%d s afterwards: %s" % (self.wait, ", ".join(ill)),
                "reboot the host, then start it cold; if it stays so, npu-smi info -t health names the fault codes",
                changed=True,
                after=after,
            )
        return after


def _number(row, place):
    """The number of a chip's device node, by what npu-smi says of it, else by its place."""
    for key in ("device_id", "phy_id"):
        if row.get(key) is not None:
            return row[key]
    return place
