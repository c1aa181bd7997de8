"""Whatever the input, it is judged: no exception, paths that exist, and nothing refused that the schema allows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from seedflow.diagnostics import Severity
from seedflow.models.catalog import load_catalog

CATALOG = load_catalog()
MODEL = CATALOG.models[CATALOG.default_id]
PLAIN = Draft202012Validator(dict(MODEL.card.input), validate_formats=True)

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
names = st.one_of(st.sampled_from([*MODEL.parameters]), st.text(max_size=12))
anything = st.dictionaries(names, values, max_size=6)
fitting = st.fixed_dictionaries(
    {"prompt": st.text(max_size=30)},
    optional={
        "image_input": st.lists(st.just("https://reference.invalid/1"), max_size=16),
        "size": st.sampled_from(["2K", "4K"]),
        "aspect_ratio": st.sampled_from(["match_input_image", "1:1", "21:9"]),
        "sequential_image_generation": st.sampled_from(["disabled", "auto"]),
        "max_images": st.integers(1, 15),
        "disable_safety_checker": st.booleans(),
    },
)


@given(st.one_of(anything, fitting), st.sets(names, max_size=3), st.booleans())
def test_judging_never_fails_and_points_at_what_exists(
    params: dict[str, object], unknown: set[str], partial: bool
) -> None:
    known = {name: value for name, value in params.items() if name not in unknown}
    for problem in MODEL.judge(known, unknown=unknown, partial=partial):
        assert problem.message
        place: object = known
        for step in problem.path:
            assert isinstance(place, dict | list)
            place = place[step]  # type: ignore[index]


@given(st.one_of(anything, fitting))
def test_what_the_schema_refuses_is_an_error_and_what_it_allows_is_refused_by_the_profile_only(
    params: dict[str, object],
) -> None:
    errors = [problem for problem in MODEL.judge(params) if problem.severity is Severity.ERROR]
    by_profile = {"too-many-values", "too-few-values", "too-many-together"}
    if PLAIN.is_valid(params):
        assert {problem.code for problem in errors} <= by_profile
    else:
        assert {problem.code for problem in errors} - by_profile


@given(fitting, st.sets(st.sampled_from([*MODEL.parameters])))
def test_not_knowing_only_widens_the_bounds_on_images(params: dict[str, object], hidden: set[str]) -> None:
    known = {name: value for name, value in params.items() if name not in hidden}
    unknown = [name for name in hidden if name in params]
    low, high = MODEL.image_bounds(params)
    least, most = MODEL.image_bounds(known, unknown)
    assert least <= low <= high <= most


@given(fitting, st.tuples(st.integers(1, 7000), st.integers(1, 7000)))
def test_every_fitting_input_has_a_size_once_its_reference_is_measured(
    params: dict[str, object], reference: tuple[int, int]
) -> None:
    size = MODEL.size_px(params, reference)
    assert size is not None
    assert all(16 <= side <= 65_500 for side in size)
    assert 2_000_000 < size[0] * size[1] < 20_000_000
