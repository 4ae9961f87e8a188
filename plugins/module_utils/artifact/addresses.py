# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses as they may be shown and as they may be trusted: pure functions, no IO."""

import re
from urllib.parse import urlsplit

HIDDEN = "(hidden)"
# Request headers that say nothing of who asks. All others stay out of files and off the screen.
HARMLESS_HEADERS = ("accept", "accept-language", "referer", "user-agent")

_SCHEME = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*\Z")
_HOST = re.compile(r"\A(?:[A-Za-z0-9._~%-]*|\[[0-9A-Fa-f:.%]+\])(?::[0-9]*)?\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# The revision that pip takes at the end of git+https://host/repository.git@v1.
_REVISION = re.compile(r"(?<=[^/@])@[A-Za-z0-9._+-]+\Z")
# The place of a token in a channel of conda: https://host/t/TOKEN/channel.
_TOKEN = re.compile(r"(?<=/t/)[^/]+")
_IN_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]*[^\s'\"<>,;.)]")
# Where pip and conda may be sent: over TLS, or to files of the host itself.
_SAFE_SCHEMES = ("https", "file")


def public_url(url):
    """The URL fit for messages, files and the screen: without user name, password, query, fragment and conda token.

    What a browser would read in another way than the person who wrote it (a password with @, / or ?) is shortened to
    scheme and host, or hidden, so that no part of a secret shows. A path without a scheme is given back as it is.
    """
    text = _CONTROL.sub("", url if isinstance(url, str) else str(url or ""))
    scheme, mark, rest = text.partition("://")
    if not mark:
        if text.startswith(("/", ".", "~")) or "@" not in text:
            return text
        return text.rpartition("@")[2]
    if not _SCHEME.match(scheme):
        return HIDDEN
    if "+" in scheme:
        rest = _REVISION.sub("", re.split(r"[?#]", rest, maxsplit=1)[0] if "@" not in _after_path(rest) else rest)
    return "%s://%s" % (scheme, _shown(scheme.lower(), rest))


def _after_path(rest):
    """What follows the first ? or #."""
    parts = re.split(r"[?#]", rest, maxsplit=1)
    return parts[1] if len(parts) > 1 else ""


def _shown(scheme, rest):
    head = re.split(r"[/?#]", rest, maxsplit=1)[0]
    tail = rest[len(head) :]
    path = re.split(r"[?#]", tail, maxsplit=1)[0]
    if scheme == "file" and not head:
        return path
    if "@" in _after_path(tail):
        # A query with an @, or a password with ? or # in it: nobody can tell.
        return HIDDEN
    if "@" in path:
        # An @ in the path, or a password with a slash: the host is the last that it can be, the path is not shown.
        last = re.split(r"[/?#]", rest.rpartition("@")[2], maxsplit=1)[0]
        return last if last and _HOST.match(last) else HIDDEN
    host = head.rpartition("@")[2]
    if not _HOST.match(host):
        return HIDDEN
    return host + _TOKEN.sub("***", path)


def hide_urls(text):
    """A text of somebody else's (an error, a requirement) with every URL in it as public_url shows it."""
    return _IN_TEXT.sub(lambda found: public_url(found.group(0)), text)


def public_headers(headers):
    """The request headers that may be written down: the harmless ones, an address in them without its secrets."""
    return {key: hide_urls(value) for key, value in (headers or {}).items() if key.lower() in HARMLESS_HEADERS}


def is_plain_http(url):
    """True for an address whose answer anybody on the way can exchange."""
    return str(url or "").strip().lower().startswith("http:")


def crosses_network(url):
    """True for plain http to another machine than this one."""
    if not is_plain_http(url):
        return False
    try:
        host = urlsplit(url.strip()).hostname or ""
    except ValueError:
        return True
    return not re.match(r"\A(localhost|127\.\d+\.\d+\.\d+|::1)\Z", host)


def unsafe_index(url):
    """Why pip or conda must not fetch from this address, as a sentence; None for https, a folder or a bare name."""
    text = str(url or "").strip()
    scheme = text.partition("://")[0].lower() if "://" in text else ("http" if is_plain_http(text) else "")
    if not scheme or scheme in _SAFE_SCHEMES:
        return None
    return (
        "%s is not an https address: whoever is on the way could exchange what the hosts install. Serve it over https"
        " (the hosts need the CA of its certificate), or use the artifacts (bundle)" % public_url(text)
    )
