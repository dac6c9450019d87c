"""Read the text of a file as wrangler does, but refuse other encodings.

wrangler takes a byte order mark of UTF-8 in each file. A wrangler configuration in UTF-16 or UTF-32
is refused; a ``.dev.vars`` in UTF-16 loses its variables in silence, so it is refused here too.
"""

from __future__ import annotations

import codecs
from pathlib import Path

__all__ = ["JS_SPACES", "SyntaxFault", "is_file", "is_folder", "read_text"]

JS_SPACES = "\t\n\v\f\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""The white space of JavaScript, for ``trim()``. It includes the byte order mark."""

MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
"""Byte order marks of other encodings. UTF-32 is first: its mark begins with that of UTF-16."""


class SyntaxFault(ValueError):
    """A text with a syntax error in ``line``, counted from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def read_text(path: Path, *, strict: bool = False) -> str:
    """Return the text of a UTF-8 file, without a byte order mark.

    Args:
        path: A file.
        strict: Refuse bytes that are not UTF-8. By default they become U+FFFD, as in wrangler.
            pywrangler refuses them in a wrangler configuration.

    Raises:
        OSError: The file cannot be read.
        SyntaxFault: The file has another encoding.
    """
    data = path.read_bytes()
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            raise SyntaxFault(1, f"expected UTF-8, got {encoding}; save the file as UTF-8")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if strict:
            line = data.count(b"\n", 0, error.start) + 1
            message = f"expected UTF-8, got the byte 0x{data[error.start]:02x}"
            raise SyntaxFault(line, f"{message}; save the file as UTF-8") from None
        return data.decode("utf-8", "replace")


def is_file(path: Path) -> bool:
    """Return True for a file. A path that the system cannot have is False, not an error."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a null character
        return False


def is_folder(path: Path) -> bool:
    """Return True for a folder. A path that the system cannot have is False, not an error."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
