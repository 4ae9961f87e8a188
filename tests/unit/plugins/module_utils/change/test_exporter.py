"""The exporter of a host in a folder: installed, upgraded, moved, taken over, removed; ours and theirs told apart."""

import hashlib
import json
import os
import stat
import zipfile

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import host_view, journal, ownership
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, exporter, paused
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import immutable, metrics, observe, unit
from ansible_collections.ascend.fleet.plugins.module_utils.secure import run_as, safe_folder

STATE_DIR = "/var/lib/ascend-fleet"
SERVED = 'machine_npu_nums 8\nnpu_exporter_version_info{exporterVersion="v%s_linux-x86_64"} 1\n'


class Host(host_view.HostView):
    """A host in a folder; its systemd and its programs answer from here."""

    def __init__(self, root):
        super().__init__(str(root))
        self.folder, self.state, self.enabled, self.calls = root, "inactive", False, []
        for path in ("usr/local/bin", "etc/systemd/system", "var/log", "var/lib"):
            (root / path).mkdir(parents=True)

    def run(self, argv, timeout=10, owner_of=None):
        if argv[0] == "systemctl":
            enabled, pid = "enabled" if self.enabled else "disabled", 77 if self.state == "active" else 0
            return 0, f"ActiveState={self.state}\nUnitFileState={enabled}\nMainPID={pid}\n"
        return 0, f"NPU-exporter version: v{(self.folder / unit.PROGRAM[1:]).read_text()}_linux-x86_64 \n"

    def systemctl(self, argv):
        self.calls.append(" ".join(argv[1:]))
        if argv[1] in ("start", "restart"):
            self.state = "active"
        elif argv[1] in ("stop", "disable"):
            self.state = "inactive"
        self.enabled = argv[1] == "enable" or (self.enabled and argv[1] != "disable")
        return 0, ""

    def path(self, name):
        return self.folder / name[1:]

    def entries(self):
        return journal.parse(self.path(STATE_DIR + "/journal.jsonl").read_text())


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(safe_folder, "TOP", str(tmp_path))
    account = run_as.Account("hwMindX", os.geteuid(), os.getegid())
    monkeypatch.setattr(run_as, "by_name", lambda name: account)
    return Host(tmp_path)


def package(host, version):
    path = host.path(f"/Ascend-mindxdl-npu-exporter_{version}_linux-x86_64.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("npu-exporter", version)
        archive.writestr(f"npu-exporter-v{version}.yaml", "kind: DaemonSet\n")
    return str(path)


def work(host, version="26.0.0", scrape=None, **more):
    args = {
        "state": "present", "path": package(host, version), "checksum": None, "version": version,
        "address": "127.0.0.1", "port": 8082, "take_over": False, "timeout": 0,
        "state_dir": STATE_DIR, "controller": "a run", **more,
    }  # fmt: skip

    def served(_address, _port):
        assert host.state == "active", "only a service that runs serves"
        return SERVED % host.path(unit.PROGRAM).read_text()

    found = exporter.ExporterChange(args, host, "boot", host.systemctl, scrape or served, str(host.folder))
    found.look()
    return found


def apply(host, *args, **more):
    change = work(host, *args, **more)
    return None if change.done() else change.make()


def seen(host):
    return observe.observed(host, STATE_DIR)


def by_hand(host, version="5.0.0"):
    host.path(unit.PROGRAM).write_text(version)
    host.path(unit.UNIT).write_text("[Service]\nExecStart=/usr/local/bin/npu-exporter -ip=127.0.0.1 -port=8082\n")
    host.state = "active"


def test_a_bare_host_gets_program_unit_and_log_folder_and_is_scraped(host):
    result = apply(host)
    assert result["changed"] and result["action"] == "install" and result["after"] == "26.0.0"
    assert result["metrics"] == {"samples": 2, "chips": 8, "unhealthy": None, "version": "26.0.0"}
    assert stat.S_IMODE(host.path(unit.PROGRAM).stat().st_mode) == 0o500
    assert stat.S_IMODE(host.path(unit.LOG_FOLDER).stat().st_mode) == 0o750
    assert stat.S_IMODE(host.path(unit.LOGS).stat().st_mode) == 0o755
    assert host.path(unit.UNIT).read_text() == unit.text("127.0.0.1", 8082)
    assert host.calls[-3:] == ["daemon-reload", "enable " + unit.NAME, "restart " + unit.NAME]
    there = seen(host)
    assert there["ours"] and there["installed"] == "26.0.0" and there["enabled"] and there["state"] == "active"
    assert (there["address"], there["port"], there["pid"], there["damaged"]) == ("127.0.0.1", 8082, 77, None)


def test_a_second_run_does_nothing(host):
    apply(host)
    calls = list(host.calls)
    assert apply(host) is None and host.calls == calls


def test_the_journal_knows_it_as_ours(host):
    apply(host)
    held = ownership.holdings(host.entries())
    assert [(row["component"], row["version"], row["install_path"]) for row in held] == [
        ("npu_exporter", "26.0.0", unit.FOLDER)
    ]


def test_another_release_replaces_the_program_and_the_journal_can_lead_back(host):
    apply(host, "7.3.0")
    result = apply(host, "26.0.0")
    assert (result["action"], result["before"], result["after"]) == ("upgrade", "7.3.0", "26.0.0")
    assert journal.before_last_run(host.entries()[2:]) == {"npu_exporter": "7.3.0"}
    back = apply(host, "7.3.0")
    assert back["action"] == "downgrade" and seen(host)["installed"] == "7.3.0"


def test_another_address_takes_no_package_and_is_shown(host):
    apply(host)
    change = work(host, path=None, address="192.0.2.1")
    assert change.action() == "configure"
    assert "-ip=127.0.0.1" in change.diff()["before"] and "-ip=192.0.2.1" in change.diff()["after"]
    program = host.path(unit.PROGRAM).stat()
    assert change.make()["changed"] and seen(host)["address"] == "192.0.2.1"
    assert host.path(unit.PROGRAM).stat().st_ino == program.st_ino


def test_one_that_was_stopped_is_started(host):
    apply(host)
    host.state = "inactive"
    assert apply(host, path=None)["action"] == "repair" and host.state == "active"


def test_a_unit_that_somebody_changed_is_written_anew(host):
    apply(host)
    host.path(unit.UNIT).write_text("[Service]\nExecStart=/usr/local/bin/npu-exporter -ip=0.0.0.0 -port=8082\n")
    assert seen(host)["damaged"] == "its unit was changed"
    assert apply(host)["action"] == "repair" and seen(host)["damaged"] is None


def test_a_program_that_is_gone_comes_back(host):
    apply(host)
    host.path(unit.PROGRAM).unlink()
    assert seen(host)["damaged"] == "its program is gone" and seen(host)["ours"]
    assert apply(host)["action"] == "repair" and seen(host)["installed"] == "26.0.0"


def test_what_serves_something_else_is_a_failure_that_the_next_run_takes_up(host):
    def html(_address, _port):
        return "<html>not an exporter</html>"

    with pytest.raises(exporter.Failed, match=r"does not serve its metrics.*line 1 is no sample"):
        apply(host, scrape=html)
    assert journal.unfinished(host.entries(), "npu_exporter")
    assert apply(host)["action"] == "repair"
    assert not journal.unfinished(host.entries(), "npu_exporter") and seen(host)["installed"] == "26.0.0"


def test_the_end_of_its_log_is_told(host):
    def silent(_address, _port):
        host.path(unit.LOG).write_text("[INFO] started\n[ERROR] dcmi init failed\n")
        raise metrics.MetricsError("does not answer")

    with pytest.raises(exporter.Failed, match="dcmi init failed"):
        apply(host, scrape=silent)


def test_somebody_elses_service_at_the_port_is_no_proof(host):
    with pytest.raises(exporter.Failed, match="Another NPU exporter answers"):
        apply(host, scrape=lambda _address, _port: SERVED % "5.0.0")


def test_a_program_of_another_version_than_its_package_says_is_a_failure(host):
    path = package(host, "26.0.0")
    with pytest.raises(exporter.Failed, match=r"its program says 26\.0\.0, wanted is 26\.1\.0"):
        apply(host, "26.1.0", path=path)


def test_a_package_that_was_exchanged_or_is_none_is_not_unpacked(host):
    with pytest.raises(checks.Refused, match="is not what it should be"):
        apply(host, checksum="sha256:" + "0" * 64)
    other = host.path("/other.zip")
    other.write_text("<html>")
    with pytest.raises(checks.Refused, match="cannot be unpacked"):
        apply(host, path=str(other))
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("noded", "x")
    with pytest.raises(checks.Refused, match="holds no npu-exporter"):
        apply(host, path=str(other), checksum=hashlib.sha256(other.read_bytes()).hexdigest())
    assert not host.path(unit.PROGRAM).exists() and not host.path(STATE_DIR).exists()


def test_without_its_user_nothing_begins(host, monkeypatch):
    monkeypatch.setattr(run_as, "by_name", lambda name: None)
    with pytest.raises(checks.Refused, match="no user hwMindX"):
        apply(host)


def test_theirs_is_used_in_the_wanted_version_and_refused_in_another(host):
    by_hand(host, "26.0.0")
    assert not seen(host)["ours"] and seen(host)["installed"] == "26.0.0"
    assert apply(host) is None
    before = host.path(unit.UNIT).read_text()
    with pytest.raises(checks.Refused, match=r"not installed by ascend\.fleet"):
        apply(host, "26.1.0")
    with pytest.raises(checks.Refused, match=r"not installed by ascend\.fleet"):
        apply(host, state="absent")
    assert host.path(unit.UNIT).read_text() == before and host.calls == []


def test_theirs_is_taken_over_where_that_is_asked_for_and_loses_its_flag(host, monkeypatch):
    by_hand(host)
    locked = {str(host.path(unit.PROGRAM)), str(host.path(unit.UNIT))}
    monkeypatch.setattr(immutable, "is_set", lambda path: path in locked)
    monkeypatch.setattr(immutable, "clear", locked.remove)
    result = apply(host, take_over=True)
    assert result["action"] == "install" and not locked
    assert sum("was immutable (chattr +i)" in note for note in result["notes"]) == 2
    assert [row["replaced"] for row in ownership.holdings(host.entries())] == ["5.0.0"]
    assert seen(host)["ours"]


def test_one_that_somebody_put_in_place_of_ours_is_theirs(host):
    apply(host)
    host.path(unit.PROGRAM).chmod(0o700)
    host.path(unit.PROGRAM).write_text("26.1.0")
    assert not seen(host)["ours"] and seen(host)["installed"] == "26.1.0"


def test_removing_leaves_nothing_of_ours_and_all_of_theirs(host):
    host.path(unit.LOGS).mkdir()
    host.path(unit.LOGS + "/noded").mkdir()
    apply(host)
    host.path(unit.LOG).write_text("x")
    host.path(unit.LOG_FOLDER + "/notes.txt").write_text("a user's")
    result = apply(host, state="absent", path=None)
    assert result["action"] == "uninstall" and result["after"] is None
    for path in (unit.PROGRAM, unit.UNIT, unit.LOG, STATE_DIR + "/" + unit.RECORD):
        assert not host.path(path).exists()
    assert os.listdir(host.path(unit.LOG_FOLDER)) == ["notes.txt"] and host.path(unit.LOGS + "/noded").is_dir()
    assert seen(host)["path"] is None and apply(host, state="absent", path=None) is None


def test_removing_takes_the_folders_that_it_made(host):
    apply(host)
    apply(host, state="absent", path=None)
    assert not host.path(unit.LOGS).exists()


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"made": ["/etc", 5], "version": 7}', "[" * 100000])
def test_a_record_that_is_none_says_nothing_wrong(text):
    record = observe.parse_record(text)
    assert record is None or (record["made"] == [] and record["version"] is None)


def test_a_service_of_ours_is_stopped_while_the_npus_rest_and_started_again(host):
    apply(host)
    notes, host.calls = [], []
    with paused.Paused("driver", str(host.folder) + STATE_DIR, notes, run=host.systemctl, view=Rooted(host)):
        assert host.calls == ["stop " + unit.NAME]
    assert host.calls == ["stop " + unit.NAME, "start " + unit.NAME] and "started again" in notes[0]


class Rooted:
    """The host for code that gets a state folder below its root."""

    def __init__(self, host):
        self._host = host

    def read(self, path, *more, **words):
        return self._host.read(path.replace(str(self._host.folder), ""), *more, **words)

    def __getattr__(self, name):
        return getattr(self._host, name)


def paused_calls(host, component="firmware", **more):
    host.calls = []
    state_dir = str(host.folder) + STATE_DIR
    with paused.Paused(component, state_dir, [], run=host.systemctl, view=Rooted(host), **more):
        pass
    return host.calls


def test_where_a_reboot_is_due_it_starts_with_that(host, monkeypatch):
    apply(host)
    monkeypatch.setattr(paused.boot, "identity", lambda read: "boot")
    started = journal.start("1-a", 0, "boot", "firmware", "upgrade", "1", "2")
    with open(host.path(STATE_DIR + "/journal.jsonl"), "a") as stream:
        stream.write(journal.line(started) + journal.line(journal.end(started, 1, "boot", 2, "ok", True, 1, "2")))
    assert paused_calls(host) == ["stop " + unit.NAME]
    assert paused_calls(host) == [], "the next package of the same run finds it stopped"


def test_nothing_else_is_stopped(host):
    assert paused_calls(host) == [], "there is none"
    by_hand(host)
    assert paused_calls(host) == [], "it is somebody else's"
    host.path(unit.PROGRAM).unlink()
    host.path(unit.UNIT).unlink()
    apply(host)
    assert paused_calls(host, "toolkit") == [], "CANN does not need the NPUs at rest"
    host.state = "inactive"
    assert paused_calls(host) == [], "it did not run"


def test_what_lost_its_driver_is_not_started(host):
    apply(host)
    assert paused_calls(host, "driver", removal=True) == ["stop " + unit.NAME]


def test_the_users_of_the_npus_name_ours():
    rows = [{"pid": 77}, {"pid": 78}]
    assert observe.marked(rows, {"ours": True, "pid": 77}) == [{"pid": 77, "paused": True}, {"pid": 78}]
    assert observe.marked(rows, {"ours": False, "pid": 77}) == rows


def test_the_record_is_for_root_only(host):
    apply(host)
    path = host.path(STATE_DIR + "/" + unit.RECORD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and json.loads(path.read_text())["open"] is False
