"""``wsgi.fetch``: a WSGI application in a Worker."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

from pyworkers_sdk import Request, Response, StreamError, WorkersError, wsgi

from .kit import cases, raises

Start = Callable[..., Callable[[bytes], object]]
URL = "https://example.com:8443/a%20b/%C3%A9?q=1&q=%20"


async def answered(app: Any, request: Request | None = None, env: Any = None) -> Response:
    """Return the response of an application, and check the application by PEP 3333."""
    return await wsgi.fetch(validator(app), request or Request("https://e.com/"), env)


def plain(start: Start, status: str = "200 OK") -> Callable[[bytes], object]:
    return start(status, [("Content-Type", "text/plain")])


# Requests and responses --------------------------------------------------------------------------


async def test_environ_describes_the_request() -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start: Start) -> list[bytes]:
        seen.update(environ, read=environ["wsgi.input"].read(100))
        plain(start)
        return [b"x"]

    headers = {"X-One": "two", "Content-Type": "text/x", "CF-Connecting-IP": "192.0.2.1"}
    headers["Content-Length"] = "7"
    request = Request(URL, method="PUT", headers=headers, body="Grüße")
    assert await (await answered(app, request, {"A": 1})).text() == "x"
    assert seen["REQUEST_METHOD"] == "PUT"
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/a b/é"
    assert seen["QUERY_STRING"] == "q=1&q=%20"
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"]) == ("example.com", "8443")
    assert (seen["wsgi.url_scheme"], seen["REMOTE_ADDR"]) == ("https", "192.0.2.1")
    assert (seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"]) == ("text/x", "7")
    assert (seen["HTTP_X_ONE"], seen["read"]) == ("two", "Grüße".encode())
    assert not {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} & seen.keys()
    assert seen["workers.env"] == {"A": 1}
    assert await (await answered(app)).text() == "x"
    assert (seen["SERVER_PORT"], seen["CONTENT_LENGTH"], seen["read"]) == ("443", "0", b"")


async def test_response_has_status_headers_and_body() -> None:
    def app(environ: dict[str, Any], start: Start) -> list[bytes]:
        cookies = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
        start("201 Made Here", [("Content-Type", "text/plain"), *cookies])
        return [b"\x00", b"", b"\xff"]

    response = await answered(app)
    assert (response.status, response.status_text) == (201, "Made Here")
    assert response.headers.get_set_cookie() == ["a=1", "b=2"]
    assert await response.bytes() == b"\x00\xff"


async def test_null_body_status_has_no_body() -> None:
    def app(environ: dict[str, Any], start: Start) -> list[bytes]:
        start("204 No Content", [])
        return []

    response = await answered(app)
    assert (response.status, response.body) == (204, None)


class Pieces:
    """An iterable of pieces with a ``close`` method, as an application may return."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = iter(pieces)
        self.requested = 0
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self.requested += 1
        return next(self.pieces)

    def close(self) -> None:
        self.closed += 1


# Iterables ---------------------------------------------------------------------------------------


async def test_pieces_of_an_iterable_stream_one_by_one() -> None:
    pieces = Pieces([b"", b"one ", b"two ", b"three"])

    def app(environ: dict[str, Any], start: Start) -> Any:
        plain(start)
        return pieces

    response = await answered(app)
    assert pieces.requested == 2, "up to the first piece that is not empty"
    assert pieces.closed == 0
    assert await response.text() == "one two three"
    assert pieces.closed == 1


async def test_head_request_closes_the_iterable_after_the_first_piece() -> None:
    pieces = Pieces([b"one", b"two"])

    def app(environ: dict[str, Any], start: Start) -> Any:
        plain(start)
        return pieces if environ["REQUEST_METHOD"] == "HEAD" else []

    response = await wsgi.fetch(app, Request("https://e.com/", method="HEAD"))
    assert (response.status, response.body) == (200, None)
    assert (pieces.requested, pieces.closed) == (1, 1)


@cases({"nothing": [], "an empty piece": [b""], "a failure": None})
async def test_iterable_is_closed_also_if_empty_or_failing(case: list[bytes] | None) -> None:
    def failing() -> Iterator[bytes]:
        yield b""
        raise ValueError("no good")

    pieces = Pieces(failing() if case is None else case)

    def app(environ: dict[str, Any], start: Start) -> Any:
        plain(start)
        return pieces

    if case is None:
        with raises(ValueError, match="^no good$"):
            await wsgi.fetch(app, Request("https://e.com/"))
    else:
        assert await (await answered(app)).bytes() == b""
    assert pieces.closed == 1


async def test_early_end_of_reading_closes_the_iterable() -> None:
    pieces = Pieces([b"one", b"two", b"three"])

    def app(environ: dict[str, Any], start: Start) -> Any:
        plain(start)
        return pieces

    response = await answered(app)
    assert response.body
    chunks = aiter(response.body)
    assert await anext(chunks) == b"one"
    await chunks.aclose()
    assert pieces.closed == 1


# write and exc_info ------------------------------------------------------------------------------


async def test_exception_after_the_first_piece_breaks_the_body() -> None:
    def app(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        plain(start)
        yield b"one"
        raise ValueError("no good")

    response = await answered(app)
    with raises(StreamError, match="no good"):
        await response.text()


async def test_bytes_passed_to_write_keep_their_place() -> None:
    def app(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        write = plain(start)
        write(b"one ")
        yield b"two "
        write(b"three ")
        yield b"four "
        write(b"five")

    response = await wsgi.fetch(app, Request("https://e.com/"))
    assert await response.text() == "one two three four five"


async def test_start_response_with_exc_info_replaces_the_response() -> None:
    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        plain(start)
        try:
            raise ValueError("no good")
        except ValueError:
            start("500 Oh", [("Content-Type", "text/html")], sys.exc_info())
        return [b"sorry"]

    response = await answered(app)
    assert (response.status, response.headers["content-type"]) == (500, "text/html")
    assert await response.text() == "sorry"


async def test_start_response_with_exc_info_after_the_first_piece_breaks_the_body() -> None:
    def app(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        plain(start)
        yield b"one"
        try:
            raise ValueError("no good")
        except ValueError:
            start("500 Oh", [("Content-Type", "text/html")], sys.exc_info())

    response = await wsgi.fetch(app, Request("https://e.com/"))
    assert response.status == 200
    with raises(StreamError, match="no good"):
        await response.text()


async def test_missing_or_repeated_start_response_raises() -> None:
    def silent(environ: dict[str, Any], start: Start) -> list[bytes]:
        return [b"x"]

    with raises(WorkersError, match="^the application did not call start_response$"):
        await wsgi.fetch(silent, Request("https://e.com/"))

    def twice(environ: dict[str, Any], start: Start) -> list[bytes]:
        plain(start)
        plain(start)
        return [b"x"]

    with raises(WorkersError, match="^the application called start_response twice$"):
        await wsgi.fetch(twice, Request("https://e.com/"))
