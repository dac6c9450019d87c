"""What crosses in a call of a model, there and back."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator, Mapping
from typing import Any, cast

from .. import _row_types as _rows
from .._border import (
    bytes_of,
    dumps,
    from_js,
    from_json,
    loads,
    platform,
    prop,
    raising,
    raw,
    to_js,
    web,
)
from .._border.values import JSON, convert
from .._http_body import body_of
from ..errors import AIError, ConversionError, RowError, from_js_error
from ..http import Response
from ..streams import ReadableStream
from .events import EventStream

__all__ = ["EMBEDDINGS", "ENCODED", "answer_of", "failure", "inputs_of", "response_of"]

_raising = raising(AIError)

# What goes out ----------------------------------------------------------------------------------

_BYTES: tuple[type[Any], ...] = (bytes, bytearray, memoryview)


def inputs_of(model: str, inputs: Any) -> Any:
    """The inputs as a JavaScript object. It is sent as JSON, where bytes would become an object
    with a key for each."""
    if not isinstance(inputs, Mapping):
        raise ConversionError(f"inputs: expected a dict, got {type(inputs).__name__}")
    given = cast("Mapping[str, Any]", inputs)
    for name, value in given.items():
        if hasattr(value, "js_object"):
            kind = type(value).__name__
            raise ConversionError(f"inputs.{name}: expected JSON or bytes, got {kind}; see AI.run")
    live = {
        name: _live(model, name, value)
        for name, value in given.items()
        if isinstance(value, _BYTES) or _has_body(value)
    }
    if not live:
        return from_json(dumps(given, "inputs"))
    rest = {name: value for name, value in given.items() if name not in live}
    return to_js({**convert(rest, "inputs", JSON), **live}, "inputs")


def _has_body(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    body: Any = cast("Mapping[str, Any]", value).get("body")
    is_live = hasattr(body, "js_object") or hasattr(body, "__aiter__")
    return is_live or isinstance(body, _BYTES)


class _Made:
    """What is JavaScript's already."""

    __slots__ = ("js_object",)

    def __init__(self, js_object: Any) -> None:
        self.js_object = js_object


def _live(model: str, name: str, value: Any) -> Any:
    if isinstance(value, _BYTES):
        if model == "@cf/openai/whisper-large-v3-turbo" or name == "image_b64":
            return b2a_base64(value, newline=False).decode()
        return _Made(platform.byte_array(value))
    body: Any = body_of(value["body"], "see AI.run")
    kind = value.get("contentType")
    if not hasattr(body, "getReader"):
        whole = web.Response.new(body)
        if kind is None or hasattr(body, "getAll"):  # a form's media type says how to take it apart
            kind = from_js(whole.headers.get("content-type"))
        body = whole.body
    return {**value, "body": ReadableStream(body), "contentType": kind}


# What comes back --------------------------------------------------------------------------------

EMBEDDINGS = frozenset(
    (
        "@cf/google/embeddinggemma-300m",
        "@cf/baai/bge-base-en-v1.5",
        "@cf/baai/bge-small-en-v1.5",
        "@cf/baai/bge-large-en-v1.5",
        "@cf/baai/bge-m3",
        "@cf/qwen/qwen3-embedding-0.6b",
        "@cf/pfnet/plamo-embedding-1b",
    )
)

# Where a model that makes pictures or sounds answers in JSON, they are base64 in this field.
ENCODED = {
    "@cf/black-forest-labs/flux-1-schnell": "image",
    "@cf/black-forest-labs/flux-2-dev": "image",
    "@cf/black-forest-labs/flux-2-klein-4b": "image",
    "@cf/black-forest-labs/flux-2-klein-9b": "image",
    "@cf/leonardo/lucid-origin": "image",
    "@cf/myshell-ai/melotts": "audio",
}


_JSON: tuple[type[Any], ...] = (dict, list, str, int, float)


async def answer_of(model: str, answer: Any, streams: bool, row_type: Any) -> Any:
    if model in EMBEDDINGS and row_type is None and prop(answer, "data") is not None:
        return platform.vectors(answer)
    found: Any = from_js(answer)
    if found is None or isinstance(found, _JSON):
        if streams:
            raise AIError(f"{model} answered at once: it does not stream")
        if model in ENCODED and not _is_of_a_batch(found):
            return _whole(model, _decoded(model, found), row_type)
        return found if row_type is None else _loaded(model, found, row_type)
    if not hasattr(answer, "getReader"):
        return await _parsed(model, answer, streams, row_type)
    if streams:
        return EventStream[Any](answer)
    with _raising:
        data = bytes_of(await web.Response.new(answer).arrayBuffer())
    return _whole(model, data, row_type)


def _whole(model: str, data: Any, row_type: Any) -> Any:
    if row_type is not None:
        raise RowError(f"the answer of {model} is bytes, not JSON")
    return data


def _is_of_a_batch(found: Any) -> bool:
    return isinstance(found, dict) and ("request_id" in found or "responses" in found)


def _decoded(model: str, found: Any) -> bytes:
    field = ENCODED[model]
    if not isinstance(found, dict) or field not in found:
        raise AIError(f"the answer of {model} has no {field!r}")
    return a2b_base64(cast("dict[str, Any]", found)[field])


def _loaded(model: str, found: Any, row_type: Any) -> Any:
    """The text of an answer as what it is the JSON of."""
    where = f"the answer of {model}"
    value: Any = found
    if isinstance(found, dict):
        answer = cast("dict[str, Any]", found)
        if "response" in answer:
            value = answer["response"]
        elif answer.get("choices"):
            value = answer["choices"][0]["message"]["content"]
        elif isinstance(answer.get("output"), list):
            value = "".join(_output_texts(answer["output"]))
    if isinstance(value, str):
        return _rows.parse(value, row_type, where)
    return _rows.load(row_type, value, where)


def _output_texts(items: list[Any]) -> Iterator[str]:
    """The texts in the items of OpenAI's Responses, among which there is reasoning too."""
    for item in items:
        if item.get("type") == "message":
            yield from (part["text"] for part in item["content"] if "text" in part)


# The runtime's client looks at the options only when the answer is there, and those are then of the
# call made last: of two at the same time one may get a Response unasked, and the other none.


async def _parsed(model: str, response: Any, streams: bool, row_type: Any) -> Any:
    """What a Response would have been without ``return_raw_response``."""
    whole = Response.from_js(response)
    if not whole.ok:
        raise from_js_error(AIError, failure(await whole.text()))
    if whole.headers.get("content-type") == "application/json":
        return await answer_of(model, from_json(await whole.text()), streams, row_type)
    return await answer_of(model, raw(response.body), streams, row_type)


async def response_of(answer: Any) -> Response:
    """A Response, where the runtime has taken it apart."""
    found: Any = from_js(answer)
    if found is None or isinstance(found, _JSON):
        return Response.json(found)
    if hasattr(answer, "getReader"):
        return Response.from_js(web.Response.new(answer))
    return Response.from_js(answer)


class Failure(Exception):
    def __init__(self, name: str, message: str) -> None:
        self.name = name
        self.message = message


def failure(said: str) -> Failure:
    """The error that the runtime makes of the service's answer."""
    try:
        parsed = loads(said)
        if parsed.get("internalCode"):
            message = f"{parsed['internalCode']}: {parsed.get('description')}"
            return Failure(parsed.get("name") or "InferenceUpstreamError", message)
        first = parsed["errors"][0]
        return Failure("InferenceUpstreamError", f"{first['code']}: {first['message']}")
    except (ValueError, AttributeError, LookupError, TypeError):
        return Failure("InferenceUpstreamError", said)
