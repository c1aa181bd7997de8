"""What one run took for the failing of some tasks, a later one, whose plan knows of it, takes for nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from world import FakeProvider, World, reject, statuses

from seedflow.diagnostics import has_errors
from seedflow.run.status import RunStatus

SET = "steps:\n  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}\n"
OTHER = "  k: {generate: {prompt: K}}\n"


@dataclass
class Case:
    """A recipe with the one that it uses, and how its tasks end."""

    text: str
    ends: dict[str, str]
    used: str = ""
    sets: str = "max"
    calls: int | None = None


PAIRS = (
    "inputs: {photo: {type: image, optional: true}, n: {type: integer, default: 3}}\n"
    "steps:\n"
    '  a: {for_each: {x: [1, 2, 3]}, when: "{{ each.x <= inputs.n }}", generate: {prompt: "A {{ each.x }} {{ inputs.n }}"}}\n'
    "  b: {for_each: \"{{ zip(p=steps.a.images, y=['q', 'r']) }}\", generate: {prompt: B, image_input: \"{{ each.p }}\"}}\n"
    'outputs: {o: "{{ steps.b.images }}"}\n'
)
SLICED = (
    "inputs: {photos: {type: list, of: image}, w: {type: text}}\n"
    'steps: {a: {generate: {prompt: "A {{ inputs.w }}", sequential_image_generation: auto, max_images: 3}}}\n'
    'outputs: {o: "{{ steps.a.images[1:] }}", q: "{{ inputs.photos[1:] }}"}\n'
)
HANDED = (
    "inputs: {photos: {type: list, of: image}, w: {type: text}}\n"
    'steps: {a: {generate: {prompt: "A {{ inputs.w }}"}}}\n'
    'outputs: {o: "{{ inputs.photos[:(steps.a.images | length)] }}", x: "{{ steps.a.images }}"}\n'
)
OPEN = (
    "inputs: {photos: {type: list, of: image}}\n"
    "steps: {a: {for_each: {w: [a, b]}, when: '{{ inputs.photos | length > 0 }}', generate: {prompt: 'A {{ each.w }}'}}}\n"
    "outputs: {o: '{{ steps.a.images }}'}\n"
)
UNASKED = (
    "inputs: {photos: {type: list, of: image}}\n"
    "steps:\n"
    "  a: {recipe: ./inner.yaml, with: {photo: '{{ inputs.photos[1] }}'}}\n"
    "outputs: {images: '{{ inputs.photos }}'}\n"
)
BOUNDED = (
    "inputs: {photos: {type: list, of: image, min_items: 2}}\n"
    "steps:\n"
    "  a: {generate: {prompt: A}}\n"
    "  e: {iterate: {over: '{{ inputs.photos }}', as: e, start: '{{ steps.a.images[0] }}'}, when: '{{ inputs.photos | length == 2 }}',\n"
    "      generate: {prompt: 'E {{ each.e.number }}', image_input: '{{ prev }}'}}\n"
    "outputs: {images: '{{ steps.a.images }}'}\n"
)
GUARDED = (
    "inputs: {photos: {type: list, of: image}}\n"
    "steps: {a: {when: '{{ inputs.photos[1].number > 0 }}', generate: {prompt: A}}}\n"
    "outputs: {o: '{{ steps.a.images }}'}\n"
)
PLAIN = "inputs: {photo: {type: image}}\nsteps: {a: {generate: {prompt: A, image_input: '{{ inputs.photo }}'}}}\noutputs: {o: '{{ steps.a.images }}'}\n"
EDITED = (
    "inputs: {photo: {type: image}}\n"
    "steps:\n"
    "  a: {when: '{{ inputs.photo.number > 0 }}', iterate: {over: [v], as: e, start: '{{ inputs.photo }}'},\n"
    "      generate: {prompt: 'A {{ each.e }}', image_input: '{{ prev }}'}}\n"
    "outputs: {o: '{{ steps.a.images }}'}\n"
)
TABLED = (
    "inputs: {rows: {type: table, key: name, columns: {name: text, pic: {type: image, optional: true}}}}\n"
    "steps: {r: {for_each: {r: '{{ inputs.rows }}'}, recipe: ./several.yaml, with: {photos: ['{{ each.r.pic }}']}}}\n"
    "outputs: {o: '{{ steps.r.outputs.o }}'}\n"
)
FALLEN_BACK = (
    "inputs: {photos: {type: list, of: image, min_items: 1}}\n"
    "steps:\n"
    "  a: {generate: {prompt: A, image_input: '{{ inputs.photos }}'}}\n"
    "  b: {generate: {prompt: B, image_input: '{{ first_of(steps.a.images, inputs.photos) }}'}}\n"
    "outputs: {o: '{{ steps.b.images }}'}\n"
)
UNPICKED = (
    "inputs: {photos: {type: list, of: image}}\n"
    "steps:\n"
    "  a: {recipe: ./inner.yaml, when: '{{ inputs.photos | length > 2 }}', with: {photo: '{{ inputs.photos[0] }}'}}\n"
    "  b: {generate: {prompt: B}}\n"
    "outputs: {o: '{{ steps.b.images }}'}\n"
)
GIVEN = "steps: {g: {generate: {prompt: G}}}\noutputs: {images: '{{ steps.g.images }}'}\n"
CONDITIONAL = (
    "inputs: {photos: {type: list, of: image}}\n"
    "steps: {a: {when: '{{ inputs.photos | length > 1 }}', generate: {prompt: A}}}\n"
    "outputs: {o: '{{ steps.a.images }}'}\n"
)
ONE_OF_TWO = (
    "inputs: {photos: {type: list, of: image, min_items: 1}}\n"
    "steps:\n"
    "  a: {for_each: {w: [a]}, generate: {prompt: A, image_input: '{{ inputs.photos }}'}}\n"
    "  b: {for_each: {t: '{{ steps.a.tasks }}'}, when: '{{ steps.a.images | length == 3 }}',\n"
    "      generate: {prompt: B, image_input: ['{{ each.t.images[0] }}', '{{ optional(inputs.photos[1]) }}']}}\n"
    "outputs: {o: '{{ steps.b.images }}'}\n"
)
LEFT_OUT_FOR_SOME = (
    "inputs: {photos: {type: list, of: image}, z: {type: image}}\n"
    "steps:\n"
    "  a: {for_each: {w: [a]}, generate: {prompt: 'A {{ inputs.z.number }}'}}\n"
    "  b: {for_each: '{{ zip(p=inputs.photos, q=[1, 2]) }}', when: '{{ inputs.z.number == 3 }}', generate: {prompt: 'B {{ each.q }}'}}\n"
    "  c: {for_each: '{{ zip(p=inputs.photos, q=[1, 2]) }}', when: '{{ steps.a.images | length == 3 }}', generate: {prompt: 'C {{ each.q }}'}}\n"
    "outputs: {o: '{{ steps.b.images }}'}\n"
)
FAILS = "  f: {generate: {prompt: F}, expect: {min_width: 9999}}\n"

SHOTS = (
    SET
    + "  shot: {for_each: {n: [x, y]}, generate: {prompt: 'Shot {{ each.n }}'}}\n"
    + "  card: {when: '{{ 1 > 2 }}', generate: {prompt: Card}}\n"
    + "  late: {when: '{{ steps.s.images | length > 1 }}', generate: {prompt: Late}}\n"
    + '  use: {for_each: {i: "{{ steps.shot.images + optional(steps.card.images) + optional(steps.late.images) }}"}, generate: {prompt: U, image_input: "{{ each.i }}"}}\n'
    + '  all: {generate: {prompt: All, image_input: "{{ optional(steps.late.images) + steps.shot.images + optional(steps.card.images) }}"}}\n'
    + '  no: {for_each: {i: "{{ optional(steps.card.images) + optional(steps.late.images) }}"}, generate: {prompt: N, image_input: "{{ each.i }}"}}\n'
)
CASES = {
    "sums with what was skipped": Case(
        SHOTS,
        sets="min",
        ends={
            "shot[n=x]": "done",
            "shot[n=y]": "done",
            "card": "skipped",
            "late": "skipped",
            "use[i=x-1]": "done",
            "use[i=y-1]": "done",
            "all": "done",
        },
        calls=6,
    ),
    "sums with what was perhaps to be skipped": Case(
        SHOTS,
        ends={
            "shot[n=x]": "done",
            "shot[n=y]": "done",
            "card": "skipped",
            "late": "done",
            "use[i=x-1]": "done",
            "use[i=y-1]": "done",
            "use[i=late-1]": "done",
            "all": "done",
            "no[i=late-1]": "done",
        },
        calls=9,
    ),
    "a zip inside of a use for each image": Case(
        SET
        + '  u: {for_each: {p: "{{ steps.s.images }}"}, recipe: ./used.yaml, with: {n: "{{ each.p.number }}"}}\n'
        + OTHER,
        used=PAIRS,
        ends={
            "k": "done",
            "u[p=s-1]/a[x=1]": "done",
            "u[p=s-1]/a[x=2]": "skipped",
            "u[p=s-1]/a[x=3]": "skipped",
            "u[p=s-1]/b[p=?,y=?]": "failed",
            "u[p=s-2]/a[x=1]": "done",
            "u[p=s-2]/a[x=2]": "done",
            "u[p=s-2]/a[x=3]": "skipped",
            "u[p=s-2]/b[p=s-2.1-1,y=q]": "done",
            "u[p=s-2]/b[p=s-2.2-1,y=r]": "done",
            "u[p=s-3]/a[x=1]": "done",
            "u[p=s-3]/a[x=2]": "done",
            "u[p=s-3]/a[x=3]": "done",
            "u[p=s-3]/b[p=?,y=?]": "failed",
        },
    ),
    "a list that passes its bound, by a condition over results": Case(
        SET
        + '  a: {for_each: {x: [1, 2, 3]}, when: "{{ each.x <= steps.s.images | length }}", generate: {prompt: "A {{ each.x }}"}}\n'
        + '  b: {for_each: {p: {in: "{{ steps.a.images }}", at_most: 2}}, generate: {prompt: B, image_input: "{{ each.p }}"}}\n'
        + OTHER,
        ends={"a[x=1]": "done", "a[x=2]": "done", "a[x=3]": "done", "b[p=?]": "failed", "k": "done"},
    ),
    "an image that a slice inside of a use does not give": Case(
        SET
        + '  u: {for_each: {w: [b, c]}, recipe: ./used.yaml, with: {photos: "{{ steps.s.images }}", w: "{{ each.w }}"}}\n'
        + '  t: {for_each: {t: "{{ steps.u.tasks }}"}, generate: {prompt: "T {{ each.t.key }}", image_input: "{{ each.t.outputs.o[0] }}"}}\n'
        + '  r: {for_each: {t: "{{ steps.u.tasks }}"}, generate: {prompt: "R {{ each.t.key }}", image_input: "{{ each.t.outputs.q[0] }}"}}\n'
        + OTHER,
        used=SLICED,
        sets="min",
        ends={
            "u[w=b]/a": "done",
            "u[w=c]/a": "done",
            "t[t=b]": "failed",
            "t[t=c]": "failed",
            "r[t=b]": "failed",
            "r[t=c]": "failed",
            "k": "done",
        },
    ),
    "one image twice, which a slice hands through": Case(
        "steps:\n  s: {generate: {prompt: S}}\n"
        '  u: {for_each: {w: [b, c]}, recipe: ./used.yaml, with: {photos: "{{ steps.s.images }}", w: "{{ each.w }}"}}\n'
        '  r: {for_each: {p: "{{ steps.u.outputs.o }}"}, generate: {prompt: R, image_input: "{{ each.p }}"}}\n'
        + OTHER,
        used=HANDED,
        ends={"u[w=b]/a": "done", "u[w=c]/a": "done", "r[p=?]": "failed", "k": "done"},
    ),
    "images of one key of two uses, one of them later": Case(
        "steps:\n"
        '  u: {recipe: ./used.yaml, with: {photos: ["https://example.com/fox.jpg"]}}\n'
        '  v: {recipe: ./used.yaml, with: {photos: "{{ steps.u.outputs.o }}"}}\n'
        '  r: {for_each: {p: ["{{ steps.v.outputs.o[0] }}", "{{ steps.u.outputs.o[0] }}"]}, generate: {prompt: R, image_input: "{{ each.p }}"}}\n',
        used=OPEN,
        ends={
            "u/a[w=a]": "done",
            "u/a[w=b]": "done",
            "v/a[w=a]": "done",
            "v/a[w=b]": "done",
            "r[p=?]": "failed",
        },
        calls=2,
    ),
    "an input that cannot be made, and that nothing asks for": Case(
        "steps:\n  s: {generate: {prompt: S}}\n"
        '  u: {for_each: {p: "{{ steps.s.images }}"}, recipe: ./used.yaml, with: {photos: ["{{ each.p }}"]}}\n',
        used=UNASKED,
        ends={"u[p=s-1]/a/i": "done"},
    ),
    "too few items for an input, which edits go through": Case(
        "steps:\n  s: {generate: {prompt: S}}\n"
        '  u: {recipe: ./used.yaml, with: {photos: "{{ steps.s.images }}"}, when: "{{ steps.s.images | length != 2 }}"}\n',
        used=BOUNDED,
        ends={"u/a": "done", "u/e[e=?]": "failed"},
    ),
    "a condition that cannot be told, in a use that is left out": Case(
        "steps:\n  s: {generate: {prompt: S}}\n"
        "  n: {when: '{{ steps.s.images | length > 5 }}', generate: {prompt: N}}\n"
        '  u: {recipe: ./used.yaml, with: {photos: "{{ steps.s.images }}"}, when: "{{ (steps.s.images + steps.n.images) | length > 9 }}"}\n',
        used=GUARDED,
        ends={"n": "skipped", "u/a": "skipped"},
    ),
    "a loop over tasks that could not be paired, with a condition": Case(
        SET
        + FAILS
        + "  u: {for_each: \"{{ zip(p=steps.s.images, w=['a', 'b']) }}\", recipe: ./used.yaml, with: {photo: '{{ each.p }}'}}\n"
        + '  t: {for_each: {t: "{{ steps.u.tasks }}"}, when: "{{ not (succeeded(steps.f.images) | length > 3) }}", generate: {prompt: "T {{ each.t.key }}"}}\n'
        + '  v: {generate: {prompt: "there are {{ steps.t.images | length }}"}}\n',
        used=PLAIN,
        ends={"f": "failed", "u[p=?,w=?]": "failed", "t[t=?-?]": "blocked", "v": "blocked"},
    ),
    "the same, with a condition that waits for what the tasks block": Case(
        SET
        + "  u: {for_each: \"{{ zip(p=steps.s.images, w=['a', 'b']) }}\", recipe: ./used.yaml, with: {photo: '{{ each.p }}'}}\n"
        + '  m: {generate: {prompt: "M {{ steps.u.images | length }}"}}\n'
        + '  t: {for_each: {t: "{{ steps.u.tasks }}"}, when: "{{ not (succeeded(steps.m.images) | length > 3) }}", generate: {prompt: "T {{ each.t.key }}"}}\n',
        used=PLAIN,
        ends={"u[p=?,w=?]": "failed", "m": "blocked", "t[t=?-?]": "blocked"},
    ),
    "edits to a picture that is not there, in a use that is left out": Case(
        SET
        + "  u: {recipe: ./used.yaml, when: '{{ 1 > 2 }}', with: {photo: '{{ steps.s.images[1] }}'}}\n"
        + "  v: {recipe: ./used.yaml, when: '{{ steps.s.images | length > 1 }}', with: {photo: '{{ steps.s.images[1] }}'}}\n",
        used=EDITED,
        sets="min",
        ends={"u/a[e=1]": "skipped", "v/a[e=1]": "skipped"},
    ),
    "a row of a table without a picture": Case(
        "steps:\n  s: {generate: {prompt: S}}\n"
        '  u: {recipe: ./used.yaml, with: {rows: [{name: a, pic: "{{ steps.s.images[0] }}"}, {name: b}]}}\n'
        '  t: {when: "{{ steps.u.outputs.o | length < 1 }}", generate: {prompt: T}}\n',
        used=TABLED,
        ends={"u/r[r=a]/i": "done", "u/r[r=b]/i": "done", "t": "skipped"},
    ),
    "a first_of of what was skipped, in a use that failed": Case(
        "steps:\n"
        "  s: {when: '{{ 1 > 2 }}', generate: {prompt: S}}\n"
        + FAILS
        + "  u: {recipe: ./used.yaml, when: '{{ steps.f.images | length >= 3 }}', with: {photos: '{{ steps.s.images }}'}}\n",
        used=FALLEN_BACK,
        ends={"f": "failed", "u/a": "skipped", "u/b": "skipped"},
    ),
    "a task that a selector does not find, for an input that a condition looks at": Case(
        "steps:\n"
        "  x: {generate: {prompt: X, sequential_image_generation: auto, max_images: 2}}\n"
        "  s: {for_each: {w: '{{ steps.x.images[:1] }}'}, generate: {prompt: 'S {{ each.w.key }}'}}\n"
        "  u: {for_each: {w: '{{ steps.x.images }}'}, recipe: ./used.yaml, with: {photos: '{{ steps.s.images + steps.s.at(w=each.w).images }}'}}\n",
        used=UNPICKED,
        ends={
            "x": "done",
            "s[w=x-1]": "done",
            "u[w=x-1]/a/i": "skipped",
            "u[w=x-2]/a/i": "failed",
            "u[w=x-1]/b": "done",
            "u[w=x-2]/b": "done",
        },
    ),
    "edits that a selector does not find, one take after the other": Case(
        SET
        + "  m: {for_each: {p: '{{ steps.s.images }}'}, takes: 2, generate: {prompt: 'M {{ each.p.key }}'}}\n"
        "  u: {for_each: {p: '{{ steps.s.images }}'}, recipe: ./used.yaml}\n"
        "  e: {for_each: {p: '{{ steps.m.images | list }}'}, iterate: {over: '{{ steps.u.at(p=each.p).outputs.images }}', as: e, start: '{{ each.p }}'},\n"
        "      generate: {prompt: 'E {{ each.p.key }}', image_input: '{{ prev }}'}}\n",
        used=GIVEN,
        sets="min",
        ends={
            "m[p=s-1]": "done",
            "m[p=s-1]#2": "done",
            "u[p=s-1]/g": "done",
            "e[p=s-1-1,e=?]": "failed",
            "e[p=s-1-t2-1,e=?]": "failed",
        },
    ),
    "a condition that cannot be told, of a task that loops over a use that is skipped": Case(
        "steps:\n"
        "  s: {generate: {prompt: S}}\n"
        "  n: {when: '{{ steps.s.images | length > 5 }}', generate: {prompt: N}}\n"
        "  u: {for_each: {p: '{{ steps.s.images }}'}, recipe: ./used.yaml, with: {photos: ['{{ each.p }}']}}\n"
        "  t: {for_each: {t: '{{ steps.u.tasks }}'}, when: '{{ optional(steps.n.images) | length == 0 }}', generate: {prompt: 'T {{ each.t.key }}'}}\n",
        used=CONDITIONAL,
        ends={"n": "skipped", "u[p=s-1]/a": "skipped", "t": "skipped"},
    ),
    "a picture that nothing asks for after all, in a use that is to come": Case(
        "steps:\n"
        "  s: {for_each: {w: [a, b]}, generate: {prompt: 'S {{ each.w }}'}}\n"
        "  u: {for_each: {t: '{{ succeeded(steps.s.tasks) }}'}, recipe: ./used.yaml, when: '{{ each.t.images | length == 1 }}',\n"
        "      with: {photos: '{{ each.t.images }}'}}\n",
        used=ONE_OF_TWO,
        ends={
            "s[w=a]": "done",
            "s[w=b]": "done",
            "u[t=a]/a[w=a]": "done",
            "u[t=b]/a[w=a]": "done",
            "u[t=a]/b[t=a.a]": "skipped",
            "u[t=b]/b[t=b.a]": "skipped",
        },
    ),
    "lists that a condition leaves out for some, in uses that are to come": Case(
        SET
        + "  z: {generate: {prompt: Z, sequential_image_generation: auto, max_images: 3}}\n"
        + "  u: {for_each: {i: '{{ steps.z.images }}'}, recipe: ./used.yaml, with: {photos: '{{ steps.s.images }}', z: '{{ each.i }}'}}\n",
        used=LEFT_OUT_FOR_SOME,
        ends={"z": "done"}
        | {f"u[i=z-{number}]/a[w=a]": "done" for number in (1, 2, 3)}
        | {f"u[i=z-{number}]/b[p=?,q=?]": "failed" if number == 3 else "skipped" for number in (1, 2, 3)}
        | {f"u[i=z-{number}]/c[p=?,q=?]": "skipped" for number in (1, 2, 3)},
    ),
    "an output that asks for nothing, of a use of what fails": Case(
        "steps:\n"
        + FAILS
        + "  u: {for_each: {p: '{{ steps.f.images }}'}, recipe: ./used.yaml}\n"
        + "  t: {when: '{{ steps.u.outputs.given | length > 2 }}', generate: {prompt: T}}\n"
        + "  v: {generate: {prompt: 'there are {{ steps.u.outputs.given | length }}'}}\n",
        used="inputs: {photo: {type: image, optional: true}}\nsteps: {a: {generate: {prompt: A}}}\n"
        "outputs: {given: '{{ [inputs.photo] }}', made: '{{ steps.a.images }}'}\n",
        ends={"f": "failed", "u[p=f-1]/a": "blocked", "t": "blocked", "v": "blocked"},
    ),
    "several mentions in one argument, of which one was skipped as a whole": Case(
        "inputs: {no: {type: boolean, default: false}}\nsteps:\n"
        "  s: {generate: {prompt: S}}\n"
        "  n: {for_each: {w: [a, b]}, when: '{{ inputs.no }}', generate: {prompt: 'N {{ each.w }}'}}\n"
        "  u: {for_each: {w: [a, b]}, recipe: ./used.yaml}\n"
        "  t: {generate: {prompt: 'T {{ first_of(steps.n.images, steps.s.images + steps.n.images) | length }}'}}\n"
        "  v: {generate: {prompt: 'V {{ first_of(steps.u.images, steps.s.images + steps.u.images) | length }}'}}\n"
        "  x: {generate: {prompt: 'X {{ optional(steps.n.images + steps.s.images) | length }}'}}\n"
        "  y: {generate: {prompt: 'Y {{ first_of(steps.n.images + steps.u.images, steps.u.images) | length }}'}}\n",
        used="inputs: {no: {type: boolean, default: false}}\nsteps: {a: {when: '{{ inputs.no }}', generate: {prompt: A}}}\n"
        "outputs: {images: '{{ steps.a.images }}'}\n",
        ends={
            "n[w=a]": "skipped",
            "n[w=b]": "skipped",
            "u[w=a]/a": "skipped",
            "u[w=b]/a": "skipped",
            "t": "done",
            "v": "done",
            "x": "done",
            "y": "skipped",
        },
        calls=4,
    ),
    "none for an input that is a list": Case(
        SET
        + "  n: {when: '{{ steps.s.images | length > 1 }}', generate: {prompt: N}}\n"
        + "  u: {recipe: ./used.yaml, with: {photos: '{{ optional(steps.n.images) }}'}}\n",
        used="inputs: {photos: {type: list, of: image}}\n"
        "steps:\n  a: {generate: {prompt: A, image_input: '{{ inputs.photos }}'}}\n"
        "  b: {generate: {prompt: 'B {{ inputs.photos | length }}'}}\n"
        "outputs: {o: '{{ steps.a.images + steps.b.images }}'}\n",
        sets="min",
        ends={"n": "skipped", "u/a": "failed", "u/b": "failed"},
        calls=1,
    ),
    "a use within one whose condition cannot be told": Case(
        "inputs: {no: {type: boolean, default: false}}\nsteps:\n"
        "  s: {generate: {prompt: S}}\n"
        "  n: {for_each: {w: [a, b]}, when: '{{ steps.s.images | length > 2 }}', generate: {prompt: 'N {{ each.w }}'}}\n"
        "  u: {for_each: {w: [c]}, recipe: ./used.yaml, when: '{{ (steps.n.at(w=each.w).images + steps.s.images) | length < 3 }}',\n"
        "      with: {photos: '{{ first_of(steps.n.images, steps.n.images) }}'}}\n",
        used="inputs: {photos: {type: list, of: image}}\nsteps:\n"
        "  a: {recipe: ./inner.yaml, when: '{{ inputs.photos | length != 2 }}', with: {photo: '{{ inputs.photos[0] }}'}}\n"
        "  b: {for_each: {p: '{{ steps.a.images }}'}, generate: {prompt: B, image_input: '{{ each.p }}'}}\n"
        "outputs: {o: '{{ steps.b.images }}'}\n",
        ends={
            "n[w=a]": "skipped",
            "n[w=b]": "skipped",
            "u[w=c]/a/i": "skipped",
            "u[w=c]/b[p=c.i-1]": "skipped",
        },
    ),
}
INNER = "seedflow: 1\ninputs: {photo: {type: image}}\nsteps: {i: {generate: {prompt: I}}}\noutputs: {o: '{{ steps.i.images }}'}\n"


def open_world(folder: Path, case: Case) -> World:
    (folder / "used.yaml").write_text(f"seedflow: 1\n{case.used}")
    (folder / "inner.yaml").write_text(INNER)
    (folder / "several.yaml").write_text(
        INNER.replace("photo: {type: image}", "photos: {type: list, of: image}")
    )
    return World(folder, case.text, provider=FakeProvider(sets=case.sets))


def _by_step(ended: dict[str, str]) -> dict[str, str]:
    """The same, with the step alone of what was skipped: how many tasks it would have had nobody may know."""
    return {
        re.sub(r"\[[^\]]*\]$", "", address) if status == "skipped" else address: status
        for address, status in ended.items()
    }


@pytest.mark.parametrize("most_in_flight", [1, 16])
@pytest.mark.parametrize("name", CASES)
def test_a_further_run_ends_as_the_one_before_it(tmp_path: Path, name: str, most_in_flight: int) -> None:
    case = CASES[name]
    world = open_world(tmp_path, case)
    plan, result = world.plan(), world.run(most_in_flight=most_in_flight)
    first = statuses(result)
    paid = len(world.provider.calls)
    ends = {address: status.replace("reused", "done") for address, status in first.items()}
    assert _by_step({address: status for address, status in ends.items() if address != "s"}) == _by_step(
        case.ends
    )
    assert case.calls in (None, paid)
    assert result.status is not RunStatus.DONE or plan.totals.calls.low <= paid
    assert paid <= plan.totals.calls.high
    assert not has_errors(world.find_problems())
    again = statuses(world.run())
    assert _by_step(
        {address: status.replace("reused", "done") for address, status in again.items()}
    ) == _by_step(ends)
    assert len(world.provider.calls) == paid


WRONG = {
    "lists that never fit": (
        SET
        + '  b: {for_each: "{{ zip(p=[1, 2, 3], y=[4, 5]) }}", when: "{{ steps.s.images | length > 1 }}", generate: {prompt: "B {{ each.p }} {{ each.y }}"}}\n',
        "unequal-lists",
    ),
    "an image that a set never has": (
        SET + '  b: {generate: {prompt: B, image_input: "{{ steps.s.images[3] }}"}}\n',
        "no-such-image",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_whatever_the_results_are_is_an_error_where_they_are_stored_too(
    tmp_path: Path, name: str
) -> None:
    text, code = WRONG[name]
    world = World(tmp_path, SET, provider=FakeProvider(sets="max"))
    world.run()
    world.text = text
    try:
        found = [one.code for one in world.find_problems() if has_errors([one])]
    except AssertionError as error:  # it is seen by the text alone
        found = [part for part in (code,) if part in str(error)]
    assert found == [code]


@pytest.mark.parametrize(
    "mention",
    ["steps.u.outputs.o", "succeeded(steps.u.outputs.o)", "steps.u.tasks", "succeeded(steps.u.tasks)"],
)
@pytest.mark.parametrize("inside", ["{{ 1 > 2 }}", "{{ inputs.n > 2 }}"])
def test_what_is_left_out_inside_of_a_use_that_failed_is_skipped(
    tmp_path: Path, mention: str, inside: str
) -> None:
    case = Case(
        f"steps:\n{FAILS}  w: {{generate: {{prompt: W}}}}\n"
        '  u: {recipe: ./used.yaml, when: "{{ steps.f.images | length > 3 }}", with: {n: "{{ steps.w.images | length }}"}}\n'
        f'  t: {{generate: {{prompt: "T {{{{ {mention} | length }}}}"}}}}\n',
        used=f"inputs: {{n: {{type: integer}}}}\nsteps: {{x: {{when: '{inside}', generate: {{prompt: X}}}}}}\noutputs: {{o: '{{{{ steps.x.images }}}}'}}\n",
        ends={},
    )
    world = open_world(tmp_path, case)
    for _ in range(2):
        ended = statuses(world.run())
        assert (ended["u/x"], ended["t"]) == ("skipped", "skipped")
    assert len(world.provider.calls) == 2


REJECTED = (
    "steps:\n"
    "  s: {generate: {prompt: one, sequential_image_generation: auto, max_images: 3}}\n"
    '  x: {when: "{{ steps.s.images | length > 0 }}", generate: {prompt: fixed}, expect: {min_width: 9999}}\n'
    '  y: {generate: {prompt: Y, image_input: "{{ steps.x.images }}"}}\n'
)


@pytest.mark.parametrize(("least", "x", "y"), [(0, "failed", "blocked"), (3, "skipped", "skipped")])
def test_what_is_stored_but_not_as_expected_waits_for_its_condition(
    tmp_path: Path, least: int, x: str, y: str
) -> None:
    world = World(tmp_path, REJECTED, provider=FakeProvider(sets="max"))
    world.run()
    world.text = REJECTED.replace("prompt: one", "prompt: two").replace("> 0", f"> {least}")
    result = world.run()
    assert statuses(result) == {"s": "done", "x": x, "y": y}
    problems = [task.problem.message for task in result.tasks if task.address == "x" and task.problem]
    assert problems == (
        [
            "what is stored for it is not as expected: image 1 is 96 pixels wide, and `expect` wants at least 9999"
        ]
        if x == "failed"
        else []
    )


def test_an_argument_of_at_that_an_image_to_come_tells_is_waited_for(tmp_path: Path) -> None:
    text = (
        SET
        + '  b: {for_each: {n: [1, 2]}, generate: {prompt: "B {{ each.n }}"}}\n'
        + '  u: {for_each: {p: "{{ steps.s.images }}"}, generate: {prompt: U, image_input: "{{ steps.b.at(n=each.p.number).images }}"}}\n'
    )
    world = World(tmp_path, text, provider=FakeProvider(sets="max"))
    for _ in range(2):
        ended = {address: status for address, status in statuses(world.run()).items() if address[0] == "u"}
        assert {one: status.replace("reused", "done") for one, status in ended.items()} == {
            "u[p=s-1]": "done",
            "u[p=s-2]": "done",
            "u[p=s-3]": "failed",
        }


WIDE_ONES = (
    "seedflow: 1\ninputs: {photo: {type: image}}\nsteps:\n"
    "  wide: {when: '{{ inputs.photo.width > inputs.photo.height }}', generate: {prompt: 'Wide {{ inputs.photo.name }}'}}\n"
    "outputs: {images: '{{ first_of(steps.wide.images, inputs.photo) }}'}\n"
)


@pytest.mark.parametrize(
    ("output", "failing", "files"),
    [
        ("steps.clean.images", "clean[photo=aunt.jpg]/wide", ["2.jpg", "3.jpg"]),
        ("steps.page.images + inputs.photos", "page[n=lake]", ["3.jpg", "4.jpg", "5.jpg", "hill.jpg"]),
        ("steps.set.images + inputs.photos", "set", []),
        ("steps.page.images + steps.card.images", "page[n=lake]", ["page-hill.jpg"]),
    ],
)
def test_no_file_shows_another_picture_in_the_run_after_one_that_failed(
    tmp_path: Path, output: str, failing: str, files: list[str]
) -> None:
    for name, size in {"aunt": (30, 20), "boat": (20, 30), "cat": (25, 25)}.items():
        Image.new("RGB", size, (len(name), size[0], 9)).save(tmp_path / f"{name}.jpg")
    (tmp_path / "wide.yaml").write_text(WIDE_ONES)
    text = (
        "inputs: {photos: {type: list, of: image, default: [aunt.jpg, boat.jpg, cat.jpg]}}\nsteps:\n"
        "  set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}\n"
        "  page: {for_each: {n: [lake, hill]}, generate: {prompt: 'P {{ each.n }}'}}\n"
        "  card: {when: '{{ inputs.photos | length > 9 }}', generate: {prompt: C}}\n"
        "  clean: {for_each: {photo: '{{ inputs.photos }}'}, recipe: ./wide.yaml, with: {photo: '{{ each.photo }}'}}\n"
        f"outputs:\n  x: '{{{{ {output} }}}}'\n"
        "  rest: {images: '{{ steps.set.images + steps.page.images + steps.card.images + steps.clean.images }}', file: 'rest/{{ image.name }}'}\n"
    )
    world = World(tmp_path, text)
    world.provider.meet(failing, reject("moderation"))
    published = []
    for _ in range(2):
        result = world.run(out=tmp_path / "out")
        published.append({file.path.name: file.digest for file in result.outputs["x"]})
    assert sorted(published[0]) == files
    assert result.status is RunStatus.DONE
    assert len(published[1]) > len(files)
    assert published[0].items() <= published[1].items()


@pytest.mark.parametrize("most_in_flight", [1, 16])
def test_a_zip_that_can_never_be_paired_is_blocked_by_what_failed_of_it(
    tmp_path: Path, most_in_flight: int
) -> None:
    fails = (
        "seedflow: 1\ninputs: {photos: {type: list, of: image}}\n"
        "steps: {i: {expect: {min_width: 9999}, generate: {prompt: I}}}\noutputs: {images: '{{ steps.i.images }}'}\n"
    )
    case = Case(
        SET
        + "  u: {for_each: {p: '{{ steps.s.images }}'}, recipe: ./used.yaml, with: {photo: '{{ each.p }}'}, when: '{{ each.p.number > 0 }}'}\n",
        used=(
            "inputs: {photo: {type: image}}\n"
            "steps:\n"
            "  a: {for_each: {w: [q, r]}, recipe: ./fails.yaml, with: {photos: ['{{ inputs.photo }}']}}\n"
            "  z: {for_each: \"{{ zip(p=(steps.a.images + steps.a.outputs.images[1:]), y=['q', 'r']) }}\", "
            "recipe: ./inner.yaml, with: {photo: '{{ each.p }}'}}\n"
            "outputs: {o: '{{ steps.z.outputs.o }}'}\n"
        ),
        ends={},
        sets="min",
    )
    world = open_world(tmp_path, case)
    (tmp_path / "fails.yaml").write_text(fails)
    for _ in range(2):
        ended = statuses(world.run(most_in_flight=most_in_flight))
        assert (ended["u[p=s-1]/a[w=q]/i"], ended["u[p=s-1]/z[p=?,y=?]"]) == ("failed", "blocked")


ROW = (
    "  b: {for_each: {x: [p, q]}, generate: {prompt: 'B {{ each.x }}', image_input: '{{ steps.a.images[0] }}'}}\n"
    "  c: {generate: {prompt: C, image_input: '{{ steps.b.images }}'}}\n"
)


@pytest.mark.parametrize(
    ("before", "after", "calls"),
    [
        ("a: {generate: {prompt: A}}", "a: {generate: {prompt: A2}}", 4),
        ("a: {generate: {prompt: A}}", "a: {generate: {prompt: A, size: 4K}}", 4),
        (
            "a: {iterate: {over: [x, y], as: e, start: '{{ inputs.photo }}'}, generate: {prompt: '{{ each.e }}', image_input: '{{ prev }}'}}",
            "a: {iterate: {over: [w, y], as: e, start: '{{ inputs.photo }}'}, generate: {prompt: '{{ each.e }}', image_input: '{{ prev }}'}}",
            5,
        ),
    ],
    ids=["prompt", "size", "edit"],
)
def test_what_uses_a_picture_that_is_made_anew_is_counted_for_certain(
    tmp_path: Path, before: str, after: str, calls: int
) -> None:
    Image.new("RGB", (40, 40)).save(tmp_path / "cat.jpg")
    inputs = "inputs: {photo: {type: image, default: cat.jpg}}\n"
    world = World(tmp_path, f"{inputs}steps:\n  {before}\n{ROW}")
    world.run()
    world.text = f"{inputs}steps:\n  {after}\n{ROW}"
    assert world.plan().totals.calls == (calls, calls)
    paid = len(world.provider.calls)
    world.run()
    assert len(world.provider.calls) == paid + calls


def test_what_uses_what_may_be_had_without_paying_is_perhaps_stored(tmp_path: Path) -> None:
    world = World(tmp_path, f"steps:\n  a: {{generate: {{prompt: A}}}}\n{ROW}")
    (made,) = (task.images for task in world.run().tasks if task.address == "a")
    made[0].path.unlink()
    assert world.plan().totals.calls == (0, 4)
