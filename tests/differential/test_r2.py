"""The differential run of R2."""

from __future__ import annotations

import datetime as datetime_module
import hashlib
from datetime import datetime, timedelta, timezone
from itertools import accumulate
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from pyworkers_sdk import R2, Headers, R2UploadedPart
from pyworkers_sdk.testing import Clock
from pyworkers_sdk.testing.fakes import r2 as _r2
from tests.differential.known_divergences import KNOWN
from tests.differential.machine import Machine, Name, call, chunks, maybe, shown
from tests.real.remote import RemoteR2Bucket

MIN_PART_SIZE = 50
"""The least size of a part, in bytes, that miniflare's R2 requires in its own tests."""

POOL = ["a", "b", "ab", "a/", "a/b", "a/b/c", "a//b", "é", "漢", "😀", "\uffee", "0", "1", "10"]
ODD = ["", " ", "\n", "\ufeff", "%", "%2F", "a?b#c", "a+b", "/", "//", ".", "..", "constructor"]
ODD += ["__proto__", "e\u0301", "\u2028", "'", '"', "k" * 1024, "é" * 512]
BAD = ["k" * 1025, "é" * 513, 5, None, "\ud800"]

good_keys = st.one_of(st.sampled_from(POOL[:6]), st.sampled_from(POOL), st.sampled_from(ODD))
keys = st.one_of(good_keys, st.text(max_size=3), st.sampled_from(BAD))
data = st.one_of(
    st.binary(max_size=8),
    st.text(max_size=4),
    st.sampled_from(["", b"", "1", '{"a": [1.0]}', "{", b"\xff", "é" * 30, b"\xef\xbb\xbfa"]),
    st.integers(0, 5).map(lambda size: b"x" * (size * MIN_PART_SIZE)),
)


def streams(parts: list[bytes]) -> Name:
    return Name(f"chunks({', '.join(map(repr, parts))})")


pieces = st.lists(st.binary(max_size=3), max_size=3)
values = st.one_of(
    data,
    data,
    data,
    pieces.map(streams),
    st.sampled_from([None, 1, [1], {"a": 1}, Name("broken(b'a')")]),
)
numbers = st.sampled_from([0, 1, 2, 3, 5, 8, 50, 100, 1000, -1, 1.5, 2**31, 2**53])
ranges = st.one_of(
    st.fixed_dictionaries({}, optional={"offset": numbers, "length": numbers}),
    st.fixed_dictionaries({}, optional={"offset": numbers, "length": numbers, "suffix": numbers}),
    st.fixed_dictionaries({"suffix": numbers}),
    st.sampled_from(
        [
            *("bytes=0-1", "bytes=1-", "bytes=-2", "bytes=-0", "bytes=5-2", "bytes=0-0,2-3", "x"),
            *("bytes=", "bytes = 1 - 2", "BYTES=1-1", "bytes=100-", "bytes=-100", "bytes=a-b", ""),
            *("bytes=0-99999999999999999999", "items=0-1", "bytes=0-1,", "bytes=-"),
        ]
    ).map(lambda value: Name(f"Headers({{'range': {value!r}}})")),
)
times = st.sampled_from(
    [
        datetime(2020, 1, 1, tzinfo=timezone.utc),
        datetime(2099, 1, 1, 0, 0, 0, 500_000, tzinfo=timezone.utc),
        datetime(1970, 1, 1, tzinfo=timezone.utc),
        datetime(1969, 1, 1, tzinfo=timezone.utc),
        datetime(2300, 1, 1, tzinfo=timezone.utc),
        datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=2))),
    ]
)
ETAGS = [hashlib.md5(b"").hexdigest(), "nope", "*", "", '"quoted"', '"', 'W/"weak"', "é"]
WHEN = ["Wed, 01 Jan 2020 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00 GMT", "nonsense", ""]
WHEN += ["0", "-1", "13", "2099-01-01", "2020-01-01T00:00:00+02:00"]
http_metadata = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "content_type": st.sampled_from(["text/plain", "", "é", "a\nb"]),
            "content_language": st.sampled_from(["de", ""]),
            "content_disposition": st.just("inline"),
            "content_encoding": st.just("gzip"),
            "cache_control": st.sampled_from(["no-store", None]),
            "cache_expiry": times,
            "nope": st.just("x"),
        },
    ),
    st.sampled_from(
        [
            {"content-type": "text/html", "x-other": "1"},
            *({"expires": when, "cache-control": "no-cache"} for when in WHEN),
            {},
        ]
    ).map(lambda given: Name(f"Headers({given!r})")),
)
names = st.sampled_from(["a", "é", "", "__proto__", "constructor", "A", "x-y", "-0", "10", "2"])
custom_metadata = st.one_of(
    st.dictionaries(names, st.text(max_size=3), max_size=3),
    st.sampled_from([2046, 2047, 2048, 1023, 1024]).flatmap(
        lambda size: st.sampled_from([{"a": "x" * size}, {"a": "é" * size}])
    ),
    st.sampled_from([{"a": 1}, {1: "a"}, {"a": "😀" * 512}, {"漢": "x" * 1022}]),
)
ssec_keys = st.sampled_from([b"k" * 31, "0" * 63, "A" * 64, "z" * 64, "", b""])
prefixes = st.one_of(st.sampled_from(["", "a", "a/", "a/b", "é", "/"]), good_keys)
delimiters = st.sampled_from(["/", "/", "", "b", "//", "é", "ab"])
limits = st.sampled_from([1, 1, 2, 2, 3, 5, 100, 101, 1000, 1001, 0, -1, -2, 2**31])
includes = st.lists(st.sampled_from(["http_metadata", "custom_metadata", "nope"]), max_size=2)
CURSORS = ["", "YQ==", "!", "w6k=", "é"]
PART_NUMBERS = [1, 1, 2, 2, 3, 10_000, 0, -1, 10_001, 2**31, 1.5]
parts = st.one_of(
    st.sampled_from([0, 1, 49, 50, 50, 50, 51, 60, 100]).map(lambda size: b"p" * size), values
)


async def broken(piece: bytes) -> Any:
    """A stream that breaks off."""
    yield piece
    raise ValueError("broken")


class R2Machine(Machine):
    binding = "r2"
    signature = "r2: R2"
    known = KNOWN["r2"]
    patched: ClassVar[list[tuple[Any, str, Any]]] = [(_r2, "MIN_PART_SIZE", MIN_PART_SIZE)]
    names: ClassVar[dict[str, Any]] = {
        "chunks": chunks,
        "broken": broken,
        "Headers": Headers,
        "R2UploadedPart": R2UploadedPart,
        "datetime": datetime_module,
    }

    def sides(self) -> tuple[dict[str, Any], dict[str, Any]]:
        if R2Machine.tested is not self.remote:
            self.remote.control(
                ("r2", "R2", "waitForFakeTasks", [])
            )  # from now on it is being tested
            R2Machine.tested = self.remote
        self.remote.own("emptyR2", on="R2")
        self.objects: list[str] = []
        self.bodies: list[str] = []
        self.pages: list[str] = []
        self.uploads: list[str] = []
        self.parts: list[str] = []
        fake = R2(_r2.FakeR2Bucket(Clock(running=True), strict=False))
        return {"r2": fake}, {"r2": R2(RemoteR2Bucket(self.remote))}

    tested: ClassVar[Any] = None

    def drawn_condition(self, data: Any) -> Any:
        etags = [Name(f"{one}.etag") for one in self.objects]
        etag = st.sampled_from([*etags, *etags, *etags, *ETAGS])
        fields: dict[str, Any] = {"etag_matches": etag, "etag_does_not_match": etag}
        moments: dict[str, Any] = {"uploaded_before": times, "uploaded_after": times}
        granular = {"seconds_granularity": st.booleans()}
        plain = st.fixed_dictionaries({}, optional={**fields, **moments, **granular})
        listed = [f'"{etag}"' for etag in ETAGS[:3]] + [
            "*",
            'W/"a"',
            '"a", "b"',
            '"a" "b"',
            "a",
            "",
        ]
        given = [Name(f"'\"' + {one}.etag + '\"'") for one in self.objects]
        header = st.sampled_from([*given, *given, *listed, '"a', "W/a", ' , "nope"'])
        when = st.sampled_from(WHEN)
        fields = {"if-match": header, "if-none-match": header}
        moments = {"if-modified-since": when, "if-unmodified-since": when}
        of_headers = st.fixed_dictionaries({}, optional={**fields, **moments}).map(
            lambda headers: Name(f"Headers({shown(headers)})")
        )
        return data.draw(st.one_of(st.none(), st.none(), plain, of_headers))

    @rule(key=keys, value=values, http=maybe(http_metadata), about=maybe(custom_metadata))
    def put(self, key: Any, value: Any, http: Any, about: Any) -> None:
        into = self.new("object")
        code = call("r2.put", key, value, http_metadata=http, custom_metadata=about)
        if self.do(code, into):
            self.objects.append(into)

    @rule(key=good_keys, value=data, data=st.data())
    def put_checked(self, key: str, value: Any, data: Any) -> None:
        raw = value.encode() if isinstance(value, str) else value
        name = data.draw(st.sampled_from(["md5", "sha1", "sha256", "sha384", "sha512"]))
        digest = hashlib.new(name, raw)
        given = data.draw(
            st.sampled_from(
                [
                    *(digest.digest(), digest.hexdigest(), digest.hexdigest().upper()),
                    *(bytes(digest.digest_size), "zz", b"", "", "z" * digest.digest_size * 2, "é"),
                ]
            )
        )
        more = data.draw(maybe(st.just({"md5": "0" * 32, "sha1": b"0" * 20})))
        into = self.new("object")
        if self.do(call("r2.put", key, value, **{name: given, **(more or {})}), into):
            self.objects.append(into)

    @rule(key=good_keys, value=data, data=st.data(), ssec=maybe(ssec_keys))
    def put_if(self, key: str, value: Any, data: Any, ssec: Any) -> None:
        condition = self.drawn_condition(data)
        self.do(call("r2.put", key, value, only_if=condition, ssec_key=ssec))

    @rule(
        key=good_keys,
        parts=pieces,
        length=st.sampled_from([None, 0, 1, 2, 3, 4, 6, -1]),
        broken=st.booleans(),
    )
    def put_stream(self, key: str, parts: list[bytes], length: int | None, broken: bool) -> None:
        sizes = accumulate(len(part) for part in ([b"", b"ab", b""] if broken else [b"", *parts]))
        if length in list(sizes)[:-1]:  # see AVOIDED
            return
        value = Name("broken(b'ab')") if broken else streams(parts)
        self.do(call("r2.put", key, value, length=length))

    @rule(key=keys)
    def head(self, key: Any) -> None:
        into = self.new("object")
        if self.do(call("r2.head", key), into) and self.fake[into] is not None:
            self.objects.append(into)

    @rule(key=good_keys, range=maybe(ranges), data=st.data())
    def get(self, key: Any, range: Any, data: Any) -> None:
        into = self.new("object")
        if self.do(call("r2.get", key, range=range, only_if=self.drawn_condition(data)), into):
            if self.fake[into] is not None:
                self.objects.append(into)
            if hasattr(self.fake[into], "body_used"):
                self.bodies.append(into)

    @rule(
        data=st.data(),
        read=st.sampled_from(
            [
                *("await {}.bytes()", "await {}.text()", "await {}.json()", "{}.body_used"),
                *("[piece async for piece in {}.body]", "await (await {}.blob()).bytes()"),
            ]
        ),
    )
    def read(self, data: Any, read: str) -> None:
        if self.bodies:
            self.do(read.format(data.draw(st.sampled_from(self.bodies))))

    @rule(keys=st.one_of(keys, st.lists(good_keys, max_size=4), st.lists(keys, max_size=2)))
    def delete(self, keys: Any) -> None:
        self.do(call("r2.delete", keys))

    @rule(
        prefix=maybe(prefixes),
        delimiter=maybe(delimiters),
        limit=maybe(limits),
        after=maybe(good_keys),
        include=maybe(includes),
        data=st.data(),
    )
    def list(
        self, prefix: Any, delimiter: Any, limit: Any, after: Any, include: Any, data: Any
    ) -> None:
        given = [Name(f"{page}.cursor") for page in self.pages]
        cursor = data.draw(maybe(st.sampled_from([*given, *given, *CURSORS])))
        into = self.new("page")
        code = call(
            "r2.list",
            prefix=prefix,
            delimiter=delimiter,
            limit=limit,
            cursor=cursor,
            start_after=after,
            include=include,
        )
        if self.do(code, into):
            self.pages.append(into)

    @rule(key=st.one_of(good_keys, keys), http=maybe(http_metadata), about=maybe(custom_metadata))
    def create_upload(self, key: Any, http: Any, about: Any) -> None:
        into = self.new("upload")
        code = call("r2.create_multipart_upload", key, http_metadata=http, custom_metadata=about)
        if self.do(code, into):
            self.uploads.append(into)

    @rule(key=good_keys, data=st.data())
    def resume_upload(self, key: str, data: Any) -> None:
        ids = [Name(f"{upload}.upload_id") for upload in self.uploads]
        named = data.draw(st.sampled_from([*ids, *ids, "nope", ""]))
        if ids and data.draw(st.booleans()):
            key = Name(f"{named.removesuffix('.upload_id')}.key") if named in ids else key
        into = self.new("upload")
        code = f"r2.resume_multipart_upload({shown(key)}, {shown(named)})"
        if self.do(code, into):
            self.uploads.append(into)

    @rule(number=st.sampled_from(PART_NUMBERS), value=parts, data=st.data())
    def upload_part(self, number: float, value: Any, data: Any) -> None:
        if self.uploads:
            upload = data.draw(st.sampled_from(self.uploads[-3:]))
            into = self.new("part")
            if self.do(call(f"{upload}.upload_part", number, value), into):
                self.parts.append(into)

    @rule(data=st.data())
    def complete(self, data: Any) -> None:
        if self.uploads:
            upload = data.draw(st.sampled_from(self.uploads[-3:]))
            known = [Name(part) for part in self.parts[-4:]]
            bad = [Name("R2UploadedPart(1, 'nope')"), Name("R2UploadedPart(0, '')")]
            listed = data.draw(
                st.lists(st.sampled_from([*known, *known, *known, *bad]), max_size=3)
            )
            if data.draw(st.booleans()):
                listed = known
            self.do(call(f"{upload}.complete", listed))

    @rule(data=st.data())
    def abort(self, data: Any) -> None:
        if self.uploads:
            self.do(call(f"{data.draw(st.sampled_from(self.uploads))}.abort"))

    def teardown(self) -> None:
        self.do("[(each, await (await r2.get(each.key)).bytes()) async for each in r2.objects()]")


@pytest.mark.real
def test_fake_and_real_r2_answer_alike(compare: Any) -> None:
    compare(R2Machine)
