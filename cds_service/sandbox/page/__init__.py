"""The mock EHR in the browser: charts, orders and the cards that any CDS service returns about them."""

from __future__ import annotations

from .app import PageOptions, create_page

__all__ = ["PageOptions", "create_page"]
