"""What somebody else installed is used, and never replaced or removed without being asked to."""

import pytest
from run_package_fakes import Fake

INSTALLS = 'put 25.3.rc1; say "Driver package installed successfully! "; exit 0'


@pytest.fixture
def host(tmp_path):
    return Fake(tmp_path)


@pytest.fixture
def theirs(host):
    """A driver that the journal does not know, with its own uninstall script."""
    host.put("24.1.0")
    (host.root / "driver" / "script" / "uninstall.sh").write_text(f"echo removed >> {host.calls_file}")
    return host


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"state": "absent", "version": None},
        {"state": "absent", "take_over": True},
        {"version": "23.0.rc1", "allow_downgrade": True},
    ],
)
def test_a_driver_of_theirs_is_refused(theirs, more, check_mode):
    package = theirs.package(INSTALLS) if more.get("state") != "absent" else None
    result = theirs.run(path=package, _ansible_check_mode=check_mode, **more)
    assert result["failed"] and not result["changed"], result
    assert "not installed by ascend.fleet" in result["cause"] and "uninstall.sh" in result["fix"]
    assert ("ascend_take_over: [driver]" in result["fix"]) is (more.get("state") != "absent")
    assert theirs.calls == [] and theirs.journal() == [] and theirs.version() == "24.1.0"


def test_a_driver_of_theirs_in_the_wanted_version_is_used(theirs):
    result = theirs.run(version="24.1.0")
    assert not result["changed"] and result["after"] == "24.1.0" and not theirs.state.exists()


def test_a_damaged_driver_of_theirs_is_not_repaired(theirs):
    (theirs.root / "driver" / "version.info").write_text("")
    assert "of an unknown version" in theirs.run(path=theirs.package(INSTALLS))["msg"] and theirs.calls == []


def test_a_driver_is_taken_over_when_that_is_asked_for(theirs):
    result = theirs.run(path=theirs.package(INSTALLS), take_over=True, _ansible_check_mode=True)
    assert result["changed"] and result["took_over"] == "24.1.0" and theirs.calls == []
    result = theirs.run(path=theirs.package(INSTALLS), take_over=True)
    assert (result["after"], result["took_over"]) == ("25.3.rc1", "24.1.0")
    assert [entry["took_over"] for entry in theirs.journal()] == ["24.1.0", "24.1.0"]
    assert [entry["install_path"] for entry in theirs.journal()] == [str(theirs.root)] * 2
    # From then on it is ours.
    newer = theirs.package("put 25.5.0; exit 0", name="newer.run")
    assert theirs.run(path=newer, version="25.5.0")["action"] == "upgrade"


def test_a_broken_take_over_is_repaired_without_asking_again(theirs):
    assert theirs.run(path=theirs.package("exit 1"), take_over=True)["failed"]
    assert theirs.run(path=theirs.package(INSTALLS))["action"] == "repair"


def test_a_driver_that_somebody_put_over_ours_is_theirs(host):
    host.own("25.3.rc1")
    host.put("25.5.0")
    refused = host.run(path=host.package("put 25.9.0; exit 0"), version="25.9.0")
    assert refused["failed"] and "is not ours" in refused["msg"]


def _nnae(host, version):
    """A package of CANN; as the vendor's, its --upgrade removes the release that latest leads to."""
    return (
        f'[ "$1" != --upgrade ] || rm -r $R/nnae/$(readlink $R/nnae/latest); D=$R/nnae/{version}; mkdir -p $D; '
        f"echo -e 'package_name=Ascend-cann-nnae\\nversion={version}' > $D/ascend_nnae_install.info; "
        f"ln -sfn {version} $R/nnae/latest; touch $R/nnae/set_env.sh $D/set_env.sh; "
        f"echo 'echo removed {version} >> {host.calls_file}; cd {host.root}/nnae; rm -r {version}; "
        "[ -e latest ] || rm latest' > $D/cann_uninstall.sh; "
        "echo '[INFO] Ascend-cann-nnae install success'"
    )


def nnae(host, version, **more):
    return host.run(
        component="nnae", version=version, path=host.package(_nnae(host, version), name=f"{version}.run"), **more
    )


@pytest.fixture
def cann(host):
    """A release of CANN that the journal does not know."""
    nnae(host, "8.0.RC3")
    (host.state / "journal.jsonl").unlink()
    host.calls_file.unlink()
    return host


def test_a_release_of_cann_goes_beside_theirs_and_away_again(cann):
    result = nnae(cann, "8.3.RC1")
    assert (result["action"], result["after"]) == ("install", "8.3.RC1") and "--install" in cann.calls[0]
    assert (cann.root / "nnae" / "8.0.RC3" / "ascend_nnae_install.info").exists()
    assert cann.journal()[0]["from"] is None, "it took no place of anything"
    # Nor is it removed by an upgrade of ours.
    assert nnae(cann, "8.5.0")["action"] == "upgrade" and "--upgrade" not in cann.calls[1]
    refused = cann.run(component="nnae", version="8.0.RC3", state="absent")
    assert refused["failed"] and "is not ours" in refused["msg"]
    assert cann.run(component="nnae", version="", state="absent")["failed"], "every release, and one is theirs"
    for version in ("8.3.RC1", "8.5.0"):
        gone = cann.run(component="nnae", version=version, state="absent")
        assert gone["changed"] and not gone.get("failed"), gone["msg"]
        assert not cann.run(component="nnae", version=version, state="absent")["changed"]
    assert cann.calls[2:] == ["removed 8.3.RC1", "removed 8.5.0"]
    assert (cann.root / "nnae" / "8.0.RC3" / "ascend_nnae_install.info").exists()


@pytest.mark.parametrize("damage", [False, True])
def test_a_release_of_theirs_is_not_installed_over(cann, damage):
    nnae(cann, "8.3.RC1")  # now latest leads to ours
    if damage:
        (cann.root / "nnae" / "8.0.RC3" / "ascend_nnae_install.info").write_text("")
    refused = nnae(cann, "8.0.RC3", allow_downgrade=True)
    assert refused["failed"] and "is not ours" in refused["msg"] and len(cann.calls) == 1


def test_a_release_of_theirs_is_upgraded_when_it_is_taken_over(cann):
    result = nnae(cann, "8.3.RC1", take_over=True)
    assert (result["action"], result["took_over"]) == ("upgrade", "8.0.RC3") and "--upgrade" in cann.calls[0]
    assert not (cann.root / "nnae" / "8.0.RC3").exists()


def test_our_release_stays_while_somebodys_kernels_are_in_it(host):
    nnae(host, "8.3.RC1")
    kernels = host.root / "nnae" / "8.3.RC1" / "opp_kernel"
    kernels.mkdir()
    (kernels / "version.info").write_text("Version=1\nversion_dir=8.3.RC1\n")
    refused = host.run(component="nnae", version="8.3.RC1", state="absent")
    assert refused["failed"] and "kernels 8.3.RC1" in refused["msg"] and kernels.exists()


@pytest.mark.parametrize("option", ["install_path", "state_dir"])
@pytest.mark.parametrize("path", ["/", "/data", "/data/../etc/x", "data/x", "/data//x", "/data/x\n"])
def test_a_path_that_would_be_wider_than_meant_is_refused(host, option, path):
    refused = host.run(**{option: path})
    assert refused["failed"] and f"Fix: set {option}, or ascend_{option} in the roles" in refused["msg"]
