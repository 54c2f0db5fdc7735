"""Forms of the pages of figures."""

from django import forms
from django.utils.translation import gettext_lazy as _

LARGEST_FILE = 10 * 1024 * 1024


class UploadForm(forms.Form):
    """A file of figures."""

    file = forms.FileField(label=_("文件"), allow_empty_file=False)

    def clean_file(self):  # type: ignore[no-untyped-def]
        """Refuse what is too large to be a table of figures."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("文件超过 10 MB，请分成几个文件上传。"))
        return file


class ReviewForm(forms.Form):
    """A decision on a submitted figure."""

    decision = forms.ChoiceField(choices=[("approve", _("审核通过")), ("return", _("退回"))])
    reason = forms.CharField(label=_("原因"), required=False, max_length=200)
