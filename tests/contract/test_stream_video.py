"""``Stream``: videos with their captions, downloads and watermarks."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import datetime, timedelta, timezone
from typing import Any

from pyworkers_sdk import BindingError, ConversionError, Response, Stream, StreamBindingError

from .kit import cases, not_in, only, raises

NO_NODE = "miniflare's proxy of such bindings for Node does not answer"
THEN = datetime(2030, 1, 2, 3, 4, 5, 678000, timezone.utc)


# Videos ------------------------------------------------------------------------------------------


@not_in("node", reason=NO_NODE)
async def test_upload_returns_the_video(videos: Stream) -> None:
    before = datetime.now(timezone.utc) - timedelta(minutes=5)
    video = await videos.upload(
        b"abcde",
        creator="me",
        meta={"snake_name": "b"},
        allowed_origins=["a.example"],
        require_signed_urls=True,
        scheduled_deletion=THEN,
        thumbnail_timestamp_pct=0.5,
    )
    assert (video.creator, video.meta, video.allowed_origins) == (
        "me",
        {"snake_name": "b"},
        ["a.example"],
    )
    assert (video.require_signed_urls, video.scheduled_deletion) == (True, THEN)
    assert (video.size, video.duration, video.input) == (5, -1, (0, 0))
    assert video.thumbnail_timestamp_pct == 0.5
    assert (video.ready_to_stream, video.ready_to_stream_at) == (True, None)
    assert video.status == ("ready", None, None, "", "")
    assert video.created == video.modified == video.uploaded
    assert video.created > before
    assert video.created.tzinfo is timezone.utc
    place = f"https://customer-placeholder.cloudflarestream.com/{video.id}"
    assert video.thumbnail == f"{place}/thumbnails/thumbnail.jpg"
    assert video.hls_playback_url == f"{place}/manifest/video.m3u8"
    assert video.dash_playback_url == f"{place}/manifest/video.mpd"
    assert video.preview
    assert video.preview.endswith(f"/{video.id}/watch")
    assert (video.watermark, video.live_input_id, video.clipped_from_id) == (None, None, None)
    assert (video.public_details, video.upload_expiry, video.max_size_bytes) == (None, None, None)
    assert await videos.video(video.id).details() == video


@not_in("node", reason=NO_NODE)
async def test_upload_without_options_has_defaults(videos: Stream) -> None:
    video = await videos.upload(b"")
    assert (video.creator, video.meta, video.allowed_origins, video.size) == (None, {}, [], 0)
    assert (video.require_signed_urls, video.scheduled_deletion) == (False, None)
    assert (video.thumbnail_timestamp_pct, video.max_duration_seconds) == (0, None)


@not_in("node", reason=NO_NODE)
async def test_upload_accepts_a_stream_and_a_url(videos: Stream) -> None:
    body = Response("abcde").body
    assert body
    video = await videos.upload(body)
    assert (video.size, body.locked or await body.bytes() == b"") == (5, True)
    assert video.preview
    again = await videos.upload(video.preview, creator="you")
    assert (again.size, again.creator) == (5, "you")
    assert again.id != video.id


@not_in("node", reason=NO_NODE)
async def test_upload_of_an_invalid_url_raises(videos: Stream) -> None:
    with raises(StreamBindingError, match="^Invalid URL: nonsense$") as caught:
        await videos.upload("nonsense")
    assert caught.value.js_name == "TypeError"


@not_in("node", reason=NO_NODE)
async def test_update_replaces_only_passed_properties(videos: Stream) -> None:
    before = await videos.upload(b"x", creator="me", meta={"a": "b"}, scheduled_deletion=THEN)
    video = videos.video(before.id)
    assert video.id == before.id
    after = await video.update(meta={}, max_duration_seconds=timedelta(minutes=1))
    assert after.modified >= before.modified
    expected = before._replace(meta={}, max_duration_seconds=60, modified=after.modified)
    assert after == expected
    later = THEN + timedelta(days=1)
    after = await video.update(
        creator="you",
        allowed_origins=["b.example"],
        require_signed_urls=True,
        scheduled_deletion=later,
        thumbnail_timestamp_pct=0.25,
    )
    assert after == expected._replace(
        creator="you",
        allowed_origins=["b.example"],
        require_signed_urls=True,
        scheduled_deletion=later,
        thumbnail_timestamp_pct=0.25,
        modified=after.modified,
    )
    assert await video.details() == after
    assert (await video.update())._replace(modified=after.modified) == after


@not_in("node", reason=NO_NODE)
async def test_generate_token_names_the_video_and_its_expiry(videos: Stream) -> None:
    video = await videos.upload(b"x")
    token = json.loads(b64decode(await videos.video(video.id).generate_token()))
    assert (token["sub"], token["kid"]) == (video.id, "local-mode-key")
    assert abs(token["exp"] - video.created.timestamp() - 6 * 60 * 60) < 60


@not_in("node", reason=NO_NODE)
async def test_missing_video_raises_not_found_error(videos: Stream) -> None:
    gone = videos.video((await videos.upload(b"x")).id)
    await gone.captions.generate("en")
    await gone.downloads.generate()
    assert await gone.delete() is None  # type: ignore[func-returns-value]
    attempts: list[Any] = [
        gone.details,
        gone.update,
        gone.delete,
        gone.generate_token,
        gone.captions.list,
        lambda: gone.captions.upload("en", b""),
        lambda: gone.captions.generate("en"),
        gone.downloads.get,
        gone.downloads.generate,
    ]
    for attempt in attempts:
        with raises(StreamBindingError, match=f"^Video not found: {gone.id}$") as caught:
            await attempt()
        assert (caught.value.js_name, caught.value.code) == ("NotFoundError", None)
        assert caught.value.status_code is None
    with raises(StreamBindingError, match=f"^Caption not found: {gone.id}/en$"):
        await gone.captions.delete("en")
    with raises(StreamBindingError, match=f"^Download not found: {gone.id}/default$"):
        await gone.downloads.delete()


# Listings ----------------------------------------------------------------------------------------


@not_in("node", reason=NO_NODE)
async def test_list_compares_with_before_and_after(videos: Stream) -> None:
    video = await videos.upload(b"x")
    assert video in await videos.videos.list()
    assert len(await videos.videos.list(limit=1)) == 1
    at = video.created
    matches = {
        (bound, comparison): [
            one.id == video.id
            for one in await videos.videos.list(
                before=at if bound == "before" else None,
                before_comp=comparison if bound == "before" else None,
                after=at if bound == "after" else None,
                after_comp=comparison if bound == "after" else None,
            )
        ]
        for bound in ("before", "after")
        for comparison in (None, "eq", "gt", "gte", "lt", "lte")
    }
    matching = {key for key, value in matches.items() if any(value)}
    assert matching == {
        *(("before", name) for name in ("eq", "gte", "lte")),
        *(("after", name) for name in (None, "eq", "gte", "lte")),
    }
    between = await videos.videos.list(after=at, before=at + timedelta(days=1), limit=5)
    assert video.id in [one.id for one in between]


@not_in("node", reason=NO_NODE)
async def test_unknown_comparison_raises(videos: Any) -> None:
    for bound in ("before", "after"):
        with raises(StreamBindingError, match="^Invalid comparison operator: ne$") as caught:
            await videos.videos.list(**{bound: THEN, f"{bound}_comp": "ne"})
        assert caught.value.js_name == "BadRequestError"


# Captions and downloads --------------------------------------------------------------------------


@not_in("node", reason=NO_NODE)
async def test_captions_are_stored_by_language(videos: Stream) -> None:
    captions = videos.video((await videos.upload(b"x")).id).captions
    assert await captions.list() == []
    english = await captions.upload("en", b"WEBVTT")
    assert english == (False, "English", "en", "ready")
    brazilian = await captions.generate("pt-BR")
    assert brazilian == (True, "Brazilian Portuguese", "pt-BR", "ready")
    assert (await captions.generate("xx")).label == "xx"
    assert [one.language for one in await captions.list()] == ["en", "pt-BR", "xx"]
    assert await captions.list("pt-BR") == [brazilian]
    assert await captions.list("de") == []
    assert (await captions.generate("en")).generated is True
    assert len(await captions.list()) == 3
    await captions.delete("en")
    with raises(StreamBindingError, match="^Caption not found: ") as caught:
        await captions.delete("en")
    assert caught.value.js_name == "NotFoundError"
    with raises(StreamBindingError) as caught:
        await captions.generate("no language")
    assert caught.value.js_name == "RangeError"


@not_in("node", reason=NO_NODE)
@cases(
    [
        *("cs=Czech", "de=German", "es=Spanish", "fr=French", "it=Italian", "ja=Japanese"),
        *("ko=Korean", "nl=Dutch", "pl=Polish", "pt=Portuguese", "ru=Russian", "zh=Chinese"),
    ]
)
async def test_caption_label_is_the_name_of_the_language(videos: Stream, case: str) -> None:
    language, _, label = case.partition("=")
    captions = videos.video((await videos.upload(b"x")).id).captions
    assert (await captions.generate(language)).label == label


@not_in("node", reason=NO_NODE)
async def test_downloads_are_generated_and_deleted(videos: Stream) -> None:
    downloads = videos.video((await videos.upload(b"x")).id).downloads
    assert await downloads.get() == (None, None)
    ready = (100, "ready", None)
    assert await downloads.generate() == (None, ready)
    assert await downloads.generate("audio") == (ready, ready)
    await downloads.delete()
    assert await downloads.get() == (ready, None)
    with raises(StreamBindingError, match="^Download not found: .*/default$") as caught:
        await downloads.delete("default")
    assert caught.value.js_name == "NotFoundError"


# Watermarks --------------------------------------------------------------------------------------


@not_in("node", reason=NO_NODE)
async def test_watermarks_are_created_listed_and_deleted(videos: Stream) -> None:
    watermarks = videos.watermarks
    first = await watermarks.generate(b"png", name="n")
    assert first[1:4] + first[5:] == (3, 0, 0, None, "n", 1, 0.05, 0.15, "upperRight")
    assert first.created.tzinfo
    second = await watermarks.generate(b"", opacity=0.5, padding=0, scale=1, position="center")
    assert second[6:] == ("", 0.5, 0, 1, "center")
    listed = await watermarks.list()
    assert first in listed
    assert second in listed
    assert await watermarks.get(first.id) == first
    await watermarks.delete(first.id)
    for attempt in (watermarks.get, watermarks.delete):
        with raises(StreamBindingError, match=f"^Watermark not found: {first.id}$") as caught:
            await attempt(first.id)
        assert caught.value.js_name == "NotFoundError"


@not_in("node", reason=NO_NODE)
async def test_watermark_from_a_url(videos: Stream) -> None:
    url = (await videos.upload(b"abc")).preview
    assert url
    mark = await videos.watermarks.generate(url)
    assert (mark.size, mark.downloaded_from) == (3, url)


@not_in("node", reason=NO_NODE)
@cases(["opacity", "padding", "scale"])
async def test_watermark_number_out_of_range_raises(videos: Stream, case: str) -> None:
    number: Any = {case: 1.5}
    with raises(StreamBindingError, match=f"^{case} must be between 0.0 and 1.0$"):
        await videos.watermarks.generate(b"", **number)


@only("workerd", reason="the local simulation has no direct uploads; the fake has, as documented")
async def test_direct_upload_raises_in_local_development(videos: Stream) -> None:
    with raises(StreamBindingError, match="not supported in local mode"):
        await videos.create_direct_upload(max_duration_seconds=5)


ECHO = "a stand-in returns the options that it received"


@only("node", "workerd", reason=ECHO)
async def test_direct_upload_options_reach_the_binding(env: Any) -> None:
    videos = Stream(env.VIDEOS_ECHO)
    direct = await videos.create_direct_upload(
        max_duration_seconds=timedelta(minutes=1),
        expiry=THEN,
        creator="me",
        meta={"snake_name": "b"},
        allowed_origins=["a.example"],
        require_signed_urls=True,
        thumbnail_timestamp_pct=0.5,
        scheduled_deletion=THEN,
        watermark_id="mark",
    )
    assert direct.upload_url == "https://upload.example/1"
    assert direct.scheduled_deletion == THEN
    assert direct.watermark
    assert (direct.watermark.id, direct.watermark.created) == ("mark", THEN)
    moment = "2030-01-02T03:04:05.678Z"
    assert json.loads(direct.id) == {
        "maxDurationSeconds": 60,
        "expiry": moment,
        "creator": "me",
        "meta": {"snake_name": "b"},
        "allowedOrigins": ["a.example"],
        "requireSignedURLs": True,
        "thumbnailTimestampPct": 0.5,
        "scheduledDeletion": moment,
        "watermark": {"id": "mark"},
    }
    bare = await videos.create_direct_upload(max_duration_seconds=5)
    assert (bare.watermark, bare.scheduled_deletion) == (None, None)
    assert json.loads(bare.id) == {"maxDurationSeconds": 5}


@only("node", "workerd", reason=ECHO)
async def test_error_has_code_and_status_code(env: Any) -> None:
    with raises(StreamBindingError, match="^Video not found: 1$") as caught:
        await Stream(env.VIDEOS_ECHO).video("1").details()
    assert caught.value.js_name == "NotFoundError"
    assert (caught.value.code, caught.value.status_code) == (10003, 404)


# Arguments ---------------------------------------------------------------------------------------


@not_in("node", reason=NO_NODE)
async def test_arguments_of_wrong_type_raise_conversion_error(videos: Any) -> None:
    with raises(ConversionError, match="id: expected str, got int"):
        videos.video(1)
    with raises(ConversionError, match="video: expected bytes, Blob or a stream, got int"):
        await videos.upload(1)
    with raises(ConversionError, match="options.meta.a: bytes are not JSON"):
        await videos.upload("u", meta={"a": b""})
    with raises(ConversionError, match="scheduled_deletion: expected datetime, got int"):
        await videos.upload("u", scheduled_deletion=5)
    with raises(ConversionError, match="image: expected .*, got None$"):
        await videos.watermarks.generate(None)
    with raises(ConversionError, match="language: expected str, got int"):
        await videos.video("x").captions.list(5)


async def test_wrong_binding_raises_binding_error(env: Any) -> None:
    with raises(BindingError, match="^Stream: expected the Stream binding, got .* without video"):
        Stream(env.KV)
