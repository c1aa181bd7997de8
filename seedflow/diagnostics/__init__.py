"""Problems in what the user wrote, as data: where, what, how bad, and what to do."""

from seedflow.diagnostics.model import Diagnostic, Position, Related, Severity, Source, Span, has_errors

__all__ = ["Diagnostic", "Position", "Related", "Severity", "Source", "Span", "has_errors"]
