"""The inputs and the answers of a model's call, converted for JavaScript and back."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Iterator, Mapping
from typing import Any, cast

from .. import _row_types as _rows
from .._border import (
    bytes_of,
    dumps,
    expected,
    from_js,
    from_json,
    loads,
    prop,
    raising,
    raw,
    to_js,
    web,
)
from .._border.values import JSON, convert
from .._border.vectors import byte_array, vectors
from .._http_body import body_of
from ..errors import AIError, RowError, from_js_error
from ..http import Response
from ..streams import ReadableStream
from .events import EventStream

__all__ = ["EMBEDDINGS", "ENCODED", "answer_of", "failure", "inputs_of", "response_of"]

_raising = raising(AIError)

# Inputs ------------------------------------------------------------------------------------------

_BYTES: tuple[type[Any], ...] = (bytes, bytearray, memoryview)


def inputs_of(model: str, inputs: Any) -> Any:
    """Convert the inputs to a JavaScript object.

    The runtime's client sends it as JSON, so bytes must not stay a typed array: JSON would make an
    object with one key per byte of it.
    """
    if not isinstance(inputs, Mapping):
        raise expected("inputs", "a dict", inputs)
    values = cast("Mapping[str, Any]", inputs)
    for name, value in values.items():
        if hasattr(value, "js_object"):
            raise expected(f"inputs.{name}", "JSON or bytes", value, "see AI.run")
    live = {
        name: _live(model, name, value)
        for name, value in values.items()
        if isinstance(value, _BYTES) or _has_body(value)
    }
    if not live:
        return from_json(dumps(values, "inputs"))
    rest = {name: value for name, value in values.items() if name not in live}
    return to_js({**convert(rest, "inputs", JSON), **live}, "inputs")


def _has_body(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    body: Any = cast("Mapping[str, Any]", value).get("body")
    is_live = hasattr(body, "js_object") or hasattr(body, "__aiter__")
    return is_live or isinstance(body, _BYTES)


class _JsValue:
    """A value within the inputs that is a JavaScript object already."""

    __slots__ = ("js_object",)

    def __init__(self, js_object: Any) -> None:
        self.js_object = js_object


def _live(model: str, name: str, value: Any) -> Any:
    """Convert bytes, or an object with a live body, in the form that the model takes."""
    if isinstance(value, _BYTES):
        if model == "@cf/openai/whisper-large-v3-turbo" or name == "image_b64":
            return b2a_base64(value, newline=False).decode()
        return _JsValue(byte_array(value))
    body: Any = body_of(value["body"], "see AI.run")
    content_type = value.get("contentType")
    if not hasattr(body, "getReader"):
        # A Response turns a Blob, a form or bytes into the stream that the client wants.
        response = web.Response.new(body)
        # A form's media type holds the boundary of its parts, so it replaces any other.
        if content_type is None or hasattr(body, "getAll"):
            content_type = from_js(response.headers.get("content-type"))
        body = response.body
    return {**value, "body": ReadableStream(body), "contentType": content_type}


# Answers -----------------------------------------------------------------------------------------

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

# If a model of images or sounds answers in JSON, this field holds them as base64.
ENCODED = {
    "@cf/black-forest-labs/flux-1-schnell": "image",
    "@cf/black-forest-labs/flux-2-dev": "image",
    "@cf/black-forest-labs/flux-2-klein-4b": "image",
    "@cf/black-forest-labs/flux-2-klein-9b": "image",
    "@cf/leonardo/lucid-origin": "image",
    "@cf/myshell-ai/melotts": "audio",
}


_JSON: tuple[type[Any], ...] = (dict, list, str, int, float)


async def answer_of(model: str, js_answer: Any, streams: bool, row_type: Any) -> Any:
    """Convert the answer of the runtime's client: JSON, a stream, or a whole Response."""
    if model in EMBEDDINGS and row_type is None and prop(js_answer, "data") is not None:
        return vectors(js_answer)
    answer: Any = from_js(js_answer)
    if answer is None or isinstance(answer, _JSON):
        if streams:
            raise AIError(
                f"{model}: expected a stream, got a complete answer; the model may not stream"
            )
        if model in ENCODED and not _is_batch(answer):
            return _bytes_answer(model, _decoded(model, answer), row_type)
        return answer if row_type is None else _load(model, answer, row_type)
    if not hasattr(js_answer, "getReader"):
        return await _parse_response(model, js_answer, streams, row_type)
    if streams:
        return EventStream[Any](js_answer)
    with _raising:
        data = bytes_of(await web.Response.new(js_answer).arrayBuffer())
    return _bytes_answer(model, data, row_type)


def _bytes_answer(model: str, data: Any, row_type: Any) -> Any:
    if row_type is not None:
        raise RowError(f"the answer of {model}: expected JSON, got bytes; call it without row_type")
    return data


def _is_batch(answer: Any) -> bool:
    return isinstance(answer, dict) and ("request_id" in answer or "responses" in answer)


def _decoded(model: str, answer: Any) -> bytes:
    field = ENCODED[model]
    if not isinstance(answer, dict) or field not in answer:
        raise AIError(f"the answer of {model}: missing key {field!r}")
    return a2b_base64(cast("dict[str, Any]", answer)[field])


def _load(model: str, answer: Any, row_type: Any) -> Any:
    """Load the JSON in the text of an answer as ``row_type``."""
    where = f"the answer of {model}"
    value: Any = answer
    if isinstance(answer, dict):
        fields = cast("dict[str, Any]", answer)
        if "response" in fields:
            value = fields["response"]
        elif fields.get("choices"):
            value = fields["choices"][0]["message"]["content"]
        elif isinstance(fields.get("output"), list):
            value = "".join(_output_texts(fields["output"]))
    if isinstance(value, str):
        return _rows.parse(value, row_type, where)
    return _rows.load(row_type, value, where)


def _output_texts(items: list[Any]) -> Iterator[str]:
    """Yield the texts of the messages in an answer of OpenAI's Responses API, without reasoning."""
    for item in items:
        if item.get("type") == "message":
            yield from (part["text"] for part in item["content"] if "text" in part)


# The runtime's client keeps the options of the last call only, and reads them when an answer has
# arrived. If two calls run at the same time, one may therefore get a Response without asking for
# it, and the other may get none (contract check
# test_concurrent_calls_do_not_mix_their_answers).
# So both forms of an answer are converted here to the form that the caller asked for.


async def _parse_response(model: str, js_response: Any, streams: bool, row_type: Any) -> Any:
    """Convert a Response that arrived without ``return_raw_response``."""
    response = Response.from_js(js_response)
    if not response.ok:
        raise from_js_error(AIError, failure(await response.text()))
    if response.headers.get("content-type") == "application/json":
        return await answer_of(model, from_json(await response.text()), streams, row_type)
    return await answer_of(model, raw(js_response.body), streams, row_type)


async def response_of(js_answer: Any) -> Response:
    """Return the answer as a Response, also if the runtime's client has already read it."""
    answer: Any = from_js(js_answer)
    if answer is None or isinstance(answer, _JSON):
        return Response.json(answer)
    if hasattr(js_answer, "getReader"):
        return Response.from_js(web.Response.new(js_answer))
    return Response.from_js(js_answer)


class Failure(Exception):
    """An error as the runtime's client raises it: the ``name`` and ``message`` of a JS Error."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        self.message = message


def failure(body: str) -> Failure:
    """Return the error that the runtime's client makes of the service's error response."""
    try:
        parsed = loads(body)
        if parsed.get("internalCode"):
            message = f"{parsed['internalCode']}: {parsed.get('description')}"
            return Failure(parsed.get("name") or "InferenceUpstreamError", message)
        first = parsed["errors"][0]
        return Failure("InferenceUpstreamError", f"{first['code']}: {first['message']}")
    except (ValueError, AttributeError, LookupError, TypeError):
        return Failure("InferenceUpstreamError", body)
