"""Names and shapes as other SDKs, JavaScript and Cloudflare's pages spell them.

Each one works, or the error names ours.
"""

from __future__ import annotations

import functools
import io
import pathlib
import re
import traceback
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from pyworkers_sdk import (
    D1,
    KV,
    R2,
    Blob,
    ConversionError,
    DurableObject,
    Env,
    ExecutionContext,
    FormData,
    Headers,
    MessageSendRequest,
    Queue,
    R2Error,
    Request,
    Response,
    StreamError,
    WebSocketPair,
    WorkerEntrypoint,
    WorkersError,
    WorkflowEntrypoint,
    fetch,
)
from tests.contract.kit import cases, not_in, only, raises


class FakeController:
    """The event of a cron trigger, as the runtime passes it."""

    cron = "* * * * *"
    scheduledTime = 0.0


class Context:
    """The ``ctx`` of an event, or the state of a Durable Object."""

    storage: Any = None


def entered(cls: Any) -> Any:
    """Make an entrypoint as the runtime does; ``env`` is a dict."""
    return cls(Context(), {"NAME": "value"})


# Handlers with env and ctx -----------------------------------------------------------------------


class Seen(WorkerEntrypoint):
    seen: list[Any]

    def __init__(self, ctx: Any, env: Any) -> None:
        self.seen = []

    def look(self) -> list[Any]:
        """Return the arguments that a handler recorded, with "env" and "ctx" for these objects."""
        names = {id(self.env): "env", id(self.ctx): "ctx"}
        return [names.get(id(each), each) for each in self.seen]


class Both(Seen):
    async def scheduled(self, controller: Any, env: Any, ctx: Any) -> None:
        self.seen += [controller.cron, env, ctx]


class OnlyEnv(Seen):
    async def scheduled(self, controller: Any, env: Any) -> None:
        self.seen += [controller.cron, env]


class OnlyCtx(Seen):
    async def scheduled(self, controller: Any, _ctx: Any) -> None:
        self.seen += [controller.cron, _ctx]


class TheOtherWayRound(Seen):
    async def scheduled(self, controller: Any, context: Any, env: Any) -> None:
        self.seen += [controller.cron, context, env]


class OtherNames(Seen):
    async def scheduled(self, event: Any, e: Any, c: Any) -> None:
        self.seen += [event.cron, e, c]


class WithDefaults(Seen):
    async def scheduled(self, controller: Any, env: Any = None, ctx: Any = None) -> None:
        self.seen += [controller.cron, env, ctx]


class OwnDefault(Seen):
    async def scheduled(self, controller: Any, tries: int = 3) -> None:
        self.seen += [controller.cron, tries]


class NoParameter(Seen):
    async def scheduled(self) -> None:  # type: ignore[override]
        self.seen += ["called"]


class NotAsync(Seen):
    def scheduled(self, controller: Any, env: Any, ctx: Any) -> None:  # type: ignore[override]
        self.seen += [controller.cron, env, ctx]


class Anything(Seen):
    async def scheduled(self, *args: Any) -> None:
        self.seen += [args[0].cron, *args[1:]]


def logged(function: Callable[..., Any]) -> Any:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return wrapper


def injected(function: Callable[..., Any]) -> Any:
    @functools.wraps(function)
    async def wrapper(self: Any, controller: Any) -> Any:
        return await function(self, controller, "database")

    return wrapper


class Decorated(Seen):
    @logged
    async def scheduled(self, controller: Any, env: Any, ctx: Any) -> None:
        self.seen += [controller.cron, env, ctx]


class DecoratedWithout(Seen):
    @logged
    async def scheduled(self, controller: Any) -> None:
        self.seen += [controller.cron]


class Injected(Seen):
    @injected
    async def scheduled(self, controller: Any, database: Any) -> None:
        self.seen += [controller.cron, database]


class Inherited(Both):
    pass


CRON = FakeController.cron


@cases(
    {
        "both": (Both, [CRON, "env", "ctx"]),
        "only env": (OnlyEnv, [CRON, "env"]),
        "only ctx": (OnlyCtx, [CRON, "ctx"]),
        "the other way round": (TheOtherWayRound, [CRON, "ctx", "env"]),
        "other names": (OtherNames, [CRON, "env", "ctx"]),
        "with defaults": (WithDefaults, [CRON, "env", "ctx"]),
        "a default of the program's own": (OwnDefault, [CRON, 3]),
        "no parameter": (NoParameter, ["called"]),
        "not async": (NotAsync, [CRON, "env", "ctx"]),
        "anything": (Anything, [CRON]),
        "decorated": (Decorated, [CRON, "env", "ctx"]),
        "decorated without them": (DecoratedWithout, [CRON]),
        "injected by a decorator": (Injected, [CRON, "database"]),
        "inherited": (Inherited, [CRON, "env", "ctx"]),
    }
)
async def test_handler_gets_env_and_ctx_if_it_has_parameters_for_them(
    case: tuple[type[Any], list[Any]],
) -> None:
    cls, expected = case
    worker = entered(cls)
    await worker.scheduled(FakeController())
    assert worker._instance.look() == expected
    # Some compatibility dates also pass the runtime's own env and ctx.
    await worker.scheduled(FakeController(), object(), object())
    assert worker._instance.look() == expected * 2


async def test_alarm_and_web_socket_handlers_may_have_fewer_or_more_parameters() -> None:
    seen: list[Any] = []

    class Room(DurableObject):
        async def alarm(self, info: Any, env: Any, ctx: Any) -> None:
            seen.append((info.is_retry, env is self.env, ctx is self.ctx))

        async def web_socket_close(self, ws: Any, code: int) -> None:  # type: ignore[override]
            seen.append(code)

    class Quiet(DurableObject):
        async def alarm(self) -> None:
            seen.append("alarm")

        async def webSocketClose(
            self, ws: Any, code: int, reason: str, clean: bool, env: Any
        ) -> None:
            seen.append((code, reason, clean, env is self.env))

    socket = object()
    for cls in (Room, Quiet):
        room = entered(cls)
        await room.alarm(None)
        await room.webSocketClose(socket, 1000, "bye", True)
    assert seen == [(False, True, True), 1000, "alarm", (1000, "bye", True, True)]


async def test_handler_with_too_many_parameters_is_refused_where_it_is_written() -> None:
    with raises(TypeError, match=r"Wide\.queue\(\): expected at most .*\(self, batch, env, ctx\)"):

        class Wide(WorkerEntrypoint):
            async def queue(self, batch: Any, env: Any, ctx: Any, more: Any) -> None: ...


# Misspelt handlers -------------------------------------------------------------------------------


def declare(base: Any, name: str, parameters: str = "self, a") -> Any:
    """Declare a class with one method, and return it."""
    source = f"class Declared(base):\n async def {name}({parameters}): ..."
    scope: dict[str, Any] = {"base": base}
    exec(source, scope)
    return scope["Declared"]


@cases(
    {
        name: (base, name, handler, parameters)
        for base, name, handler, parameters in [
            (WorkerEntrypoint, "on_fetch", "fetch", "self, request"),
            (WorkerEntrypoint, "onFetch", "fetch", "self, a"),
            (WorkerEntrypoint, "handle_fetch", "fetch", "self, a"),
            (WorkerEntrypoint, "fetch_handler", "fetch", "self, a"),
            (WorkerEntrypoint, "Fetch", "fetch", "self, a"),
            (WorkerEntrypoint, "feth", "fetch", "self, a"),
            (WorkerEntrypoint, "quene", "queue", "self, a"),
            (WorkerEntrypoint, "queu", "queue", "self, batch"),
            (WorkerEntrypoint, "on_queue", "queue", "self, batch, env, ctx"),
            (WorkerEntrypoint, "shceduled", "scheduled", "self, a"),
            (WorkerEntrypoint, "schedule", "scheduled", "self, controller"),
            (WorkerEntrypoint, "on_scheduled", "scheduled", "self, event"),
            (WorkerEntrypoint, "emial", "email", "self, a"),
            (WorkerEntrypoint, "mail", "email", "self, message"),
            (WorkerEntrypoint, "tailstream", "tail_stream", "self, a"),
            (DurableObject, "on_alarm", "alarm", "self"),
            (DurableObject, "alram", "alarm", "self"),
            (DurableObject, "websocket_message", "web_socket_message", "self, a, b"),
            (DurableObject, "websocketMessage", "web_socket_message", "self, a, b"),
            (DurableObject, "web_socket_mesage", "web_socket_message", "self, a, b"),
            (DurableObject, "on_message", "web_socket_message", "self, ws, message"),
            (DurableObject, "websocket_closed", "web_socket_close", "self, ws"),
            (DurableObject, "ws_message", "web_socket_message", "self, ws, message"),
            (DurableObject, "on_ws_close", "web_socket_close", "self, ws"),
            (WorkflowEntrypoint, "on_run", "run", "self, event, step"),
            (WorkflowEntrypoint, "runs", "run", "self, event, step"),
        ]
    }
)
async def test_misspelt_handler_is_refused_where_it_is_written(
    case: tuple[Any, str, str, str],
) -> None:
    base, name, handler, parameters = case
    with raises(TypeError, match=rf"Declared\.{name}: unknown handler; did you mean {handler}\?"):
        declare(base, name, parameters)


@cases(
    {
        name: (base, name)
        for base, name in [
            (WorkerEntrypoint, "schedule"),
            (WorkerEntrypoint, "schedules"),
            (WorkerEntrypoint, "mail"),
            (WorkerEntrypoint, "queued"),
            (WorkerEntrypoint, "trade"),
            (WorkerEntrypoint, "details"),
            (WorkerEntrypoint, "tests"),
            (WorkerEntrypoint, "prefetch"),
            (WorkerEntrypoint, "_on_fetch"),
            (DurableObject, "alarms"),
            (DurableObject, "alert"),
            (DurableObject, "on_message"),
            (DurableObject, "close"),
            (DurableObject, "queue"),
            (WorkflowEntrypoint, "rerun"),
        ]
    }
)
async def test_method_whose_name_may_be_a_word_is_accepted(
    case: tuple[Any, str],
) -> None:
    base, name = case
    assert callable(getattr(declare(base, name), name))


async def test_helper_of_a_handler_may_have_a_similar_name() -> None:
    class Helped(WorkerEntrypoint):
        async def handle_fetch(self, a: Any) -> None: ...

        async def fetch(self, request: Any) -> Any:
            return await self.handle_fetch(request)

    assert callable(Helped.handle_fetch)


# Names of events, options and bindings -----------------------------------------------------------


@only("fake", "workerd", reason="Node has no WebSocketPair")
@cases(["mesage", "Message", "messages", "onmessage", "open", "", None])
async def test_unknown_event_of_a_web_socket_is_refused(case: Any) -> None:
    socket = WebSocketPair()[0]
    socket.accept()
    for method in (socket.add_event_listener, socket.remove_event_listener):
        with raises(
            ConversionError, match="^type: expected one of 'message', 'close', 'error', got"
        ):
            method(case, print)
    with raises(ConversionError, match=r"got 'mesage'; did you mean message\?$"):
        socket.add_event_listener("mesage", print)  # type: ignore[call-overload]


@cases(
    {
        "JavaScript's name": ("contentType", "content_type"),
        "a slip": ("content_tpye", "content_type"),
        "another style": ("Content-Type", "content_type"),
    }
)
async def test_unknown_key_of_options_is_refused_with_ours(r2: R2, case: tuple[str, str]) -> None:
    wrong, ours = case
    with raises(ConversionError, match=rf"unknown key '{wrong}'.*did you mean {ours}\?|{ours}"):
        options: Any = {wrong: "text/plain"}
        await r2.put("a", "b", http_metadata=options)


async def test_undeclared_name_of_an_env_says_what_to_write(env: Any) -> None:
    class Empty(Env):
        pass

    class Other(Env):
        TEXTS: str

    def message(of: type[Env], name: str) -> str:
        with raises(AttributeError) as caught:
            getattr(of(env), name)
        return str(caught.value)

    assert message(Env, "AI") == (
        "Env does not declare AI; annotate it in a class of your own, class AppEnv(Env): AI: AI, "
        "and name this class in WorkerEntrypoint[AppEnv]"
    )
    assert message(Empty, "MY_BUCKET") == (
        "Empty does not declare MY_BUCKET; annotate it there: class Empty(Env): MY_BUCKET: R2"
    )
    assert message(Other, "TEXT") == (
        "Other does not declare TEXT; annotate it there: class Other(Env): TEXT: str"
    )
    assert message(Other, "KV").endswith("annotate it there: class Other(Env): KV: KV")
    assert message(Other, "DB").endswith("annotate it there: class Other(Env): DB: D1")
    assert message(Other, "TEXTES") == "Other does not declare TEXTES; did you mean TEXTS?"
    assert message(Other, "THE_QUEUE") == (
        "Other does not declare THE_QUEUE; it has TEXTS; annotate it there: class Other(Env): "
        "THE_QUEUE: Queue[Any]"
    )


def of(value: Any) -> Any:
    """Hide the type of a value: type checkers would find the mistake, too."""
    return value


def printed(error: BaseException) -> str:
    """Return an error as a traceback ends with it: in logs, Python suggests a name there."""
    return "".join(traceback.format_exception_only(type(error), error))


@cases(
    {
        "getWithMetadata": lambda kv, r2, db: kv.getWithMetadata,
        "createMultipartUpload": lambda kv, r2, db: r2.createMultipartUpload,
        "withSession": lambda kv, r2, db: db.withSession,
        "bodyUsed": lambda kv, r2, db: of(Response("")).bodyUsed,
        "statusText": lambda kv, r2, db: of(Response("")).statusText,
        "waitUntil": lambda kv, r2, db: of(ExecutionContext)(object()).waitUntil,
    }
)
async def test_attribute_in_javascripts_spelling_names_ours(
    kv: KV, r2: R2, db: D1, case: Callable[[Any, Any, Any], Any]
) -> None:
    with raises(AttributeError) as caught:
        case(kv, r2, db)
    assert re.search(r"Did you mean: '\w+'\?", printed(caught.value))


@not_in("node-0.26", reason="Python suggests keywords from 3.13 on")
@cases(
    {
        "expirationTtl": (lambda kv, r2: kv.put("a", "b", expirationTtl=60), "expiration_ttl"),
        "cacheTtl": (lambda kv, r2: kv.get("a", cacheTtl=60), "cache_ttl"),
        "httpMetadata": (lambda kv, r2: r2.put("a", "b", httpMetadata={}), "http_metadata"),
        "onlyIf": (lambda kv, r2: r2.get("a", onlyIf={}), "only_if"),
        "webSocket": (lambda kv, r2: of(Response)(None, webSocket=None), "web_socket"),
        "statusText": (lambda kv, r2: of(Response)("", statusText="no"), "status_text"),
        "contentType": (
            lambda kv, r2: of(MessageSendRequest)(1, contentType="text"),
            "content_type",
        ),
    }
)
async def test_keyword_in_javascripts_spelling_names_ours(
    kv: Any, r2: Any, case: tuple[Callable[[Any, Any], Any], str]
) -> None:
    call, ours = case
    with raises(TypeError, match=rf"Did you mean '{ours}'\?"):
        call(kv, r2)


async def test_type_of_a_kv_value_is_not_an_options_bag(kv: Any) -> None:
    with raises(
        ConversionError, match=r"^type: expected .*, got dict; pass options by name: type="
    ):
        await kv.get("a", {"type": "json"})
    with raises(ConversionError, match="^type: expected .*, got dict"):
        await kv.get_with_metadata(["a"], {"type": "json"})


# Dicts in the shapes of JavaScript --------------------------------------------------------------


@cases(
    [
        {"body": 1},
        {"body": {"a": 1}, "contentType": "json"},
        {"body": "text", "delaySeconds": 3},
        {"body": "text", "content_type": "text", "delay_seconds": 3},
    ]
)
async def test_message_in_javascripts_shape_is_refused_and_not_sent_as_a_body(
    queue: Queue[Any], case: dict[str, Any]
) -> None:
    with raises(ConversionError, match=r"^messages\[1\]: .*write MessageSendRequest\("):
        await queue.send_batch([1, case])


async def test_part_of_an_upload_may_be_a_dict(r2: R2) -> None:
    upload = await r2.create_multipart_upload("a")
    part = await upload.upload_part(1, "text")
    parts: Any = [{"partNumber": 1, "etag": part.etag}]
    with raises(ConversionError, match=r"key 'partNumber'; did you mean part_number\?$"):
        await upload.complete(parts)
    with raises(ConversionError, match=r"^parts\[0\]: missing key 'etag'$"):
        await upload.complete([{"part_number": 1}])
    with raises(ConversionError, match=r"^parts\[0\]: expected R2UploadedPart, got str$"):
        wrong: Any = ["12"]
        await upload.complete(wrong)
    await upload.complete([{"part_number": 1, "etag": part.etag}])
    found = await r2.get("a")
    assert found is not None
    assert await found.text() == "text"


# Values that are a slip ------------------------------------------------------------------------


async def coroutine() -> str:
    return "text"


def generator() -> Iterator[bytes]:
    yield b"a"


async def pieces() -> AsyncIterator[bytes]:
    yield b"a"


AWAIT = r"got the coroutine coroutine\(\); await it first"
SLIPS: dict[str, tuple[Callable[[], Any], str]] = {
    "a coroutine": (coroutine, AWAIT),
    "a generator": (generator, r"got generator; make it an async generator"),
    "an iterator": (lambda: iter([b"a"]), r"got list_iterator; pass b''\.join\(pieces\)"),
    "a list of bytes": (lambda: [b"a"], r"got list; pass b''\.join\(pieces\)"),
    "an open file": (lambda: io.BytesIO(b"a"), r"got BytesIO; pass its content: file\.read\(\)"),
    "an open text file": (lambda: io.StringIO("a"), r"file\.read\(\)"),
    "a path to a file": (lambda: pathlib.Path("a"), r"path\.read_bytes\(\)"),
    "a function": (lambda: coroutine, r"got function; call it: await coroutine\(\)"),
    "a generator function": (lambda: pieces, r"got function; call it: pieces\(\)"),
    "a Response": (
        lambda: Response("a"),
        r"got Response; pass its body, for example response\.body",
    ),
    "a dict": (lambda: {"a": 1}, "got dict; .*[jJ][sS][oO][nN]"),
    "a number": (lambda: 1, "got int; .*[jJ][sS][oO][nN]"),
}

Put = Callable[[Any], Awaitable[Any]]


@cases(SLIPS)
async def test_body_of_a_wrong_type_gets_the_hint_that_helps(
    kv: KV, r2: R2, case: tuple[Callable[[], Any], str]
) -> None:
    make, hint = case

    async def response(body: Any) -> None:
        Response(body)

    async def request(body: Any) -> None:
        Request("https://example.com/", method="POST", body=body)

    async def requested(body: Any) -> None:
        await fetch("https://example.com/", method="POST", body=body)

    async def part(body: Any) -> None:
        upload = await r2.create_multipart_upload("a")
        try:
            await upload.upload_part(1, body)
        finally:
            await upload.abort()

    puts: list[Put] = [response, request, requested, part]
    puts += [lambda body: kv.put("a", body), lambda body: r2.put("a", body)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as "never awaited"
        for put in puts:
            with raises(ConversionError, match=hint):
                await put(make())


async def test_forgotten_await_is_named_wherever_a_value_is_refused(kv: KV, r2: R2, db: D1) -> None:
    async def blob(value: Any) -> None:
        Blob([value])

    async def blobs(value: Any) -> None:
        Blob(value)

    async def form(value: Any) -> None:
        FormData().append("a", value)

    async def json(value: Any) -> None:
        Response.json({"a": [value]})

    async def headers(value: Any) -> None:
        Response("", headers={"a": value})

    puts: list[Put] = [blob, blobs, form, json, headers]
    puts += [
        kv.get,
        kv.delete,
        lambda value: kv.put("a", "b", metadata={"a": value}),
        lambda value: kv.put("a", "b", expiration_ttl=value),
        lambda value: r2.put("a", "b", custom_metadata={"a": value}),
        r2.get,
        lambda value: db.prepare("SELECT ?").bind(value).first(),
        lambda value: db.exec(value),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for put in puts:
            with raises(ConversionError, match=r"the coroutine coroutine\(\).*; await it first"):
                await put(coroutine())


async def text_pieces() -> AsyncIterator[Any]:
    yield b"a"
    yield "text"


async def coroutine_pieces() -> AsyncIterator[Any]:
    yield coroutine()


async def number_pieces() -> AsyncIterator[Any]:
    yield 1


@cases(
    {
        "text": (
            text_pieces,
            r"a chunk of a body: expected bytes, got str; yield text\.encode\(\)",
        ),
        "a coroutine": (coroutine_pieces, r"got the coroutine coroutine\(\); await it first"),
        "a number": (number_pieces, r"a chunk of a body: expected bytes, got int; yield bytes"),
    }
)
async def test_piece_of_a_stream_that_is_not_bytes_gets_the_hint_that_helps(
    r2: R2, case: tuple[Callable[[], AsyncIterator[Any]], str]
) -> None:
    source, hint = case
    with raises(StreamError, match=hint):
        await Response(source()).text()
    with raises(R2Error, match=hint):
        await r2.put("a", source())


def iter_pieces() -> Iterator[bytes]:
    yield b"a"


@cases(
    {
        "text": ("text", r"returned a str, not a Response; return Response\(…\)"),
        "None": (None, r"returned a NoneType, not a Response; return Response\(…\)"),
        "a dict": ({}, r"returned a dict, not a Response; use Response\.json\(…\)"),
        "a class": (Response, r"returned a type, not a Response; return Response\(…\)"),
        "a bytearray": (bytearray(b"a"), r"returned a bytearray, not a Response; return Resp"),
        "a generator": (iter_pieces(), r"returned a generator, not a Response"),
        "headers": (Headers(), r"returned a Headers, not a Response; return Response\(…\)"),
        "a request": (Request("https://e.com"), r"returned a Request, not a Response"),
        "an object": (object(), r"returned a object, not a Response"),
    }
)
async def test_result_of_fetch_that_is_not_a_response_gets_the_hint_that_helps(
    case: tuple[Any, str],
) -> None:
    value, message = case

    class Wrong(WorkerEntrypoint):
        async def fetch(self, request: Any) -> Any:
            return value

    with raises(WorkersError, match=message):
        await entered(Wrong).fetch(Request("https://example.com/"))
