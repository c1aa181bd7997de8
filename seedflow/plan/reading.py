"""Reading a list while unfolding: its parts, and what is wrong with it as a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from seedflow.diagnostics import Diagnostic, Span
from seedflow.graph.model import StepNode
from seedflow.plan.gaps import NotAList
from seedflow.plan.judge import Findings
from seedflow.plan.picking import Absent
from seedflow.plan.refused import Refused
from seedflow.recipe.template import RenderError

Part = TypeVar("Part")


def read_parts(span: Span, read: Callable[[], Iterable[Part]], findings: Findings) -> Iterator[Part]:
    """What a list gives; what is wrong with it goes to the findings, at `span` where nothing else has a place."""
    try:
        yield from read()
    except NotAList as error:
        findings.add(error.diagnose())
    except Refused as refused:
        findings.add(refused.diagnostic)
    except Absent as absent:
        findings.add(Diagnostic(absent.not_there.code, absent.not_there.message, span))
    except RenderError as error:
        findings.add(Diagnostic(error.code, error.message, span, help=error.help))


def span_of_list(node: StepNode) -> Span:
    """Where the lists of a step's `for_each` stand; the step itself without any."""
    return node.step.for_each[0].span if node.step.for_each else node.step.span
