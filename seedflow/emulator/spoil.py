"""What a fault does to a call: its answer, how the answer leaves, and what the gateway writes down."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from http import HTTPStatus

from seedflow.emulator.envelope import build_failure, build_json, build_success
from seedflow.emulator.faults import Fault, FaultKind
from seedflow.emulator.http import WHOLE, Delivery, Ending, Response
from seedflow.emulator.scramble import scramble

_BILLING = frozenset(
    {
        FaultKind.BILL_THEN_DROP,
        FaultKind.CUT_BODY,
        FaultKind.STALL,
        FaultKind.DRIP,
        FaultKind.CUT_JSON,
        FaultKind.SCRAMBLE,
        FaultKind.LONG_BODY,
        FaultKind.COMPRESSED,
        FaultKind.FEW_IMAGES,
        FaultKind.EARLY_EXPIRY,
        FaultKind.BAD_DOWNLOAD,
        FaultKind.BROKEN_PICTURE,
        FaultKind.DEAD_URL,
    }
)
_PAGE = (
    b"<!doctype html>\n<html><head><title>One moment</title></head>"
    b"<body><h1>Checking your connection</h1></body></html>\n"
)
_MODERATED = {
    "input": "InputTextSensitiveContentDetected: the request failed because the input text may contain "
    "sensitive information.",
    "output": "OutputImageSensitiveContentDetected: the request failed because the output image may contain "
    "sensitive information.",
}
_MODERATION_CODE = 5006
_NOTHING = Response(HTTPStatus.OK, b"", "application/json")


@dataclass(frozen=True, slots=True)
class Spoiled:
    """What is sent, how, and under which code of the API. `logged` is the answer that the gateway stores, if it writes one."""

    response: Response
    delivery: Delivery = WHOLE
    logged: Response | None = None
    code: int | str | None = None


def is_billed(fault: Fault) -> bool:
    """Whether a call that meets this fault costs money."""
    return fault.kind in _BILLING or fault.flag("billed")


def spoil(fault: Fault, answer: Response | None, whose: str = "") -> Spoiled:
    """What becomes of a call. `answer` is the right one when the call is billed, else None; `whose` names the call."""
    if answer is not None and fault.kind in _BILLING:
        return Spoiled(_change(fault, answer, whose), _deliver(fault, answer), answer)
    match fault.kind:
        case FaultKind.CLOSE_BEFORE_READING | FaultKind.CLOSE_AFTER_READING:
            logged = _build_aborted() if fault.flag("logged") else None
            return Spoiled(_NOTHING, _end_at(fault, 0, in_head=True), logged)
        case FaultKind.WRONG_SCHEMA:
            wrong = build_completed({"pictures": []})
            return Spoiled(wrong, logged=answer if fault.flag("logged_right") and answer else wrong)
        case FaultKind.REDIRECT:
            status = fault.whole("status") or HTTPStatus.TEMPORARY_REDIRECT
            return Spoiled(Response(status, b"", "text/html", {"location": fault.text("to")}))
        case FaultKind.HTML:
            page = Response(HTTPStatus.OK, _PAGE, "text/html; charset=utf-8")
            return Spoiled(page, logged=answer or page)
        case FaultKind.STATE_FAILED:
            code = fault.parameters["code"]
            error = {"code": code, "message": fault.text("message")}
            failed = build_success({"state": "Failed", "error": error, "result": None})
            return Spoiled(failed, logged=answer or failed, code=str(code))
        case FaultKind.MODERATION:
            refused = build_failure(
                HTTPStatus.BAD_REQUEST, _MODERATION_CODE, f"AiError: {_MODERATED[fault.text('side')]}"
            )
            return Spoiled(refused, logged=answer or refused, code=_MODERATION_CODE)
        case _:
            failure = _build_failure(fault)
            code = fault.whole("code") or fault.text("code")
            return Spoiled(failure, logged=answer or failure, code=code)


def _deliver(fault: Fault, answer: Response) -> Delivery:
    """How a right answer leaves that is billed in any case."""
    match fault.kind:
        case FaultKind.BILL_THEN_DROP:
            return _end_at(fault, 0, in_head=True)
        case FaultKind.CUT_BODY:
            return _end_at(fault, _find_cut(fault, answer.body), in_head=False)
        case FaultKind.STALL if fault.text("stage") == "head":
            after = fault.whole("after_bytes")
            return Delivery(after or 0, in_head=after is None, pause_s=fault.seconds("seconds"))
        case FaultKind.DRIP:
            return Delivery(drip_bytes_s=fault.seconds("bytes_per_s"))
        case FaultKind.LONG_BODY if not fault.flag("announced"):
            return Delivery(excess_bytes=fault.whole("size_bytes") or 0)
        case _:
            return WHOLE


def _change(fault: Fault, answer: Response, whose: str) -> Response:
    """The answer as it leaves, of a call that is billed in any case."""
    match fault.kind:
        case FaultKind.CUT_JSON:
            return replace(answer, body=answer.body[: _find_cut(fault, answer.body)])
        case FaultKind.SCRAMBLE:
            return replace(answer, body=scramble(answer.body, f"{fault.whole('seed')} {whose}"))
        case FaultKind.LONG_BODY if fault.flag("announced"):
            return replace(answer, body=answer.body.ljust(fault.whole("size_bytes") or 0))
        case FaultKind.COMPRESSED:
            return compress(answer, fault.whole("layers") or 1, fault.whole("bomb_bytes") or 0)
        case _:
            return answer


def compress(response: Response, layers: int, bomb_bytes: int) -> Response:
    """An answer compressed some times over, after it was filled up with spaces."""
    body = response.body.ljust(bomb_bytes)
    for _ in range(layers):
        body = gzip.compress(body, compresslevel=6, mtime=0)
    encoding = ", ".join(["gzip"] * layers)
    return replace(response, body=body, headers={**response.headers, "content-encoding": encoding})


def _find_cut(fault: Fault, body: bytes) -> int:
    after = fault.whole("after_bytes")
    return len(body) // 2 if after is None else min(after, len(body))


def build_completed(result: object) -> Response:
    """The envelope of a finished call around a model's own answer."""
    return build_success(
        {"state": "Completed", "gatewayMetadata": {"keySource": "Unified"}, "result": result}
    )


def _end_at(fault: Fault, byte: int, *, in_head: bool) -> Delivery:
    ending = Ending.RESET if fault.flag("reset") else Ending.CLOSE
    pause_s = fault.seconds("seconds") if "seconds" in fault.parameters else 0.0
    return Delivery(byte, in_head=in_head, pause_s=pause_s, ending=ending)


def _build_aborted() -> Response:
    """What a gateway writes of a call whose client went away before it was done."""
    return build_failure(499, 3008, "Request was aborted")


def _build_failure(fault: Fault) -> Response:
    status = fault.whole("status") or HTTPStatus.INTERNAL_SERVER_ERROR
    code, message = fault.parameters["code"], fault.text("message")
    after = fault.parameters["retry_after_s"]
    headers = (
        {} if after is None else {"retry-after": f"{after:g}" if isinstance(after, float) else str(after)}
    )
    error = {"code": code, "message": message}
    match fault.text("shape"):
        case "error-list":
            value: object = {"success": False, "result": [], "messages": [], "error": [error]}
        case "error-object":
            value = {"success": False, "error": error}
        case "text":
            return Response(status, message.encode(errors="replace"), "text/plain; charset=utf-8", headers)
        case _:
            value = {"success": False, "errors": [error], "messages": [], "result": None}
    return build_json(value, status=status, headers=headers)
