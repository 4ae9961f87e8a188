"""What belongs to somebody else is there after every playbook as it was before, byte for byte; the plan says so first.

The story is told once: plan, site, wrong names, the role alone, rollback, uninstall. After each of them every host is
looked at from outside. Each test is about one host, or about one thing that was said.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

# One walk on a host: of every path below the roots its kind, mode, owner, time and content.
WALK = r"""
import hashlib, json, os, stat, sys
def entry(path):
    info = os.lstat(path)
    mode = info.st_mode
    if stat.S_ISLNK(mode):
        content = os.readlink(path)
    elif stat.S_ISREG(mode):
        content = hashlib.sha256(open(path, "rb").read()).hexdigest()
    else:
        content = ""
    return [stat.filemode(mode), info.st_uid, info.st_gid, info.st_mtime_ns, content]
found = {}
for root in sys.argv[1:]:
    if os.path.lexists(root):
        found[root] = entry(root)
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[path] = entry(path)
print(json.dumps(found))
"""
ROOTS = ["/opt", "/usr/local", "/srv", "/etc", "/root", "/var/lib/ascend-fleet", "/var/tmp"]
ENV = "/opt/ascend/envs/mindspore"
DRIVER = "/usr/local/Ascend/driver"
REFUSED = ("folder", "venv", "copied", "model", "older")
ALONE = ("folder", "venv", "copied")
# Neither may reach a host: the first would be the folder of all environments, the second leads out and back into it.
WRONG_NAMES = ("", "../envs")


class Story:
    """The playbooks' output and exit codes, and every host's tree after each of them."""

    def __init__(self, fleet):
        self.fleet, self.trees, self.said, self.code = fleet, {}, {}, {}
        self.reports, self.plans, self.records = {}, {}, {}
        self.names = sorted(fleet.addresses)
        self.look("before")
        self.play("plan", "playbooks/plan.yml")
        self.play("site", "site.yml")
        self.records["site"] = {name: self._record(name) for name in ("healthy", "takes-venv")}
        for name in WRONG_NAMES:
            for playbook in ("site", "uninstall"):
                self.play(
                    f"{playbook} with the name {name!r}",
                    f"playbooks/{playbook}.yml",
                    "-e",
                    json.dumps({"ascend_env_name": name}),
                    "--limit",
                    "healthy",
                )
        self.play("alone", "molecule/theirs/alone.yml")
        self.play("rollback", "playbooks/rollback.yml")
        self.play("uninstall", "playbooks/uninstall.yml")

    def play(self, when, playbook, *options):
        folder = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "".join(filter(str.isalnum, when))
        done = self.fleet.play(playbook, "-e", json.dumps({"ascend_report_dir": str(folder)}), *options)
        self.said[when], self.code[when] = done.text, done.code
        report, plan = folder / "report.json", folder / "plan.json"
        if report.is_file():
            self.reports[when] = {row["name"]: row for row in json.loads(report.read_text())["hosts"]}
        if plan.is_file():
            self.plans[when] = json.loads(plan.read_text())["plans"]
        self.look(when)

    def look(self, when):
        def tree(name):
            return json.loads(self.fleet.must(name, "python3", "-I", "-c", WALK, *ROOTS))

        with ThreadPoolExecutor(4) as pool:
            self.trees[when] = dict(zip(self.names, pool.map(tree, self.names), strict=True))

    def differs(self, host, when, *below, since="before", times=True):
        """What is not any more as it was: {path: (then, now)}; `below` limits it to some folders."""
        then, now = self.trees[since][host], self.trees[when][host]

        def seen(row):
            # A folder's own time moves when something is put beside what lies in it.
            return row if times or row is None or not row[0].startswith("d") else [*row[:3], 0, row[4]]

        return {
            path: (then.get(path), now.get(path))
            for path in then.keys() | now.keys()
            if (not below or path.startswith(below)) and seen(then.get(path)) != seen(now.get(path))
        }

    def lost(self, host, when, *below):
        """What was there before and is not any more as it was; what came beside it does not count."""
        then = self.trees["before"][host]
        return {path: rows for path, rows in self.differs(host, when, *below, times=False).items() if path in then}

    def _record(self, host):
        path = f"{ENV}/ascend-fleet.json"
        return json.loads(self.fleet.must(host, "cat", path)) if path in self.trees["site"][host] else {}


_told = []


@pytest.fixture
def story(fleet):
    if not _told:
        _told.append(Story(fleet))
    return _told[0]


def about(*names):
    """The hosts that a test is about."""
    return pytest.mark.parametrize("name", names)


def errors(findings):
    return [finding for finding in findings if finding["severity"] == "error" and not finding.get("accepted")]


STAGES = (
    "plan",
    "site",
    *(f"{playbook} with the name {name!r}" for name in WRONG_NAMES for playbook in ("site", "uninstall")),
    "alone",
    "rollback",
    "uninstall",
)


@about(*REFUSED)
@pytest.mark.parametrize("when", STAGES)
def test_a_refused_host_is_as_it_was(story, name, when):
    """Not only what is theirs: nothing at all was touched below /opt, /usr/local, /etc, /root and /srv."""
    assert sorted(story.differs(name, when)) == []


@about(*REFUSED)
@pytest.mark.parametrize("when", ["plan", "site"])
def test_the_plan_refuses_before_anything_is_changed(story, name, when):
    rows = story.plans["plan"] if when == "plan" else story.reports["site"]
    assert rows[name]["status"] == "refused"
    found = [finding for finding in errors(rows[name]["findings"]) if finding["rule"] == "not-ours"]
    assert found, rows[name]["findings"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("folder", [ENV, "ascend_env_name"]),
        ("venv", [ENV, "ascend_env_name", "ascend_take_over"]),
        ("copied", [ENV, "ascend_env_name"]),
        ("model", ["gpt2.ckpt", "inference_check_model_root"]),
        ("older", ["24.1.rc3", "ascend_driver_version", "ascend_take_over"]),
    ],
)
def test_the_finding_says_what_is_there_and_what_to_do(story, name, words):
    text = " ".join(finding["message"] for finding in errors(story.plans["plan"][name]["findings"]))
    assert [word for word in words if word not in text] == [], text


@about("venv")
def test_nobody_elses_python_was_run(story, name):
    assert story.trees["uninstall"][name]["/var/tmp/who-ran-it"] == story.trees["before"][name]["/var/tmp/who-ran-it"]


@about("healthy")
def test_refused_hosts_stop_no_other(story, name):
    assert story.code["plan"] != 0 and story.code["site"] != 0, "refused hosts are an error of the run"
    assert story.reports["site"], story.said["site"][-3000:]
    status = {host: row["status"] for host, row in story.reports["site"].items()}
    assert status == {**dict.fromkeys(story.names, "converged"), **dict.fromkeys(REFUSED, "refused")}


@about("healthy")
@pytest.mark.parametrize("when", STAGES)
def test_what_lies_beside_ours_stays(story, name, when):
    assert sorted(story.differs(name, when, "/opt/ascend/envs/neighbour", "/opt/ascend/models/theirs")) == []


@about("healthy")
@pytest.mark.parametrize("bad", WRONG_NAMES)
@pytest.mark.parametrize("playbook", ["site", "uninstall"])
def test_a_wrong_name_reaches_no_host(story, name, playbook, bad):
    when = f"{playbook} with the name {bad!r}"
    assert story.code[when] != 0
    assert "ascend_env_name" in story.said[when]
    assert sorted(story.differs(name, when, since="site")) == []


@about(*ALONE)
def test_the_role_alone_refuses_as_well(story, name):
    assert story.code["alone"] != 0
    recap = [line for line in story.said["alone"].splitlines() if line.startswith(f"{name} ") and "failed=" in line]
    assert recap and "changed=0" in recap[0] and "failed=1" in recap[0], recap


@about("healthy")
def test_ours_is_recorded_with_its_place(story, name):
    record = story.records["site"][name]
    assert record["path"] == ENV and not record.get("adopted")


@about("healthy")
def test_rollback_and_uninstall_remove_ours(story, name):
    assert f"{DRIVER}/version.info" in story.trees["site"][name]
    assert f"{DRIVER}/version.info" not in story.trees["rollback"][name]
    assert f"{ENV}/bin/python" in story.trees["site"][name]
    assert [path for path in story.trees["rollback"][name] if path.startswith(ENV)] == []
    assert [path for path in story.trees["uninstall"][name] if path.startswith(ENV)] == []


@about("same")
@pytest.mark.parametrize("when", ["plan", "site", "rollback", "uninstall"])
def test_somebodys_driver_in_the_wanted_version_is_used_and_left_alone(story, name, when):
    assert sorted(story.differs(name, when, DRIVER)) == []


@about("same")
def test_only_our_firmware_came_and_went(story, name):
    assert story.reports["site"][name]["versions"]["firmware"] == "7.8.0.2.212"
    assert story.reports["site"][name]["versions"]["driver"] == "25.3.rc1"
    assert story.reports["uninstall"][name]["versions"]["firmware"] is None
    started = [
        call
        for call in story.fleet.calls(name)
        if call["event"] == "start"
        and "driver" in call["package"]
        and {"--full", "--run", "--upgrade", "--uninstall"} & set(call["argv"])
    ]
    assert len(started) == 1, "the driver's own installer ran again after somebody had run it by hand"


@about("takes-venv")
def test_a_taken_over_environment_is_used_and_noted(story, name):
    assert story.reports["site"][name]["status"] == "converged"
    assert story.records["site"][name].get("adopted") is True
    assert story.records["site"][name].get("path") == ENV
    assert sorted(story.lost(name, "site", ENV)) == []


@about("takes-venv")
def test_uninstall_gives_a_taken_over_environment_back(story, name):
    # Python's own caches of what was imported meanwhile are nobody's work.
    assert [path for path in story.differs(name, "uninstall", ENV, times=False) if "__pycache__" not in path] == []
    assert sorted(story.lost(name, "uninstall", ENV)) == []


@about("takes-driver")
def test_a_taken_over_driver_is_changed_as_asked(story, name):
    assert story.reports["site"][name]["status"] == "converged"
    assert story.reports["site"][name]["versions"]["driver"] == "25.3.rc1"


@about("takes-driver")
def test_uninstall_leaves_a_taken_over_driver_installed_and_says_so(story, name):
    assert f"{DRIVER}/version.info" in story.trees["uninstall"][name], "this host had a driver before"
    assert "left-alone" in {finding["rule"] for finding in story.reports["uninstall"][name]["findings"]}


@about("folder", "venv", "copied", "older", "same")
def test_uninstall_says_what_it_leaves_alone(story, name):
    findings = story.reports["uninstall"][name]["findings"]
    assert "left-alone" in {finding["rule"] for finding in findings}, findings
