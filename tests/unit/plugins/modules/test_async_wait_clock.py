"""How long async_wait looks does not depend on a clock that somebody sets."""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.ascend.fleet.plugins.modules import async_wait
from ansible_collections.ascend.fleet.tests.unit.module_args import module_args


@pytest.mark.parametrize("jump", [-86400, 86400])
def test_a_look_lasts_as_long_as_it_is_told_to(capsys, tmp_path, monkeypatch, jump):
    (tmp_path / "j1.2").write_text('{"started": true, "finished": false, "ansible_job_id": "j1.2"}')
    real, asked = time.time, []
    # The clock is set once the look has begun.
    monkeypatch.setattr(time, "time", lambda: asked.append(1) or real() + (jump if len(asked) > 1 else 0))
    real_sleep, slept = time.sleep, []

    def sleep(seconds):
        slept.append(seconds)
        assert len(slept) < 40, "the look lasts the jump"
        real_sleep(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    begun = time.monotonic()
    arguments = {"jid": "j1.2", "async_dir": str(tmp_path), "look_seconds": 1, "_ansible_remote_tmp": "/tmp"}
    with module_args(arguments), pytest.raises(SystemExit):
        async_wait.main()
    assert 0.9 < time.monotonic() - begun < 5
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["finished"] is False
