# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof: a text that the stack generates on the device."""

from __future__ import annotations

from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import environment
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice, Site, Verdict
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack, Step


class Inference(environment.EnvironmentComponent):
    name = "inference"
    title = "Text generation"
    role = "inference_check"
    after = ("mindformers",)
    pins = ("device_target", "model")
    versioned = False
    has_version = False

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        if "inference" not in choice.parts:
            return None
        return {
            "model": choice.pins.get("model") or "gpt2",
            "device_target": choice.pins.get("device_target") or "Ascend",
        }

    def explain(self, choice: Choice, stack: Stack, present: str | None) -> None:
        model, formers = (stack["inference"] or {}).get("model"), choice.versions.get("mindformers")
        row = next((item for item in choice.catalog["models"] if item["model"] == model), None)
        if row is None or not formers or not stack["mindformers"]:
            return
        first, last = row["mindformers"]
        if not versions.key(first) <= versions.key(formers) <= versions.key(last):
            choice.case.warn(
                "model-mindformers",
                f"the inference proof generates with {model}, which MindFormers {first} to {last} carry and {formers} "
                "does not. Set ascend_mindformers_version, or take inference out of ascend_components.",
                row["source"],
                "mindformers",
            )

    def installed(self, site: Site, stack: Stack) -> str | None:
        return None

    def proven(self, facts: Facts, fingerprint: dict[str, str]) -> bool:
        """Whether the host has a proof of exactly this stack."""
        proof = (facts.get("proofs") or {}).get("inference") or {}
        return proof.get("status") == "passed" and proof.get("stack") == fingerprint

    def step(self, site: Site, stack: Stack) -> Step | None:
        if self.proven(site.facts, site.fingerprint):
            return None
        return self.make_step(site.facts, "verify", None, None, "nothing proves that this stack generates text")

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
        return "generate text"

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        return None

    def fingerprint(self, entry: dict[str, Any]) -> str | None:
        return None


COMPONENT = Inference()
