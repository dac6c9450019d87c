"""Count the requests for entropy that an import may make.

Before the first request the platform has no entropy. An import that needs some gets a constant, if
a patch allows it.
"""

from collections.abc import Generator
from contextlib import contextmanager

import _entropy  # the counter of host.mjs


@contextmanager
def allow_bad_entropy_calls(n: int) -> Generator[None]:
    """Allow exactly ``n`` requests for entropy inside.

    Raises:
        RuntimeError: Fewer requests were made.
    """
    before = _entropy.allow(n)
    yield
    if left := _entropy.allow(before):
        raise RuntimeError(f"{left} unexpected leftover getentropy calls ")


def is_refused() -> bool:
    """Return True if the next request for entropy would end the isolate."""
    return _entropy.left() == 0
