"""`generate:` as written, with the recipe's `defaults:`, to `Generate`: parameters, references, model."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingOf
from dataclasses import replace

from pydantic_core import PydanticCustomError

from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.models.catalog import Catalog
from seedflow.models.model import Model
from seedflow.recipe.expressions import STEP_ROOTS, VALUE_ROOTS, ExpressionParser, Roots
from seedflow.recipe.input_images import check_image_text
from seedflow.recipe.leaves import (
    LOST_WORDS,
    check_name,
    describe_node,
    diagnose,
    is_nothing,
    quote,
)
from seedflow.recipe.model import Generate, Parameter, ReferenceItem, References
from seedflow.recipe.template import Template, TemplateForm
from seedflow.recipe.unbraced import advise_of_dollar
from seedflow.recipe.words import REFERENCES_MEANT
from seedflow.text.nodes import Entry, Mapping, Node, Scalar, Sequence

_PROMPT = "prompt"
"""Where `ref` may be used when only a template says which model is meant."""
_MODEL = "model"
_BETWEEN = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_NOT_FOR_MODELS = frozenset(f"`{root}` is not known here" for root in ("each", "steps", "prev", "ref"))
_NO_REF = frozenset({"`ref` is not known here"})
_MODEL_HELP = (
    "which model a step asks is known from `inputs` and `values` alone, and is the same for all its tasks; "
    "for another model write another step"
)


class GenerateBuilder:
    """Builds the requests of one recipe's steps and keeps count of which defaults they use."""

    def __init__(self, defaults: Node | None, catalog: Catalog, parser: ExpressionParser) -> None:
        self._catalog = catalog
        self._parser = parser
        fields = (model.prompt_field for model in catalog.models.values())
        self._prompts = list(dict.fromkeys([_PROMPT, *(one for one in fields if one is not None)]))
        self._model: Template | None = None
        self._parameters: dict[str, Parameter] = {}
        self._references: dict[str, References | None] = {}
        self._fitting: set[str] = set()
        self._used: set[str] = set()
        self._keys: dict[str, Span] = {}
        if isinstance(defaults, Mapping):
            self._read_defaults(defaults)

    def build(self, key: Span, node: Node, *, in_loop: bool, edits: bool = False) -> Generate:
        """The request of one step. `key` is the place of `generate`, `node` what stands behind it; `edits` with `iterate`."""
        roots = STEP_ROOTS | {"each"} if in_loop else STEP_ROOTS
        if edits:
            roots |= {"each", "prev"}
        entries = {entry.key.value: entry for entry in _entries(node)}
        chosen = entries.pop(_MODEL, None)
        model = self._read_model(chosen)
        known = self._find_model(model)
        references = self._choose_references(entries, known, roots)
        prompt = _PROMPT if known is None else known.prompt_field
        prompts = [prompt] if known is not None else self._prompts
        parameters = self._default_parameters(known, entries)
        for name, entry in entries.items():
            if is_nothing(entry.value):
                self._check_known(entry, known)
                continue
            named = references is not None and references.named
            meant = named and any(_means(name, field, known) for field in prompts)
            scope = roots | {"ref"} if meant else roots
            before = len(self._parser.problems)
            parameters[name] = Parameter(name, entry.key.span, self._parser.parse_tree(entry.value, scope))
            if name == prompt and known is not None and known.references_field is None:
                help_ = f"nothing says which parameter of `{known.id}` takes images: its profile must name it, in `references`"
                self._say_instead(before, _NO_REF, help_)
            elif name == prompt and known is not None and references is None:
                self._say_of_defaults(before, known)
        return Generate(key, model, parameters, references)

    def _say_of_defaults(self, first: int, model: Model) -> None:
        """Another help where references of the defaults are meant, which another parameter holds than the model has."""
        field = model.references_field
        others = [(name, found) for name, found in self._references.items() if name != field]
        for name, found in others:
            if found is not None and found.named and found.names:
                spelled = f"{field}: {{{found.names[0][0]}: …}}"
                help_ = (
                    f"the default `{name}` does not reach `{model.id}`, whose images go into `{field}`: write `{spelled}` "
                    "in this step, or beside that default"
                )
                self._say_instead(first, _NO_REF, help_)
                return

    def _check_known(self, entry: Entry, model: Model | None) -> None:
        """Nothing stands behind it, so that no request has it; but a name that no model knows is a slip."""
        name = entry.key.value
        models = self._catalog.models.values() if model is None else [model]
        known = dict.fromkeys(parameter for one in models for parameter in one.parameters)
        if name in known or name in self._catalog.reference_fields:
            return
        near = find_near(name, known)
        whose = "no model has a" if model is None else f"`{model.id}` has no"
        self._parser.problems.append(
            Diagnostic(
                "unknown-parameter",
                f"{whose} parameter {quote(name)}",
                entry.key.span,
                help=f"did you mean `{near}`?"
                if near
                else f"{LOST_WORDS}; parameters are {', '.join(known)}",
            )
        )

    def check_defaults(self) -> list[Diagnostic]:
        """Defaults that no step can use, and those that every step sets itself. Asked once all steps are built."""
        problems = []
        for name, span in self._keys.items():
            if name not in self._fitting:
                parameters = sorted(
                    {known for model in self._catalog.models.values() for known in model.parameters}
                )
                near = find_near(name, parameters)
                problems.append(
                    Diagnostic(
                        "unused-default",
                        f"no step can use the default {quote(name)}: no step's model has such a parameter",
                        span,
                        help=f"did you mean `{near}`?" if near else "take the default out",
                    )
                )
            elif name not in self._used:
                problems.append(
                    Diagnostic(
                        "unused-default",
                        f"the default {quote(name)} has no effect: every step sets it itself",
                        span,
                        Severity.WARNING,
                        help="take the default out",
                    )
                )
        return problems

    def _read_defaults(self, defaults: Mapping) -> None:
        for entry in _entries(defaults):
            name = entry.key.value
            known = any(name in model.parameters for model in self._catalog.models.values())
            if is_nothing(entry.value) and (known or name == _MODEL):
                continue
            self._keys[name] = entry.key.span
            if is_nothing(entry.value):
                continue
            if name == _MODEL:
                self._fitting.add(name)
                if isinstance(entry.value, Scalar):
                    self._model = self._parse_model(entry.value)
                else:
                    self._parser.problems.append(_not_a_model(entry.value))
            elif name in self._catalog.reference_fields:
                self._references[name] = build_references(entry, self._parser, STEP_ROOTS)
            else:
                expression = self._parser.parse_tree(entry.value, STEP_ROOTS)
                self._parameters[name] = Parameter(name, entry.key.span, expression, from_defaults=True)

    def _read_model(self, chosen: Entry | None) -> Template | None:
        if chosen is None:
            self._used.add(_MODEL)
            return self._model
        if is_nothing(chosen.value):
            return None
        if isinstance(chosen.value, Scalar):
            return self._parse_model(chosen.value)
        self._parser.problems.append(_not_a_model(chosen.value))
        return None

    def _parse_model(self, node: Scalar) -> Template:
        before = len(self._parser.problems)
        template = self._parser.parse(node, VALUE_ROOTS)
        self._say_instead(before, _NOT_FOR_MODELS, _MODEL_HELP)
        return template

    def _say_instead(self, first: int, messages: frozenset[str], advice: str) -> None:
        """Another help for those problems, from a number on, that have one of these messages."""
        problems = self._parser.problems
        problems[first:] = [
            replace(problem, help=advice) if problem.message in messages else problem
            for problem in problems[first:]
        ]

    def _find_model(self, written: Template | None) -> Model | None:
        """A step's model, or None when a template decides it, or nobody knows it."""
        if written is None:
            return self._catalog.find(self._catalog.default_id)
        return (
            self._catalog.find(written.scalar.value.strip()) if written.form is TemplateForm.LITERAL else None
        )

    def _choose_references(
        self, entries: dict[str, Entry], model: Model | None, roots: Roots
    ) -> References | None:
        """The step's own references, taken out of `entries`, or those of the defaults that its model can take."""
        fitting = [name for name in self._references if model is None or name == model.references_field]
        self._fitting.update(fitting)
        own = model.references_field if model is not None else None
        written = [name for name in entries if self._takes_images(name, model)]
        if written:
            return build_references(
                entries.pop(own if own is not None and own in written else written[0]), self._parser, roots
            )
        if not fitting:
            return None
        self._used.add(fitting[0])
        return self._references[fitting[0]]

    def _takes_images(self, name: str, model: Model | None) -> bool:
        """Whether a key holds images: it is the field of the step's model, or that of another, misplaced here."""
        if model is not None and name in model.parameters:
            return name == model.references_field
        if name in self._catalog.reference_fields or name in REFERENCES_MEANT:
            return True
        own = model.references_field if model is not None else None
        return own is not None and find_near(name, model.parameters if model is not None else ()) == own

    def _default_parameters(
        self, model: Model | None, entries: MappingOf[str, Entry]
    ) -> dict[str, Parameter]:
        """The defaults that a step does not set; all of them when its model is not known before planning."""
        found = {}
        for name, parameter in self._parameters.items():
            if model is not None and name not in model.parameters:
                continue
            self._fitting.add(name)
            if name not in entries:
                self._used.add(name)
                found[name] = parameter
        return found


def _means(name: str, field: str | None, model: Model | None) -> bool:
    """Whether a key is a parameter of a model, or misspelt and meant for it."""
    if field is None:
        return False
    known = model.parameters if model is not None else (field,)
    return name == field or (name not in known and find_near(name, known) == field)


def build_references(entry: Entry, parser: ExpressionParser, roots: Roots) -> References | None:
    """The images of a step: one, a list, or a mapping of names to one or a list. None when nothing stands there."""
    node = entry.value
    if is_nothing(node):
        return None
    items: list[ReferenceItem] = []
    names: list[tuple[str, Span]] = []
    if isinstance(node, Mapping):
        for named in _entries(node):
            name = named.key.value
            try:
                check_name(name)
            except PydanticCustomError as error:
                parser.problems.append(diagnose(error, named.key.span))
                name = (error.context or {})["meant"] or name
            names.append((name, named.key.span))
            for item in _items(named.value):
                template = _parse_item(item, parser, roots)
                if template is not None:
                    items.append(ReferenceItem(template, name, named.key.span))
    else:
        for item in _items(node):
            template = _parse_item(item, parser, roots)
            if template is not None:
                items.append(ReferenceItem(template))
    return References(entry.key.value, tuple(items), isinstance(node, Mapping), entry.key.span, tuple(names))


def _parse_item(node: Node, parser: ExpressionParser, roots: Roots) -> Template | None:
    if not isinstance(node, Scalar):
        parser.problems.append(
            Diagnostic(
                "wrong-type",
                f"found {describe_node(node)}, expected an image: a URL, a path, or one `{{{{ }}}}`",
                node.span,
                help="write images one by one, or under names: `{hero: …, style: …}`",
            )
        )
        return None
    if is_nothing(node):
        return None
    before = len(parser.problems)
    template = parser.parse(node, roots)
    if len(parser.problems) > before or template.form is TemplateForm.EXPRESSION:
        return template
    if template.form is TemplateForm.LITERAL:
        wrong = check_image_text(node.value, node.span)
        if wrong is not None:
            parser.problems.append(wrong)
        return template
    several = node.value.count("{{") > 1 and not _BETWEEN.sub("", node.value).strip(", ;\n")
    parser.problems.append(
        Diagnostic(
            "reference-is-text",
            "found text around a template, expected an image; a rendered text is never a path or a URL",
            node.span,
            help='write several images as a list: `["{{ … }}", "{{ … }}"]`'
            if several
            else advise_of_dollar(node.value)
            or 'write the whole path or URL here, or use an input of type image: `"{{ inputs.NAME }}"`',
        )
    )
    return template


def _items(node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else (node,)


def _entries(node: Node) -> list[Entry]:
    return (
        [entry for entry in node if not entry.key.value.startswith("x-")] if isinstance(node, Mapping) else []
    )


def _not_a_model(node: Node) -> Diagnostic:
    return Diagnostic(
        "wrong-type",
        f"found {describe_node(node)}, expected the id of a model",
        node.span,
        help="write an id such as bytedance/seedream-4.5, or one `{{ }}`",
    )
