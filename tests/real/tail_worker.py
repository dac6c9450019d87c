"""The tail Worker of test_handlers.py, which is its origin too."""

from __future__ import annotations

from typing import Any

from pyworkers_sdk import (
    Env,
    Request,
    Response,
    TraceItem,
    TraceItemFetchEventInfo,
    TraceItemJsRpcEventInfo,
    TraceItemQueueEventInfo,
    TraceItemScheduledEventInfo,
    WorkerEntrypoint,
)

seen: list[dict[str, Any]] = []


class Default(WorkerEntrypoint[Env]):
    async def fetch(self, request: Request) -> Response:
        if not request.url.endswith("/seen"):
            return Response(f"the origin of {request.method} {request.url.rpartition('/')[2]}")
        told, seen[:] = [*seen], []
        return Response.json(told)

    async def tail(self, events: list[TraceItem]) -> None:
        seen.extend(map(said, events))


def said(item: TraceItem) -> dict[str, Any]:
    event: Any = item.event
    match event:
        case TraceItemFetchEventInfo(request, response):
            event = ["fetch", request.method, request.url, request.get_unredacted().url]
            event += ["host" in request.headers, response and response.status]
        case TraceItemScheduledEventInfo(time, cron):
            event = ["scheduled", cron, time.isoformat()]
        case TraceItemQueueEventInfo(queue, size):
            event = ["queue", queue, size]
        case TraceItemJsRpcEventInfo(method):
            event = ["rpc", method]
        case _:
            event = repr(event)
    at = item.event_timestamp
    return {
        "event": event,
        "at": at and at.timestamp(),
        "outcome": item.outcome,
        "logs": [[log.level, log.message] for log in item.logs],
        "exceptions": [[one.name, one.message] for one in item.exceptions],
        "model": item.execution_model,
        "times": [item.cpu_time, item.wall_time, item.truncated],
        "rest": [
            item.script_name,
            item.entrypoint,
            item.script_version,
            item.script_tags,
            item.dispatch_namespace,
            item.durable_object_id,
            item.tail_attributes,
            item.diagnostics_channel_events,
        ],
    }
