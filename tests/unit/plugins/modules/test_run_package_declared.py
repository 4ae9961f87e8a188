"""Packages that somebody declares: called by their declaration, proven by their own file, ours by a record."""

import getpass
import json
import os
import pwd
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder
from run_package_fakes import Fake, Module

OPTIONS = ["--install", "--install-path={install_path}", "--quiet"]
# What the fake package does: `put` writes the file that states its version, --uninstall takes it away.
BODY = """
for word in "$@"; do case "$word" in --install-path=*) T="${word#*=}" ;; --uninstall) U=1 ;; esac; done
if [ -n "$U" ]; then rm -rf $R/sdk/version.info; say "uninstalled successfully"; exit 0; fi
[ -z "$REFUSES" ] || { echo "ERR_NO:0x0091; no"; exit 1; }
mkdir -p "$T/sdk/bin"; echo "Widget SDK: VERSION" > "$T/sdk/version.info"
echo 'rm -f "$(dirname "$0")/../version.info"; echo script >> CALLS' > "$T/sdk/bin/uninstall.sh"
say "install success"; exit 0
"""


@pytest.fixture
def host(tmp_path):
    return Fake(tmp_path)


def package(host, version, body=BODY):
    return host.package(body.replace("VERSION", version).replace("CALLS", str(host.calls_file)), f"sdk_{version}.run")


def declaration(**more):
    return {
        "name": "sdk", "options": OPTIONS, "proof": "sdk/version.info", "pattern": r"SDK:\s*(\S+)", **more,
    }  # fmt: skip


def run(host, version=None, more=None, **args):
    given = host.args(declared=declaration(**(more or {})), version=version, **args)
    del given["component"]
    given = {**given, "version": version} if version else {k: v for k, v in given.items() if k != "version"}
    return Module(given, host.base).result()


def record(host):
    path = host.state / "extra" / "sdk.json"
    return json.loads(path.read_text()) if path.exists() else None


def test_it_is_installed_by_its_options_and_proven_by_its_file(host):
    result = run(host, "7.3.0", path=package(host, "7.3.0"))
    assert result["changed"] and (result["before"], result["after"]) == (None, "7.3.0"), result
    assert host.calls == [f"--install --install-path={host.root} --quiet"]
    kept = record(host)
    assert (kept["version"], kept["open"], kept["package"]) == ("7.3.0", False, "sdk_7.3.0.run")
    assert [row["component"] for row in host.journal()] == ["extra:sdk", "extra:sdk"]
    assert (host.state / "extra" / "sdk.json").stat().st_mode & 0o777 == 0o600


def test_a_second_run_starts_nothing(host):
    run(host, "7.3.0", path=package(host, "7.3.0"))
    result = run(host, "7.3.0")
    assert not result["changed"] and result["after"] == "7.3.0" and len(host.calls) == 1


def test_an_installer_that_says_well_and_leaves_no_version_has_failed(host):
    result = run(host, "7.3.0", path=host.package('say "install success"; exit 0', "sdk.run"))
    assert result["failed"] and "no version file" in result["msg"]
    assert record(host)["open"], "what it may have left is ours to repair"


def test_a_file_that_states_another_version_is_no_proof(host):
    result = run(host, "7.3.0", path=package(host, "7.2.0"))
    assert result["failed"] and "7.2.0, not 7.3.0" in result["msg"]


def test_it_is_installed_anew_when_what_it_stands_on_changes(host):
    run(host, "7.3.0", {"stands_on": {"driver": "24.1.0"}}, path=package(host, "7.3.0"))
    same = run(host, "7.3.0", {"stands_on": {"driver": "24.1.0"}})
    result = run(host, "7.3.0", {"stands_on": {"driver": "25.3.rc1"}}, path=package(host, "7.3.0"))
    assert not same["changed"] and (result["changed"], result["action"]) == (True, "repair")
    assert record(host)["stands_on"] == {"driver": "25.3.rc1"}


def test_an_earlier_version_is_removed_first_by_its_own_way(host):
    run(host, "7.2.0", {"remove": ["sdk/bin/uninstall.sh"]}, path=package(host, "7.2.0"))
    result = run(host, "7.3.0", path=package(host, "7.3.0"))
    assert (result["before"], result["after"], result["action"]) == ("7.2.0", "7.3.0", "upgrade")
    assert host.calls[1] == "script" and host.calls[2].startswith("--install")
    assert record(host)["before"]["version"] == "7.2.0"


def test_a_package_that_can_upgrade_goes_over_it(host):
    run(host, "7.2.0", path=package(host, "7.2.0"))
    upgrade = ["--upgrade", "--install-path={install_path}"]
    run(host, "7.3.0", {"upgrade_options": upgrade}, path=package(host, "7.3.0"))
    assert host.calls[1] == f"--upgrade --install-path={host.root}"


def test_an_older_version_has_to_be_asked_for(host):
    run(host, "7.3.0", path=package(host, "7.3.0"))
    assert "downgrade was not asked for" in run(host, "7.2.0", path=package(host, "7.2.0"))["msg"]
    assert run(host, "7.2.0", path=package(host, "7.2.0"), allow_downgrade=True)["after"] == "7.2.0"


def test_what_somebody_else_has_there_is_not_touched(host):
    (host.root / "sdk").mkdir()
    (host.root / "sdk" / "version.info").write_text("Widget SDK: 7.1.0\n")
    result = run(host, "7.3.0", path=package(host, "7.3.0"))
    assert result["failed"] and "is not ours" in result["msg"] and "ascend_extra_packages" in result["fix"]
    assert host.calls == [] and record(host) is None
    assert not run(host, "7.1.0")["changed"], "in the wanted version it is used"


@pytest.mark.parametrize("remove", [[], ["sdk/bin/uninstall.sh"], ["--uninstall"]])
def test_it_is_removed_by_its_record_alone(host, remove):
    path = package(host, "7.3.0")
    run(host, "7.3.0", {"remove": remove}, path=path)
    given = None if remove == ["sdk/bin/uninstall.sh"] else path
    result = run(host, None, {"options": None, "proof": None}, state="absent", path=given)
    assert result["changed"] and (result["before"], result["after"]) == ("7.3.0", None), result
    assert record(host) is None and not (host.root / "sdk" / "version.info").exists()
    assert not run(host, None, state="absent")["changed"]


def test_one_whose_package_is_gone_says_so(host):
    path = package(host, "7.3.0")
    run(host, "7.3.0", path=path)
    os.unlink(path)
    result = run(host, None, state="absent")
    assert result["failed"] and "cannot be removed" in result["msg"] and record(host)


def test_what_somebody_has_removed_is_forgotten(host):
    run(host, "7.3.0", path=package(host, "7.3.0"))
    (host.root / "sdk" / "version.info").unlink()
    result = run(host, None, state="absent")
    assert result["changed"] and record(host) is None


def test_a_link_out_of_its_folder_proves_nothing(host):
    run(host, "7.3.0", path=package(host, "7.3.0"))
    outside = host.base / "elsewhere"
    outside.write_text("Widget SDK: 7.3.0\n")
    proof = host.root / "sdk" / "version.info"
    proof.unlink()
    proof.symlink_to(outside)
    result = run(host, "7.3.0", _ansible_check_mode=True, path=package(host, "7.3.0"))
    assert result["changed"] and result["action"] == "repair"


def test_it_is_not_moved(host):
    run(host, "7.3.0", path=package(host, "7.3.0"))
    result = run(host, "7.4.0", {"install_path": str(host.base / "other")}, path=package(host, "7.4.0"))
    assert result["failed"] and "is not moved" in result["msg"]


def test_a_user_that_is_not_there_is_told(host):
    result = run(host, "7.3.0", {"user": "nobody-at-all"}, path=package(host, "7.3.0"))
    assert result["failed"] and "no such user" in result["msg"] and host.calls == []


def test_check_mode_says_what_would_be_done(host):
    result = run(host, "7.3.0", path=package(host, "7.3.0"), _ansible_check_mode=True)
    assert result["changed"] and result["argv"][2:] == ["--install", f"--install-path={host.root}", "--quiet"]
    assert host.calls == [] and not host.state.exists()


@pytest.mark.parametrize(
    ("more", "args", "words"),
    [
        ({"name": "../x"}, {}, "declared.name"),
        ({"proof": None}, {}, "lacks proof"),
        ({"options": []}, {}, "lacks options"),
        ({"install_path": "/"}, {}, "install_path"),
        ({}, {"component": "driver"}, "exclude each other"),
    ],
)
def test_wrong_arguments_are_told(host, more, args, words):
    given = {**host.args(declared=declaration(**more), version="7.3.0"), **args}
    if "component" not in args:
        del given["component"]
    assert words in Module(given, host.base).result()["msg"]


@pytest.mark.skipif(getpass.getuser() != "root", reason="becomes another user")
def test_an_ordinary_user_installs_owns_and_removes_it(place, monkeypatch):
    monkeypatch.setattr(safe_folder, "TOP", str(place))
    monkeypatch.setattr(safe_folder, "RUN_DIR", str(place / "run"))
    host, nobody = Fake(place), pwd.getpwnam("nobody")
    home = place / "home"
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    host.calls_file.touch()
    host.calls_file.chmod(0o666)
    mine = {"user": "nobody", "install_path": str(home / "sdk root"), "remove": ["sdk/bin/uninstall.sh"]}
    path = Path(package(host, "7.3.0"))
    path.chmod(0o600)
    result = run(host, "7.3.0", mine, path=str(path))
    assert result["failed"] and "may not use" in result["msg"] and host.calls == [], result
    path.chmod(0o644)
    result = run(host, "7.3.0", mine, path=str(path))
    assert result["after"] == "7.3.0" and result["argv"][:3] == ["runuser", "-u", "nobody"], result
    assert (home / "sdk root" / "sdk" / "version.info").stat().st_uid == nobody.pw_uid
    assert run(host, None, state="absent")["after"] is None and host.calls[-1] == "script"


# As the vendor's container runtime: asks for its licence, without end at the end of its input, takes a no for a good
# end, and writes a file anew that is another's.
ASKING = """
case "$1" in --uninstall) echo "{}" > OTHERS; rm -rf $R/sdk; echo "uninstall success"; exit 0 ;; esac
while true; do
    echo "Do you accept the EULA to install it?[Y/N]"; read -r yn || sleep 0.01
    case "$yn" in Y) break ;; N) exit 0 ;; esac
done
mkdir -p $R/sdk; echo '{"ours": 1}' > OTHERS; chmod 600 OTHERS
[ -e $R/breaks ] && exit 1
echo "Widget SDK: 1.0" > $R/sdk/version.info; echo "[INFO] install success"; exit 0
"""


def of_component(host, accept, version="1.0", **args):
    others = host.base / "daemon.json"
    path = host.package(ASKING.replace("OTHERS", str(others)), "runtime.run")
    more = {
        "options": ["--install"], "of_component": True, "accept_licence": accept, "keeps": [str(others)],
    }  # fmt: skip
    return run(host, version, more, path=path, **args)


@pytest.fixture
def others(host):
    path = host.base / "daemon.json"
    path.write_bytes(b'{"theirs":   true}')
    path.chmod(0o644)
    return path


def test_a_licence_is_accepted_by_declared_consent_and_the_files_of_others_are_put_back(host, others):
    result = of_component(host, True)
    assert (result["changed"], result["after"]) == (True, "1.0"), result
    assert others.read_bytes() == b'{"theirs":   true}' and others.stat().st_mode & 0o777 == 0o644
    assert [row["component"] for row in host.journal()] == ["sdk", "sdk"]
    kept = json.loads((host.state / "components" / "sdk.json").read_text())
    assert (kept["version"], kept["open"], kept["kept"]) == ("1.0", False, []) and record(host) is None


def test_a_licence_that_is_not_accepted_ends_at_once_and_nothing_is_proven(host, others):
    result = of_component(host, False)
    assert result["failed"] and result["seconds"] < 20 and not (host.root / "sdk").exists()
    assert "licence, which was not accepted" in result["cause"] and not result["changed"], result["msg"]
    assert host.journal()[-1]["result"] == "refused" and not (host.state / "components" / "sdk.json").exists()


def test_files_of_others_come_back_after_a_failure_too_and_after_a_removal(host, others):
    (host.root / "breaks").touch()
    assert of_component(host, True)["failed"]
    assert others.read_bytes() == b'{"theirs":   true}'
    (host.root / "breaks").unlink()
    assert of_component(host, True)["after"] == "1.0"
    result = of_component(host, True, None, state="absent")
    assert result["changed"] and not (host.root / "sdk").exists(), result
    assert others.read_bytes() == b'{"theirs":   true}'
    assert not (host.state / "components" / "sdk.json").exists()
