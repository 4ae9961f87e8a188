"""A job of several steps that dies on the way: the next, plain run takes up what was begun and repeats nothing."""

import json

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    process as process_io,
)
from ansible_collections.ascend.fleet.plugins.modules import stretch
from run_package_fakes import Fake, Module, kill_group

SAYS = 'say "Driver package installed successfully! The new version takes effect immediately. "'
FIRMWARE_SAYS = 'say "Firmware package installed successfully! "'


@pytest.fixture
def host(tmp_path):
    fake = Fake(tmp_path)
    yield fake
    # Nothing a test started may outlive it.
    for record in fake.state.glob("runs/*/process.json"):
        pid = json.loads(record.read_text())["pid"]
        if process_io.group_members(pid):
            kill_group(pid)


def job(host, driver: str) -> Module:
    firmware = host.package(f"put 7.8 firmware; {FIRMWARE_SAYS}", name="firmware.run")
    entries = [
        {
            "step": f"{name}-install",
            "module": "run_package",
            "args": host.args(component=name, version=version, path=path),
        }
        for name, version, path in (("driver", "25.3.rc1", driver), ("firmware", "7.8", firmware))
    ]
    given = {"entries": entries, "install_path": str(host.root), "state_dir": str(host.state)}
    return Module({**given, "_ansible_remote_tmp": "/tmp"}, host.base, stretch.main)


def done(result: dict) -> list[str]:
    assert not result.get("failed"), result
    return result["steps_done"]


def test_two_packages_one_after_the_other(host):
    driver = host.package(f"put 25.3.rc1; {SAYS}")
    result = job(host, driver).result()
    assert done(result) == ["driver-install", "firmware-install"]
    assert result["ascend_change"] == "driver 25.3.rc1, firmware 7.8" and result["changed"]
    assert "reboot_reasons" in result and host.version("firmware") == "7.8"
    again = job(host, driver).result()
    assert done(again) == ["driver-install", "firmware-install"] and not again["changed"]
    assert len(host.calls) == 2, "no installer is started again"


def test_a_job_that_is_killed_is_taken_up_where_it_was(host):
    """The installer goes on without it; the next job waits for it, judges it and goes on with the next step."""
    driver = host.package(f"put 25.3.rc1; touch {host.base}/began; sleep 1.5; {SAYS}")
    first = job(host, driver)
    host.wait_for("began")
    first.kill()
    result = job(host, driver).result()
    assert done(result) == ["driver-install", "firmware-install"]
    assert [row["action"] for row in result["steps"]] == ["adopt", "install"]
    assert len(host.calls) == 2, "the driver's installer ran once"


def test_a_package_that_fails_ends_the_job(host):
    driver = host.package("say '[ERROR]it broke'; exit 1")
    result = job(host, driver).result()
    assert result["failed"] and result["failed_step"] == "driver-install" and result["steps_done"] == []
    assert result["cause"] and result["fix"] and host.version("firmware") is None
    assert not any("args" in row for row in result["steps"]) and result["invocation"] == {}
