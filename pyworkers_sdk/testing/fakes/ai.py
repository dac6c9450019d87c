"""Workers AI over scripted answers: ``FakeAi``.

A stand-in. What it does as the runtime's own client was seen in workerd (``cloudflare:ai`` over a
service that is a stand-in too); of the service's answers nothing was seen, they follow its
documentation.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from datetime import datetime, timezone
from itertools import count
from typing import Any, cast, get_args

from ..._border import from_js, from_json, web
from ..._cpython.abort import abortable, abortable_stream
from ..._cpython.js_exception import JsException
from ...ai import models as ai_models
from ...ai._conversion import failure
from ...errors import AIError
from ...forms import FormData
from .._clock import Clock
from ..runtime.scheduling import yields_to_others
from .ai_script import AICall, AIScript, json_response, refusal

__all__ = ["FakeAi"]


@yields_to_others
class FakeAi:
    """JS: Ai."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or Clock()
        self.script: AIScript = AIScript()
        self.aiGatewayLogId: str | None = None
        self._options: dict[str, Any] = {}
        self._batches: dict[str, tuple[str, list[Any]]] = {}
        self._logs: dict[tuple[str, str], dict[str, Any]] = {}
        self._numbers = count(1)

    async def run(
        self,
        model: str,
        inputs: dict[str, Any],
        /,
        *,
        gateway: dict[str, Any] | None = None,
        prefix: str | None = None,
        tags: list[str] | None = None,
        extraHeaders: dict[str, str] | None = None,
        signal: Any = None,
        queueRequest: bool | None = None,
        websocket: bool | None = None,
        returnRawResponse: bool | None = None,
    ) -> Any:
        # one for all calls, as the runtime's client has it, whose mix-up of calls comes of that
        self._options = options = {
            name: value
            for name, value in (
                ("gateway", gateway),
                ("prefix", prefix),
                ("tags", tags),
                ("extraHeaders", extraHeaders),
                ("queueRequest", queueRequest),
                ("websocket", websocket),
                ("returnRawResponse", returnRawResponse),
            )
            if value is not None
        }
        if not websocket:
            _check_streams(inputs, bool((gateway or {}).get("id")))
        call = AICall(model, await _received(inputs), options)
        self.script.calls.append(call)
        answer = await abortable(self._serve(call), signal)
        if signal is not None and answer.body is not None:
            answer.body = abortable_stream(answer.body, signal)
        self.aiGatewayLogId = answer.headers.get("cf-aig-log-id")
        if self._options.get("returnRawResponse") or self._options.get("websocket"):
            return answer
        if not answer.ok or answer.body is None:
            failed = failure(await answer.text())
            raise JsException(failed.name, failed.message)
        if answer.headers.get("content-type") == "application/json":
            return from_json(await answer.text())
        return answer.body

    async def _serve(self, call: AICall) -> Any:
        await asyncio.sleep(0)  # no service answers before others were asked
        if call.options.get("queueRequest"):
            requests = call.inputs.get("requests")
            if not isinstance(requests, list):
                return refusal(AIError("AiError: Bad input: requests: expected a list", code=5004))
            number = f"batch-{next(self._numbers)}"
            self._batches[number] = (call.model, cast("list[Any]", requests))
            said = {"status": "queued", "model": call.model, "request_id": number}
            return json_response(said)
        if [*call.inputs] == ["request_id"]:
            return await self._batch(call.inputs["request_id"])
        started = self.clock.now()
        answer = await self.script.answered(call)
        gateway = call.options.get("gateway", {})
        if gateway.get("id") and gateway.get("collectLog") is not False:
            number = self._log(gateway, call, answer, self.clock.now() - started)
            if not answer.headers.immutable:
                answer.headers.set("cf-aig-log-id", number)
        return answer

    async def _batch(self, number: str) -> Any:
        if number not in self._batches:
            said = {"internalCode": 5004, "description": f"no batch {number}"}
            return json_response(said, 400)
        model, requests = self._batches[number]
        responses: list[dict[str, Any]] = []
        for at, inputs in enumerate(requests):
            answer = await self.script.answered(AICall(model, inputs, {}))
            said = json.loads(await answer.text())
            one = {"id": at, "success": answer.ok, ("result" if answer.ok else "error"): said}
            if "external_reference" in inputs:
                one["external_reference"] = inputs["external_reference"]
            responses.append(one)
        return json_response({"responses": responses})

    def _log(self, gateway: dict[str, Any], call: AICall, answer: Any, took: float) -> str:
        number = f"log-{next(self._numbers)}"
        asked = json.dumps(call.inputs, default=str)
        self._logs[gateway["id"], number] = {
            "id": number,
            "provider": "workers-ai",
            "model": call.model,
            "path": f"run/{call.model}",
            "duration": took,
            "status_code": answer.status,
            "success": answer.ok,
            "cached": False,
            "metadata": gateway.get("metadata", {}),
            "request_size": len(asked),
            "request_head": asked[:1000],
            "request_head_complete": len(asked) <= 1000,
            "response_size": len(answer.source or b""),
            "response_head_complete": False,
            "created_at": datetime.fromtimestamp(self.clock.now() / 1000, timezone.utc),
        }
        return number

    def gateway(self, gatewayId: str, /) -> FakeAiGateway:
        return FakeAiGateway(self.script, gatewayId, self._logs)

    async def models(self, params: dict[str, Any], /) -> Any:
        found = [one for one in _catalogue() if _matches(one, params)]
        page, size = params.get("page", 1), params.get("per_page", 50)
        return found[(page - 1) * size : page * size]

    def toMarkdown(self) -> FakeToMarkdownService:
        return FakeToMarkdownService(self.script)


def _live(value: Any) -> bool:
    return isinstance(value, (web.ReadableStream, web.FormData))


def _body(value: Any) -> Any:
    """The stream in an input, if there is one."""
    body = cast("dict[str, Any]", value).get("body") if isinstance(value, dict) else None
    return body if _live(body) else None


def _streams(inputs: dict[str, Any]) -> list[str]:
    return [name for name, value in inputs.items() if _live(value) or _body(value) is not None]


def _check_streams(inputs: dict[str, Any], through_gateway: bool) -> None:
    found = _streams(inputs)
    if len(found) > 1:
        names = ", ".join(found)
        reason = f"Multiple ReadableStreams are not supported. Found streams in keys: [{names}]"
        raise JsException("AiInternalError", reason)
    if found and through_gateway:
        raise JsException("AiInternalError", "AI Gateway does not support ReadableStreams yet.")
    if found and not inputs[found[0]].get("contentType"):
        reason = "Content-Type is required with ReadableStream inputs"
        raise JsException("AiInternalError", reason)


_NUMBERS = ("audio", "image", "mask")


async def _received(inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs as a test wants to see them: what was bytes is bytes again."""
    made: dict[str, Any] = {}
    for name, value in inputs.items():
        body = _body(value)
        if body is not None:
            kind: str = value["contentType"]
            whole = web.Response.new(body, headers=[["content-type", kind]])
            is_form = kind.startswith("multipart/form-data")
            read = (
                FormData.from_js(await whole.formData()) if is_form else await whole.arrayBuffer()
            )
            made[name] = {**value, "body": read}
        elif name in _NUMBERS and isinstance(value, list):
            made[name] = bytes(cast("list[int]", value))
        else:
            made[name] = from_js(value)
    return made


@yields_to_others
class FakeAiGateway:
    """JS: AiGateway."""

    def __init__(
        self, script: AIScript, name: str, logs: dict[tuple[str, str], dict[str, Any]]
    ) -> None:
        self._script = script
        self._name = name
        self._logs = logs

    async def run(
        self,
        data: list[dict[str, Any]],
        /,
        *,
        gateway: dict[str, Any] | None = None,
        extraHeaders: dict[str, str] | None = None,
        signal: Any = None,
    ) -> Any:
        given = (("gateway", gateway), ("extraHeaders", extraHeaders))
        options = {name: value for name, value in given if value is not None}
        return await abortable(self._first(data, options), signal)

    async def _first(self, data: list[dict[str, Any]], options: dict[str, Any]) -> Any:
        """What the first provider answers that does not fail, or the last."""
        answer: Any = None
        for request in data:
            name = f"{request['provider']}/{request['endpoint']}"
            call = AICall(name, from_js(request["query"]), options)
            self._script.calls.append(call)
            answer = await self._script.answered(call)
            if answer.ok:
                break
        return answer

    async def getLog(self, logId: str, /) -> Any:
        return self._found(logId)

    async def patchLog(self, logId: str, data: dict[str, Any], /) -> None:
        self._found(logId).update(data)

    def _found(self, number: str) -> dict[str, Any]:
        if (self._name, number) not in self._logs:
            raise JsException("AiGatewayLogNotFound", "Log Not Found")
        return self._logs[self._name, number]

    async def getUrl(self, provider: str = "universal", /) -> str:
        return f"https://gateway.ai.cloudflare.com/v1/account/{self._name}/{provider}"


@yields_to_others
class FakeToMarkdownService:
    """JS: ToMarkdownService."""

    def __init__(self, script: AIScript) -> None:
        self._script = script

    async def transform(
        self,
        files: Any,
        /,
        *,
        gateway: Any = None,
        extraHeaders: Any = None,
        conversionOptions: Any = None,
    ) -> Any:
        documents = cast("list[Any]", files) if isinstance(files, list) else [files]
        made = [await self._one(at, document) for at, document in enumerate(documents, 1)]
        return made if isinstance(files, list) else made[0]

    async def _one(self, at: int, document: dict[str, Any]) -> dict[str, Any]:
        name, blob = document["name"], document["blob"]
        said = {"id": f"document-{at}", "name": name, "mimeType": blob.type}
        try:
            data = await self._script.converted(name, blob.type, await blob.arrayBuffer())
        except AIError as error:
            return {**said, "format": "error", "error": str(error)}
        return {**said, "format": "markdown", "tokens": max(1, len(data) // 4), "data": data}

    async def supported(self) -> Any:
        return [{"mimeType": kind, "extension": f".{name}"} for name, kind in _FORMATS.items()]


_FORMATS = {
    "pdf": "application/pdf",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "html": "text/html",
    "xml": "application/xml",
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
}

# The catalogue ----------------------------------------------------------------------------------

_TASKS = {
    "Text Generation": ("TextGenerationModel", "ChatCompletionModel", "ResponsesModel"),
    "Text Embeddings": ("TextEmbeddingsModel",),
    "Text Classification": ("TextClassificationModel", "RerankingModel", "ContentSafetyModel"),
    "Translation": ("TranslationModel", "IndicTranslationModel"),
    "Summarization": ("SummarizationModel",),
    "Automatic Speech Recognition": (
        "SpeechRecognitionModel",
        "SpeechTurboModel",
        "SpeechStreamModel",
    ),
    "Voice Activity Detection": ("TurnDetectionModel",),
    "Text-to-Speech": ("TextToSpeechModel", "AuraModel"),
    "Text-to-Image": ("TextToImageModel", "MultipartImageModel"),
    "Image-to-Text": ("ImageToTextModel", "VisionModel"),
    "Image Classification": ("ImageClassificationModel",),
}


def _catalogue() -> list[dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for task, families in _TASKS.items():
        about = {"id": b64encode(task.encode()).decode(), "name": task, "description": ""}
        for family in families:
            for name in get_args(getattr(ai_models, family)):
                made.setdefault(
                    name,
                    {
                        "id": f"fake-{len(made) + 1}",
                        "source": 1,
                        "name": name,
                        "description": "",
                        "task": about,
                        "tags": [],
                        "properties": [],
                    },
                )
    return [*made.values()]


def _matches(model: dict[str, Any], params: dict[str, Any]) -> bool:
    author, search, task = (params.get(name) for name in ("author", "search", "task"))
    return (
        (author is None or author == model["name"].split("/")[1])
        and (search is None or search.lower() in model["name"].lower())
        and (task is None or task.lower() == model["task"]["name"].lower())
    )
