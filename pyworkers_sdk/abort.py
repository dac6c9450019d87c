"""``AbortSignal`` and ``AbortController``: they end a ``fetch``, or other work, early."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from ._border import JsWrapper, expected, from_js, raw, text, to_js, web
from ._border.callbacks import next_event
from .errors import AbortError, AbortTimeoutError, ConversionError, WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["AbortController", "AbortSignal"]


class AbortSignal(JsWrapper["_js.AbortSignal"]):
    """A request to end work early: ``fetch(url, signal=signal)``.

    ``AbortSignal.timeout(timedelta(seconds=5))`` limits the time of a request.
    Your own work checks ``aborted`` or calls ``throw_if_aborted()`` between its steps, or waits in
    a task by ``await signal.wait()``.

    JS: AbortSignal.
    """

    __slots__ = ()

    def __init__(self) -> None:
        raise TypeError("an AbortSignal comes from abort(), timeout(), any() or an AbortController")

    @classmethod
    def from_js(cls, signal: Any) -> Self:
        """Wrap an AbortSignal of JavaScript."""
        self = cls.__new__(cls)
        self._js = raw(signal)
        return self

    @classmethod
    def abort(cls, reason: str | BaseException | None = None) -> Self:
        """Return a signal that is already aborted.

        JS: AbortSignal.abort.
        """
        return cls.from_js(web.AbortSignal.abort(*_reason(reason)))

    @classmethod
    def timeout(cls, milliseconds: float | timedelta) -> Self:
        """Return a signal that is aborted after a number of milliseconds, or a timedelta.

        Its reason is an AbortTimeoutError.

        Args:
            milliseconds: 0 to 2,147,483,647 (about 25 days).

        JS: AbortSignal.timeout.
        """
        if isinstance(milliseconds, timedelta):
            milliseconds = milliseconds / timedelta(milliseconds=1)
        if not 0 <= milliseconds <= _MAX_MILLISECONDS:
            raise ConversionError(
                f"milliseconds: expected 0 to {_MAX_MILLISECONDS}, got {milliseconds}"
            )
        return cls.from_js(web.AbortSignal.timeout(milliseconds))

    @classmethod
    def any(cls, signals: Iterable[AbortSignal]) -> Self:
        """Return a signal that is aborted with the first of these signals, for its reason.

        JS: AbortSignal.any.
        """
        return cls.from_js(web.AbortSignal.any(to_js([*signals], "signals")))

    @property
    def aborted(self) -> bool:
        """True if the signal is aborted.

        JS: AbortSignal.aborted.
        """
        return bool(self._js.aborted)

    @property
    def reason(self) -> WorkersError | None:
        """The error that ``fetch`` raises; None if the signal is not aborted.

        JS: AbortSignal.reason.
        """
        if not self.aborted:
            return None
        reason = from_js(self._js.reason)
        return reason if isinstance(reason, WorkersError) else AbortError(str(reason))

    def throw_if_aborted(self) -> None:
        """Raise the reason if the signal is aborted.

        JS: AbortSignal.throwIfAborted.
        """
        reason = self.reason
        if reason is not None:
            raise reason

    async def wait(self) -> WorkersError:
        """Wait until the signal is aborted, and return the reason.

        Any number of tasks may wait, as for an ``asyncio.Event``.

        JS: AbortSignal.onabort.
        """
        while (reason := self.reason) is None:
            await next_event(self._js, "abort")
        return reason


_MAX_MILLISECONDS = 2**31 - 1  # timers of JavaScript beyond it fire at once


class AbortController(JsWrapper["_js.AbortController"]):
    """The owner of a signal, who can abort it.

    JS: AbortController.
    """

    __slots__ = ()

    def __init__(self) -> None:
        self._js = web.AbortController.new()

    @classmethod
    def from_js(cls, controller: Any) -> Self:
        """Wrap an AbortController of JavaScript."""
        self = cls.__new__(cls)
        self._js = raw(controller)
        return self

    @property
    def signal(self) -> AbortSignal:
        """The signal, to pass to ``fetch``.

        JS: AbortController.signal.
        """
        return AbortSignal.from_js(self._js.signal)

    def abort(self, reason: str | BaseException | None = None) -> None:
        """Abort the signal. A second call changes nothing.

        Args:
            reason: The message, or the exception, of the AbortError that waiting work raises.

        JS: AbortController.abort.
        """
        self._js.abort(*_reason(reason))


def _reason(reason: Any) -> list[Any]:
    """Return the arguments of JavaScript's ``abort``: none, or an error."""
    if reason is None:
        return []
    timed_out = isinstance(reason, (TimeoutError, AbortTimeoutError))
    message = str(reason)
    if isinstance(reason, BaseException) and not isinstance(reason, WorkersError):
        message = f"{type(reason).__name__}: {reason}" if message else type(reason).__name__
    elif not isinstance(reason, (str, WorkersError)):
        raise expected("reason", "str or an exception", reason)
    name = "TimeoutError" if timed_out else "AbortError"
    return [web.DOMException.new(text(message, "reason"), name)]
