"""``Assets``: the static files that are deployed with the Worker."""

from __future__ import annotations

from .services import Fetcher

__all__ = ["Assets"]


class Assets(Fetcher):
    """The static files of the Worker, over their ``assets`` binding.

    ``fetch`` takes any host and gives the file of the path: 200 with ``ETag``, ``Content-Type`` by
    the name and ``Cache-Control: public, max-age=0, must-revalidate``; 304 where ``If-None-Match``
    names the ETag; 307 to a page's one address, which ``html_handling`` sets; 404, or what
    ``not_found_handling`` sets, where there is no such file; 405 for other methods than GET and
    HEAD. Files of at most 25 MiB each.

    JS: Fetcher.
    """

    __slots__ = ()
