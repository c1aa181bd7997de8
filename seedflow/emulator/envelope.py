"""The envelope of every answer of the API, and its errors with the codes that Cloudflare gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from seedflow.emulator.http import Response

JSON = "application/json"


class ApiError(Exception):
    """A request that is refused, with the status, code and message that the API would answer."""

    def __init__(self, status: int, code: int, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s


def build_json(
    value: object, *, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer whose body is a JSON value."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Response(status, body, JSON, headers or {})


def build_success(result: object, **beside: object) -> Response:
    """`result` in the envelope of a success."""
    return build_json({"success": True, "errors": [], "messages": [], "result": result, **beside})


def build_failure(
    status: int, code: int, message: str, *, headers: Mapping[str, str] | None = None
) -> Response:
    """The envelope of a refusal."""
    errors = [{"code": code, "message": message}]
    return build_json(
        {"success": False, "errors": errors, "messages": [], "result": None}, status=status, headers=headers
    )


def build_refusal(error: ApiError) -> Response:
    """The envelope of an `ApiError`."""
    after_s = error.retry_after_s
    headers = {} if after_s is None else {"retry-after": f"{after_s:g}"}
    return build_failure(error.status, error.code, error.message, headers=headers)


def authentication_error() -> ApiError:
    """No token, or not the right one."""
    return ApiError(HTTPStatus.UNAUTHORIZED, 10000, "Authentication error")


def no_route(path: str) -> ApiError:
    """An address that leads nowhere, or names an account that does not exist."""
    return ApiError(
        HTTPStatus.NOT_FOUND, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?"
    )


def no_access() -> ApiError:
    """An account that exists, but not for this token."""
    return ApiError(HTTPStatus.FORBIDDEN, 9109, "Unauthorized to access requested resource")


def wrong_method(method: str) -> ApiError:
    """A method that the address does not know."""
    return ApiError(HTTPStatus.METHOD_NOT_ALLOWED, 7001, f"Method {method} not available for that URI.")


def invalid_data(what: str) -> ApiError:
    """A body that is not what the endpoint reads."""
    return ApiError(HTTPStatus.BAD_REQUEST, 5004, f"Invalid data: {what}")


def bad_input(what: str) -> ApiError:
    """An input that the model does not take."""
    return ApiError(HTTPStatus.BAD_REQUEST, 5006, f"AiError: Bad input: {what}")


def cannot_answer(model: str, breach: str) -> ApiError:
    """A model whose card wants an answer that only the model can give. Nothing that a caller repeats would help."""
    return ApiError(
        HTTPStatus.BAD_REQUEST,
        5005,
        f"{model} cannot be emulated, since its card wants an answer that no emulator can give: {breach}",
    )


def no_such_model(name: str) -> ApiError:
    """A model that the catalog does not hold."""
    return ApiError(HTTPStatus.BAD_REQUEST, 5007, f"No such model {name} or task")


def too_large(limit_bytes: int) -> ApiError:
    """A body above the limit."""
    return ApiError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 3006, f"Request is too large: at most {limit_bytes:,} bytes"
    )


def invalid_parameter(name: str, what: str) -> ApiError:
    """A query parameter that the endpoint does not read."""
    return ApiError(HTTPStatus.BAD_REQUEST, 7001, f"{name}: {what}")
