"""The pages that anyone may open who holds a label: ``/q/<code>``, and ``/q/`` to type a code.

Invariant: it shows of a package what the label shows of the waste, never a person, a mass, a vehicle or a manifest;
and its work is bounded: a malformed code is told from its text alone, else a fixed number of statements.
"""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from wufei.apps.packages import selectors
from wufei.apps.packages.chain import chain_state
from wufei.core.catalogue import parse_hazard
from wufei.core.findings import Finding, Refused
from wufei.core.package import form_names
from wufei.core.package_code import printed, read_scan
from wufei.core.profiles import profiles

STEPS = 50
_CHAIN = {
    "none": ("还没有入账记录", "这个包装的重量还没有记入台账，暂时没有可以核验的内容。", "secondary"),
    "open": ("记录完好，等待签发", "入账记录与摘要一致；最近的检查点签发之后才能完全核验。", "azure"),
    "sealed": ("记录完好", "入账记录与摘要、链和已签发的检查点一致，入账后没有被改动。", "green"),
    "broken": ("记录异常", "入账记录与当初的摘要不符。请联系当地生态环境部门核查。", "red"),
}


@require_safe
def look_up(request: HttpRequest) -> HttpResponse:
    """A field for the code of a label (``?code=``), for who cannot scan it; leads to the page of the package."""
    typed = request.GET.get("code", "")
    if not typed.strip():
        return render(request, "packages/look_up.html")
    try:
        wanted = read_scan(typed)
    except Refused as refused:
        return _unknown(request, typed[:60], refused.findings)
    return redirect("package-public", wanted)


def _unknown(request: HttpRequest, code: str, findings: Sequence[Finding] = ()) -> HttpResponse:
    return render(request, "packages/unknown.html", {"findings": findings, "code": code}, status=404)


@require_safe
def package(request: HttpRequest, code: str) -> HttpResponse:
    """What a package is, its steps, and whether its chain holds."""
    try:
        wanted = read_scan(code)
    except Refused as refused:
        return _unknown(request, code[:60], refused.findings)
    found = selectors.public_package(wanted)
    if found is None:
        return _unknown(request, printed(wanted))
    if code != wanted:
        # One address for each package, however the code was typed.
        return HttpResponse(status=302, headers={"Location": reverse("package-public", args=[wanted])})
    boxes = selectors.boxes_around(found)
    chain = chain_state([found.code, *(box.code for box in boxes)])
    title, advice, colour = _CHAIN[chain.state]
    context = {
        "package": found,
        "shown": printed(found.code),
        "category": selectors.category_words(found.waste_code),
        "domain_name": profiles()[found.domain].name,
        "form_name": form_names().get(found.form, ""),
        "hazards": parse_hazard(found.hazards).meaning if found.hazards else "",
        "status_name": selectors.status_word(found),
        "is_boxed": bool(boxes),
        "steps": selectors.public_steps(found, most=STEPS),
        "chain": chain,
        "chain_title": title,
        "chain_advice": advice,
        "chain_colour": colour,
    }
    return render(request, "packages/public.html", context)
