"""The year's mass on the place's page: the flow picture and its table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from wufei.apps.cockpit.figures import tonnes, tonnes_text
from wufei.apps.cockpit.labels import STAGES
from wufei.apps.cockpit.material import REST, SOURCES, Link, Treated, fold_small, links
from wufei.apps.cockpit.place_year import PlaceYear
from wufei.apps.cockpit.rows import Choice, FlowRow
from wufei.core import catalogue
from wufei.core.catalogue import DOMAIN_NAMES
from wufei.core.ledger import Bucket, MassBalance
from wufei.core.ledger import FlowRow as LedgerFlow

SHOWN_CODES = 12
TREATED = {Bucket.UTILISED, Bucket.DISPOSED}
COLOURS = {
    "opening": "#7a8ca3", "generated": "#b0611f", "received": "#8d6bb1", "utilised": "#1b6e52", "disposed": "#c49a2c",
    "dumped": "#b3261e", "sent": "#8d6bb1", "closing": "#7a8ca3", "unexplained": "#444444",
}  # fmt: skip
GROUP_COLOUR = "#3c7fb1"
FOUND = "unexplained:found"
EMPTY_ADVICE = (
    "无废办或企业在“台账”页上传产生、转移、利用处置的记录（表格模板在上传页），记入后这里画出全年的来源、去向和库存。"
    "也可以换一个年份或领域看。"
)
OTHER = "other"  # the group of the smaller waste codes
LEFT, MIDDLE, RIGHT, LAST = range(4)  # the columns of the picture


@dataclass(frozen=True, slots=True)
class Material:
    """All that the partial of the flow picture shows."""

    place: str
    domains: tuple[Choice, ...]
    rows: tuple[FlowRow, ...]
    src: str
    summary: str
    is_simulated: bool
    empty_advice: str


def treated(rows: Sequence[LedgerFlow], domain: str) -> list[Treated]:
    """What each method took, from the flows; a reversal counts against it."""
    found = []
    for row in rows:
        if domain and row.domain != domain:
            continue
        if row.target_bucket in TREATED:
            found.append(Treated(row.waste_code, row.domain, str(row.target_bucket), row.method, row.mass_g))
        if row.source_bucket in TREATED:
            found.append(Treated(row.waste_code, row.domain, str(row.source_bucket), row.method, -row.mass_g))
    return found


def _group_name(group: str, balance: MassBalance) -> str:
    if group in DOMAIN_NAMES:
        return DOMAIN_NAMES[group]
    return next((f"{line.name}（{group}）" for line in balance.codes if line.waste_code == group), group)


def _node_name(node: str, balance: MassBalance) -> str:
    """The words of one end of a stream."""
    head, _, rest = node.partition(":")
    if node == FOUND:
        return "来源不明"
    if head == "group":
        return _group_name(rest, balance) if rest != OTHER else "其余各类"
    if head == "method":
        bucket, _, method = rest.partition(":")
        if method == REST:
            return f"其余{STAGES[bucket].text}方式"
        known = catalogue.methods().get(method)
        return f"{STAGES[bucket].text}：{known.name if known else method or '未注明方式'}"
    return STAGES[node].text


def picture(balance: MassBalance, rows: Sequence[LedgerFlow], domain: str) -> list[Link]:
    """The streams of a place: by domain, or within one domain by waste code (the largest twelve, the rest as one)."""
    if not domain:
        return links(balance.codes, treated(rows, ""), by_code=False)
    large, small = fold_small(list(balance.codes), keep=SHOWN_CODES)
    rest = [replace(line, waste_code=OTHER) for line in small]
    return links([*large, *rest], treated(rows, domain), by_code=True)


def _panel_url(asked: PlaceYear, link: Link) -> str:
    code = link.group if link.group not in DOMAIN_NAMES and link.group != OTHER else ""
    group = link.group if link.group in DOMAIN_NAMES else asked.domain
    given = {"year": asked.year, "domain": group, "code": code, "method": link.method}
    return f"{asked.base}mass/{link.stage}/?{urlencode({key: value for key, value in given.items() if value})}"


def build_material(asked: PlaceYear) -> Material:
    """The flow picture: table rows, the address of the chart's JSON, and the same in one sentence."""
    query, domain = asked.query, asked.domain
    balance = asked.balance(domain)
    total = balance.total
    parts = [
        f"{STAGES[stage].text} {tonnes_text(getattr(total, f'{stage}_g'))} 吨"
        for stage in STAGES
        if getattr(total, f"{stage}_g")
    ]
    what = DOMAIN_NAMES.get(domain, "全部领域")
    return Material(
        place=asked.mass_place,
        domains=tuple(
            Choice(key, label, query.url(asked.base, "#material", domain=key), key == domain)
            for key, label in (("", "全部"), *DOMAIN_NAMES.items())
        ),
        rows=tuple(
            FlowRow(
                _node_name(link.source, balance),
                _node_name(link.target, balance),
                tonnes_text(link.mass_g),
                _panel_url(asked, link),
            )
            for link in picture(balance, asked.flows, domain)
        ),
        src=query.url(f"{asked.base}flows.json", domain=domain),
        summary=f"{what}：{'，'.join(parts)}。" if parts else f"{what}没有记录。",
        is_simulated=balance.is_simulated,
        empty_advice=EMPTY_ADVICE,
    )


def _column(node: str) -> int:
    """In which column a node stands: sources, groups, sinks, methods."""
    if node == FOUND or node in SOURCES:
        return LEFT
    return {"group": MIDDLE, "method": LAST}.get(node.partition(":")[0], RIGHT)


def sankey(asked: PlaceYear) -> dict[str, object]:
    """The flow picture as the option of a chart."""
    balance = asked.balance(asked.domain)
    streams = picture(balance, asked.flows, asked.domain)
    if not streams:
        return {"option": None, "unit": "吨", "empty": EMPTY_ADVICE}
    nodes = dict.fromkeys(node for link in streams for node in (link.source, link.target))
    data = [
        {
            "name": node,
            "label": {"formatter": _node_name(node, balance)},
            "itemStyle": {"color": COLOURS.get(node.removeprefix("method:").partition(":")[0], GROUP_COLOUR)},
            "depth": _column(node),
        }
        for node in nodes
    ]
    edges = [
        {
            "source": link.source,
            "target": link.target,
            "value": float(tonnes(link.mass_g)),  # a picture's length; the exact figure is in the table and the panel
            "source_label": _node_name(link.source, balance),
            "target_label": _node_name(link.target, balance),
            "panel": _panel_url(asked, link),
        }
        for link in streams
    ]
    option = {
        "series": [
            {
                "type": "sankey",
                "left": 4,
                "right": 190,
                "top": 8,
                "bottom": 8,
                "nodeWidth": 14,
                "nodeGap": 14,
                "draggable": False,
                "emphasis": {"focus": "adjacency"},
                "lineStyle": {"color": "gradient", "opacity": 0.4},
                "label": {"fontSize": 11, "color": "#1d2a25", "width": 170, "overflow": "truncate"},
                "data": data,
                "links": edges,
            }
        ]
    }
    tallest = max(sum(_column(node) == column for node in nodes) for column in range(4))
    height = max(360, 32 * tallest)
    return {"option": option, "unit": "吨", "empty": "", "height": height, "is_simulated": balance.is_simulated}
