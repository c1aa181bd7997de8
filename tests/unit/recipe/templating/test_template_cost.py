"""No template costs more than a fraction of a second or 64 MB, whatever is in it; what would is a problem with a place."""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seedflow.diagnostics import Source
from seedflow.recipe.template import RenderError, Scope, parse_template
from seedflow.recipe.templating import limits
from seedflow.text.nodes import Scalar

MOST_SECONDS = 1.0
MOST_BYTES = 64 * 2**20

TOO_DEEP = "template-too-deep"
COST = "template-cost"

EXPENSIVE = {
    # Measured against Jinja's own sandbox: each of these costs it seconds, or up to 1.5 GB.
    "a long range": ("{{ range(100001) | list }}", COST),
    "three nested loops of 300": ("{% for a in range(300) %}{% for b in range(300) %}{% for c in range(300) %}{% endfor %}{% endfor %}{% endfor %}", COST),
    "four nested loops": ("{% for a in range(9) %}" * 4 + "{% endfor %}" * 4, TOO_DEEP),
    "a text many times": ("{{ 'A' * 1000000000 }}", COST),
    "a list many times": ("{{ [0] * 200000000 }}", COST),
    "nothing many times": ("{{ ([] * 1000000000000000000) | length }}{{ '' * 1000000000000000000 }}", None),
    "center": ("{{ 'a' | center(1000000000) }}", "template-unknown-filter"),
    "ljust": ("{{ 'a'.ljust(1000000000) }}", "template-no-methods"),
    "printf": ("{{ '%1000000000d' % 1 }}", "template-type"),
    "format": ("{{ '{:1000000000}'.format(1) }}", "template-no-methods"),
    "replace of replace": ("{{ 'aaaaaaaaaa'" + " | replace('a', 'a' * 1000)" * 3 + " }}", COST),
    "lipsum": ("{{ lipsum(n=100000) }}", "template-unknown-function"),
    "slice": ("{{ range(3) | slice(100000000) | list }}", "template-unknown-filter"),
    "wordwrap": ("{{ ('a' * 5000000) | wordwrap(1) }}", "template-unknown-filter"),
    "2,000 parentheses": ("{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}", TOO_DEEP),
    "500 nested ifs": ("{% if true %}" * 500 + "x" + "{% endif %}" * 500, TOO_DEEP),
    "20,000 times not": ("{{ " + "not " * 15_000 + "1 }}", TOO_DEEP),
    # What one would try next.
    "99 times not": ("{{ " + "not " * 98 + "1 }}", None),
    "a chain of signs": ("{{ " + "-" * 20_000 + "1 }}", TOO_DEEP),
    "a chain of plus": ("{{ 1" + " + 1" * 15_000 + " }}", TOO_DEEP),
    "a chain of filters": ("{{ 'a'" + " | upper" * 7_000 + " }}", TOO_DEEP),
    "a chain of dots": ("{{ each.scene" + ".a" * 20_000 + " }}", TOO_DEEP),
    "a chain of dots on a variable": ("{% set x = 1 %}{{ x" + ".a" * 20_000 + " }}", TOO_DEEP),
    "a chain of brackets": ("{{ inputs.words" + "[0:]" * 15_000 + " }}", TOO_DEEP),
    "a chain of else": ("{{ 1" + " if 1 else 1" * 5_000 + " }}", TOO_DEEP),
    "many elif": ("{% if 0 %}" + "{% elif 0 %}" * 5_000 + "{% endif %}", None),
    "many and": ("{{ 1" + " and 1" * 9_000 + " }}", TOO_DEEP),
    "a long concatenation": ("{{ 1" + " ~ 1" * 15_000 + " }}", None),
    "a long list": ("{{ [" + "1," * 30_000 + "] | length }}", None),
    "a long record": ("{{ {" + "".join(f"'a{n}':1," for n in range(6_000)) + "} | length }}", None),
    "a record of one name": ("{{ {" + "'a':1," * 10_000 + "} | length }}", "template-syntax"),
    "many expressions": ("{{inputs.count|abs}}" * 3_200, None),
    "many unknown names": ("{{ inptus.x }}" * 4_000, "template-unknown-name"),
    "many unknown filters": ("{{1|uppper}}" * 5_000, "template-unknown-filter"),
    "an unclosed text": ("{{ '" + "\\'" * 30_000, "template-unclosed"),
    "a long number": ("{{ " + "9" * 60_000 + " }}", "template-syntax"),
    "a long number with underscores": ("{{ " + "1_" * 30_000 + " }}", "template-syntax"),
    "white space before raw": ("{% " + " " * 60_000, "template-unclosed"),
    "many raws": ("{% raw %}" + "{% " * 20_000, "template-unclosed"),
    "a power tower": ("{{ 9 ** 9 ** 9 ** 9 }}", "template-number"),
    "a power of ten": ("{{ 10 ** 1000 }}", "template-number"),
    "a float that overflows": ("{{ 1e308 * 10 }}", "template-number"),
    "squares of squares": ("{% set x = 9999 %}{% set x = x * x %}{% set x = x * x %}{% set x = x * x %}{{ x * x }}", "template-number"),
    "doubling text": ("{% set x = 'ab' %}" + "{% set x = x ~ x %}" * 60 + "{{ x | length }}", COST),
    "doubling lists": ("{% set x = [1] %}" + "{% set x = [x, x] %}" * 60 + "{{ x == x }}", COST),
    "doubling records": ("{% set x = {} %}" + "{% set x = {'a': x, 'b': x} %}" * 60 + "{{ x == x }}", COST),
    "nesting lists": ("{% set x = [1] %}" + "{% set x = [x] %}" * 500 + "{{ x == x }}", COST),
    "macros that call each other twice": (
        "{% macro m0() %}x{% endmacro %}"
        + "".join(f"{{% macro m{n + 1}() %}}{{{{ m{n}() }}}}{{{{ m{n}() }}}}{{% endmacro %}}" for n in range(40))
        + "{{ m40() }}",
        COST,
    ),
    "macros that call each other without end": (
        "{% macro m0() %}x{% endmacro %}"
        + "".join(f"{{% macro m{n + 1}() %}}{{{{ m{n}() }}}}{{% endmacro %}}" for n in range(900))
        + "{{ m900() }}",
        TOO_DEEP,
    ),
    "operations in macros in macros": (
        "{% macro m0() %}x{% endmacro %}"
        + "".join(
            f"{{% macro m{n + 1}() %}}{{{{ {'not ' * 90} m{n}() }}}}{{% endmacro %}}" for n in range(48)
        )
        + "{{ m48() }}",
        TOO_DEEP,
    ),
    "a macro in loops": (
        "{% macro m() %}{% for a in range(100) %}{% endfor %}{% endmacro %}{% for a in range(100) %}{% for b in range(100) %}{{ m() }}{% endfor %}{% endfor %}",
        COST,
    ),
    "texts kept in variables": (
        "{% set big = 'x' * 60000 %}" + "".join(f"{{% set t{n} %}}{{{{ big }}}}{{% endset %}}" for n in range(1_400)), COST
    ),
    "texts kept by concatenation": (
        "{% set big = 'x' * 60000 %}" + "".join(f"{{% set t{n} = big ~ {n} %}}" for n in range(1_700)), COST
    ),
    "texts kept in a list": ("{{ range(10000) | map('default') | list }}", "template-type"),
    "a long text in a loop": ("{% set big = 'ab ' * 20000 %}{% for a in range(10000) %}{% if big | title == big %}{% endif %}{% endfor %}", COST),
    "searching in a loop": ("{% set big = 'ab' * 30000 %}{% for a in range(10000) %}{% if 'b' * 999 in big %}{% endif %}{% endfor %}", COST),
    "comparing in a loop": (
        "{% set x = 'ab' * 30000 %}{% set y = x | upper | lower %}{% for a in range(10000) %}{% if x == y %}{% endif %}{% endfor %}", COST
    ),
    "membership in a loop": ("{% set x = range(10000) %}{% for a in range(10000) %}{% if -1 in x %}{% endif %}{% endfor %}", COST),
    "membership of a text in a loop": ("{% for a in range(10000) %}{% if 'z' in inputs.large %}{% endif %}{% endfor %}", COST),
    "sorting in a loop": ("{% set x = range(10000) %}{% for a in range(10000) %}{% if x | sort %}{% endif %}{% endfor %}", COST),
    "slicing in a loop": ("{% set x = range(10000) %}{% for a in range(10000) %}{% if x[1:] %}{% endif %}{% endfor %}", COST),
    "printing without end": ("{% for a in range(10000) %}{% for b in range(10) %}a sentence of some length{% endfor %}{% endfor %}", COST),
    "a slug of marks": ("{{ ('́̕' * 30000) | slug }}", COST),
    "a title of marks": ("{{ ('- ' * 30000) | title | length }}", None),
    "capitals that grow": ("{{ ('ﬃ' * 60000) | upper | length }}", COST),
    "loops over large inputs": ("{% for a in inputs.large %}{% for b in inputs.large %}{% endfor %}{% endfor %}", COST),
    "sorting large inputs": ("{{ inputs.large | sort | unique | length }}", None),
    "joining large inputs": ("{{ inputs.large | join }}", COST),
    "a large input as text": ("a {{ inputs.long }}", COST),
    "a large input as a value": ("{{ inputs.long }}", None),
    "a large input with a filter": ("{{ inputs.long | upper }}", COST),
    "large inputs compared in a loop": ("{% for a in range(10000) %}{% if inputs.long == inputs.long2 %}{% endif %}{% endfor %}", COST),
}  # fmt: skip # a row a line

LARGE = Scope(
    inputs={
        "count": 3,
        "words": ["red", "green"],
        "large": [f"item number {n}" for n in range(20_000)],
        "long": "a long text, " * 100_000,
        "long2": "".join(["a long text, "] * 100_000),
    },
    each={"scene": "lake"},
)
EVERYWHERE = frozenset({"inputs", "values", "steps", "each", "ref", "recipe"})


def scalar(text: str) -> Scalar:
    return Scalar(Source("recipe.yaml", text), 0, len(text), text, "|")


def read_and_render(text: str) -> str | None:
    """The code of what stops a template, or None when nothing does."""
    template, diagnostics = parse_template(scalar(text), roots=EVERYWHERE)
    if diagnostics:
        return diagnostics[0].code
    try:
        template.render(LARGE)
    except RenderError as error:
        return error.code
    return None


def measure_all() -> dict[str, tuple[str | None, float]]:
    """For each template what stops it and its CPU seconds, in a process that may not grow by more than `MOST_BYTES`."""
    read_and_render("{{ 'warm' | upper }}")
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    measured = {}
    for name, (text, _) in EXPENSIVE.items():
        code, seconds = None, math.inf
        for _ in range(3):  # where something else slows the machine for a moment, again
            if seconds > MOST_SECONDS:
                before = time.process_time()
                code = read_and_render(text)
                seconds = min(seconds, time.process_time() - before)
        measured[name] = (code, seconds)
    return measured


@pytest.fixture(scope="module")
def measured() -> dict[str, tuple[str | None, float]]:
    here = Path(__file__)
    done = subprocess.run(
        [sys.executable, str(here)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(here.parents[4])},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, tuple[str | None, float]] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="limits the memory of a process by what /proc says"
)
def test_no_template_costs_much_time_or_memory(measured) -> None:
    assert {name: code for name, (code, _) in measured.items()} == {
        name: code for name, (_, code) in EXPENSIVE.items()
    }
    assert {name: seconds for name, (_, seconds) in measured.items() if seconds > MOST_SECONDS} == {}


@pytest.mark.parametrize("name", [name for name, (_, code) in EXPENSIVE.items() if code])
def test_what_would_cost_too_much_is_a_problem_with_a_place(name: str) -> None:
    text, code = EXPENSIVE[name]
    template, diagnostics = parse_template(scalar(text), roots=EVERYWHERE)
    if diagnostics:
        assert all(one.code == code and one.span is not None for one in diagnostics)
        return
    with pytest.raises(RenderError) as caught:
        template.render(LARGE)
    assert caught.value.code == code
    assert 0 <= caught.value.start < caught.value.end <= len(text)


def test_rendered_text_stops_at_64_kib(render, failure) -> None:
    assert len(render("{{ 'ab' * 32768 }}{% set x = 1 %}")) == limits.MAX_TEXT_CHARACTERS
    assert failure("{{ 'ab' * 32768 }}!").code == COST
    assert len(render("{{ inputs.hero }}", Scope(inputs={"hero": "x" * 65_536}), as_text=True)) == 65_536
    assert failure("{{ inputs.hero }}", Scope(inputs={"hero": "x" * 65_537}), as_text=True).code == COST


def test_a_source_longer_than_64_kib_is_refused_unless_it_is_literal(problem) -> None:
    assert problem("{{ inputs.hero }}" + "x" * 65_536).code == "template-too-large"
    template, diagnostics = parse_template(scalar("x" * 100_000), roots=EVERYWHERE)
    assert diagnostics == []
    assert template.literal(as_text=True) == "x" * 100_000


def test_deep_stacks_do_not_turn_into_crashes() -> None:
    """Whoever calls from deep inside gets a problem of the text or the value, never a RecursionError from parsing."""

    def call_from(depth: int) -> str | None:
        if depth:
            return call_from(depth - 1)
        _, diagnostics = parse_template(
            scalar("{{ " + "(" * 16 + "1" + ")" * 16 + f" + {depth} }}}}"), roots=EVERYWHERE
        )
        return diagnostics[0].code if diagnostics else None

    assert call_from(750) in (None, TOO_DEEP)


@pytest.mark.parametrize("number", [100, 101])
def test_as_many_operations_stand_in_each_other_as_the_message_says(render, problem, number: int) -> None:
    text = "{{ 0" + " + 1" * number + " }}"
    if number == limits.MAX_DEPTH:
        assert render(text) == number
    else:
        assert problem(text).message == "more than 100 operations stand in each other"


@pytest.mark.parametrize("number", [64, 65])
def test_as_many_lists_stand_in_each_other_as_the_message_says(render, failure, number: int) -> None:
    text = "{% set a = [1] %}" + "{% set a = [a] %}" * (number - 1) + "{{ a | length }}"
    if number == limits.MAX_NESTING:
        assert render(text) == "1"
    else:
        assert failure(text).message == "lists stand more than 64 deep in each other"


if __name__ == "__main__":
    print(json.dumps(measure_all()))
