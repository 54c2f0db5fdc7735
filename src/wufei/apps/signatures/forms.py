"""Forms of the signatures."""

from django import forms

from wufei.apps.signatures.reference import named_slots
from wufei.core.catalogue import DOMAIN_NAMES

CHECK = {"class": "form-check-input"}


class DelegationForm(forms.Form):
    """A delegation as the page asks for it; what the service finds wrong is shown beside the fields."""

    receiver = forms.CharField(label="受托人", max_length=150)
    slots = forms.MultipleChoiceField(label="席位", required=False, widget=forms.CheckboxSelectMultiple(attrs=CHECK))
    profiles = forms.MultipleChoiceField(
        label="领域",
        required=False,
        choices=list(DOMAIN_NAMES.items()),
        widget=forms.CheckboxSelectMultiple(attrs=CHECK),
    )
    valid_from = forms.DateField(label="起")
    valid_until = forms.DateField(label="止")
    evidence = forms.FileField(label="委托书", required=False)

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)  # type: ignore[arg-type]
        slots = self.fields["slots"]
        assert isinstance(slots, forms.MultipleChoiceField)
        slots.choices = [(slot.slot, slot.name) for slot in named_slots()]


class PartyForm(forms.Form):
    """Who will sign by a one-time code; both may be left out."""

    party_name = forms.CharField(label="签名人姓名", max_length=30, required=False)
    phone = forms.CharField(label="手机号", max_length=30, required=False)


class RedeemForm(forms.Form):
    """Code and name of a party without account."""

    code = forms.CharField(label="六位签名码", max_length=20)
    name = forms.CharField(label="姓名", max_length=60)
    agreed = forms.BooleanField(label="我已阅读上面的内容，确认无误")
