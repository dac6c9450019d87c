"""A client that writes and reads the bytes of HTTP and of WebSockets."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

__all__ = ["TIMEOUT", "Answer", "ask", "connect", "frame", "handshake"]

TIMEOUT = 60


class Answer:
    """A response, byte by byte."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.partition(b"\r\n\r\n")
        status, *lines = head.split(b"\r\n")
        self.status = int(status.split()[1])
        self.headers = [tuple(line.split(b": ", 1)) for line in lines]

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    def json(self) -> Any:
        return json.loads(self.body)


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=TIMEOUT)


def ask(
    url: str, path: str, headers: bytes = b"", method: str = "GET", body: bytes = b""
) -> Answer:
    """Send a request, and read its response."""
    with connect(url) as connection:
        head = f"{method} {path} HTTP/1.1\r\nHost: e.com\r\n".encode()
        length = f"Content-Length: {len(body)}\r\n".encode() if body else b""
        connection.sendall(head + length + headers + b"\r\n" + body)
        data = b""
        while not _is_complete(data) and (chunk := connection.recv(2**16)):
            data += chunk
        return Answer(data)


def _is_complete(data: bytes) -> bool:
    if b"\r\n\r\n" not in data:
        return False
    answer = Answer(data)
    length = answer.header(b"content-length")
    return answer.body.endswith(b"0\r\n\r\n") if length is None else len(answer.body) >= int(length)


def handshake(url: str, path: str, headers: bytes = b"") -> tuple[socket.socket, Answer]:
    connection = connect(url)
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: e.com\r\n".encode()
        + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        + headers
        + b"\r\n"
    )
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(1)
    return connection, Answer(data)


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a frame of a client, masked with zeros."""
    return bytes([0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload
