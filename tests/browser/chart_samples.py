"""Charts for stories, as Altair, Vega and Plotly give them."""

import base64
import json
from typing import Any

Values = dict[str, Any]

VEGALITE = "application/vnd.vegalite.v5+json"
VEGA = "application/vnd.vega.v5+json"
PLOTLY = "application/vnd.plotly.v1+json"
PIXEL = base64.b64encode(
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
).decode()
RAIN = (("Jan", 61), ("Feb", 48), ("Mar", 55))


def bars(**more: Any) -> Values:
    """Vega-Lite: three bars, as Altair gives them."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.20.1.json",
        "config": {"view": {"continuousWidth": 300, "continuousHeight": 200}},
        "title": "Rain by month",
        "data": {"name": "d"},
        "datasets": {"d": [{"m": m, "mm": mm} for m, mm in RAIN]},
        "mark": {"type": "bar", "tooltip": True},
        "encoding": {
            "x": {"field": "m", "type": "nominal", "title": "month", "sort": None},
            "y": {"field": "mm", "type": "quantitative"},
            "opacity": {"condition": {"test": "datum.mm > 50", "value": 1}, "value": 0.4},
        },
        **more,
    }


def circles() -> Values:
    """Vega: circles whose place an expression gives."""
    return {
        "$schema": "https://vega.github.io/schema/vega/v5.json",
        "description": "Five circles in a row",
        "width": 200,
        "height": 60,
        "data": [
            {"name": "n", "transform": [{"type": "sequence", "start": 0, "stop": 5, "as": "i"}]}
        ],
        "marks": [
            {
                "type": "symbol",
                "from": {"data": "n"},
                "encode": {
                    "update": {
                        "x": {"signal": "20 + datum.i * 40"},
                        "y": {"value": 30},
                        "size": {"value": 200},
                        "fill": {"value": "teal"},
                    }
                },
            }
        ],
    }


def figure(trace: str = "scatter", **layout: Any) -> Values:
    """Plotly: a line with a title and what Plotly Express gives every figure."""
    usual = {
        "paper_bgcolor": "white",
        "plot_bgcolor": "#E5ECF6",
        "font": {"color": "#2a3f5f"},
        "colorway": ["#636efa", "#EF553B"],
        "xaxis": {"gridcolor": "white", "zerolinecolor": "white"},
        "yaxis": {"gridcolor": "white", "zerolinecolor": "white"},
    }
    return {
        "data": [{"type": trace, "mode": "lines+markers", "x": [1, 2, 3, 4], "y": [2, 5, 3, 6]}],
        "layout": {"title": {"text": "Growth"}, "template": {"layout": usual}, **layout},
        "config": {"plotlyServerURL": "https://plot.ly"},
    }


def display(data: Values, metadata: Values | None = None) -> Values:
    """An output, as the page is told of it."""
    return {"type": "display_data", "data": data, "metadata": metadata or {}}


def execution(at: int, *outputs: Values) -> Values:
    """A run that is over, as the page is told of it."""
    return {
        "id": f"e{at}",
        "status": "ok",
        "count": at + 1,
        "requested": {"actor": "bb", "ts": 1_700_000_000_000},
        "started": 1_700_000_000_000,
        "completed": 1_700_000_001_000,
        "outputs": list(outputs),
    }


def as_file(*outputs: Values) -> bytes:
    """A notebook file in which each output is that of a cell."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{at}",
            "metadata": {},
            "source": f"chart_{at}",
            "execution_count": at + 1,
            "outputs": [{**output, "output_type": output["type"]}],
        }
        for at, output in enumerate(outputs)
    ]
    for each in cells:
        del each["outputs"][0]["type"]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
