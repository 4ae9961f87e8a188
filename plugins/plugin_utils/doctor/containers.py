# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about hosts for containers: the vendor's runtime and the engine that uses it. See rules.py."""

from __future__ import annotations

from ansible_collections.ascend.fleet.plugins.module_utils.container import engines
from ansible_collections.ascend.fleet.plugins.plugin_utils import values
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.rule import HIDDEN, rule
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts

_SOURCE = "MindCluster documentation, installation of Ascend Docker Runtime"


def _runtime(facts: Facts) -> dict:
    return values.part(facts, "container_runtime")


def _engine(facts: Facts) -> dict:
    return values.part(_runtime(facts), "engine")


def _broken(facts: Facts) -> str | None:
    engine = _engine(facts)
    return f"{engine.get('config')}: {engine['problem']}" if engine.get("problem") else None


def _damaged(facts: Facts) -> str | None:
    return values.text(_runtime(facts).get("damaged"))


def _unknown(facts: Facts) -> str | None:
    """An engine that has the runtime in its file and not in memory, or is not told of one that is installed."""
    runtime, engine = _runtime(facts), _engine(facts)
    if not runtime.get("path") or not engine.get("installed") or engine.get("problem"):
        return None
    if engine.get("runtime") is None:
        return f"{engine.get('config')} names no runtime {engines.RUNTIME}"
    known = (engine.get("answer") or {}).get("runtimes")
    if known is not None and engines.RUNTIME not in known:
        return f"{engine.get('name')} runs with {', '.join(known)}"
    return None


def _gone(facts: Facts) -> str | None:
    runtime, engine = _runtime(facts), _engine(facts)
    if engine.get("runtime") and not runtime.get("version"):
        return f"{engine.get('config')} names {engine['runtime']}"
    return None


RULES = (
    rule(
        "container-config-broken",
        "error",
        _broken,
        "The container engine's configuration is broken: its next start will fail, or others can write it.",
        "Mend the file where it says, and restart the engine.",
        "dockerd and containerd refuse such a file",
        container=HIDDEN,
    ),
    rule(
        "container-runtime-damaged",
        "error",
        _damaged,
        "The vendor's container runtime is damaged.",
        "Run the site playbook with container_runtime among ascend_components; it repairs it.",
        _SOURCE,
        container=HIDDEN,
    ),
    rule(
        "container-runtime-gone",
        "error",
        _gone,
        "The container engine is configured with a runtime that is not installed: containers do not start.",
        "Install it (container_runtime among ascend_components), or take it out of the engine's configuration and "
        "restart the engine.",
        _SOURCE,
        container=HIDDEN,
    ),
    rule(
        "container-runtime-unknown",
        "warning",
        _unknown,
        "The vendor's container runtime is installed and the engine does not know it: containers see no NPU.",
        "Run the site playbook with container_runtime among ascend_components; it configures the engine and restarts "
        "it.",
        _SOURCE,
        container=HIDDEN,
    ),
)
