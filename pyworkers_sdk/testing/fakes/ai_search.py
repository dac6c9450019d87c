"""AI Search over memory: ``FakeAiSearchNamespace`` and ``FakeAiSearchInstance``.

A stand-in: nothing of it was seen on the service. Shapes and defaults are those of its types and
its documentation; messages of errors are its own. What is searched are words, not meanings: a
chunk is a paragraph, and its score the share of the query's words that are in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from ..._border import from_js, raw, web
from ..._cpython.js_exception import JsException
from ...ai_search import AiSearchInstance, AiSearchNamespace
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from .ai_search_items import FakeAiSearchItems, FakeAiSearchJobs, not_found
from .text_search import page_of, share, stamp
from .vectorize_rules import leaves, tests_of

if TYPE_CHECKING:
    from ..config.config import Bound
    from ..config.sections import Worker

__all__ = [
    "AiSearchScript",
    "FakeAiSearchInstance",
    "FakeAiSearchNamespace",
    "ai_search",
    "configured",
]

Answer: TypeAlias = "Callable[[list[dict[str, Any]], list[dict[str, Any]]], str]"


class AiSearchScript:
    """What the model behind a fake of AI Search says; made by ``ai_search``."""

    def __init__(self) -> None:
        self.answer: Answer = _texts
        """Makes the text of an answer of a conversation's messages and the chunks that match."""


def _texts(messages: list[dict[str, Any]], chunks: list[dict[str, Any]]) -> str:
    return "\n".join(chunk["text"] for chunk in chunks)


@yields_to_others
class FakeAiSearchInstance:
    """JS: AiSearchInstance."""

    def __init__(
        self, *, clock: Clock | None = None, namespace: FakeAiSearchNamespace | None = None
    ) -> None:
        self.clock: Clock = clock or Clock()
        self.script: AiSearchScript = namespace.script if namespace else AiSearchScript()
        self._info: dict[str, Any] | None = None
        self._items = FakeAiSearchItems(self)
        self._jobs = FakeAiSearchJobs(self)
        if namespace is None:
            self._begin({"id": "instance"})

    def _begin(self, config: dict[str, Any]) -> None:
        now = stamp(self.clock)
        self._info = {**config, "status": "active", "created_at": now, "modified_at": now}

    def _there(self) -> dict[str, Any]:
        if self._info is None:
            raise not_found("instance")
        return self._info

    @property
    def items(self) -> FakeAiSearchItems:
        return self._items

    @property
    def jobs(self) -> FakeAiSearchJobs:
        return self._jobs

    async def info(self) -> Any:
        return dict(self._there())

    async def update(self, config: dict[str, Any], /) -> Any:
        self._there().update(from_js(config), modified_at=stamp(self.clock))
        return dict(self._there())

    async def stats(self) -> Any:
        self._there()
        held = [*self._items.held.values()]
        size = sum(len(item.data) for item in held)
        return {
            **dict.fromkeys(("queued", "running", "error", "skipped", "outdated"), 0),
            "completed": len(held),
            "last_activity": stamp(self.clock),
            "engine": {
                "r2": {"payloadSizeBytes": size, "metadataSizeBytes": 0, "objectCount": len(held)}
            },
        }

    async def search(self, params: dict[str, Any], /) -> Any:
        query = _query(params)
        return {"search_query": query, "chunks": self._found(query, params)}

    async def chatCompletions(self, params: dict[str, Any], /) -> Any:
        return _said(self.script, params, {"chunks": self._found(_query(params), params)})

    def _found(self, query: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        info = self._there()
        wanted = params.get("ai_search_options", {}).get("retrieval", {})
        least = wanted.get("match_threshold", info.get("score_threshold", 0.4))
        tests = tests_of(wanted.get("filters"))
        found: list[dict[str, Any]] = []
        for item in self._items.held.values():
            about = dict(leaves(item.metadata))
            if not all(test(about.get(path)) for path, test in tests.items()):
                continue
            for chunk in item.chunks():
                score = share(query, chunk["text"])
                if score and score >= least:
                    text = "" if wanted.get("metadata_only") else chunk["text"]
                    made = {"id": chunk["id"], "type": "text", "score": score, "text": text}
                    found.append({**made, "item": item.said()})
        found.sort(key=lambda chunk: -chunk["score"])
        return found[: int(wanted.get("max_num_results", info.get("max_num_results", 10)))]


@yields_to_others
class FakeAiSearchNamespace:
    """JS: AiSearchNamespace."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or Clock()
        self.script: AiSearchScript = AiSearchScript()
        self._instances: dict[str, FakeAiSearchInstance] = {}

    def get(self, name: str, /) -> FakeAiSearchInstance:
        return self._instances.get(name) or FakeAiSearchInstance(clock=self.clock, namespace=self)

    async def list(self, params: dict[str, Any], /) -> Any:
        infos = [await instance.info() for instance in self._instances.values()]
        found = [info for info in infos if params.get("search", "") in info["id"]]
        found.sort(
            key=lambda info: info["created_at"],
            reverse=params.get("order_by_direction", "asc") == "desc",
        )
        return page_of(found, params)

    async def create(self, config: dict[str, Any], /) -> FakeAiSearchInstance:
        name = str(config.get("id"))
        if not re.fullmatch(r"(?=.{1,32}\Z)[a-z0-9_]+(-[a-z0-9_]+)*", name):
            raise JsException("AiSearchInternalError", f"{name!r} is no id of an instance")
        if name in self._instances:
            raise JsException("AiSearchInternalError", f"there is an instance {name} already")
        made = FakeAiSearchInstance(clock=self.clock, namespace=self)
        made._begin(from_js(config))
        self._instances[name] = made
        return made

    async def delete(self, name: str, /) -> None:
        if name not in self._instances:
            raise not_found(f"instance {name}")
        del self._instances[name]

    async def search(self, params: dict[str, Any], /) -> Any:
        return {"search_query": _query(params), **self._merged(params)}

    async def chatCompletions(self, params: dict[str, Any], /) -> Any:
        return _said(self.script, params, self._merged(params))

    def _merged(self, params: dict[str, Any]) -> dict[str, Any]:
        query, chunks, errors = _query(params), list[dict[str, Any]](), list[dict[str, Any]]()
        for name in params["ai_search_options"]["instance_ids"]:
            try:
                found = self.get(name)._found(query, params)
            except JsException as error:
                errors.append({"instance_id": name, "message": error.message})
            else:
                chunks += [{**chunk, "instance_id": name} for chunk in found]
        chunks.sort(key=lambda chunk: -chunk["score"])
        return {"chunks": chunks, "errors": errors} if errors else {"chunks": chunks}


def _query(params: dict[str, Any]) -> str:
    if "query" in params:
        return str(params["query"])
    asked = [one["content"] for one in params["messages"] if one["role"] == "user"]
    if not (asked and asked[-1]):
        raise JsException("AiSearchInternalError", "there is no message of a user with content")
    return str(asked[-1])


def _said(script: AiSearchScript, params: dict[str, Any], found: dict[str, Any]) -> Any:
    text = script.answer(from_js(params["messages"]), found["chunks"])
    head = {"id": "chatcmpl-fake", "model": params.get("model", "fake")}
    if params.get("stream"):
        return web.ReadableStream(_events(head, text, found))
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    return {**head, "object": "chat.completion", "choices": [choice], **found}


async def _events(head: dict[str, Any], text: str, found: dict[str, Any]) -> AsyncIterator[bytes]:
    said = [{"choices": [{"delta": {"content": word}}]} for word in re.findall(r"\s*\S+", text)]
    for event in [found, *({**head, **one} for one in said)]:
        yield f"data: {json.dumps(event)}\n\n".encode()
    yield b"data: [DONE]\n\n"


def configured(bound: Bound, worker: Worker) -> FakeAiSearchInstance:
    """The instance that a configuration names: it is there, in the namespace "default"."""
    from ..config.sections import shared

    host, name = worker.script.host, bound.settings.instance_name
    namespace: FakeAiSearchNamespace = shared(
        host, "AiSearchNamespace", "default", FakeAiSearchNamespace
    )
    if name not in namespace._instances:
        made = FakeAiSearchInstance(clock=namespace.clock, namespace=namespace)
        made._begin({"id": name})
        namespace._instances[name] = made
    return namespace._instances[name]


def ai_search(binding: AiSearchInstance | AiSearchNamespace) -> AiSearchScript:
    """What the model behind a fake of AI Search says.

    ::

        ai_search(env.DOCS).answer = lambda messages, chunks: f"I read {len(chunks)} chunks"

    Unscripted it says what it read: the texts of the chunks that match.
    """
    script = getattr(raw(binding), "script", None)
    if not isinstance(script, AiSearchScript):
        raise TypeError(f"ai_search() takes one that fake() made, not {type(binding).__name__}")
    return script
