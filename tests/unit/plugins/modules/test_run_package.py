"""run_package against fake installers: what it starts, what it believes, what it says."""

import time

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.steps import package as package_step
from run_package_fakes import Fake, sha256

SUCCESS = 'say "Driver package installed successfully! The new version takes effect immediately. "'
REBOOT = 'say "Driver package installed successfully! Reboot needed for installation/upgrade to take effect! "'
INSTALLS = f"put 25.3.rc1; {SUCCESS}; exit 0"


@pytest.fixture
def host(tmp_path):
    return Fake(tmp_path)


def test_a_first_installation(host):
    result = host.run(path=host.package(INSTALLS), install_for_all=True, username="root", usergroup="root")
    assert result["changed"] and (result["before"], result["after"]) == (None, "25.3.rc1")
    assert result["action"] == "install" and result["reboot_required"] is False
    assert host.calls == [
        f"--full --install-username=root --install-usergroup=root --install-for-all --install-path={host.root} --quiet"
    ]
    start, end = host.journal()
    assert start["event"] == "start" and (end["event"], end["result"], end["to"]) == ("end", "ok", "25.3.rc1")
    assert start["id"] == end["id"]


def test_the_second_run_starts_nothing_and_needs_no_file(host):
    host.put("25.3.rc1")
    result = host.run(path="/nowhere/driver.run")
    assert not result["changed"] and result["after"] == "25.3.rc1"
    assert host.calls == [] and not host.state.exists()


@pytest.mark.parametrize("code,words,reboot", [(0, SUCCESS, False), (2, "say done", True), (0, REBOOT, True)])
def test_reboot_by_exit_code_or_words(host, code, words, reboot):
    package = host.package(f"put 25.3.rc1; {words}; exit {code}")
    assert host.run(path=package)["reboot_required"] is reboot
    # Until the host has rebooted, an unchanged run still says so.
    assert host.run(path=package)["reboot_required"] is reboot


def test_an_upgrade_in_the_recorded_place(host):
    host.own("24.1.0")
    result = host.run(path=host.package(INSTALLS))
    assert result["action"] == "upgrade" and (result["before"], result["after"]) == ("24.1.0", "25.3.rc1")


def test_a_downgrade_is_refused_unless_allowed(host):
    host.own("25.5.0")
    package = host.package(INSTALLS)
    refused = host.run(path=package)
    assert refused["failed"] and "ascend_allow_downgrade" in refused["msg"] and host.calls == []
    allowed = host.run(path=package, allow_downgrade=True)
    assert allowed["action"] == "downgrade" and allowed["after"] == "25.3.rc1"


LIES = {
    "exit 0 without effect": (f"{SUCCESS}; exit 0", "no version file"),
    "exit 2 without effect": (f"{REBOOT}; exit 2", "no version file"),
    "another version": (f"put 24.1.0; {SUCCESS}; exit 0", "24.1.0"),
    "an empty version file": (f"put ''; {SUCCESS}; exit 0", "damaged"),
    "failure text with exit 0": ("put 25.3.rc1; say 'Failed to install driver package'; exit 0", "Failed to install"),
    "success text with exit 1": (f"put 25.3.rc1; {SUCCESS}; exit 1", "exit code 1"),
    "a prompt in English": ('echo "Do you accept? [y/n] "; read a; [ "$a" = y ] || exit 0; put 25.3.rc1', "question"),
    "a prompt in other words": ('echo -n "Type the site code to go on: "; read a || exit 0; put 25.3.rc1', "site code"),
}


@pytest.mark.parametrize("body,evidence", LIES.values(), ids=LIES.keys())
def test_an_installer_that_lies_is_caught(host, body, evidence):
    result = host.run(path=host.package(body))
    assert result["failed"] and evidence in result["msg"]
    assert result["cause"] and result["fix"] and "log_tail" in result
    assert host.journal()[-1]["result"] == "failed"


@pytest.mark.parametrize(
    "body",
    [
        "put 25.3.rc1; echo '[ERROR] pip: a warning dressed as an error'; exit 0",
        "put 25.3.rc1; echo 'the package is already installed'; exit 1",
    ],
    ids=["noise", "already installed"],
)
def test_misleading_words_do_not_fail_what_the_files_confirm(host, body):
    assert host.run(path=host.package(body))["changed"]


def test_a_prompt_on_the_terminal_cannot_wait(host):
    result = host.run(path=host.package("read a < /dev/tty || exit 1; put 25.3.rc1"))
    assert result["failed"] and result["rc"] == 1


def test_a_prompt_repeated_for_ever_is_ended(host, monkeypatch):
    from ansible_collections.ascend.fleet.plugins.module_utils.change import process as process_io

    monkeypatch.setattr(process_io, "LOG_LIMIT", 4096)
    folder = host.base / "run"
    folder.mkdir()
    argv = ["bash", "-c", 'while :; do echo "please enter yes or no"; read a; done']
    run = process_io.run(argv, str(folder), process_io.clean_environment({}), 30)
    assert run["flooded"] and run["rc"] is None


def test_a_prompt_that_waits_for_ever_is_ended_early(host, monkeypatch):
    from ansible_collections.ascend.fleet.plugins.module_utils.change import process as process_io
    from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installer as vendor_run

    monkeypatch.setattr(process_io, "SILENCE", 0.2)
    monkeypatch.setattr(vendor_run, "waits_for_answer", lambda line, ended, silent: "[y/n]" in line and not ended)
    result = host.run(path=host.package("echo -n 'has been installed,do you want to continue?  [y/n] '; sleep 60"))
    assert result["failed"] and "do you want to continue" in result["cause"] and result["seconds"] < 30


def test_an_installer_that_hangs_is_ended_with_all_it_started(host):
    result = host.run(
        path=host.package(f"echo waiting for nothing; sleep 300 & echo $! > {host.base}/child; wait"), timeout=1
    )
    assert result["failed"] and "had not finished" in result["msg"] and result["rc"] is None
    child = int((host.base / "child").read_text())
    assert not _alive(child)
    # and the next run, with a sound package, repairs
    result = host.run(path=host.package(INSTALLS))
    assert result["action"] == "repair" and result["after"] == "25.3.rc1"


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as handle:
            return handle.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize(
    "text,words",
    [
        ("ERR_NO:0x0091;ERR_DES:HwHiAiUser not exists! Please add HwHiAiUser", "HwHiAiUser does not exist"),
        ("[ERROR]The list of missing tools: lspci,ifconfig,", "lspci,ifconfig"),
        ("ERR_NO:0x0095;ERR_DES:the user and group are not same with last installation", "another user"),
        ("The current installation package and environment is not match, please check.", "another chip"),
    ],
)
def test_refusals_are_explained_and_leave_nothing_to_repair(host, text, words):
    host.own("24.1.0")
    result = host.run(path=host.package(f"echo '{text}'; exit 1"))
    assert result["failed"] and not result["changed"] and words in result["msg"]
    assert host.journal()[-1]["result"] == "refused"
    # The version that is there stays believed: nothing was touched.
    assert not host.run(path="/nowhere", version="24.1.0")["changed"]


def test_colours_are_stripped_from_what_is_reported(host):
    result = host.run(path=host.package("say 'half way'; exit 1"))
    assert result["log_tail"][-1] == "[Driver] [2026-11-22 10:00:00] [INFO]half way"


def test_nothing_runs_that_is_not_what_was_promised(host):
    package = host.package(INSTALLS)
    result = host.run(path=package, checksum="sha256:" + "0" * 64)
    assert result["failed"] and "nothing was executed" in result["msg"]
    assert not host.calls_file.exists() and host.version() is None
    assert host.run(path=package, checksum="sha256:" + sha256(package).upper())["changed"]


def test_the_cache_folder_is_a_promise(host):
    folder = host.base / "cache" / ("a" * 64)
    folder.mkdir(parents=True)
    package = host.package(INSTALLS, name=f"cache/{'a' * 64}/driver.run")
    assert "expected " + "a" * 64 in host.run(path=package)["msg"] and not host.calls_file.exists()


@pytest.mark.parametrize(
    "check,words",
    [
        ("echo 'Error in SHA256 checksums: 1 is different from 2'; exit 2", "damaged"),
        ("echo 'Error in MD5 checksums: 1 is different from 2'; exit 0", "damaged"),
        ("exit 1", "exit code 1"),
    ],
)
def test_a_package_that_fails_its_own_check_is_not_installed(host, check, words):
    result = host.run(path=host.package(INSTALLS, check=check))
    assert result["failed"] and words in result["msg"]
    assert host.calls == [] and host.journal() == []


def test_check_mode_says_what_would_happen_and_touches_nothing(host):
    package = host.package(INSTALLS)
    result = host.run(path=package, _ansible_check_mode=True, _ansible_diff=True)
    assert result["changed"] and (result["before"], result["after"]) == (None, "25.3.rc1")
    assert result["diff"]["before"] == "driver is not installed\n" and result["diff"]["after"] == "driver 25.3.rc1\n"
    assert "--full" in result["diff"]["after_header"]
    assert not host.calls_file.exists() and not host.state.exists()


def test_check_mode_does_not_need_the_package_yet(host):
    assert host.run(path="/nowhere/driver.run", _ansible_check_mode=True)["changed"]
    assert "was not staged" in host.run(path="/nowhere/driver.run")["msg"]


def test_the_installer_gets_a_clean_environment(host, monkeypatch):
    for key in ("PYTHONPATH", "LD_LIBRARY_PATH", "ASCEND_OPP_PATH", "CONDA_PREFIX", "LC_ALL", "DISPLAY"):
        monkeypatch.setenv(key, "/x")
    host.run(path=host.package(f"env > {host.base}/env; umask >> {host.base}/env; put 25.3.rc1"))
    text = (host.base / "env").read_text()
    assert "LC_ALL=C\n" in text and text.endswith("0022\n") and "PATH=/usr/local/sbin:" in text
    assert not [row for row in text.splitlines() if row.endswith("=/x") and not row.startswith("_")]


def test_removal_by_the_installed_script(host):
    host.own("25.3.rc1")
    script = host.root / "driver" / "script" / "uninstall.sh"
    script.write_text(
        f'echo "uninstall $*" >> {host.calls_file}; rm -r {host.root}/driver; '
        'echo "Driver package uninstalled successfully! Reboot needed for uninstallation to take '
        'effect!"'
    )
    result = host.run(state="absent", version=None)
    assert result["changed"] and (result["before"], result["after"]) == ("25.3.rc1", None) and result["reboot_required"]
    assert host.calls == ["uninstall --quiet"]
    assert not host.run(state="absent")["changed"]


def test_removal_by_the_package_when_the_script_is_gone(host):
    host.own("25.3.rc1")
    refused = host.run(state="absent")
    assert refused["failed"] and "set path to the package" in refused["msg"]
    assert host.run(state="absent", path=host.package(f"rm -r {host.root}/driver"))["after"] is None
    assert host.calls == ["--uninstall"]


def test_a_removal_that_removes_nothing_is_caught(host):
    host.own("25.3.rc1")
    assert "still there" in host.run(state="absent", path=host.package("exit 0"))["msg"]


def test_kernels_want_their_base_first(host):
    package = host.package("exit 0")
    result = host.run(component="kernels", version="8.3.RC1", path=package)
    assert result["failed"] and "toolkit, nnae or nnrt of version 8.3.RC1" in result["msg"] and host.calls == []


def _nnae(host, version):
    return (
        f"D=$R/nnae/{version}; mkdir -p $D; echo -e 'package_name=Ascend-cann-nnae\\nversion={version}' "
        f"> $D/ascend_nnae_install.info; ln -sfn {version} $R/nnae/latest; touch $R/nnae/set_env.sh; "
        f"echo '[INFO] Ascend-cann-nnae install success'"
    )


def test_cann_packages(host):
    result = host.run(
        component="nnae", version="8.2.RC1", path=host.package(_nnae(host, "8.2.RC1")), install_for_all=True
    )
    assert result["after"] == "8.2.RC1" and not result["reboot_required"]
    result = host.run(component="nnae", version="8.3.RC1", path=host.package(_nnae(host, "8.3.RC1")))
    assert (result["action"], result["before"], result["after"]) == ("upgrade", "8.2.RC1", "8.3.RC1")
    assert host.calls == [
        f"--install --install-for-all --install-path={host.root} --quiet",
        f"--upgrade --install-path={host.root} --quiet",
    ]
    assert not host.run(component="nnae", version="8.3.RC1", path="/nowhere")["changed"]
    assert host.run(component="nnae", version="8.2.RC1", path="/nowhere")["failed"]


def test_of_releases_side_by_side_the_one_in_use_counts(host):
    old, new = (host.package(_nnae(host, version), name=f"{version}.run") for version in ("8.2.RC1", "8.3.RC1"))
    for version, package in (("8.2.RC1", old), ("8.3.RC1", new)):
        host.run(component="nnae", version=version, path=package)
    result = host.run(component="nnae", version="8.2.RC1", path=old, allow_downgrade=True)
    assert (result["action"], result["before"], result["after"]) == ("downgrade", "8.3.RC1", "8.2.RC1")
    # 8.3.RC1 is still there, but not in use: a package that only says yes is no upgrade.
    lie = host.package("echo '[INFO] Ascend-cann-nnae install success'", name="lie.run")
    assert "say 8.2.RC1" in host.run(component="nnae", version="8.3.RC1", path=lie)["msg"]
    result = host.run(component="nnae", version="8.3.RC1", path=new)
    assert (result["before"], result["after"]) == ("8.2.RC1", "8.3.RC1")


def test_a_removal_without_a_version_removes_every_release(host):
    for version in ("8.2.RC1", "8.3.RC1"):
        body = _nnae(host, version) + (
            f"; echo 'echo removed >> {host.calls_file}; rm -r {host.root}/nnae/{version}' > $D/cann_uninstall.sh"
        )
        host.run(component="nnae", version=version, path=host.package(body))
    one = host.run(component="nnae", version="8.2.RC1", state="absent")
    assert (one["before"], one["after"]) == ("8.2.RC1", None) and (host.root / "nnae" / "8.3.RC1").exists()
    host.run(
        component="nnae",
        version="8.2.RC1",
        path=host.package(
            _nnae(host, "8.2.RC1")
            + (f"; echo 'rm -r {host.root}/nnae/8.2.RC1 {host.root}/nnae/latest' > $D/cann_uninstall.sh")
        ),
        allow_downgrade=True,
    )
    every = host.run(component="nnae", state="absent", version="")
    assert every["changed"] and every["after"] is None and not list((host.root / "nnae").glob("8*"))
    assert not host.run(component="nnae", state="absent", version="")["changed"]


def test_a_soc_driver_is_not_given_what_it_does_not_know(host):
    package = host.package(INSTALLS, name="Ascend-hdk-310b-npu-driver-soc_25.3.rc1_linux-aarch64.run")
    assert host.run(path=package, install_for_all=True)["changed"]
    assert "--install-for-all" not in host.calls[0]


def test_a_package_that_rejects_install_for_all_is_asked_again_without(host):
    body = f'case "$*" in *for-all*) echo "Unrecognized option: --install-for-all"; exit 1;; esac; {INSTALLS}'
    assert host.run(path=host.package(body), install_for_all=True)["changed"]
    assert len(host.calls) == 2 and "for-all" not in host.calls[1]


def test_a_version_file_without_the_vendors_record(host):
    host.own("24.1.0")
    body = f'case "$*" in *--upgrade*) echo "ERR_NO:0x0080;ERR_DES:driver not installed"; exit 1;; esac; {INSTALLS}'
    assert host.run(path=host.package(body))["after"] == "25.3.rc1"


def test_seconds_tell_how_long_it_took(host):
    begun = time.monotonic()
    result = host.run(path=host.package(f"sleep 0.3; {INSTALLS}"))
    assert 0.2 <= result["seconds"] <= time.monotonic() - begun + 0.1  # it is rounded to tenths


@pytest.mark.parametrize(
    "more,words",
    [
        ({"component": None}, "component is not given"),
        ({"version": None}, "version is not given"),
        ({"usergroup": "x"}, "usergroup needs username"),
        ({"username": "root"}, "install_for_all"),
        ({"install_path": "relative"}, "absolute"),
    ],
)
def test_arguments_that_do_not_go_together(more, words):
    params = {key: spec.get("default") for key, spec in package_step.SPEC.items()}
    params.update(component="driver", version="25.3.rc1")
    assert package_step.check_arguments(params) is None
    assert words in package_step.check_arguments(dict(params, **more))
