"""What the pages of the weighings ask for."""

from collections.abc import Sequence

from django import forms

from wufei.core.weighing import DIRECTION_NAMES

UNITS = (("", "按表头"), ("kg", "千克"), ("t", "吨"))


class ImportForm(forms.Form):
    """A file of tickets, its site, and what holds where the sheet does not say it."""

    file = forms.FileField(error_messages={"required": "没有选择文件。请选择 Excel 或 CSV 文件。"})
    site = forms.CharField(max_length=40, error_messages={"required": "没有选择过磅的场所。"})
    device = forms.CharField(max_length=40, required=False)
    direction = forms.ChoiceField(choices=(("", "按场所"), *DIRECTION_NAMES.items()), required=False)
    unit = forms.ChoiceField(choices=UNITS, required=False)
    source = forms.CharField(max_length=80, required=False)

    def __init__(self, *args: object, sites: Sequence[tuple[str, str]] = (), **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.sites = sites


class ReasonForm(forms.Form):
    """Why something is undone."""

    reason = forms.CharField(max_length=200, error_messages={"required": "没有写撤销原因。请写明为什么撤销。"})
