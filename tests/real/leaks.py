"""Inside Pyodide: check that calls leave no proxies behind, over cheap JavaScript stand-ins."""

from __future__ import annotations

import asyncio
import datetime
import gc
import itertools
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from pyworkers_sdk import (
    AI,
    D1,
    KV,
    R2,
    AbortController,
    AbortSignal,
    AIModel,
    Browser,
    DurableObjectNamespace,
    DurableObjectState,
    DurableObjectTransaction,
    File,
    FormData,
    Headers,
    Images,
    Media,
    MessageBatch,
    MessageSendRequest,
    Queue,
    Request,
    Response,
    Service,
    Stream,
    Vectorize,
    VectorizeVector,
    WebSocket,
    Workflow,
    asgi,
    fetch,
)
from pyworkers_sdk.errors import WorkersError
from pyworkers_sdk.r2 import _uploads
from tests.contract.kit import cases

FEW, MANY = 100, 10_000

STAND_INS = Path(__file__).with_name("stand_ins.js").read_text()

Call = Callable[[Any], Awaitable[Any]]


class Bindings:
    """Every binding, over the JavaScript objects of stand_ins.js."""

    def __init__(self) -> None:
        self.js = import_module("js").eval(STAND_INS)
        self.ai = AI(self.js.ai)
        self.index = Vectorize(self.js.index)
        self.images = Images(self.js.images)
        self.browser = Browser(self.js.browser)
        self.media = Media(self.js.media)
        self.videos = Stream(self.js.videos)
        self.kv = KV(self.js.kv)
        self.db = D1(self.js.db)
        self.r2 = R2(self.js.r2)
        self.queue: Queue[Any] = Queue(self.js.queue)
        self.objects = DurableObjectNamespace(self.js.objects)
        self.state = DurableObjectState(self.js.state)
        self.service = Service(self.js.service)
        self.workflow = Workflow(self.js.workflow)
        self.batch: MessageBatch[Any] = MessageBatch(self.js.batch())


async def chunks() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


async def fails(call: Awaitable[Any]) -> None:
    """Await a call, and assert that it raises WorkersError."""
    try:
        await call
    except WorkersError:
        return
    raise AssertionError("the call did not fail")


async def kv_stream(bindings: Bindings) -> None:
    stream = await bindings.kv.get("k", "stream")
    assert stream
    assert await stream.bytes() == b"abc"


async def r2_left_early(bindings: Bindings) -> None:
    body = await bindings.r2.get("k")
    assert body
    async for _ in body.body:
        break


async def r2_members(bindings: Bindings) -> None:
    body = await bindings.r2.get("k")
    assert body
    members = [body.key, body.etag, body.version, body.http_etag, body.uploaded, body.range]
    members += [body.http_metadata, body.custom_metadata, body.checksums.md5]
    assert all([*members, body.checksums.to_json()])
    body.write_http_metadata(Headers())
    assert await (await body.blob()).bytes() == b"abc"
    assert await body.json() == [1]
    assert len(await body.bytes()) == 3


async def r2_in_parts(bindings: Bindings) -> None:
    upload = await bindings.r2.create_multipart_upload("k", custom_metadata={"a": "b"})
    part = await bindings.r2.resume_multipart_upload("k", upload.upload_id).upload_part(1, b"a")
    await upload.complete([part])
    await upload.abort()


async def r2_served(bindings: Bindings) -> None:
    for headers in {"If-None-Match": '"e"'}, {"Range": "bytes=0-2"}:
        request = Request("https://a/?b=c", headers=headers)
        body = await bindings.r2.get("k", range=request.headers)
        assert body
        response = body.response(request)
        response.headers.set_cookie("a", "b")
        assert len(await response.bytes()) == (3 if response.ok else 0)
        assert request.query["b"] == "c"
        assert not request.cookies


async def r2_uploaded(bindings: Bindings) -> None:
    _uploads.MIN_PART = 1
    await bindings.r2.upload("k", chunks())
    await bindings.r2.upload("k", chunks(), part_size=1, custom_metadata={"a": "b"})
    await bindings.r2.upload("k", Response("abc").body, part_size=2)


async def r2_upload_failing(bindings: Bindings) -> None:
    _uploads.MIN_PART = 1
    await fails(bindings.r2.upload("k", [b"ab", "c"], part_size=1))  # type: ignore[list-item]


async def d1_gathered(bindings: Bindings) -> None:
    async with bindings.db.gather() as batch:
        pending = batch.add(bindings.db.prepare("s").bind(1))
    assert len(pending.result) == len([row async for row in bindings.db.prepare("s")])


async def message_batch(bindings: Bindings) -> None:
    batch: MessageBatch[Any] = MessageBatch(bindings.js.batch())
    for message in batch:
        assert all([message.body, message.id, message.timestamp, message.attempts])
        message.ack()
        message.retry(delay_seconds=1)
    batch.ack_all()
    batch.retry_all()
    assert batch.metadata


async def over_http(bindings: Bindings) -> None:
    request = Request("https://a/", method="POST", headers={"a": "b"}, body="x")
    assert await request.text() == "x"
    response = Response(chunks(), headers={"a": "b"})
    assert await response.text() == "ab"


async def left_unread(bindings: Bindings) -> None:
    body = Response(chunks()).body
    assert body
    async for _ in body:
        break


async def cancelled(bindings: Bindings) -> None:
    body = Response(chunks()).body
    assert body
    await body.cancel()


async def broken(bindings: Bindings) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"a"
        raise ValueError

    await fails(Response(failing()).text())


async def application(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that waits for its client to leave."""
    if scope["type"] == "lifespan":
        return
    assert (await receive())["body"] == b"x"
    await receive()
    leaving = asyncio.ensure_future(receive())
    streams = scope["path"] == "/stream"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": streams})
    if streams:
        await send({"type": "http.response.body", "body": b"b"})
    assert (await leaving)["type"] == "http.disconnect"


async def in_an_application(bindings: Bindings) -> None:
    path = next(PATHS)
    request = Request(f"https://a/{path}", method="POST", headers={"a": "b"}, body="x")
    response = await asgi.fetch(application, request)
    assert await response.text() == ("ab" if path == "stream" else "a")


PATHS = itertools.cycle(["whole", "stream"])


async def with_a_form(bindings: Bindings) -> None:
    form = FormData({"a": "1", "f": File(["x", b"y"], "n")})
    assert [name for name, _ in form.items()] == ["a", "f"]
    file = form["f"]
    assert isinstance(file, File)
    assert await file.slice(0, 1).text() == "x"
    response = Response("a=1", headers={"content-type": "application/x-www-form-urlencoded"})
    assert (await response.form_data()).get_all("a") == ["1"]


async def with_a_signal(bindings: Bindings) -> None:
    controller = AbortController()
    waiting = asyncio.ensure_future(controller.signal.wait())
    await asyncio.sleep(0)
    controller.abort(ValueError("enough"))
    assert str(await waiting) == "ValueError: enough"
    await fails(fetch("https://a/", signal=AbortSignal.abort("why")))


async def over_a_socket(bindings: Bindings) -> None:
    socket = WebSocket.from_js(bindings.js.socket())
    socket.accept()
    closed: list[object] = []
    socket.add_event_listener("close", closed.append)
    socket.serialize_attachment({"a": [1]})
    socket.send("a")
    socket.send(b"b")
    received = [await socket.receive(), await socket.receive(), socket.deserialize_attachment()]
    socket.close(1000, "bye")
    assert [*received, *[message async for message in socket]] == ["a", b"b", {"a": [1]}]
    assert len(closed) == 1


async def with_stubs(bindings: Bindings) -> None:
    async def double(number: int) -> int:
        return 2 * number

    async with await bindings.service.stub() as stub:
        assert await stub(1) == 1
        with stub.dup() as copy:
            assert await copy.echo({"a": [None]}) == {"a": [None]}
    assert await bindings.service.call(double, 2) == 4
    assert await bindings.service.call(len, [1]) == 1
    await fails(bindings.service.call(chr, "x"))
    await fails(bindings.service.call(double, "x", 1))


async def with_models(bindings: Bindings) -> None:
    gateway: Any = {"id": "g", "metadata": {"a": None}}
    assert (await bindings.ai.run(AIModel("@json"), {"a": [1]}, gateway=gateway))["usage"] == {
        "a": 1
    }
    assert (await bindings.ai.run("@cf/baai/bge-m3", {"text": "a"}))["data"] == [[1, 0.5], [2, 3]]
    await bindings.ai.run("@cf/openai/whisper", {"audio": b"ab"})
    await bindings.ai.run(AIModel("@json"), {"audio": {"body": b"ab", "contentType": "a/b"}})
    assert await bindings.ai.run("@cf/deepgram/aura-1", {"text": "a"}) == b"abc"
    await fails(bindings.ai.run(AIModel("@fail"), {}))


async def with_events(bindings: Bindings) -> None:
    stream = await bindings.ai.run(AIModel("@sse"), {"stream": True})
    assert [event async for event in stream] == [{"a": 1}, {"a": 2}]
    async for _ in await bindings.ai.run(AIModel("@sse"), {"stream": True}):
        break


async def in_storage(bindings: Bindings) -> None:
    storage = bindings.state.storage
    await storage.put("a", {"b": [None, {1}]}, allow_unconfirmed=True)
    await storage.put({"a": b"b"})
    assert await storage.get("a") == {"a": [1, None]}
    assert await storage.get(["a"]) == {"a": [1]}
    assert list(await storage.list(prefix="a")) == ["a"]
    assert await storage.delete("a")
    await storage.set_alarm(datetime.timedelta(1))
    assert await storage.get_alarm()
    await fails(storage.get("fail"))
    storage.kv.put("a", [None])
    assert storage.kv.get("a") == [1]
    assert storage.kv.list() == {"a": None}


async def in_transactions(bindings: Bindings) -> None:
    async def closure(txn: DurableObjectTransaction) -> int:
        await txn.put("a", 1)
        txn.rollback()
        return 1

    async def failing(txn: DurableObjectTransaction) -> None:
        raise WorkersError("no")

    storage = bindings.state.storage
    assert await storage.transaction(closure) == 1
    await fails(storage.transaction(failing))
    assert await bindings.state.block_concurrency_while(lambda: storage.get(["a"])) == {"a": [1]}


async def in_transactions_sync(bindings: Bindings) -> None:
    storage, error = bindings.state.storage, WorkersError("no")

    def failing() -> None:
        raise error

    assert storage.transaction_sync(lambda: [1]) == [1]
    try:
        storage.transaction_sync(failing)
    except WorkersError as raised:
        assert raised is error  # noqa: PT017


async def in_sql(bindings: Bindings) -> None:
    cursor = bindings.state.storage.sql.exec("s", 1, None, b"a", True)
    assert cursor[0] == {"id": 1, "name": None, "data": b"\x01\x02"}
    assert cursor.raw()[1] == (2, "b", None)
    assert cursor.rows_read == 2
    try:
        bindings.state.storage.sql.exec("fail")
    except WorkersError:
        return


async def objects(bindings: Bindings) -> None:
    id = bindings.objects.id_from_name("a")
    stub = bindings.objects.get(id, location_hint="weur")
    assert (stub.id, stub.name) == (id, "a")
    assert await stub.echo([1]) == [1]
    await fails(bindings.objects.get_by_name("b").fail())
    [socket] = bindings.state.get_web_sockets("a")
    bindings.state.accept_web_socket(socket, ["a"])
    assert bindings.state.get_tags(socket) == ["a"]


async def vectorize(bindings: Bindings) -> None:
    vectors = [
        VectorizeVector("a", array("f", [1, 2]), metadata={"a": None}),
        VectorizeVector("b", [1]),
    ]
    await bindings.index.upsert(vectors)
    matches = await bindings.index.query(
        array("d", [1, 2]), filter={"a": {"$in": ["b"]}}, return_values=True
    )
    assert [match.values for match in matches] == [[1.0, 0.5]]
    await bindings.index.query_by_id("a", filter={"a": None})
    await bindings.index.get_by_ids(["a"])
    await bindings.index.delete_by_ids(["a"])
    await bindings.index.describe()
    await fails(bindings.index.query([1]))


async def images(bindings: Bindings) -> None:
    await bindings.images.info(b"a")
    step = bindings.images.input(b"a").transform(gravity={"x": 1}, trim={"border": {"keep": 1}})
    result = await step.draw(bindings.images.input(chunks())).output(format="image/png")
    assert await result.response(headers={"a": "b"}).text() == "abc"
    assert await result.image().bytes() == b"abc"
    wrong: Any = "fail"
    await fails(bindings.images.input(b"a").output(format=wrong))


async def hosted_images(bindings: Bindings) -> None:
    hosted = bindings.images.hosted
    assert (await hosted.upload(chunks(), metadata={"a": None})).id == "a"
    assert len((await hosted.list(filter={"metadata": {"a": 1}})).images) == 1
    image = hosted.image("a")
    assert await image.details()
    stream = await image.bytes()
    assert stream
    assert await stream.bytes() == b"abc"
    await fails(image.update(creator="a"))


async def browsers(bindings: Bindings) -> None:
    options: Any = {"viewport": {"width": 1, "height": 1}, "cookies": [{"name": "a", "value": "b"}]}
    response = await bindings.browser.quick_action("content", url="u", **options)
    assert await response.json() == {"a": [1]}
    connection = await bindings.browser.launch(outbound_by_host={"a": bindings.service})
    assert connection.targets
    assert len(await bindings.browser.list_sessions()) == 1
    assert len(await bindings.browser.devtools.list_targets("a")) == 1
    await fails(bindings.browser.close_session("a"))


async def videos(bindings: Bindings) -> None:
    result = bindings.media.input(b"a").transform(width=1).output(mode="frame")
    assert await (await result.media()).bytes() == b"abc"
    assert await (await result.response()).text() == "abc"
    assert (await bindings.videos.upload(chunks(), meta={"a": "b"})).meta == {"a": "b"}
    video = bindings.videos.video("a")
    assert (await video.details()).status.state == "ready"
    assert len(await video.captions.list()) == 1
    await fails(video.delete())


async def workflows(bindings: Bindings) -> None:
    instance = await bindings.workflow.get("a")
    events = [event async for event in instance.subscribe(cursor=0, filter=["step_completed"])]
    assert [event.output for event in events] == [{"a": [1, None]}] * 2
    async for _ in instance.subscribe():
        break
    batch = await bindings.workflow.create_batch(count=1, params={"a": [1]})
    result = await bindings.workflow.delete_batch([instance.id for instance in batch.created])
    assert (result.deleted[0].id, result.errors[0].id) == ("a", "b")
    await fails(instance.delete())


CALLS: dict[str, Call] = {
    "images": images,
    "hosted images": hosted_images,
    "browsers": browsers,
    "media and videos": videos,
    "AI and its models": with_models,
    "AI and its events": with_events,
    "objects": objects,
    "objects' storage": in_storage,
    "objects' transactions": in_transactions,
    "objects' transactions, in sync": in_transactions_sync,
    "objects' SQL": in_sql,
    "service.fetch": lambda bindings: bindings.service.fetch("https://a/", method="PUT", body=b"a"),
    "service.echo": lambda bindings: bindings.service.echo({"a": [1, None, {2}], "b": b"c"}),
    "service.fail": lambda bindings: fails(bindings.service.fail()),
    "service with stubs": with_stubs,
    "kv.get": lambda bindings: bindings.kv.get("k"),
    "kv.get json": lambda bindings: bindings.kv.get("k", "json", cache_ttl=60),
    "kv.get bytes": lambda bindings: bindings.kv.get("k", "bytes"),
    "kv.get stream": kv_stream,
    "kv.get many": lambda bindings: bindings.kv.get(["a", "b"]),
    "kv.get failing": lambda bindings: fails(bindings.kv.get("fail")),
    "kv.get_with_metadata": lambda bindings: bindings.kv.get_with_metadata("k"),
    "kv.get_with_metadata many": lambda bindings: bindings.kv.get_with_metadata(["a", "b"], "json"),
    "kv.put": lambda bindings: bindings.kv.put("k", "v", expiration_ttl=60, metadata={"a": [1]}),
    "kv.put bytes": lambda bindings: bindings.kv.put("k", b"v"),
    "kv.put stream": lambda bindings: bindings.kv.put("k", chunks()),
    "kv.delete": lambda bindings: bindings.kv.delete("k"),
    "kv.list": lambda bindings: bindings.kv.list(prefix="k", limit=1),
    "d1.first": lambda bindings: bindings.db.prepare("s").bind(1, None, b"a").first(),
    "d1.first column": lambda bindings: bindings.db.prepare("s").first("id"),
    "d1.all": lambda bindings: bindings.db.prepare("s").bind("a").all(),
    "d1.all failing": lambda bindings: fails(bindings.db.prepare("fail").all()),
    "d1.run": lambda bindings: bindings.db.prepare("s").run(),
    "d1.raw": lambda bindings: bindings.db.prepare("s").raw(column_names=True),
    "d1.batch": lambda bindings: bindings.db.batch(
        [bindings.db.prepare("s"), bindings.db.prepare("s").bind(1)]
    ),
    "d1.gather": d1_gathered,
    "d1.exec": lambda bindings: bindings.db.exec("s"),
    "d1.with_session": lambda bindings: (
        bindings.db.with_session("first-primary").prepare("s").all()
    ),
    "d1.dump": lambda bindings: bindings.db.dump(),
    "r2.head": lambda bindings: bindings.r2.head("k"),
    "r2.get and all members": r2_members,
    "r2.get left early": r2_left_early,
    "r2.put": lambda bindings: bindings.r2.put(
        "k", b"v", http_metadata={"content_type": "a"}, md5="0" * 32
    ),
    "r2.put stream": lambda bindings: bindings.r2.put("k", chunks()),
    "r2.delete": lambda bindings: bindings.r2.delete(["a", "b"]),
    "r2.list": lambda bindings: bindings.r2.list(include=["http_metadata"]),
    "r2 in parts": r2_in_parts,
    "r2 served": r2_served,
    "r2.upload": r2_uploaded,
    "r2.upload failing": r2_upload_failing,
    "queue.send": lambda bindings: bindings.queue.send({"a": [1]}, delay_seconds=1),
    "queue.send v8": lambda bindings: bindings.queue.send({"a": {1}, "b": b"c"}, content_type="v8"),
    "queue.send_batch": lambda bindings: bindings.queue.send_batch(
        [1, MessageSendRequest(b"", content_type="bytes")]
    ),
    "queue.metrics": lambda bindings: bindings.queue.metrics(),
    "a batch of messages": message_batch,
    "asgi": in_an_application,
    "requests and responses": over_http,
    "streams left early": left_unread,
    "streams that are cancelled": cancelled,
    "streams that fail": broken,
    "forms and blobs": with_a_form,
    "signals": with_a_signal,
    "a WebSocket": over_a_socket,
    "vectorize": vectorize,
    "workflows and their events": workflows,
}


@cases({name: name for name in CALLS})
async def left_behind(case: str) -> None:
    """Check that 10,000 calls leave no more proxies than 100 calls, in either direction."""
    call, bindings = CALLS[case], Bindings()
    after_few = await _live_after(FEW, call, bindings)
    after_many = await _live_after(MANY - FEW, call, bindings)
    for _ in range(400):  # on a busy machine, some proxies are freed later
        if after_many[0] <= after_few[0] and after_many[1] <= after_few[1]:
            break
        after_many = await _live_after(0, call, bindings)
    assert after_many[0] <= after_few[0], f"proxies of Python objects: {after_few}, {after_many}"
    assert after_many[1] <= after_few[1], f"JavaScript values: {after_few}, {after_many}"


async def _live_after(times: int, call: Call, bindings: Bindings) -> tuple[int, int]:
    """Call so many times, and return the live proxies of Python objects and JavaScript values."""
    module = import_module("pyodide_js")._module
    module.enable_pyproxy_allocation_tracing()
    for _ in range(times):
        await call(bindings)
    await asyncio.sleep(0.05)  # let pending work end
    gc.collect()
    return module.pyproxy_alloc_map.size, module._hiwire_num_refs()
