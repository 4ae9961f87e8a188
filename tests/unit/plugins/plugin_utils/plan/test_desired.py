"""What users may write into the ascend_* variables, and what they are told when it cannot be used."""

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired

FIRST = "ascend_mindspore_version"


def problems(**values):
    return [str(problem) for problem in desired.read({"ascend_mindspore_version": "2.7.1", **values})[1]]


def test_only_mindspore_is_needed():
    values, found = desired.read({"ascend_mindspore_version": "2.7.1"})
    assert found == []
    assert values["ascend_cann_version"] == "auto"
    assert desired.pins(values)["mindspore"] == "2.7.1"
    assert desired.pins(values)["cann"] is None


def test_nothing_said_is_one_clear_message():
    (problem,) = desired.read({})[1]
    assert problem.variable == "ascend_mindspore_version"
    assert "choose the framework first" in str(problem)


@pytest.mark.parametrize("name", ["ascend_stack", "ascend_driver_version"])
def test_a_preset_or_a_lower_pin_is_enough(name):
    assert desired.read({name: "x"})[1] == []


def test_parts_without_framework_need_no_mindspore():
    assert desired.read({"ascend_components": ["driver", "firmware"]})[1] == []


def test_misspelt_name_is_named_with_the_right_one():
    (text,) = problems(ascend_mindspor_version="2.7.1")
    assert "ascend_mindspor_version" in text
    assert "Did you mean ascend_mindspore_version?" in text


def test_number_instead_of_version_tells_about_quotes():
    (text,) = problems(ascend_python_version=3.1)
    assert '"3.1"' in text
    assert "quotes" in text


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("ascend_cann_flavor", "nnea", "nnrt"),
        ("ascend_busy_policy", "kill", "refuse"),
        ("ascend_chip", "910c", "910b"),
        ("ascend_host_kind", "bare", "physical"),
        ("ascend_allow_downgrade", "maybe", "true or false"),
        ("ascend_max_fail_percentage", "few", "whole number"),
        ("ascend_components", ["drivers"], "driver"),
        ("ascend_accept_findings", 3, "list"),
    ],
)
def test_wrong_value_names_variable_and_choices(name, value, allowed):
    (text,) = problems(**{name: value})
    assert name in text
    assert allowed in text


def test_case_does_not_matter_for_choices():
    values, found = desired.read(
        {"ascend_mindspore_version": "2.7.1", "ascend_chip": "910B", "ascend_cann_kernels": "yes"}
    )
    assert found == []
    assert values["ascend_chip"] == "910b"
    assert values["ascend_cann_kernels"] is True


def test_extra_vars_arrive_as_text():
    values, found = desired.read(
        {
            "ascend_mindspore_version": "2.7.1",
            "ascend_components": "driver, firmware",
            "ascend_max_fail_percentage": "20",
            "ascend_allow_reboot": "false",
        }
    )
    assert found == []
    assert values["ascend_components"] == ["driver", "firmware"]
    assert values["ascend_max_fail_percentage"] == 20
    assert values["ascend_allow_reboot"] is False


def test_own_variables_are_not_wishes():
    assert desired.names(
        {"ascend_plan": {}, "ascend_fleet_plan": {}, "ascend_mindspore_version": "2.7.1", "other": 1}
    ) == ["ascend_mindspore_version"]


@pytest.mark.parametrize("name", ["ascend_env_name", "ascend_user", "ascend_group"])
@pytest.mark.parametrize(
    "value", ["", ".", "..", "../envs", "a/b", "/x", " a", "a b", "-rf", "a\n", "*", 7, ["a"], "x" * 200]
)
def test_a_name_that_is_no_name_is_refused(name, value):
    (text,) = problems(**{name: value})
    assert text.startswith(f"{name} is {value!r}") and "takes a name of letters" in text


@pytest.mark.parametrize("name", ["ascend_install_path", "ascend_state_dir", "ascend_env_root"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "/",
        "/data",
        "/data/",
        "data/x",
        "/data/../etc",
        "/data/./x",
        "/data//x",
        "//data/x",
        "/data/x\n",
        " /data/x",
        "/data/x\0",
        "~/x",
        7,
        "/data/" + "x" * 2000,
    ],
)
def test_a_folder_that_would_be_wider_than_meant_is_refused(name, value):
    (text,) = problems(**{name: value})
    assert text.startswith(f"{name} is {value!r}") and "it takes" in text


@pytest.mark.parametrize("value", ["/data/ascend", "/data/ascend/", "/opt/miniconda3/envs", "/data/with blank/$x"])
def test_folders_of_the_user_are_taken(value):
    assert problems(ascend_install_path=value, ascend_state_dir=value, ascend_env_root=value) == []


def test_what_may_be_taken_over():
    values, found = desired.read({"ascend_mindspore_version": "2.7.1", "ascend_take_over": "driver, python"})
    assert found == [] and values["ascend_take_over"] == ["driver", "python"]
    (text,) = problems(ascend_take_over=["drivers", "mindspore"])
    assert "drivers, mindspore" in text and "driver, firmware, cann, kernels, nnal, npu_exporter, python" in text


def test_a_chip_of_the_overlay_can_be_named(tmp_path):
    (tmp_path / "chips.yml").write_text(
        "chips:\n  - {chip: '960', name: Ascend 960, role: training, soc: [Ascend960], npu_smi_names: ['960'],"
        " products: [a board], default_flavor: nnae, kernels: true, pci: [], confidence: user, source: the test}\n"
    )
    assert "960" not in str(problems(ascend_chip="910z")[0])
    (text,) = problems(ascend_chip="960")
    assert "it takes one of auto, 310" in text
    values, found = desired.read(
        {"ascend_mindspore_version": "2.7.1", "ascend_chip": "960", "ascend_catalog_overlay": str(tmp_path)}
    )
    assert found == [] and values["ascend_chip"] == "960"


@pytest.mark.parametrize("overlay", ["/nowhere", 7, ["x"]])
def test_an_overlay_that_cannot_be_read_hides_no_chip(overlay):
    assert problems(ascend_chip="910b", ascend_catalog_overlay=overlay) == []


@pytest.mark.parametrize("name", sorted(desired.VARIABLES))
def test_the_default_of_a_variable_is_one_that_it_takes(name):
    """What the specification of the role declares is read back unchanged, and no list is shared between hosts."""
    value = desired.read({})[0][name]
    again, found = desired.read({name: value})
    assert again[name] == value and not [problem for problem in found if problem.variable == name != FIRST]
    if isinstance(value, list):
        assert value is not desired.read({})[0][name]


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("ascend_device_target", "cpu", "CPU"),
        ("ascend_chip", 910, "910"),
        ("ascend_cann_kernels", "False", False),
        ("ascend_poll_seconds", "3", 3),
        ("ascend_allow_reboot", "off", False),
        ("ascend_rollout", "1, 10%", ["1", "10%"]),
        ("ascend_accept_findings", ("a", "b"), ["a", "b"]),
        ("ascend_cann_version", " 8.3.RC1 ", "8.3.RC1"),
    ],
)
def test_values_take_the_type_of_their_variable(name, value, meant):
    read = desired.read({name: value})[0][name]
    assert read == meant and type(read) is type(meant)
