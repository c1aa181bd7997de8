"""Which model a step asks: named in its recipe, by a template over inputs and values, or the default one."""

from __future__ import annotations

from seedflow.diagnostics import Diagnostic
from seedflow.graph.model import StepNode
from seedflow.models.catalog import Catalog
from seedflow.models.model import Model
from seedflow.plan.border import known_too_late
from seedflow.plan.frames import Env, FrameInstance
from seedflow.plan.judge import Findings
from seedflow.plan.refused import Refused
from seedflow.plan.requests import Renderer
from seedflow.plan.stander import Stander
from seedflow.recipe.template import Template, TemplateForm


class ModelFinder:
    """Finds models in one catalog."""

    def __init__(self, catalog: Catalog, renderer: Renderer, stander: Stander) -> None:
        self._catalog = catalog
        self._renderer = renderer
        self._stander = stander

    def find(self, node: StepNode, frame: FrameInstance, findings: Findings) -> Model | None:
        """The model of a step within one use of its recipe; None when that is wrong, which goes to the findings."""
        template = node.generate.model
        catalog = self._catalog
        if template is None:
            return catalog.find(catalog.default_id)
        name: object
        if template.form is TemplateForm.LITERAL:
            name = template.literal(as_text=True)
        else:
            try:
                name = self._render_model(template, frame)
            except Refused as refused:
                findings.add(refused.diagnostic)
                return None
        if name is None:
            return catalog.find(catalog.default_id)
        model = catalog.find(str(name))
        if model is None:
            findings.add(
                Diagnostic(
                    "unknown-model",
                    f"there is no model `{name}` in the catalog",
                    template.scalar.span,
                    help=catalog.advise(str(name)),
                )
            )
        return model

    def _render_model(self, template: Template, frame: FrameInstance) -> object:
        env = Env(frame)
        standing = self._stander.of([template], env)
        if standing.waits:
            raise Refused(known_too_late(template, env, "the model depends on results"))
        return self._renderer.render(template, env, as_text=True)
