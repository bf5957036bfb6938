"""The explorer as a widget of Jupyter and marimo, whose current costs come back to Python: `fairgames.explore`."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from fairgames.arguments import public
from fairgames.errors import InputError
from fairgames.explorer.page import element, module_text, page_data
from fairgames.scenario.scenario import Scenario

if TYPE_CHECKING:
    from anywidget import AnyWidget


@public
def explore(scenario: Scenario) -> AnyWidget:
    """Show a scenario that moves: costs, limits and alpha on sliders, with what they change.

    Parameters
    ----------
    scenario : Scenario
        With costs. Up to 60,000 states of its entries move; larger ones show the answer as it was computed.

    Returns
    -------
    anywidget.AnyWidget
        ``.scenario`` is the scenario with the costs of the current position.

    Raises
    ------
    InputError
        If the scenario has no costs, or ``anywidget`` is not installed (``pip install "fairgames[explore]"``).

    Examples
    --------
    >>> import fairgames as fg
    >>> widget = fg.explore(fg.Scenario([[0, "2/3"], ["2/3", 1]], [0, "3/10"]))  # doctest: +SKIP
    >>> fg.optimal_alpha(widget.scenario)  # after moving a slider  # doctest: +SKIP
    """
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise InputError("explore", 'needs the package anywidget: pip install "fairgames[explore]"') from None

    class Explorer(anywidget.AnyWidget):
        """A scenario on sliders."""

        _esm = module_text()
        data = traitlets.Dict().tag(sync=True)
        costs: Any = traitlets.List().tag(sync=True)

        def _repr_html_(self) -> str:
            """Show the same on a page that runs no widgets, where nothing comes back."""
            return element(asked, link=False)

        @property
        def scenario(self) -> Scenario:
            """The scenario with the costs of the current position."""
            moved: Any = [[math.inf if cost is None else cost for cost in row] for row in self.costs]
            changes: dict[str, Any] = {"costs": moved, "choices": None}
            return dataclasses.replace(asked, **changes) if moved else asked

    asked = scenario
    made: Any = Explorer(data=page_data(scenario))
    return made  # type: ignore[no-any-return]
