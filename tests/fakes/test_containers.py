"""The fake of containers: what only a fake can do."""

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
        made = self.ctx.container
        assert made is not None
        if not made.running:
            made.start()
        return await (await made.get_tcp_port(80).fetch("http://game/")).text()

    async def has_sql(self) -> bool:
        try:
            self.ctx.storage.sql.exec("SELECT 1")
        except WorkersError:
            return False
        return True

    async def facet_has_one(self) -> bool:
        facet = self.ctx.facets.get("a", lambda: FacetStartupOptions(self.ctx.exports.Game))
        found: bool = await facet.has_container()
        return found

    async def has_container(self) -> bool:
        return self.ctx.container is not None


class Default(WorkerEntrypoint[AppEnv]): ...


async def test_each_object_has_its_own() -> None:
    made: list[Container] = []

    def make() -> Container:
        number = len(made)
        made.append(container(ports={80: lambda request: Response(f"game {number}")}))
        return made[-1]

    runtime = FakeRuntime(Default, env=AppEnv, containers={"Game": make})
    one, two = (runtime.env.GAMES.get_by_name(name) for name in "ab")
    assert [await one.ask(), await two.ask(), await one.ask()] == ["game 0", "game 1", "game 0"]
    await runtime.evict(one)
    assert await one.ask() == "game 0"
    assert await one.has_container()
    assert not await one.facet_has_one()


async def test_classes_without_sqlite() -> None:
    assert await FakeRuntime(Default, env=AppEnv).env.GAMES.get_by_name("a").has_sql()
    runtime = FakeRuntime(Default, env=AppEnv, new_classes=["Game"])
    assert not await runtime.env.GAMES.get_by_name("a").has_sql()
    for given in ({"new_classes": ["Gmae"]}, {"containers": {"Gmae": container}}):
        options: Any = given
        with pytest.raises(
            TypeError, match="unknown class 'Gmae'; the env binds no Durable Objects of it"
        ):
            FakeRuntime(Default, env=AppEnv, **options)


async def test_look_inside() -> None:
    made = container()
    inside = introspect_container(made)
    made.start(env={"A": "1"})
    made.signal(2)
    await made.set_inactivity_timeout(1000)
    port = made.get_tcp_port(80)
    await made.intercept_all_outbound_http(port)
    await made.intercept_outbound_https("a.example", port)
    assert inside.options["env"] == {"A": "1"}
    assert inside.signals == [2]
    assert inside.timeout == 1000
    assert [each[:2] for each in inside.intercepted] == [
        ("http", "0.0.0.0/0"),
        ("http", "::/0"),
        ("https", "a.example"),
    ]
    watching = asyncio.ensure_future(made.monitor())
    await asyncio.sleep(0)
    inside.exit(2)
    inside.exit(3)
    with pytest.raises(WorkersError, match="exit code: 2"):
        await watching
    assert repr(made.js_object) == repr(inside)
    with pytest.raises(TypeError, match="expected a container of container"):
        introspect_container(fake(AppEnv))  # type: ignore[arg-type]


async def test_a_port_over_async_functions() -> None:
    async def answer(request: Request) -> Response:
        return Response(await request.text())

    made = container(ports={80: answer})
    made.start()
    port: Any = made.get_tcp_port(80)
    assert await (await port.fetch("http://x/", method="POST", body="a")).text() == "a"
    with pytest.raises(WorkersError, match="not listening"):
        await port.anything()
    with pytest.raises(TypeError, match=r"call get_tcp_port\(\)\.fetch\(\)$"):
        port.connect("10.0.0.1:80")


async def test_commands() -> None:
    made = container()
    made.start()
    with pytest.raises(TypeError, match=r"container\(exec=…\)"):
        await made.exec(["ls"])
    made = container(exec=lambda cmd, stdin: ExecOutput(stdin, b"", len(cmd)))
    made.start()
    process = await made.exec(["a", "b"], stdin=b"given")
    with pytest.raises(TypeError, match="pass the whole input, exec"):
        await made.exec(["a"], stdin="pipe")
    assert repr(process) == "<ExecProcess 2>"
    assert await process.output() == ExecOutput(b"given", b"", 2)
    process.kill()  # too late
    assert await process.exit_code() == 2
    assert process.js_object.pid == 2
    sized = ContainerExecPtyOptions(cols=100)
    assert (await made.exec(["a"], env={"A": "1"}, cwd="/", pty=sized)).is_pty
    wrong: Any = "what"
    for options, message in (
        ({"stdout": wrong}, "Invalid stdout option: what"),
        ({"stderr": wrong}, "Invalid stderr option: what"),
        ({"stderr": wrong, "pty": True}, 'stderr must be "combined" when PTY is enabled.'),
    ):
        given: Any = options
        with pytest.raises(WorkersError) as caught:
            await made.exec(["a"], **given)
        assert caught.value.message == message
    await made.destroy()
    with pytest.raises(WorkersError, match="snapshotContainer"):
        await made.snapshot_container()


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
async def test_what_start_refuses(options: dict[str, Any], message: str) -> None:
    made = container()
    with pytest.raises(WorkersError) as caught:
        made.start(**options)
    assert message in caught.value.message
    assert not made.running
