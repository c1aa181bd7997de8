"""What is always looked at, whatever `expect` says: the request before it is sent, and the answer to it."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image
from world import fetching, statuses

from seedflow.plan.model import Task

SET = "steps: {a: {generate: {prompt: A set, sequential_image_generation: auto, max_images: 3}}}"
AND_USER = "\n  b: {generate: {prompt: B, image_input: ['{{ steps.a.images[0] }}']}}"


class Spoiled:
    """A planner whose tasks do not fit their card."""

    def __init__(self, planner, params) -> None:
        self._planner = planner
        self._params = params

    def __getattr__(self, name: str) -> object:
        return getattr(self._planner, name)

    def settle(self, address: str) -> object:
        found = self._planner.settle(address)
        if isinstance(found, Task):
            return replace(found, params={**found.params, **self._params})
        return found


@pytest.mark.parametrize("params", [{"size": "9K"}, {"prompt": 7}, {"surprise": True}, {"max_images": 16}])
def test_what_the_card_does_not_allow_is_an_error_once_more_before_it_is_sent(make_world, params) -> None:
    """Whatever made it so since it was planned: nothing is sent, nothing paid."""
    world = make_world(SET)
    world.wrap = lambda planner, _: Spoiled(planner, params)
    result = world.run()
    assert (result.status.value, result.tasks[0].problem.kind) == ("failed", "wrong-request")
    assert (world.provider.calls, result.cost_usd) == ([], 0)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_answer_has_one_to_max_images_images(make_world, count: int) -> None:
    world = make_world(SET)
    world.provider.count = lambda _: count
    result = world.run()
    assert (result.status.value, len(result.tasks[0].images)) == ("done", count)


@pytest.mark.parametrize(("count", "kind"), [(0, "wrong-answer"), (4, "too-many-images")])
def test_an_answer_with_none_or_more_than_were_asked_for_fails_its_task(
    make_world, count: int, kind: str
) -> None:
    """It is never taken for a result, nor sent on; what it may have cost is counted."""
    world = make_world(
        "steps:\n  a: {generate: {prompt: A set, sequential_image_generation: auto, max_images: 3}}"
        + AND_USER
    )
    world.provider.count = lambda context: count if context.address == "a" else 1
    result = world.run()
    assert statuses(result) == {"a": "failed", "b": "blocked"}
    assert result.tasks[0].problem.kind == kind
    assert result.tasks[0].images == ()
    assert result.tasks[0].cost_usd > 0


@pytest.mark.parametrize("name", ["GIF", "BMP", "TIFF"])
def test_each_image_is_of_a_format_that_the_model_may_give(make_world, name: str) -> None:
    buffer = BytesIO()
    Image.new("RGB", (40, 40)).save(buffer, name)
    world = make_world("steps:\n  a: {generate: {prompt: A}}" + AND_USER)
    world.provider.meet("a", fetching(buffer.getvalue(), buffer.getvalue()))
    result = world.run()
    assert statuses(result) == {"a": "failed", "b": "blocked"}
    assert "not a picture that can be used" in result.tasks[0].problem.message


@pytest.mark.parametrize(
    ("size_px", "odd"),
    [((160, 90), False), ((164, 90), False), ((156, 90), False), ((166, 90), True), ((155, 90), True)],
)
def test_a_ratio_beyond_3_percent_of_the_asked_one_is_a_warning(make_world, size_px, *, odd: bool) -> None:
    """16:9 was asked for; the result is used all the same."""
    world = make_world("steps:\n  a: {generate: {prompt: A, size: 2K, aspect_ratio: '16:9'}}" + AND_USER)
    world.provider.shape_px = size_px
    result = world.run()
    assert result.status.value == "done"
    assert [("16:9" in warning) for warning in result.tasks[0].warnings] == [True] * odd
