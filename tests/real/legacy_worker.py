"""The Worker of test_handlers.py whose handlers are global functions."""

from __future__ import annotations

import asyncio
import sys

from pyworkers_sdk import (
    Env,
    ExecutionContext,
    MessageBatch,
    Request,
    Response,
    ScheduledController,
    TraceItem,
    handler,
)


class AppEnv(Env):
    SECRET: str


class Job(dict[str, int]):
    @classmethod
    def model_validate(cls, value: dict[str, int]) -> Job:
        return cls(value)


done: list[str] = []
left: list[str] = []
"""The pending work of ``wait_until``."""


@handler
async def on_fetch(request: Request, env: AppEnv, ctx: ExecutionContext) -> Response:
    if request.url.endswith("/raise"):
        raise LookupError("it broke")
    path, _, query = request.url.rpartition("/")[2].partition("?")
    if path == "done":
        finished, done[:] = [*done], []
        return Response.json(finished)
    if path == "left":
        return Response.json(len(left))
    if path == "mark":
        print(query)
        print(query, file=sys.stderr)
        return Response(status=204)
    left.append("later")
    ctx.wait_until(later())
    return Response(f"{request.method} {type(request).__module__} {len(env.SECRET)}")


async def later() -> None:
    await asyncio.sleep(0.05)
    done.append(left.pop())


@handler
def on_scheduled(controller: ScheduledController) -> None:
    done.append(f"scheduled {controller.cron}")


@handler
async def on_queue(batch: MessageBatch[Job], env: object) -> None:
    done.append(f"{batch.queue} {[type(message.body).__name__ for message in batch]}")


@handler
async def on_trace(traces: list[TraceItem]) -> None:
    done.append(f"{len(traces)} {traces[0].outcome}")
