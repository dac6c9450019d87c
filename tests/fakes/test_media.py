"""The results of the fake of Media Transformations, and ``media_outputs``."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pyworkers_sdk import Media
from pyworkers_sdk.testing import fake, media_outputs
from pyworkers_sdk.testing.fakes.image_headers import read_header

pytestmark = pytest.mark.asyncio


async def test_media_outputs_lists_options() -> None:
    media = fake(Media)
    resized = media.input(b"x").transform(width=4, fit="cover")
    resized.output(mode="audio", time=timedelta(seconds=90), audio=True, image_count=2)
    media.input(b"x").output()
    assert media_outputs(media) == [
        (
            {"width": 4, "fit": "cover"},
            {"mode": "audio", "time": "90s", "audio": True, "imageCount": 2},
        ),
        ({}, {}),
    ]


async def test_frames_are_grey_images_of_the_requested_size() -> None:
    media = fake(Media)
    frame = await media.input(b"x").output(mode="frame").media()
    assert read_header(await frame.bytes()) == ("image/jpeg", 640, 360)
    resized = media.input(b"x").transform(width=20, height=10)
    sheet = await resized.output(mode="spritesheet", format="png").response()
    assert read_header(await sheet.bytes()) == ("image/png", 20, 10)


async def test_media_outputs_of_another_binding_raises_type_error() -> None:
    media = fake(Media)
    media._js = object()
    with pytest.raises(
        TypeError, match=r"media_outputs\(\): expected a Media that fake\(\) made, got object"
    ):
        media_outputs(media)
