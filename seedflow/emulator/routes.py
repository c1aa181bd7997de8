"""Which address does what: the API, its gateway's log, the images, and the emulator's own pages below `/_emulator`."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from seedflow.emulator import log as gateway_log
from seedflow.emulator.envelope import (
    ApiError,
    authentication_error,
    build_json,
    build_refusal,
    build_success,
    no_access,
    no_route,
    wrong_method,
)
from seedflow.emulator.fault_plan import parse_faults
from seedflow.emulator.faults import WrongFaultError, is_number
from seedflow.emulator.gallery import FOLDER
from seedflow.emulator.generate import Generator
from seedflow.emulator.http import WHOLE, BadRequestError, Delivery, Request, Response, Wire
from seedflow.emulator.scenarios import SCENARIOS

API = "/client/v4"
ADMIN = "/_emulator/"
_SMALL_BODY_BYTES = 1024 * 1024
_ACCOUNT_CHARACTERS = 32
_MOST_MOVED_S = 100 * 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Routes:
    """Finds who answers a request."""

    generator: Generator

    async def answer(self, wire: Wire, request: Request) -> None:
        """Answer one request.

        Raises:
            ClientGoneError: it never arrived whole.
        """
        parts = request.path.removeprefix(API).strip("/").split("/") if request.path.startswith(API) else []
        blocked = self.generator.gatekeeper.find_blocked() if parts else None
        match parts:
            case ["accounts", account, "ai", "run"] if request.method == "POST":
                refusal = blocked or self._check_access(request, account)
                await self.generator.run(wire, request, refusal)
                return
            case _:
                pass
        delivery = WHOLE
        try:
            body = await wire.read_body(_SMALL_BODY_BYTES)
            if blocked is not None:
                raise blocked
            response, delivery = self._answer_small(request, parts, body)
        except ApiError as error:
            response = build_refusal(error)
        except BadRequestError as problem:
            response = build_refusal(ApiError(problem.status, 5004, problem.message))
        await wire.send(response, delivery)

    def _answer_small(self, request: Request, parts: list[str], body: bytes) -> tuple[Response, Delivery]:
        if request.path.startswith(FOLDER):
            _check_method(request, "GET", "HEAD")
            return self.generator.gallery.answer(request)
        if request.path.startswith(ADMIN):
            return self._administer(request, body), WHOLE
        match parts:
            case ["accounts", account, "ai", "run"]:
                self._enter(request, account)
                raise wrong_method(request.method)
            case ["accounts", account, "ai-gateway", "gateways", gateway, "logs", *rest]:
                self._enter(request, account)
                _check_method(request, "GET")
                return self._answer_log(request, gateway, rest), WHOLE
            case _:
                raise no_route(request.path)

    def _answer_log(self, request: Request, gateway: str, rest: list[str]) -> Response:
        if not self.generator.options.log:
            raise gateway_log.switched_off()
        log = self.generator.log
        if not rest:
            entries, info = log.list(gateway, request.query)
            return build_success(entries, result_info=info)
        entry = log.find(gateway, rest[0])
        if entry is None:
            raise gateway_log.not_found()
        match rest[1:]:
            case []:
                return build_success(entry.to_json())
            case ["response"] if not self.generator.options.log_bodies:
                raise gateway_log.not_found()
            case ["response"]:
                return Response(HTTPStatus.OK, entry.response, entry.response_type)
            case _:
                raise no_route(request.path)

    def _check_access(self, request: Request, account: str) -> ApiError | None:
        options = self.generator.options
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = hmac.compare_digest(token.strip().encode(), options.token.encode())
        if scheme.lower() != "bearer" or not known:
            return authentication_error()
        if account == options.account:
            return None
        well_formed = len(account) == _ACCOUNT_CHARACTERS and set(account) <= set("0123456789abcdef")
        return no_access() if well_formed else no_route(request.path)

    def _enter(self, request: Request, account: str) -> None:
        refusal = self._check_access(request, account)
        if refusal is not None:
            raise refusal

    def _administer(self, request: Request, body: bytes) -> Response:
        pages = self._pages().get(request.path.removeprefix(ADMIN))
        if pages is None:
            raise no_route(request.path)
        _check_method(request, *pages)
        return build_json(pages[request.method](body))

    def _pages(self) -> Mapping[str, Mapping[str, Callable[[bytes], object]]]:
        desk = self.generator
        return {
            "bill": {"GET": lambda _: desk.bill.to_json()},
            "requests": {"GET": lambda _: desk.journal.to_json()},
            "downloads": {"GET": lambda _: desk.gallery.downloads()},
            "faults": {
                "GET": lambda _: desk.faults.to_json(),
                "POST": self._add_faults,
                "DELETE": lambda _: self._clear_faults(),
            },
            "scenarios": {
                "GET": lambda _: {name: list(map(dict, faults)) for name, faults in SCENARIOS.items()}
            },
            "clock": {"POST": self._move_clock},
            "expire": {"POST": lambda _: {"expired": desk.gallery.expire()}},
            "reset": {"POST": lambda _: self._reset()},
        }

    def _add_faults(self, body: bytes) -> object:
        try:
            self.generator.faults.add(parse_faults(json.loads(body)))
        except (ValueError, RecursionError) as problem:
            raise ApiError(HTTPStatus.BAD_REQUEST, 5004, f"the faults are not JSON: {problem}") from None
        except WrongFaultError as problem:
            raise ApiError(HTTPStatus.BAD_REQUEST, 5004, str(problem)) from None
        return self.generator.faults.to_json()

    def _move_clock(self, body: bytes) -> object:
        try:
            seconds = json.loads(body)["move_on_s"]
        except (ValueError, RecursionError, KeyError, TypeError):
            seconds = None
        if not is_number(seconds) or not 0 <= seconds <= _MOST_MOVED_S:
            raise ApiError(
                HTTPStatus.BAD_REQUEST, 5004, 'write {"move_on_s": SECONDS}, from 0 to a hundred years'
            )
        return {"ahead_s": self.generator.clock.move_on(seconds)}

    def _clear_faults(self) -> object:
        self.generator.faults.clear()
        return []

    def _reset(self) -> object:
        desk = self.generator
        for part in (
            desk.bill,
            desk.journal,
            desk.gallery,
            desk.log,
            desk.cache,
            desk.gatekeeper,
            desk.faults,
        ):
            part.reset()
        return {"reset": True}


def _check_method(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise wrong_method(request.method)
