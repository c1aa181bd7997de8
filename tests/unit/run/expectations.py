"""Worlds whose tasks expect something, whatever their recipe says."""

from __future__ import annotations

from dataclasses import replace

from world import MODEL, World

from seedflow.plan.expect import choose_result
from seedflow.plan.model import Action, Bounds, Reason


class Expecting:
    """A planner whose tasks expect something, and which judges what is stored as the real one does."""

    def __init__(self, planner, view, expectations):
        self._planner = planner
        self._view = view
        self._expectations = expectations

    def start(self):
        plan, found = self._planner.start()
        self._recipe = plan.recipe
        return replace(plan, tasks=tuple(map(self._judge, plan.tasks))), found

    def settle(self, address):
        return self._judge(self._planner.settle(address))

    def _judge(self, task):
        expectation = self._expectations.get(task.address)
        results = self._view.list_results("emulated", task.fingerprint, task.take)
        judged = self._view.find_judged("emulated", self._recipe, task.address, task.fingerprint, task.take)
        choice = choose_result(expectation, results, judged)
        action = Action.CALL if choice.result is None else Action.REUSE
        reason = Reason.NEW if choice.result is None else Reason.STORED
        images = Bounds(*MODEL.image_bounds(task.params))
        return replace(
            task, action=action, reason=reason, result=choice.result, expectation=expectation, images=images,
            attempts_made=choice.after_attempt,
        )  # fmt: skip # a row a line

    def __getattr__(self, name):
        return getattr(self._planner, name)


def make(folder, text, **expectations):
    folder.mkdir(exist_ok=True)
    world = World(folder, text)
    world.provider.count = lambda context: context.attempt
    world.wrap = lambda planner, view: Expecting(planner, view, expectations)
    return world


def expecting(world, **expectations):
    world.wrap = lambda planner, view: Expecting(planner, view, expectations)
