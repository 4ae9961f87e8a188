"""What container_runtime leaves on a host, what it does when somebody breaks it, and that everything goes back."""

import json
import re
from pathlib import Path

import pytest

SITE = Path(__file__).parents[1] / "files" / "daemon.json"
PLACE = "/usr/local/Ascend/Ascend-Docker-Runtime"
ENGINE = {"node-1": "docker", "node-2": "containerd"}
CONFIG = {"node-1": "/etc/docker/daemon.json", "node-2": "/etc/containerd/config.toml"}
# One file is enough of an image: docker's own, of Debian's static busybox.
IMAGE = "site/probe:1"
NEWER = ("--limit", "node-1", "-e", "ascend_driver_version=25.3.rc1")
MAKE_IMAGE = (
    "apt-get install -y -q busybox-static >/dev/null && mkdir -p /tmp/root/bin && cp /bin/busybox /tmp/root/bin/"
    " && for n in sh ls sleep; do ln -sf busybox /tmp/root/bin/$n; done && tar -C /tmp/root -c . | docker import - "
    + IMAGE
)


def name(host):
    return host.check_output("hostname")


def text(host, path):
    return host.check_output(f"sudo cat {path}")


def started(host):
    """When the engine's process was started; the same after a run that restarted nothing."""
    return host.check_output(f"systemctl show {ENGINE[name(host)]} -p ExecMainStartTimestampMonotonic")


def changed(run):
    return {host: int(count) for host, count in re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", run.text, re.M)}


def test_the_package_is_there_and_says_so(host):
    assert "version=v7.2.RC1\n" in text(host, f"{PLACE}/ascend_docker_runtime_install.info") + "\n"
    assert host.file(f"{PLACE}/ascend-docker-runtime").mode == 0o550
    calls = text(host, "/var/log/npu-sim/vendor-calls.log")
    assert len(re.findall(r'"event": "end", "package": "Ascend-docker-runtime[^}]*"--install"', calls)) == 1


def test_the_user_has_the_number_that_images_expect(host):
    assert host.check_output("id -u HwHiAiUser") == "1000" and host.check_output("id -g HwHiAiUser") == "1000"
    assert host.check_output("stat -c %g /dev/davinci0") == "1000"


def test_the_engine_was_restarted_once_and_has_the_runtime(host):
    log = host.check_output("sudo cat /var/lib/ascend-fleet/journal.jsonl")
    ends = [row for row in map(json.loads, log.splitlines()) if row["event"] == "end"]
    assert [row["result"] for row in ends if row["component"] == "container_engine"] == ["ok"]
    if ENGINE[name(host)] == "docker":
        said = json.loads(host.check_output("sudo docker info --format '{{json .}}'"))
        assert said["Runtimes"]["ascend"]["path"] == f"{PLACE}/ascend-docker-runtime"
        assert said["DefaultRuntime"] == "ascend"
    else:
        assert 'default_runtime_name = "ascend"' in host.check_output("sudo containerd config dump")


@pytest.mark.hosts("node-1")
def test_what_the_site_has_written_is_still_there(host):
    now = host.check_output("sudo cat /etc/docker/daemon.json")
    for line in SITE.read_text().splitlines()[1:-1]:
        assert line.rstrip(",") in now
    assert host.file("/etc/docker/daemon.json").mode == 0o644


@pytest.mark.hosts("node-1")
def test_a_container_sees_its_npu_and_no_other(host):
    host.check_output(f"sudo sh -c '{MAKE_IMAGE}'")
    nodes = host.check_output(
        f"sudo docker run --rm --network none -e ASCEND_VISIBLE_DEVICES=1 {IMAGE} ls /dev"
    ).split()
    assert {"davinci1", "davinci_manager", "devmm_svm", "hisi_hdc"} <= set(nodes) and "davinci0" not in nodes
    tools = host.check_output(
        f"sudo docker run --rm --network none -e ASCEND_VISIBLE_DEVICES=0 {IMAGE} ls /usr/local/Ascend/driver"
    )
    assert "lib64" in tools


def test_a_second_run_restarts_nothing(host, fleet):
    before = started(host)
    run = fleet.play("playbooks/site.yml", "--limit", name(host))
    assert run.ok and not any(changed(run).values()), run.text[-3000:]
    assert started(host) == before


@pytest.mark.hosts("node-1")
def test_a_broken_file_is_refused_with_its_place(host, fleet):
    host.check_output("sudo cp /etc/docker/daemon.json /root/daemon.json")
    host.check_output("""sudo sh -c 'echo "{\\"a\\": 1,}" >/etc/docker/daemon.json'""")
    before = started(host)
    run = fleet.play("playbooks/site.yml", "--limit", "node-1")
    words = " ".join(run.text.split())
    host.check_output("sudo cp /root/daemon.json /etc/docker/daemon.json")
    assert not run.ok and "line 1, column 9" in words, run.text[-3000:]
    assert started(host) == before


@pytest.mark.hosts("node-1")
def test_running_containers_are_named_and_stop_the_change(host, fleet):
    host.check_output(f"sudo docker run -d --name trainer --network none {IMAGE} sleep 900")
    before = started(host)
    run = fleet.play("playbooks/site.yml", "--limit", "node-1", "-e", "ascend_container_default_runtime=false")
    words = " ".join(run.text.split())
    assert not run.ok and "which stops trainer" in words, run.text[-3000:]
    assert started(host) == before and host.check_output("sudo docker ps -q --filter name=trainer")
    host.check_output("sudo docker rm -f trainer")


@pytest.mark.hosts("node-1")
def test_without_consent_nothing_is_installed(host, fleet):
    wish = {"ascend_container_runtime_version": "7.1.RC1", "ascend_container_accept_licence": False}
    wish["ascend_allow_downgrade"] = True
    run = fleet.play("playbooks/site.yml", "--limit", "node-1", "-e", json.dumps(wish))
    assert not run.ok and "ascend_container_accept_licence: true" in " ".join(run.text.split()), run.text[-3000:]


def test_a_driver_upgrade_leaves_the_engine_alone(host, fleet):
    file, before = text(host, CONFIG[name(host)]), host.check_output("sudo cat /proc/1/stat").split()[21]
    begun = started(host)
    words = ("--limit", name(host), "-e", "ascend_driver_version=25.3.rc1")
    run = fleet.play("playbooks/site.yml", *words)
    assert run.ok, run.text[-3000:]
    assert text(host, CONFIG[name(host)]) == file
    if host.check_output("sudo cat /proc/1/stat").split()[21] == before:
        assert started(host) == begun
    assert host.check_output(f"systemctl is-active {ENGINE[name(host)]}") == "active"
    again = fleet.play("playbooks/site.yml", *words)
    assert again.ok and not any(changed(again).values()), again.text[-3000:]


def test_uninstalling_puts_the_file_back_byte_for_byte(host, fleet):
    words = ("--limit", name(host), "-e", '{"ascend_components": ["container_runtime"]}')
    run = fleet.play("playbooks/uninstall.yml", *words)
    assert run.ok, run.text[-3000:]
    assert not host.file(PLACE).exists
    if ENGINE[name(host)] == "docker":
        assert host.check_output("sudo sha256sum </etc/docker/daemon.json").split()[0] == _digest(SITE.read_bytes())
        assert "ascend" not in json.loads(host.check_output("sudo docker info --format '{{json .Runtimes}}'"))
    else:
        assert not host.run("sudo dpkg --verify containerd").stdout.strip()


@pytest.mark.hosts("node-1")
def test_a_rollback_does_the_same(host, fleet):
    run = fleet.play("playbooks/site.yml", *NEWER)
    assert run.ok and changed(run)["node-1"], run.text[-3000:]
    back = fleet.play("playbooks/rollback.yml", "--limit", "node-1")
    assert back.ok, back.text[-3000:]
    assert not host.file(PLACE).exists
    assert host.check_output("sudo sha256sum </etc/docker/daemon.json").split()[0] == _digest(SITE.read_bytes())


@pytest.mark.hosts("node-1")
def test_what_somebody_broke_is_shown_and_mended_and_a_container_proves_it(host, fleet):
    again = fleet.play("playbooks/site.yml", *NEWER)
    assert again.ok, again.text[-3000:]
    host.check_output("sudo sed -i s/ascend/other/g /etc/docker/daemon.json")
    shown = fleet.play("playbooks/site.yml", *NEWER, "--check")
    assert shown.ok and "docker with the Ascend runtime" in shown.text, shown.text[-3000:]
    run = fleet.play("playbooks/site.yml", *NEWER, "-e", f"ascend_container_image={IMAGE}")
    assert run.ok and changed(run)["node-1"], run.text[-3000:]
    assert "ascend" in json.loads(host.check_output("sudo docker info --format '{{json .Runtimes}}'"))


def _digest(data):
    import hashlib

    return hashlib.sha256(data).hexdigest()
