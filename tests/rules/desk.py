"""A recipe's text to what seedflow says of it, asks for it, and makes of it, short enough to stand in a test."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from seedflow.diagnostics import Diagnostic, Severity, has_errors
from seedflow.pipeline.check import check_recipe
from seedflow.pipeline.plan import Planned, plan_recipe
from seedflow.pipeline.run import RunRequest, run_recipe
from seedflow.plan.model import Action, Plan, Task
from seedflow.recipe.given import collect_inputs
from seedflow.run.status import RunResult
from tests.docs.recipes import Example, make_example

WASTE = frozenset(("same-request", "unused-step", "unused-input", "unused-value"))
"""Said of many a recipe that is written for something else."""


class Desk:
    """A folder with pictures (`fox.jpg`, `owl.jpg`, `style.jpg`, `photo.jpg`) and a recipe to be checked, planned or run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str | bytes) -> Path:
        """A file beside the recipe."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dedent(text).encode() if isinstance(text, str) else text)
        return path

    def open(self, text: str) -> Example:
        """The recipe, written down; the first line `seedflow: 1` need not be written."""
        text = dedent(text)
        return make_example(text if "seedflow:" in text else f"seedflow: 1\n{text}", self.folder)

    def problems(
        self, text: str, *arguments: str, file: str | None = None, without: frozenset[str] = WASTE
    ) -> list[Diagnostic]:
        """What checking says, and when that finds no error, what planning says."""
        example = self.open(text)
        found = example.check()
        if not has_errors(found):
            found = self._plan(example, *arguments, file=file).diagnostics
        return [one for one in found if one.severity is not Severity.NOTE and one.code not in without]

    def say(self, text: str, *arguments: str, file: str | None = None) -> list[str]:
        """The same as `code «the text that it points at»`, warnings with a `?`."""
        return [describe(found) for found in self.problems(text, *arguments, file=file)]

    def codes(self, text: str, *arguments: str, file: str | None = None) -> list[str]:
        """The same as codes alone, warnings with a `?`."""
        return [one.partition(" ")[0] for one in self.say(text, *arguments, file=file)]

    def plan(self, text: str, *arguments: str, file: str | None = None) -> Plan:
        """The plan of a recipe that has no error."""
        planned = self._plan(self.open(text), *arguments, file=file)
        assert planned.plan is not None, [str(one) for one in planned.diagnostics]
        assert planned.ok, [str(one) for one in planned.diagnostics]
        return planned.plan

    def tasks(self, text: str, *arguments: str, file: str | None = None) -> dict[str, Task]:
        """Tasks that are not skipped, by address."""
        plan = self.plan(text, *arguments, file=file)
        return {task.address: task for task in plan.tasks if task.action is not Action.SKIP}

    def asks(self, text: str, *arguments: str, file: str | None = None) -> dict[str, object]:
        """The prompt of each task that is not skipped."""
        tasks = self.tasks(text, *arguments, file=file)
        return {address: task.params["prompt"] for address, task in tasks.items()}

    def prompt(self, prompt: str, inputs: str = "{}", values: str = "{}") -> object:
        """What the prompt of a single step becomes; all three are YAML on one line."""
        text = f"inputs: {inputs}\nvalues: {values}\nsteps: {{page: {{generate: {{prompt: {prompt}}}}}}}\n"
        return self.asks(text)["page"]

    def prompt_says(self, prompt: str, inputs: str = "{}", values: str = "{}") -> list[str]:
        """What is said of the prompt of a single step."""
        text = f"inputs: {inputs}\nvalues: {values}\nsteps: {{page: {{generate: {{prompt: {prompt}}}}}}}\n"
        return self.codes(text)

    def params(self, parameters: str, inputs: str = "{}") -> Mapping[str, object]:
        """The parameters of a single step, which are YAML on one line, beside its prompt."""
        text = f"inputs: {inputs}\nsteps: {{page: {{generate: {{prompt: A page, {parameters}}}}}}}\n"
        return self.tasks(text)["page"].params

    def run(self, text: str, *arguments: str) -> RunResult:
        """Sketches of everything."""
        example = self.open(text)
        planned = self._plan(example, *arguments)
        assert planned.ok, [str(one) for one in planned.diagnostics]
        return asyncio.run(run_recipe(planned, example.session, RunRequest(), lambda _: None))

    def files(self, text: str, *arguments: str) -> list[str]:
        """The files that a run publishes, below the recipe's folder of outputs."""
        result = self.run(text, *arguments)
        [folder] = (self.folder / "outputs" / "sketch").iterdir()
        return sorted(
            str(file.path.relative_to(folder)) for files in result.outputs.values() for file in files
        )

    def _plan(self, example: Example, *arguments: str, file: str | None = None) -> Planned:
        given, wrong = collect_inputs(
            arguments=arguments, file=self.folder / file if file is not None else None
        )
        assert wrong == [], [str(one) for one in wrong]
        checked = check_recipe(example.path, example.session, name=example.path.name)
        return plan_recipe(checked, given, example.session)


def describe(found: Diagnostic) -> str:
    """A diagnostic as `code «the text that it points at»`, with a `?` behind the code of a warning."""
    pointed = ""
    if found.span is not None:
        pointed = f" «{found.span.source.text[found.span.start : found.span.end]}»"
    return f"{found.code}{'' if found.severity is Severity.ERROR else '?'}{pointed}"
