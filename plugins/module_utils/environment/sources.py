# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where distributions come from when it is no wheel on the host: which sources are fixed by content, and their secrets.

Pure, but for the class Private, which keeps secrets in files that only this user can read.
"""

import hashlib
import os
import re
import shutil
import tempfile

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file

try:
    from urllib.parse import quote, unquote
except ImportError:  # Python 2, which ansible-core's own checks still parse for
    from urllib import quote, unquote

HIDDEN = "****"
_URL = re.compile(r"^((?:git\+)?[A-Za-z][A-Za-z0-9.+-]*://)([^/?#]*)(.*)$", re.DOTALL)
_COMMIT = re.compile(r"^git\+(?:https|ssh|file)://.+@[0-9a-f]{40}(?:#[^\s]*)?$")
_HASHED = re.compile(r"^(?:https|file)://[^\s#]+\.whl#(?:.*&)?sha256=[0-9a-f]{64}(?:&.*)?$")
_TOKEN = re.compile(r"/t/([^/?#]+)")


def is_git(source):
    """Whether a source is a git repository, which is built on the host."""
    return source.startswith("git+")


def check(name, source):
    """See that a source always means the same content.

    Raises:
        ValueError: it is one that can mean something else tomorrow; the text says how to fix that.
    """
    if not isinstance(source, str) or re.search(r"\s", source):
        raise ValueError("The source of %s is no URL." % name)
    if is_git(source):
        if not _COMMIT.match(source):
            raise ValueError(
                "%s: %s names no commit, or not over https, ssh or file. A tag or branch can mean other code tomorrow, "
                "and building runs it: give git+https://...@ with the 40 hex digits of a commit, which "
                "`git ls-remote URL NAME` prints (mindformers_git_version)." % (name, public(source))
            )
        if source.startswith("git+ssh://") and split(source)[2] is not None:
            raise ValueError("%s: ssh takes no password from a URL. Use a key, or https." % name)
    elif not _HASHED.match(source):
        raise ValueError(
            "%s: %s is neither git+https://...@COMMIT nor the URL of a wheel with #sha256= and its hash."
            % (name, public(source))
        )


def split(url):
    """(URL without user and password, user or None, password or None), both decoded."""
    match = _URL.match(url)
    if not match or "@" not in match.group(2):
        return url, None, None
    info, _at, host = match.group(2).rpartition("@")
    if match.group(1).endswith("ssh://") and ":" not in info:  # a login name, which is no secret
        return url, None, None
    name, _colon, password = info.partition(":")
    return match.group(1) + host + match.group(3), unquote(name), unquote(password)


def public(url):
    """A URL as it may be shown: without user, password, conda's token and query."""
    clean = _TOKEN.sub("/t/" + HIDDEN, split(url)[0])
    head, mark, tail = clean.partition("#")
    return head.partition("?")[0] + (mark + tail if "sha256=" in tail else "")


def has_secret(url):
    """Whether a URL holds something that others must not see."""
    return bool(split(url)[1] is not None or _TOKEN.search(url) or (_URL.match(url) and "?" in url))


def secrets_of(urls):
    """The texts in URLs that must be shown nowhere, the longest first."""
    found = set()
    for url in urls:
        if not has_secret(url):
            continue
        match = _URL.match(url)
        info = match.group(2).rpartition("@")[0] if match else ""
        password = info.partition(":")[2]
        # A login name beside a password is no secret, and hiding it would make messages unreadable.
        found.update([url, info, password, unquote(password or info), url.partition("?")[2]])
        found.update(_TOKEN.findall(url))
    return sorted((text for text in found if len(text) > 2), key=lambda text: (-len(text), text))


def hide(text, secrets):
    """A text without secrets."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def note(source):
    """What the record keeps of a source: enough to know it again, and no text of it."""
    return "sha256:" + hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()


class Private(object):
    """A folder of this user's alone, for what must not be on a command line; gone at the end of the C(with) block."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="ascend-fleet-")
        return self

    def __exit__(self, *_exception):
        shutil.rmtree(self.folder)

    def write(self, name, text):
        """Write a file that nobody else can read; returns its path."""
        path = os.path.join(self.folder, name)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path), 0o700)
        whole_file.put(path, text, 0o600)
        return path

    def git(self, source):
        """(source without user and password, environment variables by which git knows them).

        By git's own store of credentials: in the environment or as a rewritten URL git would hand them to its helpers
        as arguments. The repository was named by the administrator and is fixed by a commit, so it may belong to
        another user of the host.
        """
        clean, name, password = split(source)
        config = "[safe]\n\tdirectory = *\n"
        if name is not None:
            host = _URL.match(clean).group(2)
            line = "%s://%s:%s@%s\n" % (_scheme(clean), quote(name, ""), quote(password or "", ""), host)
            config += '[credential]\n\thelper = "store --file=%s"\n' % self.write("credentials", line)
        self.write("git/config", config)
        return clean, {"XDG_CONFIG_HOME": self.folder, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "/bin/false"}

    def indexes(self, options):
        """(options with C(index_url) and C(find_links) without user and password, environment variables for those).

        A pip that builds hands both on to another pip as arguments, which all users of the host can read.

        Raises:
            ValueError: one holds a secret that cannot be kept apart; the text says how to give it.
        """
        known = {}

        def bare(url):
            clean, name, password = split(url)
            if has_secret(clean):
                raise ValueError(
                    "%s holds a token in its path or query, which all users of the host could read while a source is "
                    "built. Give it as user and password (https://user:token@...), or install a wheel." % public(url)
                )
            if name is not None:
                host = _URL.match(clean).group(2).partition(":")[0]
                if known.setdefault(host, (name, password)) != (name, password):
                    raise ValueError("%s and another place on that host have different passwords." % public(url))
            return clean

        index = bare(options["index_url"]) if options["index_url"] else None
        options = dict(options, index_url=index, find_links=[bare(link) for link in options["find_links"]])
        lines = [
            "machine %s login %s password %s\n" % (host, _netrc(name), _netrc(password or ""))
            for host, (name, password) in sorted(known.items())
        ]
        return options, {"NETRC": self.write("netrc", "".join(lines))} if lines else {}

    def channels(self, channels):
        """(channel names for conda's command line, environment variables), without a secret among the former."""
        if not any(has_secret(channel) for channel in channels):
            return channels, {}
        lines = ["custom_multichannels:\n", "  ascend-fleet:\n"]
        # JSON's strings are YAML's as well.
        lines += ['    - "%s"\n' % channel.replace("\\", "\\\\").replace('"', '\\"') for channel in channels]
        return ["ascend-fleet"], {"CONDARC": self.write("condarc.yml", "".join(lines))}


def _netrc(text):
    """A word of a netrc file; quotes only where it needs them, which Python reads from 3.11 on."""
    if text and not re.search(r"[\s\"\\#]", text):
        return text
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def _scheme(url):
    return url[len("git+") :].partition("://")[0] if is_git(url) else url.partition("://")[0]
