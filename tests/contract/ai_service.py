"""The models of the contract checks, as scripts of the fake.

tests/real/stand_ins/ai.mjs has the same models for the real worlds; this module runs only in the
fake world.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

from pyworkers_sdk import AI, AIError, FormData, Response
from pyworkers_sdk.testing import AIScript, ai

USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
LABELS = [{"label": "POSITIVE", "score": 1}, {"label": "NEGATIVE", "score": 0}]
# A comment, other fields, empty lines, all three ends of line, and no empty line at the end.
ODD_EVENTS = b': a comment\nevent: delta\nid: 1\ndata: {"a":\ndata: 1}\n\n\n\n'
ODD_EVENTS += b'data:{"b":2}\r\rretry: 5\n\ndata: {"c":3}'


def scripted(binding: AI) -> AI:
    """Set the answers of all models, and return the binding."""
    script = ai(binding)
    models = _Models(script)
    answers: dict[str, Any] = {
        "@echo": models.echo,
        "*@echo": models.echo,
        "@cf/meta/llama-3.2-3b-instruct": models.llama,
        "@cf/moonshotai/kimi-k2.6": models.kimi,
        "@cf/baai/bge-small-en-v1.5": bge_small,
        "@cf/baai/bge-m3": bge_m3,
        "@cf/huggingface/distilbert-sst-2-int8": LABELS,
        "@cf/openai/whisper": whisper,
        "@cf/openai/whisper-large-v3-turbo": whisper_turbo,
        "@cf/black-forest-labs/flux-1-schnell": b"\x00\x01JPEG\xff",
        "@cf/lykon/dreamshaper-8-lcm": lambda inputs: b"\x89PNG" + inputs.get("image", b""),
        "@cf/myshell-ai/melotts": b"ID3\xff",
        "@cf/deepgram/aura-1": b"\xff\xfb\x00",
        "@sse/none": lambda inputs: raw_events(b""),
        "@sse/bad": lambda inputs: raw_events(b"data: {nonsense\n\n"),
        "@sse/odd": lambda inputs: raw_events(ODD_EVENTS),
        "@sse/broken": lambda inputs: broken(),
        "@sse/wait": lambda inputs: wait(),
        "@cf/openai/gpt-oss-20b": gpt_oss,
        "@cf/leonardo/lucid-origin": {"nothing": True},
        "@slow": slow,
        "@cancelled": lambda inputs: {"cancelled": models.cancelled},
        "@fail/text": lambda inputs: Response("out of order", status=500),
        "@fail/errors": lambda inputs: Response.json(
            {"errors": [{"code": 7003, "message": "No route"}]}, status=404
        ),
        "@cf/no/such": lambda inputs: unknown("@cf/no/such"),
    }
    script.on_markdown(markdown)
    for model, answer in answers.items():
        script.on(model, answer)
    return binding


class _Models:
    """The models that look at the script, or count the streams that were cancelled."""

    def __init__(self, script: AIScript) -> None:
        self.script = script
        self.cancelled = 0

    def echo(self, inputs: dict[str, Any]) -> Response:
        """Answer with the request, as the service receives it."""
        call = self.script.calls[-1]
        options = dict(call.options)
        prefix = options.pop("prefix", None)
        headers = {name.lower(): value for name, value in options.pop("extraHeaders", {}).items()}
        answer = {"model": f"{prefix}:{call.model}" if prefix else call.model, "headers": headers}
        for value in inputs.values():
            if isinstance(value, dict) and isinstance(value.get("body"), bytes):
                answer["body"], answer["type"] = value["body"].decode(), value["contentType"]
        rest = {
            name: list(value) if isinstance(value, bytes) else value
            for name, value in inputs.items()
            if not (isinstance(value, dict) and isinstance(value.get("body"), (bytes, FormData)))
        }
        answer = {**answer, "inputs": rest, "options": options}
        return Response.json(answer, status=inputs.get("status", 200))

    def llama(self, inputs: dict[str, Any]) -> Any:
        if inputs.get("prompt") == "fail":
            raise AIError("Capacity temporarily exceeded, please try again.", code=3040)
        if "response_format" in inputs:
            return {"response": {"title": "Söup", "minutes": 20}, "usage": USAGE}
        if not inputs.get("stream"):
            return {"response": f"You said: {inputs['prompt']}", "usage": USAGE}
        return self._stream(
            {"response": "Grüß", "p": "ab"},
            {"response": " dich 👋", "p": "a"},
            {"response": "", "usage": USAGE},
        )

    def kimi(self, inputs: dict[str, Any]) -> Any:
        if inputs.get("stream"):
            return self._stream("Hel", "lo")
        return '{"title": "Soup", "minutes": 20.0}' if "response_format" in inputs else "Hello"

    async def _stream(self, *events: Any) -> AsyncIterator[Any]:
        done = False
        try:
            for event in events:
                yield event
            done = True
        finally:
            if not done:
                self.cancelled += 1


def bge_small(inputs: dict[str, Any]) -> Any:
    texts = [inputs["text"]] if isinstance(inputs["text"], str) else inputs["text"]
    data = [[index, 0.5, 0.10000000149011612, -len(text)] for index, text in enumerate(texts)]
    return {"shape": [len(data), 4], "data": data, "pooling": inputs.get("pooling", "mean")}


def bge_m3(inputs: dict[str, Any]) -> Any:
    if "contexts" in inputs:
        return {"response": [{"id": 1, "score": 1}, {"id": 0, "score": 0.25}]}
    if inputs.get("text") == "one":
        return {"shape": [1, 2], "data": [[1, 0]]}
    return {"shape": [2, 2], "data": [[1, 2, 3], [4]]}


def whisper(inputs: dict[str, Any]) -> Any:
    return {"text": " ".join(map(str, inputs["audio"])), "word_count": len(inputs["audio"])}


def whisper_turbo(inputs: dict[str, Any]) -> Any:
    return {"text": b64decode(inputs["audio"]).decode()}


def gpt_oss(inputs: dict[str, Any]) -> Any:
    part = {"type": "output_text", "text": inputs["input"], "annotations": []}
    message = {"type": "message", "role": "assistant", "content": [part]}
    thought = {"type": "reasoning_text", "text": "Hm."}
    output = [{"type": "reasoning", "content": [thought]}, message]
    return {"id": "r1", "object": "response", "status": "completed", "output": output}


def raw_events(data: bytes) -> Response:
    """Answer with these bytes as an event stream, in chunks of two."""

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 2):
            yield data[start : start + 2]

    return Response(chunks(), headers={"content-type": "text/event-stream"})


async def broken() -> AsyncIterator[Any]:
    yield {"a": 1}
    raise TypeError("the model went away")


async def wait() -> AsyncIterator[Any]:
    yield {"a": 1}
    await asyncio.Event().wait()


async def slow(inputs: dict[str, Any]) -> Any:
    await asyncio.Event().wait()


def unknown(model: str) -> Any:
    raise AIError(f"No such model {model} or task", code=5007)


def markdown(name: str, data: bytes) -> str:
    if name.endswith(".bin"):
        raise AIError("cannot convert application/x-none")
    return data.decode()
