"""Small recipes that between them do everything a run does."""

from __future__ import annotations

SET = "sequential_image_generation: auto"

CHAIN = f"""\
seedflow: 1
name: chain
steps:
  sheet: {{generate: {{prompt: A fox, {SET}, max_images: 2}}}}
  page:
    for_each: {{scene: [lake, mill]}}
    generate: {{prompt: "{{{{ each.scene }}}}", image_input: {{hero: "{{{{ steps.sheet.images[0] }}}}"}}}}
  cover: {{generate: {{prompt: A cover, image_input: ["{{{{ steps.page.images }}}}"]}}}}
  twin: {{generate: {{prompt: A fox, {SET}, max_images: 2}}}}
outputs:
  twin: "{{{{ steps.twin.images }}}}"
  page: "{{{{ steps.page.images }}}}"
  cover: "{{{{ steps.cover.images[0] }}}}"
"""

GROWING = f"""\
seedflow: 1
name: growing
steps:
  sketch: {{generate: {{prompt: Views, {SET}, max_images: 3}}}}
  painted:
    for_each: {{view: "{{{{ steps.sketch.images }}}}"}}
    generate: {{prompt: In oil, image_input: ["{{{{ each.view }}}}"]}}
outputs: {{painted: "{{{{ steps.painted.images }}}}"}}
"""

EXPECTING = f"""\
seedflow: 1
name: expecting
steps:
  foxes:
    generate: {{prompt: Foxes, {SET}, max_images: 3}}
    takes: 2
    expect: {{images: {{min: 2}}, otherwise: retry, attempts: 4}}
  one: {{generate: {{prompt: One}}}}
outputs:
  foxes: "{{{{ steps.foxes.images }}}}"
  one: "{{{{ steps.one.images[0] }}}}"
"""


RECIPES = {"chain": CHAIN, "growing": GROWING, "expecting": EXPECTING}
