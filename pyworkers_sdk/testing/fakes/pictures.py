"""Images of one grey, of any size: made, and measured, without a library."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["FORMATS", "Picture", "measured", "picture"]


class Picture(NamedTuple):
    """What the header of an image says; an SVG has no size."""

    format: str
    width: int = 0
    height: int = 0


def measured(data: bytes) -> Picture | None:
    """The format and the size of an image, or None where it is none that Images knows."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR":
        return Picture("image/png", *struct.unpack(">II", data[16:24]))
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return Picture("image/gif", *struct.unpack("<HH", data[6:10]))
    if data[:2] == b"\xff\xd8":
        return _jpeg_size(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_size(data)
    if data[4:8] == b"ftyp":
        return _avif_size(data)
    return Picture("image/svg+xml") if _SVG.match(data[:4096]) else None


_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE.*?>\s*)*<svg\b", re.S
)


def _jpeg_size(data: bytes) -> Picture | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Picture("image/jpeg", width, height)
        at += 2 + length
    return None


def _webp_size(data: bytes) -> Picture | None:
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8L" and body[:1] == b"\x2f":
        bits = int.from_bytes(body[1:5], "little")
        return Picture("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X":
        width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        return Picture("image/webp", width, height)
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = (size & 0x3FFF for size in struct.unpack("<HH", body[6:10]))
        return Picture("image/webp", width, height)
    return None


def _avif_size(data: bytes) -> Picture | None:
    # the largest of the images in it: a thumbnail, or a tile, has a size of its own
    sizes = [struct.unpack(">II", box[4:12]) for box in _boxes(data, *_SIZES)]
    return Picture("image/avif", *max(sizes)) if sizes else None


_SIZES = (b"meta", b"iprp", b"ipco", b"ispe")


def _boxes(data: bytes, *path: bytes) -> Iterator[bytes]:
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        if data[at + 4 : at + 8] == path[0]:
            inside = data[at + 8 : at + size]
            if path[1:]:
                yield from _boxes(inside[4:] if path[0] == b"meta" else inside, *path[1:])
            else:
                yield inside
        at += max(size, 8)


# Made


def picture(format: str, width: int, height: int) -> bytes:
    """An image of one grey; of an AVIF the container alone, with nothing to decode."""
    return FORMATS[format](width, height)


def _png(width: int, height: int) -> bytes:
    squeeze = zlib.compressobj()
    row = bytes(1 + -(-width // 8))  # no filter, then one bit a pixel: the palette's only colour
    data = b"".join([squeeze.compress(row) for _ in range(height)]) + squeeze.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", b"\x80\x80\x80"), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def _gif(width: int, height: int) -> bytes:
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\x80\x80\x80" * 2
    image = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02"
    data = _lzw(width * height)
    blocks = b"".join(
        bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255)
    )
    return b"GIF89a" + screen + image + blocks + b"\0;"


def _lzw(pixels: int) -> bytes:
    """So many times the colour 0: each code stands for one pixel more than the code before."""
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
        if code > longest:
            emit(clear, width)
            code, width, run = first - 1, 3, 0
        run = min(run + 1, pixels)
        emit(0 if run == 1 else first + run - 2, width)
        pixels -= run
        code += 1
        if code == 1 << width and width < 12:
            width += 1
    emit(end, width)
    emit(0, 7)
    return bytes(data)


def _jpeg(width: int, height: int) -> bytes:
    # every block is 0 0: no difference to the one before, and nothing beside its mean
    blocks = -(-width // 8) * -(-height // 8)
    whole, rest = divmod(2 * blocks, 8)
    data = bytes(whole) + (bytes([0xFF >> rest]) if rest else b"")
    one_code = bytes([1, *[0] * 15, 0])
    segments = (
        (0xDB, b"\0" + b"\x01" * 64),
        (0xC0, struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)),
        (0xC4, b"\0" + one_code),
        (0xC4, b"\x10" + one_code),
        (0xDA, b"\x01\x01\0\0\x3f\0"),
    )
    head = b"".join(
        struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body for kind, body in segments
    )
    return b"\xff\xd8" + head + data + b"\xff\xd9"


def _webp(width: int, height: int) -> bytes:
    fields = [(0x2F, 8), (width - 1, 14), (height - 1, 14), (0, 1 + 3), (0, 1 + 1 + 1)]
    for only in (0x80, 0x80, 0x80, 0xFF, 0):  # green, red, blue, alpha, distance
        fields += [(1, 1), (0, 1), (1, 1), (only, 8)]  # a code of one symbol, which takes no bits
    bits = filled = 0
    for value, size in fields:
        bits |= value << filled
        filled += size
    data = bits.to_bytes(-(-filled // 8), "little")
    chunk = b"VP8L" + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def _avif(width: int, height: int) -> bytes:
    def box(kind: bytes, *inside: bytes) -> bytes:
        body = b"".join(inside)
        return struct.pack(">I", 8 + len(body)) + kind + body

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
