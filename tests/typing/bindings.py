"""The types of the smaller bindings: checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypedDict, assert_type

from pyworkers_sdk import (
    AnalyticsEngineDataset,
    AnalyticsSQL,
    AnalyticsSQLResult,
    CacheContext,
    CachePurgeResult,
    CloudflareAccessContext,
    CloudflareAccessIdentity,
    DispatchNamespace,
    EmailAddress,
    EmailAttachment,
    EmailMessage,
    EmailSendResult,
    Env,
    ExecutionContext,
    Fetcher,
    Flagship,
    FlagshipEvaluationDetails,
    ForwardableEmailMessage,
    Hyperdrive,
    Pipeline,
    RateLimit,
    RateLimitOutcome,
    ResourceLimits,
    SecretsStoreSecret,
    SendEmail,
    Socket,
    Span,
    TracingSpanContext,
    VersionMetadata,
    WorkerCode,
    WorkerLoader,
    WorkerStub,
)
from pyworkers_sdk.testing import (
    AnalyticsQuery,
    CachePurge,
    DataPoint,
    FakeRuntime,
    SentEmail,
    analytics_sql,
    cache_purges,
    data_points,
    dispatch_namespace,
    fake,
    flags,
    hyperdrive,
    rate_limit,
    secret,
    send_email,
    sent_emails,
    sent_records,
    signed_in,
    worker_loader,
)


class Click(TypedDict):
    url: str
    at: datetime


class AppEnv(Env):
    CLICKS: Pipeline[Click]
    DATABASE: Hyperdrive
    FLAGS: Flagship
    HITS: AnalyticsEngineDataset
    LIMITER: RateLimit
    LOADER: WorkerLoader
    MAILER: SendEmail
    PLAIN: Pipeline
    STATS: AnalyticsSQL
    TOKEN: SecretsStoreSecret
    USERS: DispatchNamespace
    VERSION: VersionMetadata


async def calls(env: AppEnv, at: datetime) -> None:
    env.HITS.write_data_point(blobs=["/", None, b"x"], doubles=[1, 2.5], indexes=["ann"])
    env.HITS.write_data_point(blobs=[1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    assert_type(await env.LIMITER.limit("key"), RateLimitOutcome)
    assert_type((await env.LIMITER.limit("key", delta=2)).success, bool)
    assert_type(await env.TOKEN.get(), str)
    assert_type(env.VERSION.timestamp, datetime)
    assert_type(env.DATABASE.ip, str | None)
    assert_type(env.DATABASE.port, int)
    assert_type(env.DATABASE.connect(), Socket)
    await env.CLICKS.send([{"url": "/", "at": at}])
    await env.CLICKS.send([{"url": 1, "at": at}])  # type: ignore[typeddict-item]  # pyright: ignore[reportArgumentType]
    await env.PLAIN.send([{"anything": 1}])


async def queries(env: AppEnv, at: datetime) -> None:
    found = await env.STATS.query("SELECT url, at FROM clicks", Click, params={"start": at})
    assert_type(found, AnalyticsSQLResult[Click])
    assert_type(found[0]["at"], datetime)
    assert_type(found.statistics.rows_read, int)
    rows = await env.STATS.query("SELECT 1", params=["a", 1.5, True, None])
    assert_type(rows.data, list[dict[str, Any]])
    await env.STATS.query("SELECT 1", params=[b"a"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    await env.STATS.query("SELECT 1", params={"a": [1]})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]


async def emails(env: AppEnv, message: ForwardableEmailMessage) -> None:
    answer = EmailMessage("a@example.com", "b@example.com", "…")
    assert_type(await env.MAILER.send(answer), EmailSendResult)
    sent = await env.MAILER.send(
        from_=EmailAddress("A", "a@example.com"),
        to=["b@example.com", EmailAddress("C", "c@example.com")],
        subject="Hi",
        attachments=[EmailAttachment("a.txt", b"x")],
    )
    assert_type(sent.message_id, str | None)
    await env.MAILER.send(to="b@example.com", subject="Hi")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    await env.MAILER.send(answer, subject="Hi")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    assert_type(await message.reply(answer), EmailSendResult)
    assert_type(await message.reply(from_="a@example.com", subject="Hi"), EmailSendResult)
    await message.reply(from_="a@example.com", subject="Hi", to="b@example.com")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]


async def workers(env: AppEnv) -> None:
    assert_type(env.USERS.get("ann", limits=ResourceLimits(cpu_ms=5)), Fetcher)
    code = WorkerCode("a.py", {"a.py": "…", "b": {"data": b""}}, compatibility_date="2026-07-01")
    assert_type(env.LOADER.load(code), WorkerStub)

    async def later() -> WorkerCode:
        return code

    assert_type(env.LOADER.get("a", later).get_entrypoint("Admin", props={}), Fetcher)
    assert_type(env.LOADER.get("a", lambda: code), WorkerStub)


async def feature_flags(flagship: Flagship) -> None:
    assert_type(await flagship.get_boolean_value("a", False, {"userId": "1"}), bool)
    assert_type(await flagship.get_number_value("a", 1), float)
    assert_type(await flagship.get_string_details("a", ""), FlagshipEvaluationDetails[str])
    assert_type(await flagship.get_object_value("a", list[str]()), list[str])
    assert_type((await flagship.get_details("a", True)).value, bool)
    await flagship.get_boolean_value("a", "no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def around(ctx: ExecutionContext) -> None:
    assert_type(ctx.access, CloudflareAccessContext | None)
    assert_type(ctx.cache, CacheContext | None)
    if ctx.access is not None:
        identity = await ctx.access.get_identity()
        assert_type(identity, CloudflareAccessIdentity | None)
        assert_type((identity or {}).get("groups", [])[0]["name"], str)
    if ctx.cache is not None:
        assert_type(await ctx.cache.purge(tags=["a"]), CachePurgeResult)


async def spans(ctx: ExecutionContext) -> None:
    def count(span: Span, number: int, *, more: bool = False) -> str:
        return str(number)

    async def later(span: Span) -> bytes:
        return b""

    tracing = ctx.tracing
    assert_type(tracing.enter_span("a", count, 1, more=True), str)
    assert_type(await tracing.enter_span("a", later), bytes)
    assert_type(tracing.start_active_span("a", count, 1), str)
    tracing.enter_span("a", count, "1")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    assert_type(tracing.get_active_span(), Span | None)
    span = tracing.start_span("a").update_name("b").set_status("error", "no")
    assert_type(span.span_context(), TracingSpanContext)
    assert_type(tracing.with_active_span(span, len, "abc"), int)


def tests(runtime: FakeRuntime[AppEnv]) -> None:
    env = fake(
        AppEnv,
        LIMITER=rate_limit(3, period=10),
        TOKEN=secret("s3cret"),
        MAILER=send_email(allowed_sender_addresses=["a@example.com"]),
        DATABASE=hyperdrive("postgres://a:b@c/d"),
        USERS=dispatch_namespace({"ann": runtime}),
        LOADER=worker_loader({"a": runtime}),
    )
    assert_type(data_points(env.HITS), list[DataPoint])
    assert_type(sent_emails(env.MAILER), list[SentEmail])
    assert_type(sent_records(env.CLICKS), list[Any])
    analytics_sql(env.STATS).on("*FROM clicks*", [{"url": "/", "at": "2026-07-01 12:00:00"}])
    analytics_sql(env.STATS).on("SELECT 1", lambda asked: [{"params": asked.params}])
    assert_type(analytics_sql(env.STATS).calls, list[AnalyticsQuery])
    flags(env.FLAGS)["a"] = lambda context: context["plan"] == "pro"
    flags(env.FLAGS)["b"] = {"a": [1]}
    assert_type(cache_purges(runtime), list[CachePurge])
    with signed_in(runtime, {"email": "ann@example.com"}):
        pass


Value = bool | float | str | list[Any] | Mapping[str, Any] | Callable[[Any], Any]
assert_type(flags(fake(Flagship)), dict[str, Value])
