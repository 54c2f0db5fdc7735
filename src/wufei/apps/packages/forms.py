"""Forms of the pages of packages. Masses are typed in kilograms and read to the gram; codes stand one a line."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wufei.apps.packages.models import Package
from wufei.apps.registry.models import Site
from wufei.core.catalogue import methods
from wufei.core.kilograms import grams_typed
from wufei.core.package import Event, container_names, form_names, rules
from wufei.core.profiles import profiles

_LINES = forms.Textarea(attrs={"rows": 3})


def grams(text: str) -> int:
    """Grams of a mass typed in kilograms; raises ``ValidationError``."""
    mass_g = grams_typed(text)
    if isinstance(mass_g, int) and mass_g > 0:
        return mass_g
    told = _("“%(text)s”千克不行，或不是数：须大于 0、不超过 100 万吨，最多三位小数（到克），不写单位。请更正。")
    raise forms.ValidationError(told, params={"text": text[:20]})


def lines(text: str) -> list[str]:
    """The lines of a text that hold something."""
    return [line.strip() for line in text.replace("，", "\n").replace(",", "\n").splitlines() if line.strip()]


class MassField(forms.CharField):
    """A mass in kilograms; cleaned to grams, or ``None`` where it is empty."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return grams(text) if text else None


class MassLines(forms.CharField):
    """Masses in kilograms, one a line; cleaned to grams."""

    widget = _LINES

    def clean(self, value: Any) -> Any:
        return [grams(line) for line in lines(super().clean(value) or "")]


class CodeLines(forms.CharField):
    """Codes, one a line; scanners end each with a new line."""

    widget = _LINES

    def clean(self, value: Any) -> Any:
        return lines(super().clean(value) or "")


class WhatForm(forms.Form):
    """What is in a package."""

    waste_code = forms.CharField(label=_("废物代码"), max_length=20)
    waste_name = forms.CharField(label=_("废物名称（不填则用目录名称）"), max_length=120, required=False)
    generated_on = forms.DateField(
        label=_("产生日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    form = forms.ChoiceField(label=_("形态"), required=False)
    hazards = forms.CharField(label=_("危险特性（T,C,I,R,In；不填则用名录的）"), max_length=20, required=False)
    container = forms.ChoiceField(label=_("容器"), required=False)
    main_components = forms.CharField(label=_("主要成分"), max_length=200, required=False)
    harmful_components = forms.CharField(label=_("有害成分"), max_length=200, required=False)
    precautions = forms.CharField(label=_("注意事项"), max_length=200, required=False)
    contact = forms.CharField(label=_("联系人（只印在标签上）"), max_length=60, required=False)
    phone = forms.CharField(label=_("联系方式（只印在标签上）"), max_length=40, required=False)
    remark = forms.CharField(label=_("备注"), max_length=200, required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["form"].choices = [("", "—"), *form_names().items()]  # type: ignore[attr-defined]
        self.fields["container"].choices = [("", "—"), *container_names().items()]  # type: ignore[attr-defined]


class AssignForm(WhatForm):
    """Codes for new packages at a site of one's own."""

    site = forms.ChoiceField(label=_("场所"))
    count = forms.IntegerField(label=_("个数"), min_value=1, max_value=rules().assign_max, initial=1)
    mass = MassField(label=_("每个净重（千克，未称重可不填）"), required=False)
    masses = MassLines(label=_("或逐个净重（千克，每行一个）"), required=False)
    external_codes = CodeLines(label=_("外部编码（每行一个，可不填）"), required=False)
    book = forms.BooleanField(label=_("把产生记入产废一本账（入库）；台账已登记这批废物的不要勾选"), required=False)
    field_order = ["site", "waste_code", "waste_name", "generated_on", "count", "mass", "masses"]

    def __init__(self, *args: Any, sites: Sequence[Site], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["site"].choices = [(site.code, f"{site.name}（{site.code}）") for site in sites]  # type: ignore[attr-defined]

    def masses_g(self) -> list[int | None]:
        """Grams of each package."""
        if self.cleaned_data["masses"]:
            return list(self.cleaned_data["masses"])
        mass_g = self.cleaned_data["mass"]
        return [mass_g] * self.cleaned_data["count"] if mass_g else []


# --- Actions on one package ---------------------------------------------------------------------------------------


class ActionForm(forms.Form):
    """What an action asks for beside the package of the page."""

    def __init__(self, *args: Any, package: Package, **more: Any) -> None:
        super().__init__(*args, **more)
        if "method" in self.fields:
            known = profiles()[package.domain].methods
            choices = [("", "—"), *((code, f"{code} {methods()[code].name}") for code in known)]
            self.fields["method"].choices = choices  # type: ignore[attr-defined]


class NestForm(ActionForm):
    codes = CodeLines(label=_("装进本箱的包装编码（每行一个）"))


class WeighForm(ActionForm):
    mass = MassField(label=_("净重（千克，不含箱内包装）"))


class SplitForm(ActionForm):
    parts = MassLines(label=_("各份净重（千克，每行一个；之和须等于原重量）"))


class MergeForm(ActionForm):
    codes = CodeLines(label=_("与本包装合并的编码（每行一个）"))
    waste_code = forms.CharField(label=_("合并后的废物代码（代码不同时必填）"), max_length=20, required=False)
    method = forms.ChoiceField(label=_("处理方式（代码不同时必填）"), required=False)


class RetireForm(ActionForm):
    method = forms.ChoiceField(label=_("利用处置方式"))
    codes = CodeLines(label=_("同时销码的其他编码（每行一个，可不填）"), required=False)
    outputs = forms.CharField(
        label=_("残余物（每行一个：废物代码 空格 千克，可不填）"), required=False, widget=_LINES
    )

    def clean_outputs(self) -> list[tuple[str, int]]:
        """Waste code and grams of each residue."""
        found = []
        for line in lines(self.cleaned_data["outputs"] or ""):
            code, _blank, mass = line.partition(" ")
            if not mass.strip():
                told = _("“%(line)s”没有重量。请写成“772-003-18 12.5”。")
                raise forms.ValidationError(told, params={"line": line[:40]})
            found.append((code, grams(mass)))
        return found


class VoidForm(ActionForm):
    reason = forms.CharField(label=_("作废原因"), max_length=200)


class PlainForm(ActionForm):
    pass


FORMS: dict[Event, type[ActionForm]] = {
    Event.WEIGH: WeighForm,
    Event.STORE: PlainForm,
    Event.NEST: NestForm,
    Event.UNNEST: PlainForm,
    Event.SPLIT: SplitForm,
    Event.MERGE: MergeForm,
    Event.RETIRE: RetireForm,
    Event.VOID: VoidForm,
}
