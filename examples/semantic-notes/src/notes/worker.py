"""The Worker: upload, search, and answers with their sources, at once or as a stream."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from pyworkers_sdk import AIError, Request, Response, VectorizeError, WorkerEntrypoint, WorkersError

from .answers import MAX_TOKENS, NOTHING, WRITER, messages
from .library import AppEnv, Found, Library

if TYPE_CHECKING:
    from pyworkers_sdk import EventStream
    from pyworkers_sdk.ai.text_generation import TextGenerationEvent

MAX_BYTES = 200_000
MAX_TITLE = 100
MAX_QUESTION = 500

BUSY = (3007, 3036, 3040, 40041)

logger = logging.getLogger(__name__)


class Refused(Exception):
    """Ends a request with this status, and with the message as JSON."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        try:
            return await self._answer(request, urlsplit(request.url))
        except Refused as error:
            refused = error
        except WorkersError as error:
            logger.exception("%s %s", request.method, urlsplit(request.url).path)
            refused = failure(error)
        body = {"error": str(refused)}
        return Response.json(body, status=refused.status, headers=refused.headers)

    async def _answer(self, request: Request, url: SplitResult) -> Response:
        """Route a request. It branches often because each route is one case."""
        library = Library(self.env)
        match request.method, *url.path.split("/")[1:]:
            case "GET", "api", "notes":
                return Response.json({"notes": await library.newest()})
            case "POST", "api", "notes":
                title = parameter(url, "title", MAX_TITLE)
                note, is_new = await library.add(title, await text_of(request))
                return Response.json(note, status=201 if is_new else 200)
            case "GET", "api", "notes", note_id:
                text = await library.text(note_id) if is_id(note_id) else None
                if text is None:
                    raise Refused(404, "no such note")
                headers = {
                    "content-type": "text/plain;charset=utf-8",
                    "x-content-type-options": "nosniff",
                }
                return Response(text.body, headers=headers)
            case "DELETE", "api", "notes", note_id:
                if not is_id(note_id) or not await library.delete(note_id):
                    raise Refused(404, "no such note")
                return Response(status=204)
            case "GET", "api", "search":
                found = await library.search(parameter(url, "q", MAX_QUESTION))
                return Response.json({"found": found})
            case "GET", "api", "answer":
                question = parameter(url, "q", MAX_QUESTION)
                found = await library.search(question)
                if "text/event-stream" in request.headers.get("accept", ""):
                    return await self._stream(question, found)
                return await self._whole(question, found)
            case _, "api", "notes":
                raise Refused(405, "use GET or POST", allow="GET, POST")
            case _, "api", "notes", _:
                raise Refused(405, "use GET or DELETE", allow="GET, DELETE")
            case _, "api", "search" | "answer":
                raise Refused(405, "use GET", allow="GET")
            case _:
                raise Refused(404, "there are /api/notes, /api/search and /api/answer")

    async def _whole(self, question: str, found: Sequence[Found]) -> Response:
        answer: str | None = NOTHING
        if found:
            prompt = messages(question, found)
            result = await self.env.AI.run(WRITER, {"messages": prompt, "max_tokens": MAX_TOKENS})
            answer = result.get("response")
        return Response.json({"answer": answer, "sources": found})

    async def _stream(self, question: str, found: Sequence[Found]) -> Response:
        """Send events: ``sources``, then each ``piece`` of the answer, then ``done``."""
        # Call the model before the response begins, so that a refusal can set the status.
        pieces = None
        if found:
            prompt = messages(question, found)
            pieces = await self.env.AI.run(
                WRITER, {"messages": prompt, "max_tokens": MAX_TOKENS, "stream": True}
            )
        headers = {"content-type": "text/event-stream", "cache-control": "no-store"}
        return Response(events(found, pieces), headers=headers)


async def events(
    found: Sequence[Found], pieces: EventStream[TextGenerationEvent] | None
) -> AsyncIterator[bytes]:
    yield event("sources", found)
    if pieces is None:
        yield event("piece", NOTHING)
    else:
        try:
            async for piece in pieces:
                if text := piece.get("response"):
                    yield event("piece", text)
        except WorkersError as error:
            logger.exception("an answer broke off")
            yield event("error", str(failure(error)))
            return
    yield event("done", None)


def event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def failure(error: WorkersError) -> Refused:
    """Return the error for the client. It has no details; those are only in the log."""
    if not isinstance(error, (AIError, VectorizeError)):
        return Refused(500, "something went wrong here")
    service = "the model" if isinstance(error, AIError) else "the index"
    if error.code in BUSY:
        return Refused(
            503, f"{service} has too much to do, try again later", **{"retry-after": "30"}
        )
    return Refused(502, f"{service} failed")


def parameter(url: SplitResult, name: str, most: int) -> str:
    text = parse_qs(url.query).get(name, [""])[-1].strip()
    if not 0 < len(text) <= most or not text.isprintable():
        raise Refused(422, f"{name}: expected 1 to {most} printable characters")
    return text


async def text_of(request: Request) -> str:
    """Read the body as text, and stop as soon as it is too long."""
    data = bytearray()
    if request.body is not None:
        async for chunk in request.body:
            data += chunk
            if len(data) > MAX_BYTES:
                raise Refused(413, f"the text: expected at most {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(422, "the text: expected UTF-8") from None
    if not text.strip() or "\0" in text:
        raise Refused(422, "the text: expected text that is not empty and not binary")
    return text


def is_id(text: str) -> bool:
    return re.fullmatch("[0-9a-f]{32}", text) is not None
