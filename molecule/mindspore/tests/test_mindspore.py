"""What mindspore leaves on a host: an environment in which MindSpore computes."""

ENVIRONMENT = "/opt/ascend/envs/mindspore"


def test_mindspore_is_the_wanted_one_and_computes(host):
    code = (
        "import mindspore as ms; ms.set_context(device_target='CPU'); import mindspore.ops as ops; import numpy as np;"
        "x = ms.Tensor(np.ones([2, 2], np.float32)); print(ms.__version__, float(ops.add(x, x).sum()))"
    )
    output = host.check_output(f'{ENVIRONMENT}/bin/python -c "{code}"')
    assert output.split()[-2:] == ["2.7.1", "8.0"]


def test_pip_cannot_replace_mindspore_behind_our_back(host):
    result = host.run(f"{ENVIRONMENT}/bin/pip install --no-index --dry-run 'mindspore==2.6.0'")
    assert result.rc != 0


def test_the_system_python_is_left_alone(host):
    assert host.run("/usr/bin/python3 -c 'import mindspore'").rc != 0


def test_environment_is_readable_for_everybody(host):
    host.run_expect([0], f"su nobody -s /bin/sh -c '{ENVIRONMENT}/bin/python --version'")
