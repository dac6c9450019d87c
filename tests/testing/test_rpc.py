"""RPC on fakes: facts that need a look at both sides at once, so no contract check has them."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from pyworkers_sdk import (
    KV,
    Blob,
    ConversionError,
    Env,
    Fetcher,
    FormData,
    Response,
    RpcError,
    RpcStub,
    RpcTarget,
    Service,
    WorkerEntrypoint,
)
from pyworkers_sdk.testing import FakeRuntime, fake


class Door(RpcTarget):
    """An object of the caller; it counts its calls."""

    label = "a door"

    def __init__(self) -> None:
        self.opened = 0
        self.disposed = 0

    def open(self, by: int = 1) -> int:
        self.opened += by
        return self.opened

    @classmethod
    def kind(cls) -> str:
        return cls.__name__

    @property
    def number(self) -> int:
        return 5

    @property
    def broken(self) -> int:
        raise LookupError("no number")

    def dispose(self) -> None:
        self.disposed += 1


class House(WorkerEntrypoint):
    async def echo(self, value: Any) -> Any:
        return value

    async def use(self, door: Any) -> list[Any]:
        return [await door.open(2), await door.kind(), await door.number]

    async def keep(self, door: Any) -> Any:
        kept.append(door)
        return {"again": door, "twice": [door]}

    async def copy(self, door: Any) -> None:
        kept.append(door.dup())

    async def broken(self, door: Any) -> Any:
        return await door.broken

    async def rooms(self) -> dict[str, Any]:
        return {"name": "hall", "windows": {"south": 2, "north": None}}

    async def numbers(self) -> int:
        return 1

    async def service(self) -> Fetcher:
        default: Fetcher = self.ctx.exports.Default
        return default


kept: list[Any] = []


@pytest.fixture
def house() -> Fetcher:
    kept.clear()
    return FakeRuntime(House, env=Env).service()


@pytest.mark.asyncio
async def test_an_argument_is_disposed_after_the_call(house: Fetcher) -> None:
    door = Door()
    assert await house.use(door) == [2, "Door", 5]
    assert (door.opened, door.disposed) == (2, 1)
    with door:
        assert door.label == "a door"
    assert door.disposed == 2


@pytest.mark.asyncio
async def test_each_copy_holds_the_object(house: Fetcher) -> None:
    door = Door()
    again = (await house.keep(door))["again"]
    assert door.disposed == 0
    with pytest.raises(RpcError, match="RPC stub used after being disposed"):
        await kept[0].open()
    assert await again.open() == 1
    again.dispose()  # a value that is twice in a result is one stub
    assert door.disposed == 1
    await house.copy(door)
    assert door.disposed == 1
    async with kept[1]:
        assert await kept[1].open() == 2
    assert door.disposed == 2


@pytest.mark.asyncio
async def test_a_disposed_promise_disposes_its_result(house: Fetcher) -> None:
    door = Door()
    promise = house.keep(door)
    promise.dispose()
    await promise
    await asyncio.sleep(0)
    assert door.disposed == 1


@pytest.mark.asyncio
async def test_a_disposed_promise_still_raises_its_failure(house: Fetcher) -> None:
    promise = house.nope()
    promise.dispose()
    with pytest.raises(RpcError, match="Method nope does not exist"):
        await promise
    await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_a_property_that_raises_fails_the_await(house: Fetcher) -> None:
    with pytest.raises(RpcError, match=r"^no number$") as caught:
        await house.broken(Door())
    assert caught.value.js_name == "LookupError"


@pytest.mark.asyncio
async def test_properties_of_a_result_can_be_pipelined(house: Fetcher) -> None:
    assert await house.rooms().windows.south == 2
    assert await house.rooms().windows.north is None
    assert await house.rooms().windows == {"south": 2, "north": None}
    with pytest.raises(RpcError, match='"name" is not a function'):
        await house.rooms().name()
    with pytest.raises(RpcError, match='does not implement the method "south"'):
        await house.rooms().windows.south.east
    with pytest.raises(RpcError, match='does not implement the method "nope"'):
        await house.rooms().windows.nope
    with pytest.raises(RpcError, match=r'"\(this\)" is not a function'):
        await house.numbers()()
    for name in ("dup", "constructor"):
        with pytest.raises(RpcError, match=f"'{name}' is a reserved method"):
            await getattr(house.rooms(), name)
    with pytest.raises(RpcError, match='does not implement the method "further"'):
        await house.echo.further()


@pytest.mark.asyncio
async def test_calls_can_be_pipelined_on_a_returned_service(house: Fetcher) -> None:
    assert await house.service().numbers() == 1
    service = await house.service()
    assert await service.numbers() == 1


@pytest.mark.asyncio
async def test_a_stub_of_an_object_reaches_its_stubs(house: Fetcher) -> None:
    stub = RpcStub({"door": RpcStub(Door()), "echo": house})
    assert await stub.door.open(3) == 3
    assert await stub.echo.echo(4) == 4
    echo = await house.echo
    assert await echo(RpcStub(lambda: 5))() == 5


@pytest.mark.asyncio
async def test_a_stub_refuses_private_names_and_use_after_dispose(house: Fetcher) -> None:
    stub = RpcStub(len)
    name = "_private"
    for each in (stub, stub.name, house.numbers()):
        with pytest.raises(AttributeError, match=name):
            getattr(each, name)
    assert stub.js_object is not None
    stub.dispose()
    stub.dispose()
    with pytest.raises(RpcError, match="used after being disposed"):
        stub.dup()
    with pytest.raises(RpcError, match="used after being disposed"):
        await stub.name


@pytest.mark.asyncio
async def test_a_cyclic_value_crosses(house: Fetcher) -> None:
    loop: dict[str, Any] = {"n": 1}
    loop["self"] = [loop]
    back = await house.echo(loop)
    assert back["self"][0] is back
    same = [1]
    first, second = await house.echo([same, same])
    assert first is second


@pytest.mark.asyncio
async def test_a_blob_crosses_and_a_form_does_not(house: Fetcher) -> None:
    blob = await house.echo(await Response("abc").blob())
    assert isinstance(blob, Blob)
    assert await blob.text() == "abc"
    with pytest.raises(RpcError, match='Could not serialize object of type "FormData"'):
        await house.echo(FormData())


@pytest.mark.asyncio
async def test_a_stream_that_is_being_read_cannot_be_sent(house: Fetcher) -> None:
    stream = Response("abc").body
    assert stream
    assert await stream.bytes() == b"abc"
    reader = stream.js_object.getReader()
    with pytest.raises(RpcError, match="locked to a reader"):
        await house.echo(stream)
    reader.releaseLock()


class Signatures(WorkerEntrypoint):
    async def plain(self, a: int, b: int = 2, c: int = 3) -> list[Any]:
        return [a, b, c]

    async def rest(self, a: int, *more: int) -> list[Any]:
        return [a, *more]

    async def named(self, a: int, **names: int) -> list[Any]:
        return [a, *map(list, names.items())]


@pytest.mark.asyncio
async def test_keywords_in_every_kind_of_signature() -> None:
    class SignaturesEnv(Env):
        IT: Service[Signatures]

    it = fake(SignaturesEnv).IT
    assert await it.plain(1, c=5) == [1, 2, 5]
    assert await it.plain(c=5, a=1) == [1, 2, 5]
    assert await it.plain(a=1) == [1, 2, 3]
    assert await it.rest(a=1) == [1]
    with pytest.raises(TypeError, match="multiple values for argument 'a'"):
        await it.rest(1, 2, a=3)  # type: ignore[misc]
    assert await it.named(1, b=2) == [1, ["b", 2]]
    assert await it.named(a=1) == [1]


class Fails(WorkerEntrypoint[Env]):
    async def fail(self) -> None:
        raise LookupError("never awaited")

    async def stop(self) -> None:
        raise SystemExit(3)

    async def wait(self) -> None:
        await asyncio.sleep(60)


class FailsEnv(Env):
    IT: Service[Fails]


@pytest.mark.asyncio
async def test_an_error_that_nobody_waited_for_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    env = fake(FailsEnv)
    with pytest.raises(RpcError) as caught:
        await env.IT.fail()
    assert isinstance(caught.value.__cause__, LookupError)  # with the traceback of where it was
    bare: Any = Service(env.js_object.IT)
    with pytest.raises(RpcError):
        await bare.fail().anything()
    del caught
    gc.collect()
    assert not caplog.records
    env.IT.fail()  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    for _ in range(100):  # turns of the loop: time would depend on how busy the machine is
        await asyncio.sleep(0)
    gc.collect()
    assert "exception was never retrieved" in caplog.text
    assert "LookupError: never awaited" in caplog.text


def test_system_exit_ends_the_program() -> None:
    async def main() -> None:
        await fake(FailsEnv).IT.stop()

    with pytest.raises(SystemExit):
        asyncio.run(main())


@pytest.mark.asyncio
async def test_private_names_do_not_cross(house: Fetcher) -> None:
    name = "_secret"
    for each in house, RpcStub(Door()):
        with pytest.raises(AttributeError, match="_secret: RPC cannot reach names"):
            getattr(each, name)


@pytest.mark.asyncio
async def test_a_call_can_be_cancelled() -> None:
    it = fake(FailsEnv).IT
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await it.wait()
    waiting = asyncio.ensure_future(it.wait())
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.asyncio
async def test_keywords_of_an_unknown_method_are_refused(house: Fetcher) -> None:
    for call in (house.numbers, RpcStub(len), house.numbers()):
        with pytest.raises(TypeError, match="keyword arguments need the signature"):
            call(a=1)


@pytest.mark.asyncio
async def test_bindings_and_unknown_objects_cannot_be_sent(house: Fetcher) -> None:
    with pytest.raises(ConversionError, match=r"argument 1 of echo\(\)\[1\]"):
        await house.echo([1, object()])
    with pytest.raises(RpcError, match="A KV namespace binding cannot be serialized"):
        await house.echo([fake(KV)])
