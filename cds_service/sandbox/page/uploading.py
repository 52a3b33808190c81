"""Views: the upload of a FHIR Bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .refusal import PageError
from .upload import Uploaded, upload

if TYPE_CHECKING:
    from starlette.responses import Response

    from .workspace import Visit

_UNPROCESSABLE = 422


def upload_form(visit: Visit) -> Response:
    """Ask for a file."""
    return visit.render("upload.html", {"result": None, "patients": []})


def take(visit: Visit) -> Response:
    """Store a Bundle, or say what is wrong with it element by element."""
    content = visit.form.file or visit.form.text("bundle").encode()
    if not content:
        raise PageError(400, "Nothing was uploaded: choose a file, or paste a Bundle.")
    result = upload(visit.session.connection, content, visit.page.today())
    status = _UNPROCESSABLE if result.problem else 200
    return visit.render("upload.html", {"result": result, "patients": _patients(result)}, status)


def _patients(result: Uploaded) -> list[str]:
    return [name.removeprefix("Patient/") for name in result.stored if name.startswith("Patient/")]
