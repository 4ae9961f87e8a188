"""What host_tuning leaves on a host, what it does when somebody sets something else, and that it goes again."""

import json
import re

import pytest

GOVERNOR = "/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor"
VALUES = {
    GOVERNOR.format(0): ("schedutil", "performance"),
    GOVERNOR.format(1): ("schedutil", "performance"),
    "/sys/kernel/mm/transparent_hugepage/enabled": ("madvise", "always"),
    "/proc/sys/vm/swappiness": ("60", "0"),
    "/proc/sys/kernel/numa_balancing": ("1", "0"),
    "/proc/sys/net/ipv4/ip_local_reserved_ports": ("", "60000-60031"),
}
FILES = [f"/etc/{folder}/90-ascend-fleet.conf" for folder in ("sysctl.d", "security/limits.d", "tmpfiles.d")]


def changed(run):
    return {host: int(count) for host, count in re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", run.text, re.M)}


def values(host):
    return {path: host.check_output(f"cat {path}").strip() for path in VALUES}


def column(number):
    return {path: row[number] for path, row in VALUES.items()}


def test_the_kernel_has_what_was_asked_for_and_keeps_the_rest(host):
    assert values(host) == column(1)
    assert host.check_output("cat /proc/sys/vm/nr_hugepages") == "0"


def test_a_new_session_has_the_limits(host):
    limits = host.check_output("su - nobody -s /bin/sh -c 'ulimit -n; ulimit -l'")
    assert limits.split() == ["4096", "2048"]


def test_the_files_are_such_as_the_system_reads(host):
    for path in FILES:
        assert host.file(path).mode == 0o644 and host.file(path).content_string.startswith("# Of ascend.fleet")
    # What a boot does with it.
    host.check_output(f"echo schedutil > {GOVERNOR.format(1)}")
    host.check_output("systemd-tmpfiles --create /etc/tmpfiles.d/90-ascend-fleet.conf")
    assert host.check_output(f"cat {GOVERNOR.format(1)}") == "performance"


@pytest.mark.hosts("node-1")
def test_what_somebody_changed_is_shown_and_set_again(host, fleet):
    host.check_output("echo 30 > /proc/sys/vm/swappiness")
    shown = fleet.play("playbooks/site.yml", "--check", "--diff")
    assert shown.ok and "swappiness 30" in " ".join(shown.text.split()), shown.text[-3000:]
    assert host.check_output("cat /proc/sys/vm/swappiness") == "30", "check mode changes nothing"
    run = fleet.play("playbooks/site.yml")
    assert run.ok and changed(run)["node-1"] and not changed(run).get("node-2"), run.text[-3000:]
    assert values(host) == column(1)
    again = fleet.play("playbooks/site.yml")
    assert again.ok and not any(changed(again).values()), again.text[-3000:]


@pytest.mark.hosts("node-1")
def test_bad_values_are_refused_before_any_host_changes(host, fleet):
    for wish, words in (
        ({"governor": "ondemand"}, "take performance, schedutil"),
        ({"swappiness": 400}, "0 to 100"),
        ({"colour": "red"}, "colour"),
    ):
        run = fleet.play("playbooks/site.yml", "-e", json.dumps({"ascend_host_tuning": wish}))
        assert not run.ok and words in " ".join(run.text.split()), run.text[-3000:]
    assert values(host) == column(1)


@pytest.mark.hosts("node-1")
def test_a_rollback_goes_back_to_what_the_last_run_found(host, fleet):
    before = {path: host.check_output(f"cat {path}") for path in FILES}
    run = fleet.play("playbooks/site.yml", "--limit", "node-1", "-e", '{"ascend_host_tuning": {"swappiness": 5}}')
    assert run.ok, run.text[-3000:]
    assert values(host) == {**column(0), "/proc/sys/vm/swappiness": "5"}
    back = fleet.play("playbooks/rollback.yml", "--limit", "node-1")
    assert back.ok, back.text[-3000:]
    assert values(host) == column(1)
    assert {path: host.check_output(f"cat {path}") for path in FILES} == before


@pytest.mark.hosts("node-2")
def test_an_uninstallation_leaves_the_host_as_it_was(host, fleet):
    run = fleet.play("playbooks/uninstall.yml", "--limit", "node-2")
    assert run.ok, run.text[-3000:]
    assert values(host) == column(0)
    assert not any(host.file(path).exists for path in FILES)
    assert not host.file("/var/lib/ascend-fleet/host_tuning.json").exists
