"""The project fixture; what it is made of stands in `project.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project without an account."""
    return Project(tmp_path)
