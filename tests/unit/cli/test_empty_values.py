"""A variable of the shell that is not set leaves an empty value: no command takes it for a value, or for none."""

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
