"""``ai(binding)``: what the models behind a fake of Workers AI answer, and what they were asked."""

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
    """What a model was asked: its inputs, with bytes as bytes (but base64 where the model wants
    that), and the options under their JavaScript names."""

    model: str
    inputs: dict[str, Any]
    options: dict[str, Any]


class AIScript:
    """What the models behind one binding answer; made by ``ai``."""

    def __init__(self) -> None:
        self.calls: list[AICall] = []
        """What was asked so far."""
        self._rules: list[tuple[str, Answer]] = []
        self._convert: Convert | None = None

    def on(self, model: str, answer: Answer) -> None:
        """Have a model answer so, or each whose name matches, as in ``"@cf/meta/*"``; the rule made
        last counts. Through ``AiGateway.run`` its name is ``provider/endpoint``.

        ``answer`` is what the model gives, or a function of its inputs, async or not, that returns
        it: its JSON; a text, for a model that writes, which is put into the model's own shape;
        ``bytes``, for one that makes a picture or a sound; a ``Response``, whatever is in it; and
        where ``stream`` is asked for, an iterator of events or of pieces of text, async or not. To
        fail as the service does give, or raise, ``AIError("Capacity temporarily exceeded",
        code=3040)``; what else a function raises comes out of the call as it is.
        """
        self._rules.append((model, answer))

    def on_markdown(self, convert: Convert) -> None:
        """Have ``to_markdown`` give what this makes of a file's name and bytes; AIError for one
        that cannot be converted. Without it only text is, as it is."""
        self._convert = convert

    def clear(self) -> None:
        """Forget the rules and the calls."""
        self.calls.clear()
        self._rules.clear()
        self._convert = None

    async def answered(self, call: AICall) -> Any:
        """The JavaScript Response of the service."""
        try:
            answer = await self._found(call)
        except AIError as error:
            return refusal(error)
        return _response(call, answer)

    async def _found(self, call: AICall) -> Any:
        for pattern, answer in reversed(self._rules):
            if fnmatchcase(call.model, pattern):
                found = answer(call.inputs) if callable(answer) else answer
                found = await found if isawaitable(found) else found
                if isinstance(found, Exception):
                    raise found
                return found
        if call.model in _DIMENSIONS and "contexts" not in call.inputs:
            return _embeddings(call.model, call.inputs)
        raise JsException(
            "Error",
            f"the fake of Workers AI has no answer of {call.model}: "
            f"ai(binding).on({call.model!r}, …) from pyworkers_sdk.testing gives it one",
        )

    async def converted(self, name: str, mime_type: str, data: bytes) -> str:
        """The Markdown of a file."""
        if self._convert is not None:
            made = self._convert(name, data)
            return made if isinstance(made, str) else await made
        if mime_type.startswith("text/"):
            return data.decode(errors="replace")
        raise JsException(
            "Error",
            f"the fake of Workers AI cannot convert {name} ({mime_type or 'of no media type'}): "
            "ai(binding).on_markdown(…) from pyworkers_sdk.testing tells it how",
        )


def ai(binding: Any) -> AIScript:
    """What the models behind a fake of Workers AI shall answer, and what they were asked.

    ::

        ai(env.AI).on("@cf/meta/*", "Hello there")
        ai(env.AI).on("@cf/openai/whisper", lambda inputs: {"text": f"{len(inputs['audio'])}"})
        assert ai(env.AI).calls[0].inputs["prompt"] == "Hi"

    Unscripted, embedding models give vectors of their real size: the same text the same vector,
    texts that share words near ones. They are made of the text's letters and know nothing of
    meaning. Every other model fails until it is told what to say.
    """
    inside = raw(binding)
    script = getattr(inside, "script", None)
    if not isinstance(script, AIScript):
        raise TypeError(f"ai() takes an AI that fake() made, not {type(binding).__name__}")
    return script


# Answers in the shapes that models have ---------------------------------------------------------

_CHAT = {*get_args(ai_models.ChatCompletionModel), *get_args(ai_models.ResponsesModel)}

# where a text is, in what models answer that do not chat; None: nowhere
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
    """A JavaScript Response with JSON in it."""
    return Response.json(value, status=status).js_object


def _response(call: AICall, answer: Any) -> Any:
    if isinstance(answer, Response):
        return answer.js_object
    if isinstance(answer, bytes):
        if call.model in _KNOWN - _BINARY:
            raise _unfit(call, answer)
        if call.model not in ENCODED:
            return web.Response.new(answer)
        answer = {ENCODED[call.model]: b64encode(answer).decode()}
    if call.inputs.get("stream") is True:
        if not hasattr(answer, "__aiter__") and not hasattr(answer, "__iter__"):
            raise _unfit(call, answer)
        headers = [["content-type", "text/event-stream"]]
        return web.Response.new(web.ReadableStream(_events(call, answer)), headers=headers)
    if isinstance(answer, str):
        answer = _written(call, answer)
    try:
        return json_response(answer)
    except ConversionError as error:
        raise _unfit(call, answer) from error


def _unfit(call: AICall, answer: Any) -> TypeError:
    kind = type(answer).__name__
    hint = "give its JSON"
    if hasattr(answer, "__aiter__") or hasattr(answer, "__next__"):
        hint = "it was not asked to stream"
    elif call.model in _BINARY:
        hint = "give bytes"
    return TypeError(f"ai(binding).on({call.model!r}, …): {kind} is no answer of it; {hint}")


def _written(call: AICall, text: str) -> dict[str, Any]:
    """A whole text as the model answers it."""
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
    said = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": said, "finish_reason": "stop"}
    return {**head, "object": "chat.completion", "choices": [choice]}


def _event(call: AICall, event: Any) -> Any:
    """A piece of a text as the model streams it."""
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
    pieces = answer if hasattr(answer, "__aiter__") else _pieces(answer)
    try:
        async for piece in pieces:
            yield f"data: {json.dumps(_event(call, piece), ensure_ascii=False)}\n\n".encode()
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()
    yield b"data: [DONE]\n\n"


async def _pieces(answer: Any) -> AsyncIterator[Any]:
    if isinstance(answer, str):
        answer = re.findall(r"\s*\S+\s*$|\s*\S+|\s+$", answer)
    pieces: Any = [answer] if isinstance(answer, dict) else answer
    for piece in pieces:
        yield piece


def _tokens(text: str) -> int:
    return max(1, len(text) // 4)


_STATUS = {3006: 413, 3007: 408, 3036: 429, 3040: 429}


def refusal(error: AIError) -> Any:
    """The JavaScript Response of a service that refuses."""
    code = error.code
    if not isinstance(code, int):
        return web.Response.new(str(error), status=500)
    name = error.js_name or "InferenceUpstreamError"
    said = {"internalCode": code, "description": str(error), "name": name, "message": str(error)}
    return json_response(said, _STATUS.get(code, 400))


# Embeddings -------------------------------------------------------------------------------------

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
    given = next(
        (inputs[name] for name in ("text", "queries", "documents") if name in inputs), None
    )
    texts: Any = [given] if isinstance(given, str) else given
    if not _are_texts(texts):
        raise AIError("AiError: Bad input: text: expected a string or a list of them", code=5004)
    if len(texts) > 100:  # documented; the words are not
        raise AIError(f"AiError: Bad input: text: at most 100, got {len(texts)}", code=5004)
    size = _DIMENSIONS[model]
    answer = {"shape": [len(texts), size], "data": [_vector(text, size) for text in texts]}
    return {**answer, "pooling": inputs.get("pooling", "mean")} if "bge" in model else answer


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in cast("list[Any]", value))


def _vector(text: str, size: int) -> list[float]:
    """A unit vector of a text's words and of the threes of letters in them, as float32."""
    vector = [0.0] * size
    for word in re.findall(r"\w+", text.lower()) or [text]:
        spaced = f" {word} "
        for feature in [word, *(spaced[at : at + 3] for at in range(len(spaced) - 2))]:
            number = crc32(feature.encode())
            vector[number % size] += 1.0 if number >> 31 else -1.0
    length = sqrt(sum(number * number for number in vector)) or 1.0
    if not any(vector):  # what cancels out, or is empty
        vector[0] = 1.0
    packed = pack(f"{size}f", *(number / length for number in vector))
    return list(unpack(f"{size}f", packed))
