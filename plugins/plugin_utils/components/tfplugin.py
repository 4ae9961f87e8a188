# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TFPlugin: the adapter of TensorFlow as a package of CANN, up to its last release before 8.0.0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import cann_packages, filenames, values
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Choice
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Stack

PRODUCT = "tfplugin"
# From here on there are wheels. Source: hiascend.com, canncommercial 80RC1 instg_0044 and TensorFlowCommercial 800
# tfmigr1_000009.
WHEELS_SINCE = "8.0.0"


class TfPlugin(cann_packages.CannComponent):
    name = "tfplugin"
    title = "TFPlugin"
    role = "tensorflow"
    versioned = False  # it is of the version of CANN
    after = ("cann", "kernels", "python")
    chip_roles = ("training",)
    products = (PRODUCT,)
    minutes = 1

    @property
    def chosen_by(self) -> str:
        return "ascend_tensorflow_version"

    def asked(self, frameworks: set[str], fixed: Mapping[str, str]) -> bool:
        return "tensorflow" in frameworks

    def entry(self, choice: Choice) -> dict[str, Any] | None:
        cann = choice.versions.get("cann")
        if not choice.get("tensorflow") or self.name not in choice.parts or not cann or by_wheel(cann):
            return None
        package = filenames.name_or_none(PRODUCT, cann, None, choice.subject["arch"], choice.catalog["filenames"])
        return {"version": cann, "package": package}

    def seen(self, facts: Facts, stack: Stack) -> str | None:
        wanted = values.part(stack, self.name).get("version")
        return values.text(cann_packages.of_report(facts, self.products, None, wanted).get("version"))


def by_wheel(cann: str) -> bool:
    """Whether the adapter for this CANN is a wheel."""
    return versions.compare(versions.community_base(cann), WHEELS_SINCE) >= 0


COMPONENT = TfPlugin()
