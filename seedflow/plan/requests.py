"""One task to one request: rendered parameters and references in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from seedflow.diagnostics import Diagnostic, Span
from seedflow.graph.certain import find_most
from seedflow.graph.model import StepNode
from seedflow.graph.places import find_templates
from seedflow.graph.ranges import Range
from seedflow.images.facts import FileImage, UrlImage
from seedflow.models.model import Model
from seedflow.plan.frames import Env, FrameInstance
from seedflow.plan.gaps import MOST_ITEMS
from seedflow.plan.lacking import LackFinder
from seedflow.plan.model import Bounds, Origin, PendingImages, PlannedReference, StepImage, Unknown
from seedflow.plan.patterns import Pattern
from seedflow.plan.picking import Absent, NotThere, as_list, diagnose_absent
from seedflow.plan.ranges import RangeFinder
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.ruled_out import RuledOut, is_ruled_out
from seedflow.plan.slots import SlotFinder
from seedflow.plan.stander import Stander
from seedflow.plan.symbols import find_symbol, spell_part
from seedflow.plan.texts import Positions, TextReader
from seedflow.plan.views import is_pending
from seedflow.plan.whole import split
from seedflow.plan.wording import build_reference_view
from seedflow.recipe.input_images import ImageFiles
from seedflow.recipe.model import Expression, Parameter, ReferenceItem
from seedflow.recipe.references import NameReference, Reference, StepReference
from seedflow.recipe.template import RenderError, Template, TemplateForm
from seedflow.recipe.views import View

_MOST_REFERENCES = 100

NOTHING_KNOWN: Mapping[str, Pattern] = MappingProxyType({})
NO_NUMBERS: Mapping[str, Range] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Request:
    """A request as far as it is known. `symbols` stands for what is unknown, to recognise two equal ones.

    `unknown` names the parameters that are not known, `patterns` has what is known of their texts, `between` of their numbers.
    With the most references that it may have, so many are `never_sent`: with them, the condition of the step does not hold.
    """

    params: Mapping[str, object]
    references: tuple[PlannedReference, ...]
    symbols: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    patterns: Mapping[str, Pattern] = field(default_factory=lambda: NOTHING_KNOWN)
    between: Mapping[str, Range] = field(default_factory=lambda: NO_NUMBERS)
    never_sent: int = 0

    @property
    def known(self) -> bool:
        """Whether nothing is Unknown or pending."""
        return not self.symbols

    @property
    def known_params(self) -> Mapping[str, object]:
        """The parameters that are known."""
        if not self.unknown:
            return self.params
        return {name: value for name, value in self.params.items() if name not in self.unknown}


class Renderer:
    """Renders templates whose results are all there, and says where a template is that cannot be."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def refresh(self, env: Env) -> Env:
        """The same surroundings with every value as it is by now."""
        return self._resolver.refresh(env)

    def render(
        self, template: Template, env: Env, *, as_text: bool = False, ref: Mapping[str, View] | None = None
    ) -> object:
        """The value of a template.

        Raises:
            Refused: it has none.
            Skipped: it mentions a single result that was skipped.
        """
        if template.form is TemplateForm.LITERAL:
            return _strip(template.literal(as_text=as_text), as_text=as_text)
        scope = self._resolver.build_scope(env, ref)
        try:
            return _strip(template.render(scope, as_text=as_text), as_text=as_text)
        except RenderError as error:
            if as_text and template.form is TemplateForm.EXPRESSION and self._is_none(template, env, ref):
                return None
            raise Refused(template.diagnose(error)) from None
        except Absent as absent:
            raise Refused(diagnose_absent(absent.not_there, template)) from None

    def _is_none(self, template: Template, env: Env, ref: Mapping[str, View] | None) -> bool:
        """Whether it is one expression that gives none, which has no text and leaves its parameter out."""
        try:
            return template.render(self._resolver.build_scope(env, ref)) is None
        except (Absent, Refused, RenderError):
            return False


class RequestBuilder:
    """Builds the requests of one step in one use of its recipe. What is the same for all of them is worked out once."""

    def __init__(
        self,
        node: StepNode,
        model: Model,
        frame: FrameInstance,
        resolver: Resolver,
        stander: Stander,
        images: ImageFiles,
        count: Callable[[Template, Env], Bounds[int]],
        ranges: RangeFinder,
    ) -> None:
        generate = node.generate
        self.node = node
        self.model = model
        self._frame = frame
        self._resolver = resolver
        self._stander = stander
        self._files = images
        self._count = count
        self._ranges = ranges
        self._renderer = Renderer(resolver)
        self._slots = SlotFinder(resolver, stander)
        self._texts = TextReader(resolver, self._unknown)
        self._lacks = LackFinder(resolver, stander)
        self._constants: dict[str, object] = {}
        self._rendered: dict[str, tuple[Expression, bool]] = {}
        for name, parameter in generate.parameters.items():
            as_text = model.wants_text(name)
            expression = parameter.expression
            if isinstance(expression, Template) and expression.form is TemplateForm.LITERAL:
                self._constants[name] = _strip(expression.literal(as_text=as_text), as_text=as_text)
            else:
                self._rendered[name] = (expression, as_text)
        self._order = tuple(generate.parameters)
        self._items = generate.references.items if generate.references else ()
        self._most_of_items = find_most(node, [item.template for item in self._items])
        self._named = generate.references is not None and generate.references.named
        # A name with nothing behind it is that of a reference that the request does not have.
        self._names = tuple(name for name, _ in generate.references.names) if generate.references else ()
        spans = {name: _place(parameter) for name, parameter in generate.parameters.items()}
        if generate.references:
            spans[generate.references.field] = generate.references.span
        self.origin = Origin(node.step.span, spans)
        written: list[Expression] = [expression for expression, _ in self._rendered.values()]
        written += [item.template for item in self._items]
        mentioning: list[Expression] = []
        of_steps = False
        for expression in written:
            mentions = _list_mentions(expression)
            if mentions:
                mentioning.append(expression)
                of_steps = of_steps or any(isinstance(mention, StepReference) for mention in mentions)
        self.expressions = tuple(mentioning)
        """All that a request mentions, to find out what it stands on."""
        self.plain = not frame.later and not of_steps
        """Whether a request mentions no result by itself, so that only its values of `each` may have to be waited for."""

    def build(self, env: Env, keys: Sequence[tuple[str, str]], *, certain: bool = False) -> Request:
        """The request of one task; if it is `certain` that it will be made, errors of parts of a text that waits are told now.

        Raises:
            Refused: a template fails, a picture does not exist, an item is not an image.
            RuledOut: the same where a condition is to rule it out.
            Skipped: it mentions a single result that was skipped.
        """
        references: list[PlannedReference] = []
        symbols: list[str] = []
        never_sent = 0
        for item, most in zip(self._items, self._most_of_items, strict=True):
            images = self._images(item, env, keys)
            if certain and any(isinstance(image, PendingImages) for image in images):
                self._lacks.refuse(item.template, env)
            if most is not None:
                never_sent += max(0, sum(map(_count_most, images)) - most)
            for image in images:
                references.append(PlannedReference(item.name, image))
                if isinstance(image, PendingImages):
                    symbols.append(f"{len(references)}:{image.mention}")
        positions = self._positions(references) if self._named else None
        params: dict[str, object] = {}
        unknown: list[str] = []
        patterns: dict[str, Pattern] = {}
        between: dict[str, Range] = {}
        for name in self._order:
            if name in self._constants:
                value = self._constants[name]
            else:
                expression, as_text = self._rendered[name]
                value = self._render(expression, as_text=as_text, env=env, positions=positions)
                if isinstance(value, Unknown):
                    unknown.append(name)
                    symbols.append(f"{name}={find_symbol(expression, keys)}|{env.frame.prefix}")
                    if certain:
                        self._refuse_parts(expression, env, positions)
                    if as_text and isinstance(expression, Template):
                        patterns[name] = self._texts.read(expression, env, positions, references)
                    found = None if as_text else self._ranges.find(expression, env).sure_number
                    if found is not None:
                        between[name] = found
            if value is not None:
                params[name] = value
        return Request(
            params,
            tuple(references),
            tuple(symbols),
            tuple(unknown),
            patterns or NOTHING_KNOWN,
            between or NO_NUMBERS,
            never_sent,
        )

    def _refuse_parts(self, expression: Expression, env: Env, positions: Positions) -> None:
        self._lacks.refuse(expression, env)
        if isinstance(expression, Template):
            problem = self._texts.find_problem(expression, env, positions)
            if problem is not None:
                raise Refused(problem)

    def is_plain(self, env: Env) -> bool:
        """Whether everything that the request of a task mentions is there for certain."""
        return self.plain and env.prev is None and not any(map(is_pending, env.each.values()))

    def _render(
        self,
        expression: Expression,
        *,
        as_text: bool,
        env: Env,
        positions: Positions,
    ) -> object:
        if isinstance(expression, Template):
            unknown = self._unknown(expression, env, positions)
            if unknown is not None:
                return unknown
            known = (
                {name: view for name, view in positions.items() if isinstance(view, View)}
                if positions is not None
                else None
            )
            return self._renderer.render(expression, env, as_text=as_text, ref=known)
        parts = list(expression.values()) if isinstance(expression, Mapping) else list(expression)
        rendered = [self._render(part, as_text=False, env=env, positions=positions) for part in parts]
        after = tuple(
            dict.fromkeys(name for part in rendered if isinstance(part, Unknown) for name in part.after)
        )
        if after:
            return Unknown(after)
        return dict(zip(expression, rendered, strict=True)) if isinstance(expression, Mapping) else rendered

    def _unknown(self, template: Template, env: Env, positions: Positions) -> Unknown | None:
        if not template.references:
            return None
        if positions is None and self.is_plain(env):
            return None
        standing = self._stander.of([template], env)
        after = dict.fromkeys(standing.after)
        for mention in template.references:
            if isinstance(mention, NameReference) and mention.root == "ref" and positions is not None:
                position = positions.get(mention.name)
                if isinstance(position, Unknown):
                    after.update(dict.fromkeys(position.after))
        return Unknown(tuple(after)) if after else None

    def _images(
        self, item: ReferenceItem, env: Env, keys: Sequence[tuple[str, str]]
    ) -> Sequence[UrlImage | FileImage | StepImage | PendingImages]:
        template = item.template
        if template.form is TemplateForm.LITERAL:
            return self._literal_image(template)
        items = split(template, env)
        if items is not None:
            return [image for part in items for image in self._images_of(part, env, keys)]
        return self._images_of(template, env, keys)

    def _images_of(
        self, template: Template, env: Env, keys: Sequence[tuple[str, str]]
    ) -> Sequence[UrlImage | FileImage | StepImage | PendingImages]:
        slots = self._slots.find(template, env)
        if isinstance(slots, NotThere):
            problem = diagnose_absent(slots, template)
            raise (RuledOut if is_ruled_out(template, env, self.node.step.when) else Refused)(problem)
        if slots is not None:
            return slots
        standing = self._stander.of([template], env)
        if standing.after:
            spelled = ",".join(f"{name}={key}" for name, key in keys)
            after, *more = standing.after
            return (
                PendingImages(
                    after,
                    self._bound(template, env),
                    f"{spell_part(template)}|{env.frame.prefix}{spelled}",
                    tuple(dict.fromkeys([*standing.needs, *self._slots.find_sources(template, env)])),
                    after_too=tuple(more),
                ),
            )
        value = self._renderer.render(template, env)
        return [self._image(found, template) for found in as_list(value)]

    def _bound(self, template: Template, env: Env) -> Bounds[int]:
        """How many images an expression may give that cannot be worked out yet."""
        low, high = self._count(template, env)
        if high < MOST_ITEMS:
            return Bounds(low, high)
        most = self.model.max_references if self.model.max_references is not None else _MOST_REFERENCES
        return Bounds(min(low, most), most)

    def _literal_image(self, template: Template) -> Sequence[UrlImage | FileImage | StepImage]:
        text = str(template.literal(as_text=True) or "").strip()
        if not text:
            return ()
        found = self._files.open(text, template.scalar.span, self._frame.folder, braces=True)
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
        numbers: dict[str, list[int] | Unknown] = {name: [] for name in self._names}
        at = 1
        shifted: tuple[str, ...] = ()
        for reference in references:
            if reference.name is None:
                continue
            image = reference.image
            vague = isinstance(image, PendingImages) and image.count.low != image.count.high
            if vague and isinstance(image, PendingImages):
                shifted = tuple(dict.fromkeys([*shifted, *image.awaited]))
            count = image.count.low if isinstance(image, PendingImages) else 1
            current = numbers[reference.name]
            if shifted:
                numbers[reference.name] = Unknown(shifted)
            elif isinstance(current, list):
                current.extend(range(at, at + count))
            at += count
        words = self._frame.ref_words
        return {
            name: found if isinstance(found, Unknown) else build_reference_view(words, found)
            for name, found in numbers.items()
        }


def _count_most(image: object) -> int:
    return image.count.high if isinstance(image, PendingImages) else 1


def _list_mentions(expression: Expression) -> Sequence[Reference]:
    if isinstance(expression, Template):
        return expression.references
    return [one for template in find_templates(expression) for one in template.references]


def _place(parameter: Parameter) -> Span:
    """The value, where a check would point as well; the key of a parameter without a value of its own."""
    if isinstance(parameter.expression, Template):
        return parameter.expression.scalar.span
    templates = list(find_templates(parameter.expression))
    if not templates:
        return parameter.span
    return Span(templates[0].scalar.source, templates[0].scalar.start, templates[-1].scalar.end)


def _strip(value: object, *, as_text: bool) -> object:
    return value.strip() if as_text and isinstance(value, str) else value
