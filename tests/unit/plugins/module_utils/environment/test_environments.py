"""What an environment holds and what it lacks, decided from names and texts alone."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    providers as environment_providers,
)
from ansible_collections.ascend.fleet.plugins.module_utils.environment import (
    wanted as environments,
)
from hypothesis import given
from hypothesis import strategies as st

NOTHING = {"packages": [], "absent": [], "sources": {}, "operator_wheels": None}


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        ("numpy-1.26.4.dist-info", ("numpy", "1.26.4")),
        ("rouge_chinese-1.0.3.dist-info", ("rouge-chinese", "1.0.3")),
        ("opencv_python_headless-4.8.1.78.dist-info", ("opencv-python-headless", "4.8.1.78")),
        ("jieba-0.42.1-py3.11.egg-info", ("jieba", "0.42.1")),
        ("PyYAML-6.0-py3.9.egg-info", ("pyyaml", "6.0")),
        ("numpy", None),
        ("~indspore-2.7.1", None),
    ],
)
def test_dist_info_names(folder, found):
    assert environments.parse_dist_info(folder) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("mindspore-2.7.1-cp311-cp311-manylinux1_x86_64.whl", ("mindspore", "2.7.1")),
        ("te-0.4.0-py3-none-any.whl", ("te", "0.4.0")),
        ("a_b-1-2-py3-none-any.whl", ("a-b", "1")),
        ("te-0.4.0.tar.gz", None),
        ("te.whl", None),
    ],
)
def test_wheel_names(name, found):
    assert environments.parse_wheel(name) == found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2.7", "2.7.0", True),
        ("2.7.0", "2.7.1", False),
        ("2.10.0", "2.1", False),
        ("2.0.0rc1", "2.0.0-rc1", True),
        ("1.0+cpu", "1.0", False),
        ("1.0.post1", "1.0", False),
        ("2.6.0rc1", "2.6.0", False),
    ],
)
def test_versions_are_compared_as_versions(one, other, same):
    assert environments.same_version(one, other) is same


def test_a_pin_holds_only_in_its_version():
    assert environments.satisfied("numpy==1.26.4", {"numpy": "1.26.4"})
    assert not environments.satisfied("numpy==1.26.4", {"numpy": "2.0.0"})
    assert environments.satisfied("Rouge_Chinese", {"rouge-chinese": "1.0.3"})
    assert not environments.satisfied("sympy", {})


def test_nothing_to_do_where_everything_holds():
    marker = {"wheels": {"te": "aa", "hccl": "bb"}}
    found = environments.changes(
        {"mindspore": "2.7.1", "te": "0.4.0", "hccl": "0.1.0"},
        marker,
        {
            **NOTHING,
            "packages": ["mindspore==2.7.1"],
            "absent": ["mindspore-ascend"],
            "operator_wheels": {
                "te": {"path": "/te.whl", "sha256": "aa"},
                "hccl": {"path": "/hccl.whl", "sha256": "bb"},
            },
        },
    )
    assert found == {"remove": [], "install": [], "wheels": []}


def test_operator_wheels_of_another_cann_are_installed_again_although_their_version_is_the_same():
    found = environments.changes(
        {"te": "0.4.0"},
        {"wheels": {"te": "old"}},
        {**NOTHING, "operator_wheels": {"te": {"path": "/te.whl", "sha256": "new"}}},
    )
    assert found["wheels"] == ["te"]


def test_topi_is_removed_when_cann_no_longer_brings_it():
    found = environments.changes(
        {"te": "0.4.0", "topi": "0.4.0"},
        {"wheels": {"te": "aa", "topi": "bb"}},
        {**NOTHING, "operator_wheels": {"te": {"path": "/te.whl", "sha256": "aa"}}},
    )
    assert found["remove"] == ["topi"]


def test_operator_wheels_are_left_alone_by_who_does_not_ask_for_them():
    assert environments.changes({"te": "0.4.0"}, {}, NOTHING) == {"remove": [], "install": [], "wheels": []}


def test_mindspore_1_goes_before_2_comes():
    found = environments.changes(
        {"mindspore-ascend": "1.10.1"},
        {},
        {**NOTHING, "packages": ["mindspore==2.7.1"], "absent": ["mindspore_ascend", "mindspore-gpu"]},
    )
    assert found["remove"] == ["mindspore-ascend"]
    assert found["install"] == ["mindspore==2.7.1"]


def test_what_was_being_installed_when_a_run_died_is_installed_again():
    found = environments.changes(
        {"mindspore": "2.7.1"}, {"unfinished": ["mindspore"]}, {**NOTHING, "packages": ["mindspore==2.7.1"]}
    )
    assert found["install"] == ["mindspore==2.7.1"]


def test_another_commit_is_installed_again():
    wanted = {**NOTHING, "packages": ["mindformers"], "sources": {"mindformers": "git+https://x/mf.git@b"}}
    installed = {"mindformers": "1.0.2"}
    assert environments.changes(installed, {"sources": {"mindformers": "git+https://x/mf.git@a"}}, wanted)["install"]
    assert not environments.changes(installed, {"sources": {"mindformers": "git+https://x/mf.git@b"}}, wanted)[
        "install"
    ]


def test_constraints_take_the_place_of_earlier_ones():
    text = environments.merge_constraints("", ["mindspore==2.6.0", "numpy<2"])
    text = environments.merge_constraints(text, ["MindSpore==2.7.1"])
    assert [line for line in text.splitlines() if not line.startswith("#")] == ["MindSpore==2.7.1", "numpy<2"]
    assert environments.merge_constraints(text, []) == text


def test_environment_file_keeps_values_through_shell_and_systemd():
    text = environments.render_environment({"A": 'x"y$z\\`', "PWD": "/", "B": "1\n2", "BASH_FUNC_f%%": "()"})
    assert text.splitlines()[1:] == ['A="x\\"y\\$z\\\\\\`"']


@given(st.text())
def test_no_marker_raises(text):
    assert environments.parse_marker(text) is None or isinstance(environments.parse_marker(text), dict)


@given(st.text(max_size=60))
def test_any_text_is_a_requirement_or_a_clear_error(text):
    try:
        name, _version, _rest = environments.parse_requirement(text)
    except ValueError as error:
        assert "numpy==1.26.4" in str(error)
    else:
        assert name == environments.normalize(name)


@pytest.mark.parametrize(
    ("wanted", "found", "right"),
    [
        ("3.11", "3.11.2", True),
        ("3.1", "3.11.2", False),
        ("3.11.2", "3.11.2", True),
        (None, "3.9.1", True),
        ("3.11", None, False),
    ],
)
def test_python_versions(wanted, found, right):
    assert environments.matches_python(wanted, found) is right


def test_the_first_fitting_python_is_taken_and_a_missing_one_is_explained():
    candidates = [("/usr/bin/python3.11", None), ("/usr/bin/python3", "3.11.2")]
    assert environment_providers.choose_python("3.11", candidates) == "/usr/bin/python3"
    with pytest.raises(environment_providers.ProviderError, match=r"needs Python 3.9 .* offers .*3.11.2.* conda or uv"):
        environment_providers.choose_python("3.9", candidates)


def test_each_provider_makes_its_environment_with_argument_lists():
    options = {"path": "/e", "python_version": "3.7", "executable": "/x", "channels": ["file:///c"], "offline": True}
    assert environment_providers.create("venv", options) == [["/x", "-m", "venv", "/e"]]
    assert environment_providers.create("uv", options) == [
        ["/x", "venv", "--no-project", "--python", "3.7", "--offline", "--allow-existing", "/e"],
        ["/e/bin/python", "-m", "ensurepip", "--default-pip"],
    ]
    assert environment_providers.create("conda", options) == [
        [
            "/x",
            "install",
            "--yes",
            "--prefix",
            "/e",
            "python=3.7",
            "pip",
            "--channel",
            "file:///c",
            "--override-channels",
            "--offline",
        ]
    ]
    assert environment_providers.conda_install(options, ["mindspore-ascend=1.10.1"])[-5:] == [
        "mindspore-ascend=1.10.1",
        "--channel",
        "file:///c",
        "--override-channels",
        "--offline",
    ]


def test_pip_uses_an_index_only_when_one_is_named():
    options = {"find_links": ["/w"], "index_url": None, "no_deps": True}
    command = environment_providers.pip_install("/e/bin/python", ["a==1"], options)
    assert "--no-index" in command and command[-2:] == ["--no-deps", "a==1"]
    command = environment_providers.pip_install(
        "/e/bin/python", ["a==1"], {**options, "index_url": "https://mirror/simple"}
    )
    assert "--no-index" not in command and "--only-binary=:all:" in command
    assert "https://mirror/simple" not in command, "it may hold a token"
    environ = environment_providers.pip_environment({**options, "index_url": "https://mirror/simple"})
    assert environ == {"PIP_INDEX_URL": "https://mirror/simple"}
