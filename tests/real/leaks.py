"""Inside Pyodide: whether calls leave proxies behind, over cheap JavaScript stand-ins."""

from __future__ import annotations

import asyncio
import datetime
import gc
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
    fetch,
)
from pyworkers_sdk.errors import WorkersError
from tests.contract.kit import cases

FEW, MANY = 100, 10_000

STAND_INS = Path(__file__).with_name("stand_ins.js").read_text()

Call = Callable[[Any], Awaitable[Any]]


class Bindings:
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


async def with_a_form(to: Bindings) -> None:
    form = FormData({"a": "1", "f": File(["x", b"y"], "n")})
    assert [name for name, _ in form.items()] == ["a", "f"]
    file = form["f"]
    assert isinstance(file, File)
    assert await file.slice(0, 1).text() == "x"
    made = Response("a=1", headers={"content-type": "application/x-www-form-urlencoded"})
    assert (await made.form_data()).get_all("a") == ["1"]


async def with_a_signal(to: Bindings) -> None:
    controller = AbortController()
    waiting = asyncio.ensure_future(controller.signal.wait())
    await asyncio.sleep(0)
    controller.abort(ValueError("enough"))
    assert str(await waiting) == "ValueError: enough"
    await refused(fetch("https://a/", signal=AbortSignal.abort("why")))


async def over_a_socket(to: Bindings) -> None:
    socket = WebSocket.from_js(to.js.socket())
    socket.accept()
    told: list[object] = []
    socket.add_event_listener("close", told.append)
    socket.serialize_attachment({"a": [1]})
    socket.send("a")
    socket.send(b"b")
    got = [await socket.receive(), await socket.receive(), socket.deserialize_attachment()]
    socket.close(1000, "bye")
    assert [*got, *[message async for message in socket]] == ["a", b"b", {"a": [1]}]
    assert len(told) == 1


async def with_stubs(to: Bindings) -> None:
    async def double(number: int) -> int:
        return 2 * number

    async with await to.service.stub() as stub:
        assert await stub(1) == 1
        with stub.dup() as copy:
            assert await copy.echo({"a": [None]}) == {"a": [None]}
    assert await to.service.call(double, 2) == 4
    assert await to.service.call(len, [1]) == 1
    await refused(to.service.call(chr, "x"))
    await refused(to.service.call(double, "x", 1))


async def with_models(to: Bindings) -> None:
    gateway: Any = {"id": "g", "metadata": {"a": None}}
    assert (await to.ai.run(AIModel("@json"), {"a": [1]}, gateway=gateway))["usage"] == {"a": 1}
    assert (await to.ai.run("@cf/baai/bge-m3", {"text": "a"}))["data"] == [[1, 0.5], [2, 3]]
    await to.ai.run("@cf/openai/whisper", {"audio": b"ab"})
    await to.ai.run(AIModel("@json"), {"audio": {"body": b"ab", "contentType": "a/b"}})
    assert await to.ai.run("@cf/deepgram/aura-1", {"text": "a"}) == b"abc"
    await refused(to.ai.run(AIModel("@fail"), {}))


async def with_events(to: Bindings) -> None:
    stream = await to.ai.run(AIModel("@sse"), {"stream": True})
    assert [event async for event in stream] == [{"a": 1}, {"a": 2}]
    async for _ in await to.ai.run(AIModel("@sse"), {"stream": True}):
        break


async def in_storage(to: Bindings) -> None:
    storage = to.state.storage
    await storage.put("a", {"b": [None, {1}]}, allow_unconfirmed=True)
    await storage.put({"a": b"b"})
    assert await storage.get("a") == {"a": [1, None]}
    assert await storage.get(["a"]) == {"a": [1]}
    assert list(await storage.list(prefix="a")) == ["a"]
    assert await storage.delete("a")
    await storage.set_alarm(datetime.timedelta(1))
    assert await storage.get_alarm()
    await refused(storage.get("fail"))
    storage.kv.put("a", [None])
    assert storage.kv.get("a") == [1]
    assert storage.kv.list() == {"a": None}


async def in_transactions(to: Bindings) -> None:
    async def closure(txn: DurableObjectTransaction) -> int:
        await txn.put("a", 1)
        txn.rollback()
        return 1

    async def failing(txn: DurableObjectTransaction) -> None:
        raise WorkersError("no")

    storage = to.state.storage
    assert await storage.transaction(closure) == 1
    await refused(storage.transaction(failing))
    assert await to.state.block_concurrency_while(lambda: storage.get(["a"])) == {"a": [1]}


async def in_transactions_sync(to: Bindings) -> None:
    storage, error = to.state.storage, WorkersError("no")

    def failing() -> None:
        raise error

    assert storage.transaction_sync(lambda: [1]) == [1]
    try:
        storage.transaction_sync(failing)
    except WorkersError as raised:
        assert raised is error  # noqa: PT017


async def in_sql(to: Bindings) -> None:
    found = to.state.storage.sql.exec("s", 1, None, b"a", True)
    assert found[0] == {"id": 1, "name": None, "data": b"\x01\x02"}
    assert found.raw()[1] == (2, "b", None)
    assert found.rows_read == 2
    try:
        to.state.storage.sql.exec("fail")
    except WorkersError:
        return


async def objects(to: Bindings) -> None:
    id = to.objects.id_from_name("a")
    stub = to.objects.get(id, location_hint="weur")
    assert (stub.id, stub.name) == (id, "a")
    assert await stub.echo([1]) == [1]
    await refused(to.objects.get_by_name("b").fail())
    [socket] = to.state.get_web_sockets("a")
    to.state.accept_web_socket(socket, ["a"])
    assert to.state.get_tags(socket) == ["a"]


async def vectors(to: Bindings) -> None:
    given = [
        VectorizeVector("a", array("f", [1, 2]), metadata={"a": None}),
        VectorizeVector("b", [1]),
    ]
    await to.index.upsert(given)
    found = await to.index.query(
        array("d", [1, 2]), filter={"a": {"$in": ["b"]}}, return_values=True
    )
    assert [match.values for match in found] == [[1.0, 0.5]]
    await to.index.query_by_id("a", filter={"a": None})
    await to.index.get_by_ids(["a"])
    await to.index.delete_by_ids(["a"])
    await to.index.describe()
    await refused(to.index.query([1]))


async def images(to: Bindings) -> None:
    await to.images.info(b"a")
    step = to.images.input(b"a").transform(gravity={"x": 1}, trim={"border": {"keep": 1}})
    result = await step.draw(to.images.input(chunks())).output(format="image/png")
    assert await result.response(headers={"a": "b"}).text() == "abc"
    assert await result.image().bytes() == b"abc"
    wrong: Any = "fail"
    await refused(to.images.input(b"a").output(format=wrong))


async def hosted_images(to: Bindings) -> None:
    hosted = to.images.hosted
    assert (await hosted.upload(chunks(), metadata={"a": None})).id == "a"
    assert len((await hosted.list(filter={"metadata": {"a": 1}})).images) == 1
    image = hosted.image("a")
    assert await image.details()
    stream = await image.bytes()
    assert stream
    assert await stream.bytes() == b"abc"
    await refused(image.update(creator="a"))


async def browsers(to: Bindings) -> None:
    options: Any = {"viewport": {"width": 1, "height": 1}, "cookies": [{"name": "a", "value": "b"}]}
    found = await to.browser.quick_action("content", url="u", **options)
    assert await found.json() == {"a": [1]}
    connection = await to.browser.launch(outbound_by_host={"a": to.service})
    assert connection.targets
    assert len(await to.browser.list_sessions()) == 1
    assert len(await to.browser.devtools.list_targets("a")) == 1
    await refused(to.browser.close_session("a"))


async def videos(to: Bindings) -> None:
    result = to.media.input(b"a").transform(width=1).output(mode="frame")
    assert await (await result.media()).bytes() == b"abc"
    assert await (await result.response()).text() == "abc"
    assert (await to.videos.upload(chunks(), meta={"a": "b"})).meta == {"a": "b"}
    video = to.videos.video("a")
    assert (await video.details()).status.state == "ready"
    assert len(await video.captions.list()) == 1
    await refused(video.delete())


async def workflows(to: Bindings) -> None:
    instance = await to.workflow.get("a")
    events = [event async for event in instance.subscribe(cursor=0, filter=["step_completed"])]
    assert [event.output for event in events] == [{"a": [1, None]}] * 2
    async for _ in instance.subscribe():
        break
    made = await to.workflow.create_batch(count=1, params={"a": [1]})
    found = await to.workflow.delete_batch([one.id for one in made.created])
    assert (found.deleted[0].id, found.errors[0].id) == ("a", "b")
    await refused(instance.delete())


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
    "service.fetch": lambda to: to.service.fetch("https://a/", method="PUT", body=b"a"),
    "service.echo": lambda to: to.service.echo({"a": [1, None, {2}], "b": b"c"}),
    "service.fail": lambda to: refused(to.service.fail()),
    "service with stubs": with_stubs,
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
    "forms and blobs": with_a_form,
    "signals": with_a_signal,
    "a WebSocket": over_a_socket,
    "vectorize": vectors,
    "workflows and their events": workflows,
}


@cases({name: name for name in CALLS})
async def left_behind(case: str) -> None:
    """10,000 calls leave no more proxies, either way, than 100 do."""
    call, to = CALLS[case], Bindings()
    after_few = await _after(FEW, call, to)
    after_many = await _after(MANY - FEW, call, to)
    for _ in range(400):  # on a busy machine some are yet to go
        if after_many[0] <= after_few[0] and after_many[1] <= after_few[1]:
            break
        after_many = await _after(0, call, to)
    assert after_many[0] <= after_few[0], f"proxies of Python objects: {after_few}, {after_many}"
    assert after_many[1] <= after_few[1], f"JavaScript values: {after_few}, {after_many}"


async def _after(times: int, call: Call, to: Bindings) -> tuple[int, int]:
    module = import_module("pyodide_js")._module
    module.enable_pyproxy_allocation_tracing()
    for _ in range(times):
        await call(to)
    await asyncio.sleep(0.05)  # what is still under way
    gc.collect()
    return module.pyproxy_alloc_map.size, module._hiwire_num_refs()
