"""``Media``: transformations of videos. In the real worlds a stand-in answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from pyworkers_sdk import BindingError, Blob, ConversionError, Media, MediaError, Response

from .kit import cases, not_in, raises

ECHO = "the stand-in returns the options it received; the fake has media_outputs()"


@cases(
    {
        "default": ({}, "video/mp4"),
        "video": ({"mode": "video"}, "video/mp4"),
        "audio": ({"mode": "audio", "format": "m4a"}, "audio/mp4"),
        "frame": ({"mode": "frame"}, "image/jpeg"),
        "png": ({"mode": "frame", "format": "png"}, "image/png"),
        "spritesheet": ({"mode": "spritesheet", "format": "jpg"}, "image/jpeg"),
    }
)
async def test_output_options_decide_the_content_type(media: Media, case: Any) -> None:
    options, content_type = case
    result = media.input(b"video").transform(width=4, height=3).output(**options)
    assert await result.content_type() == content_type
    response = await result.response()
    assert response.headers["content-type"] == content_type
    assert await response.bytes()


async def test_bytes_blobs_and_streams_are_accepted(media: Media) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"vi"
        yield b"deo"

    body = Response("video").body
    assert body
    for source in (b"video", bytearray(b"video"), Blob(["video"]), body, pieces()):
        stream = await media.input(source).output(mode="video").media()
        assert await stream.bytes() == b"video"


@not_in("fake", reason=ECHO)
async def test_options_reach_the_binding_with_javascript_names(media: Media) -> None:
    resized = media.input(b"tell").transform(fit="scale-down", width=480, height=320)
    result = resized.output(
        mode="spritesheet",
        audio=False,
        time="2s",
        duration=timedelta(seconds=2.5),
        image_count=5,
        format="jpg",
    )
    assert await (await result.response()).json() == {
        "transform": {"fit": "scale-down", "width": 480, "height": 320},
        "output": {
            "mode": "spritesheet",
            "audio": False,
            "time": "2s",
            "duration": "2.5s",
            "imageCount": 5,
            "format": "jpg",
        },
    }
    bare = await media.input(b"tell").output().media()
    assert await bare.text() == '{"transform":{},"output":{}}'


@not_in("fake", reason=ECHO)
async def test_refusal_raises_media_error_with_its_code(media: Media) -> None:
    result = media.input(b"broken").output()
    with raises(MediaError, match="^the input is not a video$") as caught:
        await result.response()
    assert (caught.value.code, caught.value.js_name) == (9000, "Error")


async def test_locked_stream_raises(media: Media) -> None:
    body = Response("video").body
    assert body
    reading = aiter(body)
    await anext(reading)
    with raises(MediaError, match="locked|disturbed") as caught:
        await media.input(body).output().media()
    assert caught.value.js_name == "TypeError"
    await reading.aclose()


async def test_arguments_of_wrong_type_raise(media: Any) -> None:
    for value in (None, "text", 1):
        with raises(ConversionError, match="media: expected bytes, Blob or a stream, got"):
            media.input(value)
    with raises(TypeError):
        media.input(b"").transform(wide=1)


async def test_wrong_binding_raises_binding_error(env: Any) -> None:
    with raises(BindingError, match="^Media: expected the Media binding, got .* without input"):
        Media(env.KV)
