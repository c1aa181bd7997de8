"""What the condition of a step says of its own items holds for its tasks and images elsewhere, where nothing else is among them."""

from __future__ import annotations

import pytest

from tests.unit.checks.conftest import Check

ROW = "each.x.each.row"


def ask(check: Check, items: str, printed: str, *, file: str = "{{ image.number }}") -> list[str]:
    """What is told to be none where this is printed of each of some items, which are tasks or images of steps over one table."""
    found = check(f"""
        inputs:
          rows:
            type: table
            key: id
            columns:
              id: text
              on: {{type: boolean, default: true}}
              note: {{type: text, optional: true}}
              photo: {{type: image, optional: true}}
        steps:
          noted: {{for_each: {{row: "{{{{ inputs.rows }}}}"}}, when: "{{{{ each.row.note is not none }}}}", generate: {{prompt: A}}}}
          again: {{for_each: {{row: "{{{{ inputs.rows }}}}"}}, when: "{{{{ each.row.on and each.row.note }}}}", generate: {{prompt: B}}}}
          some: {{for_each: {{row: "{{{{ inputs.rows }}}}"}}, when: "{{{{ each.row.on or each.row.note }}}}", generate: {{prompt: C}}}}
          every: {{for_each: {{row: "{{{{ inputs.rows }}}}"}}, generate: {{prompt: D}}}}
          seen: {{for_each: {{row: "{{{{ inputs.rows }}}}"}}, when: "{{{{ each.row.photo }}}}", generate: {{prompt: E, image_input: ["{{{{ each.row.photo }}}}"]}}}}
          later: {{for_each: {{t: "{{{{ steps.noted.tasks }}}}"}}, generate: {{prompt: F, image_input: ["{{{{ each.t.images }}}}"]}}}}
          late: {{for_each: {{t: "{{{{ steps.every.tasks }}}}"}}, when: "{{{{ each.t.each.row.note }}}}", generate: {{prompt: G}}}}
          end:
            for_each: {{x: "{{{{ {items} }}}}"}}
            generate: {{prompt: "{{{{ each.x.key }}}} {printed}"}}
        outputs:
          end: {{images: "{{{{ steps.end.images }}}}", file: "{file}"}}
    """)
    codes = ("may-be-none", "not-text", "never-equal", "unknown-name")
    return [one.message.split("`")[1] for one in found if one.code in codes]


@pytest.mark.parametrize(
    ("items", "printed", "doubted"),
    [
        ("steps.noted.tasks", f"{ROW}.note", False),
        ("steps.noted.images", f"{ROW}.note", False),
        ("steps.noted.images[1:] | reverse", f"{ROW}.note | upper", False),
        ("steps.again.tasks", f"{ROW}.note", False),
        ("steps.seen.tasks", f"{ROW}.photo.name", False),
        ("steps.noted.tasks + steps.again.tasks", f"{ROW}.note", False),
        ("steps.noted.images if inputs.rows else steps.again.images", f"{ROW}.note", False),
        ("steps.later.tasks", "each.x.each.t.each.row.note", False),
        ("steps.late.images", "each.x.each.t.each.row.note", False),
        ("steps.some.tasks", f"{ROW}.note", True),
        ("steps.every.images", f"{ROW}.note", True),
        ("steps.noted.tasks", f"{ROW}.photo.name", True),
        ("steps.noted.tasks + steps.every.tasks", f"{ROW}.note", True),
        ("steps.every.images + steps.noted.images", f"{ROW}.note", True),
        ("[steps.every.images[0], steps.noted.images[0]]", f"{ROW}.note", True),
        ("steps.noted.images if inputs.rows else steps.every.images", f"{ROW}.note", True),
        ("first_of(steps.noted.images, steps.every.images)", f"{ROW}.note", True),
        ("optional(steps.noted.images) or steps.every.images", f"{ROW}.note", True),
    ],
)
def test_a_condition_is_followed_to_the_items_of_its_tasks(
    check: Check, items: str, printed: str, doubted: bool
) -> None:
    assert bool(ask(check, items, f"{{{{ {printed} }}}}")) is doubted


def test_the_name_of_a_file_is_made_of_them_as_well(check: Check) -> None:
    file = "{{ each.x.each.row.note }}"
    assert ask(check, "steps.noted.tasks", "", file=file) == []
    assert ask(check, "steps.noted.images + steps.again.images", "", file=file) == []
    assert ask(check, "steps.noted.images + steps.every.images", "", file=file) == ["each.x.each.row.note"]


def test_a_test_of_the_same_again_is_no_problem(check: Check) -> None:
    tested = f"{{% if {ROW}.note is not none %}}{{{{ {ROW}.note }}}}{{% else %}}none{{% endif %}}"
    assert ask(check, "steps.noted.tasks", tested) == []
    assert ask(check, "steps.noted.tasks", f"{{{{ {ROW}.note or 'none' }}}}") == []
