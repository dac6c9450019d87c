"""HTTP clients of other libraries in a Worker, for test_http_clients.py."""

import http.client
import importlib
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable
from inspect import isawaitable
from typing import Any

import httpx
import urllib3

from pyworkers_sdk import Env, Request, Response, WorkerEntrypoint

requests: Any = importlib.import_module("requests")

BODY = json.dumps({"name": "Ada é"}).encode()
HEADERS = {"content-type": "application/json", "x-token": "secret"}


async def httpx_async(base: str) -> list[Any]:
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.post(f"{base}/echo", content=BODY, headers=HEADERS)
        return [response.status_code, response.json()]


async def httpx_async_stream(base: str) -> list[Any]:
    async def body() -> AsyncIterator[bytes]:
        yield BODY[:5]
        yield BODY[5:]

    async with (
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("POST", f"{base}/echo", content=body(), headers=HEADERS) as response,
    ):
        chunks = [chunk async for chunk in response.aiter_bytes()]
        return [response.status_code, json.loads(b"".join(chunks))]


def httpx_sync(base: str) -> list[Any]:
    with httpx.Client(trust_env=False) as client:
        response = client.post(f"{base}/echo", content=BODY, headers=HEADERS)
        return [response.status_code, response.json()]


def requests_post(base: str) -> list[Any]:
    with requests.Session() as session:
        response = session.post(f"{base}/echo", data=BODY, headers=HEADERS)
        return [response.status_code, response.json()]


def urllib3_request(base: str) -> list[Any]:
    response = urllib3.request("POST", f"{base}/echo", body=BODY, headers=HEADERS)
    return [response.status, response.json()]


def urllib_request(base: str) -> list[Any]:
    request = urllib.request.Request(f"{base}/echo", BODY, HEADERS)
    with urllib.request.urlopen(request) as response:
        return [response.status, json.load(response)]


def http_client(base: str) -> list[Any]:
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc)
    connection.request("POST", "/echo", BODY, HEADERS)
    response = connection.getresponse()
    result = [response.status, json.load(response)]
    connection.close()
    return result


async def redirected_async(base: str) -> list[Any]:
    """Return the response of httpx to a redirect, and its history."""
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as client:
        response = await client.get(f"{base}/redirect")
        return [response.text, [each.status_code for each in response.history]]


def redirected(base: str) -> list[Any]:
    """Return the response of each client to a redirect."""
    url = f"{base}/redirect"
    bodies: list[Any] = [httpx.get(url, trust_env=False).headers["location"]]
    bodies += [requests.get(url).text, urllib3.request("GET", url).data.decode()]
    with urllib.request.urlopen(url) as response:
        bodies.append(response.read().decode())
    return bodies


def failing(base: str) -> list[Any]:
    """Return the result of each client for status 404."""
    url = f"{base}/missing"
    statuses: list[Any] = [httpx.get(url, trust_env=False).status_code]
    statuses += [requests.get(url).status_code, urllib3.request("HEAD", url).status]
    try:
        urllib.request.urlopen(url)
    except urllib.error.HTTPError as error:
        statuses += [error.code, error.read().decode()]
        error.close()
    return statuses


CLIENTS: dict[str, Callable[[str], Any]] = {
    client.__name__: client
    for client in (
        httpx_async,
        httpx_async_stream,
        httpx_sync,
        requests_post,
        urllib3_request,
        urllib_request,
        http_client,
        redirected_async,
        redirected,
        failing,
    )
}


async def serve(request: Request) -> Response:
    """Answer as the server of the clients."""
    path = urllib.parse.urlsplit(request.url).path
    if path == "/redirect":
        return Response(None, status=302, headers={"location": "/end"})
    if path == "/end":
        return Response("the end")
    if path != "/echo":
        return Response("missing", status=404)
    headers = {name: request.headers.get(name) for name in HEADERS}
    body = await request.text()
    return Response.json({"method": request.method, "body": body, **headers}, status=201)


class Default(WorkerEntrypoint[Env]):
    async def fetch(self, request: Request) -> Response:
        url = urllib.parse.urlsplit(request.url)
        if url.path != "/client":
            return await serve(request)
        query = dict(urllib.parse.parse_qsl(url.query))
        result = CLIENTS[query["name"]](query["base"])
        return Response.json(await result if isawaitable(result) else result)
