"""``ai(binding)``: the script of a fake of Workers AI, its models' answers and recorded calls."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from fnmatch import fnmatchcase
from inspect import isawaitable
from math import sqrt
from struct import pack, unpack
from typing import Any, NamedTuple, TypeAlias, cast, get_args
from zlib import crc32

from ..._border import raw, web
from ..._cpython.js_exception import JsException
from ...ai import models as ai_models
from ...ai._conversion import ENCODED
from ...errors import AIError, ConversionError
from ...http import Response

__all__ = ["AICall", "AIScript", "ai", "json_response", "refusal"]

Answer: TypeAlias = "Callable[[dict[str, Any]], Any] | Any"
Convert: TypeAlias = "Callable[[str, bytes], str | Awaitable[str]]"


class AICall(NamedTuple):
    """A call of a model: its inputs, and its options under their JavaScript names.

    Bytes among the inputs are bytes, or base64 if the model takes base64.
    """

    model: str
    inputs: dict[str, Any]
    options: dict[str, Any]


class AIScript:
    """The script of one binding, returned by ``ai``."""

    def __init__(self) -> None:
        self.calls: list[AICall] = []
        """The calls so far, oldest first."""
        self._rules: list[tuple[str, Answer]] = []
        self._convert: Convert | None = None

    def on(self, model: str, answer: Answer) -> None:
        """Set the answer of a model, or of all models whose names match a pattern.

        If several rules match a call, the last one counts.

        Args:
            model: The name of a model, or a pattern such as ``"@cf/meta/*"``. For a request
                through ``AiGateway.run`` the name is ``provider/endpoint``, and for
                ``AI.websearch`` it is ``websearch``.
            answer: The answer, or a function of the model's inputs, async or not, that returns it.

        An answer may be:

        - the JSON of the model's answer;
        - a str for a model that generates text: it is put into the JSON that this model returns;
        - ``bytes`` for a model that generates images or sounds;
        - a ``Response``, returned unchanged;
        - for a call with ``stream``, an iterator of events or of parts of the text, async or not;
        - an ``AIError("Capacity temporarily exceeded", code=3040)``, returned or raised, for a
          failure of the service. Any other exception propagates from the call unchanged.
        """
        self._rules.append((model, answer))

    def on_markdown(self, convert: Convert) -> None:
        """Set the function that converts the name and bytes of a file to Markdown.

        It may raise AIError for a file that cannot be converted. Without such a function, a text
        file is returned unchanged, and any other file raises.
        """
        self._convert = convert

    def clear(self) -> None:
        """Remove all rules and all recorded calls."""
        self.calls.clear()
        self._rules.clear()
        self._convert = None

    async def answered(self, call: AICall) -> Any:
        """Return the service's response to a call, as a JavaScript Response."""
        try:
            answer = await self._answer(call)
        except AIError as error:
            return refusal(error)
        return _response(call, answer)

    async def _answer(self, call: AICall) -> Any:
        for pattern, rule in reversed(self._rules):
            if fnmatchcase(call.model, pattern):
                answer = rule(call.inputs) if callable(rule) else rule
                answer = await answer if isawaitable(answer) else answer
                if isinstance(answer, Exception):
                    raise answer
                return answer
        # bge-m3 embeds and ranks: with "contexts" it ranks.
        if call.model in _DIMENSIONS and "contexts" not in call.inputs:
            return _embeddings(call.model, call.inputs)
        raise JsException(
            "Error",
            f"the fake AI has no answer for {call.model}; set one: "
            f"ai(binding).on({call.model!r}, …) from pyworkers_sdk.testing",
        )

    async def converted(self, name: str, mime_type: str, data: bytes) -> str:
        """Return the Markdown of a file."""
        if self._convert is not None:
            markdown = self._convert(name, data)
            return markdown if isinstance(markdown, str) else await markdown
        if mime_type.startswith("text/"):
            return data.decode(errors="replace")
        raise JsException(
            "Error",
            f"the fake AI cannot convert {name} ({mime_type or 'without a media type'}); "
            "set a converter: ai(binding).on_markdown(…) from pyworkers_sdk.testing",
        )


def ai(binding: Any) -> AIScript:
    """Script the answers of a fake AI binding, and inspect the calls that it received.

    ::

        ai(env.AI).on("@cf/meta/*", "Hello there")
        ai(env.AI).on("@cf/openai/whisper", lambda inputs: {"text": f"{len(inputs['audio'])}"})
        assert ai(env.AI).calls[0].inputs["prompt"] == "Hi"

    Without a script, embedding models return vectors of their real size. The same text has the same
    vector, and texts that share words have near vectors. The vectors depend on the letters of the
    text only, not on its meaning. Any other model without an answer raises AIError.

    Raises:
        TypeError: ``binding`` is not an AI that ``fake()`` returned.
    """
    script = getattr(raw(binding), "script", None)
    if not isinstance(script, AIScript):
        raise TypeError(f"ai(): expected an AI that fake() made, got {type(binding).__name__}")
    return script


# Answers in the form of each model ---------------------------------------------------------------

_CHAT = {*get_args(ai_models.ChatCompletionModel), *get_args(ai_models.ResponsesModel)}

# The field for a text in the answer of a model that does not chat; None if it returns no text.
_FIELDS: dict[str, str | None] = {
    model: field
    for family, field in (
        (ai_models.TranslationModel, "translated_text"),
        (ai_models.SummarizationModel, "summary"),
        (ai_models.SpeechRecognitionModel, "text"),
        (ai_models.SpeechTurboModel, "text"),
        (ai_models.ImageToTextModel, "description"),
        (ai_models.IndicTranslationModel, None),
        (ai_models.TextEmbeddingsModel, None),
        (ai_models.RerankingModel, None),
        (ai_models.TextClassificationModel, None),
        (ai_models.ImageClassificationModel, None),
        (ai_models.SpeechStreamModel, None),
        (ai_models.TurnDetectionModel, None),
        (ai_models.VisionModel, None),
        (ai_models.TextToSpeechModel, None),
        (ai_models.AuraModel, None),
        (ai_models.TextToImageModel, None),
        (ai_models.MultipartImageModel, None),
    )
    for model in get_args(family)
}
_KNOWN = {*_FIELDS, *_CHAT, *get_args(ai_models.TextGenerationModel)}
_BINARY = {
    model
    for family in (
        ai_models.TextToSpeechModel,
        ai_models.AuraModel,
        ai_models.TextToImageModel,
        ai_models.MultipartImageModel,
    )
    for model in get_args(family)
}


def json_response(value: Any, status: int = 200) -> Any:
    """Return a JavaScript Response with a JSON body."""
    return Response.json(value, status=status).js_object


def _response(call: AICall, answer: Any) -> Any:
    """Convert an answer of the script to the Response of the service."""
    if isinstance(answer, Response):
        return answer.js_object
    if isinstance(answer, bytes):
        if call.model in _KNOWN - _BINARY:
            raise _unfit(call, answer)
        if call.model not in ENCODED:  # these answer with JSON that holds base64
            return web.Response.new(answer)
        answer = {ENCODED[call.model]: b64encode(answer).decode()}
    if call.inputs.get("stream") is True:
        if not hasattr(answer, "__aiter__") and not hasattr(answer, "__iter__"):
            raise _unfit(call, answer)
        headers = [["content-type", "text/event-stream"]]
        return web.Response.new(web.ReadableStream(_events(call, answer)), headers=headers)
    if isinstance(answer, str):
        answer = _text_answer(call, answer)
    try:
        return json_response(answer)
    except ConversionError as error:
        raise _unfit(call, answer) from error


def _unfit(call: AICall, answer: Any) -> TypeError:
    type_name = type(answer).__name__
    place = f"ai(binding).on({call.model!r}, …)"
    if hasattr(answer, "__aiter__") or hasattr(answer, "__next__"):
        hint = "; the call did not request a stream"
    else:
        hint = ""
    expected = "bytes" if call.model in _BINARY else "the JSON of an answer"
    return TypeError(f"{place}: expected {expected}, got {type_name}{hint}")


def _text_answer(call: AICall, text: str) -> dict[str, Any]:
    """Return a whole text in the JSON that the model returns."""
    if call.model in _FIELDS:
        field = _FIELDS[call.model]
        if field is None:
            raise _unfit(call, text)
        return {field: text}
    prompt = _tokens(json.dumps(call.inputs, default=str))
    usage = {"prompt_tokens": prompt, "completion_tokens": _tokens(text)}
    usage["total_tokens"] = sum(usage.values())
    if call.model not in _CHAT:
        return {"response": text, "usage": usage}
    head = {"id": "fake", "created": 0, "model": call.model, "usage": usage}
    if "input" in call.inputs:
        part: dict[str, Any] = {"type": "output_text", "text": text, "annotations": []}
        message: dict[str, Any] = {"type": "message", "role": "assistant", "content": [part]}
        return {**head, "object": "response", "output": [message], "status": "completed"}
    answer = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": answer, "finish_reason": "stop"}
    return {**head, "object": "chat.completion", "choices": [choice]}


def _event(call: AICall, event: Any) -> Any:
    """Return a part of a text as the event that the model streams; keep other events."""
    if not isinstance(event, str):
        return event
    if call.model not in _CHAT:
        return {"response": event, "p": ""}
    if "input" in call.inputs:
        return {"type": "response.output_text.delta", "delta": event}
    choice = {"index": 0, "delta": {"content": event}, "finish_reason": None}
    head = {"id": "fake", "created": 0, "model": call.model}
    return {**head, "object": "chat.completion.chunk", "choices": [choice]}


async def _events(call: AICall, answer: Any) -> AsyncIterator[bytes]:
    """Yield an answer as server-sent events, and the end marker."""
    parts = answer if hasattr(answer, "__aiter__") else _parts(answer)
    try:
        async for part in parts:
            yield f"data: {json.dumps(_event(call, part), ensure_ascii=False)}\n\n".encode()
    finally:
        # If the reader cancels, a generator of the test ends now and not at garbage collection
        # (contract check test_leaving_the_loop_cancels_the_answer).
        close = getattr(parts, "aclose", None)
        if close is not None:
            await close()
    yield b"data: [DONE]\n\n"


async def _parts(answer: Any) -> AsyncIterator[Any]:
    if isinstance(answer, str):  # word by word; white space belongs to the word that follows
        answer = re.findall(r"\s*\S+\s*$|\s*\S+|\s+$", answer)
    parts: Any = [answer] if isinstance(answer, dict) else answer
    for part in parts:
        yield part


def _tokens(text: str) -> int:
    return max(1, len(text) // 4)  # an estimate for English text


# The HTTP status of each documented error of the service; 400 for all others.
_STATUS = {3006: 413, 3007: 408, 3036: 429, 3040: 429}


def refusal(error: AIError) -> Any:
    """Return the JavaScript Response of a service that refuses a call."""
    code = error.code
    if not isinstance(code, int):  # the service may also fail with plain text
        return web.Response.new(str(error), status=500)
    name = error.js_name or "InferenceUpstreamError"
    body = {"internalCode": code, "description": str(error), "name": name, "message": str(error)}
    return json_response(body, _STATUS.get(code, 400))


# Embeddings --------------------------------------------------------------------------------------

_DIMENSIONS = {
    "@cf/google/embeddinggemma-300m": 768,
    "@cf/baai/bge-base-en-v1.5": 768,
    "@cf/baai/bge-small-en-v1.5": 384,
    "@cf/baai/bge-large-en-v1.5": 1024,
    "@cf/baai/bge-m3": 1024,
    "@cf/qwen/qwen3-embedding-0.6b": 1024,
    "@cf/pfnet/plamo-embedding-1b": 2048,
}


def _embeddings(model: str, inputs: dict[str, Any]) -> dict[str, Any]:
    # Qwen's model has "queries" and "documents" in place of "text".
    value = next(
        (inputs[name] for name in ("text", "queries", "documents") if name in inputs), None
    )
    texts: Any = [value] if isinstance(value, str) else value
    if not _are_texts(texts):
        raise AIError("AiError: Bad input: text: expected a string or a list of them", code=5004)
    if len(texts) > 100:  # The limit is documented; the words of the error are not.
        raise AIError(f"AiError: Bad input: text: at most 100, got {len(texts)}", code=5004)
    size = _DIMENSIONS[model]
    answer = {"shape": [len(texts), size], "data": [_vector(text, size) for text in texts]}
    return {**answer, "pooling": inputs.get("pooling", "mean")} if "bge" in model else answer


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(text, str) for text in cast("list[Any]", value)
    )


def _vector(text: str, size: int) -> list[float]:
    """Return a unit vector of the text's words and their trigrams of letters, as float32.

    This is feature hashing: each feature adds 1 or -1 at the place that its checksum selects.
    """
    vector = [0.0] * size
    for word in re.findall(r"\w+", text.lower()) or [text]:
        spaced = f" {word} "  # spaces mark the beginning and the end of the word
        trigrams = (spaced[start : start + 3] for start in range(len(spaced) - 2))
        for feature in [word, *trigrams]:
            checksum = crc32(feature.encode())
            vector[checksum % size] += 1.0 if checksum >> 31 else -1.0
    length = sqrt(sum(number * number for number in vector)) or 1.0
    if not any(vector):  # an empty text, or features that cancel each other out
        vector[0] = 1.0
    packed = pack(f"{size}f", *(number / length for number in vector))
    return list(unpack(f"{size}f", packed))
