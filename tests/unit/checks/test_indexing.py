"""A mention picks what a step can give, and means the same when a list changes."""

from __future__ import annotations

import pytest


def recipe(mention: str) -> str:
    return f"""
        inputs: {{scenes: {{type: list, of: text}}, pick: {{type: text}}}}
        steps:
          one: {{generate: {{prompt: "{{{{ inputs.pick }}}}"}}}}
          set: {{generate: {{prompt: S, sequential_image_generation: auto, max_images: 3}}}}
          page:
            for_each: {{scene: "{{{{ inputs.scenes }}}}", mood: [calm, wild]}}
            generate: {{prompt: "{{{{ each.scene }}}} {{{{ each.mood }}}}"}}
          last: {{generate: {{prompt: L, image_input: ["{{{{ {mention} }}}}"]}}}}
    """


@pytest.mark.parametrize(
    ("mention", "said"),
    [
        ("steps.one.images", []),
        ("steps.page.where(mod='calm').images[0]", ["unknown-variable «mod='calm'»"]),
        (
            "steps.one.at(scene='x').images[9]",
            ["selector-without-for-each «steps.one.at(scene='x').images[9]»"],
        ),
        ("steps.one.images[0]", []),
        ("steps.one.images[-1]", []),
        ("steps.one.images[1]", ["no-such-image «steps.one.images[1]»"]),
        ("steps.one.images[-2]", ["no-such-image «steps.one.images[-2]»"]),
        ("steps.one.images[1:]", ["empty-slice? «steps.one.images[1:]»"]),
        ("steps.set.images[0]", []),
        ("steps.set.images[2]", ["image-may-be-missing? «steps.set.images[2]»"]),
        ("steps.set.images[3]", ["no-such-image «steps.set.images[3]»"]),
        ("steps.set.images[:9]", []),
        ("steps.page.images[0]", ["index-of-many-tasks «steps.page.images[0]»"]),
        ("steps.page.images[:4]", []),
        (
            "steps.page.where(mood='calm').images[0]",
            ["index-of-many-tasks «steps.page.where(mood='calm').images[0]»"],
        ),
        ("steps.page.where(mood='calm').images", []),
        ("steps.page.at(scene='x', mood='calm').images[0]", []),
        (
            "steps.page.at(scene='x', mood='calm').images[1]",
            ["no-such-image «steps.page.at(scene='x', mood='calm').images[1]»"],
        ),
        ("steps.page.at(scene='x').images[0]", ["selector-incomplete «steps.page.at(scene='x').images[0]»"]),
        ("steps.page.where(mod='calm').images", ["unknown-variable «mod='calm'»"]),
        ("steps.page.where(mood='calmm').images", ["no-such-task «mood='calmm'»"]),
        ("steps.page.where(scene=inputs.scenes).images", ["wrong-shape «scene=inputs.scenes»"]),
        ("steps.page.where(scene=inputs.scenes[0]).images", []),
        (
            "steps.one.at(scene='x').images[0]",
            ["selector-without-for-each «steps.one.at(scene='x').images[0]»"],
        ),
    ],
)
def test_mentions(say, mention: str, said: list[str]) -> None:
    assert say(recipe(mention)) == said


def test_an_index_of_many_tasks_offers_the_selector(check) -> None:
    (found,) = check(recipe("steps.page.images[0]"))
    assert found.help == "name the task: `steps.page.at(scene=…, mood=…).images[0]`"
    assert found.related[0].message == "it is repeated here"


def test_a_number_too_large_says_how_many_there_are(check) -> None:
    (found,) = check(recipe("steps.set.images[3]"))
    assert found.message == "`steps.set.images[3]` cannot exist: step `set` gives 1 to 3 images"
    assert found.help == "the first is `[0]` and the last `[2]`"


def test_an_item_of_an_empty_list_is_told_so(check) -> None:
    (found,) = check("""
        steps:
          a: {for_each: {x: []}, generate: {prompt: A}}
          b: {generate: {prompt: B, image_input: ["{{ steps.a.at(x='y').images[0] }}", "{{ steps.a.images }}"]}}
    """)
    assert (found.code, found.help) == ("no-such-task", "its list is empty")


def test_an_empty_list_gives_no_images_to_who_asks_for_some_of_its_tasks(say) -> None:
    assert (
        say("""
        steps:
          a: {for_each: {x: []}, generate: {prompt: A}}
          b: {generate: {prompt: "B {{ steps.a.where(x='y').images | length }}"}}
    """)
        == []
    )


def test_a_misspelt_item_gets_a_suggestion(check) -> None:
    (found,) = check(recipe("steps.page.where(mood='cam').images"))
    assert found.help == "did you mean `calm`?"


def test_a_model_that_is_not_known_yet_proves_nothing(say) -> None:
    assert (
        say("""
        inputs: {model: {type: text}}
        steps:
          a: {generate: {model: "{{ inputs.model }}", prompt: A}}
          b: {generate: {prompt: B, image_input: ["{{ steps.a.images[7] }}"]}}
    """)
        == []
    )
