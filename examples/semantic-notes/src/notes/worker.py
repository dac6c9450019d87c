"""The Worker: upload, search, and answers with their sources, as JSON or as a stream."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from pyworkers_sdk import AIError, Request, Response, VectorizeError, WorkerEntrypoint, WorkersError

from .answers import MAX_TOKENS, NOTHING, WRITER, messages
from .library import AppEnv, Library, SearchResult

if TYPE_CHECKING:
    from pyworkers_sdk import EventStream
    from pyworkers_sdk.ai.text_generation import TextGenerationEvent

MAX_BYTES = 200_000
MAX_TITLE = 100
MAX_QUESTION = 500

# Workers AI's timeout, daily limit and lack of capacity; Vectorize's rate limit.
BUSY = (3007, 3036, 3040, 40041)

logger = logging.getLogger(__name__)


class Rejected(Exception):
    """Raised to end a request with a status and the message as JSON."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        try:
            return await self._answer(request, urlsplit(request.url))
        except Rejected as error:
            rejection = error
        except WorkersError as error:
            logger.exception("%s %s", request.method, urlsplit(request.url).path)
            rejection = failure(error)
        body = {"error": str(rejection)}
        return Response.json(body, status=rejection.status, headers=rejection.headers)

    async def _answer(self, request: Request, url: SplitResult) -> Response:
        """Route a request. It branches often because each route is one case."""
        library = Library(self.env)
        match request.method, *url.path.split("/")[1:]:
            case "GET", "api", "notes":
                return Response.json({"notes": await library.newest()})
            case "POST", "api", "notes":
                title = parameter(request, "title", MAX_TITLE)
                note, is_new = await library.add(title, await text_of(request))
                return Response.json(note, status=201 if is_new else 200)
            case "GET", "api", "notes", note_id:
                text = await library.text(note_id, request) if is_id(note_id) else None
                if text is None:
                    raise Rejected(404, "note not found")
                response = text.response(request)
                response.headers["x-content-type-options"] = "nosniff"
                return response
            case "DELETE", "api", "notes", note_id:
                if not is_id(note_id) or not await library.delete(note_id):
                    raise Rejected(404, "note not found")
                return Response(status=204)
            case "GET", "api", "search":
                results = await library.search(parameter(request, "q", MAX_QUESTION))
                return Response.json({"found": results})
            case "GET", "api", "answer":
                question = parameter(request, "q", MAX_QUESTION)
                results = await library.search(question)
                if "text/event-stream" in request.headers.get("accept", ""):
                    return await self._streamed_answer(question, results)
                return await self._json_answer(question, results)
            case _, "api", "notes":
                raise Rejected(405, "use GET or POST", allow="GET, POST")
            case _, "api", "notes", _:
                raise Rejected(405, "use GET or DELETE", allow="GET, DELETE")
            case _, "api", "search" | "answer":
                raise Rejected(405, "use GET", allow="GET")
            case _:
                raise Rejected(404, "the API is at /api/notes, /api/search and /api/answer")

    async def _json_answer(self, question: str, results: Sequence[SearchResult]) -> Response:
        answer: str | None = NOTHING
        if results:
            prompt = messages(question, results)
            output = await self.env.AI.run(WRITER, {"messages": prompt, "max_tokens": MAX_TOKENS})
            answer = output.get("response")
        return Response.json({"answer": answer, "sources": results})

    async def _streamed_answer(self, question: str, results: Sequence[SearchResult]) -> Response:
        """Send server-sent events: ``sources``, each ``piece`` of the answer, then ``done``."""
        # Call the model before the response starts: if it fails now, the status can still be 502.
        pieces = None
        if results:
            prompt = messages(question, results)
            pieces = await self.env.AI.run(
                WRITER, {"messages": prompt, "max_tokens": MAX_TOKENS, "stream": True}
            )
        headers = {"content-type": "text/event-stream", "cache-control": "no-store"}
        return Response(events(results, pieces), headers=headers)


async def events(
    results: Sequence[SearchResult], pieces: EventStream[TextGenerationEvent] | None
) -> AsyncIterator[bytes]:
    yield event("sources", results)
    if pieces is None:
        yield event("piece", NOTHING)
    else:
        try:
            async for piece in pieces:
                if text := piece.get("response"):
                    yield event("piece", text)
        except WorkersError as error:
            logger.exception("an answer ended early")
            yield event("error", str(failure(error)))
            return
    yield event("done", None)


def event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def failure(error: WorkersError) -> Rejected:
    """Convert a binding's error to a rejection; the details are only in the log."""
    if not isinstance(error, (AIError, VectorizeError)):
        return Rejected(500, "something went wrong here")
    service = "the model" if isinstance(error, AIError) else "the index"
    if error.code in BUSY:
        return Rejected(503, f"{service} is busy; try again later", **{"retry-after": "30"})
    return Rejected(502, f"{service} failed")


def parameter(request: Request, name: str, max_length: int) -> str:
    text = request.query.get(name, "").strip()
    if not 0 < len(text) <= max_length or not text.isprintable():
        raise Rejected(422, f"{name}: expected 1 to {max_length} printable characters")
    return text


async def text_of(request: Request) -> str:
    """Return the body as text; stop reading as soon as it is too long."""
    data = bytearray()
    if request.body is not None:
        async for chunk in request.body:
            data += chunk
            if len(data) > MAX_BYTES:
                raise Rejected(413, f"the text: expected at most {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Rejected(422, "the text: expected UTF-8") from None
    if not text.strip() or "\0" in text:
        raise Rejected(422, "the text: expected text that is not empty and not binary")
    return text


def is_id(text: str) -> bool:
    return re.fullmatch("[0-9a-f]{32}", text) is not None
