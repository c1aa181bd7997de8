"""Faults by name: each row of the service's error table, as somebody who runs a recipe would meet it, and mixtures of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from seedflow.emulator.faults import FaultKind, Scalar

_Given = Mapping[str, Scalar]


def _status(status: int, code: int, message: str, **more: Scalar) -> _Given:
    return {"kind": FaultKind.STATUS.value, "status": status, "code": code, "message": message, **more}


def _page(status: int) -> _Given:
    """What a proxy in front of the API says by itself: no envelope, and nobody knows what became of the call."""
    return _status(status, 0, f"error code: {status}", shape="text")


_UNACCEPTED = _status(503, 3040, "Service overloaded, the request was not accepted", retry_after_s=0.05)
_BUSY = _status(429, 3040, "Capacity temporarily exceeded, please try again", retry_after_s=0.05)

SCENARIOS: Mapping[str, tuple[_Given, ...]] = MappingProxyType(
    {
        "wrong-body": (_status(400, 5004, "Invalid data: the body is not valid JSON"),),
        "wrong-input": (_status(400, 5006, "AiError: Bad input: prompt is too long"),),
        "wrong-account": (_status(400, 7000, "No route for that URI"),),
        "bad-token": (_status(401, 10000, "Authentication error"),),
        "no-credit": (_status(402, 2021, "Insufficient credits: add credits to use unified billing"),),
        "paid-plan-only": (_status(403, 5016, "The model is not available on this plan"),),
        "terms-not-accepted": (_status(403, 5018, "The terms of the model have to be accepted"),),
        "account-blocked": (_status(403, 3023, "The account is not allowed to use this"),),
        "model-not-allowed": (_status(403, 3041, "The model is not allowed for this account"),),
        "no-access": (_status(403, 9109, "Unauthorized to access requested resource"),),
        "no-route": (_status(404, 7003, "Could not route, perhaps your object identifier is invalid?"),),
        "no-such-model": (_status(404, 3042, "Invalid model ID"),),
        "too-large": (_status(413, 3006, "Request is too large"),),
        "overloaded": (_BUSY,),
        "upstream-rpm": (
            _status(429, 3040, "AiError: RateLimitExceeded: RPM limit of the model reached", retry_after_s=1),
        ),
        "upstream-ipm": (
            _status(429, 3040, "AiError: RateLimitExceeded: IPM limit of the model reached", retry_after_s=1),
        ),
        "gateway-limit": (_status(429, 2003, "Rate limited: 200 requests in 60 s"),),
        "api-blocked": (_status(429, 971, "Please wait and consider throttling your request speed"),),
        "spend-limit": (_status(429, 3036, "Spend limit reached for this account"),),
        "timed-out": (_status(408, 3007, "Request timeout"),),
        "aborted": (_status(408, 3008, "Request was aborted"),),
        "client-closed": (_page(499),),
        "server-error": (_status(500, 0, "Internal server error"),),
        "bad-gateway": (_page(502),),
        "gateway-timeout": (_page(504),),
        **{f"origin-{status}": (_page(status),) for status in range(520, 527)},
        "not-accepted": (_UNACCEPTED,),
        "unavailable": (_page(503),),
        "refused-connection": ({"kind": FaultKind.CLOSE_BEFORE_READING.value, "reset": True},),
        "no-answer": ({"kind": FaultKind.BILL_THEN_DROP.value, "seconds": 3600},),
        "lost-answer": ({"kind": FaultKind.BILL_THEN_DROP.value},),
        "cut-answer": ({"kind": FaultKind.CUT_BODY.value},),
        "unreadable-answer": ({"kind": FaultKind.CUT_JSON.value},),
        "blocked-prompt": ({"kind": FaultKind.MODERATION.value, "side": "input"},),
        "blocked-picture": ({"kind": FaultKind.MODERATION.value, "side": "output"},),
        "risk-detected": (_status(400, 5006, "AiError: InputTextRiskDetection: the input was refused"),),
        "flagged": (_status(400, 5006, "AiError: the input or output was flagged as sensitive (E005)"),),
        "not-safe": (_status(400, 5006, "AiError: NSFW content in the prompt"),),
        "failed-inside": ({"kind": FaultKind.STATE_FAILED.value},),
        "mixed": (
            _BUSY,
            _status(500, 0, "Internal server error"),
            _page(502),
            _UNACCEPTED,
            {"kind": FaultKind.BILL_THEN_DROP.value, "seconds": 3600},
            {"kind": FaultKind.CLOSE_AFTER_READING.value, "reset": True},
            {"kind": FaultKind.BILL_THEN_DROP.value, "reset": True},
            {"kind": FaultKind.CUT_BODY.value},
            {"kind": FaultKind.CUT_JSON.value},
            {"kind": FaultKind.HTML.value, "billed": True},
            {"kind": FaultKind.WRONG_SCHEMA.value, "billed": False},
            {"kind": FaultKind.DRIP.value, "bytes_per_s": 20},
        ),
    }
)
