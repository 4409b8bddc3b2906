"""How pictures look on paper: the page's light theme.

Belongs here: colours, fonts and what Vega-Lite is told of them, as `web/style.css` and `web/js/vega.js` have them. Does
not belong here: what is drawn (nlq.answering.document.drawing).
"""

from __future__ import annotations

from typing import Any

INK, SOFT, LINE, STRONG, CARD = "#17211f", "#51605c", "#d9dfdc", "#7d8a87", "#ffffff"
SERIES = ("#0b7a91", "#d9822b", "#6a4fb3", "#3d8b4f", "#c0436b", "#8a7a1f", "#3566b8", "#7b5a45")
_RAMP = ("#e4f1f2", "#7cc0c8", "#0b7a91", "#073f4c")
FONTS = ("Noto Sans", "Liberation Sans", "DejaVu Sans", "Arial", "Helvetica")
_FONT = ", ".join((*FONTS, "sans-serif"))

CONFIG: dict[str, Any] = {
    "background": "transparent", "font": _FONT, "padding": 2, "view": {"stroke": None},
    "axis": {
        "labelColor": SOFT, "titleColor": SOFT, "labelFontSize": 12, "titleFontSize": 12,
        "titleFontWeight": "normal", "gridColor": LINE, "domainColor": STRONG, "tickColor": STRONG,
    },
    "axisY": {"domain": False, "ticks": False, "labelPadding": 7, "labelLimit": 200}, "axisX": {"labelPadding": 6},
    "legend": {"labelColor": INK, "titleColor": SOFT, "labelFontSize": 12, "orient": "top", "title": None},
    "bar": {"fill": SERIES[0]}, "point": {"color": SERIES[0]}, "arc": {"stroke": CARD, "strokeWidth": 1},
    "rule": {"color": STRONG}, "text": {"color": INK, "fontSize": 12},
    "range": {"category": list(SERIES), "heatmap": list(_RAMP)},
}  # fmt: skip
