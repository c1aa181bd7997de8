"""Reading answers: every known wrapping is taken off, and only a completed success passes. Pure, so that it can be repeated."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, NoReturn

from seedflow.errors import UNREADABLE_ERRORS, ProviderError
from seedflow.providers.failures import ApiError, Refusal, build_failure, build_unknown
from seedflow.providers.secrets import Quoter

ENVELOPE_KEYS: Final = frozenset(
    {"success", "errors", "error", "messages", "state", "result", "result_info", "gatewayMetadata"}
)
_LEADING_CODE: Final = re.compile(r"(?:AiError: ?)*([0-9]{4,5}): ")
_MAX_LAYERS: Final = 8
_MAX_ERRORS: Final = 20
_MAX_NESTED: Final = 8
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def read_result(raw: bytes, quoter: Quoter) -> Mapping[str, object]:
    """The innermost result object of an answer with status 200.

    Takes the full envelope, an envelope inside an envelope (as a gateway's log may give it), a result that is JSON
    inside a string, and the bare result. What it means is for the model's card to judge.

    Raises:
        ProviderError: the answer says that it failed (classified by `failures.TABLE`), or it cannot be read, so that
            nobody knows what was paid for.
    """
    try:
        return _unwrap(raw, quoter)
    except UNREADABLE_ERRORS as error:
        raise build_unknown(
            f"Cloudflare: the answer cannot be read ({type(error).__name__})", status=200
        ) from None


def _unwrap(raw: bytes, quoter: Quoter) -> Mapping[str, object]:
    layer = _parse_object(raw, quoter)
    for _ in range(_MAX_LAYERS):
        _judge_layer(layer, quoter)
        if "result" not in layer:
            inner = {key: value for key, value in layer.items() if key not in ENVELOPE_KEYS}
            if inner:
                return inner
            break
        result = layer["result"]
        if isinstance(result, str):
            result = _parse_object(result.encode(), quoter)
        if not isinstance(result, dict):
            break
        layer = result
    raise build_unknown("Cloudflare: the answer says success but has no result", status=200)


def read_errors(body: object) -> tuple[ApiError, ...]:
    """The errors of a parsed answer, in whichever of the known forms they come."""
    if not isinstance(body, Mapping):
        return ()
    found: list[ApiError] = []
    for key in ("errors", "error"):
        _collect(body.get(key), found)
    if not found:
        _collect_nested(body.get("result"), found)
    return tuple(found[:_MAX_ERRORS])


def parse_json(raw: bytes) -> object:
    """JSON in UTF-8. Half of a surrogate pair, which is no text, becomes `U+FFFD`: it costs nobody the rest of the answer.

    Raises:
        ValueError: it is not, or it is nested so deeply that nothing could read it, or holds a number of thousands of digits.
    """
    text = raw.decode("utf-8-sig")
    if _SURROGATE.search(text):
        text = _ESCAPE.sub(lambda found: "\\ufffd" if found[1] else found[0], text)
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _parse_object(raw: bytes, quoter: Quoter) -> dict[str, object]:
    try:
        found = parse_json(raw)
    except ValueError:
        text = raw[:4096].decode(errors="replace")
        if not text.strip():
            raise build_unknown("Cloudflare: the answer is empty", status=200) from None
        kind = "a web page" if text.lstrip()[:1] == "<" else "cut or not JSON"
        raise build_unknown(
            f"Cloudflare: the answer is {kind}, not an answer of the API; it begins: {quoter.quote(text)}",
            status=200,
        ) from None
    if not isinstance(found, dict):
        raise build_unknown(
            f"Cloudflare: the answer is not a JSON object; it begins: {quoter.quote(raw[:4096].decode(errors='replace'))}",
            status=200,
        )
    return found


def _judge_layer(layer: Mapping[str, object], quoter: Quoter) -> None:
    state = layer.get("state")
    success = layer.get("success")
    errors = read_errors(layer)
    if "success" in layer and success is not True:
        _fail(errors, quoter)
    if isinstance(state, str) and state.casefold() != "completed":
        if state.casefold() in {"failed", "error", "errored", "canceled", "cancelled"} or errors:
            _fail(errors, quoter)
        raise build_unknown(
            f"Cloudflare: the answer is in state {quoter.quote(state, 40)}, not Completed", status=200
        )
    if errors and success is not True:
        _fail(errors, quoter)


def _fail(errors: tuple[ApiError, ...], quoter: Quoter) -> NoReturn:
    failure: ProviderError = build_failure(Refusal(200, errors), quoter)
    raise failure


def _collect(value: object, found: list[ApiError], depth: int = 0) -> None:
    if isinstance(value, list):
        for item in value[:_MAX_ERRORS] if depth < _MAX_NESTED else ():
            _collect(item, found, depth + 1)
    elif isinstance(value, Mapping):
        message = value.get("message", value.get("msg", value.get("detail", "")))
        text = _spell(message) if isinstance(message, Mapping | list) else str(message or "")
        found.append(ApiError(text, _read_code(value.get("code"), text)))
    elif isinstance(value, str) and value:
        found.append(ApiError(value, _read_code(None, value)))


def _spell(message: object) -> str:
    try:
        return json.dumps(message)
    except RecursionError:
        return "it is nested too deeply to be read"


def _collect_nested(result: object, found: list[ApiError]) -> None:
    if isinstance(result, Mapping) and "error" in result:
        _collect(result["error"], found)


def _read_code(code: object, message: str) -> int | str | None:
    """The error's code; where it is no number, the one that some messages begin with (`AiError: 3040: …`)."""
    text = str(code).strip() if isinstance(code, int | float | str) and not isinstance(code, bool) else ""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    leading = _LEADING_CODE.match(message)
    return int(leading[1]) if leading else text or None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
