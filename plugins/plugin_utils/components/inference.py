# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof: a text that the stack generates on the device, by the strongest rung of the ladder that it can climb.

Where a host has several frameworks each proves itself: the strongest by the entry, every other by one of its C(also).
"""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils import environment, ladder, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice, Site, Verdict
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack, Step

NOTHING = "nothing proves that this stack generates text"


class Inference(environment.EnvironmentComponent):
    name = "inference"
    title = "Text generation"
    role = "inference_check"
    after = ("mindformers", "torch")
    pins = ("device_target", "model")
    versioned = False
    has_version = False

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        if "inference" not in choice.parts:
            return None
        asked = choice.pins.get("model")
        rung = ladder.climb(choice.catalog, _here(choice), asked)
        if rung is None:
            return None
        first = _entry(choice, rung, asked)
        others = {one.name for one in environment.frameworks()} & choice.parts - {first["framework"]}
        rungs = [ladder.climb(choice.catalog, _here(choice, name)) for name in sorted(others)]
        also = [_entry(choice, other, None) for other in rungs if other is not None]
        return {**first, "also": also} if also else first

    def explain(self, choice: Choice, stack: Stack, present: str | None) -> None:
        if "inference" not in choice.parts:
            return
        entry, asked = stack["inference"], choice.pins.get("model")
        if entry is None:
            self._explain_none(choice, asked)
            return
        for number, one in enumerate([entry, *entry.get("also", ())]):
            best = f"for {one['framework']} as well" if number else "the strongest proof that this stack can give"
            choice.why.append(
                f"inference {ladder.words(one['engine'], one['model'])}: {best}; it shows {one['shows']}; "
                f"it does not show {one['not_shown']}"
            )
        formers = choice.versions.get("mindformers")
        row = ladder.lacking(choice.catalog, asked, formers) if formers and stack["mindformers"] else None
        if row is None:
            return
        first, last = row["mindformers"]
        way = f"{entry['engine']} loads it instead, which does not show {entry['not_shown']}"
        if entry["engine"] == ladder.FIRST_ENGINE:
            way = "it has to be a folder with its own yaml description"
        choice.case.warn(
            "model-mindformers",
            f"the inference proof generates with {asked}, which MindFormers {first} to {last} carry and {formers} does "
            f"not: {way}. Leave inference_check_model empty to generate with the model that comes with the collection, "
            "or set ascend_mindformers_version.",
            row["source"],
            "mindformers",
        )

    def _explain_none(self, choice: Choice, asked: str | None) -> None:
        """Say what is lacking for a proof, where there is a framework that could have given one."""
        versions = {
            name: version
            for row in choice.catalog["proofs"]
            for name in row["needs"]
            if (version := _here(choice).get(name))
        }
        if not versions:
            return
        named = " and ".join(f"{name} {version}" for name, version in versions.items())
        if asked and any(ladder.rungs(choice.catalog, _here(choice))):
            choice.case.error(
                "model-mindformers",
                f"inference_check_model is {asked}, and nothing that goes with {named} loads it: without a MindFormers "
                "there is only the engine for gpt2. Leave inference_check_model empty, or choose a MindSpore that has "
                "a MindFormers.",
                "ascend.fleet",
                "inference_check_model",
            )
            return
        choice.why.append(
            f"inference: none, no engine is known to generate with {named}; the framework's own check remains"
        )

    def installed(self, site: Site, stack: Stack) -> str | None:
        return None

    def proven(self, facts: Facts, fingerprint: dict[str, str], entry: dict[str, Any], other: str = "") -> bool:
        """Whether the host has a proof of exactly this stack, as strong as the entry asks for.

        other: the framework of the entry where it is not the first of the host.
        """
        proof = _kept(facts, other)
        if proof.get("status") != "passed" or proof.get("stack") != fingerprint:
            return False
        given = _rung(proof)
        if not entry.get("engine"):  # a plan that was saved before plans named one
            return True
        return given == (entry.get("engine"), entry.get("model")) or list(given) in (entry.get("stronger") or [])

    def steps(self, site: Site, stack: Stack) -> list[Step]:
        also = (stack["inference"] or {}).get("also") or ()
        found = [self.step(site, stack), *(self._step(site, one, str(one["framework"])) for one in also)]
        return [step for step in found if step is not None]

    def step(self, site: Site, stack: Stack) -> Step | None:
        return self._step(site, stack["inference"] or {})

    def _step(self, site: Site, entry: dict[str, Any], other: str = "") -> Step | None:
        if self.proven(site.facts, site.fingerprint, entry, other):
            return None
        proof, was, why = _kept(site.facts, other), None, NOTHING
        if proof.get("status") == "passed" and proof.get("stack") == site.fingerprint:
            was = ladder.words(*_rung(proof))
            why = f"only {was} has proven this stack"
        elif other:
            why = f"nothing proves that {other} of this stack generates text"
        to = ladder.words(entry.get("engine"), entry.get("model"))
        step = self.make_step(site.facts, "verify", was, to, why)
        if other:
            step["id"] = f"{step['id']}-{other}"
        return {**step, "environment": site.environment_of(entry.get("framework") or "")}

    def theirs(self, site: Site, step: Step) -> Verdict | None:
        models = site.facts.get("models") or {}
        theirs = sorted(set(models.get("foreign") or []) & set(site.model_files))
        if not theirs:
            return None
        return Verdict(
            "error",
            f"{', '.join(theirs)} in {models.get('path')}: put there by somebody else, and the model's files of the "
            "same names would take their place. Nothing of it is touched. Move them away, or set "
            "inference_check_model_root to another folder.",
            "inference_check_model_root",
        )

    def label(self, step: Step) -> str:
        return f"generate text: {step['to']}" if step.get("to") else "generate text"

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        return None

    def wanted(self, stack: Stack) -> str | None:
        entry = values.part(stack, self.name)
        return ladder.words(values.text(entry.get("engine")), values.text(entry.get("model")))

    def fingerprint(self, entry: dict[str, Any]) -> str | None:
        return None


def _entry(choice: Choice, rung: ladder.Rung, asked: str | None) -> dict[str, Any]:
    """What is to be done for one framework. asked: a model of the user's."""
    # What a proof on the host has to be as strong as. A model of the user's stands above all rungs.
    stronger = [(row["engine"], row["model"]) for row in choice.catalog["proofs"]]
    stronger = [] if asked else stronger[: stronger.index((rung["engine"], rung["model"]))]
    return {
        "framework": environment.home_of(next(iter(rung["needs"]))),
        "engine": rung["engine"],
        "model": asked or rung["model"],
        "files": None if asked else rung["files"],
        "device_target": choice.pins.get("device_target") or "Ascend",
        "shows": rung["shows"],
        "not_shown": rung["not_shown"],
        "stronger": [list(pair) for pair in stronger],
    }


def _here(choice: Choice, framework: str | None = None) -> dict[str, str | None]:
    """The versions that the host gets, or a framework's; what only decides others is not there to compute with."""
    homes = {"", *choice.frameworks} if framework is None else {framework} & choice.frameworks
    return {name: text for name, text in choice.versions.items() if environment.home_of(name) in homes}


def _kept(facts: Facts, other: str) -> dict[str, Any]:
    """The proof that the host has of its first framework, or of another."""
    proofs = facts.get("proofs") or {}
    return ((proofs.get("others") or {}).get(other) if other else proofs.get("inference")) or {}


def _rung(proof: dict[str, Any]) -> tuple[str, str]:
    """What an earlier proof was made with; before proofs said so there was one engine, and one model by default."""
    return proof.get("engine") or ladder.FIRST_ENGINE, proof.get("model") or "gpt2"


COMPONENT = Inference()
