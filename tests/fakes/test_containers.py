"""The fake of containers: behaviour that only a fake has."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pyworkers_sdk import (
    Container,
    ContainerDirectorySnapshot,
    ContainerDirectorySnapshotRestoreParams,
    ContainerExecPtyOptions,
    ContainerStartResources,
    DurableObject,
    DurableObjectNamespace,
    Env,
    ExecOutput,
    FacetStartupOptions,
    Request,
    Response,
    WorkerEntrypoint,
    WorkersError,
)
from pyworkers_sdk.testing import FakeRuntime, container, fake, introspect_container

pytestmark = pytest.mark.asyncio


class AppEnv(Env):
    GAMES: DurableObjectNamespace[Game]


class Game(DurableObject[AppEnv]):
    async def ask(self) -> str:
        game = self.ctx.container
        assert game is not None
        if not game.running:
            game.start()
        return await (await game.get_tcp_port(80).fetch("http://game/")).text()

    async def has_sql(self) -> bool:
        try:
            self.ctx.storage.sql.exec("SELECT 1")
        except WorkersError:
            return False
        return True

    async def facet_has_one(self) -> bool:
        facet = self.ctx.facets.get("a", lambda: FacetStartupOptions(self.ctx.exports.Game))
        has_container: bool = await facet.has_container()
        return has_container

    async def has_container(self) -> bool:
        return self.ctx.container is not None


class Default(WorkerEntrypoint[AppEnv]): ...


async def test_each_object_has_its_own_container() -> None:
    containers: list[Container] = []

    def make() -> Container:
        number = len(containers)
        containers.append(container(ports={80: lambda request: Response(f"game {number}")}))
        return containers[-1]

    runtime = FakeRuntime(Default, env=AppEnv, containers={"Game": make})
    one, two = (runtime.env.GAMES.get_by_name(name) for name in "ab")
    assert [await one.ask(), await two.ask(), await one.ask()] == ["game 0", "game 1", "game 0"]
    await runtime.evict(one)
    assert await one.ask() == "game 0"
    assert await one.has_container()
    assert not await one.facet_has_one()


async def test_new_classes_have_no_sql() -> None:
    assert await FakeRuntime(Default, env=AppEnv).env.GAMES.get_by_name("a").has_sql()
    runtime = FakeRuntime(Default, env=AppEnv, new_classes=["Game"])
    assert not await runtime.env.GAMES.get_by_name("a").has_sql()
    options: Any
    for options in ({"new_classes": ["Gmae"]}, {"containers": {"Gmae": container}}):
        with pytest.raises(
            TypeError, match="unknown class 'Gmae'; the env binds no Durable Objects of it"
        ):
            FakeRuntime(Default, env=AppEnv, **options)


async def test_introspect_container_shows_the_calls() -> None:
    game = container()
    js_container = introspect_container(game)
    game.start(env={"A": "1"})
    game.signal(2)
    await game.set_inactivity_timeout(1000)
    port = game.get_tcp_port(80)
    await game.intercept_all_outbound_http(port)
    await game.intercept_outbound_https("a.example", port)
    assert js_container.options["env"] == {"A": "1"}
    assert js_container.signals == [2]
    assert js_container.timeout == 1000
    assert [call[:2] for call in js_container.intercepted] == [
        ("http", "0.0.0.0/0"),
        ("http", "::/0"),
        ("https", "a.example"),
    ]
    watching = asyncio.ensure_future(game.monitor())
    await asyncio.sleep(0)
    js_container.exit(2)
    js_container.exit(3)
    with pytest.raises(WorkersError, match="exit code: 2"):
        await watching
    assert repr(game.js_object) == repr(js_container)
    with pytest.raises(TypeError, match="expected a container of container"):
        introspect_container(fake(AppEnv))  # type: ignore[arg-type]


async def test_port_function_may_be_async() -> None:
    async def answer(request: Request) -> Response:
        return Response(await request.text())

    game = container(ports={80: answer})
    game.start()
    port: Any = game.get_tcp_port(80)
    assert await (await port.fetch("http://x/", method="POST", body="a")).text() == "a"
    with pytest.raises(WorkersError, match="not listening"):
        await port.anything()
    with pytest.raises(TypeError, match=r"call get_tcp_port\(\)\.fetch\(\)$"):
        port.connect("10.0.0.1:80")


async def test_exec_calls_the_function_for_commands() -> None:
    game = container()
    game.start()
    with pytest.raises(TypeError, match=r"container\(exec=…\)"):
        await game.exec(["ls"])
    game = container(exec=lambda cmd, stdin: ExecOutput(stdin, b"", len(cmd)))
    game.start()
    process = await game.exec(["a", "b"], stdin=b"input")
    with pytest.raises(TypeError, match="pass the whole input, exec"):
        await game.exec(["a"], stdin="pipe")
    assert repr(process) == "<ExecProcess 2>"
    assert await process.output() == ExecOutput(b"input", b"", 2)
    process.kill()  # too late
    assert await process.exit_code() == 2
    assert process.js_object.pid == 2
    sized = ContainerExecPtyOptions(cols=100)
    assert (await game.exec(["a"], env={"A": "1"}, cwd="/", pty=sized)).is_pty
    wrong: Any = "what"
    for options, message in (
        ({"stdout": wrong}, "Invalid stdout option: what"),
        ({"stderr": wrong}, "Invalid stderr option: what"),
        ({"stderr": wrong, "pty": True}, 'stderr must be "combined" when PTY is enabled.'),
    ):
        any_options: Any = options
        with pytest.raises(WorkersError) as caught:
            await game.exec(["a"], **any_options)
        assert caught.value.message == message
    await game.destroy()
    with pytest.raises(WorkersError, match="snapshotContainer"):
        await game.snapshot_container()


Restored = ContainerDirectorySnapshotRestoreParams


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"env": {"A=": ""}}, "Environment variable names cannot contain '=': A="),
        ({"env": {"A": "\0"}}, "Environment variable values cannot contain '\\0': A"),
        ({"labels": dict.fromkeys("abcdefghijk", "")}, "Cannot specify more than 10 container"),
        ({"labels": {"": "a"}}, "Label names cannot be empty"),
        ({"labels": {"a" * 17: ""}}, "Label names cannot exceed 16 bytes (index 0)"),
        ({"labels": {"a": "a" * 65}}, "Label values cannot exceed 64 bytes (index 0)"),
        ({"labels": {"a": "\n"}}, "Label values cannot contain control characters (index 0)"),
        ({"instance": "huge"}, "Invalid container instance type."),
        (
            {"instance": ContainerStartResources(0, 1, 1)},
            "Container resource vcpu must be a finite number greater than 0.",
        ),
        (
            {"instance": ContainerStartResources(1, 1.5, 1)},  # type: ignore[arg-type]
            "Container resource memoryMib must be an integer.",
        ),
        (
            {"directory_snapshots": [Restored()]},
            "Directory snapshot restore requires a mountPoint when no snapshot is given.",
        ),
        (
            {"directory_snapshots": [Restored(mount_point="data")]},
            "Directory snapshot restore path must be absolute. Got: data",
        ),
        (
            {"directory_snapshots": [Restored(ContainerDirectorySnapshot("i", 1, "/", "n"))]},
            "Directory snapshot cannot be restored to root directory.",
        ),
    ],
)
async def test_start_with_invalid_options_raises(options: dict[str, Any], message: str) -> None:
    game = container()
    with pytest.raises(WorkersError) as caught:
        game.start(**options)
    assert message in caught.value.message
    assert not game.running
