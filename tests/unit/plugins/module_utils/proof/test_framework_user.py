"""Whom a framework runs as, with real users, real modes and real device-like files."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.proof import user as framework_user
from ansible_collections.ascend.fleet.plugins.module_utils.secure import run_as

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
NOBODY = run_as.by_name("nobody")
ALICE, DRIVER, GROUP = 4242, 4343, 4444
FILES = ("bin/python", "bin/ascend-run", "ascend-env.sh")


@pytest.fixture()
def place(monkeypatch):
    """A folder that everybody may look into, with an environment of root's, a model and a /dev without a node."""
    folder = Path(tempfile.mkdtemp(prefix="fleet-test-"))
    folder.chmod(0o755)
    (folder / "env" / "bin").mkdir(parents=True)
    for name in FILES:
        (folder / "env" / name).write_text("#!/bin/sh\n")
        (folder / "env" / name).chmod(0o755)
    (folder / "model.ckpt").write_text("weights")
    (folder / "dev").mkdir()
    monkeypatch.setattr(framework_user, "DEVICES", str(folder / "dev"))
    monkeypatch.setattr(framework_user, "INSTALL_INFO", str(folder / "install.info"))
    monkeypatch.setattr(framework_user, "DRIVER_USER", "nobody-has-this-name")
    yield folder
    shutil.rmtree(folder)


def choose(place, device_target="CPU"):
    wanted = {"environment": str(place / "env"), "device_target": device_target, "device_id": 0}
    return framework_user.choose(wanted, [str(place / "model.ckpt")])


def nodes(place, uid, gid, mode):
    for name in ("davinci0", "davinci_manager", "devmm_svm", "hisi_hdc"):
        (place / "dev" / name).write_text("")
        os.chown(place / "dev" / name, uid, gid)
        (place / "dev" / name).chmod(mode)


def give(place, uid):
    for path in (place / "env", place / "env" / "bin", *(place / "env" / name for name in FILES)):
        os.chown(path, uid, uid)


def test_without_a_driver_it_is_nobody(place):
    account = choose(place)
    assert (account.name, account.uid, account.note) == ("nobody", NOBODY.uid, None)
    assert choose(place, "Ascend").uid == NOBODY.uid


def test_the_drivers_user_is_taken_from_its_record(place):
    (place / "install.info").write_text("UserName=games\nUserGroup=games\n")
    assert choose(place).name == "games"


def test_on_a_device_it_is_the_user_of_the_nodes(place):
    nodes(place, DRIVER, GROUP, 0o660)
    account = choose(place, "Ascend")
    assert (account.uid, account.groups) == (DRIVER, [GROUP])
    assert choose(place, "CPU").uid == NOBODY.uid


def test_nobody_gets_the_group_that_may_use_the_device(place):
    nodes(place, 0, GROUP, 0o660)
    account = choose(place, "Ascend")
    assert account.uid == NOBODY.uid and GROUP in account.groups


def test_the_group_of_root_is_given_to_nobody(place):
    nodes(place, 0, 0, 0o660)
    account = choose(place, "Ascend")
    assert (account.uid, "device nodes" in account.note) == (0, True)
    nodes(place, 0, 0, 0o666)
    assert 0 not in choose(place, "Ascend").groups


def test_the_owner_of_the_environment_runs_it(place):
    give(place, ALICE)
    nodes(place, DRIVER, GROUP, 0o666)
    assert choose(place).uid == choose(place, "Ascend").uid == ALICE


def test_an_owner_without_a_right_to_the_device_gets_none_and_never_root(place):
    give(place, ALICE)
    nodes(place, DRIVER, GROUP, 0o660)
    with pytest.raises(framework_user.NoUser, match=r"4242 owns .* may not use .*davinci0 .*usermod -aG 4444 4242"):
        choose(place, "Ascend")


@pytest.mark.parametrize("name", (*FILES, "bin"))
def test_a_part_that_an_ordinary_user_owns_is_not_roots_to_run(place, name):
    os.chown(place / "env" / name, ALICE, ALICE)
    nodes(place, 0, 0, 0o600)
    with pytest.raises(framework_user.NoUser, match="may not use"):
        choose(place, "Ascend")
    assert choose(place).uid == ALICE


@pytest.mark.parametrize("name", (*FILES, "bin", "."))
def test_what_others_may_write_is_not_roots_to_run(place, name):
    (place / "env" / name).chmod(0o777)
    nodes(place, 0, 0, 0o600)
    with pytest.raises(framework_user.NoUser, match="chmod go-w"):
        choose(place, "Ascend")
    assert choose(place).uid == NOBODY.uid


def test_a_folder_above_that_others_may_write_is_not_roots_to_run(place):
    place.chmod(0o777)
    nodes(place, 0, 0, 0o600)
    with pytest.raises(framework_user.NoUser, match="chmod go-w"):
        choose(place, "Ascend")


def test_a_link_to_somebodys_python_runs_as_that_somebody(place):
    (place / "python").write_text("")
    (place / "python").chmod(0o755)
    os.chown(place / "python", ALICE, ALICE)
    (place / "env" / "bin" / "python").unlink()
    (place / "env" / "bin" / "python").symlink_to(place / "python")
    assert choose(place).uid == ALICE


def test_two_owners_are_refused(place):
    give(place, ALICE)
    os.chown(place / "env" / "bin" / "python", DRIVER, DRIVER)
    with pytest.raises(framework_user.NoUser, match=r"Several users own parts of .*4242, 4343"):
        choose(place)


def test_a_model_that_nobody_may_read_is_named_with_the_fix(place):
    (place / "model.ckpt").chmod(0o600)
    with pytest.raises(framework_user.NoUser, match=r"nobody may not read .*model.ckpt.*inference_check_model_root"):
        choose(place)
    give(place, ALICE)
    with pytest.raises(framework_user.NoUser, match=r"4242 owns .* may not read .*model.ckpt"):
        choose(place)


def test_an_environment_that_is_closed_and_roots_alone_is_roots_to_run(place):
    (place / "env").chmod(0o700)
    account = choose(place)
    assert (account.uid, "nobody but root may read" in account.note) == (0, True)
    place.chmod(0o777)
    with pytest.raises(framework_user.NoUser, match="may not read"):
        choose(place)


def test_a_folder_without_an_environment(place):
    (place / "env" / "bin" / "ascend-run").unlink()
    with pytest.raises(framework_user.NoUser, match=r"ascend-run: No such file.*python_toolchain"):
        choose(place)


def test_rights_are_the_kernels_answer(place):
    (place / "closed").mkdir(mode=0o700)
    (place / "closed" / "file").write_text("")
    needs = [(str(place), os.R_OK), (str(place / "closed" / "file"), os.R_OK), (str(place / "none"), os.R_OK)]
    assert NOBODY.refused(needs) == needs[1][0]
    assert NOBODY.refused(needs[:1]) is NOBODY.refused([]) is None
    assert run_as.current().refused(needs[:2]) is None
    assert run_as.current().uid == 0  # the asking is done by a child


def test_the_owner_of_a_path_is_that_of_the_link_itself(place):
    assert run_as.of_owner(str(place)) is None
    (place / "link").symlink_to("/")
    os.lchown(place / "link", ALICE, ALICE)
    assert run_as.of_owner(str(place / "link")).uid == ALICE


def test_for_a_run_with_the_hosts_own_programs(tmp_path, monkeypatch):
    monkeypatch.setattr(framework_user, "DEVICES", str(tmp_path / "dev"))
    wanted = {"device_target": "Ascend", "device_id": 0}
    assert framework_user.of_device(wanted, ["/bin/sh"]).name == "nobody"
    closed = tmp_path / "model.om"
    closed.touch(mode=0o600)
    with pytest.raises(framework_user.NoUser, match=r"nobody may not read .*model\.om\. Let everybody read it"):
        framework_user.of_device(wanted, [str(closed)])
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "davinci0").touch(mode=0o600)
    account = framework_user.of_device(wanted, ["/bin/sh"])
    assert (account.uid, "device nodes let root alone in" in account.note) == (0, True)
