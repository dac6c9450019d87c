"""The JavaScript API of R2."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from .blob import Blob
from .headers import Headers
from .streams import ReadableStream
from .values import Js


class R2Bucket(Protocol):
    def head(self, key: str, /) -> Awaitable[Js]: ...
    def get(
        self, key: str, /, *, range: Js = None, onlyIf: Js = None, ssecKey: Js = None
    ) -> Awaitable[Js]: ...
    def put(
        self,
        key: str,
        value: Js,
        /,
        *,
        httpMetadata: Js = None,
        customMetadata: Js = None,
        onlyIf: Js = None,
        md5: Js = None,
        sha1: Js = None,
        sha256: Js = None,
        sha384: Js = None,
        sha512: Js = None,
        storageClass: str | None = None,
        ssecKey: Js = None,
    ) -> Awaitable[Js]: ...
    def delete(self, keys: Js, /) -> Awaitable[None]: ...
    def list(
        self,
        *,
        prefix: str | None = None,
        delimiter: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        startAfter: str | None = None,
        include: Js = None,
    ) -> Awaitable[Js]: ...
    def createMultipartUpload(
        self,
        key: str,
        /,
        *,
        httpMetadata: Js = None,
        customMetadata: Js = None,
        storageClass: str | None = None,
        ssecKey: Js = None,
    ) -> Awaitable[R2MultipartUpload]: ...
    def resumeMultipartUpload(self, key: str, uploadId: str, /) -> R2MultipartUpload: ...


class R2MultipartUpload(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def uploadId(self) -> str: ...
    def uploadPart(self, partNumber: int, value: Js, /, *, ssecKey: Js = None) -> Awaitable[Js]: ...
    def complete(self, uploadedParts: Js, /) -> Awaitable[R2Object]: ...
    def abort(self) -> Awaitable[None]: ...


class R2Object(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def etag(self) -> str: ...
    @property
    def httpEtag(self) -> str: ...
    @property
    def uploaded(self) -> Js: ...
    @property
    def checksums(self) -> R2Checksums: ...
    @property
    def httpMetadata(self) -> Js: ...
    @property
    def customMetadata(self) -> Js: ...
    @property
    def range(self) -> Js: ...
    @property
    def storageClass(self) -> str: ...
    @property
    def ssecKeyMd5(self) -> Js: ...
    def writeHttpMetadata(self, headers: Headers, /) -> None: ...


class R2ObjectBody(R2Object, Protocol):
    @property
    def body(self) -> ReadableStream: ...
    @property
    def bodyUsed(self) -> bool: ...
    def arrayBuffer(self) -> Awaitable[Js]: ...
    def text(self) -> Awaitable[str]: ...
    def blob(self) -> Awaitable[Blob]: ...


class R2Checksums(Protocol):
    def toJSON(self) -> Js: ...
