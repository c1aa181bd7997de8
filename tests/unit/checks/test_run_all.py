"""All problems come in one go, in the order of the text, and nothing twice."""

from __future__ import annotations

from seedflow.checks.run_all import sort_diagnostics
from seedflow.diagnostics import Diagnostic, Source, Span

SOURCE = Source("a.yaml", "0123456789")
OTHER = Source("b.yaml", "0123456789")


def test_diagnostics_are_sorted_by_place_and_equal_ones_merged() -> None:
    late, early = Span(SOURCE, 5, 6), Span(SOURCE, 2, 4)
    found = sort_diagnostics(
        [
            Diagnostic("c", "nowhere"),
            Diagnostic("b", "late", late),
            Diagnostic("z", "other file", Span(OTHER, 0, 1)),
            Diagnostic("a", "early", early),
            Diagnostic("b", "late", Span(SOURCE, 5, 6)),
            Diagnostic("b", "late and different", late),
        ]
    )
    assert [diagnostic.message for diagnostic in found] == [
        "early",
        "late",
        "late and different",
        "other file",
        "nowhere",
    ]


def test_a_recipe_that_is_right_says_nothing(check) -> None:
    assert (
        check("""
        inputs:
          hero: {type: text, default: a small clockwork fox with copper fur}
          scenes: {type: list, of: text, default: [crossing a frozen lake, asleep in a library]}
          style: {type: image, optional: true}
        defaults: {size: 2K}
        steps:
          sheet:
            generate:
              prompt: >-
                Character design of {{ inputs.hero }}: front view, side view, back view
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
              aspect_ratio: 4:3
              size: 4K
          cover:
            generate:
              prompt: "A book cover in the manner of {{ ref.pages }}"
              image_input: {pages: "{{ steps.page.images[:4] }}"}
              aspect_ratio: 3:4
        outputs:
          pages: {images: "{{ steps.page.images }}", file: "pages/{{ image.number }}-{{ each.scene }}"}
          cover: "{{ steps.cover.images[0] }}"
    """)
        == []
    )
