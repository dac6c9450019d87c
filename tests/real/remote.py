"""Backends that honour _js.py on plain CPython: each call is made in workerd, on the real binding.

The public classes over these and over the fakes can so be held side by side in one process. A call
is one message on a WebSocket to remote_worker.mjs; a method blocks until its answer is there.
"""

from __future__ import annotations

import json
import os
import socket
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from math import copysign, isfinite
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from pyworkers_sdk._border import JsException
from pyworkers_sdk._cpython.web import Blob, Headers, ReadableStream
from tests.real.worlds import World, WorldError, install_node_modules

OPTIONS: dict[str, Any] = {
    # Later ones have no words for what a queue refuses, but "Unknown Internal Error".
    "compatibilityDate": "2026-03-01",
    "kvNamespaces": ["KV"],
    "d1Databases": ["DB"],
    "r2Buckets": ["R2"],
    "queueProducers": {"QUEUE": "queue"},
    # The consumer of both is remote_worker.mjs, which does what a message's body says.
    "queueConsumers": {
        "queue": {
            "maxBatchSize": 3,
            "maxBatchTimeout": 2.375,
            "maxRetries": 2,
            "retryDelay": 1,
            "deadLetterQueue": "dead",
        },
        "dead": {"maxBatchSize": 2, "maxBatchTimeout": 1.6875},
    },
}


class Remote:
    """workerd with the native bindings, and the one connection to it."""

    def __init__(self) -> None:
        install_node_modules()
        self._world = World("remote", "remote.mjs", {"options": OPTIONS})
        self._world.start()
        try:
            self._socket = _Socket(self._world.url)
        except BaseException:
            self._world.stop()
            raise

    def stop(self) -> None:
        self._socket.close()
        self._world.stop()

    def ask(self, **message: Any) -> Any:
        """What JavaScript answers; a JsException if it throws."""
        try:
            answer = json.loads(self._socket.ask(json.dumps(message)), parse_int=_number)
        except OSError as error:
            raise WorldError(self._world._with_stderr(f"workerd was lost: {error}")) from None
        if "error" in answer:
            raise decoded(answer["error"])
        return answer

    def call(self, on: str | int, *calls: tuple[str, list[Any] | None]) -> Any:
        """``on.method(*args).method(*args)…``; the args are encoded already."""
        return decoded(self.ask(on=on, calls=calls)["value"])

    def keep(self, on: str | int, *calls: tuple[str, list[Any] | None]) -> tuple[Any, int]:
        """The same of an object that lives on over there: its members, and its number."""
        answer = self.ask(on=on, calls=calls, keep=True)
        return decoded(answer["value"]), answer.get("kept", 0)

    def own(self, name: str, **arguments: Any) -> Any:
        """What remote_worker.mjs does itself."""
        return decoded(self.ask(own=name, **arguments)["value"])

    def control(self, *operations: tuple[str, str, str, list[Any]]) -> None:
        """Operations of miniflare's simulators on themselves, such as on their timers.

        Each is the kind of the simulator, what it simulates by name, a method and its arguments.
        """
        self.own("control", args=operations)


# Values, exactly --------------------------------------------------------------------------------


def encoded(value: Any) -> Any:
    """JSON of a JavaScript value; None is null."""
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return value
    if kind is int:
        return value if abs(value) < 2**53 else {"$": "bigint", "v": str(value)}
    if kind is float:
        plain = isfinite(value) and not (value == 0 and copysign(1, value) < 0)
        # repr() of -0.0, inf and nan, but as JavaScript spells them
        return value if plain else {"$": "number", "v": repr(value).replace("inf", "Infinity")}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"$": "bytes", "v": _base64(value)}
    if kind is datetime:
        return {"$": "date", "v": (value - _EPOCH) / timedelta(milliseconds=1)}
    if isinstance(value, Mapping):
        return {"$": "object", "v": [[key, encoded(item)] for key, item in value.items()]}
    if kind is list:
        return [encoded(item) for item in value]
    if kind is set:
        return {"$": "set", "v": [encoded(item) for item in value]}
    if kind is Headers:
        return {"$": "headers", "v": [*value]}
    if kind is Blob:
        return {"$": "blob", "v": _base64(value.data), "type": value.type}
    if hasattr(value, "remote"):
        return value.remote
    raise TypeError(f"cannot encode {kind.__name__}")


def options(**given: Any) -> Any:
    """A trailing object of options, as Pyodide makes one of keywords: None is undefined."""
    pairs = [[name, encoded(value)] for name, value in given.items() if value is not None]
    return {"$": "object", "v": pairs}


async def sent(value: Any) -> Any:
    """A value that is stored: a stream is read here, and made a stream again over there."""
    if not isinstance(value, ReadableStream):
        return encoded(value)
    if value.locked:
        raise JsException("TypeError", "The ReadableStream has been locked to a reader.")
    made: dict[str, Any] = {"$": "stream", "length": value.length}
    reader, chunks = value.getReader(), list[bytes]()
    try:
        while not (chunk := await reader.read())["done"]:
            chunks.append(chunk["value"])
    except JsException as error:
        if error.message.startswith("Attempt to write too many bytes"):
            chunks.append(bytes((value.length or 0) + 1))  # the FixedLengthStream there says so too
        elif not error.message.startswith("FixedLengthStream"):
            made["error"] = error.message
    return {**made, "v": [_base64(chunk) for chunk in chunks]}


def decoded(value: Any) -> Any:
    """The JavaScript value, as the border of CPython has it."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind: str = value["$"]
    content: Any = value.get("v")
    if kind == "object" or kind == "map":
        return {key: decoded(item) for key, item in content}
    if kind == "set":
        return set(decoded(content))
    if kind == "bytes":
        return b64decode(content)
    if kind == "blob":
        return Blob(b64decode(content), type=value["type"])
    if kind == "stream":
        return ReadableStream.of(b64decode(content))
    if kind == "date":
        return _EPOCH + timedelta(milliseconds=content)
    if kind == "number":
        return float(content.replace("Infinity", "inf"))
    if kind == "bigint":
        return int(content)
    if kind == "error":
        cause = value["cause"] and decoded(value["cause"])
        return JsException(value["name"], value["message"], cause)
    return None  # undefined, and a function


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _base64(data: bytes | bytearray | memoryview) -> str:
    return b64encode(data).decode()


def _number(text: str) -> int | float:
    """A large double that JSON.stringify wrote without a point is no exact integer."""
    number = int(text)
    return number if abs(number) < 2**53 else float(text)


# The backends -----------------------------------------------------------------------------------


class RemoteKVNamespace:
    """JS: KVNamespace."""

    def __init__(self, remote: Remote, name: str = "KV") -> None:
        self._remote = remote
        self._name = name

    async def get(self, key: Any, /, *, type: str = "text", cacheTtl: float | None = None) -> Any:
        about = options(type=type, cacheTtl=cacheTtl)
        return self._remote.call(self._name, ("get", [encoded(key), about]))

    async def getWithMetadata(
        self, key: Any, /, *, type: str = "text", cacheTtl: float | None = None
    ) -> Any:
        about = options(type=type, cacheTtl=cacheTtl)
        return self._remote.call(self._name, ("getWithMetadata", [encoded(key), about]))

    async def put(
        self,
        key: str,
        value: Any,
        /,
        *,
        expiration: float | None = None,
        expirationTtl: float | None = None,
        metadata: Any = None,
    ) -> None:
        about = options(expiration=expiration, expirationTtl=expirationTtl, metadata=metadata)
        self._remote.call(self._name, ("put", [encoded(key), await sent(value), about]))

    async def delete(self, key: str, /) -> None:
        self._remote.call(self._name, ("delete", [encoded(key)]))

    async def deleteBulk(self, keys: Any, /) -> None:
        self._remote.call(self._name, ("deleteBulk", [encoded(keys)]))

    async def list(
        self, *, prefix: str | None = None, limit: float | None = None, cursor: str | None = None
    ) -> Any:
        about = options(prefix=prefix, limit=limit, cursor=cursor)
        return self._remote.call(self._name, ("list", [about]))


class _RemoteStatements:
    """What a database and a session share; ``_on`` is a binding's name or a kept object."""

    def __init__(self, remote: Remote, on: str | int) -> None:
        self._remote = remote
        self._on = on

    def prepare(self, query: str, /) -> RemoteD1PreparedStatement:
        return RemoteD1PreparedStatement(self._remote, self._on, [("prepare", [encoded(query)])])

    async def batch(self, statements: list[RemoteD1PreparedStatement], /) -> Any:
        return self._remote.call(self._on, ("batch", [encoded(statements)]))


class RemoteD1Database(_RemoteStatements):
    """JS: D1Database."""

    def __init__(self, remote: Remote, name: str = "DB") -> None:
        super().__init__(remote, name)

    async def exec(self, query: str, /) -> Any:
        return self._remote.call(self._on, ("exec", [encoded(query)]))

    def withSession(self, *args: str) -> RemoteD1DatabaseSession:
        _, kept = self._remote.keep(self._on, ("withSession", encoded([*args])))
        return RemoteD1DatabaseSession(self._remote, kept)

    async def dump(self) -> Any:
        return self._remote.call(self._on, ("dump", []))


class RemoteD1DatabaseSession(_RemoteStatements):
    """JS: D1DatabaseSession."""

    def getBookmark(self) -> str | None:
        bookmark: str | None = self._remote.call(self._on, ("getBookmark", []))
        return bookmark


class RemoteD1PreparedStatement:
    """JS: D1PreparedStatement. It is made anew over there with each call."""

    def __init__(self, remote: Remote, on: str | int, calls: list[tuple[str, list[Any]]]) -> None:
        self._remote = remote
        self._on = on
        self._calls = calls

    @property
    def remote(self) -> Any:
        return {"$": "calls", "on": self._on, "calls": self._calls}

    def bind(self, *values: Any) -> RemoteD1PreparedStatement:
        bound = [*self._calls, ("bind", encoded([*values]))]
        self._remote.ask(on=self._on, calls=bound)  # what it refuses it refuses now
        return RemoteD1PreparedStatement(self._remote, self._on, bound)

    async def first(self, *column: str) -> Any:
        return self._end("first", *column)

    async def all(self) -> Any:
        return self._end("all")

    async def run(self) -> Any:
        return self._end("run")

    async def raw(self, *, columnNames: bool = False) -> Any:
        return self._end("raw", {"columnNames": columnNames})

    def _end(self, method: str, *args: Any) -> Any:
        return self._remote.call(self._on, *self._calls, (method, encoded([*args])))


class RemoteR2Bucket:
    """JS: R2Bucket."""

    def __init__(self, remote: Remote, name: str = "R2") -> None:
        self._remote = remote
        self._name = name

    async def head(self, key: str, /) -> Any:
        return self._object("head", encoded(key))

    async def get(
        self, key: str, /, *, range: Any = None, onlyIf: Any = None, ssecKey: Any = None
    ) -> Any:
        about = options(range=range, onlyIf=onlyIf, ssecKey=ssecKey)
        return self._object("get", encoded(key), about)

    async def put(
        self,
        key: str,
        value: Any,
        /,
        *,
        httpMetadata: Any = None,
        customMetadata: Any = None,
        onlyIf: Any = None,
        md5: Any = None,
        sha1: Any = None,
        sha256: Any = None,
        sha384: Any = None,
        sha512: Any = None,
        storageClass: str | None = None,
        ssecKey: Any = None,
    ) -> Any:
        about = options(
            httpMetadata=httpMetadata,
            customMetadata=customMetadata,
            onlyIf=onlyIf,
            md5=md5,
            sha1=sha1,
            sha256=sha256,
            sha384=sha384,
            sha512=sha512,
            storageClass=storageClass,
            ssecKey=ssecKey,
        )
        return self._object("put", encoded(key), await sent(value), about)

    async def delete(self, keys: Any, /) -> None:
        self._remote.call(self._name, ("delete", [encoded(keys)]))

    async def list(
        self,
        *,
        prefix: str | None = None,
        delimiter: str | None = None,
        limit: float | None = None,
        cursor: str | None = None,
        startAfter: str | None = None,
        include: Any = None,
    ) -> Any:
        about = options(
            prefix=prefix,
            delimiter=delimiter,
            limit=limit,
            cursor=cursor,
            startAfter=startAfter,
            include=include,
        )
        page = self._remote.call(self._name, ("list", [about]))
        return {
            **page,
            "objects": [RemoteR2Object(self._remote, 0, each) for each in page["objects"]],
        }

    async def createMultipartUpload(
        self,
        key: str,
        /,
        *,
        httpMetadata: Any = None,
        customMetadata: Any = None,
        storageClass: str | None = None,
        ssecKey: Any = None,
    ) -> Any:
        about = options(
            httpMetadata=httpMetadata,
            customMetadata=customMetadata,
            storageClass=storageClass,
            ssecKey=ssecKey,
        )
        return self._upload("createMultipartUpload", encoded(key), about)

    def resumeMultipartUpload(self, key: str, uploadId: str, /) -> Any:
        return self._upload("resumeMultipartUpload", encoded(key), encoded(uploadId))

    def _object(self, method: str, *args: Any) -> RemoteR2Object | None:
        members, kept = self._remote.keep(self._name, (method, [*args]))
        if members is None:
            return None
        kind = RemoteR2ObjectBody if "bodyUsed" in members else RemoteR2Object
        return kind(self._remote, kept, members)

    def _upload(self, method: str, *args: Any) -> RemoteR2MultipartUpload:
        members, kept = self._remote.keep(self._name, (method, [*args]))
        return RemoteR2MultipartUpload(self._remote, kept, members)


class RemoteR2MultipartUpload:
    """JS: R2MultipartUpload."""

    def __init__(self, remote: Remote, kept: int, members: dict[str, Any]) -> None:
        self._remote = remote
        self._kept = kept
        self.key: str = members["key"]
        self.uploadId: str = members["uploadId"]

    async def uploadPart(self, partNumber: float, value: Any, /, *, ssecKey: Any = None) -> Any:
        args = [encoded(partNumber), await sent(value), options(ssecKey=ssecKey)]
        return self._remote.call(self._kept, ("uploadPart", args))

    async def complete(self, uploadedParts: Any, /) -> RemoteR2Object:
        args = [encoded(uploadedParts)]
        members, kept = self._remote.keep(self._kept, ("complete", args))
        return RemoteR2Object(self._remote, kept, members)

    async def abort(self) -> None:
        self._remote.call(self._kept, ("abort", []))


class RemoteR2Object:
    """JS: R2Object. Its members came with it."""

    def __init__(self, remote: Remote, kept: int, members: dict[str, Any]) -> None:
        self._remote = remote
        self._kept = kept
        self.__dict__.update({name: members[name] for name in members if name != "bodyUsed"})
        checksums: dict[str, Any] = members["checksums"]
        self.checksums = SimpleNamespace(**{**checksums, "toJSON": lambda: checksums["toJSON"]})

    def writeHttpMetadata(self, headers: Headers, /) -> None:
        for name, value in self._remote.own("httpMetadata", on=self._kept):
            headers.set(name, value)


class RemoteR2ObjectBody(RemoteR2Object):
    """JS: R2ObjectBody."""

    @property
    def bodyUsed(self) -> Any:
        return self._remote.call(self._kept, ("bodyUsed", None))

    @property
    def body(self) -> Any:
        return self._remote.call(self._kept, ("body", None))

    async def arrayBuffer(self) -> Any:
        return self._remote.call(self._kept, ("arrayBuffer", []))

    async def text(self) -> Any:
        return self._remote.call(self._kept, ("text", []))

    async def blob(self) -> Any:
        return self._remote.call(self._kept, ("blob", []))


class RemoteQueue:
    """JS: Queue."""

    def __init__(self, remote: Remote, name: str = "QUEUE") -> None:
        self._remote = remote
        self._name = name

    async def send(
        self, message: Any, /, *, contentType: str | None = None, delaySeconds: float | None = None
    ) -> Any:
        about = options(contentType=contentType, delaySeconds=delaySeconds)
        return self._remote.call(self._name, ("send", [encoded(message), about]))

    async def sendBatch(self, messages: Any, /, *, delaySeconds: float | None = None) -> Any:
        about = options(delaySeconds=delaySeconds)
        return self._remote.call(self._name, ("sendBatch", [encoded(messages), about]))

    async def metrics(self) -> Any:
        return self._remote.call(self._name, ("metrics", []))


# The connection ---------------------------------------------------------------------------------


class _Socket:
    """As much of a WebSocket as one question after another needs."""

    def __init__(self, url: str) -> None:
        at = urlsplit(url)
        assert at.port
        self._socket = socket.create_connection(("127.0.0.1", at.port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        key = b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET / HTTP/1.1\r\nHost: {at.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        status = self._file.readline()
        while self._file.readline() not in (b"\r\n", b""):
            pass
        if b" 101 " not in status:
            self.close()
            raise WorldError(f"no WebSocket: {status!r}")

    def ask(self, text: str) -> str:
        data = text.encode()
        size = len(data)
        length = (
            bytes([0x80 | size])
            if size < 126
            else b"\xfe" + size.to_bytes(2)
            if size < 2**16
            else b"\xff" + size.to_bytes(8)
        )
        self._socket.sendall(b"\x81" + length + bytes(4) + data)  # masked, by zeros
        answer = b""
        while True:
            kind, size = self._read(2)
            if size > 125:
                size = int.from_bytes(self._read(2 if size == 126 else 8))
            answer += self._read(size)
            if kind & 0x0F == 8:
                raise OSError(f"the WebSocket was closed: {answer[2:].decode(errors='replace')}")
            if kind & 0x80:
                return answer.decode()

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise OSError("the connection ended")
        return data

    def close(self) -> None:
        self._file.close()
        self._socket.close()
