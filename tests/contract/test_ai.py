"""Workers AI: what the client does with inputs, options and answers; the models are stand-ins."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
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


async def test_another_thing_is_no_binding_of_it(env: Any) -> None:
    with raises(BindingError, match="AI needs a AI binding|AI needs a binding"):
        AI(env.DATA)


# Inputs and options -----------------------------------------------------------------------------


async def test_inputs_arrive_as_json(ai: AI) -> None:
    given = {
        "text": "Grüße",
        "number": 1.5,
        "none": None,
        "messages": [{"role": "user", "content": [{"type": "text", "constructor": "x"}]}],
        "when": datetime(2026, 7, 1, tzinfo=timezone.utc),
        "price": Decimal("1.10"),
    }
    said = await ai.run(ECHO, given)
    assert said["inputs"] == {**given, "when": "2026-07-01T00:00:00.000Z", "price": "1.10"}
    assert said["options"] == {}
    assert said["model"] == "@echo"


async def test_options_are_sent_only_where_given(ai: AI) -> None:
    said = await ai.run(
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
    assert said["options"] == {
        "gateway": {
            "id": "g",
            "cacheTtl": 60,
            "skipCache": False,
            "metadata": {"user": 1, "free": True},
            "retries": {"maxAttempts": 3, "backoff": "linear"},
        },
        "tags": ["a", "b"],
    }
    assert said["model"] == "p:@echo"
    assert said["headers"]["x-a"] == "1"


async def test_an_option_that_there_is_not_is_a_type_error(ai: AI) -> None:
    gateway: Any = {"id": "g", "cacheTTL": 1}
    with raises(TypeError, match="gateway: there is no option 'cacheTTL'"):
        await ai.run(ECHO, {}, gateway=gateway)
    nested: Any = {"id": "g", "retries": {"maxAttempts": 1}}
    with raises(TypeError, match="gateway.retries: there is no option 'maxAttempts'"):
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
async def test_what_cannot_cross_is_refused(ai: AI, case: Any) -> None:
    inputs, reason = case
    options: Any = {"gateway": "g"} if inputs is None else {}
    with raises(ConversionError, match=reason):
        await ai.run(ECHO, inputs or {}, **options)


@cases(
    {
        "a-gateway-without-its-name": ({"gateway": {"cache_ttl": 1}}, "gateway: 'id' is missing"),
        "one-tag": ({"tags": "beta"}, "tags: expected a list of str, got str"),
        "a-number-for-a-tag": ({"tags": ["a", 1]}, r"tags\[1\]: expected str, got int"),
        "headers": ({"extra_headers": "a: b"}, "extra_headers: expected a dict, got str"),
        "a-header": ({"extra_headers": {"a": 1}}, r"extra_headers\['a'\]: expected str, got int"),
        "seconds": ({"signal": 5}, "signal: expected AbortSignal, got int"),
        "a-controller": ({"signal": AbortController}, "signal: expected AbortSignal, got Abort"),
    }
)
async def test_options_that_cannot_be(ai: AI, case: Any) -> None:
    options, reason = case
    if options.get("signal") is AbortController:
        options = {"signal": AbortController()}
    with raises(TypeError, match=f"^{reason}"):
        await ai.run(ECHO, {}, **options)


async def test_a_file_is_not_an_input(ai: AI) -> None:
    with raises(ConversionError, match="^inputs.image: expected JSON or bytes, got Blob"):
        await ai.run(ECHO, {"image": Blob([b"a"])})


async def test_errors_name_the_method(ai: Any) -> None:
    with raises(TypeError, match=r"^AI\.run\(\) got an unexpected keyword argument 'prompt'"):
        await ai.run(ECHO, prompt="Hi")


async def test_bytes_are_numbers_base64_or_a_stream(ai: AI) -> None:
    data = bytes([0, 1, 254, 255])
    said = await ai.run(ECHO, {"image": data, "mask": bytearray(data), "prompt": "x"})
    assert said["inputs"] == {"image": [0, 1, 254, 255], "mask": [0, 1, 254, 255], "prompt": "x"}
    said = await ai.run(ECHO, {"image_b64": memoryview(data)})
    assert said["inputs"] == {"image_b64": "AAH+/w=="}
    heard = await ai.run("@cf/openai/whisper", {"audio": data})
    assert heard == {"text": "0 1 254 255", "word_count": 4}
    turbo = await ai.run(
        "@cf/openai/whisper-large-v3-turbo", {"audio": "Grüße".encode("ascii", "ignore")}
    )
    assert turbo == {"text": "Gre"}


async def _chunks() -> Any:
    yield b"so"
    yield b"und"


@cases(["bytes", "blob", "iterator", "stream"])
async def test_a_body_goes_as_a_stream(ai: AI, case: str) -> None:
    body: Any = {
        "bytes": b"sound",
        "blob": Blob([b"sound"]),
        "iterator": _chunks(),
        "stream": Blob([b"sound"]).stream(),
    }[case]
    audio = {"body": body, "contentType": "audio/mpeg"}
    said = await ai.run(ECHO, {"audio": audio, "language": "de"}, tags=["a"])
    assert said["inputs"] == {"language": "de"}
    assert (said["body"], said["type"]) == ("sound", "audio/mpeg")


async def test_a_form_brings_its_own_media_type(ai: AI) -> None:
    form = FormData()
    form.append("prompt", "a cat")
    multipart = {"body": form, "contentType": "multipart/form-data"}
    said = await ai.run(AIModel("form@echo"), {"multipart": multipart})
    if "type" in said:
        assert said["type"].startswith("multipart/form-data;")
        assert "a cat" in said["body"]
    else:  # the fake hands on the form itself
        assert said["inputs"] == {}


async def test_a_blob_brings_its_own_media_type_unless_another_is_given(ai: AI) -> None:
    blob = Blob([b"sound"], type="audio/ogg")
    said = await ai.run(ECHO, {"audio": {"body": blob}})
    assert said["type"] == "audio/ogg"
    said = await ai.run(ECHO, {"audio": {"body": blob, "contentType": "audio/opus"}})
    assert said["type"] == "audio/opus"


async def test_a_body_that_is_json_is_json(ai: AI) -> None:
    given = {"a": {"body": "text"}, "b": {"body": {"c": [1]}}}
    assert (await ai.run(ECHO, given))["inputs"] == given
    assert (await ai.run(ECHO, {**given, "mask": b"a"}))["inputs"] == {**given, "mask": [97]}


async def test_streams_have_limits(ai: AI) -> None:
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


# Answers ----------------------------------------------------------------------------------------


async def test_an_answer_is_json(ai: AI) -> None:
    said = await ai.run(LLAMA, {"prompt": "Hi"})
    assert said == {
        "response": "You said: Hi",
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
    labels = await ai.run("@cf/huggingface/distilbert-sst-2-int8", {"text": "Nice"})
    assert labels == [{"label": "POSITIVE", "score": 1}, {"label": "NEGATIVE", "score": 0}]
    chat = await ai.run(KIMI, {"messages": [{"role": "user", "content": "Hi"}]})
    assert chat["choices"][0]["message"]["content"] == "Hello"


async def test_json_in_an_answer_is_loaded_as_a_row_type(ai: AI) -> None:
    made = await ai.run(
        LLAMA, {"prompt": "Soup", "response_format": {"type": "json_object"}}, Recipe
    )
    assert made == {"title": "Söup", "minutes": 20.0}
    assert type(made["minutes"]) is float
    read = await ai.run(KIMI, {"messages": [], "response_format": {"type": "json_object"}}, Recipe)
    assert read == {"title": "Soup", "minutes": 20.0}
    with raises(RowError, match=f"^the answer of {LLAMA} is not JSON"):
        await ai.run(LLAMA, {"prompt": "Soup"}, Recipe)
    with raises(RowError, match="^the answer of @echo: missing key 'minutes', 'title'"):
        await ai.run(ECHO, {"prompt": "Soup"}, Recipe)


async def test_a_row_type_of_other_answers(ai: Any) -> None:
    model = "@cf/openai/gpt-oss-20b"
    recipe = await ai.run(model, {"input": '{"title": "Soup", "minutes": 20}'}, Recipe)
    assert recipe == {"title": "Soup", "minutes": 20.0}
    with raises(TypeError, match="^row_type loads a whole answer"):
        await ai.run(LLAMA, {"prompt": "Soup", "stream": True}, Recipe)
    with raises(RowError, match="^the answer of @cf/deepgram/aura-1 is bytes, not JSON$"):
        await ai.run("@cf/deepgram/aura-1", {"text": "Hi"}, Recipe)
    embedder = "@cf/baai/bge-small-en-v1.5"
    with raises(RowError, match=f"^the answer of {embedder}: missing key 'minutes', 'title'"):
        await ai.run(embedder, {"text": "Hi"}, Recipe)


async def test_vectors_are_floats(ai: AI) -> None:
    found = await ai.run("@cf/baai/bge-small-en-v1.5", {"text": ["a", "bcd"], "pooling": "cls"})
    third = 0.10000000149011612  # as float32 has 0.1
    assert found == {
        "shape": [2, 4],
        "data": [[0.0, 0.5, third, -1.0], [1.0, 0.5, third, -3.0]],
        "pooling": "cls",
    }
    assert {type(number) for vector in found["data"] for number in vector} == {float}
    none = await ai.run("@cf/baai/bge-small-en-v1.5", {"text": []})
    assert none["data"] == []


async def test_vectors_that_are_not_of_one_length_stay_what_they_are(ai: AI) -> None:
    found = await ai.run("@cf/baai/bge-m3", {"text": "a"})
    assert found["data"] == [[1.0, 2.0, 3.0], [4.0]]


async def test_an_embedding_model_may_score_instead(ai: AI) -> None:
    found = await ai.run(
        "@cf/baai/bge-m3", {"query": "a", "contexts": [{"text": "b"}, {"text": "a"}]}
    )
    assert found == {"response": [{"id": 1, "score": 1}, {"id": 0, "score": 0.25}]}


async def test_pictures_and_sounds_are_bytes_however_they_come(ai: AI) -> None:
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


async def test_a_picture_that_is_missing(ai: AI) -> None:
    with raises(AIError, match="^the answer of @cf/leonardo/lucid-origin has no 'image'$"):
        await ai.run("@cf/leonardo/lucid-origin", {"prompt": "cat"})


# Streams ----------------------------------------------------------------------------------------


async def test_events_come_one_by_one(ai: AI) -> None:
    stream = await ai.run(LLAMA, {"prompt": "Hi", "stream": True})
    events = [event async for event in stream]
    assert "".join(event.get("response") or "" for event in events) == "Grüß dich 👋"
    assert events[-1].get("usage", {}).get("total_tokens") == 3
    chunks = await ai.run(KIMI, {"messages": [], "stream": True})
    assert [event["choices"][0]["delta"].get("content") async for event in chunks] == ["Hel", "lo"]


async def test_a_stream_goes_on_unread(ai: AI) -> None:
    stream = await ai.run(LLAMA, {"prompt": "Hi", "stream": True})
    text = await Response(stream.body).text()
    assert text.startswith('data: {"response":')
    assert text.endswith("\n\ndata: [DONE]\n\n")
    again = await ai.run(LLAMA, {"prompt": "Hi", "stream": True})
    whole: Any = again
    assert await Response(whole).text() == text


async def test_a_stream_is_read_once(ai: AI) -> None:
    stream = await ai.run(LLAMA, {"prompt": "Hi", "stream": True})
    _ = [event async for event in stream]
    rest = [event async for event in stream]
    assert rest == []


async def test_lines_that_services_send(ai: AI) -> None:
    odd = await ai.run(AIModel("@sse/odd"), {"stream": True})
    assert [event async for event in odd] == [{"a": 1}, {"b": 2}, {"c": 3}]
    none = await ai.run(AIModel("@sse/none"), {"stream": True})
    assert [event async for event in none] == []
    bad = await ai.run(AIModel("@sse/bad"), {"stream": True})
    with raises(AIError, match="^an event of the answer is not JSON"):
        _ = [event async for event in bad]


async def test_leaving_the_loop_ends_the_answer(ai: AI) -> None:
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


async def test_what_was_left_has_no_rest(ai: AI) -> None:
    stream = await ai.run(LLAMA, {"prompt": "Hi", "stream": True})
    async for _ in stream:
        break
    assert [event async for event in stream] == []


async def test_a_signal_ends_a_stream_too(ai: AI) -> None:
    controller = AbortController()
    stream = await ai.run(AIModel("@sse/wait"), {"stream": True}, signal=controller.signal)
    events = []
    with raises(AbortError, match="^enough$"):
        async for event in stream:
            events.append(event)
            controller.abort("enough")
    assert events == [{"a": 1}]


async def test_a_stream_that_breaks_off(ai: AI) -> None:
    stream = await ai.run(AIModel("@sse/broken"), {"stream": True})
    events = []
    with raises(StreamError, match="the model went away"):
        async for event in stream:
            events.append(event)
    assert events == [{"a": 1}]


async def test_a_model_that_does_not_stream(ai: AI) -> None:
    with raises(AIError, match="^@echo answered at once: it does not stream$"):
        await ai.run(ECHO, {"stream": True})


# Errors -----------------------------------------------------------------------------------------


async def test_an_error_has_the_service_s_code(ai: AI) -> None:
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


async def test_a_signal_ends_it(ai: AI) -> None:
    controller = AbortController()
    call = asyncio.ensure_future(ai.run(AIModel("@slow"), {}, signal=controller.signal))
    await asyncio.sleep(0.02)
    controller.abort()
    with raises(AbortError):
        await call


# Raw responses ----------------------------------------------------------------------------------


async def test_a_raw_response_whatever_its_status(ai: AI) -> None:
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


async def test_calls_at_the_same_time_do_not_mix(ai: AI) -> None:
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


async def test_a_batch_is_answered_later(ai: AI) -> None:
    taken = await ai.run("@cf/baai/bge-m3", {"requests": [{"text": "one"}]}, queue_request=True)
    assert taken.get("status") == "queued"
    found = await ai.run("@cf/baai/bge-m3", {"request_id": taken["request_id"]})
    assert found.get("responses") == [
        {"id": 0, "result": {"shape": [1, 2], "data": [[1, 0]]}, "success": True}
    ]


# Gateways ---------------------------------------------------------------------------------------


@only("fake", reason="the fake keeps real logs; what the stand-in keeps is checked below")
async def test_a_call_through_a_gateway_leaves_a_log(ai: AI) -> None:
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
async def test_a_log_is_read_and_annotated(ai: AI) -> None:
    await ai.run(ECHO, {}, gateway={"id": "g"})
    assert ai.ai_gateway_log_id == "log-1"
    gateway = ai.gateway("g")
    await gateway.patch_log("log-1", {"feedback": -1, "score": None, "metadata": {"a": True}})
    log: Any = await gateway.get_log("log-1")
    assert log["created_at"] == datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
    assert (log["feedback"], log["score"], log["metadata"]) == (-1, None, {"a": True})
    assert log["duration"] == 12.5


async def test_a_missing_log(ai: AI) -> None:
    for call in (ai.gateway("g").get_log("none"), ai.gateway("g").patch_log("none", {})):
        with raises(AIError, match="^Log Not Found$") as caught:
            await call
        assert caught.value.js_name == "AiGatewayLogNotFound"


async def test_the_url_of_a_gateway(ai: AI) -> None:
    gateway = ai.gateway("g")
    base = "https://gateway.ai.cloudflare.com/v1/account/g"
    assert await gateway.get_url("openai") == f"{base}/openai"
    assert await gateway.get_url() == f"{base}/universal"


@not_in("fake", reason="in the fake a gateway's answers are scripted: tests/fakes/test_ai.py")
async def test_a_request_to_a_provider(ai: AI) -> None:
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
    said = await response.json()
    assert said["gateway"] == "g"
    assert said["requests"] == [
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
    assert said["headers"].items() >= {**expected, "x-a": "1"}.items()
    two = await ai.gateway("g").run(
        [
            {"provider": "openai", "endpoint": "a", "query": 1},
            {"provider": "workers-ai", "endpoint": "b", "query": None},
        ]
    )
    requests = (await two.json())["requests"]
    assert [request["headers"] for request in requests] == [{}, {}]


# Documents and the catalogue --------------------------------------------------------------------


async def test_documents_as_markdown(ai: AI) -> None:
    page = MarkdownDocument("a.html", Blob(["<p>Hi"], type="text/html"))
    other = MarkdownDocument("b.bin", Blob([b"\x00"], type="application/x-none"))
    one = await ai.to_markdown(page)
    assert (one.name, one.mime_type, one.format, one.error) == (
        "a.html",
        "text/html",
        "markdown",
        None,
    )
    assert "<p>Hi" in (one.data or "")
    assert one.tokens
    first, second = await ai.to_markdown([page, other])
    assert first.data == one.data
    assert (second.name, second.format, second.data) == ("b.bin", "error", None)
    assert "application/x-none" in (second.error or "")


@not_in("fake", reason="only the stand-in says what it was sent")
async def test_how_documents_are_converted(ai: AI) -> None:
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

    said = json.loads(answer.data or "")
    assert said["options"] == {
        "gateway": {"id": "g", "cacheTtl": 1},
        "extraHeaders": {"x-a": "1"},
        "conversionOptions": {
            "output": {"format": "text"},
            "html": {"images": {"convert": True, "convertOGImage": False}, "cssSelector": "p"},
            "pdf": {"metadata": False, "images": {"maxConvertedImages": 2}},
            "image": {"descriptionLanguage": "de"},
        },
    }
    assert said["headers"]["x-a"] == "1"


async def test_documents_that_are_none(ai: AI) -> None:
    wrong: Any = ("a.html", b"<p>")
    with raises(ConversionError, match=r"files\[0\]: expected a MarkdownDocument of a Blob, got"):
        await ai.to_markdown([wrong])
    page = MarkdownDocument("a.html", Blob(["<p>Hi"]))
    options: Any = {"html": {"cssSelector": "p"}}
    with raises(TypeError, match="conversion_options.html: there is no option 'cssSelector'"):
        await ai.to_markdown(page, conversion_options=options)


async def test_what_can_be_converted(ai: AI) -> None:
    found = await ai.to_markdown().supported()
    assert ("application/pdf", ".pdf") in found
    assert found[0].extension.startswith(".")


@not_in("fake", reason="only the stand-in says what it was asked")
async def test_the_catalogue(ai: AI) -> None:
    (model,) = await ai.models(task="Text Generation", hide_experimental=True, per_page=3)
    assert model["name"] == "@cf/a/b"
    expected = '{"hide_experimental":"true","per_page":"3","task":"Text Generation"}'
    assert model["description"] == expected
    with raises(AIError, match="^page must be 1 or more$"):
        await ai.models(page=0)


async def test_a_search_that_the_runtime_does_not_have(ai: AI) -> None:
    with raises(AIError, match=r"^this runtime has no websearch\(\)$"):
        await ai.websearch(gateway_id="g", query="news")
