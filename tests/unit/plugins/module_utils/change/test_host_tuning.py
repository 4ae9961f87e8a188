"""Settings of the operating system, changed in a folder that stands for a host."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import host_view, journal, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, tuning
from ansible_collections.ascend.fleet.plugins.module_utils.host import tuning as seen
from ansible_collections.ascend.fleet.plugins.module_utils.host import tuning_wanted as wanted

CPU = "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor"
START = {
    CPU % 0: "schedutil\n",
    CPU % 1: "powersave\n",
    seen.THP: "always [madvise] never\n",
    "/proc/sys/vm/swappiness": "60\n",
    "/proc/sys/vm/nr_hugepages": "0\n",
    "/proc/sys/kernel/numa_balancing": "1\n",
    "/proc/sys/net/ipv4/ip_local_reserved_ports": "\n",
}
WISH = {"governor": "performance", "swappiness": 0, "open_files": 65535, "transparent_hugepages": "always"}


class Host:
    def __init__(self, root):
        self.root, self.state = root, root / "state"
        self.state.mkdir()
        for path, text in START.items():
            place = root / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    def work(self, state="present", wish=None):
        view = host_view.HostView(str(self.root))
        work = tuning.TuningChange(
            state,
            WISH if wish is None else wish,
            view,
            str(self.state),
            "run 1",
            "boot",
            whole_file.append_line,
            str(self.root),
        )
        work.look()
        return work

    def change(self, *args, **kwargs):
        """Whether there was something to do; it is done."""
        work = self.work(*args, **kwargs)
        if not work.due():
            return False
        work.make()
        return True

    def read(self, path):
        place = self.root / path.lstrip("/")
        return place.read_text().strip() if place.exists() else None

    def values(self):
        return {path: seen.chosen(self.read(path)) if path == seen.THP else self.read(path) for path in START}

    def journal(self):
        return journal.parse((self.state / journal.FILE_NAME).read_text())


BEFORE = {path: seen.chosen(text) if path == seen.THP else text.strip() for path, text in START.items()}


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_what_is_asked_for_is_set_and_nothing_else(host):
    assert host.change()
    changed = {CPU % 0: "performance", CPU % 1: "performance", seen.THP: "always", "/proc/sys/vm/swappiness": "0"}
    assert host.values() == {**BEFORE, **changed}
    assert "vm.swappiness = 0" in host.read(wanted.SYSCTL_FILE) and "hugepages" not in host.read(wanted.SYSCTL_FILE)
    assert "* - nofile 65535\nroot - nofile 65535" in host.read(wanted.LIMITS_FILE)
    assert "w /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor - - - - performance" in host.read(
        wanted.TMPFILES_FILE
    )
    assert oct(os.stat(host.root / wanted.SYSCTL_FILE[1:]).st_mode)[-3:] == "644"
    assert not host.change()
    assert [row["event"] for row in host.journal()] == ["start", "end"]


def test_looking_changes_nothing_and_shows_both_sides(host):
    work = host.work()
    shown = {row["before_header"]: row for row in work.diff()}
    assert shown[wanted.SYSCTL_FILE]["before"] == "" and "vm.swappiness = 0" in shown[wanted.SYSCTL_FILE]["after"]
    live = shown["values of the running kernel"]
    assert f"{CPU % 0}: schedutil\n" in live["before"] and f"{CPU % 0}: performance\n" in live["after"]
    assert host.values() == BEFORE and not list(host.state.iterdir())


def test_absent_puts_back_what_was_there_before_the_first_change(host):
    host.change()
    host.change(wish={"swappiness": 10})
    assert host.change("absent")
    assert host.values() == BEFORE
    assert [host.read(path) for path in wanted.FILES] == [None] * 3
    assert not (host.state / wanted.RECORD).exists()
    assert not host.change("absent")


def test_previous_puts_back_what_the_last_change_found_once(host):
    host.change(wish={"swappiness": 10})
    text = host.read(wanted.SYSCTL_FILE)
    host.change(wish={"swappiness": 0, "numa_balancing": False})
    assert host.change("previous")
    assert host.values() == {**BEFORE, "/proc/sys/vm/swappiness": "10"} and host.read(wanted.SYSCTL_FILE) == text
    assert not host.change("previous")
    assert not host.change(wish={"swappiness": 10})
    assert host.change("absent") and host.values() == BEFORE


def test_a_setting_that_is_no_longer_asked_for_goes_back(host):
    host.change()
    assert host.change(wish={"swappiness": 0})
    assert host.values() == {**BEFORE, "/proc/sys/vm/swappiness": "0"}
    assert host.read(wanted.LIMITS_FILE) is None and host.read(wanted.TMPFILES_FILE) is None


def test_a_file_of_somebody_elses_is_never_written(host):
    place = host.root / wanted.SYSCTL_FILE[1:]
    place.parent.mkdir(parents=True)
    place.write_text("vm.swappiness = 5\n")
    with pytest.raises(checks.Refused, match="is not of ascend"):
        host.work()
    assert place.read_text() == "vm.swappiness = 5\n" and host.values() == BEFORE


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"governor": "fast"}, "governor is 'fast'"),
        ({"swappiness": 101}, "0 to 100"),
        ({"open_files": 12}, "1024"),
        ({"locked_memory": "much"}, "unlimited or a number"),
        ({"reserved_ports": "70000"}, "60000-60031,8080"),
        ({"swapiness": 1}, "swapiness is no setting"),
    ],
)
def test_wrong_values_are_refused(host, wish, words):
    with pytest.raises(checks.Refused, match=words):
        host.work(wish=wish)


def test_what_the_kernel_has_not_is_refused(host):
    (host.root / "proc/sys/vm/nr_hugepages").unlink()
    with pytest.raises(checks.Refused, match="nr_hugepages"):
        host.work(wish={"hugepages": 8})


def test_what_the_kernel_does_not_take_is_undone(host, monkeypatch):
    real = tuning._write

    def write(path, said):
        if path.endswith("nr_hugepages") and said == "512":
            said = "17"  # as a kernel does that is short of memory
        real(path, said)

    monkeypatch.setattr(tuning, "_write", write)
    with pytest.raises(checks.Refused, match=r"says 17 afterwards, not 512.*everything is as it was") as refused:
        host.work(wish={**WISH, "hugepages": 512}).make()
    assert refused.value.facts["undone"] is True
    assert host.values() == BEFORE and [host.read(path) for path in wanted.FILES] == [None] * 3
    assert not (host.state / wanted.RECORD).exists()
    assert host.journal()[-1]["result"] == "refused"


def test_a_change_that_died_is_made_again_and_still_goes_back_to_what_it_had_found(host, monkeypatch):
    def die(path, said):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tuning, "_write", die)
        with pytest.raises(KeyboardInterrupt):
            host.work().make()
    assert host.read(wanted.SYSCTL_FILE), "the files were written"
    assert host.change()
    assert host.values()["/proc/sys/vm/swappiness"] == "0"
    assert host.change("previous") and host.values() == BEFORE
    assert [host.read(path) for path in wanted.FILES] == [None] * 3


def test_a_record_that_names_other_files_is_none(host):
    host.change()
    record = json.loads((host.state / wanted.RECORD).read_text())
    for wrong in ({**record, "files": ["/etc/passwd"]}, {**record, "before": {"/etc/passwd": "x"}}, [], {"files": 1}):
        assert wanted.parse_record(json.dumps(wrong)) == {"files": [], "before": {}, "previous": None}
    evil = {**record, "previous": {**record["previous"], "live": {"/etc/passwd": "x"}}}
    assert wanted.parse_record(json.dumps(evil))["previous"] is None


def test_ports_are_those_that_the_kernel_writes():
    assert wanted.normal({"reserved_ports": "60001-60031, 60000,8080", "governor": None}) == {
        "reserved_ports": "8080,60000-60031"
    }
