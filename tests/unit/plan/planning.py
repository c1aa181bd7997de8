"""Recipes as text to planners, with a store in memory that knows what a test tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

from seedflow.checks.run_all import check_graph
from seedflow.diagnostics import Diagnostic, Source, has_errors
from seedflow.graph.build import build_graph
from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.models.catalog import load_catalog
from seedflow.plan.context import NO_TAKES, CurrentTakes, PlanContext, reroll_nothing
from seedflow.plan.model import Outcome, Plan, StepImage, Task, TaskFacts
from seedflow.plan.planner import Planner
from seedflow.recipe.given import collect_inputs
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.inputs import resolve_inputs
from seedflow.recipe.load import parse_recipe
from seedflow.recipe.values import resolve_values
from seedflow.store.base import AttemptState, PastRequest, StoredImage, StoredResult

CATALOG = load_catalog()


class KnownResults:
    """A `StoreView` of results that a test puts in by fingerprint."""

    def __init__(self) -> None:
        self.results: dict[str, StoredResult] = {}
        self.lost: set[str] = set()
        self.unfinished: dict[str, AttemptState] = {}
        self.past: dict[str, PastRequest] = {}

    def find_result(self, realm: str, fingerprint: str, take: int) -> StoredResult | None:
        return next(iter(self.list_results(realm, fingerprint, take)), None)

    def list_results(self, realm: str, fingerprint: str, take: int) -> tuple[StoredResult, ...]:
        found = self.results.get(fingerprint)
        return (found,) if found is not None and found.take == take else ()

    def has_result(self, realm: str, fingerprint: str, take: int, after_attempt: int = 0) -> bool:
        return not after_attempt and (
            self.find_result(realm, fingerprint, take) is not None or fingerprint in self.lost
        )

    def find_unfinished(
        self, realm: str, fingerprint: str, take: int, after_attempt: int = 0
    ) -> AttemptState | None:
        return self.unfinished.get(fingerprint)

    def find_takes(self, realm: str, fingerprint: str) -> tuple[int, ...]:
        return (1,) if fingerprint in self.results else ()

    def next_take(self, realm: str, fingerprint: str, above: int) -> int:
        return max([above, *self.find_takes(realm, fingerprint)]) + 1

    def has_sent(self, realm: str) -> bool:
        return bool(self.results or self.lost or self.unfinished or self.past)

    def find_past_request(self, realm: str, recipe: str, address: str) -> PastRequest | None:
        return self.past.get(address)

    def keep(self, task: Task, *digests: str) -> None:
        """Store images for a task of an earlier plan, and remember what its address asked for."""
        assert task.fingerprint is not None
        assert task.params_digest is not None
        images = tuple(
            StoredImage(number, facts(digest), Path(digest)) for number, digest in enumerate(digests, 1)
        )
        self.results[task.fingerprint] = StoredResult(task.fingerprint, 1, images, Decimal(0), "intent")
        self.past[task.address] = PastRequest(task.fingerprint, task.params_digest)


def facts(digest: str) -> ImageFacts:
    return ImageFacts(f"sha256:{digest:0<64}", 100, 40, 30, ImageFormat.JPEG)


def done(address: str, *digests: str) -> TaskFacts:
    images = tuple(StepImage(address, 1, n, facts(digest)) for n, digest in enumerate(digests, 1))
    return TaskFacts(address, Outcome.GIVEN, images)


def failed(address: str) -> TaskFacts:
    return TaskFacts(address, Outcome.FAILED)


def skipped(address: str) -> TaskFacts:
    return TaskFacts(address, Outcome.SKIPPED)


def open_planner(
    text: str,
    inputs: Mapping[str, object] | None = None,
    *,
    view: KnownResults | None = None,
    paid: bool = True,
    folder: Path = Path(),
    rerolls: Callable[[str], bool] = reroll_nothing,
    picks: CurrentTakes = NO_TAKES,
) -> Planner:
    recipe, found = parse_recipe(
        Source("r.yaml", f"seedflow: 1\n{text}"), CATALOG, folder=folder, default_name="r"
    )
    assert recipe is not None, found
    graph, wrong = build_graph(recipe, CATALOG)
    problems = [*found, *wrong, *check_graph(graph, CATALOG)]
    assert not has_errors(problems), problems
    given, wrong_given = collect_inputs(values=inputs or {})
    values, wrong_inputs = resolve_inputs(recipe, given, folder=folder)
    assert values is not None, [*wrong_given, *wrong_inputs]
    named, _ = resolve_values(recipe, values)
    assert named is not None
    context = PlanContext(
        provider="cloudflare" if paid else "sketch",
        realm="emulated" if paid else "sketch",
        paid=paid,
        recipe_id=recipe.name,
        view=view or KnownResults(),
        catalog=CATALOG,
        images=ImageFiles(),
        rerolls=rerolls,
        picks=picks,
    )
    return Planner(graph, values, named, context)


def plan(
    text: str,
    inputs: Mapping[str, object] | None = None,
    *,
    view: KnownResults | None = None,
    paid: bool = True,
) -> Plan:
    found, diagnostics = open_planner(text, inputs, view=view, paid=paid).start()
    assert found is not None, diagnostics
    return found


def problems_of(text: str, inputs: Mapping[str, object] | None = None) -> list[Diagnostic]:
    found, diagnostics = open_planner(text, inputs).start()
    assert found is None
    return diagnostics
