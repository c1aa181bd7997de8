"""A variable of the shell that is not set leaves an empty value: no command takes it for a value, or for none; nor one of two."""

import pytest

from seedflow.cli.main import run


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["emulate", "--token", ""], "--token"),
        (["emulate", "--account", " "], "--account"),
        (["emulate", "--serve", ""], "--serve"),
        (["run", "storybook", "--out", ""], "--out"),
        (["run", "storybook", "-i", ""], "-i"),
        (["run", "storybook", "--reroll", "a", "--reroll", ""], "--reroll"),
        (["plan", "storybook", "--provider="], "--provider"),
        (["export", "x.zip", "--recipe", ""], "--recipe"),
        (["export", "", "--all"], "FILE"),
        (["ledger", "--run", ""], "--run"),
        (["ledger", "--step", ""], "--step"),
        (["runs", ""], "RUN"),
        (["doctor", "--probe", "--max-cost", ""], "--max-cost"),
    ],
)
def test_an_empty_value_is_refused(
    arguments: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"error: {name} is empty\nhelp: give it a value")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan", "storybook", "--inputs", "a.yaml", "--inputs", "b.yaml"], "--inputs is given twice"),
        (
            ["run", "storybook", "--max-cost", "1", "--max-cost=2", "--max-cost", "3"],
            "--max-cost is given 3 times",
        ),
        (["export", "x.zip", "--all", "--run", "a", "--run", "b"], None),
        (["check", "storybook", "--json", "--json"], None),
    ],
)
def test_an_option_that_counts_once_is_not_given_twice(
    arguments: list[str], told: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(arguments)
    said = capsys.readouterr().err
    assert ("is given" in said) is (told is not None)
    if told is not None:
        assert code == 2
        assert said == f"error: {told}\nhelp: give it once: only one of them would count\n"
