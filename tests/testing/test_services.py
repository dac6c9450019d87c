"""Service bindings between Workers on fakes: env, clock, and objects that replace a service."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, Protocol
from unittest.mock import AsyncMock

import pytest

from pyworkers_sdk import (
    KV,
    BindingError,
    Env,
    Fetcher,
    Request,
    Response,
    RpcError,
    Service,
    WorkerEntrypoint,
    WorkersError,
)
from pyworkers_sdk.testing import Clock, FakeRuntime, fake


class AuthEnv(Env):
    USERS: KV
    PEPPER: str = "none"


class Auth(WorkerEntrypoint[AuthEnv]):
    async def check(self, user: str) -> str | None:
        return await self.env.USERS.get(user)

    async def pepper(self) -> str:
        return self.env.PEPPER

    async def who(self) -> Any:
        return self.ctx.props

    async def later(self, user: str) -> None:
        self.ctx.wait_until(self._later(user))

    async def _later(self, user: str) -> None:
        await self.env.USERS.put(user, "later", expiration_ttl=60)

    async def fetch(self, request: Request) -> Response:
        return Response(f"auth {request.url}")


class Admin(WorkerEntrypoint[AuthEnv]):
    async def who(self) -> Any:
        return self.ctx.props


class NotExported:
    """A class of this module that is not an entrypoint."""


class Mail(Protocol):
    async def send(self, to: str, subject: str = "none") -> Any: ...


class ShopEnv(Env):
    AUTH: Service[Auth]
    CACHE: KV


class Shop(WorkerEntrypoint[ShopEnv]):
    async def fetch(self, request: Request) -> Response:
        return Response(str(await self.env.AUTH.check("ann")))


class MailEnv(Env):
    MAIL: Service[Mail]


class BareEnv(Env):
    ANY: Service
    MAYBE: Service[Auth] | None


@pytest.mark.asyncio
async def test_a_class_serves_itself_with_the_same_env() -> None:
    class Both(ShopEnv):
        USERS: KV
        PEPPER: str

    env = fake(Both, PEPPER="p")
    await env.USERS.put("ann", "yes")
    assert await env.AUTH.check("ann") == "yes"
    assert await env.AUTH.pepper() == "p"
    assert await (await env.AUTH.fetch(Request("https://a/b"))).text() == "auth https://a/b"


@pytest.mark.asyncio
async def test_a_missing_binding_is_reported_on_its_use() -> None:
    env = fake(ShopEnv)
    with pytest.raises(RpcError, match="USERS: missing in the Worker's configuration") as caught:
        await env.AUTH.check("ann")
    assert caught.value.js_name == BindingError.__name__


@pytest.mark.asyncio
async def test_a_bound_runtime_has_its_own_env() -> None:
    auth = FakeRuntime(Auth, env=AuthEnv, PEPPER="p")
    shop = FakeRuntime(Shop, env=ShopEnv, AUTH=auth)
    await auth.env.USERS.put("ann", "yes")
    assert await (await shop.fetch("https://shop/")).text() == "yes"
    assert await shop.env.AUTH.pepper() == "p"


@pytest.mark.asyncio
async def test_bound_runtimes_share_one_clock_and_one_drain() -> None:
    auth = FakeRuntime(Auth, env=AuthEnv)
    shop = FakeRuntime(Shop, env=ShopEnv, AUTH=auth)
    assert shop.clock is auth.clock
    await shop.env.AUTH.later("bob")
    await shop.drain()
    assert await auth.env.USERS.get("bob") == "later"
    shop.clock.advance(61)
    assert await auth.env.USERS.get("bob") is None


@pytest.mark.asyncio
async def test_two_runtimes_on_one_clock_are_drained_together() -> None:
    class TwoEnv(Env):
        FIRST: Service[Auth]
        SECOND: Service[Auth]

    clock = Clock()
    first = FakeRuntime(Auth, env=AuthEnv, clock=clock)
    second = FakeRuntime(Auth, env=AuthEnv, clock=clock)
    runtime = FakeRuntime(Shop, env=TwoEnv, clock=clock, FIRST=first, SECOND=second.service())
    await runtime.env.FIRST.later("ann")
    await runtime.env.SECOND.later("bob")
    await first.drain()
    assert await first.env.USERS.get("ann") == "later"
    assert await second.env.USERS.get("bob") == "later"


def test_different_clocks_are_refused() -> None:
    class TwoEnv(Env):
        FIRST: Service[Auth]
        SECOND: Service[Auth]

    first, second = FakeRuntime(Auth, env=AuthEnv), FakeRuntime(Auth, env=AuthEnv)
    with pytest.raises(TypeError, match="need the same clock"):
        fake(TwoEnv, FIRST=first, SECOND=second)
    with pytest.raises(TypeError, match="another clock"):
        fake(ShopEnv, clock=Clock(), AUTH=first)


@pytest.mark.asyncio
async def test_a_named_entrypoint_with_props() -> None:
    auth = FakeRuntime(Auth, env=AuthEnv)
    assert await auth.service("Admin", props={"role": "shop"}).who() == {"role": "shop"}
    assert await auth.service(Admin, props={"a": (1,)}).who() == {"a": [1]}
    assert await auth.service("default").who() == {}
    shop = FakeRuntime(Shop, env=ShopEnv, AUTH=auth.service("Auth", props={"of": "shop"}))
    assert shop.host is auth.host
    assert await shop.env.AUTH.who() == {"of": "shop"}


@pytest.mark.parametrize("name", ["Nobody", "NotExported", "KV", "WorkerEntrypoint"])
def test_an_entrypoint_that_is_not_exported_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match=f"exports no entrypoint {name}"):
        FakeRuntime(Auth, env=AuthEnv).service(name)


@pytest.mark.asyncio
async def test_a_service_annotated_with_a_protocol_needs_an_argument() -> None:
    env = fake(MailEnv)
    message = r"^MAIL: expected .*, got Service\[Mail\]; pass MAIL=FakeRuntime\(…\), or an object"
    with pytest.raises(TypeError, match=message):
        await env.MAIL.send("ann")


@pytest.mark.asyncio
async def test_a_bare_service_needs_an_argument() -> None:
    env = fake(BareEnv)
    with pytest.raises(TypeError, match=r"^ANY: expected an entrypoint class .*, got Service; "):
        await env.ANY.add(1)
    assert await env.MAYBE.who() == {}  # type: ignore[union-attr]
    assert fake(BareEnv, MAYBE=None).MAYBE is None
    with pytest.raises(TypeError, match="AUTH=FakeRuntime"):
        await fake(Fetcher).fetch("https://a/")


@pytest.mark.asyncio
async def test_any_object_can_replace_a_service() -> None:
    class Sender:
        name = "sender"

        def __init__(self) -> None:
            self.sent: list[Any] = []

        async def send(self, to: str, subject: str = "none") -> int:
            self.sent.append((to, subject))
            return len(self.sent)

        def fail(self) -> None:
            raise LookupError("no")

        def fetch(self, request: Request) -> Response:
            return Response(request.url)

    sender = Sender()
    env = fake(MailEnv, MAIL=sender)
    assert await env.MAIL.send("ann", subject="hi") == 1
    assert sender.sent == [("ann", "hi")]
    mail: Any = env.MAIL
    with pytest.raises(RpcError, match=r"^no$"):
        await mail.fail()
    for name in ("nope", "name"):
        with pytest.raises(RpcError, match=f"Method {name} does not exist"):
            await getattr(mail, name)()
    assert await (await mail.fetch("https://a/")).text() == "https://a/"


@pytest.mark.asyncio
async def test_a_mock_can_replace_a_service() -> None:
    mock = SimpleNamespace(send=AsyncMock(return_value=7), fetch=AsyncMock())
    mock.fetch.return_value = Response("async")
    env = fake(MailEnv, MAIL=mock)
    assert await env.MAIL.send("ann") == 7
    mock.send.assert_awaited_once_with("ann")
    assert await (await Fetcher(env.MAIL.js_object).fetch("https://a/")).text() == "async"  # type: ignore[attr-defined]


@pytest.mark.asyncio
async def test_a_binding_can_be_passed_as_a_service() -> None:
    auth = FakeRuntime(Auth, env=AuthEnv)
    given = auth.service()
    assert fake(ShopEnv, AUTH=given).AUTH.js_object is given.js_object  # type: ignore[attr-defined]


@pytest.mark.asyncio
async def test_a_javascript_error_passes_through_fetch() -> None:
    class Relay(WorkerEntrypoint[ShopEnv]):
        async def fetch(self, request: Request) -> Response:
            from pyworkers_sdk._border import js_error

            raise js_error("RangeError", "too far")

    with pytest.raises(WorkersError, match="too far") as caught:
        await FakeRuntime(Relay, env=ShopEnv).service().fetch("https://a/")
    assert caught.value.js_name == "RangeError"


@pytest.mark.asyncio
async def test_ctx_exports_has_the_exports_of_a_worker() -> None:
    class Own(WorkerEntrypoint[ShopEnv]):
        async def names(self) -> list[Any]:
            exports = self.ctx.exports
            assert exports.js_object is not None
            private = "_private"
            with pytest.raises(AttributeError):
                getattr(exports, private)
            with pytest.raises(BindingError, match="the Worker does not export NotExported"):
                _ = exports.NotExported
            return [await exports.Admin.who(), await exports.Admin(props={"a": 1}).who()]

        async def itself(self) -> Any:
            return await self.ctx.exports.Default.names()

    runtime = FakeRuntime(Own, env=ShopEnv)
    assert await runtime.service().names() == [{}, {"a": 1}]
    assert await runtime.service().itself() == [{}, {"a": 1}]


@pytest.mark.asyncio
async def test_calls_that_nobody_awaits_are_made_and_their_errors_dropped() -> None:
    class Sender:
        sent = 0

        async def send(self, to: str) -> None:
            self.sent += 1
            raise LookupError("no")

    sender = Sender()
    env = fake(MailEnv, MAIL=sender)
    env.MAIL.send("ann")  # type: ignore[unused-coroutine]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sender.sent == 1
