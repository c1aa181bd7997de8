"""A use of a recipe that is skipped gives nothing: neither what it asks for nor what only goes through it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playing import FAILS, Played, play

from seedflow.plan.model import Action, Bounds

INNER = """\
seedflow: 1
inputs: {x: {type: list, of: image}}
steps:
  a: {generate: {prompt: A}}
  b: {when: "{{ inputs.x | length > 8 }}", generate: {prompt: B}}
outputs:
  o: "{{ inputs.x }}"
  first: "{{ first_of(steps.b.images, inputs.x) }}"
  mine: "{{ steps.a.images }}"
"""
OUTER = """\
seedflow: 1
inputs: {x: {type: list, of: image}}
steps:
  in: {recipe: ./inner.yaml, with: {x: "{{ inputs.x }}"}}
outputs: {o: "{{ steps.in.outputs.o }}", first: "{{ steps.in.outputs.first }}"}
"""
PICTURE = "https://example.com/owl.png"
STATIC = f"""\
inputs: {{yes: {{type: boolean, default: false}}, pic: {{type: image, default: "{PICTURE}"}}}}
steps:
  other: {{generate: {{prompt: Other}}}}
  u: {{when: "{{{{ inputs.yes }}}}", recipe: ./RECIPE.yaml, with: {{x: ["{{{{ inputs.pic }}}}"]}}}}
"""
DYNAMIC = """\
steps:
  other: {generate: {prompt: Other}}
  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 2}}
  u: {when: "{{ steps.s.images | length > 1 }}", recipe: ./RECIPE.yaml, with: {x: "{{ steps.s.images }}"}}
"""
SOME = f"""\
inputs: {{pic: {{type: image, default: "{PICTURE}"}}}}
steps:
  u: {{for_each: {{k: [1, 2]}}, when: "{{{{ each.k == 2 }}}}", recipe: ./inner.yaml, with: {{x: ["{{{{ inputs.pic }}}}"]}}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inner.yaml").write_text(INNER)
    (tmp_path / "outer.yaml").write_text(OUTER)
    return tmp_path


def asks(name: str, image: str, before: str = "") -> str:
    return f'  {name}: {{{before}generate: {{prompt: {name}, image_input: ["{{{{ {image} }}}}"]}}}}\n'


def y_asked(played: Played) -> list[str]:
    return [address for address in played.addresses if address.startswith("y")]


STEPS = [(STATIC, {}), (DYNAMIC, {"s": 1})]


@pytest.mark.parametrize(("start", "gives"), STEPS, ids=["by-inputs", "by-results"])
@pytest.mark.parametrize("recipe", ["inner", "outer"])
@pytest.mark.parametrize("output", ["o", "first"])
class TestOfAUseThatIsSkipped:
    def play(self, folder: Path, start: str, recipe: str, gives: dict[str, int], after: str) -> Played:
        return play(start.replace("RECIPE", recipe) + after, folder=folder, gives=gives)

    def test_what_mentions_an_input_that_goes_through_is_skipped(
        self, folder: Path, start: str, gives: dict[str, int], recipe: str, output: str
    ) -> None:
        played = self.play(folder, start, recipe, gives, asks("y", f"steps.u.outputs.{output}"))
        assert "y" in played.skipped
        assert y_asked(played) == []
        planned = next(task for task in played.plan.tasks if task.address == "y")
        assert planned.images.low == 0
        assert (planned.action is Action.SKIP) == (start is STATIC)

    def test_optional_gives_none(
        self, folder: Path, start: str, gives: dict[str, int], recipe: str, output: str
    ) -> None:
        after = asks("y", f"optional(steps.u.outputs.{output})")
        played = self.play(folder, start, recipe, gives, after)
        assert played.references("y") == []

    def test_first_of_takes_the_other_branch(
        self, folder: Path, start: str, gives: dict[str, int], recipe: str, output: str
    ) -> None:
        after = asks("y", f"first_of(steps.u.outputs.{output}, steps.other.images)")
        played = self.play(folder, start, recipe, gives, after)
        assert played.references("y") == ["other 1"]

    def test_a_loop_over_it_has_no_tasks(
        self, folder: Path, start: str, gives: dict[str, int], recipe: str, output: str
    ) -> None:
        after = asks("y", "each.i", f'for_each: {{i: "{{{{ steps.u.outputs.{output} }}}}"}}, ')
        after += asks("z", "steps.y.images")
        played = self.play(folder, start, recipe, gives, after)
        assert y_asked(played) == []
        assert "z" in played.skipped
        assert played.plan.totals.calls.low <= 2

    def test_edits_from_it_are_skipped(
        self, folder: Path, start: str, gives: dict[str, int], recipe: str, output: str
    ) -> None:
        iterate = f'iterate: {{over: [e, f], as: e, start: "{{{{ steps.u.outputs.{output}[0] }}}}"}}, '
        after = asks("y", "prev", iterate).replace("prompt: y", 'prompt: "{{ each.e }}"')
        assert y_asked(self.play(folder, start, recipe, gives, after)) == []

    def test_edits_over_it_are_skipped(
        self, folder: Path, start: str, gives: dict[str, int], recipe: str, output: str
    ) -> None:
        iterate = f'iterate: {{over: "{{{{ steps.u.outputs.{output} }}}}", as: e, start: "{{{{ steps.other.images[0] }}}}"}}, '
        after = asks("y", "prev", iterate).replace('"{{ prev }}"', '"{{ prev }}", "{{ each.e }}"')
        assert y_asked(self.play(folder, start, recipe, gives, after)) == []

    def test_nothing_is_published(
        self, folder: Path, start: str, gives: dict[str, int], recipe: str, output: str
    ) -> None:
        after = f'outputs: {{p: "{{{{ steps.u.outputs.{output} }}}}"}}\n'
        played = self.play(folder, start, recipe, gives, after)
        assert played.files == {"p": []}
        assert played.missing == []

    def test_what_counts_or_passes_it_on_is_skipped(
        self, folder: Path, start: str, gives: dict[str, int], recipe: str, output: str
    ) -> None:
        mention = f"steps.u.outputs.{output}"
        after = f'  y: {{generate: {{prompt: "{{{{ {mention} | length }}}}"}}}}\n'
        after += f'  yy: {{when: "{{{{ {mention} | length > 0 }}}}", generate: {{prompt: Y}}}}\n'
        after += f'  v: {{recipe: ./inner.yaml, with: {{x: "{{{{ {mention} }}}}"}}}}\n'
        after += asks("yv", "steps.v.outputs.o")
        assert y_asked(self.play(folder, start, recipe, gives, after)) == []


def test_a_use_that_is_made_after_all_gives_what_goes_through(folder: Path) -> None:
    text = DYNAMIC.replace("RECIPE", "outer")
    after = asks("y", "steps.u.outputs.o") + asks("z", "optional(steps.u.outputs.first)")
    after += asks("w", "first_of(steps.u.outputs.o, steps.other.images)")
    after += asks("v", "each.i", 'for_each: {i: "{{ steps.u.outputs.o }}"}, ')
    after += 'outputs: {p: "{{ steps.u.outputs.o }}"}\n'
    played = play(text + after, folder=folder, gives={"s": 2})
    assert [played.references(name) for name in "yzw"] == [["s 1", "s 2"]] * 3
    assert [address for address in played.addresses if address.startswith("v")] == ["v[i=s-1]", "v[i=s-2]"]
    assert len(played.files["p"]) == 2


def test_collections_leave_out_the_uses_that_are_skipped(folder: Path) -> None:
    after = asks("all", "steps.u.outputs.o")
    after += asks("one", "steps.u.at(k=each.k).outputs.o", "for_each: {k: [1, 2]}, ")
    after += asks("some", "steps.u.where(k=each.k).outputs.o", "for_each: {k: [1, 2]}, ")
    after += asks("tasks", "each.t.outputs.o", 'for_each: {t: "{{ steps.u.tasks }}"}, ')
    after += asks("images", "each.i", 'for_each: {i: "{{ steps.u.outputs.o }}"}, ')
    played = play(SOME + after, folder=folder)
    assert played.references("all") == ["https://example.com/owl.png"]
    asked = sorted(address for address in played.addresses if not address.startswith(("u", "images[")))
    assert asked == ["all", "one[k=2]", "some[k=2]", "tasks[t=2]"]
    assert played.plan.totals.calls == Bounds(6, 6)


def test_a_use_whose_condition_rests_on_what_failed_is_blocked(folder: Path) -> None:
    text = DYNAMIC.replace("RECIPE", "inner").replace(
        'x: "{{ steps.s.images }}"', "x: ['https://example.com/a.png']"
    )
    played = play(text + asks("y", "steps.u.outputs.o"), folder=folder, gives={"s": FAILS})
    assert played.blocked["y"] == "s"
    loose = play(text + asks("y", "succeeded(steps.u.outputs.o)"), folder=folder, gives={"s": FAILS})
    assert loose.references("y") == []


CHOICE = """\
seedflow: 1
inputs: {photo: {type: image}}
steps:
  x: {when: "{{ inputs.photo.number == 2 }}", generate: {prompt: X, image_input: ["{{ inputs.photo }}"]}}
outputs: {first: "{{ first_of(steps.x.images, inputs.photo) }}"}
"""


@pytest.mark.parametrize("mention", ["steps.u.outputs.first", "succeeded(steps.u.outputs.first)"])
@pytest.mark.parametrize("made", ["{{ recipe.name == 'none' }}", "{{ steps.s.images | length > 1 }}"])
def test_a_loop_over_a_choice_of_a_used_recipe_of_which_all_was_skipped_is_skipped(
    folder: Path, mention: str, made: str
) -> None:
    (folder / "choice.yaml").write_text(CHOICE)
    asked = "s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 2}}"
    text = (
        f'steps:\n  {asked}\n  b: {{when: "{made}", generate: {{prompt: B}}}}\n'
        "  u: {recipe: ./choice.yaml, with: {photo: '{{ steps.b.images[0] }}'}}\n"
        f'  e: {{for_each: {{i: "{{{{ {mention} }}}}"}}, generate: {{prompt: E, image_input: ["{{{{ each.i }}}}"]}}}}\n'
        "  after: {generate: {prompt: After, image_input: ['{{ steps.e.images }}']}}\n"
    )
    played = play(text, gives={"s": 1}, folder=folder)
    assert played.addresses == ["s"]
    assert "after" in played.skipped
    assert not played.problems


def test_of_several_such_uses_the_others_are_gone_through(folder: Path) -> None:
    (folder / "choice.yaml").write_text(CHOICE)
    text = (
        "steps:\n  b: {for_each: {k: [1, 2]}, when: '{{ each.k == 2 }}', generate: {prompt: B}}\n"
        "  u: {for_each: {k: [1, 2]}, recipe: ./choice.yaml, with: {photo: '{{ steps.b.at(k=each.k).images[0] }}'}}\n"
        '  e: {for_each: {i: "{{ steps.u.outputs.first }}"}, generate: {prompt: E, image_input: ["{{ each.i }}"]}}\n'
    )
    played = play(text, folder=folder)
    assert played.addresses == ["b[k=2]", "e[i=2-1]"]
    assert not played.problems


BRANCHED = """\
seedflow: 1
inputs: {go: {type: boolean, default: false}}
steps:
  x: {when: "{{ inputs.go }}", generate: {prompt: X}}
  y: {generate: {prompt: Y}}
outputs: {images: "{{ OUT }}"}
"""


@pytest.mark.parametrize(
    "gives",
    [
        "steps.x.images if inputs.go else steps.y.images",
        "steps.y.images if not inputs.go else steps.x.images",
        "steps.x.images + steps.y.images",
        "[steps.y.images[0], steps.x.images[0]]",
    ],
)
@pytest.mark.parametrize("go", [False, True])
def test_whoever_mentions_a_use_sees_it_skipped_alike_and_as_soon_as_that_is_known(
    tmp_path: Path, gives: str, go: bool
) -> None:
    (tmp_path / "branched.yaml").write_text(BRANCHED.replace("OUT", gives).replace("false", str(go).lower()))
    text = (
        "steps:\n"
        "  u: {recipe: ./branched.yaml}\n"
        "  z: {generate: {prompt: Z}}\n"
        "  ref: {generate: {prompt: R, image_input: '{{ steps.u.images }}'}}\n"
        "  loop: {for_each: {v: '{{ steps.u.images }}'}, generate: {prompt: L, image_input: '{{ each.v }}'}}\n"
        "  opt: {for_each: {v: '{{ optional(steps.u.images) }}'}, generate: {prompt: O, image_input: '{{ each.v }}'}}\n"
        "  sum: {for_each: {v: '{{ optional(steps.u.images) + steps.z.images }}'}, generate: {prompt: S, image_input: '{{ each.v }}'}}\n"
        "  first: {generate: {prompt: '{{ first_of(steps.u.images, steps.z.images)[0].name }}'}}\n"
    )
    played = play(text, folder=tmp_path)
    asked = len(played.addresses)
    assert played.plan.totals.calls.low <= asked <= played.plan.totals.calls.high
    given = [
        address for address in played.addresses if address.split("[")[0] in ("ref", "loop", "opt", "sum")
    ]
    if go:
        assert len(given) >= 4
        assert played.prompts["first"] != "z-1"
    else:
        assert given == ["sum[v=z-1]"]
        assert played.prompts["first"] == "z-1"


@pytest.mark.parametrize(("least", "problems"), [(0, ["equal-keys"]), (1, [])])
def test_a_list_with_equal_keys_inside_a_use_that_is_skipped_fails_nothing(
    tmp_path: Path, least: int, problems: list[str]
) -> None:
    (tmp_path / "part.yaml").write_text(
        "seedflow: 1\ninputs: {x: {type: list, of: image}}\nsteps:\n"
        "  w: {for_each: {p: ['{{ inputs.x[0] }}', '{{ inputs.x[1] }}']}, recipe: ./inner.yaml, "
        "with: {x: '{{ inputs.x[1:] }}'}}\noutputs: {o: '{{ steps.w.outputs.o }}'}\n"
    )
    (tmp_path / "inner.yaml").write_text(INNER)
    text = (
        "steps:\n  s: {generate: {prompt: S}}\n"
        "  u: {for_each: {k: ['{{ steps.s.images[0] }}']}, "
        f"when: '{{{{ steps.s.images | length > {least} }}}}', "
        "recipe: ./part.yaml, with: {x: '{{ steps.s.images + optional(steps.s.images) }}'}}\n"
    )
    played = play(text, folder=tmp_path)
    assert list(played.problems.values()) == problems
    assert any("w[" in address for address in played.skipped)
