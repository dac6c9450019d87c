"""The members of the fake of Images that the local simulation lacks."""

from __future__ import annotations

from typing import Any

import pytest

from pyworkers_sdk import Env, Images, ImagesError
from pyworkers_sdk.testing import Clock, FakeRuntime, fake, faults, image_outputs
from pyworkers_sdk.testing.fakes.image_headers import make_image, read_header

pytestmark = pytest.mark.asyncio

PNG = make_image("image/png", 70, 50)


async def test_image_outputs_lists_transforms_and_sizes() -> None:
    images = fake(Images)
    mark = images.input(make_image("image/png", 3, 2)).transform(rotate=90)
    step = images.input(PNG).transform(width=35, fit="cover").draw(mark, top=1).draw(PNG)
    await step.transform(rotate=90).output(format="image/gif", quality=80)
    (output,) = image_outputs(images)
    assert output == (
        [
            {"width": 35, "fit": "cover"},
            {"draw": [{"rotate": 90}], "options": {"top": 1}},
            {"draw": [], "options": {}},
            {"rotate": 90},
        ],
        {"format": "image/gif", "quality": 80},
        25,
        35,
    )


async def test_image_outputs_of_another_binding_raises_type_error() -> None:
    images = fake(Images)
    real: Any = images
    real._js = object()
    with pytest.raises(
        TypeError, match=r"image_outputs\(\): expected an Images that fake\(\) made, got object"
    ):
        image_outputs(images)


async def test_text_makes_an_image_of_its_length() -> None:
    images = fake(Images)
    text = images.text("hey!", font={"url": "https://example.com/font"}, size=10, color="red")
    result = await text.output(format="image/png")
    assert read_header(await result.image().bytes()) == ("image/png", 20, 10)
    small = await images.text("a", font={"url": "u"}).output(format="image/png")
    assert read_header(await small.image().bytes()) == ("image/png", 8, 16)


async def test_large_images_keep_their_size() -> None:
    for kind in ("image/gif", "image/png", "image/jpeg", "image/webp"):
        assert read_header(make_image(kind, 3000, 3001)) == (kind, 3000, 3001)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\x00\x00",
        b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0abcdefghij",
        b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0abcdefghij",
        b"\0\0\0\x08ftyp\0\0\0\x00meta",
        b"GIF89a",
    ],
)
async def test_invalid_headers_are_not_images(data: bytes) -> None:
    assert read_header(data) is None
    with pytest.raises(ImagesError):
        await fake(Images).info(data)


async def test_svg_with_a_preamble_is_recognised() -> None:
    svg = b'\xef\xbb\xbf<?xml version="1.0"?><!-- a --><!DOCTYPE svg><svg/>'
    assert read_header(svg) == ("image/svg+xml", 0, 0)


async def test_hosted_list_is_ordered_by_upload_time() -> None:
    clock = Clock()
    hosted = fake(Images, clock=clock).hosted
    for name in ("b", "a", "c"):
        await hosted.upload(PNG, id=name)
        clock.advance(1)
    assert [image.id for image in (await hosted.list()).images] == ["b", "a", "c"]
    newest = await hosted.list(sort_order="desc", limit=1)
    assert [image.id for image in newest.images] == ["c"]
    assert newest.images[0].uploaded


async def test_hosted_list_filters_by_metadata() -> None:
    hosted = fake(Images).hosted
    for name, size in (("a", 1), ("b", 2), ("c", 3)):
        await hosted.upload(PNG, id=name, metadata={"size": size, "name": name})
    await hosted.upload(PNG, id="none")

    async def listed_ids(condition: Any, key: str = "size") -> str:
        page = await hosted.list(filter={"metadata": {key: condition}})
        return "".join(image.id for image in page.images)

    assert await listed_ids(2) == await listed_ids({"eq": 2}) == "b"
    assert await listed_ids({"in_": [1, 3]}) == "ac"
    assert await listed_ids({"gt": 1, "lt": 3}) == "b"
    assert await listed_ids({"gte": 2}) == "bc"
    assert await listed_ids({"lte": 2}) == "ab"
    assert await listed_ids("c", "name") == "c"
    assert await listed_ids("c", "other") == ""


async def test_direct_upload_is_a_draft() -> None:
    hosted = fake(Images).hosted
    direct = await hosted.create_direct_upload(id="k", creator="me", expires_in=60)
    assert (direct.id, direct.upload_url.rpartition("/")[2]) == ("k", "k")
    details = await hosted.image("k").details()
    assert details
    assert (details.draft, details.uploaded, details.creator) == (True, None, "me")
    assert await hosted.image("k").bytes() is None


async def test_signed_url_depends_on_expiry_and_key() -> None:
    clock = Clock()
    image = fake(Images, clock=clock).hosted.image("a b")
    url = await image.signed_url(variant="public", expires_in=60)
    ends = int(clock.now() / 1000) + 60
    start = f"https://imagedelivery.net/fake-account-hash/a%20b/public?exp={ends}&sig="
    assert url.startswith(start)
    assert await image.signed_url(variant="public", expires_in=60, key_name="other") != url


async def test_fault_makes_one_call_fail() -> None:
    images = fake(Images)
    faults(images).fail("IMAGES_INFO_ERROR 9523: later", method="info")
    with pytest.raises(ImagesError, match="later"):
        await images.info(PNG)
    assert (await images.info(PNG)).width == 70


async def test_env_of_a_fake_runtime_has_images() -> None:
    class AppEnv(Env):
        IMAGES: Images

    runtime = FakeRuntime(object, env=AppEnv)
    assert (await runtime.env.IMAGES.info(PNG)).height == 50
