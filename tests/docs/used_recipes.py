"""Recipes and prompt files that examples and golden recipes use: in a folder `parts`, as a project would have them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_GIVES = 'outputs: {images: "{{ steps.s.images }}"}\n'

PARTS: Final = {
    "cast.yaml": """seedflow: 1
name: cast
inputs:
  who: {type: text}
  poses: {type: list, of: text, default: [front view, side view]}
  style: {type: image, optional: true}
steps:
  sheet:
    generate:
      prompt: "A design sheet of {{ inputs.who }}"
      image_input: ["{{ inputs.style }}"]
  portrait:
    for_each: {pose: "{{ inputs.poses }}"}
    generate:
      prompt: "{{ inputs.who }}, {{ each.pose }}"
      image_input: ["{{ steps.sheet.images[0] }}"]
outputs:
  images: "{{ steps.portrait.images }}"
  sheet: "{{ steps.sheet.images[0] }}"
""",
    "pair.yaml": """seedflow: 1
name: pair
steps:
  day: {generate: {prompt: A lighthouse by day}}
  night: {generate: {prompt: A lighthouse by night}}
outputs:
  day: "{{ steps.day.images }}"
  night: "{{ steps.night.images }}"
""",
    "draws.yaml": """seedflow: 1
name: draws
inputs:
  count: {type: integer, default: 2}
steps:
  s: {takes: "{{ inputs.count }}", generate: {prompt: A mill}}
outputs: {images: "{{ steps.s.images }}"}
""",
    "mill.yaml": """seedflow: 1
name: mill
steps:
  view:
    for_each: {side: [the river, the road]}
    generate: {prompt: "A mill seen from {{ each.side }}"}
outputs:
  views: "{{ steps.view.images }}"
""",
    "crowd.yaml": """seedflow: 1
name: crowd
inputs:
  count: {type: integer, minimum: 1, maximum: 9}
steps:
  crowd: {generate: {prompt: "{{ inputs.count }} foxes"}}
outputs: {images: "{{ steps.crowd.images }}"}
""",
    "plain.yaml": "seedflow: 1\nname: plain\nsteps: {s: {generate: {prompt: A fox}}}\n",
    "around.yaml": "seedflow: 1\nname: around\nsteps: {s: {recipe: ./about.yaml}}\n" + _GIVES,
    "about.yaml": "seedflow: 1\nname: about\nsteps: {s: {recipe: ./around.yaml}}\n" + _GIVES,
    "leaf.yaml": "seedflow: 1\nname: leaf\nsteps: {s: {generate: {prompt: A leaf}}}\n" + _GIVES,
}


PROMPTS: Final = {
    "manner.md": "Drawn like an old children's book{% if night %}, by moonlight{% endif %}.\n",
}
"""Files that prompts include."""


def write_used_recipes(folder: Path) -> None:
    """Put all of them into `parts` of a folder, with chains that are too deep and too wide, and files for prompts."""
    parts = folder / "parts"
    parts.mkdir(exist_ok=True)
    for name, text in (*PARTS.items(), *PROMPTS.items()):
        (parts / name).write_text(text)
    for number in range(1, 17):
        inner = f"deep-{number + 1}" if number < 16 else "leaf"
        (parts / f"deep-{number}.yaml").write_text(
            f"seedflow: 1\nname: deep {number}\nsteps: {{s: {{recipe: ./{inner}.yaml}}}}\n{_GIVES}"
        )
    for number in range(1, 6):
        inner = f"many-{number + 1}" if number < 5 else "leaf"
        steps = ", ".join(f"s{at or ''}: {{recipe: ./{inner}.yaml}}" for at in range(6))
        every = " + ".join(f"steps.s{at or ''}.images" for at in range(6))
        (parts / f"many-{number}.yaml").write_text(
            f'seedflow: 1\nname: many {number}\nsteps: {{{steps}}}\noutputs: {{images: "{{{{ {every} }}}}"}}\n'
        )
