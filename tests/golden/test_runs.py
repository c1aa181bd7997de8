"""Runs word by word: what is shown while they run, what came of them, and the JSON of the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.golden.harness import GOLDEN, ROOT, SHIPPED, Shell, hide_chance, hide_paths

Golden = Callable[[str, str], None]

FORK = """\
seedflow: 1
name: fork
steps:
  good: {generate: {prompt: Good}}
  bad: {generate: {prompt: Bad}}
  uses_good: {generate: {prompt: From good, image_input: ["{{ steps.good.images[0] }}"]}}
  uses_bad:
    for_each: {time: [day, night]}
    generate: {prompt: "From bad by {{ each.time }}", image_input: ["{{ steps.bad.images[0] }}"]}
outputs:
  good: "{{ steps.uses_good.images[0] }}"
  bad: {images: "{{ steps.uses_bad.images }}", file: "{{ each.time }}"}
"""

CHAIN = """\
seedflow: 1
name: chain
steps:
  first: {generate: {prompt: First}}
  second: {generate: {prompt: Second, image_input: ["{{ steps.first.images[0] }}"]}}
  third: {generate: {prompt: Third, image_input: ["{{ steps.second.images[0] }}"]}}
"""

WRONG = """\
seedflow: 1
name: wrong
inputs: {words: {type: list, of: text, default: [a, b]}}
steps:
  sheet: {generate: {prompt: Sheet, sequential_image_generation: auto, max_images: 4}}
  page:
    for_each: {view: {in: "{{ steps.sheet.images }}", at_most: 2}}
    generate: {prompt: Page, image_input: "{{ each.view }}"}
  card:
    for_each: "{{ zip(view=steps.sheet.images, word=inputs.words) }}"
    generate: {prompt: "{{ each.word }}", image_input: "{{ each.view }}"}
  book: {generate: {prompt: Book, image_input: "{{ steps.page.images }}"}}
"""
"""A sheet of four turns out to be too long for what uses it."""

CHAIN_WITH_CONDITION = CHAIN.replace("third: {", 'third: {when: "{{ steps.second.images[0].width > 1 }}", ')
"""Only the run can know whether its last step is made."""

SMALL = {
    "advertisement": "markets: [{market: se, language: Swedish, headline: Tidigt ute.}]\nformats: [{name: story, ratio: 9:16}]",
    "cast-and-scenes": "scenes: [at sea]",
    "catalogue": "products: [{sku: a 1, title: Lamp, material: brass, price: 12 €, featured: true}, {sku: b, title: Mug, material: tin, price: 4 €}]",
    "comic-page": "most_panels: 3",
    "formats": "formats: [{name: banner, ratio: 21:9}]",
    "four-seasons": "seasons: [{name: autumn, scene: on a wet stone}]\nformats: [{name: feed, ratio: 3:4}]",
    "logo-directions": "directions: [monogram]",
    "restoration": "colour: false",
    "retouch": "edits: [hang a mirror]",
    "room-makeover": "changes: [paint it green, lay a carpet]\nlights: [at noon]",
    "storybook": "scenes: [at sea]",
    "style-transfer": "photos: [owl.png]",
    "turnaround": "views: [from behind]",
}
"""Inputs with which shipped recipes make few pictures; the others run as they are."""


@pytest.fixture
def paid(shell: Shell, emulator: Any) -> Shell:
    """A project whose provider is an emulator, asked one call after the other."""
    for name, value in emulator.env.items():
        shell.set_env(name, value)
    (shell.folder / "fork.yaml").write_text(FORK)
    (shell.folder / "chain.yaml").write_text(CHAIN)
    (shell.folder / "seedflow.yaml").write_text("provider: {concurrency: 1}\n")
    return shell


def normal(text: str, shell: Shell) -> str:
    """Without what differs from run to run; tasks that are at work together end in any order."""
    plain = re.sub(r"again in [0-9.]+ s", "again in N s", hide_chance(hide_paths(text, shell.folder)))
    return re.sub(
        r"(?:^[✓✗?~] .*\n(?: {4}\S.*\n)*)+",
        lambda found: "".join(sorted(re.findall(r"\S.*\n(?: {4}\S.*\n)*", found[0]))),
        plain,
        flags=re.MULTILINE,
    )


def test_a_sketch_then_the_same_again_then_with_a_change(shell: Shell, golden: Golden) -> None:
    recipe = shell.copy(ROOT / "recipes" / "character-sheet.yaml")
    golden("runs/sketch.txt", shell.seedflow("run", recipe.name).text)
    golden("runs/sketch-again.txt", shell.seedflow("run", recipe.name).text)
    golden("runs/sketch-changed.txt", shell.seedflow("run", recipe.name, "-i", "character=an owl").text)


def test_many_pictures_are_listed_in_part(shell: Shell, golden: Golden) -> None:
    (shell.folder / "seedflow.yaml").write_text("provider: {concurrency: 1}\n")
    (shell.folder / "many.yaml").write_text(
        "seedflow: 1\nsteps:\n  page:\n    for_each: {n: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]}\n"
        '    generate: {prompt: "Page {{ each.n }}"}\n'
    )
    text = shell.seedflow("run", "many.yaml").text
    ended = [line for line in text.splitlines() if line.startswith("✓ ")]
    assert len(ended) == 14
    golden("runs/many.txt", "\n".join(line for line in text.splitlines() if line not in ended) + "\n")


def test_a_paid_run(paid: Shell, golden: Golden) -> None:
    golden("runs/paid.txt", normal(paid.seedflow("run", "fork.yaml", "--max-cost", "1").text, paid))


def test_a_failure_and_what_depends_on_it(paid: Shell, start_emulator: Any, golden: Golden) -> None:
    emulator = start_emulator("--no-log")  # which would tell whether it was billed
    for name, value in emulator.env.items():
        paid.set_env(name, value)
    emulator.set_faults({"kind": "moderation", "match": {"task": "bad"}})
    golden("runs/moderation.txt", normal(paid.seedflow("run", "fork.yaml", "--yes").text, paid))
    golden("plans/refused-before.txt", normal(paid.seedflow("plan", "fork.yaml").text, paid))
    golden("runs/refused-before.txt", normal(paid.seedflow("run", "fork.yaml", "--yes").text, paid))
    assert len(emulator.requests()) == 3
    again = paid.seedflow("run", "fork.yaml", "--yes", "--on-unknown", "retry")
    golden("runs/moderation-then-done.txt", normal(again.text, paid))


def test_what_fails_again_says_what_to_change_and_where(shell: Shell, golden: Golden) -> None:
    (shell.folder / "wrong.yaml").write_text(WRONG)
    golden("runs/to-change.txt", normal(shell.seedflow("run", "wrong.yaml").text, shell))
    golden("runs/to-change-again.txt", normal(shell.seedflow("run", "wrong.yaml").text, shell))


def test_the_same_as_data(paid: Shell, emulator: Any, golden: Golden) -> None:
    emulator.set_faults({"kind": "moderation", "match": {"task": "bad"}})
    ended = paid.seedflow("run", "fork.yaml", "--yes", "--json")
    assert ended.code == 3
    golden("runs/moderation.json", hide_chance(ended.out.replace(str(paid.folder), "PROJECT")))
    golden("runs/moderation-beside-json.txt", normal(ended.err, paid))


def test_a_rate_limit_that_passes(paid: Shell, emulator: Any, golden: Golden) -> None:
    emulator.set_faults(
        {"kind": "status", "status": 429, "code": 3040, "message": "capacity", "retry_after_s": 0, "times": 2}
    )
    golden("runs/rate-limited.txt", normal(paid.seedflow("run", "fork.yaml", "--yes").text, paid))


def test_a_wait_that_is_too_long_ends_the_run_and_is_told(paid: Shell, emulator: Any, golden: Golden) -> None:
    (paid.folder / "chain.yaml").write_text(CHAIN)
    emulator.set_faults({"scenario": "upstream-rpm", "retry_after_s": 3600, "match": {"step": "second"}})
    ended = paid.seedflow("run", "chain.yaml", "--yes")
    assert ended.code == 3
    golden("runs/long-wait.txt", normal(ended.text, paid))


def test_an_outcome_that_nobody_knows(shell: Shell, start_emulator: Any, golden: Golden) -> None:
    emulator = start_emulator("--no-log")
    for name, value in emulator.env.items():
        shell.set_env(name, value)
    (shell.folder / "one.yaml").write_text("seedflow: 1\nsteps:\n  a: {generate: {prompt: One}}\n")
    emulator.set_faults({"kind": "bill-then-drop"})
    golden("runs/unknown.txt", normal(shell.seedflow("run", "one.yaml", "--yes").text, shell))
    again = shell.seedflow("run", "one.yaml", "--yes", "--on-unknown", "retry")
    golden("runs/unknown-retried.txt", normal(again.text, shell))


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("lost-paid", {"kind": "dead-url"}),
        ("broken-picture", {"kind": "broken-picture", "damage": "noise"}),
        ("wrong-answer", {"kind": "wrong-schema"}),
    ],
)
def test_a_call_that_ends_badly(
    name: str, fault: dict[str, Any], paid: Shell, emulator: Any, golden: Golden
) -> None:
    emulator.set_faults({**fault, "match": {"task": "good"}})
    ended = paid.seedflow("run", "fork.yaml", "--yes")
    text = re.sub(r"\d+\.part\b", "N.part", normal(ended.text, paid))
    golden(f"runs/{name}.txt", re.sub(r"rejected/\S+?(?=[\s;])", "rejected/FILE", text))
    if name == "lost-paid":
        golden("runs/lost-paid-planned.txt", normal(paid.seedflow("plan", "fork.yaml").text, paid))


GATHER = """\
seedflow: 1
name: gather
steps:
  page:
    for_each: {time: [day, night, noon]}
    generate: {prompt: "A page by {{ each.time }}"}
  framed:
    for_each: {time: [day, night, noon]}
    generate:
      prompt: "{{ ref.page }} in a frame"
      image_input: {page: "{{ steps.page.at(time=each.time).images[0] }}"}
  signed:
    for_each: {picture: "{{ steps.framed.images }}"}
    generate: {prompt: "{{ ref.picture }}, signed", image_input: {picture: "{{ each.picture }}"}}
  grid:
    generate: {prompt: "A grid{% if ref.pages %} of {{ ref.pages }}{% endif %}", image_input: {pages: "{{ succeeded(steps.page.images) }}"}}
  all:
    generate: {prompt: "All of {{ ref.pages }}", image_input: {pages: "{{ steps.framed.images }}"}}
outputs:
  grid: "{{ steps.grid.images[0] }}"
  all: "{{ steps.all.images[0] }}"
  signed: "{{ steps.signed.images }}"
"""

EXPECTING = """\
seedflow: 1
name: expecting
steps:
  sheet:
    generate: {prompt: A sheet, sequential_image_generation: auto, max_images: 3}
    expect: {images: 3, otherwise: retry, attempts: 3}
  wide:
    for_each: {place: [lake, library]}
    generate: {prompt: "A {{ each.place }}"}
    expect: {min_width: 5000, otherwise: retry, attempts: 2}
  page:
    for_each: {place: [lake, library]}
    generate:
      prompt: "A page of {{ ref.wide }}"
      image_input: {wide: "{{ steps.wide.at(place=each.place).images[0] }}"}
outputs:
  sheet: "{{ steps.sheet.images }}"
  pages: "{{ steps.page.images }}"
"""


def test_what_goes_on_without_a_failure_and_what_does_not(paid: Shell, emulator: Any, golden: Golden) -> None:
    (paid.folder / "gather.yaml").write_text(GATHER)
    fault = {"kind": "moderation", "times": 2}
    emulator.set_faults(
        {**fault, "match": {"task": "page[time=day]"}}, {**fault, "match": {"task": "page[time=noon]"}}
    )
    golden("runs/succeeded.txt", normal(paid.seedflow("run", "gather.yaml", "--yes").text, paid))
    ended = paid.seedflow("run", "gather.yaml", "--yes", "--json")
    golden("runs/succeeded.json", hide_chance(ended.out.replace(str(paid.folder), "PROJECT")))


def test_attempts_until_a_result_is_as_expected_or_none_is_left(
    paid: Shell, start_emulator: Any, golden: Golden
) -> None:
    emulator = start_emulator("--sets", "random", "--seed", "3")
    for name, value in emulator.env.items():
        paid.set_env(name, value)
    (paid.folder / "expecting.yaml").write_text(EXPECTING)
    golden("runs/attempts.txt", normal(paid.seedflow("run", "expecting.yaml", "--yes").text, paid))
    golden("plans/rejected.txt", normal(paid.seedflow("plan", "expecting.yaml").text, paid))
    golden("runs/rejected.txt", normal(paid.seedflow("run", "expecting.yaml", "--yes").text, paid))


def test_a_condition_that_is_false_and_what_goes_with_it(shell: Shell, golden: Golden) -> None:
    recipe = shell.copy(GOLDEN / "plans" / "conditions.yaml")
    golden("runs/skipped.txt", normal(shell.seedflow("run", recipe.name).text, shell))
    golden("runs/skipped-again.txt", shell.seedflow("run", recipe.name).text)


def test_tasks_that_come_of_others_are_known_once_these_are_stored(shell: Shell, golden: Golden) -> None:
    recipe = shell.copy(GOLDEN / "plans" / "dynamic.yaml")
    golden("runs/dynamic.txt", normal(shell.seedflow("run", recipe.name).text, shell))
    golden("plans/dynamic-stored.txt", shell.seedflow("plan", recipe.name).text)


def test_a_task_that_is_asked_anew_shows_its_take(shell: Shell, golden: Golden) -> None:
    recipe = shell.copy(GOLDEN / "plans" / "takes.yaml")
    assert shell.seedflow("run", recipe.name).code == 0
    golden("runs/reroll.txt", normal(shell.seedflow("run", recipe.name, "--reroll", "idea#2").text, shell))
    golden("plans/rerolled.txt", shell.seedflow("plan", recipe.name).text)


def test_a_recipe_that_is_used(shell: Shell, golden: Golden) -> None:
    recipe = shell.copy(GOLDEN / "plans" / "used.yaml")
    golden("runs/used.txt", normal(shell.seedflow("run", recipe.name).text, shell))
    golden("plans/used-stored.txt", shell.seedflow("plan", recipe.name).text)


def test_no_credit_ends_the_run(paid: Shell, emulator: Any, golden: Golden) -> None:
    emulator.set_faults(
        {"kind": "status", "status": 402, "code": 2021, "message": "no credit", "match": {"task": "second"}}
    )
    golden("runs/no-credit.txt", normal(paid.seedflow("run", "chain.yaml", "--yes").text, paid))


def test_a_run_that_max_cost_stops_names_it(paid: Shell, golden: Golden) -> None:
    (paid.folder / "seedflow.yaml").write_text("provider: {concurrency: 1}\n")
    (paid.folder / "chain.yaml").write_text(CHAIN_WITH_CONDITION)
    ended = paid.seedflow("run", "chain.yaml", "--max-cost", "0.10")
    golden("runs/budget-max-cost.txt", normal(ended.text, paid))


def test_a_wrong_token(paid: Shell, golden: Golden) -> None:
    (paid.folder / "seedflow.yaml").write_text("provider: {concurrency: 1}\n")
    paid.set_env("CLOUDFLARE_API_TOKEN", "another-token")
    golden("runs/wrong-token.txt", normal(paid.seedflow("run", "fork.yaml", "--yes").text, paid))


def test_budgets(paid: Shell, golden: Golden) -> None:
    golden("runs/nobody-to-ask.txt", normal(paid.seedflow("run", "fork.yaml").text, paid))
    golden(
        "runs/budget-too-small.txt", normal(paid.seedflow("run", "fork.yaml", "--max-cost", "0.1").text, paid)
    )
    (paid.folder / "seedflow.yaml").write_text("provider: {concurrency: 1}\nbudget: {day_usd: 0.10}\n")
    (paid.folder / "chain.yaml").write_text(CHAIN_WITH_CONDITION)
    golden("runs/budget-used-up.txt", normal(paid.seedflow("run", "chain.yaml", "--yes").text, paid))


@pytest.mark.parametrize(
    ("name", "budget"),
    [("step", "step_usd: 0.05"), ("project", "project_usd: 0.14")],
)
def test_a_budget_that_the_least_passes_stops_a_run_before_it_begins(
    name: str, budget: str, paid: Shell, emulator: Any, golden: Golden
) -> None:
    assert paid.seedflow("run", "chain.yaml", "--yes").code == 0
    paid_calls = emulator.bill()["calls"]
    (paid.folder / "seedflow.yaml").write_text(f"budget:\n  {budget}\n")
    ended = paid.seedflow("run", "fork.yaml", "--yes")
    golden(f"runs/budget-{name}.txt", normal(ended.text, paid))
    refusal = ended.err.partition("error: ")[2].partition("; nothing was sent")[0]
    planned = " ".join(paid.seedflow("plan", "fork.yaml").out.split())
    assert planned.endswith(f"A run would not begin: {refusal}.")
    ended = paid.seedflow("run", "fork.yaml", "--yes", "--json")
    assert (ended.code, json.loads(ended.out)["problems"][0]["kind"]) == (4, "budget")
    assert emulator.bill()["calls"] == paid_calls


def test_a_large_recipe_is_worked_off_day_by_day(paid: Shell, emulator: Any, golden: Golden) -> None:
    (paid.folder / "seedflow.yaml").write_text("provider: {concurrency: 1}\nbudget:\n  day_usd: 0.09\n")
    planned = " ".join(paid.seedflow("plan", "chain.yaml").out.split())
    assert (
        "A run stops on its way, and goes on when it is run on another day: the plan costs at least"
        in planned
    )
    ended = paid.seedflow("run", "chain.yaml", "--yes")
    golden("runs/budget-day.txt", normal(ended.text, paid))
    assert (ended.code, emulator.bill()["calls"]) == (4, 2)


def test_a_file_in_the_way(shell: Shell, golden: Golden) -> None:
    (shell.folder / "one.yaml").write_text("seedflow: 1\nsteps:\n  a: {generate: {prompt: One}}\n")
    (shell.folder / "here").mkdir()
    (shell.folder / "here" / "a.jpg").write_text("mine")
    golden("runs/file-in-the-way.txt", normal(shell.seedflow("run", "one.yaml", "--out", "here").text, shell))


def test_errors_in_the_recipe_end_a_run_before_it_begins(shell: Shell, golden: Golden) -> None:
    recipe = shell.copy(GOLDEN / "complain" / "unknown-step.yaml")
    golden("runs/recipe-errors.txt", shell.seedflow("run", recipe.name).text)


@pytest.mark.parametrize(
    "path",
    [*sorted(SHIPPED.glob("*.yaml")), *sorted(SHIPPED.glob("blocks/*.yaml"))],
    ids=lambda path: path.stem,
)
def test_every_shipped_recipe_runs_by_its_name(path: Path, shell: Shell, golden: Golden) -> None:
    (shell.folder / "inputs.yaml").write_text(SMALL.get(path.stem, "{}"))
    ended = shell.seedflow("run", path.stem, "--inputs", "inputs.yaml")
    assert (ended.code, ended.err) == (0, "")
    golden(f"runs/shipped/{path.stem}.txt", normal(ended.out, shell))


def test_pages_of_the_storybook_stand_in_the_order_of_the_story(shell: Shell) -> None:
    scenes = ["zebras at noon", "at sea", "home"]
    words = [word for scene in scenes for word in ("-i", f"scenes={scene}")]
    assert shell.seedflow("run", "storybook", *words).code == 0
    pages = shell.folder / "outputs" / "sketch" / "storybook" / "pages"
    assert [path.name for path in sorted(pages.iterdir())] == [
        "1-zebras-at-noon.jpg",
        "2-at-sea.jpg",
        "3-home.jpg",
    ]
