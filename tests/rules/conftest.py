"""Each test of this folder names a rule of the language; this is what they share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder with pictures, and recipes to be checked, planned and run in it."""
    return Desk(tmp_path)
