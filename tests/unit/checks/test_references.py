"""Every item of a references field can be an image, files can be read, and names are used."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


def step(images: str, prompt: str = "B") -> str:
    return f"""
        inputs:
          photo: {{type: image}}
          maybe: {{type: image, optional: true}}
          album: {{type: list, of: image}}
          text: {{type: text}}
          texts: {{type: list, of: text}}
        steps:
          used:
            generate:
              prompt: "{{{{ inputs.text }}}} {{{{ inputs.texts | join }}}}"
              image_input: ["{{{{ inputs.photo }}}}", "{{{{ inputs.album }}}}", "{{{{ inputs.maybe }}}}"]
          a: {{generate: {{prompt: A}}}}
          many: {{for_each: {{pose: [x, y]}}, generate: {{prompt: "{{{{ each.pose }}}}"}}}}
          b: {{generate: {{prompt: "{prompt}", image_input: {images}}}}}
    """


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("{{ inputs.photo }}", []),
        ("{{ inputs.maybe }}", []),
        ("{{ inputs.album }}", []),
        ("{{ inputs.album[0] }}", []),
        ("{{ steps.a.images }}", []),
        ("{{ steps.a.images[0] }}", []),
        ("{{ steps.many.at(pose='x').images[0] }}", []),
        ("{{ steps.many.images[:2] }}", []),
        ("{{ inputs.text }}", ["text-for-image"]),
        ("{{ inputs.texts }}", ["text-for-image"]),
        ("{{ inputs.photo.width }}", ["wrong-shape"]),
        ("{{ steps.a.tasks }}", ["wrong-shape"]),
        ("{{ steps.many.at(pose='x') }}", ["wrong-shape"]),
        ("{{ steps.many.at(pose='x').images[0].each }}", ["wrong-shape"]),
        ("{{ steps.many.at(pose='x').images[0].name }}", ["text-for-image"]),
    ],
)
def test_items_are_images(check, item: str, said: list[str]) -> None:
    assert [found.code for found in check(step(f'["{item}"]'))] == said


def test_tasks_are_told_to_give_their_images(check) -> None:
    (found,) = check(step('["{{ steps.many.tasks }}"]'))
    assert found.help == "add `.images` to use its images"


def test_files_are_opened_relative_to_the_recipe(check, tmp_path: Path) -> None:
    (tmp_path / "refs").mkdir()
    Image.new("RGB", (64, 48)).save(tmp_path / "refs" / "fox.png")
    (tmp_path / "notes.png").write_text("no picture at all")
    whole = tmp_path / "refs" / "whole.jpg"
    Image.effect_noise((200, 200), 50).save(whole)
    (tmp_path / "half.jpg").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert check(step("[refs/fox.png, https://images.example/fox.jpg]")) == []
    assert [
        (found.code, str(found.span))
        for found in check(step("[refs/wolf.png, notes.png, half.jpg, refs/fox.png]"))
    ] == [
        ("image-missing", "recipe.yaml:16:45"),
        ("image-unreadable", "recipe.yaml:16:60"),
        ("image-unreadable", "recipe.yaml:16:71"),
    ]


def test_with_several_names_each_is_mentioned(say) -> None:
    names = '{hero: "{{ inputs.photo }}", style: "{{ inputs.maybe }}", empty: []}'
    assert say(step(names, "As {{ ref.hero }}")) == ["unmentioned-reference? «style»"]
    assert say(step(names, "{% if ref.style %}{{ ref.style }}{% endif %}{{ ref.hero }}{{ ref.empty }}")) == []
    assert say(step('{hero: "{{ inputs.photo }}"}', "A fox")) == []


@pytest.mark.parametrize("nothing", ["~", "[]", "[~]", ""])
def test_a_name_under_which_nothing_is_sent_counts_for_none(say, nothing: str) -> None:
    assert say(step(f'{{hero: "{{{{ inputs.photo }}}}", none: {nothing}}}', "A fox")) == []


TOP = "top: {generate: {prompt: T, sequential_image_generation: auto, max_images: 3}}"


@pytest.mark.parametrize(
    ("items", "more", "prompt", "said"),
    [
        ("v: '{{ inputs.photo }}'", "", "{{ ref.v }}", True),
        ("v: '{{ inputs.photo }}'", "", "{{ ref.v | upper }} {% if inputs.t %}x{% endif %}", True),
        ("v: '{{ inputs.photo }}'", "", "{% if ref.v %}{{ ref.v }}{% endif %}", False),
        ("v: '{{ inputs.photo }}'", "", "{{ ref.v if ref.v else 'none' }}", False),
        ("v: '{{ inputs.photo }}'", "", "{{ ref.v if inputs.t else '-' }}", True),
        ("v: '{{ inputs.photo }}'", "", "{{ 'x' ~ (ref.v or '-') }}", False),
        ("v: ['{{ inputs.photo }}', '{{ steps.top.images[0] }}']", "", "{{ ref.v }}", False),
        ("v: '{{ inputs.photo }}'", "when: '{{ inputs.photo is not none }}', ", "{{ ref.v }}", False),
        ("v: '{{ optional(steps.some.images[0]) }}'", "", "{{ ref.v }}", True),
        ("v: '{{ succeeded(steps.many.images) }}'", "", "{{ ref.v }}", True),
        ("v: '{{ first_of(steps.some.images[0], steps.top.images[0]) }}'", "", "{{ ref.v }}", False),
        ("v: '{{ steps.many.images }}'", "", "{{ ref.v }}", False),
        ("v: '{{ first_of(steps.many.images, steps.many.images) }}', w: '{{ steps.top.images[0] }}'", "", "{{ ref.v }} {{ ref.w }}", False),
        ("v: '{{ first_of(steps.some.images, steps.many.images)[:2] }}', w: '{{ optional(steps.some.images[0]) }}'", "", "{{ ref.v }}{% if ref.w %} {{ ref.w }}{% endif %}", False),
        ("v: ['{{ first_of(steps.some.images, steps.many.images) }}', '{{ steps.top.images[0] }}'], w: '{{ steps.many.images }}'", "", "{{ ref.v }} {{ ref.w }}", True),
        ("v: '{{ steps.many.images }}', w: '{{ steps.top.images[0] }}'", "", "{{ ref.v }} {{ ref.w }}", True),
    ],
)  # fmt: skip # a row a line
def test_a_reference_that_may_be_absent_is_printed_behind_a_test(
    say, items: str, more: str, prompt: str, said: bool
) -> None:
    found = say(
        "inputs: {photo: {type: image, optional: true}, t: {type: boolean, default: true}}\n"
        f"steps:\n  {TOP}\n"
        "  some: {when: '{{ steps.top.images | length > 1 }}', generate: {prompt: S, image_input: ['{{ inputs.photo }}']}}\n"
        "  many: {for_each: {n: [1, 2]}, when: '{{ steps.top.images | length > each.n and inputs.t }}', generate: {prompt: 'M {{ each.n }}'}}\n"
        f'  r: {{{more}generate: {{prompt: "{prompt}", image_input: {{{items}}}}}}}\n'
    )
    assert [one.partition(" ")[0] for one in found if "may-be-none" in one] == ["may-be-none?"] * said
