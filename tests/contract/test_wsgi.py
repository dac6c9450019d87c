"""``wsgi.fetch``: a WSGI application in a Worker."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar, Token
from typing import Any
from wsgiref.validate import validator

from pyworkers_sdk import ConversionError, Request, Response, StreamError, WorkersError, wsgi

from .kit import cases, not_in, raises

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
        seen.clear()
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
    assert not {"CONTENT_TYPE", "CONTENT_LENGTH"} & seen.keys()
    assert (seen["SERVER_PORT"], seen["read"]) == ("443", b"")


async def environ_of(**options: Any) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start: Start) -> list[bytes]:
        seen.update(environ)
        plain(start)
        return []

    await wsgi.fetch(app, Request(options.pop("url", "https://e.com/"), **options))
    return seen


@not_in("node", reason="Node's Headers refuse text beyond Latin-1, workerd's do not")
@cases(["Łukasz", "é", "東京", "\U0001f600", "\ufffd", "a\u0080b", "ascii"])
async def test_environ_has_header_text_as_the_bytes_of_the_wire(case: str) -> None:
    environ = await environ_of(headers={"cookie": f"n={case}", "content-type": f"a/b;c={case}"})
    for key in ("HTTP_COOKIE", "CONTENT_TYPE"):
        assert environ[key].encode("latin-1").decode().endswith(f"={case}")


@not_in("node", reason="Node's Headers refuse text beyond Latin-1, workerd's do not")
@cases(["Łé", "東京", "é", "\U0001f600"])
async def test_header_bytes_of_the_application_are_the_bytes_of_the_wire(case: str) -> None:
    def app(environ: dict[str, Any], start: Start) -> list[bytes]:
        start("200 OK", [("X-A", case.encode().decode("latin-1")), ("Set-Cookie", "a=b")])
        return [b"x"]

    assert (await wsgi.fetch(app, Request("https://e.com/"))).headers["x-a"] == case


async def test_header_bytes_that_are_not_utf_8_are_sent_as_latin_1_text() -> None:
    def app(environ: dict[str, Any], start: Start) -> list[bytes]:
        start("200 OK", [("X-A", "caf\xe9")])
        return [b"x"]

    assert (await wsgi.fetch(app, Request("https://e.com/"))).headers["x-a"] == "caf\xe9"


@cases({"status": ("200 Ł", "x", "y"), "value": ("200 OK", "x", "Ł"), "name": ("200 OK", "Ł", "y")})
async def test_status_and_headers_beyond_latin_1_are_refused(case: tuple[str, str, str]) -> None:
    status, name, value = case

    def app(environ: dict[str, Any], start: Start) -> list[bytes]:
        start(status, [(name, value)])
        return [b"x"]

    with raises(ConversionError, match="expected bytes as Latin-1 text, got '.*u0141'"):
        await wsgi.fetch(app, Request("https://e.com/"))


@cases(
    {
        "encoded": ("https://e.com/%C5%81%20/a%2Fb?q=%C5%81&r", "/Ł /a/b", "q=%C5%81&r"),
        "raw": ("https://e.com/Ł/東京?q=é", "/Ł/東京", "q=%C3%A9"),
        "none": ("https://e.com", "/", ""),
        "empty query": ("https://e.com/a?", "/a", ""),
        "semicolon and plus": ("https://e.com/a;b+c?d+e", "/a;b+c", "d+e"),
    }
)
async def test_path_is_unquoted_and_query_is_not(case: tuple[str, str, str]) -> None:
    url, path, query = case
    environ = await environ_of(url=url)
    assert environ["PATH_INFO"].encode("latin-1").decode() == path
    assert (environ["QUERY_STRING"], environ["SCRIPT_NAME"]) == (query, "")


async def test_path_of_invalid_utf_8_keeps_its_bytes() -> None:
    environ = await environ_of(url="https://e.com/%ff%00")
    assert environ["PATH_INFO"] == "/\xff\x00"


@cases(
    {
        "http": ("http://e.com/", "e.com", "80", "http"),
        "https": ("https://E.com/", "e.com", "443", "https"),
        "port": ("http://e.com:8080/", "e.com", "8080", "http"),
        "ipv6": ("http://[::1]:81/", "::1", "81", "http"),
    }
)
async def test_server_is_that_of_the_url(case: tuple[str, ...]) -> None:
    environ = await environ_of(url=case[0])
    names = ("SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme")
    assert tuple(environ[name] for name in names) == case[1:]


async def test_client_address_is_that_of_cloudflares_header() -> None:
    assert (await environ_of())["REMOTE_ADDR"] == ""
    environ = await environ_of(headers={"cf-connecting-ip": "2001:db8::1"})
    assert environ["REMOTE_ADDR"] == environ["HTTP_CF_CONNECTING_IP"] == "2001:db8::1"


async def test_header_name_with_an_underscore_is_left_out() -> None:
    environ = await environ_of(headers={"X_Forwarded_For": "a", "X-Other": "b"})
    assert "HTTP_X_FORWARDED_FOR" not in environ
    assert environ["HTTP_X_OTHER"] == "b"


async def test_input_is_read_by_size_line_and_iteration() -> None:
    lines = [b"one\n", b"two\r\n", b"\n", b"last"]

    def app(environ: dict[str, Any], start: Start) -> list[bytes]:
        body = environ["wsgi.input"]
        assert body.read(0) == b""
        assert body.read(4) == lines[0]
        assert body.readline() == lines[1]
        assert body.readline(1) == b"\n"
        assert body.readlines() == [lines[3]]
        assert (body.read(5), body.readline(), body.read(-1)) == (b"", b"", b"")
        plain(start)
        return [environ["CONTENT_LENGTH"].encode()]

    request = Request("https://e.com/", method="POST", body=b"".join(lines))
    assert await (await answered(app, request)).text() == "14"
    seen: list[bytes] = []

    def iterating(environ: dict[str, Any], start: Start) -> list[bytes]:
        seen.extend(environ["wsgi.input"])
        environ["wsgi.errors"].write("")
        environ["wsgi.errors"].writelines([""])
        environ["wsgi.errors"].flush()
        plain(start)
        return []

    await answered(iterating, Request("https://e.com/", method="POST", body=b"".join(lines)))
    assert seen == lines


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


USER: ContextVar[str] = ContextVar("user", default="nobody")


async def test_application_and_its_iterable_run_in_one_task_and_context() -> None:
    tasks: set[object] = set()
    users: list[str] = []

    class Pieces:
        def __init__(self, token: Token[str]) -> None:
            self.token = token

        def __iter__(self) -> Iterator[bytes]:
            for _ in range(4):
                tasks.add(asyncio.current_task())
                users.append(USER.get())
                yield b"x"

        def close(self) -> None:
            tasks.add(asyncio.current_task())
            USER.reset(self.token)  # raises ValueError in another context
            users.append(USER.get())

    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        tasks.add(asyncio.current_task())
        plain(start)
        return Pieces(USER.set(f"{USER.get()}'s application"))

    USER.set("ann")
    response = await wsgi.fetch(app, Request("https://e.com/"))
    USER.set("reader")
    assert await response.text() == "xxxx"
    assert users == [*["ann's application"] * 4, "ann"]
    assert len(tasks) == 1


@cases({"a list": False, "a stream": True})
async def test_exception_in_close_leaves_the_response(case: bool) -> None:
    class Failing(Pieces):
        def close(self) -> None:
            super().close()
            raise ValueError("no good")

    pieces = Failing([b"one ", b"two"] if case else [])

    def app(environ: dict[str, Any], start: Start) -> Any:
        plain(start)
        return pieces

    response = await answered(app)
    assert await response.text() == ("one two" if case else "")
    assert pieces.closed == 1


@cases({"text": "x", "a number": 1})
async def test_piece_that_is_not_bytes_is_refused(case: Any) -> None:
    pieces = Pieces([case])

    def app(environ: dict[str, Any], start: Start) -> Any:
        plain(start)
        return pieces

    with raises(ConversionError, match="a chunk of a body: expected bytes, got"):
        await wsgi.fetch(app, Request("https://e.com/"))
    assert pieces.closed == 1


async def test_response_that_nobody_reads_closes_the_iterable() -> None:
    pieces = Pieces([b"one", b"two"])

    def app(environ: dict[str, Any], start: Start) -> Any:
        plain(start)
        return pieces

    response = await answered(app)
    assert response.body
    await response.body.cancel()
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


async def test_start_response_with_exc_info_after_write_raises() -> None:
    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        plain(start)(b"sent")
        try:
            raise ValueError("no good")
        except ValueError:
            start("500 Oh", [], sys.exc_info())
        return [b"sorry"]

    with raises(ValueError, match="^no good$"):
        await wsgi.fetch(app, Request("https://e.com/"))


@cases(
    {
        "status without a code": ("OK", [], "the status: expected a code and a reason, got 'OK'"),
        "empty status": ("", [], "the status: expected a code and a reason, got ''"),
        "long code": ("2000 OK", [], "the status: expected a code and a reason, got '2000 OK'"),
        "status of bytes": (b"200 OK", [], "the status: expected str, got bytes"),
        "number as status": (200, [], "the status: expected str, got int"),
        "header of bytes": ("200 OK", [(b"a", b"b")], "a header's name: expected str, got bytes"),
        "number as value": ("200 OK", [("a", 1)], "header a: expected str, got int"),
        "headers in a dict": ("200 OK", {"a": "b"}, "the headers: expected a list of pairs"),
        "no headers": ("200 OK", None, "the headers: expected a list of pairs of str, got None"),
    }
)
async def test_status_and_headers_of_another_type_are_refused(case: Any) -> None:
    status, headers, message = case

    def app(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start(status, headers)
        return [b""]

    with raises(ConversionError, match=f"^{message}"):
        await wsgi.fetch(app, Request("https://e.com/"))


@cases({"before its response": 0, "after its first piece": 1})
async def test_application_that_exits_fails_alone(case: int) -> None:
    def app(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        plain(start)
        yield from [b"piece"] * case
        raise SystemExit(3)

    with raises(WorkersError, match="the application raised SystemExit"):
        response = await wsgi.fetch(app, Request("https://e.com/"))
        await response.bytes()


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
