"""The inferred types of requests, forms, blobs, signals and caches. Checked, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, assert_type

from pyworkers_sdk import (
    AbortController,
    AbortSignal,
    Blob,
    Cache,
    File,
    FormData,
    Headers,
    IncomingRequestCfProperties,
    ReadableStream,
    Request,
    RequestInitCfProperties,
    Response,
    URLSearchParams,
    WorkerEntrypoint,
    WorkersError,
    caches,
    fetch,
)
from pyworkers_sdk.testing import FakeRuntime, Route


async def fetches(request: Request, chunks: AsyncIterator[bytes]) -> None:
    response = assert_type(await fetch("https://e.com/"), Response)
    assert_type(await fetch(request, method="PUT", headers={"a": "b"}), Response)
    assert_type(await response.json(), Any)
    assert_type(await response.json(list[int]), list[int])
    assert_type(await response.blob(), Blob)
    assert_type(await response.form_data(), FormData)
    assert_type(response.body, ReadableStream | None)
    assert_type(response.cf, dict[str, Any] | None)
    for body in ("", b"", chunks, Blob(), File([], "n"), FormData(), response.body):
        await fetch("https://e.com/", method="POST", body=body)
    await fetch("https://e.com/", redirect="manual", cache="no-store", cf={"cacheTtl": 5})
    await fetch("https://e.com/", signal=AbortSignal.timeout(timedelta(seconds=5)))

    await fetch("https://e.com/", redirect="error")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await fetch("https://e.com/", timeout=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await fetch("https://e.com/", body={"a": 1})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await fetch(b"https://e.com/")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def requests(request: Request, controller: AbortController) -> None:
    copy = assert_type(Request(request, headers=Headers(request.headers)), Request)
    assert_type(copy.clone(), Request)
    assert_type(copy.signal, AbortSignal)
    assert_type(copy.cf, IncomingRequestCfProperties | None)
    if copy.cf is not None:
        assert_type(copy.cf.get("country"), str | None)
        _ = copy.cf["colour"]  # type: ignore[typeddict-item]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
    options: RequestInitCfProperties = {"image": {"width": 80, "fit": "cover"}}
    Request("https://e.com/", cf=options, signal=controller.signal)
    Response.error()
    Response("", encode_body="manual", cf={"a": 1})

    Response("", encode_body="never")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def queries_and_cookies(request: Request, headers: Headers) -> None:
    assert_type(request.query, URLSearchParams)
    assert_type(request.query["a"], str)
    assert_type(request.query.get("a"), str | None)
    assert_type(request.query.get("a", 0), str | int)
    assert_type(request.query.get_all("a"), list[str])
    assert_type(request.query.items(), list[tuple[str, str]])
    assert_type(list(request.query), list[str])
    assert_type(request.cookies, Mapping[str, str])
    assert_type(request.cookies.get("a"), str | None)
    URLSearchParams("a=1")
    URLSearchParams({"a": "1"})
    URLSearchParams([("a", "1")])
    URLSearchParams(request.query)
    headers.set_cookie("a", "b", max_age=5, same_site="Lax")
    headers.set_cookie("a", "b", max_age=timedelta(days=1), path=None, expires=datetime.now())
    headers.delete_cookie("a", domain="e.com")

    request.query["a"] = "1"  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    request.cookies["a"] = "1"  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    URLSearchParams({"a": 1})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    headers.set_cookie("a", 1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    headers.set_cookie("a", "b", same_site="no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    headers.set_cookie("a", "b", httponly=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    headers.delete_cookie("a", max_age=0)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def forms(form: FormData) -> None:
    assert_type(form["a"], str | File)
    assert_type(form.get("a"), str | File | None)
    assert_type(form.get("a", 0), str | File | int)
    assert_type(form.get_all("a"), list[str | File])
    assert_type(form.items(), list[tuple[str, str | File]])
    assert_type(list(form), list[str])
    form["a"] = Blob(["x"])
    form.append("f", File([b""], "n", last_modified=datetime.now()), filename="m")
    FormData({"a": "b"})
    FormData({"a": "b", "f": File([], "n")})
    FormData([("a", "b"), ("f", File([], "n"))])
    FormData(form)

    form["a"] = 1  # type: ignore[assignment]  # pyright: ignore[reportArgumentType]
    FormData({"a": 1})  # type: ignore[dict-item]  # pyright: ignore[reportCallIssue, reportArgumentType]


async def blobs(file: File) -> None:
    assert_type(file.slice(1, 2, type="a/b"), Blob)
    assert_type(file.name, str)
    assert_type(file.last_modified, datetime)
    assert_type(await file.bytes(), bytes)
    assert_type(file.stream(), ReadableStream)

    File([], "n", last_modified=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Blob([1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


async def signals(controller: AbortController) -> None:
    assert_type(controller.signal, AbortSignal)
    assert_type(AbortSignal.any([controller.signal, AbortSignal.timeout(5)]), AbortSignal)
    assert_type(await controller.signal.wait(), WorkersError)
    assert_type(controller.signal.reason, WorkersError | None)
    controller.abort(ValueError("no"))

    controller.abort(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def kept(request: Request, response: Response) -> None:
    assert_type(caches.default, Cache)
    assert_type(await caches.open("mine"), Cache)
    assert_type(await caches.default.match(request, ignore_method=True), Response | None)
    await caches.default.put("https://e.com/", response.clone())
    assert_type(await caches.default.delete(request), bool)


def routes(runtime: FakeRuntime[Any], response: Response) -> None:
    async def answer(request: Request) -> Response:
        return Response(request.url)

    assert_type(runtime.outbound("https://e.com/*", answer), Route)
    assert_type(runtime.outbound("*", lambda request: Response(request.url)).calls, list[Request])
    runtime.outbound("*", response, method="POST")
    runtime.outbound("*", "network")
    with runtime as entered:
        assert_type(entered, FakeRuntime[Any])

    runtime.outbound("*", "text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class Default(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        return await fetch(request)
