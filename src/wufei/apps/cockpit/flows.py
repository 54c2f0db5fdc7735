"""The year's mass on the place's page: the flow picture, its table, and the townships with their facilities."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from wufei.apps.cockpit.figures import tonnes, tonnes_text
from wufei.apps.cockpit.labels import STAGES
from wufei.apps.cockpit.material import REST, SOURCES, Link, Treated, fold_small, links
from wufei.apps.cockpit.query import Query
from wufei.apps.cockpit.rows import Choice, FlowRow, TownRow
from wufei.apps.ledger import selectors as ledger
from wufei.apps.registry import selectors as registry
from wufei.apps.registry.models import Division, User
from wufei.core import catalogue
from wufei.core.catalogue import DOMAIN_NAMES
from wufei.core.divisions import prefix_of
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


@dataclass(frozen=True, slots=True)
class TownMap:
    """All that the partial of the map shows."""

    rows: tuple[TownRow, ...]
    src: str
    missing: str
    is_simulated: bool


def ledger_division(user: User, division: str) -> str | None:
    """The division whose mass ``user`` sees on the page of ``division``: the place's, or their own township's."""
    seen = registry.scope(user)
    if seen.covers(division):
        return division
    if user.division_id and user.division_id.startswith(prefix_of(division)) and seen.covers(user.division_id):
        return str(user.division_id)
    return None


def year_flows(division: str, year: int) -> list[LedgerFlow]:
    """The flows of a whole year."""
    return ledger.flows(division, date(year, 1, 1), date(year, 12, 31))


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


def _panel_url(base: str, link: Link, query: Query, domain: str) -> str:
    code = link.group if link.group not in DOMAIN_NAMES and link.group != OTHER else ""
    group = link.group if link.group in DOMAIN_NAMES else domain
    asked = {"year": query.year, "domain": group, "code": code, "method": link.method}
    return f"{base}mass/{link.stage}/?{urlencode({key: value for key, value in asked.items() if value})}"


def build_material(division: str, place: str, query: Query, base: str, *, flows: Sequence[LedgerFlow]) -> Material:
    """The flow picture of ``division``: table rows, the address of the chart's JSON, and the same in one sentence."""
    domain = query.domain if query.domain in DOMAIN_NAMES else ""
    balance = ledger.mass_balance(division, query.year, domain or None)
    streams = picture(balance, flows, domain)
    total = balance.total
    parts = [
        f"{STAGES[stage].text} {tonnes_text(getattr(total, f'{stage}_g'))} 吨"
        for stage in STAGES
        if getattr(total, f"{stage}_g")
    ]
    what = DOMAIN_NAMES.get(domain, "全部领域")
    return Material(
        place=place,
        domains=tuple(
            Choice(key, label, query.url(base, "#material", domain=key), key == domain)
            for key, label in (("", "全部"), *DOMAIN_NAMES.items())
        ),
        rows=tuple(
            FlowRow(
                _node_name(link.source, balance),
                _node_name(link.target, balance),
                tonnes_text(link.mass_g),
                _panel_url(base, link, query, domain),
            )
            for link in streams
        ),
        src=query.url(f"{base}flows.json", domain=domain),
        summary=f"{what}：{'，'.join(parts)}。" if parts else f"{what}没有记录。",
        is_simulated=balance.is_simulated,
        empty_advice="登记台账（台账页上传文件），或换一个年份、领域。",
    )


def _column(node: str) -> int:
    """In which column a node stands: sources, groups, sinks, methods."""
    if node == FOUND or node in SOURCES:
        return LEFT
    return {"group": MIDDLE, "method": LAST}.get(node.partition(":")[0], RIGHT)


def sankey(division: str, query: Query, base: str) -> dict[str, object]:
    """The flow picture as the option of a chart."""
    domain = query.domain if query.domain in DOMAIN_NAMES else ""
    balance = ledger.mass_balance(division, query.year, domain or None)
    streams = picture(balance, year_flows(division, query.year), domain)
    if not streams:
        return {"option": None, "unit": "吨", "empty": "这一年的台账还没有记录。"}
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
            "panel": _panel_url(base, link, query, domain),
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


def generated_by_township(rows: Sequence[LedgerFlow]) -> dict[str, int]:
    """Grams generated below each township (9-digit code)."""
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.source_bucket == Bucket.GENERATED:
            sums[row.source_division[:9]] += row.mass_g
        if row.target_bucket == Bucket.GENERATED:  # a reversal
            sums[row.target_division[:9]] -= row.mass_g
    return sums


POSITIONS = {"guess": "估计", "": "没有位置"}


def _townships(user: User, division: str) -> list[Division]:
    below = registry.visible_divisions(user).filter(code__startswith=prefix_of(division))
    level = 3 if prefix_of(division) != division else 4
    return list(below.filter(level=level).order_by("code"))


def _facilities(user: User, division: str) -> list[tuple[str, str, str, str]]:
    """Code, name, township and site code of the facilities a person sees in a place."""
    rows = registry.visible_facilities(user).filter(site__division__code__startswith=prefix_of(division))
    return [(f.code, f.name, f.site.division_id, f.site.code) for f in rows.select_related("site")]


def build_map(
    user: User, division: str, query: Query, base: str, *, flows: Sequence[LedgerFlow], is_simulated: bool
) -> TownMap:
    """The townships of a place with what arose in each and the facilities there; two queries."""
    mass = generated_by_township(flows)
    by_town: dict[str, list[str]] = defaultdict(list)
    for _, name, town, _ in _facilities(user, division):
        by_town[town[:9]].append(name)
    towns = _townships(user, division)
    length = max((len(prefix_of(town.code)) for town in towns), default=9)
    sums: dict[str, int] = defaultdict(int)
    for code, grams in mass.items():
        sums[code[:length]] += grams
    rows = tuple(
        TownRow(
            code=town.code,
            name=town.name,
            mass=tonnes_text(sums.get(prefix_of(town.code), 0)) if flows else "—",
            sites=0,
            facilities=tuple(by_town.get(town.code, ())),
            position="没有位置" if town.longitude is None else POSITIONS.get(town.position_basis, "已定位"),
        )
        for town in towns
    )
    missing = "、".join(town.name for town in towns if town.longitude is None)
    return TownMap(rows, query.url(f"{base}map.json"), missing, is_simulated)


def map_points(user: User, division: str, query: Query, base: str) -> dict[str, object]:
    """Townships (circles by mass) and facilities with a position, for the map's script."""
    own = ledger_division(user, division)
    flows = year_flows(own, query.year) if own else []
    sums: dict[str, int] = defaultdict(int)
    towns = _townships(user, division)
    length = max((len(prefix_of(town.code)) for town in towns), default=9)
    for code, grams in generated_by_township(flows).items():
        sums[code[:length]] += grams
    points: list[dict[str, object]] = []
    for town in towns:
        if town.longitude is None or town.latitude is None:
            continue
        grams = sums.get(prefix_of(town.code), 0)
        guess = town.position_basis == "guess"
        points.append(
            {
                "kind": "township",
                "label": town.name,
                "longitude": float(town.longitude),
                "latitude": float(town.latitude),
                "mass_t": float(tonnes(grams)),
                "is_guess": guess,
                "lines": [
                    town.name,
                    f"本年度产生 {tonnes_text(grams)} 吨" if flows else "没有台账记录",
                    "位置为估计" if guess else "",
                ],
            }
        )
    places = registry.visible_facilities(user).filter(site__division__code__startswith=prefix_of(division))
    for facility in places.select_related("site", "site__division"):
        site = facility.site
        if site.longitude is None or site.latitude is None:
            continue
        points.append(
            {
                "kind": "facility",
                "label": facility.name,
                "longitude": float(site.longitude),
                "latitude": float(site.latitude),
                "mass_t": 0,
                "is_guess": False,
                "lines": [facility.name, site.division.name, "模拟数据" if site.is_simulated else ""],
            }
        )
    return {"points": points, "empty": "还没有经纬度。请在登记里补上乡镇和设施的位置。"}
