"""``new URL(text).href`` on plain CPython: the normal form of a request's URL.

It is the basic parser of the URL Standard (https://url.spec.whatwg.org/#concept-basic-url-parser),
without base URLs. It deviates in one point: ``xn--`` labels are not validated.
"""

from __future__ import annotations

import re
import socket
from ipaddress import IPv6Address
from unicodedata import normalize
from urllib.parse import unquote_to_bytes

__all__ = ["parse"]

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}

# The percent-encode sets of the standard (https://url.spec.whatwg.org/#percent-encoded-bytes).
_NOT_PLAIN = r"[^\x21-\x7e]"
_FRAGMENT = re.compile(_NOT_PLAIN + r'|["<>`]')
_QUERY = re.compile(_NOT_PLAIN + r'|["#<>\']')
_PATH = re.compile(_NOT_PLAIN + r'|["#<>?^`{}]')
_USER = re.compile(_NOT_PLAIN + r'|["#<>?^`{}/:;=@\[\\\]|]')
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
_DOT = {".", "%2e"}
_DOTS = {"..", ".%2e", "%2e.", "%2e%2e"}


def parse(url: str) -> str | None:
    """Return a URL in its normal form, or None if it is invalid."""
    url = re.sub(r"[\t\r\n]", "", url.strip("".join(map(chr, range(33)))))
    match = re.fullmatch(r"([a-zA-Z][a-zA-Z0-9+.-]*):(.*)", url)
    if not match:
        return None
    scheme, rest = match[1].lower(), match[2]
    if scheme not in _PORTS:  # not one of the "special schemes": the rest is opaque
        return f"{scheme}:{rest}"
    rest, hash_mark, fragment = rest.partition("#")
    rest, query_mark, query = rest.partition("?")
    authority, _, path = rest.replace("\\", "/").lstrip("/").partition("/")
    user, _, host_and_port = authority.rpartition("@")
    match = re.fullmatch(r"(\[[^\]]*\]|[^:]+)(?::([0-9]*))?", host_and_port)
    host = _host(match[1]) if match else None
    if match is None or host is None:
        return None
    port = int(match[2] or _PORTS[scheme])
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
    return unsafe.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), text)


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
        # A host that ends in a number is an IPv4 address, in any of its old notations.
        if re.fullmatch(r"(.*\.)?([0-9]+|0x[0-9a-f]*)\.?", host):
            return ".".join(map(str, socket.inet_aton(host.removesuffix("."))))
    except (ValueError, OSError):
        return None
    return None if _FORBIDDEN_IN_HOST.search(host) else host


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
