"""The types of R2: checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_type

from pyworkers_sdk import (
    R2,
    Blob,
    Env,
    Headers,
    HTTPMetadata,
    R2Checksums,
    R2Conditional,
    R2MultipartUpload,
    R2Object,
    R2ObjectBody,
    R2ObjectRange,
    R2Objects,
    R2Range,
    R2UploadedPart,
    ReadableStream,
    Request,
    Response,
)
from pyworkers_sdk.testing import fake


@dataclass
class Link:
    slug: str


class AppEnv(Env):
    BUCKET: R2


async def objects(r2: R2, request: Request) -> Response:
    assert_type(await r2.head("k"), R2Object | None)
    assert_type(await r2.get("k"), R2ObjectBody | None)
    assert_type(await r2.get("k", range={"offset": 1, "length": 2}), R2ObjectBody | None)
    assert_type(await r2.get("k", range=request.headers), R2ObjectBody | None)
    condition: R2Conditional = {"etag_matches": "x", "uploaded_after": datetime.now()}
    assert_type(await r2.get("k", only_if=condition), R2ObjectBody | R2Object | None)
    assert_type(await r2.get("k", only_if=request.headers), R2ObjectBody | R2Object | None)
    found = await r2.get("k", only_if={"etag_does_not_match": "*"})
    if not isinstance(found, R2ObjectBody):
        return Response(status=304 if found else 404)
    assert_type(found.body, ReadableStream)
    assert_type(await found.bytes(), bytes)
    assert_type(await found.text(), str)
    assert_type(await found.json(), Any)
    assert_type(await found.json(Link), Link)
    assert_type(await found.blob(), Blob)
    assert_type(found.size, int)
    assert_type(found.uploaded, datetime)
    assert_type(found.range, R2ObjectRange | None)
    assert_type(found.checksums, R2Checksums)
    assert_type(found.checksums.sha256, bytes | None)
    assert_type(found.http_metadata, HTTPMetadata)
    assert_type(found.http_metadata.get("cache_expiry"), datetime | None)
    assert_type(found.custom_metadata, dict[str, str])
    found.write_http_metadata(Headers())
    assert_type(found.response(request), Response)
    if (head := await r2.head("k")) is not None:
        assert_type(head.response(request), Response)
    found.response()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    found.response(request.headers)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    _ = (await r2.head("k")).size  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    _ = (await r2.get("k", only_if={})).body  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
    await r2.get("k", range={"start": 1})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await r2.get("k", range=(0, 1))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await r2.get("k", only_if={"etag": "x"})  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    await r2.get(["k"])  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    return Response(found.body)


async def uploads(
    r2: R2, request: Request, chunks: AsyncIterator[bytes], parts: Iterator[memoryview], blob: Blob
) -> None:
    assert_type(await r2.upload("k", request.body), R2Object)
    await r2.upload("k", chunks, part_size=10 * 1024**2, http_metadata=request.headers)
    for value in (parts, blob, b"", bytearray(), "", [b"a"], None):
        await r2.upload("k", value, custom_metadata={"a": "b"}, storage_class="Standard")

    await r2.upload("k", chunks, sha256=b"")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await r2.upload("k", chunks, only_if={})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await r2.upload("k", chunks, length=5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await r2.upload("k", ["a"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    await r2.upload("k", request)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def puts(r2: R2, request: Request, chunks: AsyncIterator[bytes], blob: Blob) -> None:
    http: HTTPMetadata = {"content_type": "text/plain", "cache_expiry": datetime.now()}
    assert_type(await r2.put("k", "text", http_metadata=http, sha256=b""), R2Object)
    assert_type(await r2.put("k", request.body, http_metadata=request.headers), R2Object)
    assert_type(await r2.put("k", chunks, length=5, custom_metadata={"a": "b"}), R2Object)
    assert_type(await r2.put("k", blob, md5="00"), R2Object)
    assert_type(await r2.put("k", None, only_if={"etag_matches": "x"}), R2Object | None)
    await r2.delete("k")
    await r2.delete(["a", "b"])

    await r2.put("k", {"a": 1})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await r2.put("k", "", http_metadata={"contentType": "a"})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await r2.put("k", "", custom_metadata={"a": 1})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    await r2.put("k", "", sha3=b"")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    _ = (await r2.put("k", "", only_if={})).etag  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]


async def listings(r2: R2) -> None:
    page = await r2.list(prefix="a/", delimiter="/", limit=10, include=["http_metadata"])
    assert_type(page, R2Objects)
    assert_type(page.objects, list[R2Object])
    assert_type(page.cursor, str | None)
    assert_type(page.delimited_prefixes, list[str])
    assert_type([found.key async for found in r2.objects(prefix="a/")], list[str])

    await r2.list(include=["metadata"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    _ = page.objects[0].body  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


async def uploads_in_parts(r2: R2, chunks: AsyncIterator[bytes]) -> None:
    upload = await r2.create_multipart_upload("k", storage_class="Standard")
    assert_type(upload, R2MultipartUpload)
    assert_type(r2.resume_multipart_upload("k", upload.upload_id), R2MultipartUpload)
    part = await upload.upload_part(1, chunks, length=5)
    assert_type(part, R2UploadedPart)
    assert_type(await upload.complete([part]), R2Object)
    await upload.abort()

    await upload.upload_part(1, None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await upload.complete([part.etag])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


def fakes() -> None:
    assert_type(fake(R2), R2)
    assert_type(fake(AppEnv).BUCKET, R2)
    suffix: R2Range = {"suffix": 5}
    print(suffix)
