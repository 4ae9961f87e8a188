"""A host for tests, written as a dictionary: path -> text, None for an empty folder, or one of the nodes below."""

from __future__ import annotations

import posixpath


class Link(str):
    """A symbolic link to this target."""


class Unreadable(str):
    """A file or folder that is there, but may not be read."""


class Node:
    """A file with an owner, for example a device node."""

    def __init__(self, text="", owner="root", group="root", mode="0644", kind="file", uid=0, gid=0):
        self.text = text
        self.stat = {"owner": owner, "group": group, "uid": uid, "gid": gid, "mode": mode, "type": kind}


class DictView:
    """The methods of host_view.HostView on a dictionary."""

    def __init__(
        self, *trees, machine="aarch64", release="5.10.0-136", glibc="glibc 2.34", accounts=(), commands=(), root=True
    ):
        """``accounts``: name -> HostView.account's answer; ``commands``: "argv joined" -> (rc, stdout) or None."""
        self.nodes = {"/": None}
        self._uname = {"hostname": "node1", "release": release, "machine": machine}
        self._glibc, self._accounts, self._commands = glibc, dict(accounts), dict(commands)
        self.ran = []
        self.root = root
        for tree in trees:
            for path, node in tree.items():
                self.add(path, node)

    def add(self, path, node):
        path = path.rstrip("/") or "/"
        self.nodes[path] = node
        parent = posixpath.dirname(path)
        while parent not in self.nodes:
            self.nodes[parent] = None
            parent = posixpath.dirname(parent)

    def remove(self, path):
        """Take a path and everything below it away."""
        gone = [name for name in self.nodes if name == path or name.startswith(path + "/")]
        for name in gone:
            del self.nodes[name]

    def realpath(self, path, _depth=0):
        done = "/"
        for part in [part for part in path.split("/") if part not in ("", ".")]:
            if part == "..":
                done = posixpath.dirname(done)
                continue
            step = posixpath.join(done, part)
            node = self.nodes.get(step)
            if isinstance(node, Link) and _depth < 20:
                step = self.realpath(posixpath.join(done, node), _depth + 1)
            done = step
        return done

    def _parent_real(self, path):
        return posixpath.join(self.realpath(posixpath.dirname(path)), posixpath.basename(path))

    def _node(self, path):
        return self.nodes.get(self.realpath(path), KeyError)

    def exists(self, path):
        return self.realpath(path) in self.nodes

    def denied(self, path):
        real = self.realpath(path)
        return any(real.startswith(name + "/") for name, node in self.nodes.items() if isinstance(node, Unreadable))

    def isdir(self, path):
        return self._node(path) is None

    def isfile(self, path):
        node = self._node(path)
        return isinstance(node, str) or (isinstance(node, Node) and node.stat["type"] == "file")

    def islink(self, path):
        return isinstance(self.nodes.get(self._parent_real(path)), Link)

    def readlink(self, path):
        node = self.nodes.get(self._parent_real(path))
        return str(node) if isinstance(node, Link) else None

    def executable(self, path):
        node = self._node(path)
        return isinstance(node, Node) and int(node.stat["mode"], 8) & 0o111 != 0 and node.stat["type"] == "file"

    def read(self, path, limit=1024 * 1024, tail=False):
        node = self._node(path)
        text = node.text if isinstance(node, Node) else node
        if not isinstance(text, str) or isinstance(text, Unreadable):
            return None
        return str(text[-limit:] if tail else text[:limit])

    def read_inside(self, folder, name, limit=1024 * 1024, tail=False):
        path = folder
        for part in name.split("/"):
            path = posixpath.join(path, part)
            if self.islink(path):
                return None
        return self.read(path, limit, tail)

    def listdir(self, path):
        real = self.realpath(path)
        if not self.isdir(path):
            return []
        prefix = real.rstrip("/") + "/"
        below = [name[len(prefix) :] for name in self.nodes if name.startswith(prefix) and name != "/"]
        return sorted({name.split("/", 1)[0] for name in below})

    def stat_owner(self, path):
        node = self._node(path)
        if node is KeyError:
            return None
        if isinstance(node, Node):
            return dict(node.stat)
        kind, mode = ("dir", "0755") if node is None else ("file", "0644")
        return {"owner": "root", "group": "root", "uid": 0, "gid": 0, "mode": mode, "type": kind}

    def space(self, path):
        return {"free_mb": 100000, "total_mb": 200000} if self.exists(path) else None

    def privileged(self):
        return self.root

    def uname(self):
        return dict(self._uname)

    def glibc(self):
        return self._glibc

    def group_id(self, name):
        return next((row["uid"] for row in self._accounts.values() if row.get("group") == name), None)

    def id_holder(self, number):
        holders = [(name, row.get("group")) for name, row in self._accounts.items() if row["uid"] == number]
        user, group = holders[0] if holders else (None, None)
        return {"user": user, "group": group}

    def account(self, name):
        return self._accounts.get(name)

    def run(self, argv, timeout=10):
        self.ran.append(list(argv))
        return self._commands.get(" ".join(argv))
