"""One instance of a step to one request: rendered parameters and references in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedflow.diagnostics import Diagnostic, Span
from seedflow.graph.model import StepNode
from seedflow.graph.places import find_templates
from seedflow.images.facts import FileImage, UrlImage
from seedflow.models.model import Model
from seedflow.plan.expand import Instance
from seedflow.plan.model import Bounds, Origin, PendingImages, PlannedReference, StepImage, Unknown
from seedflow.plan.resolve import NotThere, Resolver
from seedflow.plan.wording import build_reference_view
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.model import Expression, Parameter, ReferenceItem, RefWords
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import RenderError, Scope, Template, TemplateForm
from seedflow.recipe.views import View


@dataclass(frozen=True, slots=True)
class Bindings:
    """What every template of a recipe may see, besides `each`, `ref` and steps."""

    inputs: Mapping[str, object]
    values: Mapping[str, object]
    recipe: Mapping[str, object]
    ref_words: RefWords
    folder: Path


@dataclass(frozen=True, slots=True)
class Request:
    """A request as far as it is known. `symbols` stands for what is unknown, to recognise two equal ones."""

    params: Mapping[str, object]
    references: tuple[PlannedReference, ...]
    needs: tuple[str, ...]
    symbols: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether nothing is Unknown or pending."""
        return not self.symbols


class Refused(Exception):  # noqa: N818 - not an error of the program: carries a diagnostic out of nested rendering
    """A template or reference that cannot be rendered; caught where the instance is built."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class RequestBuilder:
    """Builds the requests of one step. What is the same for all its instances is worked out once."""

    def __init__(
        self, node: StepNode, model: Model, bindings: Bindings, resolver: Resolver, images: ImageFiles
    ) -> None:
        generate = node.generate
        self.node = node
        self.model = model
        self._bindings = bindings
        self._resolver = resolver
        self._files = images
        self._constants: dict[str, object] = {}
        self._rendered: list[tuple[str, Expression, bool]] = []
        for name, parameter in generate.parameters.items():
            as_text = model.wants_text(name)
            if (
                isinstance(parameter.expression, Template)
                and parameter.expression.form is TemplateForm.LITERAL
            ):
                self._constants[name] = _strip(parameter.expression.literal(as_text=as_text), as_text=as_text)
            else:
                self._rendered.append((name, parameter.expression, as_text))
        self._order = tuple(generate.parameters)
        self._items = generate.references.items if generate.references else ()
        self._named = generate.references is not None and generate.references.named
        spans = {name: _place(parameter) for name, parameter in generate.parameters.items()}
        if generate.references:
            spans[generate.references.field] = generate.references.span
        self.origin = Origin(node.step.span, spans)
        mentions = [
            mention
            for expression in [
                *(expression for _, expression, _ in self._rendered),
                *(item.template for item in self._items),
            ]
            for mention in _step_mentions(expression)
        ]
        self._extra_needs = tuple(name for name, _ in node.step.needs)
        self._selecting = tuple(mention for mention in mentions if mention.selector is not None)
        self._shared_needs = tuple(
            dict.fromkeys([*(m.step for m in mentions if m.selector is None), *self._extra_needs])
        )

    def build(self, instance: Instance) -> Request:
        """The request of one instance.

        Raises:
            Refused: a template fails, a picture does not exist, an item is not an image.
        """
        scope = self._scope(instance, None)
        references: list[PlannedReference] = []
        symbols: list[str] = []
        for item in self._items:
            for image in self._images(item, instance, scope):
                references.append(PlannedReference(item.name, image))
                if isinstance(image, PendingImages):
                    symbols.append(f"{len(references)}:{image.mention}")
        positions = self._positions(references) if self._named else None
        if positions is not None:
            scope = self._scope(instance, positions)
        params: dict[str, object] = {}
        rendered = {name: (expression, as_text) for name, expression, as_text in self._rendered}
        for name in self._order:
            if name in self._constants:
                value = self._constants[name]
            else:
                expression, as_text = rendered[name]
                value = self._render(
                    expression, as_text=as_text, scope=scope, instance=instance, positions=positions
                )
                if isinstance(value, Unknown):
                    symbols.append(f"{name}={_symbol(expression, instance)}")
            if value is not None:
                params[name] = value
        return Request(params, tuple(references), self._needs(instance), tuple(symbols))

    def render_list(
        self, expression: Expression, each: Mapping[str, object]
    ) -> Sequence[object] | Diagnostic:
        """One list of `for_each`, with the `each` of earlier variables."""
        instance = Instance(self.node.id, self.node.id, each, ())
        try:
            value = self._render(
                expression,
                as_text=False,
                scope=self._scope(instance, None),
                instance=instance,
                positions=None,
            )
        except Refused as refused:
            return refused.diagnostic
        if isinstance(value, (list, tuple)):
            return value
        span = expression.scalar.span if isinstance(expression, Template) else self.node.step.span
        found = "none" if value is None else "text" if isinstance(value, str) else type(value).__name__
        return Diagnostic(
            "not-a-list",
            f"`for_each` needs a list, but this is {found}",
            span,
            help="give a list, or an input of type `list`",
        )

    def _needs(self, instance: Instance) -> tuple[str, ...]:
        if not self._selecting:
            return self._shared_needs
        selected = [
            address for mention in self._selecting for address in self._resolver.needs(mention, instance.each)
        ]
        return tuple(dict.fromkeys([*self._shared_needs, *selected]))

    def _scope(self, instance: Instance, positions: Mapping[str, View | Unknown] | None) -> Scope:
        each = instance.each

        def resolve(mention: StepReference) -> object:
            return self._resolver.value(mention, each)

        known = (
            {name: view for name, view in positions.items() if isinstance(view, View)}
            if positions is not None
            else None
        )
        return Scope(
            inputs=self._bindings.inputs,
            values=self._bindings.values,
            each=each,
            recipe=self._bindings.recipe,
            ref=known,
            resolve=resolve,
        )

    def _render(
        self,
        expression: Expression,
        *,
        as_text: bool,
        scope: Scope,
        instance: Instance,
        positions: Mapping[str, View | Unknown] | None,
    ) -> object:
        if isinstance(expression, Template):
            if expression.form is TemplateForm.LITERAL:
                return _strip(expression.literal(as_text=as_text), as_text=as_text)
            unknown = self._unknown(expression, instance, positions)
            if unknown is not None:
                return unknown
            try:
                return _strip(expression.render(scope, as_text=as_text), as_text=as_text)
            except RenderError as error:
                if _is_none(expression, scope):
                    return None
                raise Refused(expression.diagnose(error)) from None
        parts = list(expression.values()) if isinstance(expression, Mapping) else list(expression)
        rendered = [
            self._render(part, as_text=False, scope=scope, instance=instance, positions=positions)
            for part in parts
        ]
        after = tuple(
            dict.fromkeys(name for part in rendered if isinstance(part, Unknown) for name in part.after)
        )
        if after:
            return Unknown(after)
        return dict(zip(expression, rendered, strict=True)) if isinstance(expression, Mapping) else rendered

    def _unknown(
        self, template: Template, instance: Instance, positions: Mapping[str, View | Unknown] | None
    ) -> Unknown | None:
        after: list[str] = []
        for mention in template.references:
            if isinstance(mention, StepReference):
                waits = self._resolver.waits_for(mention, instance.each)
                after.extend(waits if mention.selector is not None else (mention.step,) if waits else ())
                if not waits:
                    self._require(mention, instance, template)
            elif mention.root == "ref" and positions is not None:
                position = positions.get(mention.name)
                if isinstance(position, Unknown):
                    after.extend(position.after)
        return Unknown(tuple(dict.fromkeys(after))) if after else None

    def _require(self, mention: StepReference, instance: Instance, template: Template) -> None:
        value = self._resolver.value(mention, instance.each)
        if isinstance(value, NotThere):
            raise Refused(
                Diagnostic(value.code, value.message, template.span_of(mention), help=_HELP_NOT_THERE)
            )

    def _images(
        self, item: ReferenceItem, instance: Instance, scope: Scope
    ) -> Sequence[UrlImage | FileImage | StepImage | PendingImages]:
        template = item.template
        if template.form is TemplateForm.LITERAL:
            return self._literal_image(template)
        mentions = [mention for mention in template.references if isinstance(mention, StepReference)]
        if len(mentions) == 1 and is_whole(template, mentions[0]):
            slots = self._resolver.slots(mentions[0], instance.each)
            if isinstance(slots, NotThere):
                raise Refused(
                    Diagnostic(slots.code, slots.message, template.span_of(mentions[0]), help=_HELP_NOT_THERE)
                )
            return slots
        unknown = self._unknown(template, instance, None)
        if unknown is not None:
            return (
                PendingImages(
                    unknown.after[0], self._any_count(), f"{template.scalar.value}|{_keys(instance)}"
                ),
            )
        value = self._render(template, as_text=False, scope=scope, instance=instance, positions=None)
        return [self._image(found, template) for found in flatten(value)]

    def _any_count(self) -> Bounds[int]:
        from_model = self.model.max_references
        return Bounds(0, from_model if from_model is not None else 100)

    def _literal_image(self, template: Template) -> Sequence[UrlImage | FileImage | StepImage]:
        text = str(template.literal(as_text=True) or "").strip()
        if not text:
            return ()
        found = self._files.open(text, template.scalar.span, self._bindings.folder)
        if isinstance(found, Diagnostic):
            raise Refused(found)
        return (self._image(found, template),)

    def _image(self, value: object, template: Template) -> UrlImage | FileImage | StepImage:
        if isinstance(value, View) and isinstance(value.subject, (UrlImage, FileImage, StepImage)):
            return value.subject
        found = (
            value.kind
            if isinstance(value, View)
            else "text"
            if isinstance(value, str)
            else type(value).__name__
        )
        raise Refused(
            Diagnostic(
                "not-an-image",
                f"a reference must be an image, but this gives {found}",
                template.scalar.span,
                help="use an input of type `image`, or a step's images; a rendered text is never a path or URL",
            )
        )

    def _positions(self, references: Sequence[PlannedReference]) -> dict[str, View | Unknown]:
        numbers: dict[str, list[int] | Unknown] = {
            item.name: [] for item in self._items if item.name is not None
        }
        at = 1
        shifted: tuple[str, ...] = ()
        for reference in references:
            if reference.name is None:
                continue
            image = reference.image
            vague = isinstance(image, PendingImages) and image.count.low != image.count.high
            if vague and isinstance(image, PendingImages):
                shifted = tuple(dict.fromkeys([*shifted, image.after]))
            count = image.count.low if isinstance(image, PendingImages) else 1
            current = numbers[reference.name]
            if shifted:
                numbers[reference.name] = Unknown(shifted)
            elif isinstance(current, list):
                current.extend(range(at, at + count))
            at += count
        words = self._bindings.ref_words
        return {
            name: found if isinstance(found, Unknown) else build_reference_view(words, found)
            for name, found in numbers.items()
        }


_HELP_NOT_THERE = "ask for an image that the step gives, or for `.images` to take whatever there is"


def _place(parameter: Parameter) -> Span:
    """The value, where a check would point as well; the key of a parameter without a value of its own."""
    templates = list(find_templates(parameter.expression))
    if not templates:
        return parameter.span
    return Span(templates[0].scalar.source, templates[0].scalar.start, templates[-1].scalar.end)


def _strip(value: object, *, as_text: bool) -> object:
    return value.strip() if as_text and isinstance(value, str) else value


def _is_none(template: Template, scope: Scope) -> bool:
    """Whether it is one expression that gives none, which has no text and leaves its parameter out."""
    try:
        return template.form is TemplateForm.EXPRESSION and template.render(scope) is None
    except RenderError:
        return False


def flatten(value: object) -> list[object]:
    """The items of nested lists in order, without what is none."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [found for item in value for found in flatten(item)]
    return [value]


def is_whole(template: Template, mention: StepReference) -> bool:
    """Whether a template is nothing but that mention."""
    inside = template.scalar.value.strip().removeprefix("{{").removesuffix("}}").strip("-+ \t\n")
    return inside == template.scalar.value[mention.start : mention.end]


def _step_mentions(expression: Expression) -> list[StepReference]:
    if isinstance(expression, Template):
        return [mention for mention in expression.references if isinstance(mention, StepReference)]
    parts = expression.values() if isinstance(expression, Mapping) else expression
    return [mention for part in parts for mention in _step_mentions(part)]


def _keys(instance: Instance) -> str:
    return ",".join(f"{name}={key}" for name, key in instance.keys)


def _symbol(expression: Expression, instance: Instance) -> str:
    if isinstance(expression, Template):
        loops = {m.name for m in expression.references if isinstance(m, NameReference) and m.root == "each"}
        selected = any(isinstance(m, StepReference) and m.selector is not None for m in expression.references)
        keys = [f"{name}={key}" for name, key in instance.keys if name in loops or selected]
        return f"{expression.scalar.value}|{','.join(keys)}"
    parts = expression.values() if isinstance(expression, Mapping) else expression
    return ";".join(_symbol(part, instance) for part in parts)
