"""The members of the fake of Stream that the local simulation lacks."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pyworkers_sdk import Env, Response, Stream, StreamBindingError
from pyworkers_sdk.testing import Clock, FakeRuntime, fake

pytestmark = pytest.mark.asyncio

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


class AppEnv(Env):
    STREAM: Stream


async def test_upload_of_a_url_is_fetched() -> None:
    runtime = FakeRuntime(object, env=AppEnv)
    runtime.outbound("https://example.com/video.mp4", Response(b"abc"))
    runtime.outbound("https://example.com/none", Response("", status=404))
    stream = runtime.env.STREAM
    with runtime:
        assert (await stream.upload("https://example.com/video.mp4")).size == 3
        with pytest.raises(StreamBindingError, match="Failed to fetch video from URL: 404 N"):
            await stream.upload("https://example.com/none")
        with pytest.raises(StreamBindingError, match="Failed to fetch watermark from U") as caught:
            await stream.watermarks.generate("https://example.com/none")
        assert caught.value.js_name == "InvalidURLError"
        assert (await stream.watermarks.generate("https://example.com/video.mp4")).size == 3


async def test_direct_upload_is_pending() -> None:
    stream = fake(Stream, clock=Clock(START))
    mark = await stream.watermarks.generate(b"png", name="m")
    direct = await stream.create_direct_upload(
        max_duration_seconds=timedelta(minutes=1),
        expiry=START + timedelta(hours=1),
        creator="me",
        meta={"a": "b"},
        allowed_origins=["x"],
        require_signed_urls=True,
        thumbnail_timestamp_pct=0.5,
        scheduled_deletion=START + timedelta(days=1),
        watermark_id=mark.id,
    )
    assert direct.upload_url.endswith(direct.id)
    assert (direct.watermark, direct.scheduled_deletion) == (mark, START + timedelta(days=1))
    video = await stream.video(direct.id).details()
    assert (video.status.state, video.ready_to_stream, video.uploaded) == (
        "pendingupload",
        False,
        None,
    )
    assert (video.upload_expiry, video.max_duration_seconds) == (START + timedelta(hours=1), 60)
    assert (video.creator, video.watermark) == ("me", mark)
    bare = await stream.create_direct_upload(max_duration_seconds=5)
    assert (bare.watermark, bare.scheduled_deletion) == (None, None)
    details = await stream.video(bare.id).details()
    assert details.upload_expiry == START + timedelta(minutes=30)
    with pytest.raises(StreamBindingError, match="Watermark not found: nothing"):
        await stream.create_direct_upload(max_duration_seconds=5, watermark_id="nothing")
    await stream.video(bare.id).delete()


async def test_lists_have_the_newest_first() -> None:
    clock = Clock(START)
    stream = fake(Stream, clock=clock)
    first = await stream.upload(b"1")
    mark = await stream.watermarks.generate(b"1")
    clock.advance(5)
    second = await stream.upload(b"2")
    other = await stream.watermarks.generate(b"2")
    assert await stream.videos.list() == [second, first]
    assert await stream.watermarks.list() == [other, mark]
    clock.advance(5)
    assert (await stream.video(first.id).update(creator="x")).modified == START + timedelta(
        seconds=10
    )
