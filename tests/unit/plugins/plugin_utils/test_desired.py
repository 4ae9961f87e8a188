"""What users may write into the ascend_* variables, and what they are told when it cannot be used."""

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import desired


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
    assert "choose the MindSpore version first" in str(problem)


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
    values, found = desired.read({
        "ascend_mindspore_version": "2.7.1", "ascend_components": "driver, firmware",
        "ascend_max_fail_percentage": "20", "ascend_allow_reboot": "false",
    })
    assert found == []
    assert values["ascend_components"] == ["driver", "firmware"]
    assert values["ascend_max_fail_percentage"] == 20
    assert values["ascend_allow_reboot"] is False


def test_own_variables_are_not_wishes():
    assert desired.names(
        {"ascend_plan": {}, "ascend_fleet_plan": {}, "ascend_mindspore_version": "2.7.1", "other": 1}
    ) == ["ascend_mindspore_version"]
