"""The response of ``fetch`` to a ``data:`` URL.

https://fetch.spec.whatwg.org/#data-urls. Seen in workerd: tests/contract/test_http_fetch.py.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import unquote_to_bytes

from ..._cpython import web

__all__ = ["data_response"]

DEFAULT_TYPE = "text/plain;charset=US-ASCII"

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_ESSENCE = re.compile(rf"\s*({_TOKEN}/{_TOKEN})\s*(?=;|$)")
_PARAMETER = re.compile(rf";\s*({_TOKEN})=(?:\"((?:[^\"\\]|\\.)*)\"[^;]*|([^;]*))")


def data_response(request: web.Request) -> web.Response | None:
    """Return the response to a request for a ``data:`` URL; None if the URL is invalid."""
    head, comma, text = request.url.partition("#")[0][len("data:") :].partition(",")
    if not comma:
        return None
    content = unquote_to_bytes(text.rstrip())
    head, is_base64 = re.subn(r"; *base64\s*$", "", head.strip(), flags=re.IGNORECASE)
    if is_base64:
        content = _decoded(content)
    headers = [["content-type", _mime_type(head)]]
    # The runtime answers each method, and only GET with a body.
    return web.Response(content if request.method == "GET" else None, headers=headers)


def _decoded(content: bytes) -> bytes:
    """Decode Base64. Like the runtime, skip other characters, and need no padding."""
    letters = re.sub(rb"[^0-9A-Za-z+/]", b"", content)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))


def _mime_type(text: str) -> str:
    """Return a MIME type in its normal form.

    https://mimesniff.spec.whatwg.org/#parsing-a-mime-type
    """
    text = f"text/plain{text}" if text.startswith(";") else text
    essence = _ESSENCE.match(text)
    if essence is None:
        return DEFAULT_TYPE
    parameters: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(text, essence.end()):
        if value := re.sub(r"\\(.)", r"\1", quoted) or bare.strip():
            parameters.setdefault(name.lower(), value)
    written = [
        f"{name}={value}" if re.fullmatch(_TOKEN, value) else f'{name}="{_escaped(value)}"'
        for name, value in parameters.items()
    ]
    return ";".join([essence[1].lower(), *written])


def _escaped(value: str) -> str:
    return re.sub(r"([\"\\])", r"\\\1", value)
