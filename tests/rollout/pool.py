"""The simulated servers of these tests, and which versions each of them has: every test says what it starts from.

A state has a name. What leads to it is a run of the site playbook from another state; `bare` is a new host. A test
takes hosts in a state and says in which one it leaves them; hosts of which nobody said so are made anew. Tests in
their order find most hosts as they want them, and one test alone gets there by itself.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from tests.support import playbook
from tests.support.fleet import Fleet, podman, vendor_file
from tests.support.paths import BUILD, ROOT
from tests.support.playbook import Run, Running

OUT = BUILD / "rollout"
HERE = ROOT / "tests" / "rollout"
SUBNET = "10.213.98.0/24"
# What the vendors' installers call and what an environment is made with, so that no run has to fetch it.
PACKAGES = ("pciutils", "net-tools", "kmod", "python3-pip", "python3-venv")
OLD = {"ascend_driver_version": "24.1.rc3", "ascend_cann_version": "8.0.RC3"}
NEW = {"ascend_driver_version": "25.3.rc1", "ascend_cann_version": "8.3.RC1"}
CANN = {"ascend_components": ["driver", "firmware", "cann", "kernels"]}


@dataclass(frozen=True)
class State:
    """A state: the one that it is reached from, and the runs of site that lead there."""

    start: str
    runs: tuple[tuple[dict, tuple[str, ...]], ...]


# old, new: driver and firmware. cann: CANN and kernels as well, all in one change. twice: the same in two changes.
STATES = {
    "old": State("bare", ((OLD, ()),)),
    "new": State("old", ((NEW, ()),)),
    "cann": State("new", (({**NEW, **CANN}, ()),)),
    "twice": State("old", (({**NEW, **CANN}, ("--tags", "npu_driver")), ({**NEW, **CANN}, ()))),
}


class Pool(Fleet):
    """Servers with two NPUs each, named npu-01 and so on.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        super().__init__("rollout")
        self.names = [f"npu-{number:02}" for number in range(1, count + 1)]
        self._state: dict[str, str] = {}

    # -- states ---------------------------------------------------------------------------------------------------

    def take(self, count: int, state: str) -> list[str]:
        """Names of so many hosts in a state, nothing noted and no fault on any of the pool's.

        Those that are in it already come first, then those from which it is reached, then the others.
        """
        way = _way(state)
        near = sorted(self.names, key=lambda name: _distance(self._state.get(name), way))
        taken = sorted(near[:count])
        self._make_new([name for name in taken if self._state.get(name) not in way])
        for step in way[1:]:
            late = [name for name in taken if way.index(self._state[name]) < way.index(step)]
            for variables, words in STATES[step].runs if late else ():
                run = self.play("site", {**variables, "ascend_rollout": ["100%"]}, *limit(late), *words)
                assert run.ok, f"{', '.join(late)} cannot be brought to the state {step}:\n{run.text[-3000:]}"
            self._state.update(dict.fromkeys(late, step))
        for name in taken:
            self._state.pop(name)
        self.quiet()
        return taken

    def leave(self, names: list[str], state: str) -> None:
        """Say in which state a test leaves hosts."""
        self._state.update(dict.fromkeys(names, state))

    def quiet(self) -> None:
        """No fault anywhere, nothing noted by any vendor's program so far."""
        for name in self.names:
            self.heal(name)
            self.forget_calls(name)

    def forget_calls(self, name: str) -> None:
        self.run(name, "rm", "-f", "/var/log/npu-sim/vendor-calls.log", "/var/tmp/hooks")

    def begin(self) -> None:
        """All hosts bare, with the distribution's packages already there."""
        row = {"name": "npu", "chip": "910B3", "cards": 2}
        self._image = self.prepared(row, SUBNET, PACKAGES)
        self._row = {**row, "image": self._image, "count": len(self.names)}
        self.up([self._row], SUBNET)
        self._state = dict.fromkeys(self.names, "bare")

    def _make_new(self, names: list[str]) -> None:
        """Bare hosts in place of those of which nobody knows what they have."""
        if names:
            podman("rm", "-f", "-t", "0", *map(self.container, names), check=True)
            for name in names:
                shutil.rmtree(self.silicon(name).parent, ignore_errors=True)
            self.up([self._row], SUBNET, again=False)
            self._state.update(dict.fromkeys(names, "bare"))

    # -- runs -----------------------------------------------------------------------------------------------------

    def start_site(self, variables: dict, *words: str) -> Running:
        return playbook.start("ascend.fleet.site", *words, **self._details(variables, {}))

    def play(self, book: str, variables: dict | None = None, *words: str, **settings: str) -> Run:
        """Run one playbook of the collection. settings: variables of its environment."""
        return playbook.play(f"ascend.fleet.{book}", *words, **self._details(variables or {}, settings))

    def _details(self, variables: dict, settings: dict[str, str]) -> dict:
        return {
            "inventory": [self.inventory, HERE / "inventory"],
            "variables": {"ascend_report_dir": str(OUT / "report"), **variables},
            "settings": {"ANSIBLE_STDOUT_CALLBACK": "ascend.fleet.progress", **settings},
            "log": OUT / "log.txt",
            "report": OUT / "report" / "report.json",
        }

    # -- what is looked at ----------------------------------------------------------------------------------------

    def installs(self, name: str) -> list[str]:
        """ "driver 25.3.rc1" and so on, for each installer that was started to change something."""
        return [
            f"{_component(call['package'])} {call['version']}"
            for call in self.calls(name)
            if call["event"] == "start" and not {"--check", "--version"} & set(call["argv"])
        ]

    def installed(self, name: str, component: str) -> str | None:
        """The version in the version file of driver or firmware, or of a CANN product."""
        return vendor_file(self, name, component)


def limit(names: list[str]) -> tuple[str, str]:
    """The words of a command line that leave out all other hosts."""
    return ("--limit", ",".join(names))


def _way(state: str) -> list[str]:
    """The states that lead to one, from bare on, itself included."""
    return ["bare"] if state == "bare" else [*_way(STATES[state].start), state]


def _distance(state: str | None, way: list[str]) -> int:
    """How far a host is from the end of a way; one that is not on it has to be made anew first."""
    return len(way) - way.index(state) if state in way else len(way) + 1


def _component(package: str) -> str:
    return next((word for word in ("driver", "firmware", "nnae", "kernels") if word in package), package)
