"""``FormData``, by hand and as a body."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timezone
from importlib import import_module
from typing import Any

from pyworkers_sdk import (
    Blob,
    ConversionError,
    File,
    FormData,
    Request,
    Response,
    RowError,
    StreamError,
    WorkersError,
)

from .kit import cases, not_in, only, raises

URL = "https://example.com/"
URLENCODED = "application/x-www-form-urlencoded"
UNDICI = "Node reads and writes forms in its own way; workerd's is the one that counts"

AnyForm: Any = FormData


def post(body: Any, kind: str | None = None) -> Request:
    headers = {"content-type": kind} if kind else None
    return Request(URL, method="POST", body=body, headers=headers)


def respond(body: Any, kind: str | None = None) -> Response:
    return Response(body, headers={"content-type": kind} if kind else None)


MAKERS: dict[str, Callable[..., Request | Response]] = {"request": post, "response": respond}


# Fields ------------------------------------------------------------------------------------------


async def test_empty_form_has_no_fields() -> None:
    form = FormData()
    assert len(form) == 0
    assert (form.items(), form.keys(), form.values(), list(form)) == ([], [], [], [])


@cases(
    {
        "mapping": lambda: {"b": "2", "a": "1"},
        "pairs": lambda: [("b", "2"), ("a", "1")],
        "iterator": lambda: iter([("b", "2"), ("a", "1")]),
        "form": lambda: FormData({"b": "2", "a": "1"}),
    }
)
async def test_form_init_accepts_mappings_and_pairs(case: Callable[[], Any]) -> None:
    assert FormData(case()).items() == [("b", "2"), ("a", "1")]


async def test_name_may_have_several_values() -> None:
    form = FormData([("a", "1"), ("b", "2"), ("a", "3")])
    assert form["a"] == form.get("a") == "1"
    assert form.get_all("a") == ["1", "3"]
    assert form.items() == [("a", "1"), ("b", "2"), ("a", "3")]
    assert form.keys() == list(form) == ["a", "b", "a"]
    assert form.values() == ["1", "2", "3"]
    assert len(form) == 3


async def test_set_replaces_all_values_at_the_first_place() -> None:
    form = FormData([("a", "1"), ("b", "2"), ("a", "3")])
    form.set("a", "4")
    form["c"] = "5"
    assert form.items() == [("a", "4"), ("b", "2"), ("c", "5")]


async def test_append_adds_and_delete_removes() -> None:
    form = FormData({"a": "1"})
    form.append("a", "2")
    form.append("b", "3")
    form.delete("a")
    form.delete("nothing")
    assert form.items() == [("b", "3")]
    del form["b"]
    assert len(form) == 0


async def test_missing_name_is_none_or_raises_key_error() -> None:
    form = FormData({"A": "1"})
    assert form.get("a") is None
    assert form.get("a", "else") == "else"
    assert form.get_all("a") == []
    assert "a" not in form
    assert not form.has("a")
    assert "A" in form
    with raises(KeyError):
        form["a"]
    with raises(KeyError):
        del form["a"]


async def test_empty_names_and_values_are_kept() -> None:
    form = FormData({"": ""})
    assert form.items() == [("", "")]
    assert form.get("", "else") == ""
    assert form[""] == ""


async def test_file_keeps_name_type_and_time() -> None:
    when = datetime(2026, 1, 2, tzinfo=timezone.utc)
    form = FormData({"f": File(["abc"], "n.txt", type="a/b", last_modified=when)})
    file = form["f"]
    assert isinstance(file, File)
    assert (file.name, file.type, file.last_modified) == ("n.txt", "a/b", when)
    assert await file.text() == "abc"


async def test_files_and_text_keep_their_order() -> None:
    form = FormData([("f", File(["1"], "a")), ("f", "text"), ("f", File(["2"], "b"))])
    for values in (form.get_all("f"), form.values(), [value for _, value in form.items()]):
        assert [value if isinstance(value, str) else value.name for value in values] == [
            "a",
            "text",
            "b",
        ]


async def test_file_can_be_appended_under_another_name() -> None:
    form = FormData()
    form.append("f", File(["abc"], "old", type="a/b"), filename="new")
    form.set("g", File(["abc"], "old"), filename="newer")
    files = [value for value in form.values() if isinstance(value, File)]
    assert [file.name for file in files] == ["new", "newer"]
    assert files[0].type == "a/b"


async def test_blob_becomes_a_file() -> None:
    form = FormData()
    form.append("b", Blob(["abc"], type="a/b"), filename="n.txt")
    file = form["b"]
    assert isinstance(file, File)
    assert (file.name, file.type) == ("n.txt", "a/b")
    assert await file.text() == "abc"


@not_in("node", reason="in Node a Blob without a name becomes a file called blob")
async def test_blob_without_a_filename_is_named_after_its_field() -> None:
    file = FormData({"field": Blob(["abc"])})["field"]
    assert isinstance(file, File)
    assert file.name == "field"


@cases(
    {
        "int": (lambda: AnyForm({"a": 1}), r"form\['a'\]: expected str, Blob or File, got int"),
        "none": (lambda: AnyForm({"a": None}), r"form\['a'\]: expected str, Blob or File"),
        "bytes": (lambda: AnyForm({"a": b"x"}), r"form\['a'\]: .*, got bytes"),
        "name": (lambda: AnyForm({1: "a"}), "name: expected str, got int"),
        "surrogate": (lambda: AnyForm({"a": "\ud800"}), r"form\['a'\]: .*surrogate"),
        "text": (lambda: AnyForm("a=b"), "form: expected a mapping or pairs, got str"),
        "number": (lambda: AnyForm(1), "form: expected a mapping or pairs, got int"),
        "get": (lambda: AnyForm().get(1), "name: expected str, got int"),
        "filename": (
            lambda: AnyForm().append("a", Blob(), filename=1),
            "filename: expected str, got int",
        ),
        "named text": (
            lambda: AnyForm().append("a", "b", filename="c"),
            r"form\['a'\]: a text cannot have a filename; pass a Blob",
        ),
    }
)
async def test_arguments_of_wrong_type_raise_conversion_error(case: Any) -> None:
    attempt, words = case
    with raises(ConversionError, match=words):
        attempt()


# As a body ---------------------------------------------------------------------------------------


@cases(MAKERS)
async def test_form_survives_a_round_trip_as_a_body(
    case: Callable[..., Request | Response],
) -> None:
    form = FormData([("a", "1"), ("ü", "line\r\nline — 😀"), ("a", ""), ("f", File(["x"], "n"))])
    form.append("g", File([b"\x00\r\n--\xff"], "ü.bin", type="text/plain"))
    message = case(form)
    assert message.headers["content-type"].startswith("multipart/form-data; boundary=")
    back = await message.form_data()
    assert message.body_used
    assert back.keys() == ["a", "ü", "a", "f", "g"]
    assert (back.get_all("a"), back["ü"]) == (["1", ""], "line\r\nline — 😀")
    untyped, typed = back["f"], back["g"]
    assert isinstance(untyped, File)
    assert isinstance(typed, File)
    assert (untyped.name, untyped.type) == ("n", "application/octet-stream")
    assert (typed.name, typed.type) == ("ü.bin", "text/plain")
    assert await typed.bytes() == b"\x00\r\n--\xff"


@not_in("node", reason=UNDICI)
async def test_form_body_is_multipart() -> None:
    form = FormData({"a": "1", 'q"x\n\\y': "é\n"})
    form["f"] = File(["x"], 'n"', type="A/b")
    request = post(form)
    boundary = request.headers["content-type"].removeprefix("multipart/form-data; boundary=")
    assert len(boundary) == 32
    assert (await request.text()).split(f"--{boundary}") == [
        "",
        '\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n',
        '\r\nContent-Disposition: form-data; name="q%22x%0A\\\\y"\r\n\r\né\n\r\n',
        '\r\nContent-Disposition: form-data; name="f"; filename="n%22"\r\n'
        "Content-Type: a/b\r\n\r\nx\r\n",
        "--",
    ]


@not_in("node", reason=UNDICI)
async def test_name_with_a_trailing_backslash_is_sent() -> None:
    for form in (FormData({"a\\": "1"}), FormData({"a": File([], "n\\")})):
        with raises(WorkersError, match="^Name or filename can't end with backslash$") as caught:
            Response(form)
        assert caught.value.js_name == "TypeError"


async def test_a_form_is_copied_into_its_body() -> None:
    form = FormData({"a": "1"})
    response = Response(form)
    form["b"] = "2"
    assert (await response.form_data()).items() == [("a", "1")]
    assert (await Response(form).form_data()).items() == [("a", "1"), ("b", "2")]


@not_in("node", reason=UNDICI)
async def test_empty_form_survives_a_round_trip() -> None:
    assert (await Response(FormData()).form_data()).items() == []


async def test_explicit_content_type_is_kept() -> None:
    assert post(FormData(), "a/b").headers["content-type"] == "a/b"


@cases(MAKERS)
async def test_urlencoded_form_is_parsed(case: Callable[..., Request | Response]) -> None:
    body = "a=1&a=%C3%A9+x&b&=c&&%C3%A9=ü&d=a=b"
    for kind in (URLENCODED, f"{URLENCODED};charset=UTF-8", URLENCODED.upper()):
        form = await case(body, kind).form_data()
        assert form.items() == [
            ("a", "1"),
            ("a", "é x"),
            ("b", ""),
            ("", "c"),
            ("é", "ü"),
            ("d", "a=b"),
        ]


@not_in("node", reason=UNDICI)
async def test_invalid_percent_escapes_are_dropped() -> None:
    form = await respond("%zz=1&d=%ff&e=%", URLENCODED).form_data()
    assert form.items() == [("zz", "1"), ("d", "\ufffd"), ("e", "")]


def part(head: str, body: str = "foo") -> str:
    return f"--x\r\n{head}\r\n\r\n{body}\r\n--x--"


@not_in("node", reason=UNDICI)
@cases(
    {
        "plain": (part('Content-Disposition: form-data; name="a"'), [("a", "foo")]),
        "around": (
            "before\r\n" + part('Content-Disposition: form-data; name="a"') + "\r\nafter",
            [("a", "foo")],
        ),
        "line feeds": (
            '--x\nContent-Disposition: form-data; name="a"\n\nfoo\n--x--',
            [("a", "foo")],
        ),
        "nothing": ("--x--", []),
        "case": (part('content-disposition: form-data;  name = "a"'), [("a", "foo")]),
        "escapes": (part('Content-Disposition: form-data; name="a\\"b\\c"'), [('a"bc', "foo")]),
        "percent": (part('Content-Disposition: form-data; name="a%22"'), [("a%22", "foo")]),
        "utf-8": (part('Content-Disposition: form-data; name="é"', "ü"), [("é", "ü")]),
        "no quotes about the file": (
            part('Content-Disposition: form-data; name="a"; filename=b'),
            [("a", "foo")],
        ),
        "empty": (part('Content-Disposition: form-data; name="a"', ""), [("a", "")]),
        "lines": (part('Content-Disposition: form-data; name="a"', "\r\n\r"), [("a", "\r\n\r")]),
    }
)
async def test_multipart_variants_are_parsed(case: tuple[str, list[tuple[str, str]]]) -> None:
    body, expected = case
    form = await respond(body, "multipart/form-data; boundary=x").form_data()
    assert form.items() == expected


@not_in("node", reason=UNDICI)
async def test_multipart_files_are_parsed() -> None:
    body = part('Content-Disposition: form-data; filename="f.txt"; name="a"\r\nContent-Type: A/b')
    file = (await respond(body, 'Multipart/Form-Data; a=b; Boundary="x"').form_data())["a"]
    assert isinstance(file, File)
    assert (file.name, file.type, await file.text()) == ("f.txt", "A/b", "foo")
    body = part('Content-Disposition: form-data; name="a"; filename="é"')
    file = (await respond(body, "multipart/form-data; boundary=x").form_data())["a"]
    assert isinstance(file, File)
    assert (file.name, file.type) == ("é", "")


MULTIPART = "multipart/form-data; boundary=x"


@not_in("node", reason=UNDICI)
@cases(
    {
        "garbage": ("garbage", MULTIPART, r"^No initial boundary string \(or you have a trunc"),
        "empty": ("", MULTIPART, "^No initial boundary string"),
        "glued": ("--xyz", MULTIPART, "^Boundary string was not succeeded by CRLF, LF, or '--'"),
        "no end of head": ("--x\r\na", MULTIPART, "^No multipart message header termination"),
        "no disposition": (part("A: b"), MULTIPART, "^No valid Content-Disposition header found"),
        "no header": (part("A"), MULTIPART, r"^FormData part had invalid headers\.$"),
        "no name": (
            part("Content-Disposition: form-data"),
            MULTIPART,
            r"^Content-Disposition header in FormData part is missing a name\.$",
        ),
        "empty name": (
            part('Content-Disposition: form-data; name=""'),
            MULTIPART,
            "is missing a name",
        ),
        "attachment": (
            part('Content-Disposition: attachment; name="a"'),
            MULTIPART,
            'must have the value "form-data", possibly followed by parameters. Got: "attachment"$',
        ),
        "no word": (part("Content-Disposition: ;"), MULTIPART, "^Invalid Content-Disposition"),
        "truncated": (
            '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nfoo',
            MULTIPART,
            r"^No subsequent boundary string after multipart message\.$",
        ),
        "no boundary": ("", "multipart/form-data", "^No boundary string in Content-Type header"),
        "charset": ("a=b", f"{URLENCODED};charset=latin1", "^Non-utf-8 application/x-www-form"),
        "json": ("{}", "application/json", r"^Unrecognized Content-Type header value\. FormData"),
        "text": ("a=b", None, "types: multipart/form-data, application/x-www-form-urlencoded$"),
        "none": (b"a=b", None, r"^Parsing a Body as FormData requires a Content-Type header\.$"),
    }
)
async def test_invalid_form_error_message(case: tuple[Any, str | None, str]) -> None:
    body, kind, words = case
    for make in MAKERS.values():
        with raises(RowError, match=words) as caught:
            await make(body, kind).form_data()
        assert caught.value.js_name == "TypeError"


@cases({"json": ("{}", "application/json"), "none": (b"a=b", None), "bad": ("x", MULTIPART)})
async def test_body_that_is_not_a_form_raises_row_error(case: tuple[Any, str | None]) -> None:
    for make in MAKERS.values():
        with raises(RowError):
            await make(*case).form_data()


async def test_missing_body_is_an_empty_form() -> None:
    assert (await respond(None, URLENCODED).form_data()).items() == []


@cases(MAKERS)
async def test_second_read_of_a_form_raises(case: Callable[..., Request | Response]) -> None:
    message = case("a=b", URLENCODED)
    await message.form_data()
    with raises(StreamError) as caught:
        await message.form_data()
    assert caught.value.js_name == "TypeError"


async def test_broken_stream_raises_stream_error() -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"a="
        raise ValueError("boom")

    with raises(StreamError, match="ValueError: boom"):
        await respond(failing(), URLENCODED).form_data()


async def test_form_arriving_in_pieces_is_parsed() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for letter in "a=b&c=%C3%A9":
            yield letter.encode()

    assert (await respond(pieces(), URLENCODED).form_data()).items() == [("a", "b"), ("c", "é")]


@only("workerd", reason="only workerd has the official SDK")
async def test_form_of_the_official_sdk_is_accepted() -> None:
    workers: Any = import_module("workers")

    theirs = workers.FormData({"a": "1", "b": "2"})
    form = FormData.from_js(theirs)
    assert form.items() == [("a", "1"), ("b", "2")]
    assert (await Response(theirs).form_data()).items() == form.items()
