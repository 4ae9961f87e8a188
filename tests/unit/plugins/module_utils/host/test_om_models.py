"""The OM models of a host, by the records beside them."""

from __future__ import annotations

import json

from ansible_collections.ascend.fleet.plugins.module_utils.host import om_models
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView

RECORD = {
    "format": 1,
    "name": "tiny",
    "soc": "Ascend310P3",
    "cann": "8.3.RC1",
    "sha256": "a" * 64,
    "model": "b" * 64,
    "time": "2026-11-22T16:40:00Z",
    "source": {"framework": "torch", "version": "2.7.1", "checkpoint_sha256": "c" * 64, "request_sha256": "d" * 64},
    "reference": {"input": {"x": [1.0]}, "output": {"y": [2.0]}},
}


def test_what_is_there_and_what_it_came_from():
    files = {
        "/state/models/tiny.om": "OM",
        "/state/models/tiny.om.json": json.dumps(RECORD),
        "/state/models/gone.om.json": json.dumps({**RECORD, "name": "gone", "source": {"version": 7}, "time": None}),
        "/state/models/half.om.json": "{",
        "/state/models/theirs.om": "OM",
        "/state/models/gpt2/gpt2.ckpt": "",
    }
    gone, tiny = om_models.observed(DictView(files), "/state")
    assert tiny["present"] and not gone["present"]
    assert tiny["path"] == "/state/models/tiny.om" and (tiny["soc"], tiny["cann"]) == ("Ascend310P3", "8.3.RC1")
    assert tiny["source"] == {"framework": "torch", "version": "2.7.1", "checkpoint_sha256": "c" * 64}
    assert "reference" not in tiny, "nobody reads its numbers"
    assert gone["source"] == {"framework": None, "version": None, "checkpoint_sha256": None} and gone["time"] is None


def test_a_host_without_models():
    assert om_models.observed(DictView({}), "/state") == []
