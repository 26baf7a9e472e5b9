"""Altair charts that a saved notebook keeps: imported only when one is drawn."""

from __future__ import annotations

from base64 import b64encode
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import altair as alt

if TYPE_CHECKING:
    from tickflow_rx.display._specs import Drawing, Spec

__all__ = ["Picture", "picture"]

# What JupyterLab 4, Notebook 7 and VS Code draw without a network; of version 6 they know nothing.
_MIME: Final = "application/vnd.vegalite.v5+json"
_SCALE: Final = 2
"""Pixels of the PNG by pixel of the chart."""
_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v5.json"


class Picture(alt.VConcatChart):
    """An Altair chart whose output holds all there is to it, data too.

    A notebook shows it from that alone, with no network and no running kernel; with
    vl-convert-python installed a PNG is kept beside it, for what draws no Vega-Lite (GitHub,
    nbconvert). A renderer that was chosen with ``altair.renderers.enable`` is left to do it.
    """

    def _repr_mimebundle_(self, *args: Any, **kwds: Any) -> Any:
        if alt.renderers.active != "default":
            return super()._repr_mimebundle_(*args, **kwds)
        spec = self.to_dict()
        bundle: dict[str, Any] = {"text/plain": repr(self), _MIME: spec | {"$schema": _SCHEMA}}
        if find_spec("vl_convert") is None:
            return bundle
        import vl_convert

        png = vl_convert.vegalite_to_png(spec, scale=_SCALE)
        return bundle | {"image/png": b64encode(png).decode()}


def picture(drawing: Drawing) -> Picture:
    """Make the chart of a drawing."""
    # Altair's own from_dict looks through all of its classes each time: 150 ms, where this is 2.
    parts: Spec = {**drawing.spec, "vconcat": [_layers(one) for one in drawing.spec["vconcat"]]}
    return Picture(data=drawing.rows, **parts)


def _layers(spec: Spec) -> Any:
    parts: Spec = {**spec, "layer": [_layer(one) for one in spec["layer"]]}
    return alt.LayerChart(**parts)


def _layer(spec: Spec) -> Any:
    parts: Spec = {**spec, "encoding": alt.FacetedEncoding(**spec["encoding"])}
    return alt.Chart(**parts)
