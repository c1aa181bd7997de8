"""Loading: a file to a recipe, every template in its place, references, defaults, loops, outputs."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from seedflow.canonical import digest_bytes
from seedflow.diagnostics import Diagnostic, Severity, Source, Span
from seedflow.models.catalog import Catalog, build_catalog, load_catalog
from seedflow.recipe.load import load_recipe, parse_recipe
from seedflow.recipe.model import Generate, LoopVariable, Recipe, RefWords
from seedflow.recipe.template import Scope, Template, TemplateForm
from seedflow.recipe.values import resolve_values

Parse = Callable[[str], tuple[Recipe | None, list[Diagnostic]]]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.fixture
def parse(catalog: Catalog, tmp_path: Path) -> Parse:
    def run(text: str) -> tuple[Recipe | None, list[Diagnostic]]:
        source = Source("r.yaml", "seedflow: 1\n" + dedent(text))
        return parse_recipe(source, catalog, folder=tmp_path, default_name="stem")

    return run


@pytest.fixture
def load(parse: Parse) -> Callable[[str], Recipe]:
    def run(text: str) -> Recipe:
        recipe, problems = parse(text)
        assert problems == []
        assert recipe is not None
        return recipe

    return run


Load = Callable[[str], Recipe]


def marked(span: Span | None) -> str:
    assert span is not None
    return span.source.text[span.start : span.end]


def said(problems: list[Diagnostic]) -> list[tuple[str, str]]:
    return [(found.code, marked(found.span)) for found in problems]


def text_of(expression: object) -> str:
    assert isinstance(expression, Template)
    return expression.scalar.value


def generate(recipe: Recipe, step: str = "a") -> Generate:
    return recipe.steps[step].generate


# files


def test_a_file_becomes_a_recipe(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "story book.yaml"
    path.write_text("seedflow: 1\nsteps: {a: {generate: {prompt: x}}}\n")
    recipe, problems = load_recipe(path, catalog, name="./story book.yaml")
    assert problems == []
    assert recipe is not None
    assert (recipe.name, recipe.folder, recipe.source.name) == ("story book", tmp_path, "./story book.yaml")
    assert recipe.digest == digest_bytes(path.read_bytes())
    assert gc.isenabled()


def test_messages_call_a_file_by_its_path_unless_told_otherwise(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("seedflow: 1\nsteps: {a: {generate: {prompt: x}}}\n")
    recipe, _ = load_recipe(path, catalog)
    assert recipe is not None
    assert recipe.source.name == str(path)


def test_templates_use_files_beside_the_recipe(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/fox.md").write_bytes(b"a {{ tone }} fox\r\n")
    (tmp_path / "prompts/poses.md").write_text("{% macro pose(x) %}{{ x }} from the left{% endmacro %}")
    (tmp_path / "prompts/unused.md").write_text("x")
    path = tmp_path / "r.yaml"
    path.write_text(
        "seedflow: 1\n"
        "values:\n"
        "  hero: \"{% set tone = 'red' %}{% include 'prompts/fox.md' %}\"\n"
        "steps:\n"
        "  a: {generate: {prompt: \"{% from 'prompts/poses.md' import pose %}{{ pose(values.hero) }}\"}}\n"
    )
    recipe, problems = load_recipe(path, catalog)
    assert problems == []
    assert recipe is not None
    values, problems = resolve_values(recipe, {})
    assert (values, problems) == ({"hero": "a red fox"}, [])
    prompt = generate(recipe).parameters["prompt"].expression
    assert isinstance(prompt, Template)
    assert prompt.render(Scope(values={"hero": "a red fox"})) == "a red fox from the left"
    assert recipe.partials == {
        "prompts/fox.md": digest_bytes(b"a {{ tone }} fox\n"),
        "prompts/poses.md": digest_bytes((tmp_path / "prompts/poses.md").read_bytes()),
    }


def test_what_is_wrong_in_a_file_is_said_once(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "fox.md").write_text("one\n{{ 1 | uper }}")
    path = tmp_path / "r.yaml"
    steps = "".join(f"  s{n}: {{generate: {{prompt: \"{n} {{% include 'fox.md' %}}\"}}}}\n" for n in range(3))
    path.write_text(
        f"seedflow: 1\nsteps:\n{steps}  t: {{generate: {{prompt: \"{{% include 'fix.md' %}}\"}}}}\n"
    )
    _, problems = load_recipe(path, catalog, name="recipes/r.yaml")
    assert {str(one.span) for one in problems} == {"recipes/fox.md:2:8", "recipes/r.yaml:6:38"}
    assert len(problems) == 2


@pytest.mark.parametrize("text", [None, "", "# nothing\n", "seedflow: [\n", "- a\n", "seedflow: 9\n"])
def test_a_file_that_is_no_recipe_gives_diagnostics(
    catalog: Catalog, tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "r.yaml"
    if text is not None:
        path.write_text(text)
    recipe, problems = load_recipe(path, catalog)
    assert recipe is None
    assert problems


def test_text_that_no_file_could_hold_is_reported(parse: Parse) -> None:
    _, problems = parse("name: \ud800\nsteps: {a: {generate: {prompt: x}}}\n")
    assert problems


def test_the_storybook_of_the_specification_loads(load: Load) -> None:
    recipe = load(
        """
        name: storybook
        inputs:
          hero: {type: text, default: a small clockwork fox with copper fur}
          scenes: {type: list, of: text, default: [crossing a frozen lake, asleep in a library]}
          style: {type: image, optional: true}
        defaults: {size: 2K}
        steps:
          sheet:
            generate:
              prompt: >-
                Character design of {{ inputs.hero }}: front view
                {%- if ref.style %}, drawn in the style of {{ ref.style }}{% endif %}
              image_input: {style: "{{ inputs.style }}"}
              sequential_image_generation: auto
              max_images: 3
              aspect_ratio: 16:9
          page:
            for_each: {scene: "{{ inputs.scenes }}"}
            generate:
              prompt: "{{ each.scene }}. The hero is the character in {{ ref.hero }}."
              image_input: {hero: "{{ steps.sheet.images[0] }}"}
              size: 4K
        outputs:
          pages: {images: "{{ steps.page.images }}", file: "pages/{{ image.number }}-{{ each.scene }}"}
        """
    )
    assert recipe.name == "storybook"
    assert marked(recipe.steps["page"].span) == "page"
    ratio = generate(recipe, "sheet").parameters["aspect_ratio"].expression
    assert isinstance(ratio, Template)
    assert ratio.literal(as_text=False) == "16:9"


# problems in one go


def test_problems_of_structure_and_of_templates_come_together_in_the_order_of_the_text(parse: Parse) -> None:
    recipe, problems = parse(
        """
        values: {v: "{{ values.v }}"}
        steps:
          a: {generate: {prompt: "{{ inputs. }}"}, when: x}
          b: {generate: {prompt: "{{ each.x }}"}}
        zzz: 1
        """
    )
    assert recipe is not None
    assert next(found.code for found in problems) == "value-cycle"
    assert {found.code for found in problems} >= {"not-a-condition", "unknown-key", "value-cycle"}
    starts = [found.span.start for found in problems if found.span]
    assert starts == sorted(starts)


def test_a_recipe_needs_a_step(parse: Parse) -> None:
    assert said(parse("steps: {}\n")[1]) == [("no-steps", "steps")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("values: {v: '{{ steps.a.images }}'}\nsteps: {a: {generate: {prompt: x}}}\n", ["steps"]),
        ("steps: {a: {generate: {prompt: '{{ each.x }}'}}}\n", ["each"]),
        ("steps: {a: {generate: {prompt: '{{ ref.x }}'}}}\n", ["ref"]),
        ("steps: {a: {generate: {prompt: '{{ ref.x }}', image_input: [b.jpg]}}}\n", ["ref"]),
        ("steps: {a: {generate: {prompt: x, size: '{{ ref.x }}', image_input: {x: b.jpg}}}}\n", ["ref"]),
        ("steps: {a: {generate: {prompt: x, image_input: {x: '{{ ref.x }}'}}}}\n", ["ref"]),
        ("steps: {a: {generate: {prompt: x}, for_each: {b: '{{ each.c }}'}}}\n", ["each"]),
        ("steps: {a: {generate: {prompt: x, model: '{{ steps.b.images }}'}}}\n", ["steps"]),
        ("steps: {a: {generate: {prompt: x}}}\ndefaults: {size: '{{ each.x }}'}\n", ["each"]),
        ("steps: {a: {generate: {prompt: x}}}\noutputs: {o: '{{ each.x }}'}\n", ["each"]),
        (
            "steps: {a: {generate: {prompt: x}}}\noutputs: {o: {images: '{{ steps.a.images }}', file: '{{ inputs.x }}'}}\n",
            ["inputs"],
        ),
    ],
)
def test_only_the_names_of_a_place_are_in_scope(parse: Parse, text: str, names: list[str]) -> None:
    _, problems = parse(text)
    assert [found.code for found in problems] == ["template-unknown-name"] * len(names)
    assert [marked(found.span) for found in problems] == names


def test_names_that_are_in_scope(load: Load) -> None:
    load(
        """
        inputs: {l: {type: list, of: text}, m: {type: text}}
        values: {v: "{{ inputs.m }} {{ recipe.name }}", w: "{{ values.v }}"}
        defaults: {size: "{{ inputs.m }}"}
        steps:
          b: {generate: {prompt: x}}
          a:
            for_each: {x: "{{ inputs.l }}", y: {in: "{{ [each.x, values.v] }}"}}
            generate:
              model: "{{ inputs.m }}{{ values.v }}"
              prompt: "{{ each.x }} {{ each.y }} {{ ref.r }} {{ steps.b.images | length }} {{ recipe.name }}"
              image_input: {r: "{{ steps.b.images[0] }}", s: ["{{ steps.b.images }}"]}
              aspect_ratio: "{{ each.y }}"
        outputs: {o: {images: "{{ steps.a.images }}", file: "{{ image.number }}{{ each.x }}{{ recipe.name }}"}}
        """
    )


def test_for_each_has_a_variable_or_is_not_there(parse: Parse) -> None:
    _, problems = parse("steps: {a: {for_each: {}, generate: {prompt: x}}}\n")
    assert [found.code for found in problems] == ["wrong-type"]
    _, problems = parse("steps: {a: {for_each: , generate: {prompt: x}}}\n")
    assert problems == []


@pytest.mark.parametrize("model", ["{{ each.x }}", "{{ steps.b.images[0].name }}"])
def test_a_model_is_known_from_inputs_and_values_alone(parse: Parse, model: str) -> None:
    _, problems = parse(
        f"""
        steps:
          b: {{generate: {{prompt: x}}}}
          a: {{for_each: {{x: [a, b]}}, generate: {{prompt: x, model: "{model}"}}}}
        """
    )
    assert [found.code for found in problems] == ["template-unknown-name"]
    assert "known from `inputs` and `values` alone" in str(problems[0].help)


# names, inputs, values


def test_the_name_is_that_of_the_file_unless_the_recipe_says_another(load: Load, parse: Parse) -> None:
    assert load("steps: {a: {generate: {prompt: x}}}\n").name == "stem"
    assert load("name: My tale 007\nsteps: {a: {generate: {prompt: x}}}\n").name == "My tale 007"
    assert said(parse("name: '!?'\nsteps: {a: {generate: {prompt: x}}}\n")[1]) == [("bad-name", "'!?'")]


def test_an_inputs_default_is_data_and_never_a_template(load: Load) -> None:
    recipe = load("inputs: {a: {type: text, default: '{{ broken'}}\nsteps: {a: {generate: {prompt: x}}}\n")
    assert recipe.inputs["a"].default is not None


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ("{a: {type: text, options: [x]}}", [("key-not-for-type", "options")]),
        ("{a: {type: image, of: text}}", [("key-not-for-type", "of")]),
        ("{a: {type: boolean, minimum: 1}}", [("key-not-for-type", "minimum")]),
        ("{a: {type: integer, max_length: 1}}", [("key-not-for-type", "max_length")]),
        ("{a: {type: list, of: {type: text, min_items: 1}}}", [("key-not-for-type", "min_items")]),
        ("{a: {type: list}}", [("missing-key", "a")]),
        ("{a: {type: choice}}", [("missing-key", "a")]),
        ("{a: {type: choice, options: []}}", [("missing-key", "options")]),
        ("{a: {type: choice, options: [x, y, x]}}", [("same-option-twice", "x")]),
        ("{a: {type: integer, minimum: 3, maximum: 2}}", [("empty-bounds", "minimum")]),
        ("{a: {type: integer, minimum: 5, maximum: 2, default: 3}}", [("empty-bounds", "minimum")]),
        ("{a: {type: text, min_length: 5, max_length: 2, default: abc}}", [("empty-bounds", "min_length")]),
        (
            "{a: {type: list, of: text, min_items: 3, max_items: 1, default: [a]}}",
            [("empty-bounds", "min_items")],
        ),
        ("{a: {type: list, of: {type: list}}}", [("missing-key", "a")]),
        ("{a: {type: integer, default: x}}", [("wrong-type", "x")]),
        ("{a: {type: integer, maximum: 3, default: 4}}", [("out-of-bounds", "4")]),
        (
            "{a: {type: list, of: integer, default: [1, x, 2.5]}}",
            [("wrong-type", "x"), ("wrong-type", "2.5")],
        ),
        ("{a: {type: choice, options: [red], default: rde}}", [("not-an-option", "rde")]),
        ("{a: {type: image, default: 'ftp://x'}}", [("image-scheme", "'ftp://x'")]),
    ],
)
def test_declarations_are_checked(parse: Parse, inputs: str, expected: list[tuple[str, str]]) -> None:
    _, problems = parse(f"inputs: {inputs}\nsteps: {{a: {{generate: {{prompt: x}}}}}}\n")
    assert said(problems) == expected
    assert all(found.help for found in problems)


def test_an_option_without_text_is_told_with_what_to_write_for_it(parse: Parse) -> None:
    _, (problem,) = parse(
        "inputs: {a: {type: choice, options: ['', x]}}\nsteps: {a: {generate: {prompt: x}}}\n"
    )
    assert problem.message == "found an option without any text, expected at least one character"
    assert problem.help == "take it out, and declare the input `optional: true` if it may be left open"


def test_optional_beside_a_default_is_a_warning(parse: Parse) -> None:
    _, problems = parse(
        "inputs: {a: {type: text, optional: true, default: x}}\nsteps: {a: {generate: {prompt: x}}}\n"
    )
    assert [(found.code, found.severity) for found in problems] == [
        ("optional-with-default", Severity.WARNING)
    ]


def test_a_number_whose_spelling_would_change_is_a_warning(parse: Parse) -> None:
    _, problems = parse(
        "values: {a: 1.10, b: 3, c: '007', d: true, e: 16:9}\n"
        "steps: {a: {generate: {prompt: x, size: 007}, for_each: {s: [1, 007, {deep: 1e3}], t: {in: [0.5, +1]}}}}\n"
    )
    assert said(problems) == [("spelling-changes", text) for text in ("1.10", "007", "1e3", "+1")]
    assert {found.severity for found in problems} == {Severity.WARNING}


def test_a_value_is_one_scalar(parse: Parse) -> None:
    _, problems = parse("values: {a: [x]}\nsteps: {a: {generate: {prompt: x}}}\n")
    assert said(problems) == [("wrong-type", "[x]")]


# generate, references


def test_parameters_keep_their_names_places_and_order(load: Load) -> None:
    recipe = load(
        "steps: {a: {generate: {size: 4K, prompt: x, odd_name: {deep: [1, '{{ recipe.name }}'], x-no: 1}}}}\n"
    )
    found = generate(recipe).parameters
    assert list(found) == ["size", "prompt", "odd_name"]
    assert marked(found["size"].span) == "size"
    deep = found["odd_name"].expression
    assert isinstance(deep, dict)
    assert list(deep) == ["deep"]


def test_the_list_form_of_references(load: Load) -> None:
    recipe = load(
        "steps: {a: {generate: {prompt: x, image_input: [a.jpg, 'https://h.invalid/b.jpg', '{{ inputs.i }}', ~]}}}\n"
    )
    references = generate(recipe).references
    assert references is not None
    assert (references.field, references.named, references.names) == ("image_input", False, ())
    assert [text_of(item.template) for item in references.items] == [
        "a.jpg",
        "https://h.invalid/b.jpg",
        "{{ inputs.i }}",
    ]
    assert "image_input" not in generate(recipe).parameters
    assert marked(references.span) == "image_input"


def test_one_image_stands_for_a_list_of_one(load: Load) -> None:
    references = generate(
        load("steps: {a: {generate: {prompt: x, image_input: '{{ inputs.i }}'}}}\n")
    ).references
    assert references is not None
    assert (len(references.items), references.named) == (1, False)


def test_the_mapping_form_of_references(load: Load) -> None:
    recipe = load(
        """
        steps:
          a:
            generate:
              prompt: x
              image_input: {hero: a.jpg, others: [b.jpg, "{{ inputs.i }}"], nobody: [], absent: ~, x-note: 1}
        """
    )
    references = generate(recipe).references
    assert references is not None
    assert references.named
    assert [item.name for item in references.items] == ["hero", "others", "others"]
    assert [name for name, _ in references.names] == ["hero", "others", "nobody", "absent"]
    assert [marked(span) for _, span in references.names] == ["hero", "others", "nobody", "absent"]


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ("['a/{{ inputs.i }}.jpg']", ("reference-is-text", "'a/{{ inputs.i }}.jpg'")),
        ("[['a.jpg']]", ("wrong-type", "['a.jpg']")),
        ("{a: {b: c}}", ("wrong-type", "{b: c}")),
        ("['http://h.invalid/a.jpg']", ("image-scheme", "'http://h.invalid/a.jpg'")),
        ("['https://h.invalid/a b']", ("image-url", "'https://h.invalid/a b'")),
        ("['']", ("empty-text", "''")),
        ("{Hero: a.jpg}", ("bad-name", "Hero")),
    ],
)
def test_what_is_no_image_is_refused(parse: Parse, images: str, expected: tuple[str, str]) -> None:
    _, problems = parse(f"steps: {{a: {{generate: {{prompt: x, image_input: {images}}}}}}}\n")
    assert said(problems) == [expected]


def test_a_model_may_be_a_template_and_nothing_but_text(load: Load, parse: Parse) -> None:
    model = generate(load("steps: {a: {generate: {prompt: x, model: '{{ inputs.m }}'}}}\n")).model
    assert model is not None
    assert model.form is TemplateForm.EXPRESSION
    assert generate(load("steps: {a: {generate: {prompt: x, model: ~}}}\n")).model is None
    assert said(parse("steps: {a: {generate: {prompt: x, model: [y]}}}\n")[1]) == [("wrong-type", "[y]")]


# defaults


def test_defaults_reach_the_steps_that_do_not_set_them(load: Load) -> None:
    recipe = load(
        """
        defaults: {size: 2K, aspect_ratio: "{{ inputs.r }}", image_input: {style: s.jpg}}
        steps:
          a: {generate: {prompt: x}}
          b: {generate: {prompt: x, size: 4K, aspect_ratio: ~, image_input: ~}}
          c: {generate: {prompt: "{{ ref.style }}"}}
        """
    )
    a, b, c = (generate(recipe, name) for name in "abc")
    assert {name: found.from_defaults for name, found in a.parameters.items()} == {
        "size": True,
        "aspect_ratio": True,
        "prompt": False,
    }
    assert marked(a.parameters["size"].span) == "size"
    assert text_of(b.parameters["size"].expression) == "4K"
    assert list(b.parameters) == ["prompt", "size"]
    assert b.references is None
    assert c.references is not None
    assert c.references.names[0][0] == "style"


def test_a_default_that_no_step_can_use_is_an_error(parse: Parse) -> None:
    _, problems = parse("defaults: {sise: 2K}\nsteps: {a: {generate: {prompt: x}}}\n")
    assert said(problems) == [("unused-default", "sise")]
    assert problems[0].severity is Severity.ERROR
    assert problems[0].help == "did you mean `size`?"


def test_a_default_that_every_step_sets_itself_is_a_warning(parse: Parse) -> None:
    _, problems = parse("defaults: {size: 2K}\nsteps: {a: {generate: {prompt: x, size: 4K}}}\n")
    assert [(found.code, found.severity) for found in problems] == [("unused-default", Severity.WARNING)]


@pytest.fixture
def parse_two_models(tmp_path: Path) -> Parse:
    """With a second model that has no `size`, and takes its images as `picture`."""

    def card(model: str, properties: dict[str, object]) -> tuple[str, object]:
        given = {
            "type": "object",
            "properties": {"prompt": {"type": "string"}, **properties},
            "required": ["prompt"],
        }
        images = {"type": "array", "items": {"type": "string", "format": "uri"}}
        output = {"type": "object", "properties": {"images": images}, "required": ["images"]}
        return model, {"model": model, "input": given, "output": output}

    def profile(model: str, field: str) -> tuple[str, object]:
        references = {"parameter": field, "sureness": "D", "source": "test"}
        return model, {"format": 1, "model": model, "version": "2026-01-01", "references": references}

    uris = {"type": "array", "items": {"type": "string", "format": "uri"}}
    catalog = build_catalog(
        [card("one", {"size": {"type": "string"}, "image_input": uris}), card("two", {"picture": uris})],
        [profile("one", "image_input"), profile("two", "picture")],
        "one",
    )

    def run(text: str) -> tuple[Recipe | None, list[Diagnostic]]:
        return parse_recipe(
            Source("r.yaml", "seedflow: 1\n" + dedent(text)), catalog, folder=tmp_path, default_name="r"
        )

    return run


def test_a_default_goes_only_to_steps_whose_model_has_the_parameter(parse_two_models: Parse) -> None:
    recipe, problems = parse_two_models(
        """
        defaults: {size: 2K, picture: [a.jpg], image_input: [b.jpg]}
        steps:
          a: {generate: {prompt: x}}
          b: {generate: {prompt: x, model: two}}
          c: {generate: {prompt: x, model: "{{ inputs.m }}"}}
          d: {generate: {prompt: x, model: three}}
        """
    )
    assert problems == []
    assert recipe is not None
    fields = {
        name: found.generate.references.field
        for name, found in recipe.steps.items()
        if found.generate.references
    }
    assert {name: list(found.generate.parameters) for name, found in recipe.steps.items()} == {
        "a": ["size", "prompt"], "b": ["prompt"], "c": ["size", "prompt"], "d": ["size", "prompt"],
    }  # fmt: skip # a row a line
    assert (fields["a"], fields["b"]) == ("image_input", "picture")


def test_the_references_field_is_that_of_the_steps_model(parse_two_models: Parse) -> None:
    recipe, _ = parse_two_models(
        "steps: {a: {generate: {prompt: x, model: two, image_input: [a.jpg], picture: [b.jpg]}}}\n"
    )
    assert recipe is not None
    references = generate(recipe).references
    assert references is not None
    assert references.field == "picture"
    assert "image_input" in generate(recipe).parameters


def test_defaults_may_name_the_model(parse_two_models: Parse) -> None:
    recipe, problems = parse_two_models(
        "defaults: {model: two, picture: [a.jpg]}\nsteps: {a: {generate: {prompt: x}}, b: {generate: {prompt: x, model: one}}}\n"
    )
    assert problems == []
    assert recipe is not None
    assert text_of(generate(recipe).model) == "two"
    assert generate(recipe).references is not None
    assert generate(recipe, "b").references is None


# for_each


def loops(recipe: Recipe) -> tuple[LoopVariable, ...]:
    return recipe.steps["a"].for_each


def test_each_way_to_write_a_list(load: Load) -> None:
    b, c, d = loops(
        load(
            """
            steps:
              a:
                generate: {prompt: x}
                for_each:
                  b: "{{ inputs.l }}"
                  c: [1, "{{ recipe.name }}", {deep: 2}]
                  d: {in: "{{ each.b.parts }}", key: id, at_most: 5}
            """
        )
    )
    assert (b.names, text_of(b.lists[0]), marked(b.span)) == (("b",), "{{ inputs.l }}", "b")
    assert isinstance(c.lists[0], tuple)
    assert len(c.lists[0]) == 3
    assert (d.key, d.at_most) == ("id", 5)


def test_zip_in_place_of_the_mapping_gives_its_names_as_variables(load: Load) -> None:
    (pair,) = loops(
        load(
            "steps: {a: {generate: {prompt: '{{ each.name }}'}, for_each: '{{ zip(name=inputs.n, tone=[1, 2]) }}'}}\n"
        )
    )
    assert (pair.names, pair.zipped) == (("name", "tone"), True)
    name, tone = pair.lists
    assert isinstance(name, Template)
    assert isinstance(tone, Template)
    (mention,) = name.references
    assert marked(name.span_of(mention)) == "inputs.n"
    assert tone.references == ()


def test_zip_of_one_variable_gives_records(load: Load) -> None:
    (pair,) = loops(
        load(
            "steps: {a: {generate: {prompt: '{{ each.p.n }}'}, for_each: {p: {in: '{{ zip(n=inputs.n, t=inputs.t) }}', key: n}}}}\n"
        )
    )
    assert (pair.names, pair.zipped, pair.key) == (("p",), False, "n")


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        ("'{{ inputs.l }}'", ("wrong-type", "'{{ inputs.l }}'")),
        ("'{{ zip(inputs.l) }}'", ("template-arguments", "zip(inputs.l)")),
        ("'{{ zip(Name=inputs.l) }}'", ("bad-name", "'{{ zip(Name=inputs.l) }}'")),
        ("some text", ("wrong-type", "some text")),
        ("{b: text}", ("not-a-list", "text")),
        ("{b: 3}", ("not-a-list", "3")),
        ("{b: 'x {{ inputs.l }}'}", ("not-a-list", "'x {{ inputs.l }}'")),
        ("{b: {in: {c: d}}}", ("not-a-list", "{c: d}")),
        ("{B: [1]}", ("bad-name", "B")),
        ("{b: {in: [1], at_most: x}}", ("wrong-type", "x")),
        ("{b: {at_most: 1}}", ("missing-key", "b")),
    ],
)
def test_what_is_no_list_is_refused(parse: Parse, loop: str, expected: tuple[str, str]) -> None:
    _, problems = parse(f"steps: {{a: {{generate: {{prompt: x}}, for_each: {loop}}}}}\n")
    assert said(problems) == [expected]


def test_a_variable_whose_list_is_wrong_stays_known(parse: Parse) -> None:
    recipe, problems = parse("steps: {a: {generate: {prompt: '{{ each.b }}'}, for_each: {b: text}}}\n")
    assert len(problems) == 1
    assert recipe is not None
    assert loops(recipe)[0].names == ("b",)


# options, outputs, limits, wording


def test_options_of_a_step(load: Load) -> None:
    step = load(
        "steps: {a: {generate: {prompt: x}, needs: [b, c], tags: [t, 1.0], was: old, description: 7}}\n"
    ).steps["a"]
    assert [(name, marked(span)) for name, span in step.needs] == [("b", "b"), ("c", "c")]
    assert (step.tags, step.was, step.description) == (("t", "1.0"), ("old",), "7")


def test_outputs_short_and_long(load: Load) -> None:
    outputs = load(
        """
        steps: {a: {generate: {prompt: x}}}
        outputs:
          b: "{{ steps.a.images }}"
          c: {images: "{{ steps.a.images[0] }}", file: cover}
        """
    ).outputs
    assert (outputs["b"].file, marked(outputs["b"].span)) == (None, "b")
    assert outputs["c"].file is not None
    assert outputs["c"].file.form is TemplateForm.LITERAL


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ("words", ("output-without-images", "words")),
        ("'{{ steps.a.images }} and more'", ("output-without-images", "'{{ steps.a.images }} and more'")),
        ("[a]", ("wrong-type", "[a]")),
        ("{images: [a]}", ("output-without-images", "[a]")),
        ("{images: '{{ steps.a.images }}', file: [a]}", ("wrong-type", "[a]")),
    ],
)
def test_an_output_is_one_template(parse: Parse, images: str, expected: tuple[str, str]) -> None:
    _, problems = parse(f"steps: {{a: {{generate: {{prompt: x}}}}}}\noutputs: {{o: {images}}}\n")
    assert said(problems) == [expected]


def test_limits_and_wording(load: Load, parse: Parse) -> None:
    recipe = load(
        """
        steps: {a: {generate: {prompt: x}}}
        limits: {cost_usd: 1.50, tasks: 3}
        ref_words: {one: "Bild {n}", many: "Bilder {list}", last: " und "}
        """
    )
    assert str(recipe.limits.cost_usd) == "1.50"
    assert (recipe.limits.images, recipe.limits.tasks) == (None, 3)
    assert recipe.ref_words == RefWords(one="Bild {n}", many="Bilder {list}", last=" und ")
    _, problems = parse("steps: {a: {generate: {prompt: x}}}\nref_words: {one: Bild, range: '{first}'}\n")
    assert [found.code for found in problems] == ["wording-without-place"] * 2


@pytest.mark.parametrize(
    ("step", "code", "where"),
    [
        ("{generate: }", "no-kind", "generate"),
        ("{generate: ~, recipe: ~}", "no-kind", "generate"),
        ("{recipe: }", "no-kind", "recipe"),
        ("{generate: {prompt: x}, expect: {min_width: ~}}", "missing-key", "expect"),
        ("{generate: {prompt: x}, expect: {images: , otherwise: accept}}", "missing-key", "expect"),
        ("{for_each: ~, generate: {prompt: '{{ each.v }}'}}", "template-unknown-name", "each"),
    ],
)
def test_a_key_with_nothing_behind_it_counts_as_not_written(
    parse: Parse, step: str, code: str, where: str
) -> None:
    assert said(parse(f"steps: {{a: {step}}}\n")[1]) == [(code, where)]


@pytest.mark.parametrize(
    "step",
    [
        "{generate: {prompt: x}, recipe: ~}",
        "{generate: {prompt: x}, with: ~, expect: ~, for_each: ~}",
    ],
)
def test_nothing_behind_a_key_does_no_harm(load: Load, step: str) -> None:
    made = load(f"steps: {{a: {step}}}\n").steps["a"]
    assert (made.for_each, made.expect, made.call) == ((), None, None)
