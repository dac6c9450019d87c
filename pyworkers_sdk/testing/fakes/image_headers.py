"""Read the headers of images, and make grey images of any size, without an image library."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

# The real worlds copy this one file beside the checks (tests/real/worlds.py), so it imports
# nothing of the package.

__all__ = ["FORMATS", "ImageHeader", "make_image", "read_header"]


class ImageHeader(NamedTuple):
    """The format and the size in pixels that the header of an image contains."""

    format: str
    """The media type."""
    width: int = 0
    """0 for an SVG."""
    height: int = 0
    """0 for an SVG."""


# Reading -----------------------------------------------------------------------------------------


def read_header(data: bytes) -> ImageHeader | None:
    """Return the header of an image, or None for a format that Images does not read."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR":
        return ImageHeader("image/png", *struct.unpack(">II", data[16:24]))
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return ImageHeader("image/gif", *struct.unpack("<HH", data[6:10]))
    if data[:2] == b"\xff\xd8":
        return _jpeg_header(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_header(data)
    if data[4:8] == b"ftyp":
        return _avif_header(data)
    return ImageHeader("image/svg+xml") if _SVG.match(data[:4096]) else None


# The preamble of an SVG: byte order mark, XML declaration, comments and document type.
_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE.*?>\s*)*<svg\b", re.S
)


def _jpeg_header(data: bytes) -> ImageHeader | None:
    offset = 2
    while offset + 9 <= len(data) and data[offset] == 0xFF:
        marker, length = data[offset + 1], int.from_bytes(data[offset + 2 : offset + 4], "big")
        # SOF0 to SOF15 have the size. DHT, JPG and DAC lie in the same range (ITU T.81, B.1.1.3).
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[offset + 5 : offset + 9])
            return ImageHeader("image/jpeg", width, height)
        offset += 2 + length
    return None


def _webp_header(data: bytes) -> ImageHeader | None:
    # https://developers.google.com/speed/webp/docs/riff_container: lossless, extended, lossy.
    chunk, body = data[12:16], data[20:30]
    if chunk == b"VP8L" and body[:1] == b"\x2f":
        bits = int.from_bytes(body[1:5], "little")
        return ImageHeader("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if chunk == b"VP8X":
        width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        return ImageHeader("image/webp", width, height)
    if chunk == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        # The upper two bits of each number are a scale for the display.
        width, height = (size & 0x3FFF for size in struct.unpack("<HH", body[6:10]))
        return ImageHeader("image/webp", width, height)
    return None


def _avif_header(data: bytes) -> ImageHeader | None:
    # A file has several sizes: thumbnails and tiles have theirs. The image itself is the largest.
    sizes = [struct.unpack(">II", box[4:12]) for box in _boxes(data, *_SIZES)]
    return ImageHeader("image/avif", *max(sizes)) if sizes else None


_SIZES = (b"meta", b"iprp", b"ipco", b"ispe")  # the path to the boxes with sizes


def _boxes(data: bytes, *path: bytes) -> Iterator[bytes]:
    """Yield the contents of all boxes at a path of names (ISO/IEC 14496-12)."""
    offset = 0
    while offset + 8 <= len(data):
        # A size of 0 means: to the end of the data.
        size = int.from_bytes(data[offset : offset + 4], "big") or len(data) - offset
        if data[offset + 4 : offset + 8] == path[0]:
            content = data[offset + 8 : offset + size]
            if path[1:]:
                # "meta" is a full box: four bytes of version and flags precede its content.
                yield from _boxes(content[4:] if path[0] == b"meta" else content, *path[1:])
            else:
                yield content
        offset += max(size, 8)


# Writing -----------------------------------------------------------------------------------------


def make_image(format: str, width: int, height: int) -> bytes:
    """Return an image with one grey colour. An AVIF is only a container, without pixels."""
    return FORMATS[format](width, height)


def _png(width: int, height: int) -> bytes:
    squeeze = zlib.compressobj()
    row = bytes(1 + -(-width // 8))  # no filter, then one bit per pixel: the only palette colour
    data = b"".join([squeeze.compress(row) for _ in range(height)]) + squeeze.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", b"\x80\x80\x80"), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def _gif(width: int, height: int) -> bytes:
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\x80\x80\x80" * 2
    image = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02"
    data = _lzw(width * height)
    # A block has at most 255 bytes, after a byte with its length.
    blocks = b"".join(
        bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255)
    )
    return b"GIF89a" + screen + image + blocks + b"\0;"


def _lzw(pixels: int) -> bytes:
    """Compress pixels of colour 0: each code stands for one pixel more than the code before."""
    clear, end, first, longest = 4, 5, 6, 4095
    packed = filled = 0
    data = bytearray()

    def emit(code: int, width: int) -> None:
        nonlocal packed, filled
        packed |= code << filled
        filled += width
        while filled >= 8:
            data.append(packed & 255)
            packed, filled = packed >> 8, filled - 8

    code, width, run = longest + 1, 3, 0
    while pixels:
        if code > longest:  # The table of codes is full: start again.
            emit(clear, width)
            code, width, run = first - 1, 3, 0
        run = min(run + 1, pixels)
        emit(0 if run == 1 else first + run - 2, width)
        pixels -= run
        code += 1
        if code == 1 << width and width < 12:
            width += 1
    emit(end, width)
    emit(0, 7)  # fills the last byte
    return bytes(data)


def _jpeg(width: int, height: int) -> bytes:
    # Every block is two zero bits: the same mean as the block before, and nothing beside the mean.
    blocks = -(-width // 8) * -(-height // 8)
    whole, rest = divmod(2 * blocks, 8)
    data = bytes(whole) + (bytes([0xFF >> rest]) if rest else b"")  # padded with ones
    one_code = bytes([1, *[0] * 15, 0])
    segments = (
        (0xDB, b"\0" + b"\x01" * 64),
        (0xC0, struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)),
        (0xC4, b"\0" + one_code),
        (0xC4, b"\x10" + one_code),
        (0xDA, b"\x01\x01\0\0\x3f\0"),
    )
    head = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in segments
    )
    return b"\xff\xd8" + head + data + b"\xff\xd9"


def _webp(width: int, height: int) -> bytes:
    # Lossless WebP; each pair is a value and its number of bits.
    fields = [(0x2F, 8), (width - 1, 14), (height - 1, 14), (0, 1 + 3), (0, 1 + 1 + 1)]
    for symbol in (0x80, 0x80, 0x80, 0xFF, 0):  # green, red, blue, alpha, distance
        fields += [(1, 1), (0, 1), (1, 1), (symbol, 8)]  # a code of one symbol needs no bits
    bits = filled = 0
    for value, size in fields:
        bits |= value << filled
        filled += size
    data = bits.to_bytes(-(-filled // 8), "little")
    chunk = b"VP8L" + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def _avif(width: int, height: int) -> bytes:
    def box(name: bytes, *content: bytes) -> bytes:
        body = b"".join(content)
        return struct.pack(">I", 8 + len(body)) + name + body

    size = box(b"ispe", bytes(4), struct.pack(">II", width, height))
    return box(b"ftyp", b"avif", bytes(4), b"avifmif1miaf") + box(
        b"meta", bytes(4), box(b"iprp", box(b"ipco", size))
    )


FORMATS = {
    "image/avif": _avif,
    "image/gif": _gif,
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
}
