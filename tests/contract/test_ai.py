"""Workers AI: how the client converts inputs, options and answers; the models are stand-ins."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final, TypedDict

from pyworkers_sdk import (
    AI,
    AbortController,
    AbortError,
    AIError,
    AIModel,
    BindingError,
    Blob,
    ConversionError,
    FormData,
    MarkdownDocument,
    Response,
    RowError,
    StreamError,
)

from .kit import cases, not_in, only, raises

ECHO = AIModel("@echo")
LLAMA: Final = "@cf/meta/llama-3.2-3b-instruct"
KIMI: Final = "@cf/moonshotai/kimi-k2.6"


class Recipe(TypedDict):
    title: str
    minutes: float


async def test_wrong_binding_type_is_rejected(env: Any) -> None:
    with raises(BindingError, match="^AI: expected (the AI|a) binding, got "):
        AI(env.DATA)


# Inputs and options ------------------------------------------------------------------------------


async def test_inputs_arrive_as_json(ai: AI) -> None:
    inputs = {
        "text": "Grüße",
        "number": 1.5,
        "none": None,
        "messages": [{"role": "user", "content": [{"type": "text", "constructor": "x"}]}],
        "when": datetime(2026, 7, 1, tzinfo=timezone.utc),
        "price": Decimal("1.10"),
    }
    answer = await ai.run(ECHO, inputs)
    assert answer["inputs"] == {**inputs, "when": "2026-07-01T00:00:00.000Z", "price": "1.10"}
    assert answer["options"] == {}
    assert answer["model"] == "@echo"


async def test_only_passed_options_are_sent(ai: AI) -> None:
    answer = await ai.run(
        ECHO,
        {},
        gateway={
            "id": "g",
            "cache_ttl": 60,
            "skip_cache": False,
            "metadata": {"user": 1, "free": True},
            "retries": {"max_attempts": 3, "backoff": "linear"},
        },
        prefix="p",
        tags=["a", "b"],
        extra_headers={"x-a": "1"},
    )
    assert answer["options"] == {
        "gateway": {
            "id": "g",
            "cacheTtl": 60,
            "skipCache": False,
            "metadata": {"user": 1, "free": True},
            "retries": {"maxAttempts": 3, "backoff": "linear"},
        },
        "tags": ["a", "b"],
    }
    assert answer["model"] == "p:@echo"
    assert answer["headers"]["x-a"] == "1"


async def test_durations_of_a_gateway_may_be_timedeltas(ai: AI) -> None:
    answer = await ai.run(
        ECHO,
        {},
        gateway={
            "id": "g",
            "cache_ttl": timedelta(minutes=1),
            "request_timeout_ms": timedelta(seconds=1.5),
            "retries": {"retry_delay_ms": timedelta(milliseconds=100)},
        },
    )
    assert answer["options"]["gateway"] == {
        "id": "g",
        "cacheTtl": 60,
        "requestTimeoutMs": 1500,
        "retries": {"retryDelayMs": 100},
    }


async def test_unknown_option_raises_type_error(ai: AI) -> None:
    gateway: Any = {"id": "g", "cacheTTL": 1}
    with raises(TypeError, match=r"^gateway: unknown key 'cacheTTL'; did you mean cache_ttl\?"):
        await ai.run(ECHO, {}, gateway=gateway)
    nested: Any = {"id": "g", "retries": {"maxAttempts": 1}}
    with raises(
        TypeError, match="^gateway.retries: unknown key 'maxAttempts'; did you mean max_attempts"
    ):
        await ai.run(ECHO, {}, gateway=nested)
    options: Any = {"streaming": True}
    with raises(TypeError, match="streaming"):
        await ai.run(ECHO, {}, **options)


@cases(
    {
        "no-dict": (["a"], "inputs: expected a dict, got list"),
        "bytes-within": ({"messages": [b""]}, r"inputs.messages\[0\]: bytes are not JSON"),
        "nan": ({"top_p": float("nan")}, "inputs.top_p: nan is neither"),
        "a-gateway": (None, "gateway: expected a dict, got str"),
    }
)
async def test_input_that_cannot_cross_raises(ai: AI, case: Any) -> None:
    inputs, reason = case
    options: Any = {"gateway": "g"} if inputs is None else {}
    with raises(ConversionError, match=reason):
        await ai.run(ECHO, inputs or {}, **options)


@cases(
    {
        "a-gateway-without-its-name": (
            {"gateway": {"cache_ttl": 1}},
            "gateway: missing 'id', the name",
        ),
        "one-tag": ({"tags": "beta"}, "tags: expected a list of str, got str"),
        "a-number-for-a-tag": ({"tags": ["a", 1]}, r"tags\[1\]: expected str, got int"),
        "headers": ({"extra_headers": "a: b"}, "extra_headers: expected a dict, got str"),
        "a-header": ({"extra_headers": {"a": 1}}, r"extra_headers\['a'\]: expected str, got int"),
        "seconds": ({"signal": 5}, "signal: expected AbortSignal, got int"),
        "a-controller": ({"signal": AbortController}, "signal: expected AbortSignal, got Abort"),
    }
)
async def test_invalid_option_raises(ai: AI, case: Any) -> None:
    options, reason = case
    if options.get("signal") is AbortController:
        options = {"signal": AbortController()}
    with raises(TypeError, match=f"^{reason}"):
        await ai.run(ECHO, {}, **options)


async def test_blob_as_input_raises(ai: AI) -> None:
    with raises(ConversionError, match="^inputs.image: expected JSON or bytes, got Blob"):
        await ai.run(ECHO, {"image": Blob([b"a"])})


async def test_type_error_names_the_method(ai: Any) -> None:
    with raises(TypeError, match=r"^AI\.run\(\) got an unexpected keyword argument 'prompt'"):
        await ai.run(ECHO, prompt="Hi")


async def test_bytes_cross_as_numbers_or_base64(ai: AI) -> None:
    data = bytes([0, 1, 254, 255])
    answer = await ai.run(ECHO, {"image": data, "mask": bytearray(data), "prompt": "x"})
    assert answer["inputs"] == {"image": [0, 1, 254, 255], "mask": [0, 1, 254, 255], "prompt": "x"}
    answer = await ai.run(ECHO, {"image_b64": memoryview(data)})
    assert answer["inputs"] == {"image_b64": "AAH+/w=="}
    text = await ai.run("@cf/openai/whisper", {"audio": data})
    assert text == {"text": "0 1 254 255", "word_count": 4}
    turbo = await ai.run(
        "@cf/openai/whisper-large-v3-turbo", {"audio": "Grüße".encode("ascii", "ignore")}
    )
    assert turbo == {"text": "Gre"}


async def _chunks() -> Any:
    yield b"so"
    yield b"und"


@cases(["bytes", "blob", "iterator", "stream"])
async def test_body_is_sent_as_a_stream(ai: AI, case: str) -> None:
    body: Any = {
        "bytes": b"sound",
        "blob": Blob([b"sound"]),
        "iterator": _chunks(),
        "stream": Blob([b"sound"]).stream(),
    }[case]
    audio = {"body": body, "contentType": "audio/mpeg"}
    answer = await ai.run(ECHO, {"audio": audio, "language": "de"}, tags=["a"])
    assert answer["inputs"] == {"language": "de"}
    assert (answer["body"], answer["type"]) == ("sound", "audio/mpeg")


async def test_form_sets_its_own_content_type(ai: AI) -> None:
    form = FormData()
    form.append("prompt", "a cat")
    multipart = {"body": form, "contentType": "multipart/form-data"}
    answer = await ai.run(AIModel("form@echo"), {"multipart": multipart})
    if "type" in answer:
        assert answer["type"].startswith("multipart/form-data;")
        assert "a cat" in answer["body"]
    else:  # the fake passes the form itself to the script
        assert answer["inputs"] == {}


async def test_blob_sets_content_type_unless_one_is_passed(ai: AI) -> None:
    blob = Blob([b"sound"], type="audio/ogg")
    answer = await ai.run(ECHO, {"audio": {"body": blob}})
    assert answer["type"] == "audio/ogg"
    answer = await ai.run(ECHO, {"audio": {"body": blob, "contentType": "audio/opus"}})
    assert answer["type"] == "audio/opus"


async def test_body_of_json_stays_json(ai: AI) -> None:
    inputs = {"a": {"body": "text"}, "b": {"body": {"c": [1]}}}
    assert (await ai.run(ECHO, inputs))["inputs"] == inputs
    assert (await ai.run(ECHO, {**inputs, "mask": b"a"}))["inputs"] == {**inputs, "mask": [97]}


async def test_invalid_use_of_streams_raises(ai: AI) -> None:
    audio = {"body": b"a", "contentType": "audio/mpeg"}
    with raises(
        AIError, match="^Multiple ReadableStreams are not supported. Found streams in keys: .a, b.$"
    ) as caught:
        await ai.run(ECHO, {"a": audio, "b": audio})
    assert caught.value.js_name == "AiInternalError"
    with raises(AIError, match="^AI Gateway does not support ReadableStreams yet.$"):
        await ai.run(ECHO, {"a": audio}, gateway={"id": "g"})
    with raises(AIError, match="^Content-Type is required with ReadableStream inputs$"):
        await ai.run(ECHO, {"a": {"body": b"a"}})


# Answers -----------------------------------------------------------------------------------------


async def test_answer_is_json(ai: AI) -> None:
    answer = await ai.run(LLAMA, {"prompt": "Hi"})
    assert answer == {
        "response": "You said: Hi",
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
    labels = await ai.run("@cf/huggingface/distilbert-sst-2-int8", {"text": "Nice"})
    assert labels == [{"label": "POSITIVE", "score": 1}, {"label": "NEGATIVE", "score": 0}]
    chat = await ai.run(KIMI, {"messages": [{"role": "user", "content": "Hi"}]})
    assert chat["choices"][0]["message"]["content"] == "Hello"


async def test_row_type_loads_json_text_of_an_answer(ai: AI) -> None:
    recipe = await ai.run(
        LLAMA, {"prompt": "Soup", "response_format": {"type": "json_object"}}, Recipe
    )
    assert recipe == {"title": "Söup", "minutes": 20.0}
    assert type(recipe["minutes"]) is float
    from_choices = await ai.run(
        KIMI, {"messages": [], "response_format": {"type": "json_object"}}, Recipe
    )
    assert from_choices == {"title": "Soup", "minutes": 20.0}
    with raises(RowError, match=f"^the answer of {LLAMA} is not JSON"):
        await ai.run(LLAMA, {"prompt": "Soup"}, Recipe)
    with raises(RowError, match="^the answer of @echo: missing key 'minutes', 'title'"):
        await ai.run(ECHO, {"prompt": "Soup"}, Recipe)


async def test_row_type_with_responses_streams_bytes_and_vectors(ai: Any) -> None:
    model = "@cf/openai/gpt-oss-20b"
    recipe = await ai.run(model, {"input": '{"title": "Soup", "minutes": 20}'}, Recipe)
    assert recipe == {"title": "Soup", "minutes": 20.0}
    with raises(TypeError, match="^row_type: expected a complete answer, got 'stream': True; load"):
        await ai.run(LLAMA, {"prompt": "Soup", "stream": True}, Recipe)
    with raises(
        RowError, match="^the answer of @cf/deepgram/aura-1: expected JSON, got bytes; call"
    ):
        await ai.run("@cf/deepgram/aura-1", {"text": "Hi"}, Recipe)
    embedder = "@cf/baai/bge-small-en-v1.5"
    with raises(RowError, match=f"^the answer of {embedder}: missing key 'minutes', 'title'"):
        await ai.run(embedder, {"text": "Hi"}, Recipe)


async def test_vectors_are_lists_of_float(ai: AI) -> None:
    output = await ai.run("@cf/baai/bge-small-en-v1.5", {"text": ["a", "bcd"], "pooling": "cls"})
    third = 0.10000000149011612  # 0.1 as a float32
    assert output == {
        "shape": [2, 4],
        "data": [[0.0, 0.5, third, -1.0], [1.0, 0.5, third, -3.0]],
        "pooling": "cls",
    }
    assert {type(number) for vector in output["data"] for number in vector} == {float}
    empty = await ai.run("@cf/baai/bge-small-en-v1.5", {"text": []})
    assert empty["data"] == []


async def test_vectors_of_different_lengths_are_returned_unchanged(ai: AI) -> None:
    output = await ai.run("@cf/baai/bge-m3", {"text": "a"})
    assert output["data"] == [[1.0, 2.0, 3.0], [4.0]]


async def test_embedding_model_with_contexts_returns_scores(ai: AI) -> None:
    output = await ai.run(
        "@cf/baai/bge-m3", {"query": "a", "contexts": [{"text": "b"}, {"text": "a"}]}
    )
    assert output == {"response": [{"id": 1, "score": 1}, {"id": 0, "score": 0.25}]}


async def test_images_and_sounds_are_bytes_from_streams_and_base64(ai: AI) -> None:
    assert (
        await ai.run("@cf/black-forest-labs/flux-1-schnell", {"prompt": "cat"})
        == b"\x00\x01JPEG\xff"
    )
    assert (
        await ai.run("@cf/lykon/dreamshaper-8-lcm", {"prompt": "cat", "image": b"ab"})
        == b"\x89PNGab"
    )
    assert await ai.run("@cf/myshell-ai/melotts", {"prompt": "Hi"}) == b"ID3\xff"
    assert await ai.run("@cf/deepgram/aura-1", {"text": "Hi"}) == b"\xff\xfb\x00"


async def test_answer_without_the_image_field_raises(ai: AI) -> None:
    with raises(AIError, match="^the answer of @cf/leonardo/lucid-origin: missing key 'image'$"):
        await ai.run("@cf/leonardo/lucid-origin", {"prompt": "cat"})


# Streams -----------------------------------------------------------------------------------------


async def test_stream_yields_events_one_by_one(ai: AI) -> None:
    stream = await ai.run(LLAMA, {"prompt": "Hi", "stream": True})
    events = [event async for event in stream]
    assert "".join(event.get("response") or "" for event in events) == "Grüß dich 👋"
    assert events[-1].get("usage", {}).get("total_tokens") == 3
    chunks = await ai.run(KIMI, {"messages": [], "stream": True})
    assert [event["choices"][0]["delta"].get("content") async for event in chunks] == ["Hel", "lo"]


async def test_stream_passes_through_to_a_response_unread(ai: AI) -> None:
    stream = await ai.run(LLAMA, {"prompt": "Hi", "stream": True})
    text = await Response(stream.body).text()
    assert text.startswith('data: {"response":')
    assert text.endswith("\n\ndata: [DONE]\n\n")
    again = await ai.run(LLAMA, {"prompt": "Hi", "stream": True})
    stream_itself: Any = again
    assert await Response(stream_itself).text() == text


async def test_stream_iterated_twice_yields_nothing_more(ai: AI) -> None:
    stream = await ai.run(LLAMA, {"prompt": "Hi", "stream": True})
    _ = [event async for event in stream]
    rest = [event async for event in stream]
    assert rest == []


async def test_unusual_event_streams_are_parsed(ai: AI) -> None:
    odd = await ai.run(AIModel("@sse/odd"), {"stream": True})
    assert [event async for event in odd] == [{"a": 1}, {"b": 2}, {"c": 3}]
    none = await ai.run(AIModel("@sse/none"), {"stream": True})
    assert [event async for event in none] == []
    bad = await ai.run(AIModel("@sse/bad"), {"stream": True})
    with raises(AIError, match="^an event of the answer is not JSON"):
        _ = [event async for event in bad]


async def test_leaving_the_loop_cancels_the_answer(ai: AI) -> None:
    before = (await ai.run(AIModel("@cancelled"), {}))["cancelled"]
    stream = await ai.run(LLAMA, {"prompt": "Hi", "stream": True})
    async for _ in stream:
        break
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert not stream.body.locked
    assert (await ai.run(AIModel("@cancelled"), {}))["cancelled"] == before + 1
    unread = await ai.run(LLAMA, {"prompt": "Hi", "stream": True})
    await unread.cancel()
    assert [event async for event in unread] == []


async def test_stream_left_early_yields_nothing_more(ai: AI) -> None:
    stream = await ai.run(LLAMA, {"prompt": "Hi", "stream": True})
    async for _ in stream:
        break
    assert [event async for event in stream] == []


async def test_signal_aborts_a_stream(ai: AI) -> None:
    controller = AbortController()
    stream = await ai.run(AIModel("@sse/wait"), {"stream": True}, signal=controller.signal)
    events = []
    with raises(AbortError, match="^enough$"):
        async for event in stream:
            events.append(event)
            controller.abort("enough")
    assert events == [{"a": 1}]


async def test_stream_that_breaks_off_raises_stream_error(ai: AI) -> None:
    stream = await ai.run(AIModel("@sse/broken"), {"stream": True})
    events = []
    with raises(StreamError, match="the model went away"):
        async for event in stream:
            events.append(event)
    assert events == [{"a": 1}]


async def test_model_that_does_not_stream_raises(ai: AI) -> None:
    with raises(
        AIError, match="^@echo: expected a stream, got a complete answer; the model may not stream$"
    ):
        await ai.run(ECHO, {"stream": True})


# Errors ------------------------------------------------------------------------------------------


async def test_error_has_the_code_of_the_service(ai: AI) -> None:
    with raises(
        AIError, match="^3040: Capacity temporarily exceeded, please try again.$"
    ) as caught:
        await ai.run(LLAMA, {"prompt": "fail"})
    assert caught.value.code == 3040
    assert caught.value.js_name == "InferenceUpstreamError"
    with raises(AIError, match="^5007: No such model @cf/no/such or task$"):
        await ai.run(AIModel("@cf/no/such"), {})
    with raises(AIError, match="^out of order$") as caught:
        await ai.run(AIModel("@fail/text"), {})
    assert caught.value.code is None
    with raises(AIError, match="^7003: No route$"):
        await ai.run(AIModel("@fail/errors"), {})


async def test_signal_aborts_a_call(ai: AI) -> None:
    controller = AbortController()
    call = asyncio.ensure_future(ai.run(AIModel("@slow"), {}, signal=controller.signal))
    await asyncio.sleep(0.02)
    controller.abort()
    with raises(AbortError):
        await call


# Raw responses -----------------------------------------------------------------------------------


async def test_raw_response_is_returned_for_any_status(ai: AI) -> None:
    response = await ai.run(ECHO, {"status": 418}, return_raw_response=True)
    assert response.status == 418
    assert response.headers["content-type"] == "application/json"
    assert (await response.json())["options"] == {"returnRawResponse": True}
    failed = await ai.run(LLAMA, {"prompt": "fail"}, return_raw_response=True)
    assert failed.status == 429
    assert (await failed.json())["internalCode"] == 3040
    picture = await ai.run("@cf/deepgram/aura-1", {"text": "Hi"}, return_raw_response=True)
    assert await picture.bytes() == b"\xff\xfb\x00"
    socket = await ai.run(ECHO, {"a": 1}, websocket=True)
    assert (await socket.json())["inputs"] == {"a": 1}


async def test_concurrent_calls_do_not_mix_their_answers(ai: AI) -> None:
    raw, plain = await asyncio.gather(
        ai.run(ECHO, {"a": 1}, return_raw_response=True), ai.run(ECHO, {"a": 2})
    )
    assert (await raw.json())["inputs"] == {"a": 1}
    assert plain["inputs"] == {"a": 2}
    plain, raw = await asyncio.gather(
        ai.run(ECHO, {"a": 1}), ai.run(ECHO, {"a": 2}, return_raw_response=True)
    )
    assert plain["inputs"] == {"a": 1}
    assert (await raw.json())["inputs"] == {"a": 2}
    failed, sound, stream, _ = await asyncio.gather(
        ai.run(LLAMA, {"prompt": "fail"}),
        ai.run("@cf/deepgram/aura-1", {"text": "Hi"}),
        ai.run(LLAMA, {"prompt": "Hi", "stream": True}),
        ai.run(ECHO, {}, return_raw_response=True),
        return_exceptions=True,
    )
    assert isinstance(failed, AIError)
    assert failed.code == 3040
    assert sound == b"\xff\xfb\x00"
    assert not isinstance(stream, BaseException)
    assert len([event async for event in stream]) == 3
    picture: Any
    text: Any
    picture, text, _ = await asyncio.gather(
        ai.run("@cf/deepgram/aura-1", {"text": "Hi"}, return_raw_response=True),
        ai.run(AIModel("@fail/text"), {}),
        ai.run(ECHO, {}),
        return_exceptions=True,
    )
    assert isinstance(picture, Response)
    assert await picture.bytes() == b"\xff\xfb\x00"
    assert isinstance(text, AIError)


async def test_batch_is_queued_and_answered_later(ai: AI) -> None:
    queued = await ai.run("@cf/baai/bge-m3", {"requests": [{"text": "one"}]}, queue_request=True)
    assert queued.get("status") == "queued"
    batch = await ai.run("@cf/baai/bge-m3", {"request_id": queued["request_id"]})
    assert batch.get("responses") == [
        {"id": 0, "result": {"shape": [1, 2], "data": [[1, 0]]}, "success": True}
    ]


# Gateways ----------------------------------------------------------------------------------------


@only("fake", reason="the fake keeps real logs; what the stand-in keeps is checked below")
async def test_gateway_call_stores_a_log(ai: AI) -> None:
    assert ai.ai_gateway_log_id is None
    await ai.run(LLAMA, {"prompt": "Hi"}, gateway={"id": "g", "metadata": {"user": 1}})
    number = ai.ai_gateway_log_id
    assert number is not None
    gateway = ai.gateway("g")
    log = await gateway.get_log(number)
    assert (log["model"], log["status_code"], log["success"]) == (LLAMA, 200, True)
    assert log["created_at"].tzinfo is timezone.utc
    await gateway.patch_log(number, {"feedback": 1, "score": None})
    assert dict(await gateway.get_log(number)).items() >= {"feedback": 1, "score": None}.items()
    await ai.run(LLAMA, {"prompt": "Hi"}, gateway={"id": "g", "collect_log": False})
    assert ai.ai_gateway_log_id is None


@not_in("fake", reason="log-1 is the stand-in's own log")
async def test_log_is_read_and_patched(ai: AI) -> None:
    await ai.run(ECHO, {}, gateway={"id": "g"})
    assert ai.ai_gateway_log_id == "log-1"
    gateway = ai.gateway("g")
    await gateway.patch_log("log-1", {"feedback": -1, "score": None, "metadata": {"a": True}})
    log: Any = await gateway.get_log("log-1")
    assert log["created_at"] == datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
    assert (log["feedback"], log["score"], log["metadata"]) == (-1, None, {"a": True})
    assert log["duration"] == 12.5


async def test_missing_log_raises(ai: AI) -> None:
    for call in (ai.gateway("g").get_log("none"), ai.gateway("g").patch_log("none", {})):
        with raises(AIError, match="^Log Not Found$") as caught:
            await call
        assert caught.value.js_name == "AiGatewayLogNotFound"


async def test_gateway_url_for_a_provider_and_universal(ai: AI) -> None:
    gateway = ai.gateway("g")
    base = "https://gateway.ai.cloudflare.com/v1/account/g"
    assert await gateway.get_url("openai") == f"{base}/openai"
    assert await gateway.get_url() == f"{base}/universal"


@not_in("fake", reason="in the fake a gateway's answers are scripted: tests/fakes/test_ai.py")
async def test_gateway_run_sends_requests_to_providers(ai: AI) -> None:
    response = await ai.gateway("g").run(
        {
            "provider": "openai",
            "endpoint": "chat/completions",
            "headers": {
                "Authorization": "Bearer k",
                "cf-aig-cache-ttl": 5,
                "cf-aig-metadata": {"a": 1},
            },
            "query": {"model": "gpt", "messages": []},
        },
        gateway={"cache_ttl": 60, "skip_cache": True, "retries": {"max_attempts": 2}},
        extra_headers={"x-a": "1"},
    )
    answer = await response.json()
    assert answer["gateway"] == "g"
    assert answer["requests"] == [
        {
            "provider": "openai",
            "endpoint": "chat/completions",
            "headers": {
                "Authorization": "Bearer k",
                "cf-aig-cache-ttl": "5",
                "cf-aig-metadata": '{"a":1}',
            },
            "query": {"model": "gpt", "messages": []},
        }
    ]
    expected = {"cf-aig-cache-ttl": "60", "cf-aig-skip-cache": "true", "cf-aig-max-attempts": "2"}
    assert answer["headers"].items() >= {**expected, "x-a": "1"}.items()
    two = await ai.gateway("g").run(
        [
            {"provider": "openai", "endpoint": "a", "query": 1},
            {"provider": "workers-ai", "endpoint": "b", "query": None},
        ]
    )
    requests = (await two.json())["requests"]
    assert [request["headers"] for request in requests] == [{}, {}]


# Documents and the catalogue ---------------------------------------------------------------------


async def test_documents_are_converted_to_markdown(ai: AI) -> None:
    page = MarkdownDocument("a.html", Blob(["<p>Hi"], type="text/html"))
    other = MarkdownDocument("b.bin", Blob([b"\x00"], type="application/x-none"))
    single = await ai.to_markdown(page)
    assert (single.name, single.mime_type, single.format, single.error) == (
        "a.html",
        "text/html",
        "markdown",
        None,
    )
    assert "<p>Hi" in (single.data or "")
    assert single.tokens
    first, second = await ai.to_markdown([page, other])
    assert first.data == single.data
    assert (second.name, second.format, second.data) == ("b.bin", "error", None)
    assert "application/x-none" in (second.error or "")


@not_in("fake", reason="only the stand-in returns the request that it received")
async def test_conversion_options_are_sent_in_camel_case(ai: AI) -> None:
    page = MarkdownDocument("a.html", Blob(["<p>Hi"], type="text/html"))
    answer = await ai.to_markdown().transform(
        page,
        gateway={"id": "g", "cache_ttl": 1},
        extra_headers={"x-a": "1"},
        conversion_options={
            "output": {"format": "text"},
            "html": {"images": {"convert": True, "convert_og_image": False}, "css_selector": "p"},
            "pdf": {"metadata": False, "images": {"max_converted_images": 2}},
            "image": {"description_language": "de"},
        },
    )
    import json

    request = json.loads(answer.data or "")
    assert request["options"] == {
        "gateway": {"id": "g", "cacheTtl": 1},
        "extraHeaders": {"x-a": "1"},
        "conversionOptions": {
            "output": {"format": "text"},
            "html": {"images": {"convert": True, "convertOGImage": False}, "cssSelector": "p"},
            "pdf": {"metadata": False, "images": {"maxConvertedImages": 2}},
            "image": {"descriptionLanguage": "de"},
        },
    }
    assert request["headers"]["x-a"] == "1"


async def test_invalid_document_or_conversion_option_raises(ai: AI) -> None:
    wrong: Any = ("a.html", b"<p>")
    with raises(ConversionError, match=r"files\[0\]: expected a MarkdownDocument of a Blob, got"):
        await ai.to_markdown([wrong])
    page = MarkdownDocument("a.html", Blob(["<p>Hi"]))
    options: Any = {"html": {"cssSelector": "p"}}
    with raises(
        TypeError,
        match=r"^conversion_options.html: unknown key 'cssSelector'; did you mean css_selector\?",
    ):
        await ai.to_markdown(page, conversion_options=options)


async def test_supported_lists_file_formats(ai: AI) -> None:
    formats = await ai.to_markdown().supported()
    assert ("application/pdf", ".pdf") in formats
    assert formats[0].extension.startswith(".")


@not_in("fake", reason="only the stand-in returns the query that it received")
async def test_models_searches_the_catalogue(ai: AI) -> None:
    (model,) = await ai.models(task="Text Generation", hide_experimental=True, per_page=3)
    assert model["name"] == "@cf/a/b"
    expected = '{"hide_experimental":"true","per_page":"3","task":"Text Generation"}'
    assert model["description"] == expected
    with raises(AIError, match="^page must be 1 or more$"):
        await ai.models(page=0)


@not_in("fake", reason="only the stand-in returns the query that it received")
async def test_websearch_returns_the_response_of_the_service(ai: AI) -> None:
    response = await ai.websearch(gateway_id="g", query="news", limit=3, byok_alias="a")
    sent = {"gatewayId": "g", "query": "news", "limit": 3, "byokAlias": "a"}
    assert await response.json() == sent
