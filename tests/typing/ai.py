"""The types of Workers AI: checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import Any, Final, TypedDict, assert_type

from pyworkers_sdk import (
    AI,
    AiGateway,
    AiGatewayLog,
    AIModel,
    AiModelsSearchObject,
    Blob,
    ConversionResponse,
    Env,
    EventStream,
    FormData,
    MarkdownDocument,
    Response,
    ToMarkdownService,
)
from pyworkers_sdk.ai.media import ImageToTextOutput, SpeechRecognitionOutput, SpeechStreamOutput
from pyworkers_sdk.ai.tasks import (
    AsyncBatch,
    AsyncBatchResponse,
    Classification,
    RerankingOutput,
    TextEmbeddingsOutput,
    TranslationOutput,
)
from pyworkers_sdk.ai.text_generation import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatMessage,
    ResponsesOutput,
    TextGenerationEvent,
    TextGenerationInput,
    TextGenerationOutput,
)


class Recipe(TypedDict):
    title: str
    minutes: int


class AppEnv(Env):
    AI: AI
    MODEL: str


async def chats(ai: AI, env: AppEnv, messages: list[ChatMessage]) -> None:
    llama = await ai.run("@cf/meta/llama-3.2-3b-instruct", {"prompt": "Hi", "max_tokens": 5})
    assert_type(llama, TextGenerationOutput)
    inputs: TextGenerationInput = {"messages": messages}
    assert_type(
        await ai.run("@cf/meta/llama-3.3-70b-instruct-fp8-fast", inputs), TextGenerationOutput
    )
    stream = await ai.run("@cf/meta/llama-3.2-3b-instruct", {"messages": messages, "stream": True})
    assert_type(stream, EventStream[TextGenerationEvent])
    async for event in stream:
        assert_type(event, TextGenerationEvent)
    Response(stream.body, headers={"content-type": "text/event-stream"})
    recipe = await ai.run(
        "@cf/meta/llama-3.2-3b-instruct",
        {
            "messages": [{"role": "user", "content": "Soup"}],
            "response_format": {"type": "json_object"},
        },
        Recipe,
        gateway={"id": "my-gateway", "cache_ttl": 60},
    )
    assert_type(recipe, Recipe)
    kimi = await ai.run("@cf/moonshotai/kimi-k2.6", {"messages": messages})
    assert_type(kimi, ChatCompletion)
    assert_type(kimi["choices"][0]["message"]["content"], str | None)
    chunks = await ai.run("@cf/moonshotai/kimi-k2.6", {"messages": messages, "stream": True})
    assert_type(chunks, EventStream[ChatCompletionChunk])
    oss = await ai.run("@cf/openai/gpt-oss-20b", {"input": "Hi"})
    assert_type(await ai.run("@cf/openai/gpt-oss-20b", {"input": "Hi"}, Recipe), Recipe)
    assert_type(oss, ResponsesOutput)
    assert_type(await ai.run("@cf/openai/gpt-oss-20b", {"messages": messages}), ChatCompletion)
    assert_type(await ai.run(AIModel(env.MODEL), {"anything": 1}), Any)
    assert_type(await env.AI.run(AIModel("@cf/a/b"), {"anything": 1}, Recipe), Recipe)


async def tasks(ai: AI, data: bytes) -> None:
    output = await ai.run("@cf/baai/bge-base-en-v1.5", {"text": ["a", "b"]})
    assert_type(output, TextEmbeddingsOutput)
    assert_type(output["data"], list[list[float]])
    assert_type(
        await ai.run("@cf/baai/bge-m3", {"query": "a", "contexts": [{"text": "b"}]}),
        RerankingOutput,
    )
    assert_type(
        await ai.run("@cf/meta/m2m100-1.2b", {"text": "Hi", "target_lang": "fr"}),
        TranslationOutput,
    )
    assert_type(
        await ai.run("@cf/huggingface/distilbert-sst-2-int8", {"text": "Nice"}),
        list[Classification],
    )
    assert_type(await ai.run("@cf/openai/whisper", {"audio": data}), SpeechRecognitionOutput)
    assert_type(
        await ai.run("@cf/deepgram/nova-3", {"audio": {"body": data, "contentType": "audio/mpeg"}}),
        SpeechStreamOutput,
    )
    assert_type(await ai.run("@cf/myshell-ai/melotts", {"prompt": "Hi"}), bytes)
    assert_type(await ai.run("@cf/deepgram/aura-1", {"text": "Hi", "speaker": "luna"}), bytes)
    assert_type(
        await ai.run("@cf/black-forest-labs/flux-1-schnell", {"prompt": "cat", "steps": 4}), bytes
    )
    assert_type(
        await ai.run("@cf/black-forest-labs/flux-2-dev", {"multipart": {"body": FormData()}}), bytes
    )
    assert_type(await ai.run("@cf/unum/uform-gen2-qwen-500m", {"image": data}), ImageToTextOutput)


async def options(ai: AI) -> None:
    raw = await ai.run("@cf/openai/whisper", {"audio": b""}, return_raw_response=True)
    assert_type(raw, Response)
    assert_type(
        await ai.run("@cf/deepgram/flux", {"encoding": "linear16"}, websocket=True), Response
    )
    batch = await ai.run(
        "@cf/baai/bge-m3", {"requests": [{"text": "a"}]}, queue_request=True, tags=["a"]
    )
    assert_type(batch, AsyncBatchResponse)
    assert_type(await ai.run("@cf/baai/bge-m3", {"request_id": batch["request_id"]}), AsyncBatch)


async def the_rest(ai: AI, document: MarkdownDocument) -> None:
    assert_type(await ai.models(task="Text Generation"), list[AiModelsSearchObject])
    assert_type(ai.to_markdown(), ToMarkdownService)
    assert_type(await ai.to_markdown(document), ConversionResponse)
    assert_type(await ai.to_markdown([document]), list[ConversionResponse])
    MarkdownDocument("a.html", Blob(["<p>"], type="text/html"))
    gateway = ai.gateway("my-gateway")
    assert_type(gateway, AiGateway)
    assert_type(await gateway.get_log("a"), AiGatewayLog)
    await gateway.patch_log("a", {"feedback": 1, "score": None})
    assert_type(
        await gateway.run({"provider": "openai", "endpoint": "chat/completions", "query": {}}),
        Response,
    )


LLAMA: Final = "@cf/meta/llama-3.2-3b-instruct"
KIMI: Final = "@cf/moonshotai/kimi-k2.6"
BGE: Final = "@cf/baai/bge-base-en-v1.5"


async def refused(ai: AI, messages: list[ChatMessage], name: str) -> None:
    await ai.run(LLAMA, {"mesages": messages})  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    await ai.run(LLAMA, {"messages": "Hi"})  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    await ai.run(LLAMA, {"messages": [{"role": "robot", "content": ""}]})  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    await ai.run(LLAMA, {"prompt": "Hi"}, gateway={"cache_ttl": 60})  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    await ai.run(KIMI, {"max_token": 1, "messages": messages})  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    await ai.run(BGE, {"texts": "a"})  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    await ai.run(BGE, {"text": "a"}, cache_ttl=60)  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    await ai.run("@cf/openai/whisper", {"audio": "text"})  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    await ai.run("@cf/meta/lama-3.2-3b-instruct", {"prompt": "Hi"})  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    await ai.run(name, {"prompt": "Hi"})  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
