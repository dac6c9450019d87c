"""``AbortSignal`` and ``AbortController``: to end a ``fetch``, or work of one's own, early."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from ._border import JsWrapper, from_js, platform, raw, text, to_js, web
from .errors import AbortError, AbortTimeoutError, ConversionError, WorkersError

if TYPE_CHECKING:
    from . import _js

__all__ = ["AbortController", "AbortSignal"]


class AbortSignal(JsWrapper["_js.AbortSignal"]):
    """Says that something is to end early: ``fetch(url, signal=AbortSignal.timeout(5000))``.

    Work of one's own asks ``aborted`` or ``throw_if_aborted()`` between its steps, or has a task
    ``await signal.wait()``.

    JS: AbortSignal.
    """

    __slots__ = ()

    def __init__(self) -> None:
        raise TypeError("an AbortSignal comes from abort(), timeout(), any() or an AbortController")

    @classmethod
    def from_js(cls, signal: Any) -> Self:
        """Stand over JavaScript's own AbortSignal."""
        made = cls.__new__(cls)
        made._js = raw(signal)
        return made

    @classmethod
    def abort(cls, reason: str | BaseException | None = None) -> Self:
        """One that is aborted already. JS: AbortSignal.abort."""
        return cls.from_js(web.AbortSignal.abort(*_reason(reason)))

    @classmethod
    def timeout(cls, milliseconds: float | timedelta) -> Self:
        """One that is aborted so many milliseconds from now, with an AbortTimeoutError.

        JS: AbortSignal.timeout.
        """
        if isinstance(milliseconds, timedelta):
            milliseconds = milliseconds / timedelta(milliseconds=1)
        if not 0 <= milliseconds <= _LONGEST:
            raise ConversionError(f"milliseconds: expected 0 to {_LONGEST}, got {milliseconds}")
        return cls.from_js(web.AbortSignal.timeout(milliseconds))

    @classmethod
    def any(cls, signals: Iterable[AbortSignal]) -> Self:
        """One that is aborted as soon as one of these is, with its reason. JS: AbortSignal.any."""
        return cls.from_js(web.AbortSignal.any(to_js([*signals], "signals")))

    @property
    def aborted(self) -> bool:
        """JS: AbortSignal.aborted."""
        return bool(self._js.aborted)

    @property
    def reason(self) -> WorkersError | None:
        """Why, as the error that ``fetch`` raises; None where it is not aborted.

        JS: AbortSignal.reason.
        """
        if not self.aborted:
            return None
        reason = from_js(self._js.reason)
        return reason if isinstance(reason, WorkersError) else AbortError(str(reason))

    def throw_if_aborted(self) -> None:
        """Raise the reason, where there is one. JS: AbortSignal.throwIfAborted."""
        reason = self.reason
        if reason is not None:
            raise reason

    async def wait(self) -> WorkersError:
        """Until it is aborted; the reason. Like ``asyncio.Event.wait``, for any number of tasks.

        JS: AbortSignal.onabort.
        """
        while (reason := self.reason) is None:
            await platform.event(self._js, "abort")
        return reason


_LONGEST = 2**31 - 1  # 25 days: beyond it timers go off at once


class AbortController(JsWrapper["_js.AbortController"]):
    """A signal, and the means to abort it. JS: AbortController."""

    __slots__ = ()

    def __init__(self) -> None:
        self._js = web.AbortController.new()

    @classmethod
    def from_js(cls, controller: Any) -> Self:
        """Stand over JavaScript's own AbortController."""
        made = cls.__new__(cls)
        made._js = raw(controller)
        return made

    @property
    def signal(self) -> AbortSignal:
        """To pass to ``fetch``. JS: AbortController.signal."""
        return AbortSignal.from_js(self._js.signal)

    def abort(self, reason: str | BaseException | None = None) -> None:
        """Abort it; a second time changes nothing.

        ``reason`` is the message, or the exception, of the AbortError which that raises elsewhere.
        JS: AbortController.abort.
        """
        self._js.abort(*_reason(reason))


def _reason(reason: Any) -> list[Any]:
    """The argument of JavaScript's abort: none, or an error."""
    if reason is None:
        return []
    timed_out = isinstance(reason, (TimeoutError, AbortTimeoutError))
    message = str(reason)
    if isinstance(reason, BaseException) and not isinstance(reason, WorkersError):
        message = f"{type(reason).__name__}: {reason}" if message else type(reason).__name__
    elif not isinstance(reason, (str, WorkersError)):
        raise ConversionError(f"reason: expected str or an exception, got {type(reason).__name__}")
    name = "TimeoutError" if timed_out else "AbortError"
    return [web.DOMException.new(text(message, "reason"), name)]
