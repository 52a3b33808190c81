"""One item of a cell, taken apart word by word."""

from __future__ import annotations

import re

from .tables import TableError


class Phrase:
    """One item of a cell: words are taken out of it until only what it is about is left."""

    def __init__(self, said: str) -> None:
        """Hold the words; brackets do not matter."""
        self.said = said
        self.rest = " ".join(re.sub(r"[()]", " ", said).split())

    def take(self, pattern: str) -> str | None:
        """Take the words that match out; return the pattern's group (or all of it), None without a match."""
        match = re.search(rf"(?:^|(?<=\s))(?:{pattern})(?=\s|$)", self.rest)
        if match is None:
            return None
        self.rest = " ".join((self.rest[: match.start()] + " " + self.rest[match.end() :]).split())
        return match.group(match.lastindex or 0)

    def has(self, words: str) -> bool:
        """Take these words out, and tell whether they were there."""
        return self.take(re.escape(words)) is not None

    def one_of(self, words: tuple[str, ...], otherwise: str) -> str:
        """Take out one of these words; `in error` becomes the code entered-in-error."""
        found = self.take("|".join(re.escape(word) for word in words)) or otherwise
        return "entered-in-error" if found == "in error" else found

    def finish(self) -> None:
        """Raise TableError when words are left."""
        if self.rest:
            msg = f"{self.said!r}: {self.rest!r} is not understood"
            raise TableError(msg)
