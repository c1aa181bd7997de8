"""Templates that are nothing but one mention, or a part of one."""

from __future__ import annotations

from collections.abc import Callable

from seedflow.plan.frames import Env
from seedflow.recipe.model import Expression
from seedflow.recipe.references import NameReference, Reference, Slice, StepReference
from seedflow.recipe.template import Template, TemplateForm
from seedflow.recipe.templating import nodes
from seedflow.recipe.templating.forms import FirstOf, OrNone
from seedflow.recipe.templating.lookup_nodes import Mentioned, Part
from seedflow.recipe.templating.operation_nodes import Either, Signed

_SUCCEEDED = "succeeded("


def find_whole(template: Template) -> Reference | None:
    """The mention that a template is nothing but, or nothing but inside `succeeded()`; None for anything else."""
    if template.form is not TemplateForm.EXPRESSION or not template.references:
        return None
    text = template.scalar.value
    node = template.expression
    if node is None:
        return None
    inside = text[
        node.start : node.end
    ].strip()  # less than all between the braces for one of the lists of a `zip`
    for (
        mention
    ) in template.references:  # the arguments of a selector are mentions as well, within another one
        spelled = text[mention.start : mention.end]
        if inside == spelled:
            return mention
        if (
            mention.fail_ok
            and inside.startswith(_SUCCEEDED)
            and inside.endswith(")")
            and inside[len(_SUCCEEDED) : -1].strip() == spelled
        ):
            return mention
    return None


def find_part(template: Template) -> tuple[Reference, Slice] | None:
    """The mention of which a template is a part with literal ends, such as `inputs.pictures[:2]`; None for anything else."""
    node = template.expression
    if template.form is not TemplateForm.EXPRESSION or not isinstance(node, Part):
        return None
    cut = read_cut(node)
    for mention in template.references:
        if cut is not None and (mention.start, mention.end) == (node.base.start, node.base.end):
            return mention, cut
    return None


def read_cut(part: Part) -> Slice | None:
    """Where a part begins and ends; None where that has to be worked out."""
    ends = [_read_literal(bound) for bound in part.bounds]
    literal = [end for end in ends if not isinstance(end, _NoLiteral)]
    return Slice(*literal) if len(literal) == len(ends) else None


def is_one_image(template: Template) -> bool:
    """Whether a template gives at most one image by the way it is written: one of a step, or the first of several such."""
    return template.expression is not None and _is_one(template.expression)


def _is_one(node: nodes.Expression) -> bool:
    match node:
        case Mentioned(reference=StepReference(index=int(), collection="images" | "passes")):
            return True
        case OrNone(argument=argument):
            return _is_one(argument)
        case FirstOf(arguments=arguments):
            return all(map(_is_one, arguments))
        case Either(then=then, otherwise=otherwise):
            return _is_one(then) and _is_one(otherwise)
        case _:
            return False


def follow(whole: Reference, env: Env, refresh: Callable[[Env], Env]) -> tuple[Reference | Expression, Env]:
    """What a mention comes to through inputs and values of used recipes: a mention again, or else what is written there."""
    while isinstance(whole, NameReference) and len(whole.path) == 1:
        found = look_behind(whole, env, refresh)
        if found is None:
            break
        written, env = found
        inner = find_whole(written) if isinstance(written, Template) else None
        if inner is None:
            return written, env
        whole = inner
    return whole, env


def look_behind(
    name: NameReference, env: Env, refresh: Callable[[Env], Env]
) -> tuple[Expression, Env] | None:
    """What is written for an input that comes later, or for a value of a used recipe, and where; None for other names."""
    if name.root == "inputs" and name.name in env.frame.later:
        argument, outer = env.frame.later[name.name]
        return argument.expression, refresh(outer)
    if name.root == "values" and name.name in env.frame.lazy_values:
        return env.frame.lazy_values[name.name], Env(env.frame)
    return None


class _NoLiteral:
    """Something that has to be worked out."""


def _read_literal(bound: nodes.Expression | None) -> int | _NoLiteral | None:
    sign = 1
    if isinstance(bound, Signed):
        sign, bound = bound.sign, bound.operand
    if bound is None:
        return None
    value = bound.value if isinstance(bound, nodes.Constant) else None
    return sign * value if isinstance(value, int) and not isinstance(value, bool) else _NoLiteral()
