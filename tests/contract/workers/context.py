"""A Worker that uses the members of its ``ctx``."""

from __future__ import annotations

import asyncio
from typing import Any

from pyworkers_sdk import Span, WorkerEntrypoint, WorkersError

__all__ = ["Around"]


class Around(WorkerEntrypoint):
    async def identity(self) -> list[Any] | None:
        access = self.ctx.access
        return None if access is None else [access.aud, await access.get_identity()]

    async def purge(self) -> bool | None:
        cache = self.ctx.cache
        if cache is None:
            return None
        await cache.invalidate(purge_everything=True)
        result = await cache.purge(tags=("a", "b"), path_prefixes=["/c"])
        return result.success and result.errors == []

    async def spans(self) -> list[Any]:
        tracing = self.ctx.tracing
        seen: list[Any] = []

        def plain(span: Span, number: int, *, more: int) -> int:
            seen.append(span.set_attribute("a", 1))
            return number + more

        async def later(span: Span, number: int) -> int:
            await asyncio.sleep(0)
            seen.append(span.set_attributes({"b": True, "c": None}))
            return number

        def fail(span: Span) -> None:
            raise LookupError("no")

        async def fail_later(span: Span) -> None:
            await asyncio.sleep(0)
            raise LookupError("later")

        results: list[Any] = [
            tracing.enter_span("plain", plain, 1, more=2),
            await tracing.enter_span("later", later, 4),
            tracing.start_active_span("plain", plain, 5, more=0),
            await tracing.start_active_span("later", later, 6),
        ]
        for failing in (fail, fail_later):
            try:
                result: Any = tracing.enter_span("fails", failing)
                await result
            except LookupError as error:
                results.append(str(error))
        seen[2].end()
        seen[3].end()
        return [*results, [span.is_traced for span in seen]]

    async def span_members(self) -> list[Any]:
        span = self.ctx.tracing.start_span("a")
        results: list[Any] = [
            [*span.span_context()],
            span.update_name("b") is span,
            span.set_status("error", "é").set_status("ok") is span,
        ]
        span.record_exception(LookupError("no"))
        try:
            span.set_status("bad")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        except WorkersError as error:
            results.append(f"{error.js_name}: {error}")
        return results

    async def active_spans(self) -> list[str]:
        tracing = self.ctx.tracing
        seen: list[str] = []

        def look(*_: Span) -> None:
            seen.append(type(tracing.get_active_span()).__name__)

        async def look_later() -> None:
            await asyncio.sleep(0)
            look()

        look()
        tracing.enter_span("a", look)
        tracing.start_active_span("b", look)
        tracing.with_active_span(tracing.start_span("c"), look)
        await tracing.with_active_span(tracing.start_span("d"), look_later)
        look()
        return seen
