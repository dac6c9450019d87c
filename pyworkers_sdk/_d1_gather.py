"""``D1Batch``: statements that are gathered first, and sent together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar

from ._border import JsWrapper, expected
from .errors import D1Error

if TYPE_CHECKING:
    from .d1 import D1PreparedStatement, D1Result

__all__ = ["D1Batch", "D1Pending"]

Row = TypeVar("Row")

_Send: TypeAlias = "Callable[[list[D1PreparedStatement[Any]]], Awaitable[list[D1Result[Any]]]]"
"""``batch`` of a database or of a session."""


class D1Batch:
    """Statements that run in one transaction at the end of an ``async with``: ``D1.gather``.

    It lasts for one block. An exception in the block drops the statements: nothing was sent.
    """

    __slots__ = ("_results", "_send", "_state", "_statements")

    def __init__(self, send: _Send) -> None:
        self._send = send
        self._statements: list[D1PreparedStatement[Any]] = []
        self._results: list[D1Result[Any]] = []
        self._state = "new"

    def __repr__(self) -> str:
        return f"<D1Batch of {len(self._statements)} statements, {self._state}>"

    def __len__(self) -> int:
        """Return the number of statements."""
        return len(self._statements)

    def add(self, statement: D1PreparedStatement[Row]) -> D1Pending[Row]:
        """Add a statement, to run at the end of the block in the order of the calls.

        Returns:
            The place of the result. Read its ``result`` after the block.

        Raises:
            D1Error: The block has not begun, or has ended.
            ConversionError: ``statement`` is not a D1PreparedStatement.
        """
        if self._state != "open":
            raise D1Error("add: expected an open batch; call add inside its `async with` block")
        if not (isinstance(statement, JsWrapper) and hasattr(statement, "bind")):
            raise expected("statement", "D1PreparedStatement", statement, "pass db.prepare(…)")
        self._statements.append(statement)
        return D1Pending(self._results, len(self._statements) - 1)

    async def __aenter__(self) -> Self:
        if self._state != "new":
            raise D1Error("gather: expected a new batch; call db.gather() for each block")
        self._state = "open"
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._state = "dropped"
        if error is None:
            if self._statements:  # D1 refuses an empty batch
                self._results.extend(await self._send(self._statements))
            self._state = "sent"


class D1Pending(Generic[Row]):
    """The place of a statement's result in a ``D1Batch``."""

    __slots__ = ("_index", "_results")

    def __init__(self, results: list[D1Result[Any]], index: int) -> None:
        self._results = results
        self._index = index

    def __repr__(self) -> str:
        return f"<D1Pending, {repr(self._results[self._index]) if self._results else 'no result'}>"

    @property
    def result(self) -> D1Result[Row]:
        """The rows and the cost of the statement, after the block.

        Raises:
            D1Error: The batch was not sent yet, or was dropped, or failed.
        """
        if not self._results:
            raise D1Error(
                "result: expected a batch that was sent; read the result after the `async with` "
                "block. A batch that fails, or whose block raises, has no results"
            )
        return self._results[self._index]
