"""Entry of stage 2b: all families of rules over a graph, and one list of diagnostics in the order of the text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from seedflow.checks.absent import check_absent
from seedflow.checks.absent_operands import check_absent_operands
from seedflow.checks.alike_files import check_alike_files
from seedflow.checks.amounts import check_amounts
from seedflow.checks.bare_operands import check_bare_operands
from seedflow.checks.braces import check_braces
from seedflow.checks.calls import check_calls
from seedflow.checks.expressions import check_expressions
from seedflow.checks.fallbacks import check_fallbacks
from seedflow.checks.indexing import check_indexing
from seedflow.checks.lengths import check_lengths
from seedflow.checks.limits import check_limits
from seedflow.checks.loops import check_loops
from seedflow.checks.names import check_names
from seedflow.checks.options import check_options
from seedflow.checks.other_syntax import check_other_syntax
from seedflow.checks.outputs import check_outputs
from seedflow.checks.parameters import check_parameters
from seedflow.checks.picking import check_given_lists, check_picking
from seedflow.checks.references import check_references
from seedflow.checks.results import check_collections
from seedflow.checks.selectors import check_selectors
from seedflow.checks.settings import check_settings
from seedflow.checks.skipping import check_skipping
from seedflow.checks.subject import Subject, build_subject
from seedflow.checks.text import check_text
from seedflow.checks.too_few import check_too_few
from seedflow.checks.unused import check_unused
from seedflow.checks.waste import check_waste
from seedflow.diagnostics import Diagnostic
from seedflow.graph.model import StepGraph
from seedflow.models.catalog import Catalog

FAMILIES: tuple[Callable[[Subject], Iterator[Diagnostic]], ...] = (
    check_names,
    check_unused,
    check_collections,
    check_loops,
    check_options,
    check_settings,
    check_calls,
    check_parameters,
    check_references,
    check_absent,
    check_too_few,
    check_selectors,
    check_indexing,
    check_picking,
    check_given_lists,
    check_text,
    check_absent_operands,
    check_expressions,
    check_lengths,
    check_bare_operands,
    check_braces,
    check_other_syntax,
    check_outputs,
    check_alike_files,
    check_limits,
    check_skipping,
    check_fallbacks,
    check_amounts,
    check_waste,
)


def check_graph(graph: StepGraph, catalog: Catalog) -> list[Diagnostic]:
    """Everything that can be proved wrong, or doubtful, without inputs: sorted by place, nothing twice.

    Opens the local images that the recipe names, and nothing else. Takes time linear in the size of the recipe.
    """
    subject = build_subject(graph, catalog)
    return sort_diagnostics(found for family in FAMILIES for found in family(subject))


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """In the order of the text, those without a place last; equal ones at the same place once."""
    found: dict[tuple[object, ...], Diagnostic] = {}
    for diagnostic in diagnostics:
        found.setdefault((*_place(diagnostic), diagnostic.code, diagnostic.message), diagnostic)
    return sorted(found.values(), key=_place)


def _place(diagnostic: Diagnostic) -> tuple[bool, str, int, int]:
    span = diagnostic.span
    return (True, "", 0, 0) if span is None else (False, span.source.name, span.start, span.end)
