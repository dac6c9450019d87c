"""Collect one pytest item for each contract check, case and world, and run it in that world."""

from __future__ import annotations

import functools
import inspect
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract import kit
from tests.real.worlds import WorldError, Worlds

SKIP_REAL = os.environ.get("PYWORKERS_SKIP_REAL") == "1"
worlds_key = pytest.StashKey[Worlds]()
place_key = pytest.StashKey[str]()


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Item] | None:
    if not (name.startswith("test_") and inspect.iscoroutinefunction(obj)):
        return None
    return list(_items(collector, name, obj))


def _items(collector: pytest.Collector, name: str, check: kit.Check) -> Iterator[pytest.Item]:
    try:
        kit.parameters(check)
    except TypeError as error:
        raise collector.CollectError(str(error)) from None
    for world in _selected(collector.config):
        for case in kit.marks(check).cases or [None]:
            run = _in_fake if world.engine == "fake" else _in_real
            item = pytest.Function.from_parent(
                collector,
                name=f"{name}[{world.name}{'' if case is None else f'-{case}'}]",
                callobj=run(check, world, case, collector.config),
            )
            reason = kit.why_not(check, world)
            if reason is None and SKIP_REAL and world.engine != "fake":
                reason = "PYWORKERS_SKIP_REAL=1"
            if reason is not None:
                item.add_marker(pytest.mark.skip(reason=reason))
            elif world.engine != "fake":
                item.stash[place_key] = world.name
            yield item


def _selected(config: pytest.Config) -> list[kit.World]:
    names = config.getoption("--world") or os.environ.get("PYWORKERS_WORLDS", "").split()
    if unknown := set(names) - set(kit.WORLDS):
        raise pytest.UsageError(f"PYWORKERS_WORLDS: unknown world {', '.join(sorted(unknown))}")
    return [kit.World(name) for name in kit.WORLDS if not names or name in names]


def _like(check: kit.Check, run: Callable[..., Any]) -> Callable[..., Any]:
    # pytest reports the check's line in the file, but must not take its parameters for fixtures.
    functools.update_wrapper(run, check)
    run.__signature__ = inspect.Signature()  # type: ignore[attr-defined]
    return run


def _in_fake(
    check: kit.Check, world: kit.World, case: str | None, config: pytest.Config
) -> Callable[..., Any]:
    async def run() -> None:
        try:
            await kit.call(check, world, kit.FakeEnv(), case)
        except kit.Skipped as reason:
            raise pytest.skip.Exception(str(reason), _use_item_location=True) from None

    marked: Callable[..., Any] = pytest.mark.asyncio(_like(check, run))
    return marked


def _in_real(
    check: kit.Check, world: kit.World, case: str | None, config: pytest.Config
) -> Callable[..., Any]:
    def run() -> None:
        where = f"{check.__module__}:{check.__name__}"
        try:
            outcome = config.stash[worlds_key].run(world.name, where, case)
        except WorldError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        if outcome["outcome"] == "skipped":
            raise pytest.skip.Exception(outcome["text"], _use_item_location=True)
        if outcome["outcome"] != "passed":
            pytest.fail(outcome["text"], pytrace=False)

    return _like(check, run)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Run world after world. The fake world is first, because the real ones take time to start.
    order = {name: number for number, name in enumerate(kit.WORLDS)}
    items.sort(key=lambda item: order.get(item.stash.get(place_key, ""), 0))


def pytest_collection_finish(session: pytest.Session) -> None:
    needed = dict.fromkeys(item.stash.get(place_key, "") for item in session.items)
    needed.pop("", None)
    if not needed or session.config.option.collectonly:
        return
    if shutil.which("node") is None:
        pytest.exit(
            "node is not installed, and contract checks must run in the real worlds too.\n"
            "Install Node 20 or later, or set PYWORKERS_SKIP_REAL=1 to skip those worlds.",
            returncode=3,
        )
    session.config.stash[worlds_key] = worlds = Worlds()
    worlds.prepare(needed)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if worlds_key in session.config.stash:
        session.config.stash[worlds_key].stop()
