"""What a fault does to the download of a picture whose answer was right."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from seedflow.emulator.faults import Fault
from seedflow.emulator.http import WHOLE, Delivery, Ending, Response
from seedflow.emulator.spoil import compress

_OVERLONG_BYTES = 65 * 1024 * 1024
_BOMB_BYTES = 128 * 1024 * 1024


class DownloadSpoiler:
    """One picture whose downloads go wrong, all of them or the first `tries`."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._left = fault.whole("tries")

    def spoil(self, response: Response, target: str) -> tuple[Response, Delivery]:
        """What is served instead, and how it leaves. `target` is the address that was asked for."""
        if self._left == 0:
            return response, WHOLE
        if self._left is not None:
            self._left -= 1
        fault = self._fault
        after = fault.whole("after_bytes")
        stop = len(response.body) // 2 if after is None else min(after, len(response.body))
        match fault.text("way"):
            case "stall":
                in_head = after is None
                return response, Delivery(
                    0 if in_head else stop, in_head=in_head, pause_s=fault.seconds("seconds")
                )
            case "drip":
                return response, Delivery(
                    drip_bytes_s=max(len(response.body) / max(fault.seconds("seconds"), 0.001), 1)
                )
            case "cut":
                return response, Delivery(stop, ending=Ending.CLOSE)
            case "reset":
                return response, Delivery(stop, ending=Ending.RESET)
            case "overlong":
                return replace(response, body=response.body.ljust(_OVERLONG_BYTES, b"\0")), WHOLE
            case "compressed":
                return compress(response, 1, 0), WHOLE
            case "bomb":
                return compress(response, 2, _BOMB_BYTES), WHOLE
            case "redirect":
                to = target if fault.text("to") == "loop" else fault.text("to")
                return Response(HTTPStatus.FOUND, b"", "text/html", {"location": to}), WHOLE
            case _:
                status = fault.whole("status") or HTTPStatus.SERVICE_UNAVAILABLE
                return Response(status, b"", "text/plain"), WHOLE
