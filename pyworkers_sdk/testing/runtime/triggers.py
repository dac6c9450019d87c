"""The paths by which a client of the local runtime sends other events than requests.

The paths, their parameters and the texts of answers are miniflare's.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime, timezone
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from ...http import Request, Response

if TYPE_CHECKING:
    from .fake_runtime import FakeRuntime

__all__ = ["is_trigger", "triggered"]

_log = logging.getLogger(__name__)

PREFIX = "/cdn-cgi/handler/"
SCHEDULED = f"{PREFIX}scheduled"
LEGACY_SCHEDULED = "/cdn-cgi/mf/scheduled"
EMAIL = f"{PREFIX}email"

INCOMPLETE_EMAIL = (
    "Invalid email. Your request must include URL parameters specifying the `from` and `to` "
    "addresses, as well as an email in the body"
)
LARGE_EMAIL = (
    "Email message size is within the production size limit of 25MiB, but exceeds the lower 1Mib "
    "limit for testing locally."
)
NO_MESSAGE_ID = "Email could not be parsed: invalid or no message id provided"

_MAX_EMAIL = 2**20


def is_trigger(url: str) -> bool:
    """Return True if the path of a URL sends another event than a request."""
    path = urlsplit(url).path
    return path.startswith(PREFIX) or path == LEGACY_SCHEDULED


async def triggered(runtime: FakeRuntime[Any], request: Request) -> Response:
    """Send the event that the path of a request names, and return its outcome."""
    url = urlsplit(request.url)
    if _is_foreign(request, url.netloc):
        return Response("Forbidden", status=403)
    query = dict(reversed(parse_qsl(url.query, keep_blank_values=True)))
    if url.path in (SCHEDULED, LEGACY_SCHEDULED):
        return await _scheduled(runtime, query)
    if url.path == EMAIL:
        return await _email(runtime, query, request)
    text = f'"{url.path}" is not a valid handler. Did you mean to use "{SCHEDULED}" or "{EMAIL}"?'
    return Response(text, status=404)


def _is_foreign(request: Request, host: str) -> bool:
    """Return True if a web page of another origin sent the request."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return True
    return request.headers.get("sec-fetch-site") in ("cross-site", "same-site")


async def _scheduled(runtime: FakeRuntime[Any], query: dict[str, str]) -> Response:
    number = re.match(r"\s*[+-]?\d+", query.get("time", ""))
    time = datetime.fromtimestamp(int(number[0]) / 1000, timezone.utc) if number else None
    try:
        result = await runtime.scheduled(query.get("cron") or None, scheduled_time=time)
    except ValueError as error:  # a trigger that is not configured
        return Response(str(error), status=400)
    except Exception:
        _log.exception("in the scheduled handler")
        outcome, no_retry = "exception", False
    else:
        outcome, no_retry = result
    status = 200 if outcome == "ok" else 500
    if query.get("format") == "json":
        return Response.json({"outcome": outcome, "noRetry": no_retry}, status=status)
    return Response(outcome, status=status)


async def _email(runtime: FakeRuntime[Any], query: dict[str, str], request: Request) -> Response:
    sender, to, source = query.get("from"), query.get("to"), await request.bytes()
    if not (sender and to and source):
        return Response(INCOMPLETE_EMAIL, status=400)
    if len(source) > _MAX_EMAIL:
        return Response(LARGE_EMAIL, status=400)
    if BytesHeaderParser().parsebytes(source)["message-id"] is None:
        return Response(NO_MESSAGE_ID, status=400)
    try:
        result = await runtime.email(source, from_=sender, to=to)
    except Exception:
        if query.get("format") != "json":
            raise
        _log.exception("in the email handler")
        empty: list[Any] = []
        return Response.json({"outcome": "exception", "forwards": empty, "replies": empty})
    if query.get("format") == "json":
        return Response.json(_outcome(result))
    if result.outcome != "ok":
        return Response("Internal Server Error", status=500)
    if result.reject_reason is not None:
        text = f"Worker rejected email with the following reason: {result.reject_reason}"
        return Response(text, status=400)
    return Response("Worker successfully processed email")


def _outcome(result: Any) -> dict[str, Any]:
    reason = result.reject_reason
    return {
        "outcome": result.outcome,
        **({} if reason is None else {"rejectReason": reason}),
        "forwards": [
            {"recipient": each.rcpt_to, "headers": each.headers, "messageId": each.message_id}
            for each in result.forwards
        ],
        "replies": [
            {
                "messageId": each.message_id,
                "sender": each.from_,
                "raw": each.raw.decode(errors="replace"),
            }
            for each in result.replies
        ],
    }
