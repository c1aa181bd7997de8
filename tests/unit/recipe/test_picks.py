"""The picks file: what it says of current takes, what is kept of it when it changes, and what is wrong with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedflow.diagnostics import Source
from seedflow.recipe.picks import Picks, TakePick, load_picks, parse_picks

FOX = "request/1:" + "a" * 64
OWL = "request/1:" + "b" * 64
FIRST_LINE = "# What was picked for this recipe: the current take of each address. seedflow writes it; keep it in git.\n"


def read(text):
    return parse_picks(Source("fox.picks.yaml", text))


def problems(text):
    picks, found = read(text)
    assert picks == Picks(), "a file with errors has no picks"
    return [(problem.code, str(problem.span), problem.message) for problem in found]


def test_a_missing_or_empty_file_has_no_picks(tmp_path):
    path = tmp_path / "fox.picks.yaml"
    assert load_picks(path) == (Picks(), [])
    for text in ("", "\n  \n"):
        path.write_text(text)
        assert load_picks(path) == (Picks(), [])
    path.write_text(Picks().with_take("sketch", "fox", 2, FOX).render())
    assert load_picks(path)[0].find_take("sketch", "fox", FOX) == 2


def test_a_new_file_says_what_it_is_and_has_one_line_for_each_entry_in_a_stable_order():
    picks = Picks()
    for address in ("page[scene=b]", "cover", "page[scene=a]"):
        picks = picks.with_take("sketch", address, 2, FOX)
    picks = picks.with_take("cloudflare", "cover", 3, OWL)
    assert picks.render() == (
        FIRST_LINE + "seedflow_picks: 1\n"
        "takes:\n"
        "  cloudflare:\n"
        f'    "cover": {{take: 3, request: "{OWL}"}}\n'
        "  sketch:\n"
        f'    "cover": {{take: 2, request: "{FOX}"}}\n'
        f'    "page[scene=a]": {{take: 2, request: "{FOX}"}}\n'
        f'    "page[scene=b]": {{take: 2, request: "{FOX}"}}\n'
    )


def test_a_take_is_current_for_its_realm_address_and_request_alone():
    picks = Picks().with_take("sketch", "fox", 2, FOX).with_take("sketch", "fox", 4, FOX)
    assert picks.find_take("sketch", "fox", FOX) == 4
    assert picks.find_take("sketch", "fox", OWL) is None, "takes are counted for each request"
    assert picks.find_take("sketch", "owl", FOX) is None
    assert picks.find_take("cloudflare", "fox", FOX) is None
    with pytest.raises(ValueError, match="from 1"):
        picks.with_take("sketch", "fox", 0, FOX)


def test_taking_an_entry_out_leaves_the_others():
    picks = Picks().with_take("sketch", "fox", 2, FOX).with_take("sketch", "owl", 3, OWL)
    left = picks.without_take("sketch", "fox")
    assert left.takes == {"sketch": {"owl": TakePick(3, OWL)}}
    assert left.without_take("sketch", "owl") == Picks() == Picks().without_take("sketch", "x")


KEPT = f"""# mine
seedflow_picks: 1   # the format

# chosen by hand
choices:
  cloudflare: {{cover: [1, 2]}}
takes: # ours
  sketch:
    fox: {{take: 2, request: "{FOX}"}}

# to be kept
x-notes: |
  takes:
    of my own
"""


def test_other_sections_and_comments_stay_as_they_are_written():
    picks, found = read(KEPT)
    assert found == []
    written = picks.with_take("sketch", "owl", 3, OWL).render()
    before, after = KEPT.split("takes: # ours", maxsplit=1)[0], KEPT[KEPT.index("\n# to be kept") :]
    assert written.startswith(before + "takes:\n  sketch:\n")
    assert written.endswith(after)
    again, found = read(written)
    assert found == []
    assert again.takes == {"sketch": {"fox": TakePick(2, FOX), "owl": TakePick(3, OWL)}}
    assert picks.render() == KEPT.replace("takes: # ours", "takes:").replace("    fox:", '    "fox":')
    assert picks.without_take("sketch", "fox").render() == before + after


@pytest.mark.parametrize(
    "text",
    [
        "seedflow_picks: 1",
        "seedflow_picks: 1\ntakes:",
        "seedflow_picks: 1\ntakes: {}\n",
        "seedflow_picks: 1\r\ntakes: {}\r\n",
        "seedflow_picks: 1\ntakes:\n  sketch:\n",
        "takes: {\n  sketch: {},\n}\nseedflow_picks: 1\n",
        "\ufeffseedflow_picks: 1\n",
        "---\nseedflow_picks: 1\nchoices: []",
    ],
)
def test_a_take_can_be_written_into_any_file_that_can_be_read(tmp_path, text):
    path = tmp_path / "fox.picks.yaml"
    path.write_text(text, newline="")
    picks, found = load_picks(path)
    assert (picks.takes or {"sketch": {}}, found) == ({"sketch": {}}, [])
    again, found = read(picks.with_take("sketch", "fox", 2, FOX).render())
    assert (again.find_take("sketch", "fox", FOX), found) == (2, [])


@given(
    st.dictionaries(
        st.sampled_from(["sketch", "cloudflare", "null", "1", "Ré alm", "a: b"]),
        st.dictionaries(
            st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1),
            st.integers(1, 10**6),
            max_size=3,
        ),
        max_size=3,
    )
)
def test_what_is_written_is_read_again(takes):
    picks = Picks()
    for realm, entries in takes.items():
        for address, take in entries.items():
            picks = picks.with_take(realm, address, take, FOX)
    again, found = read(picks.render())
    assert found == []
    assert again.takes == picks.takes
    assert again.render() == picks.render()


@pytest.mark.parametrize(
    ("text", "code", "place", "message"),
    [
        ("takes: {}\n", "wrong-picks", "1:1", "this file has no `seedflow_picks`"),
        ("seedflow_picks: one\n", "wrong-picks", "1:17", "`seedflow_picks` is the number"),
        ("seedflow_picks: true\n", "wrong-picks", "1:17", "`seedflow_picks` is the number"),
        ("seedflow_picks: 2\nwhat: [ever]\n", "newer-picks", "1:17", "this picks file has format 2"),
        ("- seedflow_picks\n", "wrong-picks", "1:1", "a picks file is a mapping"),
        ("{seedflow_picks: 1}\n", "wrong-picks", "1:1", "a picks file is a mapping with a key in each line"),
        ("seedflow_picks: 1\ntakes: [2]\n", "wrong-picks", "2:8", "expected the takes by realm"),
        (
            "seedflow_picks: 1\ntakes: {sketch: 2}\n",
            "wrong-picks",
            "2:17",
            "expected the takes of a realm by address",
        ),
        (
            "seedflow_picks: 1\ntakes: {sketch: {fox: 2}}\n",
            "wrong-picks",
            "2:23",
            "expected the take of `fox` as a mapping",
        ),
        (
            "seedflow_picks: 1\ntakes: {sketch: {fox: {take: 0, request: r}}}\n",
            "wrong-picks",
            "2:30",
            "found `0` as `take` of `fox`, expected a whole number from 1 to 1,000,000",
        ),
        (
            "seedflow_picks: 1\ntakes: {sketch: {fox: {take: 2}}}\n",
            "wrong-picks",
            "2:23",
            "found nothing as `request` of `fox`, expected the fingerprint",
        ),
        (
            "seedflow_picks: 1\ntakes: {sketch: {fox: {take: 2, request: r, by: me}}}\n",
            "wrong-picks",
            "2:45",
            "`fox` has a key `by`; known here: take, request",
        ),
        ("seedflow_picks: 1\nseedflow_picks: 1\n", "repeated-key", "2:1", "the key `seedflow_picks`"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, code, place, message):
    (found,) = problems(text)
    assert found[:2] == (code, f"fox.picks.yaml:{place}")
    assert found[2].startswith(message)


def test_marks_of_an_unfinished_merge_are_an_error():
    text = (
        f"seedflow_picks: 1\ntakes:\n  sketch:\n<<<<<<< ours\n    fox: {{take: 2, request: {FOX}}}\n=======\n"
    )
    assert problems(text)


def test_a_key_that_is_nearly_ours_is_warned_of_and_other_keys_are_left_alone():
    picks, found = read("seedflow_picks: 1\ntake:\n  sketch: {}\nmine: 1\n")
    assert picks.takes == {}
    assert [(one.code, one.severity.value, str(one.span), one.help) for one in found] == [
        ("wrong-picks", "warning", "fox.picks.yaml:2:1", "did you mean `takes`?")
    ]


@pytest.mark.parametrize(
    ("take", "codes"), [(1_000_000, []), (1_000_001, ["wrong-picks"]), (10**30, ["wrong-picks"])]
)
def test_a_take_that_nobody_draws_is_a_slip(tmp_path, take, codes):
    path = tmp_path / "a.picks.yaml"
    path.write_text(f"seedflow_picks: 1\ntakes: {{sketch: {{fox: {{take: {take}, request: r}}}}}}\n")
    picks, problems = load_picks(path)
    assert [problem.code for problem in problems] == codes
    assert bool(picks.takes) is not bool(codes)
