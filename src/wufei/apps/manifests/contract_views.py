"""The page of what manifests have carried under a contract: down from a remaining mass to each load."""

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from wufei.apps.declarations.selectors import visible_contracts
from wufei.apps.manifests.selectors import uses_of_contract
from wufei.core.form_fields import tonnes_text

MOST_SHOWN = 200


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The manifests under a contract, of all wastes or of one (``?code=``), the newest first."""
    contract = get_object_or_404(visible_contracts(request.user), pk=pk)
    code = request.GET.get("code", "")[:20].replace("\0", "")
    uses = uses_of_contract(request.user, contract.pk, code)
    sums = uses.aggregate(mass_g=Sum("mass_g"), count=Count("manifest_id", distinct=True))
    context = {
        "contract": contract,
        "code": code,
        "count": sums["count"],
        "total": tonnes_text(sums["mass_g"] or 0),
        "rows": [(use.manifest, use.waste_code, tonnes_text(use.mass_g)) for use in uses[:MOST_SHOWN]],
        "most": MOST_SHOWN,
    }
    return render(request, "manifests/contract.html", context)
