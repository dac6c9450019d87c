"""Workers AI over scripted answers: ``FakeAi``.

Its model is the runtime's own client, ``cloudflare:ai``. The contract checks run that client in
workerd in front of a stand-in of the service (tests/real/stand_ins/ai.mjs), so the client's
handling of inputs, options and answers is verified. The answers of the service are not: they
follow Cloudflare's documentation.
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

# Quotes of the runtime's client. It raises them as AiInternalError
# (contract check test_invalid_use_of_streams_raises).
SEVERAL_STREAMS = "Multiple ReadableStreams are not supported. Found streams in keys: [{}]"
STREAM_THROUGH_GATEWAY = "AI Gateway does not support ReadableStreams yet."
STREAM_WITHOUT_TYPE = "Content-Type is required with ReadableStream inputs"
# As AiGatewayLogNotFound (contract check test_missing_log_raises).
LOG_NOT_FOUND = "Log Not Found"


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
        # The runtime's client keeps the options on itself too, and reads them when an answer has
        # arrived. A concurrent call may have replaced them by then
        # (contract check test_concurrent_calls_do_not_mix_their_answers).
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
        # The client puts the inputs of a WebSocket into its URL, so they hold no streams.
        if not websocket:
            _check_streams(inputs, bool((gateway or {}).get("id")))
        call = AICall(model, await _readable(inputs), options)
        self.script.calls.append(call)
        response = await abortable(self._serve(call), signal)
        if signal is not None and response.body is not None:
            response.body = abortable_stream(response.body, signal)
        self.aiGatewayLogId = response.headers.get("cf-aig-log-id")
        if self._options.get("returnRawResponse") or self._options.get("websocket"):
            return response
        if not response.ok or response.body is None:
            error = failure(await response.text())
            raise JsException(error.name, error.message)
        # The client compares the whole header: JSON with a charset would stay a stream.
        if response.headers.get("content-type") == "application/json":
            return from_json(await response.text())
        return response.body

    async def _serve(self, call: AICall) -> Any:
        """Return the service's Response to a call."""
        # No service answers before concurrent calls were sent: let them start.
        await asyncio.sleep(0)
        if call.options.get("queueRequest"):
            return self._queue(call)
        if [*call.inputs] == ["request_id"]:
            return await self._batch(call.inputs["request_id"])
        started = self.clock.now()
        response = await self.script.answered(call)
        gateway = call.options.get("gateway", {})
        if gateway.get("id") and gateway.get("collectLog") is not False:
            log_id = self._log(gateway, call, response, self.clock.now() - started)
            # The headers of a Response that a script passes through cannot be changed.
            if not response.headers.immutable:
                response.headers.set("cf-aig-log-id", log_id)
        return response

    def _queue(self, call: AICall) -> Any:
        requests = call.inputs.get("requests")
        if not isinstance(requests, list):
            return refusal(AIError("AiError: Bad input: requests: expected a list", code=5004))
        batch_id = f"batch-{next(self._numbers)}"
        self._batches[batch_id] = (call.model, cast("list[Any]", requests))
        return json_response({"status": "queued", "model": call.model, "request_id": batch_id})

    async def _batch(self, batch_id: str) -> Any:
        """Return the answers of a batch: they are ready on the first poll."""
        if batch_id not in self._batches:
            error = {"internalCode": 5004, "description": f"no batch {batch_id}"}
            return json_response(error, 400)
        model, requests = self._batches[batch_id]
        responses: list[dict[str, Any]] = []
        for index, inputs in enumerate(requests):
            response = await self.script.answered(AICall(model, inputs, {}))
            body = json.loads(await response.text())
            field = "result" if response.ok else "error"
            entry = {"id": index, "success": response.ok, field: body}
            if "external_reference" in inputs:
                entry["external_reference"] = inputs["external_reference"]
            responses.append(entry)
        return json_response({"responses": responses})

    def _log(self, gateway: dict[str, Any], call: AICall, response: Any, took_ms: float) -> str:
        log_id = f"log-{next(self._numbers)}"
        request = json.dumps(call.inputs, default=str)
        self._logs[gateway["id"], log_id] = {
            "id": log_id,
            "provider": "workers-ai",
            "model": call.model,
            "path": f"run/{call.model}",
            "duration": took_ms,
            "status_code": response.status,
            "success": response.ok,
            "cached": False,
            "metadata": gateway.get("metadata", {}),
            "request_size": len(request),
            "request_head": request[:1000],
            "request_head_complete": len(request) <= 1000,
            # A streamed body was not read yet, so its size is unknown.
            "response_size": len(response.source or b""),
            "response_head_complete": False,
            "created_at": datetime.fromtimestamp(self.clock.now() / 1000, timezone.utc),
        }
        return log_id

    def gateway(self, gatewayId: str, /) -> FakeAiGateway:
        return FakeAiGateway(self.script, gatewayId, self._logs)

    async def websearch(self, request: dict[str, Any], /) -> Any:
        call = AICall("websearch", request, {})
        self.script.calls.append(call)
        return await self.script.answered(call)

    async def models(self, params: dict[str, Any], /) -> Any:
        models = [model for model in _catalogue() if _matches(model, params)]
        page, size = params.get("page", 1), params.get("per_page", 50)
        return models[(page - 1) * size : page * size]

    def toMarkdown(self) -> FakeToMarkdownService:
        return FakeToMarkdownService(self.script)


# Streams among the inputs ------------------------------------------------------------------------


def _is_live(value: Any) -> bool:
    return isinstance(value, (web.ReadableStream, web.FormData))


def _body(value: Any) -> Any:
    """Return the stream or form in an input, or None."""
    body = cast("dict[str, Any]", value).get("body") if isinstance(value, dict) else None
    return body if _is_live(body) else None


def _check_streams(inputs: dict[str, Any], through_gateway: bool) -> None:
    # The order of these checks is the client's.
    names = [name for name, value in inputs.items() if _is_live(value) or _body(value) is not None]
    if len(names) > 1:
        raise JsException("AiInternalError", SEVERAL_STREAMS.format(", ".join(names)))
    if names and through_gateway:
        raise JsException("AiInternalError", STREAM_THROUGH_GATEWAY)
    if names and not inputs[names[0]].get("contentType"):
        raise JsException("AiInternalError", STREAM_WITHOUT_TYPE)


# ``AI.run`` sends bytes under these names as a list of numbers, so a list of them was bytes.
_NUMBERS = ("audio", "image", "mask")


async def _readable(inputs: dict[str, Any]) -> dict[str, Any]:
    """Convert the inputs for ``AICall``: values that were passed as bytes are bytes again."""
    readable: dict[str, Any] = {}
    for name, value in inputs.items():
        body = _body(value)
        if body is not None:
            content_type: str = value["contentType"]
            response = web.Response.new(body, headers=[["content-type", content_type]])
            if content_type.startswith("multipart/form-data"):
                content: Any = FormData.from_js(await response.formData())
            else:
                content = await response.arrayBuffer()
            readable[name] = {**value, "body": content}
        elif name in _NUMBERS and isinstance(value, list):
            readable[name] = bytes(cast("list[int]", value))
        else:
            readable[name] = from_js(value)
    return readable


# Gateways ----------------------------------------------------------------------------------------


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
        passed = (("gateway", gateway), ("extraHeaders", extraHeaders))
        options = {name: value for name, value in passed if value is not None}
        return await abortable(self._first_success(data, options), signal)

    async def _first_success(self, data: list[dict[str, Any]], options: dict[str, Any]) -> Any:
        """Return the first successful Response, or the last Response if all providers fail."""
        response: Any = None
        for request in data:
            name = f"{request['provider']}/{request['endpoint']}"
            call = AICall(name, from_js(request["query"]), options)
            self._script.calls.append(call)
            response = await self._script.answered(call)
            if response.ok:
                break
        return response

    async def getLog(self, logId: str, /) -> Any:
        return self._entry(logId)

    async def patchLog(self, logId: str, data: dict[str, Any], /) -> None:
        self._entry(logId).update(data)

    def _entry(self, log_id: str) -> dict[str, Any]:
        # A gateway does not see the logs of another.
        if (self._name, log_id) not in self._logs:
            raise JsException("AiGatewayLogNotFound", LOG_NOT_FOUND)
        return self._logs[self._name, log_id]

    async def getUrl(self, provider: str = "universal", /) -> str:
        return f"https://gateway.ai.cloudflare.com/v1/account/{self._name}/{provider}"


# Documents ---------------------------------------------------------------------------------------


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
        responses = [
            await self._convert(number, document) for number, document in enumerate(documents, 1)
        ]
        return responses if isinstance(files, list) else responses[0]

    async def _convert(self, number: int, document: dict[str, Any]) -> dict[str, Any]:
        name, blob = document["name"], document["blob"]
        response = {"id": f"document-{number}", "name": name, "mimeType": blob.type}
        try:
            data = await self._script.converted(name, blob.type, await blob.arrayBuffer())
        except AIError as error:  # one bad document does not fail the others
            return {**response, "format": "error", "error": str(error)}
        # English text has about four characters per token.
        return {**response, "format": "markdown", "tokens": max(1, len(data) // 4), "data": data}

    async def supported(self) -> Any:
        return [
            {"mimeType": mime_type, "extension": f".{extension}"}
            for extension, mime_type in _FORMATS.items()
        ]


# The formats in Cloudflare's documentation of Markdown conversion.
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

# The catalogue -----------------------------------------------------------------------------------

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
    """Return the catalogue: every model that the types name, once, under its first task."""
    models: dict[str, dict[str, Any]] = {}
    for task_name, groups in _TASKS.items():
        task = {"id": b64encode(task_name.encode()).decode(), "name": task_name, "description": ""}
        for group in groups:
            for name in get_args(getattr(ai_models, group)):
                models.setdefault(
                    name,
                    {
                        "id": f"fake-{len(models) + 1}",
                        "source": 1,
                        "name": name,
                        "description": "",
                        "task": task,
                        "tags": [],
                        "properties": [],
                    },
                )
    return [*models.values()]


def _matches(model: dict[str, Any], params: dict[str, Any]) -> bool:
    author, search, task = (params.get(name) for name in ("author", "search", "task"))
    return (
        (author is None or author == model["name"].split("/")[1])
        and (search is None or search.lower() in model["name"].lower())
        and (task is None or task.lower() == model["task"]["name"].lower())
    )
