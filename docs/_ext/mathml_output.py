"""Mathematics as MathML, which browsers set by themselves: no script, no font, no network.

The converter is the one of the verification report; LaTeX that it does not know is a warning, which fails the build.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.util import logging

from isogap.verification.report.mathml import LatexError, flowing, mathml

logger = logging.getLogger(__name__)

_DISPLAY = r"\displaystyle"


def _converted(node: nodes.Element, display: bool) -> str:
    try:
        latex = " ".join(node.astext().split())
        if latex.startswith(
            _DISPLAY
        ):  # outputs of sympy are formulas within a line that ask for the style of their own lines
            return flowing(latex.removeprefix(_DISPLAY).lstrip())
        return flowing(latex) if display else mathml(latex, display=False)
    except LatexError as error:
        logger.warning("mathematics: %s", error, location=node)
        return ""


def visit_inline(translator: Any, node: nodes.Element) -> None:
    """Set a formula within a line."""
    translator.body.append(_converted(node, display=False))
    raise nodes.SkipNode


def visit_display(translator: Any, node: nodes.Element) -> None:
    """Set a formula on lines of its own."""
    translator.body.append(f'<div class="formula">{_converted(node, display=True)}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer ``mathml``."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
