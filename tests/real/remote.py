"""Backends of the public classes on plain CPython that make each call in workerd, on real bindings.

They implement the Protocols of pyworkers_sdk/_js, so one process can compare the public classes
over these with the same classes over the fakes. A call is one message on a WebSocket to
remote_worker.mjs, and a method blocks until the answer arrives.
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
    # With a later date, a queue rejects messages only with "Unknown Internal Error".
    "compatibilityDate": "2026-03-01",
    "kvNamespaces": ["KV"],
    "d1Databases": ["DB"],
    "r2Buckets": ["R2"],
    "queueProducers": {"QUEUE": "queue"},
    # remote_worker.mjs consumes both queues. The body of a message is its instruction.
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
    """A workerd process with the native bindings, and the only connection to it."""

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
        """Send a message and return JavaScript's answer. Raise JsException if JavaScript throws."""
        try:
            answer = json.loads(self._socket.ask(json.dumps(message)), parse_int=_number)
        except OSError as error:
            raise WorldError(self._world.with_stderr(f"workerd is lost: {error}")) from None
        if "error" in answer:
            raise decoded(answer["error"])
        return answer

    def call(self, on: str | int, *calls: tuple[str, list[Any] | None]) -> Any:
        """Call ``on.method(*args).method(*args)…``. The args must be encoded."""
        return decoded(self.ask(on=on, calls=calls)["value"])

    def keep(self, on: str | int, *calls: tuple[str, list[Any] | None]) -> tuple[Any, int]:
        """Call like ``call``, and keep the result in workerd. Return its members and its number."""
        answer = self.ask(on=on, calls=calls, keep=True)
        return decoded(answer["value"]), answer.get("kept", 0)

    def own(self, name: str, **arguments: Any) -> Any:
        """Call a function of remote_worker.mjs itself."""
        return decoded(self.ask(own=name, **arguments)["value"])

    def control(self, *operations: tuple[str, str, str, list[Any]]) -> None:
        """Call methods of miniflare's simulators, for example to advance their timers.

        Each operation is the kind of the simulator, the name of the binding, a method and its
        arguments.
        """
        self.own("control", args=operations)


# Values, exactly --------------------------------------------------------------------------------


def encoded(value: Any) -> Any:
    """Return the JSON form of a JavaScript value; None is null."""
    cls = type(value)
    if value is None or cls is str or cls is bool:
        return value
    if cls is int:
        return value if abs(value) < 2**53 else {"$": "bigint", "v": str(value)}
    if cls is float:
        plain = isfinite(value) and not (value == 0 and copysign(1, value) < 0)
        # JSON has no -0, Infinity and NaN: send them as text, in JavaScript's spelling.
        return value if plain else {"$": "number", "v": repr(value).replace("inf", "Infinity")}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"$": "bytes", "v": _base64(value)}
    if cls is datetime:
        return {"$": "date", "v": (value - _EPOCH) / timedelta(milliseconds=1)}
    if isinstance(value, Mapping):
        return {"$": "object", "v": [[key, encoded(item)] for key, item in value.items()]}
    if cls is list:
        return [encoded(item) for item in value]
    if cls is set:
        return {"$": "set", "v": [encoded(item) for item in value]}
    if cls is Headers:
        return {"$": "headers", "v": [*value]}
    if cls is Blob:
        return {"$": "blob", "v": _base64(value.data), "type": value.type}
    if hasattr(value, "remote"):
        return value.remote
    raise TypeError(f"cannot encode {cls.__name__}")


def options(**keywords: Any) -> Any:
    """Return a trailing options object as Pyodide builds it from keywords: None is undefined."""
    pairs = [[name, encoded(value)] for name, value in keywords.items() if value is not None]
    return {"$": "object", "v": pairs}


async def sent(value: Any) -> Any:
    """Encode a value to be stored. A stream is read here and becomes a stream again in workerd."""
    if not isinstance(value, ReadableStream):
        return encoded(value)
    if value.locked:
        raise JsException("TypeError", "The ReadableStream has been locked to a reader.")
    message: dict[str, Any] = {"$": "stream", "length": value.length}
    reader, chunks = value.getReader(), list[bytes]()
    try:
        while not (chunk := await reader.read())["done"]:
            chunks.append(chunk["value"])
    except JsException as error:
        if error.message.startswith("Attempt to write too many bytes"):
            # One byte too many makes the FixedLengthStream in workerd fail, too.
            chunks.append(bytes((value.length or 0) + 1))
        elif not error.message.startswith("FixedLengthStream"):
            message["error"] = error.message
    return {**message, "v": [_base64(chunk) for chunk in chunks]}


def decoded(value: Any) -> Any:
    """Return a decoded JavaScript value, in the form of CPython's side of the border."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag: str = value["$"]
    content: Any = value.get("v")
    if tag == "object" or tag == "map":
        return {key: decoded(item) for key, item in content}
    if tag == "set":
        return set(decoded(content))
    if tag == "bytes":
        return b64decode(content)
    if tag == "blob":
        return Blob(b64decode(content), type=value["type"])
    if tag == "stream":
        return ReadableStream.of(b64decode(content))
    if tag == "date":
        return _EPOCH + timedelta(milliseconds=content)
    if tag == "number":
        return float(content.replace("Infinity", "inf"))
    if tag == "bigint":
        return int(content)
    if tag == "error":
        cause = value["cause"] and decoded(value["cause"])
        return JsException(value["name"], value["message"], cause)
    return None  # undefined, and a function


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _base64(data: bytes | bytearray | memoryview) -> str:
    return b64encode(data).decode()


def _number(text: str) -> int | float:
    """Parse an integer. Beyond 2**53 it is a double that JSON.stringify wrote without a point."""
    number = int(text)
    return number if abs(number) < 2**53 else float(text)


# The backends -----------------------------------------------------------------------------------


class RemoteKVNamespace:
    """JS: KVNamespace."""

    def __init__(self, remote: Remote, name: str = "KV") -> None:
        self._remote = remote
        self._name = name

    async def get(self, key: Any, /, *, type: str = "text", cacheTtl: float | None = None) -> Any:
        js_options = options(type=type, cacheTtl=cacheTtl)
        return self._remote.call(self._name, ("get", [encoded(key), js_options]))

    async def getWithMetadata(
        self, key: Any, /, *, type: str = "text", cacheTtl: float | None = None
    ) -> Any:
        js_options = options(type=type, cacheTtl=cacheTtl)
        return self._remote.call(self._name, ("getWithMetadata", [encoded(key), js_options]))

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
        js_options = options(expiration=expiration, expirationTtl=expirationTtl, metadata=metadata)
        self._remote.call(self._name, ("put", [encoded(key), await sent(value), js_options]))

    async def delete(self, key: str, /) -> None:
        self._remote.call(self._name, ("delete", [encoded(key)]))

    async def deleteBulk(self, keys: Any, /) -> None:
        self._remote.call(self._name, ("deleteBulk", [encoded(keys)]))

    async def list(
        self, *, prefix: str | None = None, limit: float | None = None, cursor: str | None = None
    ) -> Any:
        js_options = options(prefix=prefix, limit=limit, cursor=cursor)
        return self._remote.call(self._name, ("list", [js_options]))


class _RemoteStatements:
    """The methods of databases and sessions; ``_on`` is a binding's name or a kept object."""

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
        _, number = self._remote.keep(self._on, ("withSession", encoded([*args])))
        return RemoteD1DatabaseSession(self._remote, number)

    async def dump(self) -> Any:
        return self._remote.call(self._on, ("dump", []))


class RemoteD1DatabaseSession(_RemoteStatements):
    """JS: D1DatabaseSession."""

    def getBookmark(self) -> str | None:
        bookmark: str | None = self._remote.call(self._on, ("getBookmark", []))
        return bookmark


class RemoteD1PreparedStatement:
    """JS: D1PreparedStatement. Each call prepares it again in workerd."""

    def __init__(self, remote: Remote, on: str | int, calls: list[tuple[str, list[Any]]]) -> None:
        self._remote = remote
        self._on = on
        self._calls = calls

    @property
    def remote(self) -> Any:
        return {"$": "calls", "on": self._on, "calls": self._calls}

    def bind(self, *values: Any) -> RemoteD1PreparedStatement:
        bound = [*self._calls, ("bind", encoded([*values]))]
        self._remote.ask(on=self._on, calls=bound)  # raise now if bind() rejects a value
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
        js_options = options(range=range, onlyIf=onlyIf, ssecKey=ssecKey)
        return self._object("get", encoded(key), js_options)

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
        js_options = options(
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
        return self._object("put", encoded(key), await sent(value), js_options)

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
        js_options = options(
            prefix=prefix,
            delimiter=delimiter,
            limit=limit,
            cursor=cursor,
            startAfter=startAfter,
            include=include,
        )
        page = self._remote.call(self._name, ("list", [js_options]))
        return {
            **page,
            "objects": [RemoteR2Object(self._remote, 0, members) for members in page["objects"]],
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
        js_options = options(
            httpMetadata=httpMetadata,
            customMetadata=customMetadata,
            storageClass=storageClass,
            ssecKey=ssecKey,
        )
        return self._upload("createMultipartUpload", encoded(key), js_options)

    def resumeMultipartUpload(self, key: str, uploadId: str, /) -> Any:
        return self._upload("resumeMultipartUpload", encoded(key), encoded(uploadId))

    def _object(self, method: str, *args: Any) -> RemoteR2Object | None:
        members, number = self._remote.keep(self._name, (method, [*args]))
        if members is None:
            return None
        cls = RemoteR2ObjectBody if "bodyUsed" in members else RemoteR2Object
        return cls(self._remote, number, members)

    def _upload(self, method: str, *args: Any) -> RemoteR2MultipartUpload:
        members, number = self._remote.keep(self._name, (method, [*args]))
        return RemoteR2MultipartUpload(self._remote, number, members)


class RemoteR2MultipartUpload:
    """JS: R2MultipartUpload."""

    def __init__(self, remote: Remote, number: int, members: dict[str, Any]) -> None:
        self._remote = remote
        self._number = number
        self.key: str = members["key"]
        self.uploadId: str = members["uploadId"]

    async def uploadPart(self, partNumber: float, value: Any, /, *, ssecKey: Any = None) -> Any:
        args = [encoded(partNumber), await sent(value), options(ssecKey=ssecKey)]
        return self._remote.call(self._number, ("uploadPart", args))

    async def complete(self, uploadedParts: Any, /) -> RemoteR2Object:
        args = [encoded(uploadedParts)]
        members, number = self._remote.keep(self._number, ("complete", args))
        return RemoteR2Object(self._remote, number, members)

    async def abort(self) -> None:
        self._remote.call(self._number, ("abort", []))


class RemoteR2Object:
    """JS: R2Object. Its members came with the answer."""

    def __init__(self, remote: Remote, number: int, members: dict[str, Any]) -> None:
        self._remote = remote
        self._number = number
        self.__dict__.update({name: members[name] for name in members if name != "bodyUsed"})
        checksums: dict[str, Any] = members["checksums"]
        self.checksums = SimpleNamespace(**{**checksums, "toJSON": lambda: checksums["toJSON"]})

    def writeHttpMetadata(self, headers: Headers, /) -> None:
        for name, value in self._remote.own("httpMetadata", on=self._number):
            headers.set(name, value)


class RemoteR2ObjectBody(RemoteR2Object):
    """JS: R2ObjectBody."""

    @property
    def bodyUsed(self) -> Any:
        return self._remote.call(self._number, ("bodyUsed", None))

    @property
    def body(self) -> Any:
        return self._remote.call(self._number, ("body", None))

    async def arrayBuffer(self) -> Any:
        return self._remote.call(self._number, ("arrayBuffer", []))

    async def text(self) -> Any:
        return self._remote.call(self._number, ("text", []))

    async def blob(self) -> Any:
        return self._remote.call(self._number, ("blob", []))


class RemoteQueue:
    """JS: Queue."""

    def __init__(self, remote: Remote, name: str = "QUEUE") -> None:
        self._remote = remote
        self._name = name

    async def send(
        self, message: Any, /, *, contentType: str | None = None, delaySeconds: float | None = None
    ) -> Any:
        js_options = options(contentType=contentType, delaySeconds=delaySeconds)
        return self._remote.call(self._name, ("send", [encoded(message), js_options]))

    async def sendBatch(self, messages: Any, /, *, delaySeconds: float | None = None) -> Any:
        js_options = options(delaySeconds=delaySeconds)
        return self._remote.call(self._name, ("sendBatch", [encoded(messages), js_options]))

    async def metrics(self) -> Any:
        return self._remote.call(self._name, ("metrics", []))


# The connection ---------------------------------------------------------------------------------


class _Socket:
    """A minimal WebSocket client: send a text, then wait for the answer."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        assert address.port
        self._socket = socket.create_connection(("127.0.0.1", address.port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        key = b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET / HTTP/1.1\r\nHost: {address.netloc}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
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
        self._socket.sendall(b"\x81" + length + bytes(4) + data)  # a client must mask: with zeros
        answer = b""
        while True:
            opcode, size = self._read(2)
            if size > 125:
                size = int.from_bytes(self._read(2 if size == 126 else 8))
            answer += self._read(size)
            if opcode & 0x0F == 8:
                raise OSError(f"the WebSocket was closed: {answer[2:].decode(errors='replace')}")
            if opcode & 0x80:
                return answer.decode()

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise OSError("the connection ended")
        return data

    def close(self) -> None:
        self._file.close()
        self._socket.close()
