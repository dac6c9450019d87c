"""The fakes of smaller bindings: what tests give them and see of them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk import (
    AnalyticsEngineDataset,
    AnalyticsSQL,
    AnalyticsSQLError,
    BindingError,
    DispatchNamespace,
    DurableObject,
    DurableObjectError,
    DurableObjectNamespace,
    Env,
    FacetStartupOptions,
    Fetcher,
    Flagship,
    Hyperdrive,
    Pipeline,
    RateLimit,
    Request,
    ResourceLimits,
    Response,
    SecretsStoreSecret,
    SendEmail,
    VersionMetadata,
    WorkerCode,
    WorkerEntrypoint,
    WorkerLoader,
    WorkersError,
    connect,
)
from pyworkers_sdk.testing import (
    AnalyticsQuery,
    Clock,
    FakeRuntime,
    analytics_sql,
    data_points,
    dispatch_namespace,
    fake,
    faults,
    flags,
    hyperdrive,
    rate_limit,
    secret,
    sent_records,
    worker_loader,
)
from tests.worker_project import app, refused, worker, written

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class AppEnv(Env):
    FLAGS: Flagship
    HITS: AnalyticsEngineDataset
    LIMITER: RateLimit
    LOADER: WorkerLoader
    STREAM: Pipeline[dict[str, Any]]
    TOKEN: SecretsStoreSecret
    USERS: DispatchNamespace
    VERSION: VersionMetadata
    DATABASE: Hyperdrive


# Given and seen ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_all_of_them_by_annotation() -> None:
    env = fake(AppEnv, clock=Clock(NOON))
    env.HITS.write_data_point(blobs=["/"], doubles=[1], indexes=["ann"])
    assert data_points(env.HITS) == [(NOON, ["/"], [1.0], ["ann"])]
    await env.STREAM.send([{"a": (1, None)}])
    assert sent_records(env.STREAM) == [{"a": [1, None]}]
    assert [bool(await env.LIMITER.limit("a")) for _ in range(101)] == [True] * 100 + [False]
    assert env.VERSION.timestamp == NOON
    assert env.DATABASE.connection_string.startswith("postgres://user:password@")
    with pytest.raises(WorkersError, match=r'^Secret "secret" not found$'):
        await env.TOKEN.get()
    assert await env.FLAGS.get_boolean_value("new", True) is True


@pytest.mark.parametrize(
    ("look", "binding"),
    [
        (analytics_sql, AnalyticsSQL),
        (data_points, AnalyticsEngineDataset),
        (flags, Flagship),
        (sent_records, Pipeline),
    ],
)
def test_only_a_fake_tells(look: Any, binding: Any) -> None:
    class Other:
        writeDataPoint = getBooleanValue = query = send = None

    with pytest.raises(TypeError, match="that fake"):
        look(binding(Other()))


@pytest.mark.parametrize(
    "binding",
    [
        AnalyticsEngineDataset,
        AnalyticsSQL,
        DispatchNamespace,
        Flagship,
        Hyperdrive,
        Pipeline,
        RateLimit,
        SecretsStoreSecret,
        SendEmail,
        VersionMetadata,
        WorkerLoader,
    ],
)
def test_nothing_is_no_binding(binding: Any) -> None:
    with pytest.raises(BindingError, match=f"^{binding.__name__} needs "):
        binding(None)


# Rate limits and secrets ------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_limit_lives_on_the_workers_clock() -> None:
    env = fake(AppEnv, LIMITER=rate_limit(1, period=10), clock=(clock := Clock(NOON)))
    assert await env.LIMITER.limit("a")
    assert not await env.LIMITER.limit("a")
    clock.advance(10)
    assert await env.LIMITER.limit("a")


@pytest.mark.asyncio
async def test_a_limit_alone() -> None:
    clock = Clock(NOON)
    limiter = rate_limit(1, clock=clock)
    assert fake(AppEnv, LIMITER=limiter).LIMITER.js_object.clock is clock
    assert (await rate_limit(1).limit("a")).success is True
    with pytest.raises(ValueError, match=r"^period: expected 10 or 60, got 30$"):
        rate_limit(1, period=30)  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_a_secret_that_is_given() -> None:
    env = fake(AppEnv, TOKEN=secret("s3cret"))
    assert await env.TOKEN.get() == "s3cret"
    faults(env.TOKEN).fail("store unreachable")
    with pytest.raises(WorkersError, match=r"^store unreachable$"):
        await env.TOKEN.get()


def test_a_version_that_is_given() -> None:
    data = {"id": "1", "tag": "v1", "timestamp": "2026-07-01T12:00:00.000Z"}
    version = fake(AppEnv, VERSION=data).VERSION
    assert (version.id, version.tag, version.timestamp) == ("1", "v1", NOON)
    assert version.js_object == data


# Hyperdrive -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["http://a:b@c/d", "postgres://host/db", "mysql://a:b@c", "mysql://a:b@/c"]
)
def test_a_database_that_cannot_be(url: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a URL such as postgres://") as caught:
        hyperdrive(url)
    assert url not in str(caught.value)


@pytest.mark.asyncio
async def test_a_database_of_this_machine() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    database = hyperdrive(f"postgres://ann:secret@127.0.0.1:{port}/app")
    with FakeRuntime(object) as runtime:
        route = runtime.outbound_tcp("127.0.0.1:*", "network")
        for made in (database.connect(), connect((database.host, database.port))):
            async with made as socket:
                await socket.write(b"hello")
                assert await socket.read() == b"hello"
        assert route.calls == [f"127.0.0.1:{port}"] * 2
        server.close()
        await server.wait_closed()
        with pytest.raises(WorkersError, match=r"^connection attempt failed$"):
            await database.connect().opened


@pytest.mark.asyncio
async def test_a_database_is_reached_from_a_running_worker_alone() -> None:
    with pytest.raises(WorkersError, match=r"^connect\(\) needs a runtime, and none is"):
        fake(Hyperdrive).connect()


# Analytics SQL ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_scripted_queries() -> None:
    stats = fake(AnalyticsSQL)
    script = analytics_sql(stats)
    with pytest.raises(AnalyticsSQLError, match=r"analytics_sql\(binding\)\.on\(query, rows\)"):
        await stats.query("SELECT 1")

    async def later(asked: AnalyticsQuery) -> list[dict[str, Any]]:
        return [{"params": repr(asked.params)}]

    script.on("*", later)
    script.on("SELECT [a]", [{"a": 1}])
    assert (await stats.query("SELECT [a]")).data == [{"a": 1}]
    assert (await stats.query("SELECT 1", params={"a": NOON})).data == [
        {"params": "{'a': '2026-07-01T12:00:00.000Z'}"}
    ]
    asked = [("SELECT 1", None), ("SELECT [a]", None)]
    assert script.calls == [*asked, ("SELECT 1", {"a": "2026-07-01T12:00:00.000Z"})]
    script.clear()
    assert script.calls == []
    with pytest.raises(AnalyticsSQLError):
        await stats.query("SELECT [a]")


@pytest.mark.asyncio
async def test_queries_that_fail_for_a_while() -> None:
    stats = fake(AnalyticsSQL)
    analytics_sql(stats).on("*", [])
    faults(stats).fail("too many queries", retryable=True)
    with pytest.raises(AnalyticsSQLError, match=r"^too many queries$") as caught:
        await stats.query("SELECT 1")
    assert caught.value.retryable
    assert len(await stats.query("SELECT 1")) == 0


# Dispatch namespaces ----------------------------------------------------------------------------


class Shop(WorkerEntrypoint):
    async def fetch(self, request: Request) -> Response:
        self.ctx.wait_until(self.later())
        return Response("shop")

    async def later(self) -> None:
        done.append("later")

    async def price(self, name: str) -> int:
        return len(name)


class Admin(WorkerEntrypoint):
    async def role(self) -> Any:
        return self.ctx.props


done: list[str] = []


class ShopEnv(Env):
    NAME: str


class Named(WorkerEntrypoint[ShopEnv]):
    async def fetch(self, request: Request) -> Response:
        return Response(self.env.NAME)


class Plain:
    async def fetch(self, request: Request) -> Response:
        return Response("plain")


async def _text(fetcher: Fetcher) -> str:
    return await (await fetcher.fetch("https://example.com/")).text()


@pytest.mark.asyncio
async def test_what_a_namespace_may_hold() -> None:
    clock = Clock(NOON)
    named = FakeRuntime(Named, env=ShopEnv, NAME="ann's", clock=clock)
    users = dispatch_namespace({"class": Shop, "runtime": named, "object": Plain()})

    class Dispatcher(WorkerEntrypoint[AppEnv]):
        async def fetch(self, request: Request) -> Response:
            name = request.url.rpartition("/")[2]
            return await self.env.USERS.get(name, limits=ResourceLimits(cpu_ms=5)).fetch(request)

    runtime = FakeRuntime(Dispatcher, env=AppEnv, USERS=users, clock=clock)
    for name, text in (("class", "shop"), ("runtime", "ann's"), ("object", "plain")):
        for _ in range(2):
            answer = await runtime.fetch(f"https://example.com/{name}")
            assert await answer.text() == text
    await runtime.drain()
    assert done.pop() == done.pop() == "later"
    with pytest.raises(WorkersError, match=r"^Worker not found"):
        await runtime.fetch("https://example.com/nobody")


@pytest.mark.asyncio
async def test_a_namespace_alone() -> None:
    worker = dispatch_namespace({"shop": Shop}).get("shop")
    assert await worker.price("apple") == 5


# Workers made at run time -----------------------------------------------------------------------


class Tally(DurableObject):
    async def add(self, number: int) -> int:
        total = (self.ctx.storage.kv.get("total") or 0) + number
        self.ctx.storage.kv.put("total", total)
        assert isinstance(total, int)
        return total


class ParentEnv(Env):
    LOADER: WorkerLoader
    PARENTS: DurableObjectNamespace[Parent]


class Parent(DurableObject[ParentEnv]):
    async def count(self, name: str) -> list[int]:
        loader = self.env.LOADER
        worker = loader.load(_code()) if name.endswith(".py") else loader.get(name, _code)
        kind = worker.get_durable_object_class("Tally")
        tally = self.ctx.facets.get(name, lambda: FacetStartupOptions(kind))
        return [await tally.add(2), await tally.add(3)]


def _code(modules: Any = None, **options: Any) -> WorkerCode:
    modules = {"shop.py": "…"} if modules is None else modules
    return WorkerCode("shop.py", modules, compatibility_date="2026-07-01", **options)


@pytest.mark.asyncio
async def test_a_worker_that_stands_for_code() -> None:
    loader = worker_loader({"shop.py": Shop, "named": FakeRuntime(Named, env=ShopEnv, NAME="x")})
    stub = loader.load(_code())
    assert stub.js_object is not loader.js_object
    assert await stub.get_entrypoint().price("apple") == 5
    assert await stub.get_entrypoint("Admin", props={"role": "boss"}).role() == {"role": "boss"}
    with pytest.raises(TypeError, match=r"the Worker shop.py exports no entrypoint Nobody"):
        await stub.get_entrypoint("Nobody").role()


@pytest.mark.asyncio
async def test_its_env_is_that_of_the_code() -> None:
    loader = worker_loader({"tenant": Named})
    assert (
        await _text(loader.get("tenant", lambda: _code(env={"NAME": "y"})).get_entrypoint()) == "y"
    )


@pytest.mark.asyncio
async def test_a_class_of_durable_objects() -> None:
    loader = worker_loader({"shop.py": Shop, "shop": Shop})
    facets = fake(ParentEnv, LOADER=loader)
    stub = facets.PARENTS.get_by_name("a")
    assert await stub.count("shop.py") == [2, 5]
    with pytest.raises(DurableObjectError, match=r"^shop: a fake loads its code on the first call"):
        await stub.count("shop")
    assert await loader.get("shop", _code).get_entrypoint().price("ab") == 2
    assert await stub.count("shop") == [2, 5]
    with pytest.raises(
        TypeError, match=r"^shop\.py: missing class Nothing in the module of its stand-in"
    ):
        loader.load(_code()).get_durable_object_class("Nothing")


@pytest.mark.asyncio
async def test_code_that_nothing_stands_for() -> None:
    loader = fake(WorkerLoader)
    with pytest.raises(
        TypeError, match=r"register a stand-in: worker_loader\({'tenant': MyEntrypoint}\)"
    ):
        await _text(loader.get("tenant", _code).get_entrypoint())


@pytest.mark.parametrize(
    "modules",
    [{"python_modules/a.txt": "x"}, {"a.js": "x"}, {"a": {"data": b"x"}}, {"a": {"json": [None]}}],
)
def test_modules_of_a_python_worker(modules: Any) -> None:
    worker_loader({}).load(_code({"shop.py": "…", **modules}))


def test_everything_that_code_may_say() -> None:
    tail = FakeRuntime(Shop).service()
    code = _code(
        compatibility_flags=["nodejs_compat"],
        global_outbound=tail,
        limits=ResourceLimits(50, 5),
        tails=[tail],
        streaming_tails=[tail],
        allow_experimental=True,
    )
    outbound = tail.js_object
    assert code.to_js() == {
        "mainModule": "shop.py",
        "modules": {"shop.py": "…"},
        "compatibilityDate": "2026-07-01",
        "compatibilityFlags": ["nodejs_compat"],
        "globalOutbound": outbound,
        "limits": {"cpuMs": 50, "subRequests": 5},
        "tails": [outbound],
        "streamingTails": [outbound],
        "allowExperimental": True,
    }
    assert _code(global_outbound=False).to_js()["globalOutbound"] is None


# Feature flags ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_flags_are_set_and_taken_back() -> None:
    env = fake(AppEnv)
    flags(env.FLAGS)["new"] = True
    assert await env.FLAGS.get_boolean_value("new", False) is True
    flags(env.FLAGS)["new"] = lambda context: context.get("plan") == "pro"
    assert await env.FLAGS.get_boolean_value("new", True) is False
    assert await env.FLAGS.get_boolean_value("new", True, {"plan": "pro"}) is True
    del flags(env.FLAGS)["new"]
    assert (await env.FLAGS.get_boolean_details("new", False)).error_code == "FLAG_NOT_FOUND"


# Certificates and private networks --------------------------------------------------------------


class NetworkEnv(Env):
    CERTIFICATE: Fetcher
    NETWORK: Fetcher


@pytest.mark.asyncio
async def test_a_certificate_or_a_network_is_a_fetcher() -> None:
    env = fake(NetworkEnv, CERTIFICATE=Plain(), NETWORK=FakeRuntime(Shop))
    assert await _text(env.CERTIFICATE) == "plain"
    assert await _text(env.NETWORK) == "shop"


# Configurations ---------------------------------------------------------------------------------

FIELDS = {
    "AnalyticsEngineDataset": "HITS",
    "AnalyticsSQL": "STATS",
    "DispatchNamespace": "USERS",
    "Flagship": "FLAGS",
    "Hyperdrive": "DATABASE",
    "Pipeline": "STREAM",
    "RateLimit": "LIMITER",
    "SecretsStoreSecret": "TOKEN",
    "SendEmail": "MAILER",
    "VersionMetadata": "VERSION",
    "WorkerLoader": "LOADER",
}
CODE = f"from pyworkers_sdk import {', '.join(FIELDS)}\n" + app(
    *(f"{name}: {kind}" for kind, name in FIELDS.items()), "SAME_LIMITER: RateLimit"
)
CONFIG: dict[str, Any] = {
    "analytics": {"binding": "STATS"},
    "analytics_engine_datasets": [{"binding": "HITS"}],
    "dispatch_namespaces": [{"binding": "USERS", "namespace": "users"}],
    "flagship": [{"binding": "FLAGS", "app_id": "app"}],
    "hyperdrive": [{"binding": "DATABASE", "id": "1", "localConnectionString": "mysql://a:b@c/d"}],
    "pipelines": [{"binding": "STREAM", "stream": "clicks"}],
    "ratelimits": [
        {"name": "LIMITER", "namespace_id": "1", "simple": {"limit": 2, "period": 10}},
        {"name": "SAME_LIMITER", "namespace_id": "1", "simple": {"limit": 1, "period": 10}},
    ],
    "secrets_store_secrets": [{"binding": "TOKEN", "store_id": "1", "secret_name": "token"}],
    "send_email": [{"name": "MAILER", "allowed_sender_addresses": ["me@example.com"]}],
    "version_metadata": {"binding": "VERSION"},
    "worker_loaders": [{"binding": "LOADER"}],
}


@pytest.mark.asyncio
async def test_a_configuration(here: Path) -> None:
    env = worker(CONFIG, CODE).env
    assert (env.DATABASE.user, env.DATABASE.port) == ("a", 3306)
    assert await env.LIMITER.limit("a")
    assert not await env.SAME_LIMITER.limit("a")
    with pytest.raises(WorkersError, match=r'^Secret "token" not found$'):
        await env.TOKEN.get()
    with pytest.raises(WorkersError, match=r"^email from you@example.com not allowed$"):
        await env.MAILER.send(from_="you@example.com", to="a@example.com", subject="Hi")
    await env.STREAM.send([{"a": 1}])
    assert sent_records(env.STREAM) == [{"a": 1}]
    assert env.VERSION.tag == ""
    assert data_points(env.HITS) == []
    assert analytics_sql(env.STATS).calls == []
    assert flags(env.FLAGS) == {}


@pytest.mark.asyncio
async def test_what_a_test_gives_instead(here: Path) -> None:
    given: dict[str, Any] = {
        "LIMITER": rate_limit(0),
        "TOKEN": secret("s3cret"),
        "USERS": dispatch_namespace({"shop": Shop}),
    }
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(written(CONFIG, CODE), **given)
    assert not await runtime.env.LIMITER.limit("a")
    assert runtime.env.LIMITER.js_object.clock is runtime.clock
    assert await runtime.env.TOKEN.get() == "s3cret"
    assert await _text(runtime.env.USERS.get("shop")) == "shop"


def test_a_database_without_an_url_of_its_own(here: Path) -> None:
    code = "from pyworkers_sdk import Hyperdrive\n" + app("DATABASE: Hyperdrive")
    env = worker({"hyperdrive": [{"binding": "DATABASE", "id": "1"}]}, code).env
    assert env.DATABASE.database == "database"


def test_an_url_that_cannot_be(here: Path) -> None:
    config = {"hyperdrive": [{"binding": "A", "id": "1", "localConnectionString": "redis://a"}]}
    said = refused(config)
    assert "hyperdrive" in said
    assert "expected a URL such as postgres://user:password@host/database" in said


@pytest.mark.asyncio
async def test_a_certificate_is_given(here: Path) -> None:
    config = {"mtls_certificates": [{"binding": "CERTIFICATE", "certificate_id": "1"}]}
    code = "from pyworkers_sdk import Fetcher\n" + app("CERTIFICATE: Fetcher")
    assert "no fake exists for this binding; pass one: from_config(…, CERTIFICATE=…)" in refused(
        config, code
    )
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(written(config, code), CERTIFICATE=Plain())
    assert await _text(runtime.env.CERTIFICATE) == "plain"
