"""The types of handlers: checked by mypy and pyright, never run."""

from __future__ import annotations

import email.message
import logging
from datetime import datetime
from typing import Any, assert_type

from pyworkers_sdk import (
    ConsoleHandler,
    EmailMessage,
    EmailSendResult,
    Env,
    ExecutionContext,
    ForwardableEmailMessage,
    Headers,
    MessageBatch,
    ReadableStream,
    Request,
    Response,
    ScheduledController,
    Socket,
    SocketInfo,
    Span,
    TraceException,
    TraceItem,
    TraceItemFetchEventInfo,
    TraceItemQueueEventInfo,
    TraceItemScheduledEventInfo,
    TraceLog,
    WorkerEntrypoint,
    configure_logging,
    handler,
    tail_stream,
)
from pyworkers_sdk.tail_stream import TailEvent
from pyworkers_sdk.testing import EmailOutcome, FakeRuntime, ForwardedEmail, ScheduledOutcome


class AppEnv(Env):
    API_KEY: str


class Default(WorkerEntrypoint[AppEnv]):
    async def scheduled(self, controller: ScheduledController) -> None:
        assert_type(controller.cron, str)
        assert_type(controller.scheduled_time, datetime)
        controller.no_retry()
        controller.no_retry(1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

    async def email(self, message: ForwardableEmailMessage) -> None:
        assert_type(message.from_, str)
        assert_type(message.headers, Headers)
        assert_type(message.raw, ReadableStream)
        assert_type(message.raw_size, int)
        assert_type(await message.forward("a@example.com", {"X-A": "1"}), EmailSendResult)
        assert_type((await message.reply(EmailMessage("a", "b", b"raw"))).message_id, str | None)
        EmailMessage("a", "b", email.message.EmailMessage())
        EmailMessage("a", "b", 1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        message.set_reject("no")

    async def tail(self, events: list[TraceItem]) -> None:
        for item in events:
            assert_type(item.logs, list[TraceLog])
            assert_type(item.exceptions, list[TraceException])
            assert_type(item.event_timestamp, datetime | None)
            match item.event:
                case TraceItemFetchEventInfo(request=request, response=response):
                    assert_type(request.url, str)
                    assert_type(request.get_unredacted().headers, dict[str, str])
                    assert_type(response.status if response else None, int | None)
                case TraceItemScheduledEventInfo(cron=cron):
                    assert_type(cron, str)
                case TraceItemQueueEventInfo(batch_size=size):
                    assert_type(size, int)
                case _:
                    pass

    async def connect(self, socket: Socket) -> None:
        assert_type(await socket.opened, SocketInfo)

    async def tail_stream(
        self, onset: TailEvent[tail_stream.Onset]
    ) -> tail_stream.TailEventHandlerType:
        assert_type(onset.event.span_id, str)
        assert_type(onset.span_context.span_id, str | None)
        assert_type(onset.timestamp, datetime)
        match onset.event.info:
            case tail_stream.FetchEventInfo(url=url, headers=headers):
                assert_type(url, str)
                assert_type(dict(headers).get("accept"), str | None)
            case tail_stream.QueueEventInfo(batch_size=size):
                assert_type(size, int)
            case _:
                return Watcher()

        async def more(event: TailEvent[tail_stream.EventType]) -> None:
            one = event.event
            if one.type == "log":
                assert_type(one, tail_stream.Log)
            elif isinstance(one, tail_stream.Outcome):
                assert_type(one.outcome, tail_stream.EventOutcome)

        return more

    async def fetch(self, request: Request) -> Response:
        with self.ctx.tracing.start_span("work") as span:
            assert_type(span, Span)
            assert_type(span.set_attribute("a", 1).set_attributes({"b": None}).is_traced, bool)
        return Response("")


class Watcher(tail_stream.TailEventHandlerObject):
    async def log(self, event: TailEvent[tail_stream.Log], /) -> None:
        assert_type(event.event.truncated, bool)

    def outcome(self, event: TailEvent[tail_stream.Outcome], /) -> None:
        assert_type(event.event.cpu_time, float)

    def return_(self, event: TailEvent[tail_stream.Log], /) -> None:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        ...


class AsInCloudflaresExamples(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request, env: AppEnv, ctx: ExecutionContext) -> Response:
        return Response(env.API_KEY)

    async def scheduled(
        self, event: ScheduledController, env: AppEnv, ctx: ExecutionContext
    ) -> None: ...

    async def queue(self, batch: MessageBatch[int], env: AppEnv) -> None:
        assert_type(batch.messages[0].body, int)

    async def email(
        self, message: ForwardableEmailMessage, env: Any = None, ctx: Any = None
    ) -> None: ...


# pyright compares nothing if the base has "*args: Any, **kwargs: Any"; mypy does.
class WrongWithContext(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: str, env: AppEnv, ctx: ExecutionContext) -> Response:  # type: ignore[override]
        return Response("")


class Wrong(WorkerEntrypoint[AppEnv]):
    async def tail_stream(self, onset: TailEvent[tail_stream.Onset]) -> int:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return 1

    async def scheduled(self, controller: str) -> None:  # type: ignore[override]
        ...


@handler
async def on_fetch(request: Request, env: AppEnv, ctx: ExecutionContext) -> Response:
    return Response(env.API_KEY)


async def in_tests(request: Request, env: AppEnv, ctx: ExecutionContext) -> None:
    assert_type(await on_fetch(request, env, ctx), Response)
    runtime = FakeRuntime(Default, env=AppEnv, API_KEY="k", raise_exceptions=False)
    assert_type(await runtime.scheduled("* * * * *"), ScheduledOutcome)
    told = await runtime.email(b"", from_="a@example.com", to="b@example.com")
    assert_type(told, EmailOutcome)
    assert_type(told.forwards, list[ForwardedEmail])
    assert_type(await runtime.tail([{"outcome": "ok"}]), str)
    assert_type(await runtime.tail_stream([{"type": "onset"}]), str)
    FakeRuntime(on_fetch, env=AppEnv)


def at_start(level: int) -> None:
    configure_logging(level)
    configure_logging("DEBUG")
    logging.getLogger().addHandler(ConsoleHandler())
    extra: dict[str, Any] = {"order": 7}
    logging.getLogger().info("x", extra=extra)
