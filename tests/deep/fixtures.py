"""The suite's own way to start an emulator, for commands outside pytest."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]


def start_emulator(*arguments: str) -> Any:
    """An emulator in a process of its own, with tiny pictures."""
    spec = importlib.util.spec_from_file_location("suite_fixtures", TESTS / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EmulatorProcess("--pictures", "tiny", *arguments)
