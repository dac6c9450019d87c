"""The types of services, RPC and assets: checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, assert_type

from pyworkers_sdk import (
    Assets,
    Env,
    ExecutionContext,
    Exports,
    Fetcher,
    Request,
    Response,
    RpcPromise,
    RpcProperty,
    RpcStub,
    RpcTarget,
    Service,
    Socket,
    WorkerEntrypoint,
)
from pyworkers_sdk.testing import FakeRuntime, assets, fake


class Session(RpcTarget):
    async def name(self) -> str:
        return "ann"

    @property
    async def user(self) -> User:
        return User("ann", 5)


@dataclass
class User:
    name: str
    age: int


class Auth(WorkerEntrypoint):
    async def check(self, token: str, *scopes: str) -> bool:
        return bool(token)

    async def rename(self, user: User, *, name: str, loud: bool = False) -> User:
        return User(name.upper() if loud else name, user.age)

    @property
    async def users(self) -> list[User]:
        return []

    async def open(self) -> Session:
        return Session()

    async def watch(self, changed: Callable[[str], Awaitable[None]]) -> None:
        await changed("now")

    async def fetch(self, request: Request) -> Response:
        return Response("")


class Mail(Protocol):
    async def send(self, to: str) -> int: ...


class AppEnv(Env):
    AUTH: Service[Auth]
    MAIL: Service[Mail]
    ANY: Service
    MAYBE: Service[Auth] | None
    PLAIN: Fetcher
    FILES: Assets


async def calls(env: AppEnv, raw: Any) -> None:
    assert_type(env.AUTH, Auth)
    assert_type(env.MAIL, Mail)
    assert_type(env.ANY, Fetcher)
    assert_type(env.PLAIN, Fetcher)
    assert_type(await env.AUTH.check("t", "a"), bool)
    assert_type(await env.MAIL.send(to="ann"), int)
    assert_type(await env.AUTH.rename(User("a", 1), name="b"), User)
    assert_type(await env.AUTH.rename(user=User("a", 1), name="b", loud=True), User)
    await env.AUTH.rename(User("a", 1), "b")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await env.AUTH.rename({"name": "a"}, name="b")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(await env.AUTH.users, list[User])
    env.AUTH.users.append(User("a", 1))  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    await env.AUTH.check(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await env.AUTH.nope()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    assert_type(await env.AUTH.fetch(Request("https://a/")), Response)
    with await env.AUTH.open() as session:
        assert_type(session, Session)
        assert_type(await session.name(), str)
        assert_type((await session.user).age, int)

    async def changed(what: str) -> None: ...

    await env.AUTH.watch(changed)

    assert_type(env.ANY.add, RpcProperty)
    assert_type(env.ANY.add(1, b=2), RpcPromise)
    assert_type(env.ANY.counters.get("a").increment(), RpcPromise)
    assert_type(await env.ANY.add(1), Any)
    assert_type(await env.ANY.name, Any)
    async with env.ANY.open() as stub:
        assert_type(stub, Any)
    made = Service(raw)
    assert_type(await made.fetch("https://a/", method="PUT", body=b""), Response)
    await made.fetch("https://a/", verb="PUT")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert_type(await Service[Auth](raw).check("t"), Any)
    assert_type(await env.FILES.fetch("https://a/style.css"), Response)


async def stubs(stub: RpcStub) -> None:
    with stub.dup() as copy:
        assert_type(copy, RpcStub)
        assert_type(copy.increment(1), RpcPromise)
        assert_type(copy(1), RpcPromise)
    stub.dispose()
    assert_type(RpcStub(len), RpcStub)


async def exports(ctx: ExecutionContext) -> None:
    assert_type(ctx.exports, Exports)
    auth: Auth = ctx.exports.Auth
    assert_type(await auth.check("t"), bool)


def connections(fetcher: Fetcher) -> None:
    assert_type(fetcher.connect("10.0.0.1:80"), Socket)
    fetcher.connect(("10.0.0.1", 80), secure_transport="on", allow_half_open=True)
    fetcher.connect(80)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def fakes(other: FakeRuntime[Env]) -> None:
    env = fake(AppEnv, AUTH=other, FILES=Path("public"))
    assert_type(env, AppEnv)
    assert_type(other.service(), Fetcher)
    assert_type(other.service("Auth", props={"a": 1}), Fetcher)
    assert_type(other.service(Auth), Auth)
    runtime = FakeRuntime(Auth, env=AppEnv, AUTH=other.service("Auth"))
    assert_type(runtime.env.AUTH, Auth)
    assert_type(assets("public", html_handling="none"), Assets)
    assets("public", html_handling="other")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
