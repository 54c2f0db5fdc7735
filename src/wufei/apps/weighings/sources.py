"""Whom a ticket names as the source of its load: a site or a division, by code or by name.

Invariant: a name that fits several is refused, never guessed. Names are looked for near the scale, codes everywhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from wufei.apps.registry.models import Division, Site
from wufei.core.divisions import is_division_code, place_of, prefix_of
from wufei.core.intake import BadValue
from wufei.core.units import narrow

PART = 400  # SQLite bounds a statement's values


@dataclass(frozen=True, slots=True)
class Source:
    """A holder of the ledger, and its site where it is one."""

    holder: str
    site_id: int | None


class SourceFinder:
    """Finds the sources that tickets name; four queries for as many as ``PART`` of them."""

    def __init__(self, texts: Iterable[str], near: str) -> None:
        """``near``: division of the scale."""
        wanted = {self._plain(text) for text in texts} - {""}
        self._found: dict[str, list[Source]] = {text: [] for text in wanted}
        region = prefix_of(place_of(near))
        names = sorted(wanted)
        for start in range(0, len(names), PART):
            self._look(names[start : start + PART], region)

    @staticmethod
    def _plain(text: str) -> str:
        plain = narrow(text)
        for kind in ("site:", "boundary:"):
            plain = plain.removeprefix(kind)
        return plain

    def _look(self, names: Sequence[str], region: str) -> None:
        near = Q(division__code__startswith=region)
        sites = Site.objects.filter(Q(code__in=names) | Q(name__in=names) & near)
        for pk, code, name in sites.values_list("pk", "code", "name"):
            for text in {code, name} & set(names):
                self._found[text].append(Source(f"site:{code}", pk))
        codes = [name for name in names if is_division_code(name)]
        divisions = Division.objects.filter(Q(code__in=codes) | Q(name__in=names, code__startswith=region))
        for code, name in divisions.values_list("code", "name"):
            for text in {code, name} & set(names):
                self._found[text].append(Source(f"boundary:{code}", None))

    def find(self, text: str) -> Source | None:
        """The source that ``text`` names; ``None`` where it is empty. Raises ``BadValue``."""
        plain = self._plain(text)
        if not plain:
            return None
        found = self._found[plain]
        if len(found) == 1:
            return found[0]
        if found:
            codes = "、".join(source.holder.partition(":")[2] for source in found[:4])
            what = f"来源“{plain[:30]}”有 {len(found)} 处同名。"
            raise BadValue(what, f"请改填编号或代码：{codes}。", "ambiguous_source")
        what = f"来源“{plain[:30]}”没有登记。"
        raise BadValue(what, "请填写已登记场所的编号或名称，或本地乡镇（街道）的名称、代码。", "unknown_source")
