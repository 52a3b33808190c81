"""
Fault switches: let the sandbox misbehave as a real EHR's server does, to see what a client makes of it.

At start, for every request: `Faults(delay_ms=..., status=..., retry_after=..., truncate=...)`.
For one request: the header `X-Sandbox-Fault`, a comma list of

    delay=500    wait so many milliseconds (at most 60000) before anything else
    401          answer 401 with a Bearer challenge
    429, 503     answer so, with Retry-After
    truncate     do the work, then send only the first half of the body

The header adds to, and where they differ wins over, what was set at start.
"""

from dataclasses import dataclass, replace

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cds_service.sandbox.outcome import FhirError, Issue
from cds_service.sandbox.responses import FhirResponse, outcome_response, unauthorized

_HEADER = "x-sandbox-fault"
_STATUSES = (401, 429, 503)
_LONGEST_DELAY_MS = 60_000
_DELAY = "delay="


@dataclass(frozen=True)
class Faults:
    """Which faults to show; `status` None answers as usual, `retry_after` is in seconds."""

    delay_ms: int = 0
    status: int | None = None
    retry_after: int = 1
    truncate: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a fault that the sandbox does not know."""
        if self.status not in (None, *_STATUSES):
            message = f"status must be one of {_STATUSES} or None"
            raise ValueError(message)
        if not 0 <= self.delay_ms <= _LONGEST_DELAY_MS or self.retry_after < 0:
            message = f"delay_ms must be 0 to {_LONGEST_DELAY_MS}, and retry_after not negative"
            raise ValueError(message)


NO_FAULTS = Faults()


def with_header(faults: Faults, header: str) -> Faults:
    """Return `faults` as changed by an `X-Sandbox-Fault` header. Raises FhirError 400 if unreadable."""
    for switch in filter(None, (part.strip() for part in header.split(","))):
        faults = _with_switch(faults, switch)
    return faults


def _with_switch(faults: Faults, switch: str) -> Faults:
    if switch == "truncate":
        return replace(faults, truncate=True)
    delayed = switch.startswith(_DELAY)
    try:
        number = int(switch.removeprefix(_DELAY))
        return replace(faults, delay_ms=number) if delayed else replace(faults, status=number)
    except ValueError:
        reason = "X-Sandbox-Fault takes a comma list of delay=<milliseconds>, 401, 429, 503, truncate."
        raise FhirError(400, Issue("value", reason)) from None


class FaultSwitches:
    """ASGI middleware that shows the faults set at start and asked for by header."""

    def __init__(self, app: ASGIApp, faults: Faults = NO_FAULTS) -> None:
        """Put `faults` before `app`."""
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with whatever faults are due."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            faults = with_header(self._faults, Headers(scope=scope).get(_HEADER, ""))
        except FhirError as error:
            await outcome_response(error)(scope, receive, send)
            return
        await anyio.sleep(faults.delay_ms / 1000)
        if faults.status is not None:
            await _refusal(faults.status, faults.retry_after)(scope, receive, send)
        else:
            await self._app(scope, receive, _truncating(send) if faults.truncate else send)


def _refusal(status: int, retry_after: int) -> FhirResponse:
    reason = "This fault was asked for."
    if status == 401:  # noqa: PLR2004 - an HTTP status says more than its name
        return unauthorized(reason)
    code = "throttled" if status == 429 else "transient"  # noqa: PLR2004
    return outcome_response(FhirError(status, Issue(code, reason)), {"Retry-After": str(retry_after)})


def _truncating(send: Send) -> Send:
    """
    Return a `send` that holds back the response until it is whole and then sends half of its body.

    Content-Length fits the half, so that the client sees broken JSON and not a broken connection.
    """
    held: list[Message] = []

    async def send_half(message: Message) -> None:
        held.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            start, body = held[0], b"".join(part.get("body", b"") for part in held[1:])
            half = body[: len(body) // 2]
            MutableHeaders(scope=start)["content-length"] = str(len(half))
            await send(start)
            await send({"type": "http.response.body", "body": half})

    return send_half
