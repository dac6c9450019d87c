"""The fake of Workers AI: its script, embeddings, batches, gateways and catalogue."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import pairwise
from math import isclose, sqrt
from pathlib import Path
from typing import Any, Final, get_args, is_typeddict

import pytest
from hypothesis import given, strategies as st

from pyworkers_sdk import (
    AI,
    AbortError,
    AbortSignal,
    AbortTimeoutError,
    AIError,
    AIModel,
    Blob,
    ConversionError,
    Env,
    MarkdownDocument,
    Request,
    Response,
    StreamError,
    WorkerEntrypoint,
)
from pyworkers_sdk.ai import (
    _conversion as ai_values,
    media as ai_media,
    models as ai_models,
    tasks as ai_tasks,
    text_generation as ai_text,
)
from pyworkers_sdk.testing import AICall, FakeRuntime, ai, fake, faults
from tests.worker_project import COMPATIBLE

pytestmark = pytest.mark.asyncio

LLAMA: Final = "@cf/meta/llama-3.2-3b-instruct"
KIMI: Final = "@cf/moonshotai/kimi-k2.6"
OSS: Final = "@cf/openai/gpt-oss-20b"


class AppEnv(Env):
    AI: AI


class Default(WorkerEntrypoint[AppEnv]):
    async def fetch(self, request: Request) -> Response:
        stream = await self.env.AI.run(LLAMA, {"prompt": "Hi", "stream": True})
        return Response(stream.body, headers={"content-type": "text/event-stream"})


# The script --------------------------------------------------------------------------------------


async def test_model_without_an_answer_raises_with_advice() -> None:
    with pytest.raises(
        AIError, match=r"no answer for @cf/meta/\S+; set one: ai\(binding\).on\('@cf/meta"
    ):
        await fake(AI).run(LLAMA, {"prompt": "Hi"})


async def test_last_matching_rule_wins() -> None:
    binding = fake(AI)
    script = ai(binding)
    script.on("@cf/meta/*", "any")
    assert (await binding.run(LLAMA, {"prompt": "Hi"})).get("response") == "any"
    script.on(LLAMA, lambda inputs: {"response": inputs["prompt"].upper()})
    assert await binding.run(LLAMA, {"prompt": "Hi"}) == {"response": "HI"}
    script.clear()
    assert script.calls == []
    with pytest.raises(AIError, match="has no answer for"):
        await binding.run(LLAMA, {"prompt": "Hi"})


async def test_answer_may_be_async() -> None:
    async def later(inputs: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"response": len(inputs["messages"])}

    binding = fake(AI)
    ai(binding).on(LLAMA, later)
    assert await binding.run(LLAMA, {"messages": []}) == {"response": 0}


async def test_calls_are_recorded() -> None:
    binding = fake(AI)
    ai(binding).on("*", {"text": ""})
    await binding.run("@cf/openai/whisper", {"audio": b"\x00\xff"}, gateway={"id": "g"})
    audio = {"body": b"sound", "contentType": "audio/mpeg"}
    await binding.run(AIModel("@cf/a/b"), {"audio": audio, "language": "de"}, tags=["a"])
    assert ai(binding).calls == [
        AICall("@cf/openai/whisper", {"audio": b"\x00\xff"}, {"gateway": {"id": "g"}}),
        AICall("@cf/a/b", {"audio": audio, "language": "de"}, {"tags": ["a"]}),
    ]


async def test_text_answer_takes_the_form_of_the_model() -> None:
    binding = fake(AI)
    ai(binding).on("*", "Hello there")
    base = await binding.run(LLAMA, {"prompt": "Hi"})
    assert base.get("response") == "Hello there"
    usage = base.get("usage")
    assert usage
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    chat = await binding.run(KIMI, {"messages": []})
    assert chat["choices"][0]["message"] == {"role": "assistant", "content": "Hello there"}
    response = await binding.run(OSS, {"input": "Hi"})
    (message,) = response.get("output", [])
    assert message["content"][0]["text"] == "Hello there"


async def test_text_answer_is_streamed_word_by_word() -> None:
    binding = fake(AI)
    ai(binding).on("*", "Hello  there, you ")
    words = ["Hello", "  there,", " you "]
    base = await binding.run(LLAMA, {"prompt": "Hi", "stream": True})
    assert [event.get("response") async for event in base] == words
    chat = await binding.run(KIMI, {"messages": [], "stream": True})
    assert [event["choices"][0]["delta"].get("content") async for event in chat] == words
    response = await binding.run(OSS, {"input": "Hi", "stream": True})
    assert [event["delta"] async for event in response] == words


async def test_script_may_yield_its_own_events() -> None:
    async def events() -> AsyncIterator[Any]:
        yield "a"
        yield {"usage": {"total_tokens": 1}}

    binding = fake(AI)
    ai(binding).on(LLAMA, lambda inputs: events())
    stream = await binding.run(LLAMA, {"prompt": "Hi", "stream": True})
    assert [event async for event in stream] == [
        {"response": "a", "p": ""},
        {"usage": {"total_tokens": 1}},
    ]
    ai(binding).on(LLAMA, {"response": "at once"})
    stream = await binding.run(LLAMA, {"prompt": "Hi", "stream": True})
    assert [event async for event in stream] == [{"response": "at once"}]


async def test_iterator_without_aclose_can_be_streamed() -> None:
    class Once:
        left = 1

        def __aiter__(self) -> Once:
            return self

        async def __anext__(self) -> str:
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return "a"

    binding = fake(AI)
    ai(binding).on(LLAMA, lambda inputs: Once())
    stream = await binding.run(LLAMA, {"prompt": "Hi", "stream": True})
    assert [event.get("response") async for event in stream] == ["a"]


async def test_ai_error_in_the_script_is_an_error_of_the_service() -> None:
    async def full(inputs: dict[str, Any]) -> Any:
        raise AIError("Capacity temporarily exceeded", code=3040)

    binding = fake(AI)
    ai(binding).on(LLAMA, full)
    with pytest.raises(AIError, match=r"^3040: Capacity temporarily exceeded$") as caught:
        await binding.run(LLAMA, {"prompt": "Hi"})
    assert (caught.value.code, caught.value.js_name) == (3040, "InferenceUpstreamError")
    raw = await binding.run(LLAMA, {"prompt": "Hi"}, return_raw_response=True)
    assert raw.status == 429

    def plain(inputs: dict[str, Any]) -> Any:
        raise AIError("out of order")

    ai(binding).on(LLAMA, plain)
    with pytest.raises(AIError, match=r"^out of order$"):
        await binding.run(LLAMA, {"prompt": "Hi"})

    def wrong(inputs: dict[str, Any]) -> Any:
        return inputs["nothing"]

    ai(binding).on(LLAMA, wrong)
    with pytest.raises(KeyError):  # a mistake in the script itself
        await binding.run(LLAMA, {"prompt": "Hi"})


async def test_injected_fault_raises_every_second_call() -> None:
    binding = fake(AI)
    ai(binding).on(LLAMA, "Hi")
    faults(binding).fail("3036: out of quota", name="InferenceUpstreamError", every=2)
    assert await binding.run(LLAMA, {"prompt": "Hi"})
    with pytest.raises(AIError) as caught:
        await binding.run(LLAMA, {"prompt": "Hi"})
    assert caught.value.code == 3036


async def test_error_in_a_streamed_script_breaks_off_the_stream() -> None:
    async def events() -> AsyncIterator[str]:
        yield "a"
        raise RuntimeError("gone")

    binding = fake(AI)
    ai(binding).on(LLAMA, lambda inputs: events())
    stream = await binding.run(LLAMA, {"prompt": "Hi", "stream": True})
    with pytest.raises(StreamError, match="gone"):
        _ = [event async for event in stream]


async def test_ai_rejects_other_objects() -> None:
    with pytest.raises(TypeError, match=r"^ai\(\): expected an AI that fake\(\) made, got str$"):
        ai("AI")


EVENTS = (
    'data: {"a": "Grüße 👋"}\r\n\r\n: comment\rdata: {"b":\rdata: 2}\r\revent: x\ndata: [3]\n\n'
)
WHOLE = (EVENTS + "data: [DONE]\n\n").encode()


@given(st.lists(st.integers(0, len(WHOLE))))
async def test_event_parsing_does_not_depend_on_chunk_boundaries(cuts: list[int]) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        edges = [0, *sorted(cuts), len(WHOLE)]
        for start, end in pairwise(edges):
            yield WHOLE[start:end]

    binding = fake(AI)
    ai(binding).on("*", lambda inputs: Response(chunks()))
    stream = await binding.run(AIModel("@cf/a/b"), {"stream": True})
    assert [event async for event in stream] == [{"a": "Grüße 👋"}, {"b": 2}, [3]]


async def test_text_answer_fills_the_field_of_the_model() -> None:
    binding = fake(AI)
    ai(binding).on("*", "Bonjour")
    translated = await binding.run("@cf/meta/m2m100-1.2b", {"text": "Hi", "target_lang": "fr"})
    assert translated == {"translated_text": "Bonjour"}
    short = await binding.run("@cf/facebook/bart-large-cnn", {"input_text": "Hi"})
    assert short == {"summary": "Bonjour"}
    assert await binding.run("@cf/openai/whisper", {"audio": b"a"}) == {"text": "Bonjour"}
    described = await binding.run("@cf/llava-hf/llava-1.5-7b-hf", {"image": b"a"})
    assert described == {"description": "Bonjour"}
    judged: Any = await binding.run("@cf/meta/llama-guard-3-8b", {"messages": []})
    assert judged["response"] == "Bonjour"


@pytest.mark.parametrize(
    ("model", "inputs", "answer", "reason"),
    [
        ("@cf/baai/bge-m3", {"text": "a"}, "text", "expected the JSON of an answer, got str$"),
        (
            "@cf/black-forest-labs/flux-1-schnell",
            {"prompt": "a"},
            "text",
            "expected bytes, got str$",
        ),
        (LLAMA, {"prompt": "a"}, b"a picture", "expected the JSON of an answer, got bytes$"),
        (
            "@cf/openai/whisper",
            {"audio": b""},
            b"a sound",
            "expected the JSON of an answer, got bytes$",
        ),
        (LLAMA, {"prompt": "a"}, object(), "expected the JSON of an answer, got object$"),
        (
            LLAMA,
            {"prompt": "a"},
            iter(["a"]),
            "expected .*, got list_iterator; the call did not request a stream$",
        ),
        (LLAMA, {"prompt": "a", "stream": True}, 5, "expected the JSON of an answer, got int$"),
        (
            LLAMA,
            {"prompt": "a", "stream": True},
            None,
            "expected the JSON of an answer, got NoneType$",
        ),
    ],
)
async def test_answer_that_the_model_cannot_return_raises(
    model: Any, inputs: Any, answer: Any, reason: str
) -> None:
    binding = fake(AI)
    ai(binding).on("*", lambda _: answer)
    with pytest.raises(TypeError, match=rf"^ai\(binding\).on\('{model}', …\): {reason}"):
        await binding.run(model, inputs)


async def test_exception_as_an_answer_is_raised() -> None:
    binding = fake(AI)
    ai(binding).on(LLAMA, AIError("Capacity temporarily exceeded", code=3040))
    with pytest.raises(AIError, match=r"^3040: Capacity temporarily exceeded$"):
        await binding.run(LLAMA, {"prompt": "Hi"})
    ai(binding).on(LLAMA, lambda _: LookupError("of the test's own"))
    with pytest.raises(LookupError, match="of the test's own"):
        await binding.run(LLAMA, {"prompt": "Hi"})


@pytest.mark.parametrize("pieces", [["Hel", "lo"], iter(("Hel", "lo"))])
async def test_streamed_parts_may_be_a_list_or_an_iterator(pieces: Any) -> None:
    binding = fake(AI)
    ai(binding).on(LLAMA, pieces)
    stream = await binding.run(LLAMA, {"prompt": "Hi", "stream": True})
    assert [event.get("response") async for event in stream] == ["Hel", "lo"]


async def test_batch_without_requests_raises() -> None:
    wrong: Any = {"prompt": "Hi"}
    with pytest.raises(AIError, match=r"^5004: AiError: Bad input: requests"):
        await fake(AI).run(LLAMA, wrong, queue_request=True)


async def test_incomplete_gateway_request_raises() -> None:
    gateway = fake(AI).gateway("g")
    wrong: Any = {"provider": "openai", "query": {}}
    with pytest.raises(TypeError, match=r"^data\[0\]: missing 'endpoint'$"):
        await gateway.run(wrong)
    for what in ("openai", ["openai"]):
        with pytest.raises(ConversionError, match=r"^data\[0\]: expected a dict, got str$"):
            await gateway.run(what)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    note: Any = {"feedbak": 1}
    with pytest.raises(
        TypeError, match=r"^data: unknown key 'feedbak'; the keys are score, feedback, metadata$"
    ):
        await gateway.patch_log("log-1", note)


# Bindings ----------------------------------------------------------------------------------------


async def test_ai_binding_in_an_env_and_in_a_runtime() -> None:
    env = fake(AppEnv)
    ai(env.AI).on("*", "from the env")
    assert (await env.AI.run(LLAMA, {"prompt": "Hi"})).get("response") == "from the env"
    runtime = FakeRuntime(Default, env=AppEnv)
    ai(runtime.env.AI).on("*", "a b")
    response = await runtime.fetch("https://example.com/")
    assert (await response.text()).endswith('{"response": " b", "p": ""}\n\ndata: [DONE]\n\n')


async def test_ai_binding_from_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text("from tests.fakes.test_ai import Default\n")
    config = {"name": "w", "main": "worker.py", **COMPATIBLE, "ai": {"binding": "AI"}}
    (tmp_path / "wrangler.jsonc").write_text(json.dumps(config))
    runtime: Any = FakeRuntime.from_config(tmp_path / "wrangler.jsonc")
    ai(runtime.env.AI).on("*", "a")
    assert (await (await runtime.fetch("https://example.com/")).text()).startswith("data: ")


# Embeddings --------------------------------------------------------------------------------------


def _cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b))


async def test_vectors_have_unit_length_and_are_deterministic() -> None:
    texts = ["a red apple", "the red apples", "tax law of 1998", "", "a red apple"]
    output = await fake(AI).run("@cf/baai/bge-base-en-v1.5", {"text": texts})
    again = await fake(AI).run("@cf/baai/bge-base-en-v1.5", {"text": "a red apple"})
    assert output["shape"] == [5, 768]
    apple, apples, law, nothing, same = output["data"]
    assert apple == same == again["data"][0]
    assert all(isclose(sqrt(_cosine(v, v)), 1, rel_tol=1e-6) for v in (apple, apples, law, nothing))
    assert _cosine(apple, apples) > 0.4 > 0.15 > _cosine(apple, law)


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("@cf/baai/bge-small-en-v1.5", 384),
        ("@cf/baai/bge-large-en-v1.5", 1024),
        ("@cf/google/embeddinggemma-300m", 768),
    ],
)
async def test_vector_has_the_dimensions_of_the_model(model: Any, size: int) -> None:
    output = await fake(AI).run(model, {"text": "a"})
    assert output["shape"] == [1, size]
    assert len(output["data"][0]) == size
    assert ("pooling" in output) is ("bge" in model)


async def test_vector_is_never_zero() -> None:
    letters = [chr(number) for number in range(0x4E00, 0x5400)]
    for texts in (letters[start : start + 100] for start in range(0, len(letters), 100)):
        output = await fake(AI).run("@cf/baai/bge-small-en-v1.5", {"text": texts})
        assert all(isclose(_cosine(v, v), 1, rel_tol=1e-6) for v in output["data"])


async def test_more_than_100_texts_raise() -> None:
    with pytest.raises(AIError, match=r"^5004: AiError: Bad input: text: at most 100, got 101$"):
        await fake(AI).run("@cf/baai/bge-m3", {"text": ["a"] * 101})


async def test_embedding_inputs_of_qwen_and_invalid_ones() -> None:
    output = await fake(AI).run("@cf/qwen/qwen3-embedding-0.6b", {"queries": ["a"]})
    assert output["shape"] == [1, 1024]
    wrong: Any = {"text": [1]}
    with pytest.raises(AIError, match=r"^5004: "):
        await fake(AI).run("@cf/baai/bge-m3", wrong)
    with pytest.raises(AIError, match="no answer for @cf/baai/bge-m3"):
        await fake(AI).run("@cf/baai/bge-m3", {"query": "a", "contexts": []})


# Batches, gateways, documents, the catalogue -----------------------------------------------------


async def test_batch_returns_references_and_failures() -> None:
    def answer(inputs: dict[str, Any]) -> Any:
        if inputs["prompt"] == "fail":
            raise AIError("bad", code=5004)
        return {"response": inputs["prompt"]}

    binding = fake(AI)
    ai(binding).on("*", answer)
    requests = [{"prompt": "a", "external_reference": "one"}, {"prompt": "fail"}]
    queued = await binding.run(LLAMA, {"requests": requests}, queue_request=True)
    batch = await binding.run(LLAMA, {"request_id": queued["request_id"]})
    first, second = batch.get("responses", [])
    expected = {"id": 0, "success": True, "result": {"response": "a"}, "external_reference": "one"}
    assert first == expected
    assert (second["success"], second["error"]["internalCode"]) == (False, 5004)
    with pytest.raises(AIError, match=r"^5004: no batch none$"):
        await binding.run(LLAMA, {"request_id": "none"})


async def test_gateway_falls_back_to_the_next_provider() -> None:
    binding = fake(AI)
    ai(binding).on("openai/*", Response("no", status=500))
    ai(binding).on("workers-ai/@cf/*", lambda query: {"response": query["prompt"]})
    response = await binding.gateway("g").run(
        [
            {"provider": "openai", "endpoint": "chat/completions", "query": {"model": "gpt"}},
            {"provider": "workers-ai", "endpoint": LLAMA, "query": {"prompt": "Hi"}},
        ],
        gateway={"cache_ttl": 5},
        extra_headers={"x-a": "1"},
    )
    assert await response.json() == {"response": "Hi"}
    options = {"gateway": {"cacheTtl": 5}, "extraHeaders": {"x-a": "1"}}
    assert ai(binding).calls == [
        AICall("openai/chat/completions", {"model": "gpt"}, options),
        AICall(f"workers-ai/{LLAMA}", {"prompt": "Hi"}, options),
    ]
    failed = await binding.gateway("g").run(
        {"provider": "openai", "endpoint": "chat/completions", "query": {}}
    )
    assert failed.status == 500


async def test_log_is_visible_only_through_its_gateway() -> None:
    binding = fake(AI)
    ai(binding).on("*", "Hi")
    await binding.run(LLAMA, {"prompt": "Hi"}, gateway={"id": "g"})
    log_id = binding.ai_gateway_log_id or ""
    assert (await binding.gateway("g").get_log(log_id)).get("request_head") == '{"prompt": "Hi"}'
    with pytest.raises(AIError, match="Log Not Found"):
        await binding.gateway("other").get_log(log_id)


async def test_on_markdown_converts_documents() -> None:
    binding = fake(AI)
    document = MarkdownDocument("a.pdf", Blob([b"%PDF"], type="application/pdf"))
    with pytest.raises(
        AIError, match=r"cannot convert a.pdf \(application/pdf\); set a converter: ai\(binding"
    ):
        await binding.to_markdown(document)
    ai(binding).on_markdown(lambda name, data: f"# {name}\n{len(data)} bytes")
    assert (await binding.to_markdown(document)).data == "# a.pdf\n4 bytes"

    async def refuse(name: str, data: bytes) -> str:
        raise AIError("it is encrypted")

    ai(binding).on_markdown(refuse)
    answer = await binding.to_markdown(document)
    assert (answer.format, answer.error, answer.tokens) == ("error", "it is encrypted", None)


async def test_models_filters_and_paginates() -> None:
    binding = fake(AI)
    speech = await binding.models(task="automatic speech recognition")
    assert {model["name"].split("/")[1] for model in speech} == {"openai", "deepgram", "nvidia"}
    assert {model["name"] for model in await binding.models(author="openai", search="GPT")} == {
        "@cf/openai/gpt-oss-120b",
        "@cf/openai/gpt-oss-20b",
    }
    first = await binding.models(per_page=2)
    second = await binding.models(per_page=2, page=2)
    assert len({model["name"] for model in [*first, *second]}) == 4


async def test_conversion_options_are_accepted() -> None:
    document = MarkdownDocument("a.txt", Blob(["Hi"], type="text/plain"))
    answer = await fake(AI).to_markdown(
        document,
        gateway={"id": "g"},
        extra_headers={"x-a": "1"},
        conversion_options={"html": {"images": {"convert_og_image": True}}, "image": {}},
    )
    assert (answer.data, answer.mime_type) == ("Hi", "text/plain")


async def test_signal_aborts_run_and_gateway_run() -> None:
    async def never(inputs: Any) -> None:
        await asyncio.Event().wait()

    binding = fake(AI)
    ai(binding).on("*", never)
    request: Any = {"provider": "openai", "endpoint": "a", "query": {}}
    with pytest.raises(AbortTimeoutError):
        await binding.run(LLAMA, {"prompt": "Hi"}, signal=AbortSignal.timeout(1))
    with pytest.raises(AbortError):
        await binding.gateway("g").run(request, signal=AbortSignal.abort())


async def test_websearch_is_scripted_by_its_name() -> None:
    binding = fake(AI)
    ai(binding).on("websearch", lambda request: {"items": [request["query"]]})
    response = await binding.websearch(gateway_id="g", query="news", limit=3)
    assert await response.json() == {"items": ["news"]}
    [call] = ai(binding).calls
    assert call.inputs == {"gatewayId": "g", "query": "news", "limit": 3}


async def test_websearch_missing_in_an_older_runtime_raises() -> None:
    class Older:
        toMarkdown = None

    older: Any = Older()
    with pytest.raises(AIError, match=r"^this runtime has no websearch\(\)$"):
        await AI(older).websearch(gateway_id="g", query="news")


async def test_dropping_the_iterator_ends_the_stream() -> None:
    ended: list[str] = []

    async def events() -> AsyncIterator[str]:
        try:
            while True:
                yield "a"
        finally:
            ended.append("by itself")

    binding = fake(AI)
    ai(binding).on("*", lambda inputs: events())
    stream = await binding.run(LLAMA, {"prompt": "Hi", "stream": True})
    chunks = aiter(stream)
    assert aiter(chunks) is chunks
    assert (await anext(chunks)).get("response") == "a"
    del chunks
    await asyncio.sleep(0.01)
    assert ended == ["by itself"]
    assert not stream.body.locked


async def test_stream_dropped_after_its_event_loop_closed() -> None:
    async def begin() -> Any:
        binding = fake(AI)
        ai(binding).on("*", "a b c")
        stream = await binding.run(LLAMA, {"prompt": "Hi", "stream": True})
        chunks = aiter(stream.body)
        assert aiter(chunks) is chunks
        await anext(chunks)
        return stream, chunks

    def left_later() -> bool:
        stream, chunks = asyncio.run(begin())
        del chunks
        return bool(stream.body.locked)

    assert not await asyncio.to_thread(left_later)


# Consistency of the package ----------------------------------------------------------------------


async def test_model_names_in_code_match_the_types() -> None:
    assert set(ai_values.EMBEDDINGS) == set(get_args(ai_models.TextEmbeddingsModel))
    binary = {
        *get_args(ai_models.TextToImageModel),
        *get_args(ai_models.MultipartImageModel),
        *get_args(ai_models.TextToSpeechModel),
    }
    assert set(ai_values.ENCODED) <= binary
    families = [getattr(ai_models, name) for name in ai_models.__all__]
    names = [name for family in families for name in get_args(family)]
    assert len(names) - len({*names}) == 1  # bge-m3 both embeds and ranks


@pytest.mark.parametrize("module", [ai_text, ai_tasks, ai_media])
async def test_exported_typed_dicts_have_docstrings(module: Any) -> None:
    types = {name: cls for name, cls in vars(module).items() if is_typeddict(cls)}
    public = {name for name, cls in types.items() if not name.startswith("_") and cls is not Any}
    assert {*module.__all__} == {
        name for name in public if types[name].__module__ == module.__name__
    }
    undocumented = [name for name in module.__all__ if types[name].__doc__ in (None, dict.__doc__)]
    assert undocumented == []


async def test_run_options_are_parameters_of_run() -> None:
    from pyworkers_sdk.ai.run_overloads import Run, RunOptions

    assert set(RunOptions.__annotations__) < set(AI.run.__annotations__)
    assert hasattr(Run, "__call__")  # noqa: B004
