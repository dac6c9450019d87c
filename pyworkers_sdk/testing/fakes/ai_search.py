"""AI Search over memory: ``FakeAiSearchNamespace`` and ``FakeAiSearchInstance``.

Nothing of this fake was verified against the service. Shapes and defaults follow Cloudflare's types
and documentation; error messages are the fake's own. It compares words in place of embeddings: a
chunk is a paragraph, and its score is the share of the query's words that it contains.
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

# 1 to 32 characters; a hyphen stands between others.
INSTANCE_ID = re.compile(r"(?=.{1,32}\Z)[a-z0-9_]+(-[a-z0-9_]+)*")

# The defaults that the documentation of the search options gives.
MATCH_THRESHOLD = 0.4
MAX_NUM_RESULTS = 10

# The stand-in of the real worlds (tests/real/stand_ins/ai_search.mjs) has the same messages.
INVALID_ID = "{!r} is no id of an instance"
INSTANCE_EXISTS = "there is an instance {} already"
NO_USER_MESSAGE = "there is no message of a user with content"

Answer: TypeAlias = "Callable[[list[dict[str, Any]], list[dict[str, Any]]], str]"


class AiSearchScript:
    """The script of one binding, returned by ``ai_search``."""

    def __init__(self) -> None:
        self.answer: Answer = _texts
        """The function that returns the model's answer to the messages and matching chunks."""


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
        self._items = FakeAiSearchItems(self.clock, self.exists)
        self._jobs = FakeAiSearchJobs(self.clock, self.exists)
        # An instance that is bound without a namespace exists from the start.
        if namespace is None:
            self.begin({"id": "instance"})

    def begin(self, config: dict[str, Any]) -> None:
        """Let the instance exist, with these settings."""
        now = stamp(self.clock)
        self._info = {**config, "status": "active", "created_at": now, "modified_at": now}

    def exists(self) -> bool:
        return self._info is not None

    def _settings(self) -> dict[str, Any]:
        # A namespace returns a handle for any name, so each method checks that the instance exists.
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
        return dict(self._settings())

    async def update(self, config: dict[str, Any], /) -> Any:
        self._settings().update(from_js(config), modified_at=stamp(self.clock))
        return dict(self._settings())

    async def stats(self) -> Any:
        self._settings()
        items = [*self._items.stored.values()]
        size = sum(len(item.data) for item in items)
        return {
            **dict.fromkeys(("queued", "running", "error", "skipped", "outdated"), 0),
            "completed": len(items),  # every item is indexed at once
            "last_activity": stamp(self.clock),
            "engine": {
                "r2": {"payloadSizeBytes": size, "metadataSizeBytes": 0, "objectCount": len(items)}
            },
        }

    async def search(self, params: dict[str, Any], /) -> Any:
        query = _query(params)
        return {"search_query": query, "chunks": self.matching_chunks(query, params)}

    async def chatCompletions(self, params: dict[str, Any], /) -> Any:
        chunks = self.matching_chunks(_query(params), params)
        return _completion(self.script, params, {"chunks": chunks})

    def matching_chunks(self, query: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks that match, best first. Options of the search win over settings."""
        settings = self._settings()
        options = params.get("ai_search_options", {}).get("retrieval", {})
        threshold = options.get("match_threshold", settings.get("score_threshold", MATCH_THRESHOLD))
        most = options.get("max_num_results", settings.get("max_num_results", MAX_NUM_RESULTS))
        tests = tests_of(options.get("filters"))
        matches: list[dict[str, Any]] = []
        for item in self._items.stored.values():
            metadata = dict(leaves(item.metadata))
            if not all(test(metadata.get(path)) for path, test in tests.items()):
                continue
            for chunk in item.chunks():
                score = share(query, chunk["text"])
                if score and score >= threshold:
                    text = "" if options.get("metadata_only") else chunk["text"]
                    match = {"id": chunk["id"], "type": "text", "score": score, "text": text}
                    matches.append({**match, "item": item.reference()})
        # The sort is stable: chunks with the same score keep their order.
        matches.sort(key=lambda match: -match["score"])
        return matches[: int(most)]


@yields_to_others
class FakeAiSearchNamespace:
    """JS: AiSearchNamespace."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or Clock()
        self.script: AiSearchScript = AiSearchScript()
        self.instances: dict[str, FakeAiSearchInstance] = {}

    def get(self, name: str, /) -> FakeAiSearchInstance:
        return self.instances.get(name) or FakeAiSearchInstance(clock=self.clock, namespace=self)

    async def list(self, params: dict[str, Any], /) -> Any:
        infos = [await instance.info() for instance in self.instances.values()]
        matches = [info for info in infos if params.get("search", "") in info["id"]]
        matches.sort(
            key=lambda info: info["created_at"],
            reverse=params.get("order_by_direction", "asc") == "desc",
        )
        return page_of(matches, params)

    async def create(self, config: dict[str, Any], /) -> FakeAiSearchInstance:
        name = str(config.get("id"))
        if not INSTANCE_ID.fullmatch(name):
            raise JsException("AiSearchInternalError", INVALID_ID.format(name))
        if name in self.instances:
            raise JsException("AiSearchInternalError", INSTANCE_EXISTS.format(name))
        return self.add(name, from_js(config))

    def add(self, name: str, config: dict[str, Any]) -> FakeAiSearchInstance:
        instance = FakeAiSearchInstance(clock=self.clock, namespace=self)
        instance.begin(config)
        self.instances[name] = instance
        return instance

    async def delete(self, name: str, /) -> None:
        if name not in self.instances:
            raise not_found(f"instance {name}")
        del self.instances[name]

    async def search(self, params: dict[str, Any], /) -> Any:
        return {"search_query": _query(params), **self._matches_of_instances(params)}

    async def chatCompletions(self, params: dict[str, Any], /) -> Any:
        return _completion(self.script, params, self._matches_of_instances(params))

    def _matches_of_instances(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return the chunks of all instances, best first, and the errors of failed instances."""
        query = _query(params)
        chunks: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for name in params["ai_search_options"]["instance_ids"]:
            # One instance that fails does not fail the search.
            try:
                matches = self.get(name).matching_chunks(query, params)
            except JsException as error:
                errors.append({"instance_id": name, "message": error.message})
            else:
                chunks += [{**chunk, "instance_id": name} for chunk in matches]
        chunks.sort(key=lambda chunk: -chunk["score"])
        return {"chunks": chunks, "errors": errors} if errors else {"chunks": chunks}


# Queries and answers -----------------------------------------------------------------------------


def _query(params: dict[str, Any]) -> str:
    """Return the query, or the last message of the user."""
    if "query" in params:
        return str(params["query"])
    texts = [message["content"] for message in params["messages"] if message["role"] == "user"]
    if not (texts and texts[-1]):
        raise JsException("AiSearchInternalError", NO_USER_MESSAGE)
    return str(texts[-1])


def _completion(script: AiSearchScript, params: dict[str, Any], matches: dict[str, Any]) -> Any:
    text = script.answer(from_js(params["messages"]), matches["chunks"])
    head = {"id": "chatcmpl-fake", "model": params.get("model", "fake")}
    if params.get("stream"):
        return web.ReadableStream(_events(head, text, matches))
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    return {**head, "object": "chat.completion", "choices": [choice], **matches}


async def _events(head: dict[str, Any], text: str, matches: dict[str, Any]) -> AsyncIterator[bytes]:
    """Yield the chunks, then the text word by word, then the end marker."""
    words = re.findall(r"\s*\S+", text)
    deltas = [{**head, "choices": [{"delta": {"content": word}}]} for word in words]
    for event in [matches, *deltas]:
        yield f"data: {json.dumps(event)}\n\n".encode()
    yield b"data: [DONE]\n\n"


# Bindings ----------------------------------------------------------------------------------------


def configured(bound: Bound, worker: Worker) -> FakeAiSearchInstance:
    """Return the instance that a configuration names; it exists, in the namespace "default"."""
    # An import at the top would make a circle: sections load this module by its name.
    from ..config.sections import shared

    host, name = worker.script.host, bound.settings.instance_name
    namespace: FakeAiSearchNamespace = shared(
        host, "AiSearchNamespace", "default", FakeAiSearchNamespace
    )
    return namespace.instances.get(name) or namespace.add(name, {"id": name})


def ai_search(binding: AiSearchInstance | AiSearchNamespace) -> AiSearchScript:
    """Script the answers of the model behind a fake AI Search binding.

    ::

        ai_search(env.DOCS).answer = lambda messages, chunks: f"I read {len(chunks)} chunks"

    Without a script, the answer is the texts of the matching chunks.

    Raises:
        TypeError: ``binding`` is not an AI Search binding that ``fake()`` returned.
    """
    script = getattr(raw(binding), "script", None)
    if not isinstance(script, AiSearchScript):
        type_name = type(binding).__name__
        raise TypeError(
            f"ai_search(): expected an AI Search binding that fake() made, got {type_name}"
        )
    return script
