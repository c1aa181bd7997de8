"""The file in which probes write down what they found: plain data, read and written whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from seedflow.store.durable import write_durably
from seedflow.store.existing import find_state
from seedflow.store.failures import build_store_error, disk_errors

_MAX_BYTES: Final = 1024 * 1024


def load_endpoint_file(root: Path) -> dict[str, object]:
    """What is written in the state at `root`, or nothing where there is no state or no such file.

    Raises:
        StoreError: it cannot be read, or is not what we write.
    """
    folder = find_state(root)
    if folder is None:
        return {}
    path = folder.endpoint
    with disk_errors(path):
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_BYTES)
        except FileNotFoundError:
            return {}
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise build_store_error(f"{path}: not what a probe writes", "damaged")
    return found


def save_endpoint_file(root: Path, value: dict[str, object]) -> None:
    """Write it anew, wholly or not at all. The state must be there.

    Raises:
        StoreError: the disk does not take it.
    """
    folder = find_state(root)
    if folder is None:
        raise build_store_error(f"{root}: there is no state", "missing")
    with disk_errors(folder.endpoint):
        write_durably(folder.endpoint, json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n")
