"""How the page says no: an error that knows its HTTP status and becomes a page, or a part of one."""

from __future__ import annotations


class PageError(Exception):
    """A request that the page refuses; the message says what to do and repeats nothing that was sent."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the HTTP status."""
        super().__init__(message)
        self.status = status
        self.message = message
