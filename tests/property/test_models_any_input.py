"""Whatever the input and the model, it is judged: no exception, paths that exist, and nothing refused that the schema allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from seedflow.diagnostics import Severity
from seedflow.models.catalog import load_catalog
from seedflow.models.model import Model

CATALOG = load_catalog()
MODELS = CATALOG.sorted_models
PLAIN = {model.id: Draft202012Validator(dict(model.card.input), validate_formats=True) for model in MODELS}
MOST_PIXELS = 20_000_000

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.one_of(
    st.sampled_from(sorted({name for model in MODELS for name in model.parameters})), st.text(max_size=12)
)
anything = st.dictionaries(names, values, max_size=6)


def fit(schema: dict[str, Any]) -> st.SearchStrategy[object]:
    """Values that a parameter's schema allows."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case _:
            pixels = st.builds("{}x{}".format, st.integers(900, 4000), st.integers(900, 4000))
            return st.one_of(st.sampled_from(["1K", "2K"]), pixels)


def fitting(model: Model) -> st.SearchStrategy[dict[str, object]]:
    """Inputs that a model's card allows."""
    others = {
        name: fit(dict(schema))
        for name, schema in model.parameters.items()
        if name not in (model.prompt_field, model.references_field)
    }
    references = st.lists(st.just("https://reference.invalid/1"), min_size=1, max_size=model.max_references)
    return st.fixed_dictionaries(
        {str(model.prompt_field): st.text(max_size=30)},
        optional={str(model.references_field): references, **others},
    )


models = st.sampled_from(MODELS)
asked = models.flatmap(lambda model: st.tuples(st.just(model), st.one_of(anything, fitting(model))))
fits = models.flatmap(lambda model: st.tuples(st.just(model), fitting(model)))


@given(asked, st.sets(names, max_size=3), st.booleans())
def test_judging_never_fails_and_points_at_what_exists(
    found: tuple[Model, dict[str, object]], unknown: set[str], partial: bool
) -> None:
    model, params = found
    known = {name: value for name, value in params.items() if name not in unknown}
    for problem in model.judge(known, unknown=unknown, partial=partial):
        assert problem.message
        place: object = known
        for step in problem.path:
            assert isinstance(place, dict | list)
            place = place[step]


@given(asked)
def test_what_the_schema_refuses_is_an_error_and_what_it_allows_is_refused_by_the_profile_only(
    found: tuple[Model, dict[str, object]],
) -> None:
    model, params = found
    errors = [problem for problem in model.judge(params) if problem.severity is Severity.ERROR]
    by_profile = {"too-many-values", "too-few-values", "too-many-together", "wrong-value", "empty-text"}
    if PLAIN[model.id].is_valid(params):
        assert {problem.code for problem in errors} <= by_profile
    else:
        assert errors


@given(fits, st.data())
def test_not_knowing_only_widens_the_bounds_on_images_and_never_lowers_a_price(
    found: tuple[Model, dict[str, object]], data: st.DataObject
) -> None:
    model, params = found
    hidden = data.draw(st.sets(st.sampled_from([*model.parameters])))
    known = {name: value for name, value in params.items() if name not in hidden}
    unknown = [name for name in hidden if name in params]
    low, high = model.image_bounds(params)
    least, most = model.image_bounds(known, unknown)
    assert least <= low <= high <= most
    price = model.price_usd(params)
    if price is not None:
        assert price <= (model.price_usd(known) or 0)


@given(fits, st.tuples(st.integers(1, 7000), st.integers(1, 7000)))
def test_every_fitting_input_has_a_size_once_its_reference_is_measured(
    found: tuple[Model, dict[str, object]], reference: tuple[int, int]
) -> None:
    model, params = found
    size = model.size_px(params, reference)
    assert size is not None
    assert all(16 <= side <= 65_500 for side in size)
    assert 600_000 < size[0] * size[1] < MOST_PIXELS
    ratio = model.asked_ratio(params)
    if ratio is not None:
        assert abs(size[0] / size[1] / ratio.width_to_height - 1) < 0.03


def judge_anew(model: Model, params: dict[str, object]) -> list[object]:
    """By a model that has judged nothing before."""
    return list(replace(model).judge(params))


long_prompts = st.sampled_from(
    ["", " ", "\n", "a fox", "word " * 599, "word " * 600, "word " * 601, "w" * 4_000]
)


@given(asked, st.lists(long_prompts, min_size=1, max_size=3))
def test_what_was_judged_before_changes_nothing(
    found: tuple[Model, dict[str, object]], prompts: list[str]
) -> None:
    """Requests that differ in their prompts, one after the other, and one whose numbers are booleans."""
    model, params = found
    model = replace(model)
    for prompt in prompts:
        given = {**params, str(model.prompt_field): prompt}
        assert model.judge(given) == judge_anew(model, given)
        alike = {name: bool(value) if value in (0, 1) else value for name, value in given.items()}
        assert model.judge(alike) == judge_anew(model, alike)
        assert model.judge(given) == judge_anew(model, given)
