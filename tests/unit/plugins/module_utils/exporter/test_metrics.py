"""What the exporter serves: read line by line, as Prometheus reads it."""

import shutil
import subprocess

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import metrics
from hypothesis import given
from hypothesis import strategies as st

TEXT = """\
# HELP machine_npu_nums Amount of npu installed on the machine.
# TYPE machine_npu_nums gauge
machine_npu_nums 8
# TYPE machine_unhealthy_npu_nums gauge
machine_unhealthy_npu_nums 1 1723621883587
# HELP npu_exporter_version_info exporter version with value '1'
# TYPE npu_exporter_version_info gauge
npu_exporter_version_info{exporterVersion="v7.2.RC1_linux-x86_64"} 1
# HELP npu_chip_info_aicore_current_freq the npu ai core current frequency, unit is 'MHz'
# TYPE npu_chip_info_aicore_current_freq gauge
npu_chip_info_aicore_current_freq{container_name="",id="0",model_name="910A-Ascend-V1",namespace="",pcie_bus_info="0000:61:00.0",\
pod_name="",vdie_id="185011D4-00000000-00000000-00000000-00000000"} 1000 1723621883587
# TYPE npu_chip_info_power gauge
npu_chip_info_power{id="0",model_name="a \\"quoted\\" \\\\ name"} 6.7e+01
"""


def test_a_scrape_is_summed_up():
    assert metrics.read(TEXT) == {"samples": 5, "chips": 8, "unhealthy": 1, "version": "7.2.RC1"}


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian package prometheus) is not installed")
def test_prometheus_own_tool_reads_the_same():
    done = subprocess.run(["promtool", "check", "metrics"], input=TEXT, capture_output=True, text=True, check=False)
    assert "error while linting" not in done.stderr, done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "<html>",
        "machine_npu_nums",
        "machine_npu_nums eight",
        'npu{id="0} 1',
        "npu{id=0} 1",
        "npu{} 1 1.5",
        "0npu 1",
        "# TYPE npu_chip gorge",
        'npu{id="a\\x"} 1',
    ],
)
def test_what_is_no_sample_is_named_with_its_line(line):
    with pytest.raises(metrics.MetricsError, match="line 2"):
        metrics.read(f"machine_npu_nums 8\n{line}\n")


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "-1", "1e-3", ".5", "5."])
def test_every_number_of_the_format_is_one(value):
    assert metrics.read(f"npu_chip {value}\n")["samples"] == 1


def test_nothing_is_no_scrape():
    with pytest.raises(metrics.MetricsError, match="no sample"):
        metrics.read("# HELP nothing here\n\n")


@given(st.text(max_size=200))
def test_whatever_is_served_is_read_or_refused(text):
    try:
        assert metrics.read(text)["samples"] > 0
    except metrics.MetricsError as error:
        assert str(error)


def test_waiting_ends_with_the_first_good_scrape():
    answers = [metrics.MetricsError("not yet"), "garbage", "machine_npu_nums 2\n"]

    def ask():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    slept = []
    assert metrics.wait(ask, 60, slept.append, lambda: 0.0)["chips"] == 2
    assert slept == [1, 1]


def test_waiting_ends_with_the_time_and_says_what_was_wrong_last():
    times = iter([0.0, 30.0, 61.0])

    def ask():
        raise metrics.MetricsError("nobody there")

    with pytest.raises(metrics.MetricsError, match="nobody there"):
        metrics.wait(ask, 60, lambda _seconds: None, lambda: next(times))


def test_nobody_at_a_port_is_an_error_in_words():
    with pytest.raises(metrics.MetricsError, match="does not answer"):
        metrics.scrape("127.0.0.1", 1, 2)
