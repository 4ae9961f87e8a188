"""Whose a vendor package is, by the journal of our own changes."""

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import journal, ownership

ROOT = "/usr/local/Ascend"


def change(number, component, action, before, after, result="ok", path=ROOT, back=None, took_over=None):
    """The lines of one change; result None: it never ended. back: what was read back, when that is something else."""
    start = journal.start(
        f"id-{number}", number, "b", component, action, before, after, install_path=path, took_over=took_over
    )
    if result is None:
        return [start]
    return [start, journal.end(start, number, "b", 0, result, False, 1, after if back is None else back)]


def found(entries, component, version, path=ROOT, damaged=None):
    return ownership.find(ownership.holdings(entries), component, path, version, damaged)


def test_what_we_installed_is_ours_and_nothing_else():
    entries = change(1, "driver", "install", None, "25.3.rc1")
    assert found(entries, "driver", "25.3.RC1"), "in any spelling"
    assert not found(entries, "driver", "24.1.rc3"), "somebody put another version there since"
    assert not found(entries, "firmware", "25.3.rc1") and not found(entries, "driver", "25.3.rc1", "/opt/Ascend")
    assert not found([], "driver", "25.3.rc1")


def test_what_we_removed_and_somebody_installed_again_is_theirs():
    entries = [*change(1, "driver", "install", None, "25.3.rc1"), *change(2, "driver", "uninstall", "25.3.rc1", None)]
    assert not found(entries, "driver", "25.3.rc1")


@pytest.mark.parametrize("result", [None, "failed"])
def test_what_a_broken_change_left_is_ours_to_repair(result):
    entries = change(1, "driver", "install", None, "25.3.rc1", result, back="9.9.9")
    assert found(entries, "driver", "9.9.9") and found(entries, "driver", None, damaged="half") is not None
    assert found(entries, "driver", "25.3.rc1")["replaced"] is None


def test_a_refused_change_says_nothing():
    assert not found(change(1, "driver", "upgrade", "24.1.rc3", "25.3.rc1", "refused"), "driver", "24.1.rc3")


def test_a_damaged_driver_of_ours_is_ours_though_it_states_nothing():
    entries = change(1, "driver", "install", None, "25.3.rc1")
    assert found(entries, "driver", None, damaged="version.info names no version")
    assert not found([], "driver", None, damaged="version.info names no version")


def test_what_was_taken_over_is_remembered_through_upgrades_and_broken_ones():
    entries = change(1, "driver", "upgrade", "24.1.rc3", "25.3.rc1", "failed", took_over="24.1.rc3", back="24.1.rc3")
    assert found(entries, "driver", "24.1.rc3")["replaced"] == "24.1.rc3"
    entries += change(2, "driver", "repair", "24.1.rc3", "25.3.rc1")
    entries += change(3, "driver", "upgrade", "25.3.rc1", "25.5.0")
    assert found(entries, "driver", "25.5.0")["replaced"] == "24.1.rc3"


def test_a_journal_from_before_ownership_was_asked_for():
    entries = [
        {key: value for key, value in entry.items() if key not in ("install_path", "took_over")}
        for entry in change(1, "driver", "upgrade", "24.1.rc3", "25.3.rc1")
    ]
    assert found(entries, "driver", "25.3.rc1")["replaced"] == "24.1.rc3", "it counts for the default path"
    assert not found(entries, "driver", "25.3.rc1", "/data/Ascend")


def test_releases_of_cann_side_by_side_are_judged_one_by_one():
    entries = [*change(1, "nnae", "install", None, "8.0.RC3"), *change(2, "nnae", "upgrade", "8.0.RC3", "8.3.RC1")]
    assert found(entries, "nnae", "8.0.RC3") and found(entries, "nnae", "8.3.RC1")
    assert not found(entries, "nnae", "8.2.RC1") and not found(entries, "toolkit", "8.3.RC1")
    entries += change(3, "nnae", "uninstall", "8.3.RC1", None)
    assert found(entries, "nnae", "8.0.RC3") and not found(entries, "nnae", "8.3.RC1")


@pytest.mark.parametrize("result", [None, "failed"])
def test_a_broken_installation_beside_their_release_does_not_make_theirs_ours(result):
    entries = change(1, "nnae", "install", "8.0.RC3", "8.3.RC1", result, back="8.0.RC3")
    assert not found(entries, "nnae", "8.0.RC3")
    assert found(entries, "nnae", "8.3.RC1")["open"]


def test_kernels_are_ops():
    assert found(change(1, "ops", "install", None, "8.5.0"), "kernels", "8.5.0")


def test_a_release_without_a_version_file_goes_by_its_folder():
    held = ownership.holdings(change(1, "nnae", "install", None, "8.3.RC1"))
    row = {"product": "nnae", "version": None, "install_path": ROOT, "path": f"{ROOT}/nnae/8.3.RC1", "damaged": "x"}
    assert ownership.find_cann(held, row)
    assert ownership.find_cann(held, dict(row, path=f"{ROOT}/cann-8.3.RC1"))
    assert not ownership.find_cann(held, dict(row, path=f"{ROOT}/nnae/8.0.RC3"))


def test_tenants_of_a_release():
    held = ownership.holdings(change(1, "nnae", "install", None, "8.3.RC1"))
    release, theirs = (
        {"product": name, "version": "8.3.RC1", "install_path": ROOT, "path": f"{ROOT}/nnae/8.3.RC1"}
        for name in ("nnae", "kernels")
    )
    assert ownership.tenants(held, [release, theirs], release) == [theirs]
    held += ownership.holdings(change(1, "kernels", "install", None, "8.3.RC1"))
    assert ownership.tenants(held, [release, theirs], release) == []


@pytest.mark.parametrize("held", [[3], [{}], [{"component": "driver"}], [{"component": [], "install_path": {}}]])
def test_a_hosts_answer_is_data(held):
    assert ownership.of_facts({"journal": {"held": held}}) == []
