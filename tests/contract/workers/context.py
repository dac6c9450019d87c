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

    async def newer(self) -> list[str]:
        messages: list[str] = []
        tracing = self.ctx.tracing
        for call in (tracing.get_active_span, lambda: tracing.start_span("a").update_name("b")):
            try:
                call()
            except WorkersError as error:
                messages.append(str(error))
        return messages
