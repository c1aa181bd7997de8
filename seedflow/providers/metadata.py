"""What a call tells the gateway about itself, and how that is read back from the gateway's log.

One intent may be sent more than once: after an answer that proves that nothing was billed, the same intent goes out again.
So the entry of an earlier sending must not speak for a later one whose entry is still to come. Each call therefore
carries the time of its sending by our own clock, beside the run's id (the gateway takes five entries at most).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from seedflow.providers.base import CallContext
from seedflow.providers.envelope import parse_json

VALUE_MAX_CHARACTERS: Final = 200

_SENT = re.compile(r"/([0-9]{13,15})")


def build_metadata(context: CallContext, sent_ms: int) -> str:
    """The value of `cf-aig-metadata`: five scalars, each short, in ASCII, so that a header can carry them.

    Args:
        context: where the call comes from.
        sent_ms: when it is sent, in Unix milliseconds.
    """
    values: Mapping[str, str | int] = {
        "run": f"{context.run_id[:VALUE_MAX_CHARACTERS]}/{sent_ms}",
        "task": context.address[:VALUE_MAX_CHARACTERS],
        "take": context.take,
        "attempt": context.attempt,
        "intent": context.intent_id[:VALUE_MAX_CHARACTERS],
    }
    return json.dumps(values, ensure_ascii=True, separators=(",", ":"))


def read_metadata(value: object) -> Mapping[str, str] | None:
    """The metadata of a log entry: a mapping, that mapping as JSON text, or a list of `{key, value}`; else None."""
    if isinstance(value, str):
        try:
            value = parse_json(value.encode())
        except ValueError:
            return None
    if isinstance(value, Mapping):
        return {str(key): _spell(found) for key, found in value.items()}
    if isinstance(value, list):
        return {
            str(item.get("key")): _spell(item.get("value")) for item in value if isinstance(item, Mapping)
        }
    return None


def _spell(value: object) -> str:
    """A scalar; what is none says nothing, however deep it is."""
    return str(value) if value is None or isinstance(value, str | int | float) else ""


def read_sent_ms(metadata: Mapping[str, str]) -> int | None:
    """When the call of these metadata was sent, in Unix milliseconds; None where they do not say."""
    found = _SENT.search(metadata.get("run", ""))
    return int(found[1]) if found else None
