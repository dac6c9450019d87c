"""The response that serves an object: conditions and ranges of RFC 9110.

The first half is pure: it decides from headers, an etag, a time and a size.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .._border import platform, prop, raising, stream_from, web
from .._http_dates import http_date, parse_http_date
from ..errors import StreamError
from ..http import Request, Response
from ..streams import ReadableStream

if TYPE_CHECKING:
    from .objects import R2Object, R2ObjectBody

__all__ = [
    "condition_status",
    "discard",
    "if_range_holds",
    "is_other_part",
    "requested_range",
    "serve",
]

_raising = raising(StreamError)

_Header: TypeAlias = "Callable[[str], str | None]"
_Part: TypeAlias = "tuple[int, int]"
"""The first byte, and the number of bytes."""

# An etag or a wildcard of a list, with the commas before it. A list ends at the first other text,
# as in R2's own conditions.
_ETAG = re.compile(r'[ \t,]*(?:(?P<any>\*)|(?P<weak>W/)?"(?P<tag>[^"]*)")[ \t]*(?=,|$)')
_RANGE = re.compile(r"[ \t]*([0-9]*)[ \t]*-[ \t]*([0-9]*)[ \t]*")


def condition_status(method: str, header: _Header, etag: str, uploaded: datetime) -> int:
    """Return 200 if the conditions of a request hold, or else 304 or 412.

    The order is that of RFC 9110, section 13.2.2. An invalid date is ignored, and an invalid etag
    matches nothing.

    Args:
        method: The method of the request, in upper case.
        header: Returns the value of a header of the request.
        etag: The object's etag without quotes. It is a strong one.
        uploaded: The time of the object's upload, aware.
    """
    is_read = method in ("GET", "HEAD")
    modified = uploaded.replace(microsecond=0)
    if (if_match := header("if-match")) is not None:
        if not _matches(if_match, etag, weak=False):
            return 412
    elif (until := _date(header("if-unmodified-since"))) and modified > until:
        return 412
    if (if_none_match := header("if-none-match")) is not None:
        if _matches(if_none_match, etag, weak=True):
            return 304 if is_read else 412
    elif is_read and (since := _date(header("if-modified-since"))) and modified <= since:
        return 304
    return 200


def _matches(header: str, etag: str, *, weak: bool) -> bool:
    """Compare etags: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.2"""
    end = 0
    while match := _ETAG.match(header, end):
        if match["any"] or (match["tag"] == etag and (weak or not match["weak"])):
            return True
        end = match.end()
    return False


def _date(header: str | None) -> datetime | None:
    return None if header is None else parse_http_date(header)


def if_range_holds(header: str, etag: str, uploaded: datetime) -> bool:
    """Return True if the object is the one that If-Range names. Weak etags never are."""
    header = header.strip(" \t")
    return header == f'"{etag}"' or parse_http_date(header) == uploaded.replace(microsecond=0)


def is_other_part(stored: R2ObjectBody, if_range: str) -> bool:
    """Return True if a part was read of an object that If-Range does not name."""
    part = stored.range
    if part is None or part["length"] == stored.size:
        return False
    return not if_range_holds(if_range, stored.etag, stored.uploaded)


def requested_range(header: str | None, size: int) -> _Part | Literal["whole", "unsatisfiable"]:
    """Return the part of an object that the header Range asks for.

    The whole object is the answer to a malformed header, another unit than bytes, and several
    ranges, as RFC 9110 allows.
    """
    unit, _, specs = (header or "").partition("=")
    if unit.strip(" \t").lower() != "bytes":
        return "whole"
    parts: list[_Part] = []
    is_valid = False
    for spec in specs.split(","):
        if not spec.strip(" \t"):
            continue
        match = _RANGE.fullmatch(spec)
        if match is None or not (match[1] or match[2]):
            return "whole"
        first, last = _integer(match[1]), _integer(match[2])
        if match[1] and match[2] and last < first:
            return "whole"
        is_valid = True
        if not match[1]:
            first, last = max(size - last, 0), size - 1 if last else -1
        elif not match[2] or last >= size:
            last = size - 1
        if first <= last:
            parts.append((first, last - first + 1))
    if len(parts) == 1:
        return parts[0]
    return "unsatisfiable" if is_valid and not parts else "whole"


def _integer(digits: str) -> int:
    # No object has a size of 20 digits, and Python refuses to read more than 4,300.
    return int(digits.lstrip("0")[:20] or "0")


# The response -----------------------------------------------------------------------------------


def serve(stored: R2Object, request: Request) -> Response:
    header = request.headers.get
    etag, size, uploaded = stored.etag, stored.size, stored.uploaded
    status = condition_status(request.method, header, etag, uploaded)
    metadata = stored.http_metadata
    headers = {"etag": f'"{etag}"'}
    body_used = prop(stored.js_object, "bodyUsed")  # None: the object came without its bytes
    if status == 200 and body_used is None and request.method != "HEAD":
        status = 412  # the condition that the program passed to get() failed
    part = _part(stored, request, etag, uploaded) if status == 200 else "whole"
    if part == "unsatisfiable":
        status = 416
        headers |= {"content-range": f"bytes */{size}", "accept-ranges": "bytes"}
    if status not in (412, 416):  # a cache must not keep these
        if cache_control := metadata.get("cache_control"):
            headers["cache-control"] = cache_control
        if expires := metadata.get("cache_expiry"):
            headers["expires"] = http_date(expires)
    if status != 200:
        discard(stored)
        return Response(status=status, headers=headers)
    headers["accept-ranges"] = "bytes"
    headers["last-modified"] = http_date(uploaded)
    for name in ("content_type", "content_language", "content_disposition", "content_encoding"):
        if value := metadata.get(name):
            headers[name.replace("_", "-")] = str(value)
    # The stored bytes are encoded already, so the runtime must not encode them.
    encode_body: Any = "manual" if "content-encoding" in headers else None
    if request.method == "HEAD":
        discard(stored)
        headers["content-length"] = str(size)
        return Response(headers=headers, encode_body=encode_body)
    if body_used:
        raise StreamError(
            "response: expected an object with unread bytes, got a body that was read"
        )
    offset, length = (0, size) if isinstance(part, str) else part
    headers["content-length"] = str(length)
    if part != "whole":
        status = 206
        headers["content-range"] = f"bytes {offset}-{offset + length - 1}/{size}"
    return Response(
        _bytes_of(stored, offset, length),
        status=status,
        headers=headers,
        encode_body=encode_body,
    )


def _part(
    stored: R2Object, request: Request, etag: str, uploaded: datetime
) -> _Part | Literal["whole", "unsatisfiable"]:
    """Return the part to send. A body that lacks it is sent as the part that it is."""
    size = stored.size
    part: _Part | Literal["whole", "unsatisfiable"] = "whole"
    if request.method == "GET":
        part = requested_range(request.headers.get("range"), size)
    if part != "whole":
        if_range = request.headers.get("if-range")
        if if_range is not None and not if_range_holds(if_range, etag, uploaded):
            part = "whole"
    if part == "unsatisfiable":
        return part
    first, length = _range_of(stored)
    wanted, count = (0, size) if isinstance(part, str) else part
    if first <= wanted and wanted + count <= first + length:
        return part
    return first, length


def _range_of(stored: R2Object) -> _Part:
    part = stored.range
    return (0, stored.size) if part is None else (part["offset"], part["length"])


def _bytes_of(stored: R2Object, offset: int, length: int) -> ReadableStream:
    """Return a stream of these bytes: the body itself, or a part of it."""
    body = ReadableStream(stored.js_object.body)
    first, available = _range_of(stored)
    if (offset, length) == (first, available):
        return body
    pieces = stream_from(_slice(body, offset - first, length))
    with _raising:
        return ReadableStream(pieces.pipeThrough(web.FixedLengthStream.new(length)))


async def _slice(body: ReadableStream, skip: int, length: int) -> AsyncIterator[bytes]:
    chunks = aiter(body)
    try:
        async for chunk in chunks:
            piece = chunk[skip : skip + length]
            skip = max(skip - len(chunk), 0)
            length -= len(piece)
            if piece:
                yield piece
            if not length:
                return
    finally:
        await chunks.aclose()


def discard(stored: R2Object) -> None:
    """Cancel the body if the object has an unread one, without waiting."""
    js = stored.js_object
    if prop(js, "bodyUsed") is False:
        with _raising:
            platform.abandon(js.body.getReader())
