"""Killed at every moment: what the next, plain run makes of it."""

import json
import os
import signal
import time

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    course as package_change,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    identity as run_identity,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    process as process_io,
)
from run_package_fakes import Fake, kill_group

SUCCESS = 'say "Driver package installed successfully! The new version takes effect immediately. "'


@pytest.fixture
def host(tmp_path):
    fake = Fake(tmp_path)
    yield fake
    # Nothing a test started may outlive it.
    for record in fake.state.glob("runs/*/process.json"):
        pid = json.loads(record.read_text())["pid"]
        if process_io.group_members(pid):
            kill_group(pid)


def slow(host, seconds=30, code=0):
    """Writes the version file first, as real installers do, and works on when it runs for the first time."""
    return host.package(
        f"put 25.3.rc1; [ -e {host.base}/began ] || {{ touch {host.base}/began; sleep {seconds}; }}; "
        f"{SUCCESS}; touch {host.base}/over; exit {code}"
    )


def converges(host, package, action, calls):
    result = host.run(path=package)
    assert not result.get("failed"), result.get("msg")
    assert (result["action"], result["after"], len(host.calls)) == (action, "25.3.rc1", calls)
    again = host.run(path=package)
    assert not again["changed"] and len(host.calls) == calls
    return result


def test_killed_during_the_archives_check(host):
    package = host.package(f"put 25.3.rc1; {SUCCESS}", check=f"touch {host.base}/began; sleep 0.3; exit 0")
    run = host.start(path=package)
    host.wait_for("began")
    run.kill()
    assert host.journal() == []
    converges(host, package, "install", 1)


def test_killed_between_the_start_line_and_the_installer(host, monkeypatch):
    package = slow(host, 0)
    real = process_io.run

    def stuck(argv, *rest):
        if "--check" not in argv:
            (host.base / "stuck").touch()
            time.sleep(60)
        return real(argv, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(process_io, "run", stuck)
        run = host.start(path=package)
        host.wait_for("stuck")
        run.kill()
    assert [entry["event"] for entry in host.journal()] == ["start"]
    converges(host, package, "install", 1)


@pytest.mark.parametrize("code,reboot", [(0, False), (2, True)])
def test_the_installer_outlives_the_module_and_is_taken_over(host, code, reboot):
    package = slow(host, 0.7, code)
    run = host.start(path=package)
    host.wait_for("began")
    run.kill()
    assert not (host.base / "over").exists()
    result = converges(host, package, "adopt", 1)
    assert (host.base / "over").exists() and result["changed"] and result["reboot_required"] is reboot
    assert result["before"] is None and "waited for the installer" in result["notes"][0]


def test_an_installer_that_outlives_the_module_and_fails_is_repaired(host):
    package = host.package(
        f"n=$(wc -l < {host.calls_file}); put 25.3.rc1; touch {host.base}/began; sleep 0.5; "
        f"[ $n -gt 2 ] && {{ {SUCCESS}; exit 0; }}; exit 1"
    )
    run = host.start(path=package)
    host.wait_for("began")
    run.kill()
    converges(host, package, "repair", 2)


def test_module_and_installer_killed_after_the_version_file_was_written(host):
    package = slow(host)
    run = host.start(path=package)
    host.wait_for("began")
    run.kill()
    kill_group(host.installer_pid())
    assert host.version() == "25.3.rc1"
    converges(host, package, "repair", 2)


def test_only_the_installer_killed(host):
    package = slow(host)
    run = host.start(path=package)
    host.wait_for("began")
    kill_group(host.installer_pid())
    result = run.result()
    assert result["failed"] and "killed" in result["msg"] and host.journal()[-1]["result"] == "failed"
    converges(host, package, "repair", 2)


def test_only_the_first_process_of_the_installer_killed(host):
    """The rest of it works on; the module must not call that an end."""
    package = slow(host, 0.7)
    run = host.start(path=package)
    host.wait_for("began")
    os.kill(host.installer_pid(), signal.SIGKILL)
    result = run.result()
    assert result["failed"] and (host.base / "over").exists()
    converges(host, package, "repair", 2)


def test_killed_between_the_installers_end_and_the_end_line(host, monkeypatch):
    package = slow(host, 0, 2)

    def stuck(self, *_rest):
        (host.base / "stuck").touch()
        time.sleep(60)

    with monkeypatch.context() as patch:
        patch.setattr(package_change.PackageChange, "close", stuck)
        run = host.start(path=package)
        host.wait_for("stuck")
        run.kill()
    assert converges(host, package, "adopt", 1)["reboot_required"]


def test_after_a_power_cut_an_exit_code_proves_nothing(host, monkeypatch):
    package = slow(host, 0.7)
    run = host.start(path=package)
    host.wait_for("began")
    run.kill()
    host.wait_for("over")
    monkeypatch.setattr(process_io, "boot_id", lambda proc_root="/proc": "another boot")
    converges(host, package, "repair", 2)


def test_a_torn_journal_line_loses_nothing(host):
    package = slow(host)
    run = host.start(path=package)
    host.wait_for("began")
    run.kill()
    kill_group(host.installer_pid())
    with open(host.state / "journal.jsonl", "a") as handle:
        handle.write('{"event": "end", "id": "20')
    result = host.run(path=package)
    assert result["action"] == "repair" and result["after"] == "25.3.rc1"
    assert not host.run(path=package)["changed"]


def test_an_installer_of_another_component_is_waited_for(host):
    run = host.start(path=slow(host, 0.7))
    host.wait_for("began")
    run.kill()
    firmware = host.package(f"test -e {host.base}/over || exit 1; put 7.8.0.2.212 firmware", name="firmware.run")
    result = host.run(component="firmware", version="7.8.0.2.212", path=firmware)
    assert result["after"] == "7.8.0.2.212" and result["reboot_required"]


def test_a_removal_killed_half_way(host):
    host.own("25.3.rc1")
    body = (
        f"rm $R/driver/version.info; touch {host.base}/began; sleep 30; rm -r $R/driver; "
        "echo 'Driver package uninstalled successfully!'"
    )
    package = host.package(body)
    run = host.start(state="absent", path=package)
    host.wait_for("began")
    run.kill()
    kill_group(host.installer_pid())
    result = host.run(state="absent", path=host.package("rm -rf $R/driver", name="again.run"))
    assert result["changed"] and result["after"] is None and len(host.calls) == 2
    assert not host.run(state="absent")["changed"]


def test_a_repair_that_is_refused_removes_and_installs_anew(host):
    package = slow(host)
    run = host.start(path=package)
    host.wait_for("began")
    run.kill()
    kill_group(host.installer_pid())
    script = host.root / "driver" / "script" / "uninstall.sh"
    script.write_text(f"echo uninstall >> {host.calls_file}; rm -r {host.root}/driver")
    package = host.package(
        "[ -e $R/driver/version.info ] && { say 'Failed to upgrade driver package, please retry "
        f"after uninstall and reboot!'; exit 1; }}; put 25.3.rc1; {SUCCESS}"
    )
    result = host.run(path=package)
    assert result["action"] == "repair" and result["after"] == "25.3.rc1"
    assert host.calls[-2] == "uninstall" and "--full" in host.calls[-1]


def test_a_repair_that_does_nothing_is_not_believed(host):
    run = host.start(path=slow(host))
    host.wait_for("began")
    run.kill()
    kill_group(host.installer_pid())
    result = host.run(path=host.package("exit 0"))
    assert result["failed"] and host.journal()[-1]["result"] == "failed"


def test_a_sound_driver_is_not_removed_when_the_new_one_cannot_be_installed(host):
    host.put("24.1.0")
    script = host.root / "driver" / "script" / "uninstall.sh"
    script.write_text(f"echo uninstall >> {host.calls_file}; rm -r {host.root}/driver")
    package = host.package("echo 'something unheard of'; exit 1")
    assert host.run(path=package)["failed"] and host.run(path=package)["failed"]
    assert "uninstall" not in host.calls and host.version() == "24.1.0"


def test_taking_back_an_unfinished_upgrade_is_no_downgrade(host):
    host.own("24.1.0")
    run = host.start(path=slow(host))
    host.wait_for("began")
    run.kill()
    kill_group(host.installer_pid())
    result = host.run(version="24.1.0", path=host.package(f"put 24.1.0; {SUCCESS}", name="old.run"))
    assert result["action"] == "repair" and result["after"] == "24.1.0"


def test_the_second_of_two_runs_is_told_who_is_at_work(host):
    package = slow(host, 1.5)
    run = host.start(path=package, controller="alice@control, pid 7")
    host.wait_for("began")
    second = host.run(path=package, controller="bob@control, pid 8")
    assert second["failed"] and "alice@control, pid 7" in second["msg"] and "present driver 25.3.rc1" in second["msg"]
    assert second["holder"]["pid"] == run.pid
    assert not run.result().get("failed") and len(host.calls) == 1


def test_a_run_whose_playbook_is_gone_is_waited_for(host):
    package = slow(host, 1)
    run = host.start(path=package, run_identity="node|boot|1|500|7")
    host.wait_for("began")
    result = host.run(path=package, run_identity="node|boot|1|600|9", living_runs=["600|9", "500|8"])
    assert not result.get("failed") and not result["changed"]
    assert run.result()["changed"] and len(host.calls) == 1


@pytest.mark.parametrize(
    "holder,own,alive,dead",
    [
        ("n|b|1|5|7", "n|b|1|6|8", ["6|8"], True),
        ("n|b|1|5|7", "n|b|1|6|8", ["6|8", "5|7"], False),
        ("n|b|1|5|7", "n|c|1|6|8", ["5|7"], True),
        ("n|b|2|5|7", "n|b|1|6|8", [], False),
        ("m|b|1|5|7", "n|b|1|6|8", [], False),
        (None, "n|b|1|6|8", [], False),
        ("n|b|1|5|7", None, [], False),
    ],
)
def test_a_playbook_is_dead_only_when_that_is_certain(holder, own, alive, dead):
    assert run_identity.is_dead(holder, own, alive) is dead


def test_this_process_is_alive():
    own = run_identity.make(os.getpid())
    assert not run_identity.is_dead(own, own, run_identity.living())
    parts = own.split("|")
    assert run_identity.is_dead("|".join([*parts[:3], "999999999", "1"]), own, run_identity.living())
