"""Send the same requests to several servers, and return the answers to compare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import httpx

__all__ = ["Exchange", "answers"]


class Exchange(NamedTuple):
    """A request."""

    method: str
    path: str
    body: bytes | tuple[bytes, ...] | None = None
    """The body, of a form; several chunks are sent without a Content-Length."""
    cookie: bytes | None = None


def answers(url: str, exchanges: Iterable[Exchange], *names: str) -> list[Any]:
    """Return the method, path, status, headers and body of each exchange.

    The reason phrase is left out: ASGI, and so the server of the fakes, does not have it.

    Args:
        url: The server.
        exchanges: The requests, sent one after the other.
        names: The names of the headers to compare; others are the server's own.
    """
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        return [_answer(client, exchange, names) for exchange in exchanges]


def _answer(client: httpx.Client, exchange: Exchange, names: tuple[str, ...]) -> list[Any]:
    content = iter(exchange.body) if isinstance(exchange.body, tuple) else exchange.body
    headers = [(b"accept-encoding", b"identity")]
    if content is not None:
        headers.append((b"content-type", b"application/x-www-form-urlencoded"))
    if exchange.cookie is not None:
        headers.append((b"cookie", exchange.cookie))
    response = client.request(exchange.method, exchange.path, headers=headers, content=content)
    found = [(name.lower().decode(), value) for name, value in response.headers.raw]
    text = response.text.replace(client.base_url.netloc.decode(), "the host")
    # A header such as Allow lists its values in the order of a set.
    kept = sorted((name, sorted(value.split(b", "))) for name, value in found if name in names)
    return [*exchange[:2], response.status_code, kept, text]
