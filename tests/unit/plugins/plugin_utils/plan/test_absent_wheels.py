"""A pinned release that requires what PyPI does not have is refused, unless the artifacts have it."""

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import absent_wheels, desired

STACK = {
    "driver": None,
    "mindspore": {"version": "2.10.0"},
    "mindformers": {"version": "2.0.0", "pypi_lacks": ["hyper-parallel~=1.0.0"]},
}
STEPS = [{"component": "mindformers"}]


def judge(artifacts, steps=STEPS, **wishes):
    values, problems = desired.read({"ascend_mindspore_version": "2.10.0", "ascend_artifacts": artifacts, **wishes})
    assert not problems
    return absent_wheels.judge(STACK, steps, values, None)


@pytest.mark.parametrize("files", [[], ["mindspore-2.10.0-cp311-none-any.whl"], ["hyper_parallel-1.0.0.tar.gz"]])
def test_what_is_lacking_is_named_with_the_fix(tmp_path, files):
    (tmp_path / "wheels").mkdir()
    for name in files:
        (tmp_path / "wheels" / name).touch()
    found = judge(str(tmp_path))
    assert (found["rule"], found["severity"]) == ("wheels-missing", "error")
    assert "mindformers 2.0.0 requires hyper-parallel~=1.0.0" in found["message"] and str(tmp_path) in found["message"]
    assert found["variable"] == "ascend_mindformers_version"


@pytest.mark.parametrize("name", ["hyper_parallel-1.0.2-py3-none-any.whl", "Hyper.Parallel-1.0.0-py3-none-any.whl"])
def test_a_wheel_in_the_artifacts_will_do(tmp_path, name):
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / name).touch()
    assert judge(str(tmp_path)) is None


def test_without_artifacts_it_is_lacking():
    assert "not set" in judge(None)["message"]


def test_an_index_of_ones_own_is_not_judged(tmp_path):
    assert judge(str(tmp_path), ascend_wheels="https://pypi.example.com/simple") is None


def test_what_is_installed_already_is_not_asked_for(tmp_path):
    assert judge(str(tmp_path), steps=[{"component": "inference"}]) is None


TORCH = {"torch": {"version": "2.7.1", "pypi_lacks": ["torch==2.7.1+cpu"]}}


@pytest.mark.parametrize(
    ("file", "fits"),
    [
        ("torch-2.7.1+cpu-cp311-cp311-manylinux_2_28_x86_64.whl", True),
        ("torch-2.7.1%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl", True),
        ("torch-2.7.1-cp311-cp311-manylinux_2_28_x86_64.whl", False),
        ("torch-2.7.1+cu126-cp311-cp311-manylinux_2_28_x86_64.whl", False),
        ("torch-2.8.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl", False),
        ("torchvision-0.22.1+cpu-cp311-cp311-manylinux_2_28_x86_64.whl", False),
    ],
)
def test_only_the_very_build_that_is_wanted_will_do(tmp_path, file, fits):
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / file).touch()
    values, _problems = desired.read({"ascend_torch_version": "2.7.1", "ascend_artifacts": str(tmp_path)})
    found = absent_wheels.judge(TORCH, [{"component": "torch"}], values, None)
    assert (found is None) is fits
    assert fits or "torch==2.7.1+cpu" in found["message"]
