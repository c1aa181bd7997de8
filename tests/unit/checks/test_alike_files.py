"""Items that are written out and whose files would differ by capital letters alone."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("items", "more", "outputs", "said"),
    [
        ("[Sea, sea]", "", "", ["sea"]),
        ("[Sea, lake, SEA, sea]", "", "", ["SEA", "sea"]),
        ("[Sea, lake]", "", "", []),
        ("[Sea!, sea!]", "", "", []),
        ("[Sea, sea]", "n: [1, 2], ", "", ["sea"]),
        ("[Sea, sea]", "n: [], ", "", []),
        ("{in: [{k: Sea}, {k: sea}], key: k}", "", "", ["sea"]),
        ("[Sea, sea]", "", 'o: "{{ steps.a.images }}"', ["sea"]),
        ("[Sea, sea]", "", 'o: "{{ steps.a.images[:1] }}"', []),
        ("[Sea, sea]", "", 'o: {images: "{{ steps.a.images }}", file: "x/{{ each.v }}"}', ["sea"]),
        ("[Sea!, sea!]", "", 'o: {images: "{{ steps.a.images }}", file: "x/{{ each.v }}"}', ["sea!"]),
        ("[a.b, ab]", "", 'o: {images: "{{ steps.a.images }}", file: "x/{{ each.v }}"}', []),
        (
            "[Sea, sea]",
            "",
            'o: {images: "{{ steps.a.images }}", file: "x/{{ each.v }}-{{ image.digest }}"}',
            [],
        ),
    ],
)
def test_files_that_differ_by_capital_letters_alone(
    say, items: str, more: str, outputs: str, said: list[str]
) -> None:
    found = say(
        f'steps:\n  a: {{for_each: {{{more}v: {items}}}, generate: {{prompt: "{{{{ each.v is string }}}}"}}}}\n'
        + (f"outputs: {{{outputs}}}\n" if outputs else "")
    )
    assert [one for one in found if one.startswith("same-file")] == [f"same-file «{one}»" for one in said]


def test_an_item_that_a_condition_may_leave_out_is_left_to_the_plan(say) -> None:
    step = 'for_each: {v: [Sea, sea]}, generate: {prompt: "{{ each.v }}"}'
    assert say(f"steps: {{a: {{{step}}}}}\n") == ["same-file «sea»"]
    assert say(f"steps: {{a: {{when: \"{{{{ each.v == 'sea' }}}}\", {step}}}}}\n") == []
