"""The web platform's blobs and forms on plain CPython; ``web`` has its other classes.

The words of errors are workerd's, seen by tests/contract/test_forms.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from os import urandom
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from . import environment
from .js_exception import JsException
from .streams import ReadableStream

__all__ = ["Blob", "File", "FormData", "blob_type", "form_of", "media_type", "serialized"]


class Blob:
    """JS: Blob. ``data`` is its content."""

    def __init__(self, data: bytes, *, type: str = "") -> None:
        self.data = data
        self.size: int = len(data)
        self.type: str = _type(type)

    @classmethod
    def new(cls, parts: Iterable[str | bytes | Blob] = (), *, type: str | None = None) -> Blob:
        return Blob(_joined(parts), type=type or "")

    async def arrayBuffer(self) -> bytes:
        return self.data

    def stream(self) -> ReadableStream:
        return ReadableStream.of(self.data)

    def slice(self, start: int | None = None, end: int | None = None, type: str = "") -> Blob:
        return Blob(self.data[start:end], type=type)


class File(Blob):
    """JS: File. ``lastModified`` is in milliseconds since 1970."""

    def __init__(self, data: bytes, name: str, *, type: str = "", modified: float | None = None):
        super().__init__(data, type=type)
        self.name = name
        self.lastModified: float = (
            environment.current().now() // 1 if modified is None else modified
        )

    @classmethod
    def new(  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        cls,
        parts: Iterable[str | bytes | Blob],
        name: str,
        *,
        type: str | None = None,
        lastModified: float | None = None,
    ) -> File:
        return File(_joined(parts), name, type=type or "", modified=lastModified)


def _joined(parts: Iterable[str | bytes | Blob]) -> bytes:
    return b"".join(
        part.data if isinstance(part, Blob) else part.encode() if isinstance(part, str) else part
        for part in parts
    )


def _type(text: str) -> str:
    # The specification of Blob: a type with characters beyond printable ASCII is dropped.
    return "" if re.search(r"[^\x20-\x7e]", text) else text.lower()


_Value: TypeAlias = "str | File"


class FormData:
    """JS: FormData."""

    def __init__(self) -> None:
        self._entries: list[tuple[str, _Value]] = []

    @classmethod
    def new(cls) -> FormData:
        return cls()

    def append(self, name: str, value: str | Blob, filename: str | None = None) -> None:
        self._entries.append((name, _entry_value(name, value, filename)))

    def set(self, name: str, value: str | Blob, filename: str | None = None) -> None:
        # The new value takes the place of the first old one; the others are removed.
        index = next((i for i, entry in enumerate(self._entries) if entry[0] == name), None)
        if index is None:
            self.append(name, value, filename)
            return
        rest = [entry for entry in self._entries[index + 1 :] if entry[0] != name]
        self._entries[index:] = [(name, _entry_value(name, value, filename)), *rest]

    def get(self, name: str) -> _Value | None:
        return next(iter(self.getAll(name)), None)

    def getAll(self, name: str) -> list[_Value]:
        return [value for entry_name, value in self._entries if entry_name == name]

    def has(self, name: str) -> bool:
        return bool(self.getAll(name))

    def delete(self, name: str) -> None:
        self._entries = [entry for entry in self._entries if entry[0] != name]

    def __iter__(self) -> Iterator[list[Any]]:
        return iter([[name, value] for name, value in self._entries])


def _entry_value(name: str, value: str | Blob, filename: str | None) -> _Value:
    # A blob becomes a file, named after its field; a file under another name becomes a new file.
    if isinstance(value, str) or (isinstance(value, File) and filename is None):
        return value
    return File(value.data, name if filename is None else filename, type=value.type)


def serialized(form: FormData) -> tuple[bytes, str]:
    """Return a form as multipart/form-data, and the media type with its boundary."""
    boundary = urandom(16).hex()
    parts: list[bytes] = []
    for name, value in form:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_escaped(name)}"'
        if isinstance(value, File):
            content_type = value.type or "application/octet-stream"
            head += f'; filename="{_escaped(value.name)}"\r\nContent-Type: {content_type}'
        data = value.data if isinstance(value, File) else value.encode()
        parts += [head.encode(), b"\r\n\r\n", data, b"\r\n"]
    parts.append(f"--{boundary}--".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


def _escaped(text: str) -> str:
    # The rules of the standard, but workerd doubles backslashes, and refuses one at the end.
    if text.endswith("\\"):
        raise JsException("TypeError", "Name or filename can't end with backslash")
    return text.replace("\\", "\\\\").replace('"', "%22").replace("\n", "%0A")


def media_type(text: str) -> tuple[str, dict[str, str]]:
    """Return the type in a Content-Type, in lower case, and its parameters."""
    type_, *rest = re.findall(r'(?:"(?:\\.|[^"\\])*"?|[^;"])+', text) or [""]
    params: dict[str, str] = {}
    for param in rest:
        match = re.fullmatch(r'\s*([^\s=]+)=(?:"(.*)"|([^"]+?))\s*', param, re.S)
        if match:
            value = re.sub(r"\\(.)", r"\1", match[2]) if match[3] is None else match[3]
            params.setdefault(match[1].lower(), value)
    return type_.strip().lower(), params


def blob_type(content_type: str) -> str:
    """Return the type of a Blob made from a body with this Content-Type."""
    type_, params = media_type(content_type)
    if type_ == "multipart/form-data":
        return content_type
    if not re.fullmatch(r"[\w!#$%&'*+.^`|~-]+/[\w!#$%&'*+.^`|~-]+", type_):
        return ""
    return "".join((type_, *(f";{name}={_quoted(value)}" for name, value in params.items())))


def _quoted(value: str) -> str:
    if re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", value):
        return value
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def form_of(data: bytes, content_type: str | None) -> FormData:
    """Parse a body as ``Body.formData`` does."""
    if content_type is None:
        raise _malformed("Parsing a Body as FormData requires a Content-Type header.")
    type_, params = media_type(content_type)
    if type_ == "multipart/form-data":
        if "boundary" not in params:
            raise _malformed(
                "No boundary string in Content-Type header. The multipart/form-data MIME type "
                "requires a boundary parameter, e.g. 'Content-Type: multipart/form-data; "
                'boundary="abcd"\'. See RFC 7578, section 4.'
            )
        return _multipart(data, params["boundary"].encode())
    if type_ != "application/x-www-form-urlencoded":
        raise _malformed(
            "Unrecognized Content-Type header value. FormData can only parse the following MIME "
            "types: multipart/form-data, application/x-www-form-urlencoded"
        )
    charset = params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "unicode-1-1-utf-8"):
        raise _malformed("Non-utf-8 application/x-www-form-urlencoded body.")
    form = FormData()
    for pair in data.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            form.append(_unquoted(name), _unquoted(value))
    return form


def _malformed(message: str) -> JsException:
    return JsException("TypeError", message)


def _unquoted(text: bytes) -> str:
    # workerd drops a percent sign that begins no escape
    whole = re.sub(rb"%(?![0-9a-fA-F]{2})", b"", text.replace(b"+", b" "))
    return unquote_to_bytes(whole).decode(errors="replace")


# workerd's own parser of parts: parameters are quoted, and a backslash escapes any character.
_PARAMETER = r';\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*"((?:[^"\n\\]|\\[^\n])+)"\s*'
_DISPOSITION = re.compile(rf"\s*([\w-]+)\s*((?:{_PARAMETER})*)")


def _multipart(rest: bytes, boundary: bytes) -> FormData:
    form = FormData()
    _, delimiter, rest = rest.partition(b"--" + boundary)
    if not delimiter or not rest:
        raise _malformed("No initial boundary string (or you have a truncated message).")
    while not rest.startswith(b"--"):
        start = re.match(rb"\r?\n", rest)
        if start is None:
            raise _malformed("Boundary string was not succeeded by CRLF, LF, or '--'.")
        end = re.search(rb"\r?\n\r?\n", rest)
        if end is None:
            raise _malformed("No multipart message header termination found.")
        name, filename, content_type = _part(
            rest[start.end() : end.start()].decode(errors="replace")
        )
        data, delimiter, rest = rest[end.end() :].partition(b"\n--" + boundary)
        if not delimiter or not rest:
            raise _malformed("No subsequent boundary string after multipart message.")
        data = data.removesuffix(b"\r")  # lines may end in LF or CRLF, also mixed
        if filename is None:
            form.append(name, data.decode(errors="replace"))
        else:
            file = File(data, filename)
            file.type = content_type  # unchecked, and not in lower case: workerd copies it
            form.append(name, file)
    return form


def _part(head: str) -> tuple[str, str | None, str]:
    """Return the name, the file name and the media type in the header of a part."""
    lines = [line.partition(":") for line in re.split(r"\r?\n", head)]
    if not all(colon and re.fullmatch(r"[\w-]+", name) for name, colon, _ in lines):
        raise _malformed("FormData part had invalid headers.")
    headers = {name.lower(): value.strip() for name, _, value in lines}
    if "content-disposition" not in headers:
        raise _malformed("No valid Content-Disposition header found in FormData part.")
    disposition = _DISPOSITION.match(headers["content-disposition"])
    if disposition is None:
        raise _malformed("Invalid Content-Disposition header found in FormData part.")
    if disposition[1] != "form-data":
        raise _malformed(
            'Content-Disposition header for FormData part must have the value "form-data", '
            f'possibly followed by parameters. Got: "{disposition[1]}"'
        )
    params = {
        name: re.sub(r"\\(.)", r"\1", value)
        for name, value in re.findall(_PARAMETER, disposition[2])
    }
    if "name" not in params:
        raise _malformed("Content-Disposition header in FormData part is missing a name.")
    return params["name"], params.get("filename"), headers.get("content-type", "")
