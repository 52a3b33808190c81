"""What CDS Hooks and FHIR call an empty member, and JSON without any."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def without_empty(node: Json) -> Json:
    """
    Return a JSON object without members that are null, "", [] or {}, at any depth.

    Such a member says nothing in FHIR and may not be sent (FHIR R4, JSON representation), so
    nothing is lost. The one null that FHIR knows stays: the place-holder in an array of
    primitives that goes with an array of the same name and a leading underscore.
    """
    shadows = {name: _tidied(item, places=True) for name, item in node.items() if name.startswith("_")}
    shadowed = {name[1:] for name, item in shadows.items() if not is_empty(item)}
    members = {
        name: _tidied(item, places=name in shadowed) for name, item in node.items() if name not in shadows
    }
    kept = {**shadows, **members}
    return {name: kept[name] for name in node if not is_empty(kept[name])}


def is_empty(value: object) -> bool:
    """Whether a member with this value says nothing; false and 0 do say something."""
    return value is None or (isinstance(value, (str, list, dict)) and not value)


def _tidied(value: Any, *, places: bool) -> Any:  # noqa: ANN401 - any JSON
    """Return a value without what is empty in it; `places`: an array keeps null for what it lost."""
    if isinstance(value, dict):
        return without_empty(value)
    if not isinstance(value, list):
        return value
    items = [_tidied(item, places=False) for item in value]
    kept = [None if is_empty(item) else item for item in items]
    full = [item for item in kept if item is not None]
    return kept if places and full else full
