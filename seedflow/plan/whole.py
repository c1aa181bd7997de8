"""Templates that are nothing but one mention, a part of one, or several of them put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from seedflow.plan.frames import Env
from seedflow.recipe.model import Expression, InputType
from seedflow.recipe.references import NameReference, Reference, Slice, StepReference
from seedflow.recipe.template import Template, TemplateForm
from seedflow.recipe.templating import nodes, operators
from seedflow.recipe.templating.forms import FirstOf, OrNone, WithoutFailed
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named, OneImage, Part
from seedflow.recipe.templating.operation_nodes import Binary, Either, ListOf, Signed

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


def split(template: Template, env: Env, *, given: bool = False) -> tuple[Template, ...] | None:
    """The lists that a template adds up and the images that it puts into brackets, each on its own; None for anything else.

    Each of the lists is one by the way it is written, so that adding them up is sure to work. An input that is not given is no
    item in brackets, but for what is `given` to an input, whose items are all there.
    """
    node = template.expression
    if template.form is not TemplateForm.EXPRESSION or not isinstance(node, Binary | ListOf):
        return None
    items = list(_walk_parts(node, template, env))
    if given and _find_absent(node, env):
        return None
    return None if None in items else tuple(template.narrow(item) for item in items if item is not None)


def _walk_parts(node: nodes.Expression, around: Template, env: Env) -> Iterator[nodes.Expression | None]:
    match node:
        case Binary(operator=operators.add, left=left, right=right):
            for side in (left, right):
                yield from _walk_parts(side, around, env)
        case ListOf(items=items):
            for item in items:
                if _is_absent(item, env):
                    continue  # in brackets, there is no item then
                yield item if _is_one(item) or _is_one_name(item, env) else None
        case _:
            yield node if _is_list(node, around, env) else None


def _find_absent(node: nodes.Expression, env: Env) -> bool:
    """Whether any item in brackets is not given."""
    match node:
        case Binary(operator=operators.add, left=left, right=right):
            return _find_absent(left, env) or _find_absent(right, env)
        case ListOf(items=items):
            return any(_is_absent(item, env) for item in items)
        case _:
            return False


def _is_absent(node: nodes.Expression, env: Env) -> bool:
    """Whether it is an input that is known not to be given."""
    if not isinstance(node, Named) or node.root != "inputs" or node.name in env.frame.later:
        return False
    declared = env.frame.frame.recipe.inputs.get(node.name)
    return declared is not None and declared.optional and env.frame.inputs.get(node.name) is None


def _is_one_name(node: nodes.Expression, env: Env) -> bool:
    """Whether it is one image by a name for it."""
    match node:
        case OneImage(root="prev"):
            return True
        case Named(root="each"):
            return True  # where that is an image; nobody takes anything else for one
        case Named(root="inputs", name=name):
            declared = env.frame.frame.recipe.inputs.get(name)
            given = declared is not None and (not declared.optional or name not in env.frame.later)
            return declared is not None and declared.type is InputType.IMAGE and given
        case _:
            return False


def _is_list(node: nodes.Expression, around: Template, env: Env) -> bool:
    """Whether it gives a list, or none where that was left out, by the way it is written."""
    match node:
        case Mentioned(
            reference=StepReference(index=None | Slice(), collection="images" | "outputs" | "passes")
        ):
            return True
        case WithoutFailed(argument=argument) | OrNone(argument=argument):
            return _is_list(argument, around, env)
        case FirstOf(arguments=arguments):
            return all(_is_list(argument, around, env) for argument in arguments)
        case Part():
            return True
        case Named(root="inputs", name=name):
            declared = env.frame.frame.recipe.inputs.get(name)
            return declared is not None and declared.type is InputType.LIST
        case Named(root="values", name=name) if name in env.frame.lazy_values:
            written = env.frame.lazy_values[name]
            return written.expression is not None and _is_list(written.expression, written, Env(env.frame))
        case Named(root="values", name=name):
            return isinstance(env.frame.values.get(name), list | tuple)
        case Binary(operator=operators.add) | ListOf():
            return None not in _walk_parts(node, around, env)
        case _:
            whole = find_whole(around.narrow(node))
            return (
                isinstance(whole, NameReference) and len(whole.path) > 1 and isinstance(whole.path[-1], str)
            )


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
