"""What mindformers leaves on a host: the release asked for, and no MindSpore pulled in behind our back."""

ENVIRONMENT = "/opt/ascend/envs/mindspore"


def packages(host):
    lines = host.check_output(f"{ENVIRONMENT}/bin/pip list --format=freeze").splitlines()
    return dict(line.split("==", 1) for line in lines if "==" in line)


def test_the_release_asked_for(host):
    assert packages(host)["mindformers"] == "1.0.2"


def test_extra_packages(host):
    assert "requests" in packages(host)


def test_mindspore_was_not_pulled_in(host):
    assert "mindspore" not in packages(host)
