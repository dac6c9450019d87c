"""The smaller bindings together: by annotation, and by configuration."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk import (
    AnalyticsEngineDataset,
    AnalyticsSQL,
    BindingError,
    DispatchNamespace,
    Env,
    Fetcher,
    Flagship,
    Hyperdrive,
    Pipeline,
    RateLimit,
    SecretsStoreSecret,
    SendEmail,
    VersionMetadata,
    WorkerLoader,
    WorkersError,
)
from pyworkers_sdk.testing import (
    Clock,
    FakeRuntime,
    analytics_sql,
    data_points,
    dispatch_namespace,
    fake,
    flags,
    rate_limit,
    secret,
    sent_records,
)
from tests.fakes.shop import Plain, Shop, text_of
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


# Annotations -------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_fake_creates_every_binding_by_annotation() -> None:
    env = fake(AppEnv, clock=Clock(NOON))
    env.HITS.write_data_point(blobs=["/"], doubles=[1], indexes=["ann"])
    assert data_points(env.HITS) == [(NOON, ["/"], [1.0], ["ann"])]
    await env.STREAM.send([{"a": (1, None)}])
    assert sent_records(env.STREAM) == [{"a": [1, None]}]
    assert [bool(await env.LIMITER.limit("a")) for _ in range(101)] == [True] * 100 + [False]
    assert env.VERSION.timestamp == NOON
    assert env.DATABASE.connection_string.startswith("postgres://user:password@")
    with pytest.raises(WorkersError, match=r'(?m)^Secret "secret" not found$'):
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
def test_inspecting_a_binding_that_is_not_a_fake_raises(look: Any, binding: Any) -> None:
    class Other:
        writeDataPoint = getBooleanValue = query = send = None

    with pytest.raises(TypeError, match=r"fake\(\)"):
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
def test_a_missing_binding_is_refused(binding: Any) -> None:
    with pytest.raises(BindingError, match=f"^{binding.__name__}: expected a binding, got None"):
        binding(None)


# Certificates and private networks ---------------------------------------------------------------


class NetworkEnv(Env):
    CERTIFICATE: Fetcher
    NETWORK: Fetcher


@pytest.mark.asyncio
async def test_certificates_and_private_networks_are_fetchers() -> None:
    env = fake(NetworkEnv, CERTIFICATE=Plain(), NETWORK=FakeRuntime(Shop))
    assert await text_of(env.CERTIFICATE) == "plain"
    assert await text_of(env.NETWORK) == "shop"


# Configurations ----------------------------------------------------------------------------------

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
async def test_from_config_creates_every_binding(here: Path) -> None:
    env = worker(CONFIG, CODE).env
    assert (env.DATABASE.user, env.DATABASE.port) == ("a", 3306)
    assert await env.LIMITER.limit("a")
    assert not await env.SAME_LIMITER.limit("a")
    with pytest.raises(WorkersError, match=r'(?m)^Secret "token" not found$'):
        await env.TOKEN.get()
    with pytest.raises(WorkersError, match=r"(?m)^email from you@example.com not allowed$"):
        await env.MAILER.send(from_="you@example.com", to="a@example.com", subject="Hi")
    await env.STREAM.send([{"a": 1}])
    assert sent_records(env.STREAM) == [{"a": 1}]
    assert env.VERSION.tag == ""
    assert data_points(env.HITS) == []
    assert analytics_sql(env.STATS).calls == []
    assert flags(env.FLAGS) == {}


@pytest.mark.asyncio
async def test_a_fake_passed_to_from_config_replaces_the_configured_one(here: Path) -> None:
    given: dict[str, Any] = {
        "LIMITER": rate_limit(0),
        "TOKEN": secret("s3cret"),
        "USERS": dispatch_namespace({"shop": Shop}),
    }
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(written(CONFIG, CODE), **given)
    assert not await runtime.env.LIMITER.limit("a")
    assert runtime.env.LIMITER.js_object.clock is runtime.clock
    assert await runtime.env.TOKEN.get() == "s3cret"
    assert await text_of(runtime.env.USERS.get("shop")) == "shop"


def test_a_configured_database_without_a_url_has_a_default(here: Path) -> None:
    code = "from pyworkers_sdk import Hyperdrive\n" + app("DATABASE: Hyperdrive")
    env = worker({"hyperdrive": [{"binding": "DATABASE", "id": "1"}]}, code).env
    assert env.DATABASE.database == "database"


def test_an_invalid_url_in_a_configuration_names_its_place(here: Path) -> None:
    config = {"hyperdrive": [{"binding": "A", "id": "1", "localConnectionString": "redis://a"}]}
    said = refused(config)
    assert "hyperdrive" in said
    assert "expected a URL such as postgres://user:password@host/database" in said


@pytest.mark.asyncio
async def test_a_configured_certificate_can_be_replaced(here: Path) -> None:
    config = {"mtls_certificates": [{"binding": "CERTIFICATE", "certificate_id": "1"}]}
    code = "from pyworkers_sdk import Fetcher\n" + app("CERTIFICATE: Fetcher")
    runtime: FakeRuntime[Any] = FakeRuntime.from_config(written(config, code), CERTIFICATE=Plain())
    assert await text_of(runtime.env.CERTIFICATE) == "plain"
