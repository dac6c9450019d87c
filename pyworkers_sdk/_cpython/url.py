"""``new URL(text).href`` on plain CPython: how a request's URL reads once it is made.

The URL Standard's parser without its bases, and with one liberty: it believes every ``xn--`` label.
"""

from __future__ import annotations

import re
import socket
from ipaddress import IPv6Address
from unicodedata import normalize
from urllib.parse import unquote_to_bytes

__all__ = ["parse"]

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}

_NOT_PLAIN = r"[^\x21-\x7e]"
_FRAGMENT = re.compile(_NOT_PLAIN + r'|["<>`]')
_QUERY = re.compile(_NOT_PLAIN + r'|["#<>\']')
_PATH = re.compile(_NOT_PLAIN + r'|["#<>?^`{}]')
_USER = re.compile(_NOT_PLAIN + r'|["#<>?^`{}/:;=@\[\\\]|]')
_NO_HOST = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
_DOT = {".", "%2e"}
_DOTS = {"..", ".%2e", "%2e.", "%2e%2e"}


def parse(url: str) -> str | None:
    """``url`` as the platform writes it, or None where it is invalid."""
    url = re.sub(r"[\t\r\n]", "", url.strip("".join(map(chr, range(33)))))
    found = re.fullmatch(r"([a-zA-Z][a-zA-Z0-9+.-]*):(.*)", url)
    if not found:
        return None
    scheme, rest = found[1].lower(), found[2]
    if scheme not in _PORTS:
        return f"{scheme}:{rest}"
    rest, hash_mark, fragment = rest.partition("#")
    rest, query_mark, query = rest.partition("?")
    authority, _, path = rest.replace("\\", "/").lstrip("/").partition("/")
    user, _, place = authority.rpartition("@")
    split = re.fullmatch(r"(\[[^\]]*\]|[^:]+)(?::([0-9]*))?", place)
    host = _host(split[1]) if split else None
    if split is None or host is None:
        return None
    port = int(split[2] or _PORTS[scheme])
    if port > 65535:
        return None
    return "".join(
        (
            f"{scheme}://",
            _credentials(user),
            host,
            "" if port == _PORTS[scheme] else f":{port}",
            _path(path),
            query_mark,
            _encoded(query, _QUERY),
            hash_mark,
            _encoded(fragment, _FRAGMENT),
        )
    )


def _encoded(text: str, unsafe: re.Pattern[str]) -> str:
    return unsafe.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)


def _credentials(text: str) -> str:
    name, _, password = text.partition(":")
    name, password = _encoded(name, _USER), _encoded(password, _USER)
    return f"{name}{password and ':'}{password}@" if name or password else ""


def _host(text: str) -> str | None:
    try:
        if text.startswith("["):
            return f"[{IPv6Address(text[1:-1]).compressed}]"
        host = normalize("NFKC", unquote_to_bytes(text).decode().lower())
        host = ".".join(map(_label, host.split(".")))
        if re.fullmatch(r"(.*\.)?([0-9]+|0x[0-9a-f]*)\.?", host):
            return ".".join(map(str, socket.inet_aton(host.removesuffix("."))))
    except (ValueError, OSError):
        return None
    return None if _NO_HOST.search(host) else host


def _label(text: str) -> str:
    return text if text.isascii() else f"xn--{text.encode('punycode').decode()}"


def _path(text: str) -> str:
    done: list[str] = []
    *folders, name = text.split("/")
    for part in folders:
        if part.lower() in _DOTS:
            del done[-1:]
        elif part.lower() not in _DOT:
            done.append(_encoded(part, _PATH))
    if name.lower() in _DOTS:
        del done[-1:]
    done.append("" if name.lower() in _DOT | _DOTS else _encoded(name, _PATH))
    return "/" + "/".join(done)
