"""Inside Pyodide: whether calls leave proxies behind, over cheap JavaScript stand-ins."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from pyworkers_sdk import (
    D1,
    KV,
    R2,
    Headers,
    MessageBatch,
    MessageSendRequest,
    Queue,
    Request,
    Response,
)
from pyworkers_sdk.errors import WorkersError
from tests.contract.kit import cases

FEW, MANY = 100, 10_000

STAND_INS = Path(__file__).with_name("stand_ins.js").read_text()

Call = Callable[[Any], Awaitable[Any]]


class Bindings:
    def __init__(self) -> None:
        self.js = import_module("js").eval(STAND_INS)
        self.kv = KV(self.js.kv)
        self.db = D1(self.js.db)
        self.r2 = R2(self.js.r2)
        self.queue: Queue[Any] = Queue(self.js.queue)
        self.found: MessageBatch[Any] = MessageBatch(self.js.batch())


async def chunks() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


async def refused(call: Awaitable[Any]) -> None:
    try:
        await call
    except WorkersError:
        return
    raise AssertionError("it was not refused")


async def read(to: Bindings) -> None:
    stream = await to.kv.get("k", "stream")
    assert stream
    assert await stream.bytes() == b"abc"


async def left(to: Bindings) -> None:
    found = await to.r2.get("k")
    assert found
    async for _ in found.body:
        break


async def told(to: Bindings) -> None:
    found = await to.r2.get("k")
    assert found
    said = [found.key, found.etag, found.version, found.http_etag, found.uploaded, found.range]
    said += [found.http_metadata, found.custom_metadata, found.checksums.md5]
    assert all([*said, found.checksums.to_json()])
    found.write_http_metadata(Headers())
    assert await (await found.blob()).bytes() == b"abc"
    assert await found.json() == [1]
    assert len(await found.bytes()) == 3


async def in_parts(to: Bindings) -> None:
    upload = await to.r2.create_multipart_upload("k", custom_metadata={"a": "b"})
    part = await to.r2.resume_multipart_upload("k", upload.upload_id).upload_part(1, b"a")
    await upload.complete([part])
    await upload.abort()


async def consumed(to: Bindings) -> None:
    batch: MessageBatch[Any] = MessageBatch(to.js.batch())
    for message in batch:
        assert all([message.body, message.id, message.timestamp, message.attempts])
        message.ack()
        message.retry(delay_seconds=1)
    batch.ack_all()
    batch.retry_all()
    assert batch.metadata


async def over_http(to: Bindings) -> None:
    request = Request("https://a/", method="POST", headers={"a": "b"}, body="x")
    assert await request.text() == "x"
    response = Response(chunks(), headers={"a": "b"})
    assert await response.text() == "ab"


CALLS: dict[str, Call] = {
    "kv.get": lambda to: to.kv.get("k"),
    "kv.get json": lambda to: to.kv.get("k", "json", cache_ttl=60),
    "kv.get bytes": lambda to: to.kv.get("k", "bytes"),
    "kv.get stream": read,
    "kv.get many": lambda to: to.kv.get(["a", "b"]),
    "kv.get failing": lambda to: refused(to.kv.get("fail")),
    "kv.get_with_metadata": lambda to: to.kv.get_with_metadata("k"),
    "kv.get_with_metadata many": lambda to: to.kv.get_with_metadata(["a", "b"], "json"),
    "kv.put": lambda to: to.kv.put("k", "v", expiration_ttl=60, metadata={"a": [1]}),
    "kv.put bytes": lambda to: to.kv.put("k", b"v"),
    "kv.put stream": lambda to: to.kv.put("k", chunks()),
    "kv.delete": lambda to: to.kv.delete("k"),
    "kv.list": lambda to: to.kv.list(prefix="k", limit=1),
    "d1.first": lambda to: to.db.prepare("s").bind(1, None, b"a").first(),
    "d1.first column": lambda to: to.db.prepare("s").first("id"),
    "d1.all": lambda to: to.db.prepare("s").bind("a").all(),
    "d1.all failing": lambda to: refused(to.db.prepare("fail").all()),
    "d1.run": lambda to: to.db.prepare("s").run(),
    "d1.raw": lambda to: to.db.prepare("s").raw(column_names=True),
    "d1.batch": lambda to: to.db.batch([to.db.prepare("s"), to.db.prepare("s").bind(1)]),
    "d1.exec": lambda to: to.db.exec("s"),
    "d1.with_session": lambda to: to.db.with_session("first-primary").prepare("s").all(),
    "d1.dump": lambda to: to.db.dump(),
    "r2.head": lambda to: to.r2.head("k"),
    "r2.get and everything of it": told,
    "r2.get left early": left,
    "r2.put": lambda to: to.r2.put("k", b"v", http_metadata={"content_type": "a"}, md5="0" * 32),
    "r2.put stream": lambda to: to.r2.put("k", chunks()),
    "r2.delete": lambda to: to.r2.delete(["a", "b"]),
    "r2.list": lambda to: to.r2.list(include=["http_metadata"]),
    "r2 in parts": in_parts,
    "queue.send": lambda to: to.queue.send({"a": [1]}, delay_seconds=1),
    "queue.send v8": lambda to: to.queue.send({"a": {1}, "b": b"c"}, content_type="v8"),
    "queue.send_batch": lambda to: to.queue.send_batch(
        [1, MessageSendRequest(b"", content_type="bytes")]
    ),
    "queue.metrics": lambda to: to.queue.metrics(),
    "a batch of messages": consumed,
    "requests and responses": over_http,
}


@cases({name: name for name in CALLS})
async def left_behind(case: str) -> None:
    """10,000 calls leave no more proxies, either way, than 100 do."""
    call, to = CALLS[case], Bindings()
    after_few = await _after(FEW, call, to)
    after_many = await _after(MANY - FEW, call, to)
    assert after_many[0] <= after_few[0], f"proxies of Python objects: {after_few}, {after_many}"
    assert after_many[1] <= after_few[1], f"JavaScript values: {after_few}, {after_many}"


async def _after(times: int, call: Call, to: Bindings) -> tuple[int, int]:
    module = import_module("pyodide_js")._module
    module.enable_pyproxy_allocation_tracing()
    for _ in range(times):
        await call(to)
    await asyncio.sleep(0.01)  # what is still under way
    gc.collect()
    return module.pyproxy_alloc_map.size, module._hiwire_num_refs()
