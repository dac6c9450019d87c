"""The types of Images, Browser, Media and Stream: checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import assert_type

from pyworkers_sdk import (
    Browser,
    BrowserRunConnection,
    BrowserRunSession,
    Env,
    Fetcher,
    HostedImages,
    ImageInfoResponse,
    ImageMetadata,
    Images,
    ImageTransformationResult,
    ImageTransformer,
    Media,
    MediaTransformationGenerator,
    MediaTransformationResult,
    ReadableStream,
    Request,
    Response,
    Stream,
    StreamVideo,
)
from pyworkers_sdk.browser.quick_actions import BrowserRunLinksSuccessResponse
from pyworkers_sdk.testing import fake


class AppEnv(Env):
    IMAGES: Images
    BROWSER: Browser
    MEDIA: Media
    STREAM: Stream


def bindings(env: AppEnv) -> None:
    assert_type(env.IMAGES, Images)
    assert_type(env.IMAGES.hosted, HostedImages)
    assert_type(fake(Browser), Browser)
    assert_type(fake(AppEnv).STREAM, Stream)


async def images(env: AppEnv, request: Request, chunks: AsyncIterator[bytes]) -> Response:
    if request.body:
        info = await env.IMAGES.info(request.body)
        assert_type(info, ImageInfoResponse)
        assert_type(info.width, int | None)
    step = env.IMAGES.input(chunks).transform(width=400, fit="cover", gravity={"x": 0.5})
    assert_type(step, ImageTransformer)
    step = step.draw(env.IMAGES.input(b""), opacity=0.5, repeat="x")
    result = await step.output(format="image/avif", quality=80)
    assert_type(result, ImageTransformationResult)
    assert_type(result.image(encoding="base64"), ReadableStream)

    step.transform(fit="fill")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    step.transform(wide=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    step.transform(gravity={"z": 1})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await step.output()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    env.IMAGES.input("text")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return result.response(headers={"cache-control": "no-store"})


async def hosted(env: AppEnv) -> None:
    stored = env.IMAGES.hosted
    image = await stored.upload(b"", id="a", metadata={"a": 1})
    assert_type(image, ImageMetadata)
    assert_type(image.uploaded, datetime | None)
    assert_type(await stored.image("a").bytes(), ReadableStream | None)
    await stored.list(filter={"metadata": {"size": {"gt": 5}, "kind": "x"}})
    await stored.image("a").signed_url(variant="public", expires_in=timedelta(hours=1))

    await stored.list(sort_order="up")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def browser(env: AppEnv) -> list[str]:
    shot = await env.BROWSER.quick_action(
        "screenshot",
        url="https://example.com/",
        viewport={"width": 800, "height": 600},
        screenshot_options={"full_page": True},
    )
    assert_type(shot, Response)
    links = await env.BROWSER.quick_action("links", html="<a>", visible_links_only=True)
    found = await links.json(BrowserRunLinksSuccessResponse)
    connection = await env.BROWSER.launch(keep_alive=60_000, targets=True)
    assert_type(connection, BrowserRunConnection)
    assert_type(connection.web_socket, Fetcher)
    assert_type(await env.BROWSER.get_session("a"), BrowserRunSession | None)

    await env.BROWSER.quick_action("dance", url="u")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    await env.BROWSER.quick_action("links", selector="u")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    await env.BROWSER.quick_action("scrape", url="u")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    return found["result"]


async def media(env: AppEnv, request: Request) -> Response:
    if request.body is None:
        return Response(status=400)
    resized = env.MEDIA.input(request.body).transform(width=480)
    assert_type(resized, MediaTransformationGenerator)
    result = resized.output(mode="frame", time="2s", format="jpg")
    assert_type(result, MediaTransformationResult)
    assert_type(await result.content_type(), str)

    resized.transform(width=5)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    resized.output(mode="photo")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return await result.response()


async def videos(env: AppEnv) -> None:
    video = await env.STREAM.upload("https://example.com/video.mp4", meta={"name": "a"})
    assert_type(video, StreamVideo)
    assert_type(video.created, datetime)
    handle = env.STREAM.video(video.id)
    await handle.update(max_duration_seconds=timedelta(minutes=5))
    assert_type(await handle.generate_token(), str)
    await env.STREAM.watermarks.generate(b"", position="center")
    await env.STREAM.videos.list(before=datetime.now(), before_comp="lte")

    await handle.update(meta={"a": 1})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    await handle.downloads.generate("video")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await env.STREAM.create_direct_upload()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
