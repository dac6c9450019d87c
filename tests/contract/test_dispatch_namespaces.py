"""The Workers of a dispatch namespace."""

from __future__ import annotations

from typing import Any

from pyworkers_sdk import ConversionError, Request, ResourceLimits, WorkersError
from tests.contract.kit import World, cases, raises
from tests.contract.workers import AppEnv

OPTIONS: dict[str, Any] = {
    "nothing": ({}, {}, {}),
    "limits": (
        {"limits": ResourceLimits(cpu_ms=10, sub_requests=5)},
        {},
        {"limits": {"cpuMs": 10, "subRequests": 5}},
    ),
    "one limit": ({"limits": ResourceLimits(sub_requests=5)}, {}, {"limits": {"subRequests": 5}}),
    "outbound": ({"outbound": {"a": {"b": None}}}, {}, {"outbound": {"a": {"b": None}}}),
    "args": ({"args": {"plan": "pro"}}, {"plan": "pro"}, {}),
}


@cases(OPTIONS)
async def test_a_worker_is_called_with_its_options(app: AppEnv, case: Any, world: World) -> None:
    arguments, args, options = case
    worker = app.USERS.get("echo", **arguments)
    response = await worker.fetch("https://echo.example/a?b", method="POST", body="é")
    echo = await response.json()
    assert (echo["method"], echo["url"], echo["body"]) == ("POST", "https://echo.example/a?b", "é")
    assert response.headers["X-Worker"] == "echo"
    if world.engine != "fake":  # which has no use for them
        assert (echo["args"], echo["options"]) == (args, options)


async def test_an_unknown_worker_fails_the_fetch(app: AppEnv) -> None:
    worker = app.USERS.get("nobody")
    with raises(WorkersError, match="^Worker not found"):
        await worker.fetch(Request("https://nobody.example/"))


async def test_invalid_arguments_are_refused(app: AppEnv) -> None:
    with raises(ConversionError, match="^name: expected str, got int$"):
        app.USERS.get(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with raises(ConversionError, match="^args.a: "):
        app.USERS.get("echo", {"a": object()})
