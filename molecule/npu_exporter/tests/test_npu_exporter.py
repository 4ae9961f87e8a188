"""From bare to scraped by a real Prometheus; what a driver's upgrade does to it; ours and theirs; gone again."""

import json
import re
import time

import pytest

from tests.support.fleet import podman
from tests.support.paths import CACHE, ROOT

UNIT = "npu-exporter.service"
PROGRAM = "/usr/local/bin/npu-exporter"
LOG = "/var/log/mindx-dl/npu-exporter/npu-exporter.log"
PACKAGE = "Ascend-mindxdl-npu-exporter_7.1.RC1_linux-x86_64.zip"
NEWER = {"ascend_driver_version": "25.3.rc1"}
# One file is enough of an image: Debian's static busybox.
IMAGE = "site/probe:1"
MAKE_IMAGE = (
    "apt-get -q update >/dev/null && apt-get install -y -q busybox-static >/dev/null && mkdir -p /tmp/root/bin"
    " && cp /bin/busybox /tmp/root/bin/ && ln -sf busybox /tmp/root/bin/ls && tar -C /tmp/root -c . | docker import - "
    + IMAGE
)


def changed(run):
    return {host: int(count) for host, count in re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", run.text, re.M)}


def shown(host, name):
    return host.check_output(f"systemctl show {UNIT} --property={name} --value")


def starts(host):
    """How often the exporter was started since its log began."""
    return host.check_output(f"cat {LOG}").count("npu exporter starting")


def ask(host, url):
    """What an address on the host answers; empty where it does not."""
    program = f"import urllib.request as u; print(u.urlopen('{url}').read().decode(), end='')"
    return host.run(f'python3 -c "{program}"').stdout


def scrape(host, port=8082):
    return ask(host, f"http://127.0.0.1:{port}/metrics")


@pytest.mark.hosts("watched")
def test_the_service_runs_as_its_user_and_serves_on_loopback_only(host):
    assert host.service("npu-exporter").is_running and host.service("npu-exporter").is_enabled
    process = host.process.get(pid=int(shown(host, "MainPID")))
    assert process.user == "hwMindX" and f"{PROGRAM} -ip=127.0.0.1 -port=8082" in process.args
    user = host.user("hwMindX")
    assert user.uid == 9000 and "HwHiAiUser" in user.groups and user.shell == "/sbin/nologin"
    assert host.socket("tcp://127.0.0.1:8082").is_listening and not host.socket("tcp://0.0.0.0:8082").is_listening
    assert "machine_npu_nums 8\n" in scrape(host)


@pytest.mark.hosts("watched")
def test_files_have_the_owners_and_modes_of_the_vendors_guide(host):
    for path, mode, user in (
        (PROGRAM, 0o500, "hwMindX"),
        ("/var/log/mindx-dl", 0o755, "root"),
        ("/var/log/mindx-dl/npu-exporter", 0o750, "hwMindX"),
        (f"/etc/systemd/system/{UNIT}", 0o644, "root"),
    ):
        with host.sudo():
            found = host.file(path)
            assert (found.mode, found.user) == (mode, user), path


@pytest.mark.hosts("watched")
def test_a_real_prometheus_scrapes_it_and_its_own_tool_finds_the_format_good(host):
    install = (
        "apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends prometheus"
    )
    host.check_output(f"sudo sh -c '{install}' >/dev/null 2>&1; command -v prometheus")
    host.run(f"tee /tmp/metrics <<'EOF'\n{scrape(host)}EOF")
    said = host.run("sh -c 'promtool check metrics </tmp/metrics'")
    assert "error while linting" not in said.stderr and said.rc in (0, 3), said.stderr  # 3: it dislikes a name
    text = (ROOT / "roles/npu_exporter/files/prometheus.yml").read_text()
    host.run(f"sudo tee /etc/prometheus/prometheus.yml <<'EOF'\n{text}EOF")
    host.check_output("sudo promtool check config /etc/prometheus/prometheus.yml")
    host.check_output("sudo systemctl restart prometheus")
    query = "http://127.0.0.1:9090/api/v1/query?query=count(npu_chip_info_temperature)"
    for _second in range(90):
        said = ask(host, query)
        found = (json.loads(said)["data"]["result"] or [None])[0] if said else None
        if found:
            break
        time.sleep(1)
    assert found and found["value"][1] == "8"
    host.check_output("sudo systemctl disable --now prometheus")


@pytest.mark.hosts("watched")
def test_a_container_on_the_same_host_sees_its_npu(host):
    host.check_output(f"sh -c '{MAKE_IMAGE}'")
    run = f"docker run --rm --network none -e ASCEND_VISIBLE_DEVICES=1 {IMAGE} ls /dev"
    nodes = host.check_output(run).split()
    assert {"davinci1", "davinci_manager"} <= set(nodes) and "davinci0" not in nodes


def docker_since(host):
    return host.check_output("systemctl show docker -p ExecMainStartTimestampMonotonic")


@pytest.mark.hosts("watched")
def test_a_second_run_changes_nothing_and_restarts_nothing(host, fleet):
    before = shown(host, "MainPID"), starts(host), docker_since(host)
    run = fleet.play("site.yml", "--limit", "watched")
    assert run.ok and not any(changed(run).values()), run.text[-3000:]
    assert (shown(host, "MainPID"), starts(host), docker_since(host)) == before


@pytest.mark.hosts("watched")
def test_another_port_is_shown_and_then_set(host, fleet):
    other = json.dumps({"ascend_npu_exporter_port": 9101})
    seen = fleet.play("site.yml", "--limit", "watched", "--check", "--diff", "-e", other)
    assert seen.ok and "127.0.0.1:9101" in seen.text and host.socket("tcp://127.0.0.1:8082").is_listening
    run = fleet.play("site.yml", "--limit", "watched", "-e", other)
    assert run.ok and host.socket("tcp://127.0.0.1:9101").is_listening, run.text[-3000:]
    back = fleet.play("site.yml", "--limit", "watched")
    assert back.ok and host.socket("tcp://127.0.0.1:8082").is_listening
    refused = fleet.play("site.yml", "--limit", "watched", "-e", '{"ascend_npu_exporter_port": 80}')
    assert not refused.ok and "ascend_npu_exporter_port" in refused.text


@pytest.mark.hosts("watched")
def test_a_driver_that_is_upgraded_stops_and_starts_it_and_nothing_else(host, fleet):
    boot, before = host.check_output("stat -c %Y /proc/1"), starts(host)
    run = fleet.play("site.yml", "--limit", "watched", "-e", json.dumps(NEWER))
    assert run.ok, run.text[-3000:]
    assert host.check_output("stat -c %Y /proc/1") != boot, "the driver asked for a reboot"
    assert shown(host, "ActiveState") == "active" and "machine_npu_nums 8\n" in scrape(host)
    assert starts(host) == before + 1
    text = host.check_output("sudo cat /var/lib/ascend-fleet/journal.jsonl")
    rows = [json.loads(line) for line in text.splitlines()]
    late = [row["component"] for row in rows if row["event"] == "end"][-2:]
    assert sorted(late) == ["driver", "firmware"]


@pytest.mark.hosts("watched")
def test_work_on_the_npus_still_keeps_the_driver_from_changing(host, fleet):
    host.run("sudo sh -c 'nohup sleep 600 </dev/davinci0 >/dev/null 2>&1 & echo $! >/tmp/holder'")
    run = fleet.play("site.yml", "--limit", "watched", "-e", json.dumps({**NEWER, "ascend_driver_version": "25.5.2"}))
    host.run("sudo sh -c 'kill $(cat /tmp/holder)'")
    said = " ".join(run.text.split())
    assert not run.ok and "in use by" in said and "npu-exporter (pid" not in said
    assert shown(host, "ActiveState") == "active"


@pytest.mark.hosts("watched")
def test_a_newer_exporter_replaces_it_and_a_rollback_brings_it_back(host, fleet):
    newer = {**NEWER, "ascend_npu_exporter_version": "7.2.RC1"}
    run = fleet.play("site.yml", "--limit", "watched", "-e", json.dumps(newer))
    assert run.ok and 'exporterVersion="v7.2.RC1_' in scrape(host), run.text[-3000:]
    back = fleet.play("playbooks/rollback.yml", "--limit", "watched", "-e", json.dumps(NEWER))
    assert back.ok and 'exporterVersion="v7.1.RC1_' in scrape(host), back.text[-3000:]


@pytest.mark.hosts("watched")
def test_the_host_is_handed_over_to_kubernetes(host, fleet, tmp_path):
    wish = json.dumps({"ascend_kubernetes_dir": str(tmp_path), "ascend_kubernetes_control": ["control-1"]})
    seen = fleet.play("playbooks/kubernetes.yml", "--limit", "watched", "--check", "-e", wish)
    assert seen.ok and not list(tmp_path.iterdir()), seen.text[-3000:]
    run = fleet.play("playbooks/kubernetes.yml", "--limit", "watched", "-e", wish)
    assert run.ok, run.text[-3000:]
    labels = (tmp_path / "labels.sh").read_text()
    assert "node control-1 masterselector=dls-master-node" in labels
    assert "accelerator-type=module-910b-8" in labels and "host-arch=huawei-x86" in labels
    page = (tmp_path / "handover.md").read_text()
    assert "MindCluster 7.2.RC1" in page and "huawei.com/Ascend910: 8" in page and "error," not in page
    again = fleet.play("playbooks/kubernetes.yml", "--limit", "watched", "-e", wish)
    assert again.ok and not any(changed(again).values()), "a second run writes nothing"


@pytest.mark.hosts("by-hand")
def test_a_host_without_the_runtime_is_not_fit_for_kubernetes(host, fleet, tmp_path):
    wish = json.dumps({"ascend_kubernetes_dir": str(tmp_path)})
    run = fleet.play("playbooks/kubernetes.yml", "--limit", "by-hand", "-e", wish)
    assert not run.ok and "Ascend-docker-runtime is not installed" in " ".join(run.text.split())


@pytest.mark.hosts("watched")
def test_uninstalling_leaves_nothing_of_ours_and_what_a_user_put_there(host, fleet):
    host.check_output("sudo mkdir /var/log/mindx-dl/noded")
    run = fleet.play("playbooks/uninstall.yml", "--limit", "watched", "-e", '{"ascend_components": ["npu_exporter"]}')
    assert run.ok, run.text[-3000:]
    with host.sudo():
        for path in (
            PROGRAM,
            f"/etc/systemd/system/{UNIT}",
            "/var/log/mindx-dl/npu-exporter",
            "/var/lib/ascend-fleet/npu_exporter.json",
        ):
            assert not host.file(path).exists, path
        assert host.file("/var/log/mindx-dl/noded").is_directory
    assert shown(host, "LoadState") == "not-found"
    assert host.file("/usr/local/Ascend/driver/version.info").exists


def by_hand(host):
    """What the vendor's guide does: user, folders, program, a unit through a shell, chattr +i where that works here."""
    host.check_output("id hwMindX || sudo useradd -u 9000 -m -s /usr/sbin/nologin -G HwHiAiUser hwMindX")
    host.check_output("sudo install -d -o hwMindX -g hwMindX -m 0750 /var/log/mindx-dl /var/log/mindx-dl/npu-exporter")
    unpack = (
        f"import zipfile; open('/tmp/npu-exporter', 'wb').write(zipfile.ZipFile('/tmp/{PACKAGE}').read('npu-exporter'))"
    )
    host.check_output(
        f'python3 -c "{unpack}" && sudo install -o hwMindX -g hwMindX -m 0500 /tmp/npu-exporter {PROGRAM}'
    )
    command = f"{PROGRAM} -ip=127.0.0.1 -port=8082 -logFile=/var/log/mindx-dl/npu-exporter/npu-exporter.log"
    text = (
        f'[Unit]\nDescription=Ascend npu exporter\n[Service]\nExecStart=/bin/bash -c "{command}>/dev/null  2>&1 &"\n'
        "Restart=always\nRestartSec=2\nKillMode=process\nType=forking\nUser=hwMindX\n[Install]\nWantedBy=multi-user.target\n"
    )
    host.check_output(f"printf '%s' '{text}' | sudo tee /etc/systemd/system/{UNIT}")
    host.check_output(f"sudo systemctl daemon-reload && sudo systemctl enable --now {UNIT}")
    return host.run(f"sudo chattr +i {PROGRAM} /etc/systemd/system/{UNIT}").rc == 0


@pytest.fixture
def unlocked(host):
    """Whatever a test makes of them, the host can be thrown away afterwards."""
    yield
    host.run(f"chattr -i {PROGRAM} /etc/systemd/system/{UNIT}")


@pytest.mark.hosts("by-hand")
def test_one_that_was_installed_by_hand_is_kept_refused_or_taken_over(host, fleet, unlocked):
    podman(
        "cp",
        str(CACHE / "simulator" / "artifacts" / PACKAGE),
        f"{fleet.container('by-hand')}:/tmp/{PACKAGE}",
        check=True,
    )
    locked = by_hand(host)
    assert "machine_npu_nums 2\n" in scrape(host)

    def site(wish, *options):
        return fleet.play("site.yml", "--limit", "by-hand", "-e", json.dumps(wish), *options)

    driver = site(NEWER)
    assert not driver.ok and "npu-exporter (pid" in " ".join(driver.text.split()), "theirs is not stopped"
    wish = {"ascend_components": ["driver", "firmware", "npu_exporter"]}
    same = site(wish)
    assert same.ok and not any(changed(same).values()), same.text[-3000:]
    newer = {**wish, "ascend_npu_exporter_version": "7.2.RC1"}
    refused = site(newer)
    assert not refused.ok and "was not installed by ascend.fleet" in " ".join(refused.text.split())
    taken = site({**newer, "ascend_take_over": ["npu_exporter"]})
    assert taken.ok and 'exporterVersion="v7.2.RC1_' in scrape(host), taken.text[-3000:]
    if locked:
        assert "was immutable (chattr +i)" in " ".join(taken.text.split())
        assert "i" not in host.check_output(f"lsattr {PROGRAM}").split()[0]
    only = json.dumps({"ascend_components": ["npu_exporter"]})
    left = fleet.play("playbooks/uninstall.yml", "--limit", "by-hand", "-e", only)
    assert left.ok and "left alone" in left.text and host.service("npu-exporter").is_running
