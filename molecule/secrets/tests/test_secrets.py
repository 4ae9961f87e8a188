"""A secret in each place where one can be configured is used, and is afterwards nowhere.

Every place has a token of its own. The playbooks run against a server that gives nothing without the right token, so
each was really used. Meanwhile a watcher on the host, as an ordinary user, reads every command line, environment and
file that it may read; another does so on the control node. Afterwards the host's files, its journal, the control node's
files and all output (with -vvv) are searched, for the tokens as they are and as an Authorization header has them.
"""

import base64
import hashlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import guarded
import pytest
import yaml

from tests.support.paths import ARTIFACTS

HOST = "secrets"
ADDRESS = "10.213.90.1"  # of this machine, as the host sees it
PLACES = {
    "mirror": "ascend_artifacts",
    "served": "ascend_artifacts_url",
    "index": "ascend_wheels",
    "conda": "ascend_conda_channels",
    "git": "mindformers_git_url",
    "header": "headers of a file",
    "query": "url of a file",
    "bundle_file": "url in bundle_files",
    "bundle_index": "bundle_index",
    "arguments": "another user's program on an NPU",
}
# The stand-in for conda asks no server, and a password in the address of a repository may be refused.
ASKED = ("mirror", "served", "index", "header", "query", "bundle_file", "bundle_index")
PLAYBOOKS = ("site", "secrets", "report", "bundle")

# Reads needles from its input; until that ends it tells, once each, where an ordinary user can see one.
WATCH = r"""
import glob, json, os, select, sys
needles = [(what, text.encode()) for what, text in json.loads(sys.stdin.readline())]
told = set()
def look(path, word):
    try:
        if os.path.isfile(path):
            with open(path, "rb") as stream:
                data = stream.read(4000000)
            for what, needle in needles:
                if needle in data and (what, word) not in told:
                    told.add((what, word))
                    shown = data.replace(b"\0", b" ").decode("utf-8", "replace")[:400]
                    print(json.dumps([what, word, shown]), flush=True)
    except OSError:
        pass
rounds = 0
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0.02)[0]:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        look("/proc/%s/cmdline" % pid, "a command line")
        look("/proc/%s/environ" % pid, "an environment")
    rounds += 1
    if rounds % 10 == 0:
        for root in sys.argv[1:]:
            for folder, folders, files in os.walk(root):
                folders[:] = [name for name in folders if name != "site-packages"]  # thousands, none of them ours
                for name in files:
                    look(os.path.join(folder, name), os.path.join(folder, name))
"""
# Reads needles from its input; tells which files of root's view of the host hold one.
SEARCH = r"""
import json, os, subprocess, sys
needles = [(what, text.encode()) for what, text in json.loads(sys.stdin.readline())]
found = []
for root in sys.argv[1:]:
    for folder, folders, files in os.walk(root):
        for name in files:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as stream:
                    data = stream.read()
                found += [[what, path] for what, needle in needles if needle in data]
if "/var" in sys.argv:
    data = subprocess.run(["journalctl", "--no-pager", "-o", "export"], stdout=subprocess.PIPE).stdout
    found += [[what, "the system's journal"] for what, needle in needles if needle in data]
    found += [["", "no journal to search"]] if not data else []
print(json.dumps(found))
"""
HOST_ROOTS = ("/etc", "/home", "/opt", "/root", "/run", "/srv", "/tmp", "/usr/local", "/var")


def needles(tokens):
    """[(what, text)]: each token, and the part of an Authorization header that it becomes."""
    found = []
    for what, token in tokens.items():
        found += [(what, token), (what, base64.b64encode(f"user:{token}".encode()).decode().rstrip("="))]
    return found


class Watcher:
    """WATCH in a process; `told` has what it saw when it has ended."""

    def __init__(self, command, sought):
        self.told = []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps(sought) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ready\n"
        self.reader = threading.Thread(target=lambda: self.told.extend(map(json.loads, self.process.stdout)))
        self.reader.start()

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.reader.join()
        return self.told


class Run:
    """The playbooks ran; what they printed, what the watchers saw, what the searches found."""

    def __init__(self, fleet):
        self.fleet, self.said, self.code = fleet, {}, {}
        self.tokens = {what: f"Sec{what}{secrets.token_hex(12)}" for what in PLACES}
        # Short, because of the control sockets below it.
        with tempfile.TemporaryDirectory(dir="/tmp") as scratch:
            self.home = Path(scratch) / "home"
            self.home.mkdir(mode=0o700)
            self._serve(Path(scratch) / "server")
            self._configure(Path(scratch) / "secrets.json")
            self._run()
            lock = self.home / "bundle" / "artifacts.lock.yml"
            self.lock = yaml.safe_load(lock.read_text()) if lock.is_file() else {"artifacts": []}
            sought = needles(self.tokens)
            self.on_control = self._search([sys.executable, "-I", "-c", SEARCH, str(self.home)], sought)
            self.on_host = self._search([*self._exec("-i"), "python3", "-I", "-c", SEARCH, *HOST_ROOTS], sought)
            self.server.http.shutdown()

    def _exec(self, *options):
        return ["podman", "exec", *options, f"{os.environ['ASCEND_FLEET_PREFIX']}-{HOST}"]

    def _serve(self, folder):
        for name in ("mirror", "served", "files"):
            (folder / name).mkdir(parents=True)
        content = {name: f"the content of {name}\n".encode() for name in ("held.txt", "served.txt", "file.txt")}
        (folder / "mirror" / "held.txt").write_bytes(content["held.txt"])
        rows = [
            {
                "name": "held.txt",
                "size": len(content["held.txt"]),
                "kind": "other",
                "sha256": hashlib.sha256(content["held.txt"]).hexdigest(),
            }
        ]
        lock = folder / "mirror" / "artifacts.lock.yml"
        lock.write_text(json.dumps({"version": 1, "artifacts": rows, "sets": {}}), encoding="utf-8")
        (folder / "served" / "served.txt").write_bytes(content["served.txt"])
        (folder / "files" / "file.txt").write_bytes(content["file.txt"])
        self.sums = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
        self.commit = guarded.repository(folder)
        wheels = ARTIFACTS / "wheels"
        self.server = guarded.Server(ADDRESS, folder, self.tokens, wheels)
        self.folder = folder
        # The host takes the server's certificate for one of its own authorities.
        trust = (
            "file=$(mktemp /root/ca.XXXXXX); cat /etc/ssl/certs/ca-certificates.crt - >$file; chmod 0644 $file; "
            "mount --bind $file /etc/ssl/certs/ca-certificates.crt; "
            "printf '[global]\\ncert = /etc/ssl/certs/ca-certificates.crt\\n' >/etc/pip.conf; "
            # Somebody computes; what they gave their program is theirs.
            "[ -e /dev/davinci0 ] || mknod -m 0666 /dev/davinci0 c 1 3"
        )
        certificate = (folder / "cert.pem").read_bytes()
        subprocess.run([*self._exec("-i"), "sh", "-c", trust], check=True, input=certificate)
        program = (
            "cd /srv; echo 'import time; time.sleep(3000)' >train.py; exec python3 train.py token=$0 </dev/davinci0"
        )
        subprocess.run(
            [*self._exec("-d"), "sh", "-c", program, self.tokens["arguments"]], check=True, stdout=subprocess.DEVNULL
        )

    def _configure(self, path):
        served = self.folder / "served"
        values = {
            "ascend_artifacts": self.server.url("mirror", "mirror"),
            "ascend_artifacts_url": self.server.url("served", "served"),
            "ascend_wheels": self.server.url("index", "simple/"),
            "ascend_conda_channels": [f"https://{self.server.place}/t/{self.tokens['conda']}/channel"],
            "mindformers_git_url": self.server.url("git", "git/mindformers.git"),
            "mindformers_git_version": self.commit,
            "secrets_folder": str(served),
            "secrets_file": {
                "name": "file.txt",
                "sha256": self.sums["file.txt"],
                "url": f"https://{self.server.place}/files/file.txt?token={self.tokens['query']}",
                "headers": {"X-Access-Token": self.tokens["header"]},
            },
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(values), encoding="utf-8")
        self.variables = path
        self.bundle = path.with_name("bundle.json")
        self.bundle.touch(mode=0o600)
        file = dict(
            values["secrets_file"],
            url=f"{self.server.url('bundle_file', 'bundled/file.txt')}?token={self.tokens['query']}",
        )
        self.bundle.write_text(
            json.dumps(
                {
                    "ascend_mindspore_version": "2.7.1",
                    "ascend_components": ["python", "mindspore"],
                    "bundle_chips": ["910b"],
                    "bundle_arches": ["x86_64"],
                    "bundle_dest": str(self.home / "bundle"),
                    "bundle_files": [file],
                    "bundle_index": self.server.url("bundle_index", "other/simple/"),
                }
            ),
            encoding="utf-8",
        )
        # The main job installs by release; the address of the repository is for the other playbook.
        self.main = path.with_name("main.json")
        self.main.touch(mode=0o600)
        released = {key: value for key, value in values.items() if "git" not in key}
        self.main.write_text(json.dumps(released), encoding="utf-8")

    def _run(self):
        sought = needles({what: token for what, token in self.tokens.items() if what != "arguments"})
        watch = ["python3", "-I", "-c", WATCH]
        places = ("/run", "/tmp", "/var/tmp", "/var/lib/ascend-fleet", "/opt/ascend/envs")
        there = Watcher([*self._exec("-i", "--user", "visitor"), *watch, *places], sought)
        here = Watcher(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *watch], sought)
        try:
            for name, playbook, variables in (
                ("site", "site.yml", self.main),
                ("secrets", "molecule/secrets/secrets.yml", self.variables),
                ("report", "playbooks/report.yml", self.main),
                ("bundle", "playbooks/bundle.yml", self.bundle),
            ):
                done = self._play(playbook, variables)
                self.said[name], self.code[name] = done.text, done.code
        finally:
            self.seen_there, self.seen_here = there.end(), here.end()

    def _play(self, playbook, variables):
        cert = str(self.folder / "cert.pem")
        return self.fleet.play(
            playbook,
            "-vvv",
            "-e",
            f"@{variables}",
            "-e",
            f"ascend_report_dir={self.home}/report",
            HOME=str(self.home),
            XDG_CACHE_HOME=str(self.home / "cache"),
            SSL_CERT_FILE=cert,
            PIP_CERT=cert,
            # Some environments set it, and it wins over PIP_CERT.
            REQUESTS_CA_BUNDLE=cert,
        )

    def _search(self, command, sought):
        return json.loads(
            subprocess.run(
                command, check=True, input=json.dumps(sought) + "\n", stdout=subprocess.PIPE, text=True
            ).stdout
        )


_ran = []


@pytest.fixture
def run(fleet):
    if not _ran:
        _ran.append(Run(fleet))
    return _ran[0]


def of(what, rows):
    return sorted({row[1] for row in rows if row[0] == what})


def test_the_playbooks_did_what_they_should(run):
    for name in PLAYBOOKS:
        assert run.code[name] == 0, run.said[name][-3000:]


@pytest.mark.parametrize("what", ASKED)
def test_it_was_used(run, what):
    assert what in run.server.seen, PLACES[what]


@pytest.mark.parametrize("what", PLACES)
def test_no_ordinary_user_of_the_host_saw_it(run, what):
    assert of(what, run.seen_there) == [], [row for row in run.seen_there if row[0] == what]


@pytest.mark.parametrize("what", PLACES)
def test_no_ordinary_user_of_the_control_node_saw_it(run, what):
    assert of(what, run.seen_here) == [], [row for row in run.seen_here if row[0] == what]


@pytest.mark.parametrize("what", PLACES)
def test_nothing_of_it_stays_on_the_host(run, what):
    assert of(what, run.on_host) == [], PLACES[what]
    assert of("", run.on_host) == []


@pytest.mark.parametrize("what", PLACES)
def test_nothing_of_it_stays_on_the_control_node(run, what):
    assert of(what, run.on_control) == [], PLACES[what]


@pytest.mark.parametrize("what", PLACES)
@pytest.mark.parametrize("name", PLAYBOOKS)
def test_it_is_in_no_output(run, name, what):
    """Not with -vvv either. What Ansible prints beyond that (-vvvv, ANSIBLE_DEBUG) is not ours to keep back."""
    lines = [
        line
        for line in run.said[name].splitlines()
        for sought, text in needles(run.tokens)
        if sought == what and text in line
    ]
    assert [line[:300] for line in lines] == [], PLACES[what]


def test_the_program_on_the_npu_was_seen(run):
    """By its name; else there was nothing to hide."""
    assert '"device": "/dev/davinci0"' in run.said["site"]


def test_the_bundle_is_whole_without_its_secrets(run):
    names = {row["name"] for row in run.lock["artifacts"]}
    assert "file.txt" in names and "wheels/sympy-1.0-py3-none-any.whl" in names


def test_ansible_did_not_print_everything_in_vain(run):
    """The search of the output means something: -vvv did print the modules' arguments."""
    assert '"module_args"' in run.said["site"]
