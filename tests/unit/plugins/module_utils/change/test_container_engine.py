"""A change of a container engine: file and engine together, or neither; against a docker that reads its file."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import host_view, journal
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, container_engine
from ansible_collections.ascend.fleet.plugins.module_utils.container import engines, observe

PATH = "/usr/local/Ascend/Ascend-Docker-Runtime/ascend-docker-runtime"
SITE = '{\n  "bridge": "none",   "log-opts": {"max-size":  "10m"}\n}'


class Docker(host_view.HostView):
    """A host whose docker reads daemon.json when it is restarted."""

    def __init__(self, path):
        super().__init__()
        self.path, self.active, self.containers, self.starts, self.refuses = path, True, [], 0, False
        self.loaded, self.counted = {}, 1  # a start that systemd has counted already

    def isfile(self, path):
        return path.endswith("/dockerd") or super().isfile(path)

    def stat_owner(self, path):
        return {**found, "uid": 0} if (found := super().stat_owner(path)) else None

    def run(self, argv, timeout=10, owner_of=None):
        if argv[0] == "systemctl":
            return 0, "active\n" if self.active else "inactive\n"
        if argv[:2] == ["docker", "info"]:
            runtimes = {"runc": {}, **self.loaded.get("runtimes", {})}
            said = {
                "Runtimes": runtimes, "DefaultRuntime": self.loaded.get("default-runtime", "runc"),
                "LiveRestoreEnabled": self.loaded.get("live-restore", False),
            }  # fmt: skip
            return 0, json.dumps(said)
        return 0, "".join(name + "\n" for name in self.containers)

    def systemctl(self, argv, _timeout, **_how):
        if argv[1] == "reset-failed":
            self.counted = 0
        if argv[1] == "restart":
            self.starts += 1
            self.counted += 1
            if self.counted > 1:
                return SimpleNamespace(rc=1, stdout=b"start of the service was attempted too often", ended=None)
            self.loaded = json.loads(self.path.read_text()) if self.path.exists() else {}
            self.active = not (self.refuses and "runtimes" in self.loaded)
        return SimpleNamespace(rc=0 if self.active else 1, stdout=b"Job failed.\n", ended=None)


class Host:
    def __init__(self, tmp_path, monkeypatch, text):
        self.path, self.state = tmp_path / "docker" / "daemon.json", tmp_path / "state"
        self.path.parent.mkdir()
        self.state.mkdir()
        if text is not None:
            self.path.write_text(text)
            self.path.chmod(0o640)
        self.docker = Docker(self.path)
        monkeypatch.setitem(engines.ENGINES, "docker", {**engines.ENGINES["docker"], "config": str(self.path)})
        monkeypatch.setattr(container_engine.safe_folder, "ensure", lambda path: None)
        monkeypatch.setattr(container_engine.os, "chown", lambda *_words: None)
        self.lines = []

    def change(self, state="present", default=True, run="first"):
        def append(_path, line):
            with (self.state / journal.FILE_NAME).open("a") as stream:
                stream.write(line)

        return container_engine.EngineChange(
            state, "docker", PATH, default, self.docker, str(self.state), run, "boot", append, 60, self.docker.systemctl
        )

    def make(self, *args, **more):
        work = self.change(*args, **more)
        if work.look():
            work.plan()
            work.make()
        return work

    @property
    def results(self):
        rows = journal.parse((self.state / journal.FILE_NAME).read_text())
        return [(row["action"], row["result"]) for row in rows if row["event"] == "end"]


@pytest.fixture
def host(tmp_path, monkeypatch, request):
    return Host(tmp_path, monkeypatch, getattr(request, "param", SITE))


def test_the_runtime_comes_in_and_the_engine_is_restarted_once(host):
    work = host.make()
    assert work.reasons and host.docker.starts == 1
    said = json.loads(host.path.read_text())
    assert said["runtimes"]["ascend"]["path"] == PATH and said["default-runtime"] == "ascend"
    assert '"log-opts": {"max-size":  "10m"}' in host.path.read_text()
    assert host.path.stat().st_mode & 0o777 == 0o640
    (shown,) = work.diff()
    assert (shown["before"], shown["after"]) == (SITE, host.path.read_text())
    again = host.make()
    assert again.reasons == [] and host.docker.starts == 1 and host.results == [("configure", "ok")]


@pytest.mark.parametrize("state", ["absent", "previous"])
@pytest.mark.parametrize("host", [SITE, None, "{}", '{"a": 1}\r\n'], indirect=True)
def test_going_back_is_byte_for_byte(host, state):
    before = host.path.read_bytes() if host.path.exists() else None
    host.make()
    host.make(state)
    assert (host.path.read_bytes() if host.path.exists() else None) == before
    assert "ascend" not in host.docker.loaded.get("runtimes", {}) and host.docker.starts == 2
    assert not (host.state / observe.RECORD).exists() and host.results[-1] == ("uninstall", "ok")
    assert host.make(state).reasons == [] and host.docker.starts == 2


def test_what_somebody_changed_since_stays(host):
    host.make()
    said = {**json.loads(host.path.read_text()), "debug": True}
    host.path.write_text(json.dumps(said))
    host.make("absent")
    assert json.loads(host.path.read_text()) == {**json.loads(SITE), "debug": True}


def test_what_somebody_changed_between_two_of_our_changes_stays_too(host):
    host.make()
    theirs = host.path.read_text().replace('"bridge": "none"', '"bridge":  "br0"')
    host.path.write_text(theirs)
    host.make(default=False, run="second")
    host.make("absent", run="third")
    assert host.path.read_text() == SITE.replace('"bridge": "none"', '"bridge":  "br0"')


def test_of_two_changes_a_rollback_undoes_the_last_and_an_uninstallation_both(host):
    host.make(run="first")
    ours = host.path.read_text()
    host.make(default=False, run="second")
    assert "default-runtime" not in host.path.read_text()
    host.make("previous", run="third")
    assert host.path.read_text() == ours and json.loads((host.state / observe.RECORD).read_text())["engine"] == "docker"
    host.make("absent", run="fourth")
    assert host.path.read_text() == SITE


def test_an_engine_that_does_not_come_up_gets_its_file_back(host):
    host.docker.refuses = True
    with pytest.raises(container_engine.EngineError) as raised:
        host.make()
    assert host.path.read_text() == SITE and host.docker.active
    assert raised.value.facts["undone"] and "Job failed" in raised.value.facts["cause"]
    assert host.results == [("configure", "refused")] and not (host.state / observe.RECORD).exists()


def test_a_change_that_was_cut_off_is_taken_up_and_still_goes_back_to_the_start(host):
    work = host.change()
    work.look()
    work.plan()
    work._start()
    work._write(work.after, work._target_mode())
    again = host.make()
    assert again.reasons and host.docker.starts == 1
    host.make("previous")
    assert host.path.read_text() == SITE


@pytest.mark.parametrize(
    ("policy", "live", "words"), [("refuse", False, "trainer, web"), ("ignore", False, None), ("refuse", True, None)]
)
def test_running_containers_are_named_unless_they_go_on(host, policy, live, words):
    host.docker.containers, host.docker.loaded = ["trainer", "web"], {"live-restore": live}
    work = host.change()
    work.look()
    work.plan()
    if words:
        with pytest.raises(checks.Refused) as raised:
            work.idle(policy, 0)
        assert words in str(raised.value) and host.docker.starts == 0
    else:
        assert work.idle(policy, 0) == ([] if live else ["trainer", "web"])


def test_it_waits_until_they_have_ended(host):
    host.docker.containers = ["trainer"]
    work = host.change()
    work.look()
    assert work.idle("wait", 60, sleep=lambda _seconds: host.docker.containers.clear()) == []


@pytest.mark.parametrize("host", ['{"a": 1,}'], indirect=True)
def test_a_broken_file_is_not_touched(host):
    with pytest.raises(checks.Refused, match="line 1, column 9"):
        host.make()
    assert host.path.read_text() == '{"a": 1,}' and host.docker.starts == 0


def test_a_file_that_others_may_write_is_not_touched(host):
    host.path.chmod(0o666)
    with pytest.raises(checks.Refused, match="whoever may write it"):
        host.make()


@pytest.mark.parametrize(
    ("rc", "said", "words"),
    [(0, "davinci0\ndavinci_manager\ndevmm_svm\nhisi_hdc\n", None), (0, "davinci0 null", "/dev/davinci_manager"),
     (125, "docker: no such image.\n", "no such image")],
)  # fmt: skip
def test_a_container_has_to_see_its_npu(rc, said, words):
    def run(argv, _timeout, **_how):
        assert argv[:2] == ["docker", "run"] and "ASCEND_VISIBLE_DEVICES=0" in argv and argv[-2:] == ["ls", "/dev"]
        return SimpleNamespace(rc=rc, stdout=said.encode(), ended=None)

    if words:
        with pytest.raises(container_engine.EngineError, match=words):
            container_engine.prove_container("docker", PATH, "site/probe:1", 0, run)
    else:
        assert container_engine.prove_container("docker", PATH, "site/probe:1", 0, run)["missing"] == []
    assert container_engine.prove_container("crio", PATH, "x", 0, run) is None


@pytest.mark.parametrize(
    "text", [None, "", "[]", '{"engine": "rkt"}', '{"engine": "docker", "origin": {}}', "[" * 9999]
)
def test_a_record_that_is_none_says_nothing(text):
    assert observe.record(text) == {}
