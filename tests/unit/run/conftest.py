"""Lets the tests of this folder import `world`, `virtual_clock` and the planner's `planning`."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "plan")]

from world import World  # noqa: E402 - found by the path above


@pytest.fixture
def make_world(tmp_path):
    """Opens a project with a recipe."""

    def make(text, **provider):
        world = World(tmp_path, text)
        for name, value in provider.items():
            setattr(world.provider, name, value)
        return world

    return make
