"""References under `defaults:` reach the models whose field they name, and a step of another model is told why it has none."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from seedflow.diagnostics import Source
from seedflow.models.catalog import load_catalog
from seedflow.recipe.load import parse_recipe

RECIPE = """\
    seedflow: 1
    inputs: {style: {type: image, optional: true}}
    defaults:
      image_input: FORM
    steps:
      a: {generate: {model: bytedance/seedream-5-pro, prompt: "A{% if ref.style %} like it{% endif %}"}}
      b: {generate: {prompt: B}}
"""


def helps(text: str, folder: Path) -> list[str | None]:
    _, problems = parse_recipe(
        Source("r.yaml", dedent(text)), load_catalog(), folder=folder, default_name="r"
    )
    return [one.help for one in problems if one.message == "`ref` is not known here"]


def test_a_default_for_another_field_is_named_and_what_to_write(tmp_path: Path) -> None:
    text = RECIPE.replace("FORM", '{style: "{{ inputs.style }}"}')
    (told,) = helps(text, tmp_path)
    assert told == (
        "the default `image_input` does not reach `bytedance/seedream-5-pro`, whose images go into `image`: "
        "write `image: {style: …}` in this step, or beside that default"
    )
    followed = text.replace("steps:", '  image: {style: "{{ inputs.style }}"}\n    steps:')
    assert helps(followed, tmp_path) == []


def test_defaults_without_names_give_no_ref_anywhere(tmp_path: Path) -> None:
    (told,) = helps(RECIPE.replace("FORM", '"{{ inputs.style }}"'), tmp_path)
    assert str(told).startswith("`ref` is known in a prompt whose references have names")
