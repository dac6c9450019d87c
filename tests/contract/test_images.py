"""``Images``: measuring, transforming and storing images."""

from __future__ import annotations

import sys
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

from pyworkers_sdk import (
    BindingError,
    Blob,
    ConversionError,
    Images,
    ImagesError,
    ImageTransformationResult,
    Response,
)
from pyworkers_sdk.images.hosted import ImageListFilter

from .kit import cases, not_in, only, raises

# Real worlds lack ``testing``; tests/real/worlds.py copies this one module beside the checks.
_IMAGE_HEADERS = (
    "image_headers" if sys.platform == "emscripten" else "pyworkers_sdk.testing.fakes.image_headers"
)
make_image: Callable[[str, int, int], bytes] = import_module(_IMAGE_HEADERS).make_image

NO_NODE = "miniflare's proxy of Images for Node does not answer"
ECHO = "the fake makes images; this stand-in returns the options it received"
PNG = make_image("image/png", 7, 5)
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="10" height="20"/>'


async def _made(result: ImageTransformationResult, images: Images) -> tuple[str, Any, Any]:
    info = await images.info(result.image())
    assert info.format == result.content_type()
    return info.format, info.width, info.height


# Measuring ---------------------------------------------------------------------------------------


@not_in("node", reason=NO_NODE)
@cases(
    {
        f"{kind} {width}x{height}": (kind, width, height)
        for kind in ("image/png", "image/gif", "image/jpeg", "image/webp")
        for width, height in ((1, 1), (7, 5), (300, 211), (9, 2000))
    }
)
async def test_info_returns_format_and_size(images: Images, case: tuple[str, int, int]) -> None:
    data = make_image(*case)
    info = await images.info(data)
    assert (info.format, info.file_size) == (case[0], len(data))
    assert (info.width, info.height) == case[1:]


@not_in("node", reason=NO_NODE)
async def test_info_of_an_svg_has_no_size(images: Images) -> None:
    assert await images.info(SVG) == ("image/svg+xml", None, None, None)


# Lossy WebP (VP8), extended WebP (VP8X), progressive JPEG with EXIF, AVIF: made by libvips
FILES = {
    "avif": (
        "AAAAHGZ0eXBhdmlmAAAAAG1pZjFhdmlmbWlhZgAAANRtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA"
        "AAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAAA+AABAAAAAAAAABwAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAA"
        "AAABAABhdjAxAAAAAA5waXRtAAAAAAABAAAAVGlwcnAAAAA2aXBjbwAAAAxhdjFDgSACAAAAABRpc3BlAAAAAAAA"
        "AAcAAAAFAAAADnBpeGkAAAAAAQgAAAAWaXBtYQAAAAAAAAABAAEDgQIDAAAAJG1kYXQSAAoIOAi0aQENBpAyDhlC"
        "YwTAADQAAJBAyRwU"
    ),
    "vp8": ("UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoHAAUAB0CWJaQAA3AA+0AAAAA="),
    "vp8x": (
        "UklGRkgAAABXRUJQVlA4WAoAAAAQAAAABgAABAAAQUxQSAoAAAABB1DAiAhERP8DVlA4IBgAAAAwAQCdASoHAAUA"
        "B0CWJaQAA3AA/u+WQAA="
    ),
    "progressive": (
        "/9j/4QDIRXhpZgAASUkqAAgAAAAHABIBAwABAAAAAQAAABoBBQABAAAAYgAAABsBBQABAAAAagAAACgBAwABAAAA"
        "AgAAABMCAwABAAAAAQAAAJiCAgACAAAAeAAAAGmHBAABAAAAcgAAAAAAAAA4YwAA6AMAADhjAADoAwAABgAAkAcA"
        "BAAAADAyMTABkQcABAAAAAECAwAAoAcABAAAADAxMDABoAMAAQAAAP//AAACoAQAAQAAAAcAAAADoAQAAQAAAAUA"
        "AAAAAAAA/9sAQwBQNzxGPDJQRkFGWlVQX3jIgnhubnj1r7mRyP//////////////////////////////////////"
        "/////////////9sAQwFVWlp4aXjrgoLr////////////////////////////////////////////////////////"
        "/////////////////8IAEQgABQAHAwEiAAIRAQMRAf/EABQAAQAAAAAAAAAAAAAAAAAAAAD/xAAUAQEAAAAAAAAA"
        "AAAAAAAAAAAA/9oADAMBAAIQAxAAAAED/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABBQJ//8QAFBEBAAAA"
        "AAAAAAAAAAAAAAAAAP/aAAgBAwEBPwF//8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAgBAgEBPwF//8QAFBABAAAA"
        "AAAAAAAAAAAAAAAAAP/aAAgBAQAGPwJ//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPyF//9oADAMBAAIA"
        "AwAAABDz/8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAgBAwEBPxB//8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAgB"
        "AgEBPxB//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxB//9k="
    ),
}


@not_in("node", reason=NO_NODE)
@cases(FILES)
async def test_info_reads_avif_and_all_webp_and_jpeg_variants(images: Images, case: str) -> None:
    info = await images.info(b64decode(case))
    kinds = {FILES["avif"]: "image/avif", FILES["progressive"]: "image/jpeg"}
    assert info == (kinds.get(case, "image/webp"), len(b64decode(case)), 7, 5)


@not_in("node", reason=NO_NODE)
@cases(
    {
        "garbage": (b"garbage", "unsupported image format"),
        "empty": (b"", "is empty"),
        "cut PNG": (b"\x89PNG\r\n\x1a\n", ""),
        "cut JPEG": (b"\xff\xd8\xff\xdb\0\x04ab", ""),
        "other WebP": (b"RIFF\x10\0\0\0WEBPICCP\x04\0\0\0abcd", ""),
        "text": (b"<html></html>", ""),
    }
)
async def test_info_of_an_invalid_image_raises(images: Images, case: tuple[bytes, str]) -> None:
    data, words = case
    with raises(ImagesError, match=words) as caught:
        await images.info(data)
    assert (caught.value.code, caught.value.js_name) == (9523, "Error")


@not_in("node", reason=NO_NODE)
async def test_bytes_blobs_and_streams_are_accepted(images: Images) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield PNG[:10]
        yield PNG[10:]

    body = Response(PNG).body
    assert body
    for source in (PNG, bytearray(PNG), memoryview(PNG), Blob([PNG]), body, pieces()):
        assert await images.info(source) == ("image/png", len(PNG), 7, 5)
    with raises(ImagesError):  # The stream was consumed.
        await images.info(body)


@not_in("node", reason=NO_NODE)
async def test_info_of_a_locked_stream_raises(images: Images) -> None:
    body = Response(PNG).body
    assert body
    reading = aiter(body)
    await anext(reading)
    with raises(ImagesError, match="Failed to parse body as FormData") as caught:
        await images.info(body)
    assert caught.value.code == 9523
    await reading.aclose()


@not_in("node", reason=NO_NODE)
async def test_base64_input_and_output(images: Images) -> None:
    text = b64encode(PNG)
    assert await images.info(text, encoding="base64") == ("image/png", len(PNG), 7, 5)
    result = await images.input(text, encoding="base64").output(format="image/png")
    whole = b64decode(await result.image(encoding="base64").text())
    assert await images.info(whole) == ("image/png", len(whole), 7, 5)


# Transforming ------------------------------------------------------------------------------------


@not_in("node", reason=NO_NODE)
@cases(["image/png", "image/jpeg", "image/webp"])
async def test_output_has_the_requested_format(images: Images, case: Any) -> None:
    result = await images.input(PNG).output(format=case)
    assert await _made(result, images) == (case, 7, 5)


@not_in("node", reason=NO_NODE)
async def test_output_avif(images: Images) -> None:
    result = await images.input(PNG).output(format="image/avif")
    assert await _made(result, images) == ("image/avif", 7, 5)


@not_in("node", reason=NO_NODE)
@cases(["rgb", "rgba"])
async def test_output_rgb_raises_in_local_development(images: Images, case: Any) -> None:
    with raises(ImagesError, match="9520: ERROR: RGB/RGBA output is not supported") as caught:
        await images.input(PNG).output(format=case)
    assert caught.value.code == 9520


@only("fake", reason="the local simulation makes no GIF")
async def test_output_gif(images: Images) -> None:
    result = await images.input(PNG).output(format="image/gif")
    assert await _made(result, images) == ("image/gif", 7, 5)


@not_in("node", reason=NO_NODE)
async def test_output_of_an_unknown_format_is_jpeg(images: Images) -> None:
    any_images: Any = images
    result = await any_images.input(PNG).output(format="image/bmp")
    assert result.content_type() == "image/jpeg"


FITS = (None, "scale-down", "contain", "pad", "squeeze", "cover", "crop", "nonsense")
BOXES: tuple[tuple[int | None, int | None], ...] = (
    *((3, None), (None, 3), (100, None), (None, 100), (20, 20), (20, 3)),
    *((3, 20), (33, 47), (100, 20), (20, 100), (100, 100), (71, 49), (1, 1)),
)
DOWN = [
    *((3, 2), (4, 3), (70, 50), (70, 50), (20, 14), (4, 3)),
    *((3, 2), (33, 24), (28, 20), (20, 14), (70, 50), (69, 49), (1, 1)),
]
EXACT = [
    *((3, 2), (4, 3), (100, 71), (140, 100), (20, 20), (20, 3)),
    *((3, 20), (33, 47), (100, 20), (20, 100), (100, 100), (71, 49), (1, 1)),
]
SIZES: dict[str | None, list[tuple[int, int]]] = {
    None: DOWN,
    "scale-down": DOWN,
    "nonsense": DOWN,
    "contain": [*DOWN[:2], (100, 71), (140, 100), *DOWN[4:10], (100, 71), *DOWN[11:]],
    "cover": EXACT,
    "pad": EXACT,
    "squeeze": [(3, 50), (70, 3), (100, 50), (70, 100), *EXACT[4:]],
    "crop": [*DOWN[:4], *EXACT[4:8], (70, 20), (20, 50), (70, 50), (70, 49), (1, 1)],
}


@not_in("node", reason=NO_NODE)
@cases({str(fit): fit for fit in FITS})
async def test_transform_fit_decides_the_size(images: Images, case: Any) -> None:
    data = make_image("image/png", 70, 50)
    sizes: list[tuple[Any, Any]] = []
    for width, height in BOXES:
        step = images.input(data).transform(width=width, height=height, fit=case)
        info = await images.info((await step.output(format="image/png")).image())
        sizes.append((info.width, info.height))
    assert sizes == SIZES[case]


@not_in("node", reason=NO_NODE)
@cases(
    {
        "90": ({"rotate": 90}, (5, 7)),
        "180": ({"rotate": 180}, (7, 5)),
        "270": ({"rotate": 270}, (5, 7)),
        "0": ({"rotate": 0}, (7, 5)),
        "width after it": ({"rotate": 90, "width": 3}, (3, 4)),
        "zero": ({"width": 0, "height": 0}, (7, 5)),
        "others": (
            {
                "background": "#fff",
                "blur": 2.5,
                "border": {"color": "red", "width": 2},
                "brightness": 0.5,
                "contrast": 0.5,
                "flip": "hv",
                "gamma": 0.5,
                "segment": "foreground",
                "gravity": {"x": 0.5, "y": 1, "mode": "remainder"},
                "saturation": 0.5,
                "sharpen": 3,
                "trim": {"top": 1, "border": {"color": "blue", "keep": 2}},
            },
            (7, 5),
        ),
    }
)
async def test_transform_rotates_and_resizes_only(images: Images, case: Any) -> None:
    options, size = case
    result = await images.input(PNG).transform(**options).output(format="image/png")
    assert await _made(result, images) == ("image/png", *size)


@not_in("node", reason=NO_NODE)
async def test_output_options_are_accepted(images: Images) -> None:
    step = images.input(PNG).transform(gravity="face", trim="border", border={"top": 1})
    result = await step.output(format="image/jpeg", quality=50, background="#000", anim=False)
    assert await _made(result, images) == ("image/jpeg", 7, 5)


@not_in("node", reason=NO_NODE)
@cases(
    {
        "text": ({"width": "3"}, "9523: .*Expected JSON array of valid transforms"),
        "bool": ({"rotate": True}, "9523: .*Expected JSON array of valid transforms"),
        "negative": ({"width": -1}, "Expected positive integer for width but received -1"),
        "part": ({"height": 2.5}, "Expected positive integer for height but received 2.5"),
    }
)
async def test_transform_with_an_invalid_number_raises_on_output(images: Images, case: Any) -> None:
    options, words = case
    with raises(ImagesError, match=words) as caught:
        await images.input(PNG).transform(**options).output(format="image/png")
    assert caught.value.code == 9523


@not_in("node", reason=NO_NODE)
@cases(
    {
        "fit": ({"width": 3, "height": 3, "fit": "stretch"}, {}, (3, 2)),
        "flip": ({"flip": "x"}, {}, (7, 5)),
        "gravity": ({"width": 3, "height": 3, "fit": "cover", "gravity": "nowhere"}, {}, (3, 3)),
        "background": ({"background": "no colour"}, {}, (7, 5)),
        "blur": ({"blur": 1000}, {}, (7, 5)),
        "width": ({"width": 20_000}, {}, (7, 5)),
        "no width": ({"width": 0}, {}, (7, 5)),
        "quality": ({}, {"quality": 101}, (7, 5)),
        "no quality": ({}, {"quality": 0}, (7, 5)),
        **{
            f"{angle} degrees": ({"rotate": angle}, {}, size)
            for angle, size in {
                1: (7, 5),
                22.5: (8, 7),
                30: (9, 8),
                45: (8, 8),
                80: (6, 8),
                100: (6, 8),
                450: (5, 7),
                -45: (8, 8),
            }.items()
        },
        "45 degrees, then smaller": ({"rotate": 45, "width": 4}, {}, (4, 4)),
    }
)
async def test_transform_with_out_of_range_values_is_not_refused(images: Images, case: Any) -> None:
    options, output, size = case
    result = await images.input(PNG).transform(**options).output(format="image/png", **output)
    assert await _made(result, images) == ("image/png", *size)


@not_in("node", reason=NO_NODE)
async def test_output_of_an_invalid_image_raises(images: Images) -> None:
    with raises(ImagesError, match="unsupported image format") as caught:
        await images.input(b"garbage").output(format="image/png")
    assert caught.value.code == 9523


@not_in("node", reason=NO_NODE)
async def test_output_of_an_svg_is_an_image(images: Images) -> None:
    result = await images.input(SVG).output(format="image/png")
    assert result.content_type() == "image/png"


@not_in("node", reason=NO_NODE)
async def test_transformer_can_be_output_once(images: Images) -> None:
    step = images.input(PNG)
    await step.output(format="image/png")
    with raises(ImagesError, match="^IMAGES_TRANSFORM_ERROR 9525: ImageTransformer consumed") as e:
        await step.output(format="image/png")
    assert e.value.code == 9525
    with raises(ImagesError, match="9525"):
        images.input(PNG).draw(step)


@not_in("node", reason=NO_NODE)
async def test_draw_consumes_the_drawn_transformer(images: Images) -> None:
    mark = images.input(make_image("image/png", 3, 2)).transform(rotate=90)
    step = images.input(PNG).draw(mark, opacity=0.5, top=1, left=2)
    step = step.draw(make_image("image/png", 2, 2), repeat="x", composite="over", bottom=1, right=1)
    result = await step.draw(Blob([PNG])).output(format="image/png")
    assert await _made(result, images) == ("image/png", 7, 5)
    with raises(ImagesError, match="9525"):
        await mark.output(format="image/png")


@not_in("node", reason=NO_NODE)
async def test_result_response_has_content_type_and_headers(images: Images) -> None:
    result = await images.input(PNG).output(format="image/webp")
    headers = {"X-A": "b", "Content-Type": "text/plain"}
    response = result.response(headers=headers)
    assert (response.status, response.headers.items()) == (
        200,
        [("content-type", "image/webp"), ("x-a", "b")],
    )
    assert (await images.info(await response.bytes())).format == "image/webp"
    bare = (await images.input(PNG).output(format="image/webp")).response()
    assert bare.headers.items() == [("content-type", "image/webp")]


@not_in("node", reason=NO_NODE)
async def test_result_image_can_be_read_once(images: Images) -> None:
    result = await images.input(PNG).output(format="image/png")
    assert await result.image().bytes()
    assert await result.image().bytes() == b""


@not_in("node", reason=NO_NODE)
async def test_arguments_of_wrong_type_raise_conversion_error(images: Any) -> None:
    for value, name in ((1, "int"), ("abc", "str"), (None, "None")):
        with raises(ConversionError, match=f"image: expected bytes, Blob or a stream, got {name}"):
            images.input(value)
        with raises(ConversionError, match=f"image: expected bytes, Blob or a stream, got {name}"):
            images.input(b"").draw(value)
    with raises(ConversionError, match="gravity: unknown key 'z'; expected one of x, y, mode"):
        images.input(b"").transform(gravity={"z": 1})
    with raises(ConversionError, match="border: expected a dict, got int"):
        images.input(b"").transform(border=1)
    with raises(ConversionError, match="trim.border: unknown key 'wide'; expected one of color"):
        images.input(b"").transform(trim={"border": {"wide": 1}})
    with raises(ConversionError, match="font: expected a dict, got str"):
        images.text("a", font="b")
    with raises(ConversionError, match="content: expected str, got int"):
        images.text(1, font={"url": "b"})
    with raises(ConversionError, match="image_id: expected str, got int"):
        images.hosted.image(1)


@not_in("node", reason=NO_NODE)
async def test_unknown_or_missing_option_raises_type_error(images: Images) -> None:
    any_images: Any = images
    with raises(TypeError):
        any_images.input(PNG).transform(wide=1)
    with raises(TypeError):
        await any_images.input(PNG).output()


async def test_wrong_binding_raises_binding_error(env: Any) -> None:
    with raises(BindingError, match="^Images: expected the Images binding, got .* without info"):
        Images(env.KV)


# Stored images -----------------------------------------------------------------------------------


async def _emptied(images: Images) -> Any:
    hosted = images.hosted
    for image in (await hosted.list(limit=1000)).images:
        await hosted.image(image.id).delete()
    return hosted


@not_in("node", reason=NO_NODE)
async def test_hosted_upload_stores_bytes_and_properties(images: Images) -> None:
    hosted = await _emptied(images)
    meta = {"a": [1, None], "constructor": None}
    options = {"id": "k1", "filename": "a.png", "metadata": meta, "creator": "me"}
    image = await hosted.upload(PNG, require_signed_urls=True, **options)
    assert (image.id, image.filename, image.meta, image.creator) == ("k1", "a.png", meta, "me")
    assert (image.require_signed_urls, image.draft) == (True, False)
    assert (type(image.require_signed_urls), type(image.draft)) == (bool, bool)
    assert image.uploaded.tzinfo
    assert [url.rpartition("/k1/")[2] for url in image.variants] == ["public"]
    assert await hosted.image("k1").details() == image
    assert await (await hosted.image("k1").bytes()).bytes() == PNG
    assert (await images.info(await hosted.image("k1").bytes())).width == 7


@not_in("node", reason=NO_NODE)
async def test_hosted_upload_without_options_has_defaults(images: Images) -> None:
    hosted = await _emptied(images)
    image = await hosted.upload(b"anything")
    assert len(image.id) == 36
    assert image[1:2] + image[3:5] + image[6:] == ("uploaded.jpg", False, {}, False, None)
    again = await hosted.upload(b"in its place", id=image.id)
    assert again.id == image.id
    assert await (await hosted.image(image.id).bytes()).text() == "in its place"


@not_in("node", reason=NO_NODE)
async def test_hosted_upload_accepts_base64_and_streams(images: Images) -> None:
    hosted = await _emptied(images)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"ab"
        yield b"c"

    sources = {"base64": b64encode(b"abc"), "pieces": pieces(), "body": Response("abc").body}
    for name, source in sources.items():
        await hosted.upload(source, id=name, encoding="base64" if name == "base64" else None)
        assert await (await hosted.image(name).bytes()).text() == "abc"
    await hosted.upload(b"", id="empty")
    assert await (await hosted.image("empty").bytes()).bytes() == b""


@not_in("node", reason=NO_NODE)
async def test_hosted_image_that_is_missing(images: Images) -> None:
    hosted = await _emptied(images)
    nothing = hosted.image("nothing")
    assert await nothing.details() is None
    assert await nothing.bytes() is None
    assert await nothing.delete() is False
    with raises(ImagesError, match="^Image not found: nothing$") as caught:
        await nothing.update(creator="x")
    assert (caught.value.js_name, caught.value.code) == ("Error", None)


@not_in("node", reason=NO_NODE)
async def test_hosted_update_and_delete(images: Images) -> None:
    hosted = await _emptied(images)
    before = await hosted.upload(PNG, id="k", metadata={"a": 1}, creator="me")
    image = hosted.image("k")
    assert await image.update(creator="you") == before._replace(creator="you")
    after = await image.update(metadata={}, require_signed_urls=True)
    assert after == before._replace(creator="you", meta={}, require_signed_urls=True)
    assert await image.details() == after
    assert await image.delete() is True
    assert await image.delete() is False
    assert await image.details() is None


@not_in("node", reason=NO_NODE)
async def test_hosted_list_pages_and_filters_by_creator(images: Images) -> None:
    hosted = await _emptied(images)
    assert await hosted.list() == ([], None, True)
    for name in ("a", "b", "c"):
        await hosted.upload(PNG, id=name, creator=name)
    page = await hosted.list(limit=2)
    assert ([image.id for image in page.images], page.list_complete) == (["a", "b"], False)
    rest = await hosted.list(limit=2, cursor=page.cursor)
    assert ([image.id for image in rest.images], rest[1:]) == (["c"], (None, True))
    down = await hosted.list(sort_order="desc", limit=3)
    assert ([image.id for image in down.images], down[1:]) == (["c", "b", "a"], (None, True))
    assert [image.id for image in (await hosted.list(creator="a")).images] == ["a"]
    assert (await hosted.list(cursor="unknown", limit=1)).images == page.images[:1]
    assert await hosted.list(limit=0) == ([], None, False)


@only("workerd", reason="what the local simulation lacks; the fake has it, as documented")
async def test_local_simulation_lacks_signed_urls_and_uploads(images: Images) -> None:
    with raises(ImagesError, match='does not implement the method "signedUrl"'):
        await images.hosted.image("k").signed_url(variant="public")
    with raises(ImagesError, match='does not implement the method "createDirectUpload"'):
        await images.hosted.create_direct_upload()


# Conversion --------------------------------------------------------------------------------------


async def _received(result: ImageTransformationResult) -> Any:
    return await result.response().json()


@not_in("fake", reason=ECHO)
async def test_transform_options_reach_the_binding_with_javascript_names(env: Any) -> None:
    images = Images(env.IMAGES_ECHO)
    mark = images.text("hey", font={"url": "u"}, size=12.5, color="red")
    step = images.input(b"abc").transform(
        width=3,
        fit="cover",
        gravity={"x": 0.5, "mode": "remainder"},
        trim={"top": 1, "border": {"keep": 2}},
        border={"color": "red", "width": 2},
    )
    step = step.transform(gravity="auto", trim="border", rotate=90).transform(trim={"border": True})
    step = step.draw(mark, opacity=0.5, repeat=True).draw(b"mark", composite="xor", left=0)
    result = await step.output(format="image/avif", quality=50, anim=False)
    assert await _received(result) == {
        "source": {"image": "abc"},
        "steps": [
            {
                "transform": {
                    "width": 3,
                    "fit": "cover",
                    "gravity": {"x": 0.5, "mode": "remainder"},
                    "trim": {"top": 1, "border": {"keep": 2}},
                    "border": {"color": "red", "width": 2},
                }
            },
            {"transform": {"gravity": "auto", "trim": "border", "rotate": 90}},
            {"transform": {"trim": {"border": True}}},
            {
                "draw": {
                    "content": "hey",
                    "options": {"font": {"url": "u"}, "size": 12.5, "color": "red"},
                },
                "options": {"opacity": 0.5, "repeat": True},
            },
            {
                "draw": {"image": "mark"},
                "options": {"composite": "xor", "left": 0},
            },
        ],
        "output": {"format": "image/avif", "quality": 50, "anim": False},
    }


@not_in("fake", reason=ECHO)
async def test_results_and_errors_of_the_binding_are_converted(env: Any) -> None:
    images = Images(env.IMAGES_ECHO)
    assert await images.info(b"a/b") == ("a/b", 3, 3, 2)
    assert await images.info(b64encode(b"a/b"), encoding="base64") == ("a/b", 3, 3, 2)
    with raises(ImagesError, match="9520: unsupported") as caught:
        await images.info(b"broken")
    assert (caught.value.code, caught.value.js_name) == (9520, "Error")
    source = images.input(b64encode(b"abc"), encoding="base64")
    result = await source.output(format="rgb", background="red")
    assert result.content_type() == "application/json"
    text = b64decode(await result.image(encoding="base64").text())
    assert text == await result.image().bytes()
    assert b'"source":{"image":"abc"}' in text
    assert result.response(headers={"x-a": "b"}).headers["x-a"] == "b"


@not_in("fake", reason=ECHO)
async def test_hosted_options_reach_the_binding_with_javascript_names(env: Any) -> None:
    hosted = Images(env.IMAGES_ECHO).hosted
    options: dict[str, Any] = {
        "id": "i",
        "filename": "f",
        "creator": "c",
        "metadata": {"a": {"b": 1}},
    }
    image = await hosted.upload(b"abc", require_signed_urls=False, **options)
    assert image.meta == {"options": {**options, "requireSignedURLs": False}, "image": "abc"}
    assert image.uploaded
    assert image.uploaded.isoformat() == "2026-07-01T12:00:00+00:00"
    condition: ImageListFilter = {"metadata": {"a_b": "x", "size": {"gte": 2, "in_": [1, 2]}}}
    page = await hosted.list(limit=5, cursor="c", sort_order="asc", creator="me", filter=condition)
    assert (page.cursor, page.list_complete) == ("next", False)
    assert page.images[0].meta == {
        "limit": 5,
        "cursor": "c",
        "sortOrder": "asc",
        "creator": "me",
        "filter": {"metadata": {"a_b": "x", "size": {"gte": 2, "in": [1, 2]}}},
    }
    direct = await hosted.create_direct_upload(expires_in=timedelta(minutes=2), creator="me")
    assert direct == ('{"creator":"me","expiresIn":120}', "https://upload.example/1")


@not_in("fake", reason=ECHO)
async def test_image_handle_calls_are_converted(env: Any) -> None:
    hosted = Images(env.IMAGES_ECHO).hosted
    image = hosted.image("k")
    details = await image.details()
    assert details
    assert details[:4] == ("k", None, None, True)
    assert details[4:] == (None, [], None, None)
    stream = await image.bytes()
    assert stream
    assert await stream.text() == "bytes"
    url = await image.signed_url(variant="public", expires_in=60, key_name="k1")
    assert url == 'https://images.example/k?{"variant":"public","expiresIn":60,"keyName":"k1"}'
    assert (await image.update(creator="c", metadata={"a": 1})).meta == {
        "creator": "c",
        "metadata": {"a": 1},
    }
    assert await image.delete() is True
    missing = hosted.image("missing")
    assert (await missing.details(), await missing.bytes(), await missing.delete()) == (
        *(None, None),
        False,
    )
