"""The tail Worker of test_handlers.py. It is also the origin of the main Worker."""

from __future__ import annotations

import asyncio
import re
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
    tail_stream,
)

seen: list[dict[str, Any]] = []
streams: list[list[Any]] = []
counts = {"items": 0, "streams": 0}
"""The number of items, and of ended streams, since the start."""


class Default(WorkerEntrypoint[Env]):
    async def fetch(self, request: Request) -> Response:
        match request.url.rpartition("/")[2]:
            case "counts":
                return Response.json(counts)
            case "streams":
                watched, streams[:] = [*streams], []
                return Response.json(watched)
            case "seen":
                items, seen[:] = [*seen], []
                return Response.json(items)
            case other:
                return Response(f"the origin of {request.method} {other}")

    async def tail(self, events: list[TraceItem]) -> None:
        seen.extend(map(summary_of, events))
        counts["items"] += len(events)

    async def tail_stream(
        self, onset: tail_stream.TailEvent[tail_stream.Onset]
    ) -> tail_stream.TailEventHandlerType | None:
        info = onset.event.info
        stream: list[Any] = [streamed(onset)]
        url = info.url if isinstance(info, tail_stream.FetchEventInfo) else ""
        streams.append(stream)
        if "deaf" in url or "number" in url or "begin" in url:
            counts["streams"] += 1  # this stream gets no more events
        if "deaf" in url:
            return None
        if "number" in url:
            return 1  # type: ignore[return-value]
        if "begin" in url:
            raise LookupError("the stream did not begin")
        if "object" in url:
            return Chosen(stream)

        def at_once(event: tail_stream.TailEvent[Any]) -> None:
            stream.append(streamed(event))
            counts["streams"] += isinstance(event.event, tail_stream.Outcome)

        async def more(event: tail_stream.TailEvent[Any]) -> None:
            stream.append(streamed(event))
            if "fails" in url:
                counts["streams"] += len(stream) == 2  # the first failure ends the stream
                raise LookupError("the stream broke")
            await asyncio.sleep(0.01)
            stream.append("later")
            counts["streams"] += isinstance(event.event, tail_stream.Outcome)

        return more if "later" in url or "fails" in url else at_once


class Chosen(tail_stream.TailEventHandlerObject):
    def __init__(self, stream: list[Any]) -> None:
        self.stream = stream

    def log(self, event: tail_stream.TailEvent[tail_stream.Log]) -> None:
        self.stream.append(streamed(event))

    async def outcome(self, event: tail_stream.TailEvent[tail_stream.Outcome]) -> None:
        await asyncio.sleep(0)
        self.stream.append(streamed(event))
        counts["streams"] += 1


def streamed(event: tail_stream.TailEvent[Any]) -> list[Any]:
    context = event.span_context
    return [
        event.sequence,
        [event.invocation_id, *context],
        event.timestamp.isoformat(),
        re.sub(r"(, )?type='\w+'", "", repr(event.event)),
    ]


def summary_of(item: TraceItem) -> dict[str, Any]:
    event: Any = item.event
    match event:
        case TraceItemFetchEventInfo(request, response):
            event = ["fetch", request.method, request.url, request.get_unredacted().url]
            event += ["host" in request.headers, response and response.status]
            event += [request.headers, request.get_unredacted().headers]
        case TraceItemScheduledEventInfo(time, cron):
            event = ["scheduled", cron, time.isoformat()]
        case TraceItemQueueEventInfo(queue, size):
            event = ["queue", queue, size]
        case TraceItemJsRpcEventInfo(method):
            event = ["rpc", method]
        case _:
            event = repr(event)
    timestamp = item.event_timestamp
    return {
        "event": event,
        "at": timestamp and timestamp.timestamp(),
        "outcome": item.outcome,
        "logs": [[log.level, log.message] for log in item.logs],
        "exceptions": [[error.name, error.message] for error in item.exceptions],
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
