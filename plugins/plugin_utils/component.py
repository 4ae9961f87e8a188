# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a component is to resolver, planner, rollout, report and bundle: one class, and a file of components/ for each.

A component's methods are pure. What it does not say for itself is what holds for a vendor package on any host.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import published, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.question import (
    CONFIRMED,
    DOUBTFUL,
    REFUSED,
    SAID,
    UNKNOWN,
    Account,
    Choice,
    Member,
    Own,
    Site,
    Verdict,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.removal import Standing
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import (
    Action,
    Catalog,
    Facts,
    Stack,
    Step,
    Subject,
)

if TYPE_CHECKING:
    from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve.search import Search

# What a component's file needs, from one place.
__all__ = [
    "CONFIRMED",
    "DOUBTFUL",
    "REFUSED",
    "SAID",
    "UNKNOWN",
    "Account",
    "Choice",
    "Component",
    "Member",
    "Own",
    "Site",
    "Verdict",
    "journal",
]

_DONE = {
    "upgrade": "upgraded",
    "downgrade": "downgraded",
    "repair": "repaired",
    "install": "installed over",
    "remove": "removed",
    "replace": "replaced",
}


class Component(ABC):
    """One component. The class attributes are its description; a file of components/ sets what differs."""

    name = ""
    title = ""  # as people write it
    column = ""  # its title over a column of versions, where that is another one
    role = ""  # the role that carries out its steps
    after: tuple[str, ...] = ()  # the components that are installed before it, where a host gets both
    follows: tuple[str, ...] = ()  # the components whose version is chosen before its own
    inside: tuple[str, ...] = ()  # the components it lies inside of: whose they are decides whose it is
    products: tuple[str, ...] = ()  # what journal and facts call it, where that is not its name
    versioned = True  # whether it has a version that a user can choose by `variable`
    aside = False  # whether it stands beside any stack: its version says nothing of what a host is for
    account_variables: tuple[str, ...] = ()  # that its users and their numbers are made from
    for_containers = False  # whether it makes a host one for containers, whose images expect the same ids everywhere
    settings: tuple[str, ...] = ()  # what else its entry in a stack holds: variables, without ascend_ in front
    tabled = True  # whether the catalog has a table that knows its versions
    has_version = True  # whether it has a version at all, that a report shows
    chip_roles: tuple[str, ...] = ("training", "inference")
    host_kinds: tuple[str, ...] = ("physical", "vm", "container")
    doubt = SAID  # how doubtful a version may be that nobody pinned
    optional = False  # whether a stack may go without although it is asked for
    packaged = False  # whether its step installs one package of the vendor and nothing else
    disturbs = False  # whether a change needs NPUs at rest although it takes no reboot
    # Variables that decide, for all hosts together, what each gets of it for itself; `together` says what.
    fleet_variables: tuple[str, ...] = ()
    reboots = False  # whether a change becomes effective with a reboot, and needs NPUs at rest
    declares = False  # whether its files on the host say what it goes with, so that an unknown version may stay
    per_chip = False  # whether its package is for one chip family
    removable = False  # whether an uninstallation takes it away by a step of its own
    can_be_taken_over = False  # whether ascend_take_over may name it
    # The JSON schema of a row of its table, where schema.json has none; the first field it requires is the row's key.
    row: dict[str, Any] | None = None
    minutes = 2  # of a step, where the host's journal knows no earlier duration
    pins: tuple[str, ...] = ()  # what a user may choose of it beside its version, as the resolver calls it
    lists: tuple[str, ...] = ()  # those of its pins that are lists of texts
    switch = ""  # that of its pins which says whether a host gets it at all: true, false or auto
    per_arch = True  # whether its package is for one processor architecture
    # Variables of its role: what else the role puts into the environment, and the limits it sets there.
    requirements_variable = ""
    constraints_variable = ""
    git_variable = ""  # start of its role's two variables <...>_url and <...>_version: a repository it is built from
    # What its wheels need that the index has as source only, each with version and hash: building runs its code.
    source_only: tuple[str, ...] = ()
    # Wheels of it that hold machine code although their tag says "any": distribution -> what they are for.
    wheel_set = ""  # of a framework: how the lock names the wheels of its environment, beside the version
    falsely_any: Mapping[str, str] = MappingProxyType({})
    otherwise = "the newest the catalog knows for this host"  # why its version was chosen, where no rule says more
    headline = False  # whether the short forms of a report show its version
    home = ""  # the framework in whose environment it lies; a framework's own name
    carries: tuple[str, ...] = ()  # the components that its step installs with it, as they have none of their own
    env_variable = ""  # of a framework: the variable that names its environment

    @property
    def variable(self) -> str | None:
        """The variable that sets its version."""
        return f"ascend_{self.name}_version" if self.versioned else None

    @property
    def heading(self) -> str:
        """Its title over a column of versions."""
        return self.column or self.title

    def journal_names(self) -> tuple[str, ...]:
        """What the journal calls it."""
        return self.products or (self.name,)

    def owns(self, product: str) -> bool:
        """Whether a product of the journal is it."""
        return product in self.journal_names()

    def back(self, facts: Facts, product: str, version: str) -> dict[str, Any]:
        """The pins by which the resolver goes back to what was there before; lists of several products are joined."""
        return {self.name: version}

    def looked_for(self, said: Mapping[str, Any]) -> list[str]:
        """The distributions that a host's environments are searched for, by its lists, which nobody has judged yet.

        Args:
            said: the values of its C(lists), by name.
        """
        return []

    @property
    def chosen_by(self) -> str:
        """The variable by which a user chooses what is installed of it."""
        return self.variable or f"ascend_{self.name}_version"

    @property
    def keeping(self) -> str:
        """How to keep what is installed, in words."""
        return f"{self.chosen_by}: auto to keep what is there"

    # -- resolver -------------------------------------------------------------------------------------------------

    def takes_part(self, parts: set[str], fixed: dict[str, str], order: list[str]) -> bool:
        """Whether its version is chosen, installed here or not. order: the components chosen before it."""
        return self.versioned and (self.name in parts or self.name in fixed)

    def asked(self, frameworks: set[str], fixed: Mapping[str, str]) -> bool:
        """Whether a host gets it for the frameworks that are asked for, where the user does not choose components."""
        return True

    def undecided(self, fixed: dict[str, str]) -> str | None:
        """What the user has to choose before this component can be, in words; None when nothing is lacking."""
        return None

    def gap(self, catalog: Catalog, version: str) -> str | None:
        """What no source says of a pinned version, in words with the fix, where that leaves no stack; or None."""
        return None

    def candidates(self, search: Search, chosen: dict[str, str | None]) -> list[str | None]:
        """The versions it may have, the best first. By default those of its table that are for the host's chip."""
        rows = [row for row in search.catalog[self.name] if search.host.get("chip") in (None, *row.get("chips", []))]
        return list(search.ordered(self.name, [row[self.name] for row in rows], chosen))

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        """Its entry in the stack; None where the host does not get it."""
        version = choice.get(self.name)
        return {"version": version} if version else None

    def together(self, members: Iterable[Member]) -> Mapping[str, Own]:
        """What hosts get for themselves, by name: what depends on the others, such as addresses, and on no stack.

        Args:
            members: every host of the inventory for which one of fleet_variables is set, looked at or not.
        """
        return {}

    def explain(self, choice: Choice, stack: Stack, present: str | None) -> None:
        """Add to choice.why and choice.case what the user should know. present: what is installed now."""
        return

    # -- plan -----------------------------------------------------------------------------------------------------

    @abstractmethod
    def installed(self, site: Site, stack: Stack) -> str | None:
        """The version on the host now, or None."""

    def damage(self, site: Site, stack: Stack) -> str | None:
        """Why what is installed in the wanted version has to be repaired, or None."""
        return None

    def step(self, site: Site, stack: Stack) -> Step | None:
        """What brings the host from what was observed to the stack's entry; None when that is there already."""
        entry = stack[self.name] or {}
        interrupted = set(self.journal_names()) & set(journal(site.facts).get("unfinished_components") or [])
        now, wanted, damage = self.installed(site, stack), entry["version"], self.damage(site, stack)
        action: Action
        if interrupted:
            action, why = "repair", f"an earlier change of {self.name} was interrupted"
        elif now == wanted and not damage:
            return None
        elif damage:
            action, why = "repair", f"the installed {self.name} is damaged: {damage}"
        elif now is None:
            action, why = "install", "not installed"
        else:
            action = "upgrade" if versions.compare(now, wanted) < 0 else "downgrade"
            why = f"{now} is installed"
        return self.make_step(site.facts, action, now, wanted, why, entry.get("package"))

    def steps(self, site: Site, stack: Stack) -> list[Step]:
        """All that brings the host to the stack's entry: the one step, unless a component is there more than once."""
        step = self.step(site, stack)
        return [] if step is None else [step]

    def accounts(self, desired: Mapping[str, Any], containers: bool) -> list[Account]:
        """The users that it makes. containers: whether the host is to be one for containers."""
        return []

    def stops(self, facts: Facts, step: Step) -> list[str]:
        """The names of the containers that a step of it would stop."""
        return []

    def unfit(self, site: Site, stack: Stack) -> list[str]:
        """Why the host cannot have its entry of the stack, in sentences with the fix."""
        return []

    def before(self, facts: Facts) -> tuple[str, ...]:
        """The components that on this host come after it, against the order of the list."""
        return ()

    def make_step(
        self, facts: Facts, action: Action, now: str | None, to: str | None, why: str, package: str | None = None
    ) -> Step:
        """One step; its minutes are those that the host's journal tells of the component's last installation."""
        seconds = (journal(facts).get("durations") or {}).get(self.name)
        return {
            "id": f"{self.name}-{action}",
            "component": self.name,
            "action": action,
            "from": now,
            "to": to,
            "why": why,
            "package": package,
            "reboot": self.reboots,
            "minutes": max(1, round(seconds / 60.0)) if seconds else self.minutes,
        }

    def label(self, step: Step) -> str:
        """A step of it in words: `driver 24.1.rc3 -> 25.3.rc1`."""
        name = step.get("product") or self.name
        if step["action"] == "install":
            return f"{name} {step['to']}"
        if step["from"] and step["to"] and step["from"] != step["to"]:
            return f"{name} {step['from']} -> {step['to']}"
        return f"{step['action']} {name} {step['to'] or step['from']}"

    def theirs(self, site: Site, step: Step) -> Verdict | None:
        """What a step of it would do to something that is not ours; None when there is no such thing."""
        return None

    def standing(self, site: Site, everything: bool) -> list[Standing]:
        """What of it is on the host, for a plan that removes it.

        everything: an uninstallation, which spares what took the place of theirs; else a rollback of the last run.
        """
        return []

    def refused(self, site: Site, step: Step, script: str, where: str, keep: str | None = None) -> Verdict:
        """The verdict on a package of theirs in the way of a step: refused, or taken over where that is asked for.

        script: what removes it. keep: how to keep it, in words.
        """
        there = f"{step.get('product') or self.name} {step['from'] or 'of an unknown version'}"
        if self.name in site.take_over:
            return Verdict(
                "warning",
                f"{there} in {where} was not installed by ascend.fleet and is taken over: {step['from'] or '?'} -> "
                f"{step['to']} (ascend_take_over names {self.name}). Uninstalling leaves it then.",
                "ascend_take_over",
                takes_over=True,
            )
        ways = [
            f"uninstall it with {script}",
            keep,
            f"let ascend.fleet take it over with ascend_take_over: [{self.name}]",
        ]
        return Verdict(
            "error",
            f"{there} in {where} was not installed by ascend.fleet (its journal on the host does not know it): it is "
            f"not {_DONE.get(step['action'], 'changed')}. Either {', or '.join(filter(None, ways))}.",
            "ascend_take_over",
        )

    def wheel_sets(self, stack: Stack) -> list[tuple[str, str, list[str]]]:
        """Environments of its own beside those of frameworks: (label, Python, requirements that the artifacts have)."""
        return []

    # -- files ----------------------------------------------------------------------------------------------------

    def files(self, stack: Stack, subject: Subject, catalog: Catalog) -> list[published.Want]:
        """The files it is installed from, for one kind of host, and where they are published.

        By default the vendor's package that its entry names. What an index of Python packages has is not among them.
        """
        entry = stack.get(self.name)
        if not entry or not self.packaged or not entry.get("package"):
            return []
        url, headers, archive = self.place(entry, stack, subject, catalog)
        return [
            published.Want(
                entry["package"],
                "package",
                arch=subject.get("arch") if self.per_arch else None,
                url=url,
                headers=headers,
                sha256=published.checksum(catalog, entry["package"]),
                licence=published.VENDOR_LICENCE,
                archive=archive,
                optional=(subject.get("installed") or {}).get(self.name) == entry["version"],
                component=self.name,
                version=entry["version"],
            )
        ]

    def place(
        self, entry: dict[str, Any], stack: Stack, subject: Subject, catalog: Catalog
    ) -> tuple[str | None, dict[str, str], published.Want | None]:
        """Where its package is published: (url, request headers, the archive that holds it as well or None)."""
        url, headers = published.address(catalog, self.name, entry["version"], entry["package"])
        return url, headers, None

    def requirements(self, stack: Stack) -> list[str]:
        """What it is to the installer of Python packages: requirements that an index has wheels for."""
        return []

    # -- report ---------------------------------------------------------------------------------------------------

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        """What a report shows as its version on the host. The facts may lack anything."""
        return None

    def wanted(self, stack: Stack) -> str | None:
        """What a report shows as the version that the stack asks for."""
        return values.text(values.part(stack, self.name).get("version"))

    def labels(self, versions: Mapping[str, str | None], desired: Mapping[str, str | None]) -> dict[str, str] | None:
        """What a metric says of it beside the host's name; None where it is not installed.

        Args:
            versions, desired: what a report shows of one host, by component.
        """
        version = versions[self.name]
        return {"version": version, "desired": desired[self.name] or ""} if version else None

    def fingerprint(self, entry: dict[str, Any]) -> str | None:
        """What a proof of the stack is tied to; None when a proof holds for any."""
        return str(entry["version"])


def journal(facts: Facts) -> dict[str, Any]:
    """The journal's part of the facts."""
    return facts.get("journal") or {}
