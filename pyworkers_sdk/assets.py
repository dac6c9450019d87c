"""``Assets``: the static files that are deployed with the Worker."""

from __future__ import annotations

from .services import Fetcher

__all__ = ["Assets"]


class Assets(Fetcher):
    """The static files of the Worker, read through its ``assets`` binding.

    ``fetch`` accepts any host and returns the file at the path of the URL:

    - 200 with ``ETag``, a ``Content-Type`` derived from the file name and
      ``Cache-Control: public, max-age=0, must-revalidate``;
    - 304 if ``If-None-Match`` names the ETag;
    - 307 to the canonical address of a page, as set by ``html_handling``;
    - 404, or the response set by ``not_found_handling``, if the file is missing;
    - 405 for methods other than GET and HEAD.

    A file has at most 25 MiB.

    JS: Fetcher.
    """

    __slots__ = ()
