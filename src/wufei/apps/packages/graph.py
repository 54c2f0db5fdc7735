"""A trace as a graph for ECharts: packages by steps from left to right, links as wide as their mass."""

from collections import defaultdict
from typing import Any

from django.urls import reverse

from wufei.apps.packages.listing import kilograms
from wufei.apps.packages.tracing import TracePage, TraceRow, Way
from wufei.core.package_code import printed
from wufei.core.profiles import profiles

_ROW = 46  # pixels a package
_KINDS = {"split": "拆分", "merge": "合并", "treat": "处理", "nest": "箱内"}


def graph(page: TracePage) -> dict[str, Any]:
    """What ``charts.js`` draws; ``option`` is ``None`` where there is nothing to draw."""
    if len(page.rows) < 2:
        return {"option": None, "empty": "这个包装还没有与别的包装发生往来。"}
    levels: dict[int, list[TraceRow]] = defaultdict(list)
    for row in page.rows:
        levels[row.level].append(row)
    tallest = max(map(len, levels.values()))
    places = {}
    for level, rows in levels.items():
        for i, row in enumerate(rows):
            x = level if page.way is Way.DOWN else max(levels) - level
            places[row.key] = (x * 220, (i + 0.5) * tallest * _ROW / len(rows))
    name = {row.key: str(i) for i, row in enumerate(page.rows)}
    nodes = [_node(row, name[row.key], places[row.key]) for row in page.rows]
    total = page.total_g or 1
    links = []
    for edge in page.edges:
        ends = (edge.source, edge.target) if page.way is Way.DOWN else (edge.target, edge.source)
        links.append(
            {
                "source": name[ends[0]],
                "target": name[ends[1]],
                "source_label": _KINDS[edge.kind],
                "target_label": f"{kilograms(edge.mass_g)} 千克",
                "value": edge.mass_g / 1000,
                "lineStyle": {
                    "width": 1 + 9 * edge.mass_g / total,
                    "type": "dashed" if edge.kind == "nest" else "solid",
                },
            }
        )
    series = {
        "type": "graph", "layout": "none", "roam": True, "data": nodes, "links": links,
        "left": "8%", "width": "84%",  # both, or the narrower right side of a phone would make it collapse
        "edgeSymbol": ["none", "arrow"], "edgeSymbolSize": 8, "lineStyle": {"curveness": 0.1, "opacity": 0.7},
        "label": {"show": True, "position": "bottom", "fontSize": 11},
    }  # fmt: skip
    return {"option": {"series": [series]}, "unit": "千克", "height": max(450, tallest * _ROW + 90)}


def _node(row: TraceRow, name: str, place: tuple[float, float]) -> dict[str, Any]:
    tail = f"…{row.code[-6:]}" if row.code else "（他方包装）"
    return {
        "id": name,
        "name": f"{printed(row.code) or '他方包装'}\n{row.waste_name} {row.status_name}",
        "value": row.mass_g / 1000,
        "x": place[0],
        "y": place[1],
        "symbolSize": 18 if row.is_root else 12,
        "itemStyle": {
            "color": profiles()[row.domain].colour,
            "borderWidth": 3 if row.is_root else 0,
            "borderColor": "#1f2d3d",
        },
        "label": {"formatter": f"{tail} {kilograms(row.mass_g)} 千克{'（未完）' if row.has_more else ''}"},
    } | ({"url": reverse("packages:detail", args=[row.code])} if row.code else {})
