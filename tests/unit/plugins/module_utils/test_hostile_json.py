"""JSON that a host holds may be anything: nesting without end is no error of Python's."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import job as async_job
from ansible_collections.ascend.fleet.plugins.module_utils.change import process as process_io
from ansible_collections.ascend.fleet.plugins.module_utils.host import facts as host_probe
from ansible_collections.ascend.fleet.plugins.module_utils.proof import proofs

DEEP = "[" * 100_000


@pytest.mark.parametrize("text", [DEEP, '{"a":' * 100_000, "1" * 10_000, "\x00", ""])
def test_nobody_trips_over_it(tmp_path, text):
    for name in ("proof.json", process_io.PROCESS):
        (tmp_path / name).write_text(text)
    assert proofs.read(str(tmp_path / "proof.json")) is None
    assert process_io.read_record(str(tmp_path)) is None
    assert host_probe._proof(text) is None
    assert async_job.read(str(tmp_path / "proof.json")) == {"started": True}
