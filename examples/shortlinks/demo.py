"""Serve the link shortener, visit it over HTTP and print the transcript: ``scripts/demo --help``.

The Worker runs on plain CPython over the fakes, or with ``--workerd`` inside the real runtime.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from examples import serving
from pyworkers_sdk.testing import Clock, FakeRuntime

HERE = Path(__file__).resolve().parent
TOKEN = "demo-token"
WIDTH = 100
HEADERS = ("location", "content-type", "allow", "www-authenticate")


class Visitor:
    """Sends requests, prints each with its response, and counts unexpected responses."""

    def __init__(self, client: httpx.Client, say: Callable[[str], object] = print) -> None:
        self.client = client
        self.say = say
        self.sent = 0
        self.failed = 0

    def __call__(
        self,
        title: str,
        method: str,
        path: str,
        *,
        expect: int,
        contains: Any = "",
        **options: Any,
    ) -> httpx.Response:
        """Send a request, and check the response.

        With ``contains``, a GET is repeated for up to 30 seconds until the body matches, because
        work in ``ctx.wait_until`` ends after the response.

        Args:
            title: The heading of this request in the transcript.
            method: The HTTP method.
            path: The path and query.
            expect: The expected status.
            contains: A text that the body must contain, or keys and values of its JSON.
            options: More options of ``httpx.Client.request``.
        """
        deadline = time.monotonic() + 30 * (method == "GET")
        while True:
            response = self.client.request(method, path, **options)
            matches = response.status_code == expect and _contains(response, contains)
            if matches or not contains or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        self.sent += 1
        self.failed += not matches
        self._print(title, response)
        if not matches:
            self.say(f"    UNEXPECTED  expected {expect} {contains or ''}")
        return response

    def _print(self, title: str, response: httpx.Response) -> None:
        request = response.request
        self.say(f"\n{self.sent:2}  {title}")
        request_line = f"{request.method} {request.url.raw_path.decode()}"
        if "authorization" in request.headers:
            request_line += f"  authorization: {request.headers['authorization']}"
        self.say(f"    {'-->':10}{request_line}")
        if request.content:
            self.say(_short(request.content.decode()))
        self.say(f"    {'<--':10}{response.status_code} {response.reason_phrase}")
        for name in HEADERS:
            if name in response.headers:
                self.say(f"{'':14}{name}: {response.headers[name]}")
        if response.content:
            self.say(_short(response.text))


def _contains(response: httpx.Response, expected: Any) -> bool:
    if isinstance(expected, str):
        return expected in response.text
    body = response.json()
    return all(name in body and body[name] == value for name, value in expected.items())


def _short(text: str) -> str:
    line = " ".join(text.split())
    width = WIDTH - 14
    return f"{'':14}{line if len(line) <= width else line[: width - 2] + ' …'}"


def visit(visitor: Visitor) -> None:
    """Visit every route. The server must be new: the database must be empty."""
    links, docs = "/api/links", "https://docs.python.org/3/"
    admin = {"authorization": f"Bearer {TOKEN}"}

    visitor("The page", "GET", "/", expect=200, contains="<h1>Short links</h1>")
    visitor(
        "A link with a chosen name",
        *("POST", links),
        json={"url": docs, "slug": "docs"},
        expect=201,
        contains={"slug": "docs", "url": docs, "hits": 0},
    )
    link = visitor(
        "A link with a random name; its address is normalized as in browsers",
        *("POST", links),
        json={"url": "HTTPS://Example.COM/a/../b?q=é"},
        expect=201,
        contains={"url": "https://example.com/b?q=%C3%A9"},
    ).json()
    visitor(
        "A name that is taken: D1's UNIQUE constraint",
        *("POST", links),
        json={"url": docs, "slug": "docs"},
        expect=409,
        contains={"error": "slug: docs is taken"},
    )
    visitor(
        "Only http and https",
        *("POST", links),
        json={"url": "javascript:alert(1)"},
        expect=422,
        contains="http:// or https://",
    )
    visitor(
        "A wrong type: the row type of the body detects it",
        *("POST", links),
        json={"url": 7},
        expect=422,
        contains={"error": "the body: url: expected str, got int"},
    )
    visitor("Invalid JSON", "POST", links, content="url=x", expect=422, contains="not JSON")
    visitor("Followed, with the address from D1", "GET", "/docs", expect=302)
    visitor("Followed again, with the address from KV", "GET", "/docs", expect=302)
    visitor(
        "Both were counted, after their responses",
        *("GET", f"{links}/docs"),
        expect=200,
        contains={"hits": 2},
    )
    visitor(
        "Newest first, one page at a time",
        *("GET", f"{links}?limit=1"),
        expect=200,
        contains={"links": [link], "next": f"{links}?limit=1&before={link.get('id')}"},
    )
    visitor(
        "The next page, the last one",
        *("GET", f"{links}?limit=1&before={link.get('id')}"),
        expect=200,
        contains={"next": None},
    )
    visitor("Deleting needs a token", "DELETE", f"{links}/docs", expect=401)
    visitor("Deleting with the token", "DELETE", f"{links}/docs", headers=admin, expect=204)
    visitor("Gone, from the cache too", "GET", "/docs", expect=404, contains="no such link")
    visitor("Nothing left to delete", "DELETE", f"{links}/docs", headers=admin, expect=404)
    visitor("Unsupported method", "PUT", links, expect=405)


# Servers -----------------------------------------------------------------------------------------


def fakes(port: int) -> AbstractContextManager[str]:
    """Serve the Worker on plain CPython over the fakes."""
    config = HERE / "wrangler.jsonc"
    runtime = FakeRuntime.from_config(config, clock=Clock(running=True), ADMIN_TOKEN=TOKEN)
    return serving.fakes(runtime, port)


def workerd(port: int, pyodide: str) -> AbstractContextManager[str]:
    """Serve the Worker inside real workerd, with the files of the package's wheel."""
    secrets = {"ADMIN_TOKEN": TOKEN}
    config = HERE / "wrangler.jsonc"
    return serving.workerd(config, port=port, pyodide=pyodide, variables=secrets)


# ------------------------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--workerd", action="store_true", help="inside real workerd (needs node)")
    parser.add_argument(
        "--pyodide", choices=["314", "0.28"], default="314", help="with --workerd (default: 314)"
    )
    parser.add_argument("--port", type=int, default=8787, help="default: 8787")
    parser.add_argument("--once", action="store_true", help="end after the transcript")
    options = parser.parse_args()
    interactive = not options.once and sys.stdin.isatty() and sys.stdout.isatty()
    where = f"workerd, Pyodide {options.pyodide}" if options.workerd else "CPython, over the fakes"
    server = workerd(options.port, options.pyodide) if options.workerd else fakes(options.port)
    print(f"The link shortener on {where} …", flush=True)
    with server as url:
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            visitor = Visitor(client)
            started = time.perf_counter()
            visit(visitor)
            seconds = time.perf_counter() - started
        matched = visitor.sent - visitor.failed
        print(f"\n{matched} of {visitor.sent} answers as expected, in {seconds:.2f} s ({where})")
        if interactive:
            print(f"Serving {url} until Ctrl-C; the admin's token is {TOKEN!r}.", flush=True)
            try:
                threading.Event().wait()
            except KeyboardInterrupt:
                print()
    return 1 if visitor.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
