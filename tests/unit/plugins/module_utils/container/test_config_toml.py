"""config_toml: the runtime in each version of containerd's file, and everything else as it is written."""

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.container.config_toml import Config
from ansible_collections.ascend.fleet.plugins.module_utils.container.daemon_json import BadConfig

tomllib = pytest.importorskip("tomllib")
BINARY = "/usr/local/Ascend/Ascend-Docker-Runtime/ascend-docker-runtime"
V2 = """# site's own
version = 2
root = "/data/containerd"
[[stream]] # an array of tables
  name = "x"
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    sandbox_image = "registry.example/pause:3.9"
    [plugins."io.containerd.grpc.v1.cri".containerd]
      snapshotter = "overlayfs"
      default_runtime_name = "runc"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes]
        [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
          runtime_type = "io.containerd.runc.v2"
          # a comment
          [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
            SystemdCgroup = true
            BinaryName = "runc"

# mirrors
[proxy_plugins]
"""
V3 = "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd]\n  default_runtime_name = \"runc\"\n"
V1 = "[plugins.cri.containerd]\n  no_pivot = false\n"
PATHS = {
    V1: ("plugins", "cri", "containerd"),
    V2: ("plugins", "io.containerd.grpc.v1.cri", "containerd"),
    V3: ("plugins", "io.containerd.cri.v1.runtime", "containerd"),
    "": ("plugins", "io.containerd.grpc.v1.cri", "containerd"),
    'version = 2\nimports = [\n  "a",\n]': ("plugins", "io.containerd.grpc.v1.cri", "containerd"),
}


def table(text, path):
    value = tomllib.loads(text)
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize("text", PATHS)
def test_it_is_in_the_table_of_its_version(text):
    more = Config(text).with_runtime("ascend", BINARY, True)
    found = table(more, PATHS[text])
    assert found["default_runtime_name"] == "ascend"
    assert found["runtimes"]["ascend"]["runtime_type"] == "io.containerd.runc.v2"
    assert found["runtimes"]["ascend"]["options"]["BinaryName"] == BINARY
    again = Config(more)
    assert (again.default, again.runtimes["ascend"]) == ("ascend", BINARY)
    assert again.with_runtime("ascend", BINARY, True) == more
    for line in text.splitlines():
        assert line in more or "default_runtime_name" in line


@pytest.mark.parametrize("text", [V1, V2, V3])
def test_it_is_taken_out_again(text):
    config = Config(text)
    more = config.with_runtime("ascend", BINARY, True)
    assert Config(more).without_runtime("ascend", config.default) == text


def test_it_is_a_copy_of_runc_with_another_binary():
    found = table(Config(V2).with_runtime("ascend", BINARY, False), PATHS[V2])
    assert found["runtimes"]["ascend"]["options"] == {"SystemdCgroup": True, "BinaryName": BINARY}
    assert found["runtimes"]["runc"]["options"]["BinaryName"] == "runc" and found["default_runtime_name"] == "runc"


def test_an_older_path_is_replaced():
    older = Config(V2).with_runtime("ascend", "/old", True)
    found = table(Config(older).with_runtime("ascend", BINARY, True), PATHS[V2])
    assert found["runtimes"]["ascend"]["options"]["BinaryName"] == BINARY


def test_a_header_inside_of_a_text_is_none():
    text = 'version = 2\nnote = """\n[plugins."io.containerd.grpc.v1.cri".containerd]\n"""\n'
    found = table(Config(text).with_runtime("ascend", BINARY, True), PATHS[V2])
    assert found["default_runtime_name"] == "ascend"


@pytest.mark.parametrize(
    "text,said",
    [
        ("version = 4\n", "version is 4"),
        ('disabled_plugins = ["cri"]\n', "disabled_plugins names cri"),
        ("version = 2\n[a]\n[a]\n", "line 3: the table a is there twice"),
        ('version = 2\nx = """\n', "has no end"),
    ],
)
def test_what_cannot_serve_is_told(text, said):
    with pytest.raises(BadConfig, match=said):
        Config(text)
