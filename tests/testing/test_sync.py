"""``run_sync`` on plain CPython: where it cannot work, and the ends of the event loop."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from pyworkers_sdk import KV, WorkersError, run_sync
from pyworkers_sdk.testing import FakeRuntime, fake


async def later(value: Any, seconds: float = 0.001) -> Any:
    await asyncio.sleep(seconds)
    return value


def test_run_sync_without_a_running_loop_says_what_to_do() -> None:
    with pytest.raises(WorkersError, match="got code at import, in a thread"):
        run_sync(later(1))


def test_run_sync_in_a_thread_says_what_to_do() -> None:
    errors: list[Exception] = []

    def work() -> None:
        try:
            run_sync(later(1))
        except WorkersError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "got code at import, in a thread" in str(errors[0])


def test_run_sync_at_import_of_a_worker_is_refused_also_within_a_loop(tmp_path: Path) -> None:
    (tmp_path / "waits.py").write_text(
        "import asyncio\nfrom pyworkers_sdk import run_sync\nrun_sync(asyncio.sleep(0))\n"
    )
    (tmp_path / "wrangler.jsonc").write_text(
        '{"name": "waits", "main": "waits.py", "compatibility_date": "2026-09-08",'
        ' "compatibility_flags": ["python_workers"]}'
    )

    async def main() -> None:
        with pytest.raises(Exception, match="got code at import, in a thread"):
            FakeRuntime.from_config(tmp_path / "wrangler.jsonc")
        assert run_sync(later("still here")) == "still here"

    asyncio.run(main())


def test_run_sync_without_greenlet_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "greenlet", None)

    async def main() -> None:
        with pytest.raises(WorkersError, match=r"install pyworkers-sdk\[testing\]"):
            run_sync(later(1))

    asyncio.run(main())


def test_run_sync_on_another_event_loop_says_what_to_do() -> None:
    def call() -> None:
        with pytest.raises(WorkersError, match="expected an event loop of asyncio, got "):
            run_sync(later(1))

    class Other:
        """An event loop that is not asyncio's own, such as uvloop's."""

    loop: Any = Other()
    asyncio._set_running_loop(loop)
    try:
        call()
    finally:
        asyncio._set_running_loop(None)


@pytest.mark.parametrize("debug", [False, True])
def test_run_sync_works_in_several_loops_one_after_the_other(debug: bool) -> None:
    kv = fake(KV)

    async def main(number: int) -> None:
        async def one(name: str) -> None:
            run_sync(kv.put(name, str(number)))
            await asyncio.sleep(0)
            assert run_sync(kv.get(name)) == str(number)

        await asyncio.gather(*(one(f"key{number}") for number in range(5)))

    for number in range(3):
        asyncio.run(main(number), debug=debug)


def test_loop_that_ends_cancels_whoever_still_waits() -> None:
    ended: list[str] = []

    async def waits() -> None:
        try:
            run_sync(later(1, 1000))
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def main() -> str:
        tasks = [asyncio.ensure_future(waits()) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in tasks)
        return "done"

    assert asyncio.run(main()) == "done"
    assert ended == ["cancelled"] * 3


def test_exception_that_ends_the_program_leaves_the_loop() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.01, interrupt)
        run_sync(later(1, 1000))

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())


def test_callbacks_of_the_loop_run_once_each() -> None:
    seen: list[int] = []

    async def waits(number: int) -> None:
        for turn in range(5):
            asyncio.get_running_loop().call_soon(seen.append, number * 10 + turn)
            run_sync(asyncio.sleep(0))
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*map(waits, range(10)))

    asyncio.run(main())
    assert sorted(seen) == sorted(number * 10 + turn for number in range(10) for turn in range(5))
