"""What `expect` wants of a task and its request cannot give: said before any result is paid that would be refused."""

from __future__ import annotations

from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.places import find_templates
from seedflow.plan.expect import Expectation
from seedflow.plan.model import Bounds
from seedflow.recipe.model import Step


def find_impossible(step: Step, expectation: Expectation | None, gives: Bounds[int]) -> Diagnostic | None:
    """What is wrong with a number of images that is expected of a request that gives so many; None when nothing is."""
    expect = step.expect
    if expectation is None or expect is None or expect.images is None:
        return None
    least, most = expectation.least_images, expectation.most_images
    too_few = least is not None and least > gives.high
    if not too_few and (most is None or most >= gives.low):
        return None
    wanted = f"at least {least}" if too_few else f"at most {most}"
    found = f"{gives.low}" if gives.low == gives.high else f"{gives.low} to {gives.high}"
    template = next(find_templates(expect.images), None)
    return Diagnostic(
        "expect-impossible",
        f"`expect` wants {wanted} images, and the request gives {found}: no result could ever be as expected",
        expect.span if template is None else template.scalar.span,
        Severity.WARNING if expectation.accepts_all else Severity.ERROR,
        help="ask for more images in `generate:`, such as `max_images` with `sequential_image_generation: auto`"
        if too_few
        else "expect more images",
        related=() if step.generate is None else (Related(step.generate.span, "the request"),),
    )
