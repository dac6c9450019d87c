"""Vectors of the fake Vectorize, and their scores; benchmarks/README.md has the times."""

from __future__ import annotations

import math
import operator
from array import array
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

__all__ = ["METRICS", "Stored", "dot", "products"]

Vector: TypeAlias = "array[float]"


class Stored(NamedTuple):
    """A vector in the index."""

    id: str
    values: Vector
    norm: float
    namespace: str | None
    metadata: str | None
    """JSON, so that each reader gets a copy."""
    indexed: dict[str, Any]
    """The values that filters can see, by their paths (with dots)."""


def products(left: Iterable[float], right: Iterable[float]) -> float:
    return sum(map(operator.mul, left, right), 0.0)


# math.sumprod came with Python 3.12 and is three times as fast.
dot: Callable[[Iterable[float], Iterable[float]], float] = getattr(math, "sumprod", products)


def _cosine(values: list[float], candidates: list[Stored]) -> list[float]:
    norm = math.sqrt(dot(values, values))
    # A zero vector has no angle; its score is 0.
    return [dot(values, vector.values) / (norm * vector.norm or 1.0) for vector in candidates]


def _euclidean(values: list[float], candidates: list[Stored]) -> list[float]:
    point = tuple(values)
    return [math.dist(point, vector.values) for vector in candidates]


def _dot_product(values: list[float], candidates: list[Stored]) -> list[float]:
    return [-dot(values, vector.values) for vector in candidates]


# Each metric: 1 if a larger score is nearer, else -1; and the function of its scores.
METRICS: dict[str, tuple[int, Callable[[list[float], list[Stored]], list[float]]]] = {
    "cosine": (1, _cosine),
    "euclidean": (-1, _euclidean),
    "dot-product": (-1, _dot_product),
}
