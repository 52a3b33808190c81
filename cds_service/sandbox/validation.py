"""
Validation of what is written to the sandbox: the R4B models, what they let pass, and required codes.

The models are imported with the first write (it takes most of a second); reading never needs them.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import takewhile
from typing import Any

from pydantic import ValidationError

from cds_service.sandbox.outcome import FhirError, Issue
from cds_service.sandbox.required_codes import wrong_codes
from cds_service.sandbox.resource_types import RESOURCE_TYPES, Resource

_ELEMENT = re.compile(r"_?(?P<name>[A-Za-z]\w{0,63}?)(__ext)?")
_CHOICE = re.compile(r"from this list \['(?P<names>.+)'\]")
# In this order, as to Python a boolean is a number.
_JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "boolean": bool,
    "number": (int, float, Decimal),
}
_WHOLE = "root"  # the models' name for "the element itself" when it is no object
_MISSING = frozenset({"missing", "model_field_validation.missing"})


def ensure_valid(resource: Resource) -> None:
    """
    Raise FhirError 422 listing every problem of `resource`, 400 if its type is not one of R4.

    The issues name elements and rules, never a value that was sent.
    """
    resource_type = resource.get("resourceType")
    if not isinstance(resource_type, str) or resource_type not in RESOURCE_TYPES:
        raise FhirError(
            400, Issue("not-supported", "resourceType is not a resource type of R4.", "resourceType")
        )
    issues = tuple(_model_issues(resource)) or tuple(wrong_codes(resource))
    if issues:
        raise FhirError(422, *issues)


def warm_up() -> None:
    """Import the models of what EHRs write most, so that the first write need not wait for them."""
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415 - see the module's docstring

    for resource_type in ("MedicationRequest", "ServiceRequest"):
        get_fhir_model_class(resource_type)


def _model_issues(resource: Resource) -> Iterator[Issue]:
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415 - see the module's docstring

    resource_type = resource["resourceType"]
    try:
        parsed = get_fhir_model_class(resource_type).model_validate(resource)
        issues = tuple(_unread(resource, parsed.model_dump(), resource_type))
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            yield _issue(resource_type, problem)
    except Exception:  # noqa: BLE001 - the models answer odd input with any error, a KeyError for one
        # The cause is not kept: its text may repeat what was sent.
        yield Issue("structure", "holds something that the R4 models cannot read", resource_type)
    else:
        yield from issues


def _issue(resource_type: str, problem: Any) -> Issue:  # noqa: ANN401 - pydantic's ErrorDetails
    """Word one error of the models anew, for their own texts may repeat the input or speak of Python."""
    expression = _expression(resource_type, problem["loc"])
    if problem["type"] in _MISSING:
        return Issue("required", "is required", expression)
    if problem["type"] == "extra_forbidden":
        return Issue("structure", "is not an element that R4 has here", expression)
    if problem["type"] == "value_error":
        choice = _CHOICE.search(problem["msg"])
        names = choice["names"].split("', '") if choice else []
        return _rule_issue(expression, names)
    return Issue("structure", "has not the JSON type or the form that R4 gives this element", expression)


def _rule_issue(expression: str, names: list[str]) -> Issue:
    """
    Word the breach of a rule; `names` are the forms of a choice such as medication[x], else empty.

    The models report a choice at its parent: the element meant is what the names have in common.
    """
    if not names:
        return Issue("value", "has a value that R4 does not allow here", expression)
    return Issue(
        "invariant", f"needs exactly one of: {', '.join(names)}", f"{expression}.{_common_beginning(names)}"
    )


def _common_beginning(names: list[str]) -> str:
    columns = zip(*names, strict=False)
    return "".join(column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns))


def _expression(resource_type: str, location: tuple[int | str, ...]) -> str:
    """Write a model's error location as FHIRPath, ending before anything that is no element name."""
    path = resource_type
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step != _WHOLE and (match := _ELEMENT.fullmatch(step)):
            path += f".{match['name']}"
        else:
            break
    return path


def _unread(given: object, read: object, path: str) -> Iterator[Issue]:
    """
    Yield what the models dropped or reinterpreted, by comparing the shape given with the shape read.

    They take a string of JSON for an object, "1.5" for a number, Python names such as `class_fhir` for
    elements, and ignore null and empty arrays, all of which R4 forbids.
    """
    if isinstance(given, dict) and isinstance(read, dict):
        for name, value in given.items():
            if name in read:
                yield from _unread(value, read[name], _expression(path, (name,)))
            else:
                yield Issue(
                    "structure", "is empty or not an element that R4 has here", _expression(path, (name,))
                )
    elif isinstance(given, list) and isinstance(read, list):
        for position, (item, read_item) in enumerate(zip(given, read, strict=True)):
            yield from _unread(item, read_item, f"{path}[{position}]")
    elif _json_type(given) != _json_type(read):
        yield Issue("structure", "has not the JSON type that R4 gives this element", path)


def _json_type(value: object) -> str:
    """Return the JSON type of a value given, or of the Python value that the models made of it."""
    for name, types in _JSON_TYPES.items():
        if isinstance(value, types):
            return name
    return "string"  # dates, URLs and base64 have Python types of their own
