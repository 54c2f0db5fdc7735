"""Walks every address with every role: who may open it, and that nobody is shown what is another's.

To add an address: one line in ``PAGES``: its name, the values of its address, and the rule who may open it.
An address that stands in neither ``PAGES`` nor ``OPEN`` fails ``test_every_address_is_classified``.

The sample: firm A in 递铺 (industrial), firm B in 孝丰 (agricultural), both 安吉; firm C in 龙游. Each firm's names
carry its mark. Department A (经信局) has the duty of industry, department B (农业农村局) of agriculture.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pypdfium2 as pdfium
import pytest
from django.apps import apps
from django.db import transaction
from django.urls import get_resolver, reverse

from wufei.apps.amendments.models import AmendmentParty, AmendmentRecord, CorrectionRequest
from wufei.apps.assessment.models import ElementValue, ValueStatus
from wufei.apps.declarations.models import BookEntry, Contract, Declaration, HandlingPlan, ManagementPlan
from wufei.apps.facts.services import record_fact
from wufei.apps.field.models import FieldDevice, FieldEvent, FieldOutcome, NumberBlock
from wufei.apps.ledger import services as ledger
from wufei.apps.manifests import services as manifests
from wufei.apps.manifests.models import ManifestSerial, Trip, TripSight, TripStop
from wufei.apps.manifests.trip_selectors import trip_scopes
from wufei.apps.packages import services as packages
from wufei.apps.plans.services import load_pack
from wufei.apps.registry import selectors
from wufei.apps.registry.models import (
    CarrierLicence,
    Department,
    Facility,
    Organisation,
    Permit,
    RegionTransfer,
    RegionTransferLine,
    Site,
    TransportPerson,
    User,
    Vehicle,
)
from wufei.apps.registry.services import load_reference
from wufei.apps.signatures.models import Delegation, EvidenceFile, SigningKey
from wufei.apps.weighings.models import TicketFile, TicketImport, WeighingRecord
from wufei.core import plan
from wufei.core.credit_code import make_credit_code
from wufei.core.ledger import SHANGHAI, Account, Bucket, Holder, Movement
from wufei.core.manifest import Event

pytestmark = [pytest.mark.django_db, pytest.mark.long]
AT = datetime(2022, 6, 1, 8, tzinfo=SHANGHAI)
MARKS = {"A": "甲标记", "B": "乙标记", "C": "丙标记"}
FIGURES = {"330523": "安吉数据标记", "330825": "龙游数据标记"}  # stands in the notes of reported figures
PLANS = {"330523": "建筑材料循环利用中心扩建", "330825": "金怡热电"}  # stands in that place's project list alone


MANIFESTS = {"A": "GY20263305230000901", "B": "NY20263305230000902", "C": "GY20263308250000903"}
TRIPS = {"A": "SY20263305230000901", "B": "SY20263305230000902", "C": "SY20263308250000903"}


@dataclass(frozen=True)
class Person:
    """A user of the sample, and by hand what they may see: firms, plans, reported figures, and what they may do."""

    role: str
    division: str | None
    department: str = ""
    firm: str = ""
    sees: str = ""
    plan: str = ""
    figures: str = ""
    may: tuple[str, ...] = ()


ANJI = {"plan": "330523", "figures": "330523"}
LONGYOU = {"plan": "330825", "figures": "330825"}
ECOLOGY = ("import", "fleet", "report", "review")
OFFICE = ("import", "fleet", "audit", "report", "post", "review")
PEOPLE = {
    "office": Person("programme_office", "330523", sees="AB", **ANJI, may=OFFICE),
    "leader": Person("leader", "330523", sees="AB", **ANJI, may=("audit",)),
    "parent": Person("parent_region", "330500", sees="AB", **ANJI),
    "ecology": Person("department", "330523", "生态环境分局", sees="AB", **ANJI, may=ECOLOGY),
    "department_a": Person("department", "330523", "经信局", sees="A", **ANJI, may=("report",)),
    "department_b": Person("department", "330523", "农业农村局", sees="B", **ANJI, may=("report",)),
    "department_none": Person("department", "330523", "财政局", **ANJI, may=("report",)),
    "enforcement": Person("enforcement", "330523", "综合执法局", **ANJI),
    "township_a": Person("township", "330523001", sees="A", plan="330523"),
    "township_b": Person("township", "330523105", sees="B", plan="330523"),
    "grid_a": Person("grid_officer", "330523001", sees="A", plan="330523"),
    "generator_a": Person("generator", "330523", firm="A", sees="A", may=("post", "delegate")),
    "carrier_b": Person("carrier", "330523", firm="B", sees="B", may=("fleet", "post", "delegate")),
    "facility_b": Person("facility", "330523", firm="B", sees="B", may=("post", "delegate")),
    "firm_without_record": Person("generator", "330523"),
    "citizen": Person("citizen", "330523"),
    "device": Person("device", "330523"),
    "other_system": Person("other_system", "330523"),
    "placeless_leader": Person("leader", None),
    "longyou_office": Person("programme_office", "330825", sees="C", **LONGYOU, may=OFFICE),
    "longyou_department": Person("department", "330825", "县农业农村局", **LONGYOU, may=("report",)),
}  # fmt: skip

# Anyone may open these; they show nothing of anyone. The names without a colon come from allauth.
OPEN = {
    "transparency:index",
    "transparency:lines",
    "transparency:check",
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",
    "account_reauthenticate",
    "account_email",
    "account_email_verification_sent",
    "account_change_password",
    "account_set_password",
    "account_reset_password",
    "account_confirm_login_code",
    "account_confirm_email",
    "account_reset_password_from_key_done",
    "account_reset_password_from_key",
    "account_reset_password_done",
    "mfa_index",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "api:api-root",
    "api:enter",
    "api:openapi-json",
    "api:openapi-view",
    "api:list_problem_kinds",
    "api:get_problem_kind",
    "package-look-up",  # a field for a code
    "package-public",  # what the label of a package shows; tests/apps/packages/test_pages.py
    "signing:by-code",  # for whoever has the link: 404 without one
    "field:home",  # the page for phones, without anything of anyone; it is kept on the phone
    "field:worker",
    "field:web-manifest",
    "field:sync",  # for who signs with a known phone's key: 401 to all others (tests/apps/field/test_views.py)
    "field:day",
    "field:photo",
}

HOMES = {"A": "330523", "B": "330523", "C": "330825"}
TWO_PLACES = ("330523", "330825")
LISTS = ("targets", "tasks", "projects", "responsibilities")
REGISTRY = ("organisations", "sites", "facilities", "permits", "vehicles", "persons", "licences")
FLEET = ("vehicles", "persons", "licences")

# name of the address -> [(values of the address, who may open it[, query])]. {A.site} … are keys of the sample.
# An address of the interface (``api:<name of the function>``) is asked with the session: a list is "everyone" (200,
# holding what is in sight), one record "sees:A", what takes POST only "post:<who>". Without a session it answers 401.
# Who: everyone · nobody · firms · sees:A (firm A is in sight) · plan:330523 · figures:330523 · plans, some-figures
# Who: everyone · nobody · firms · firm:A (who is of firm A) · sees:A (firm A is in sight) · plan:330523 ·
# acts:A, decides:A (takes steps on, decides the application of firm A) · figures:330523 · plans, some-figures
# (of any place) · may:import, may:report:330523 … · post:<who> (it takes POST only; to others it is not there).
PAGES = {
    "api:who_am_i": [((), "everyone")],
    "api:list_manifests": [((), "everyone")],
    "api:list_manifest_fields": [(("industrial",), "everyone"), (("nonsense",), "nobody")],
    "api:create_manifest": [((), "everyone")],
    "api:keep_manifest_file": [((), "post:everyone")],
    "api:check_manifest": [((), "post:everyone")],
    "api:update_manifest": [((number,), f"sees:{m}") for m, number in MANIFESTS.items()],
    "api:get_manifest": [((number,), f"sees:{m}") for m, number in MANIFESTS.items()] + [(("2026",), "nobody")],
    "api:list_manifest_versions": [((number,), f"sees:{m}") for m, number in MANIFESTS.items()],
    "api:get_manifest_version": [((number, 1), f"sees:{m}") for m, number in MANIFESTS.items()]
    + [((MANIFESTS["A"], 10**15), "nobody")],
    "api:list_manifest_templates": [((), "everyone")],
    "api:create_manifest_template": [((), "everyone")],
    "api:get_manifest_template": [((10**18,), "nobody")],
    "api:update_manifest_template": [((10**18,), "nobody")],
    "api:delete_manifest_template": [((10**18,), "nobody")],
    "api:create_manifest_from_template": [((10**18,), "post:nobody")],
    "api:amend_manifest": [((number,), f"post:sees:{m}") for m, number in MANIFESTS.items()],
    "api:list_amendments": [((), "everyone"), ((), "everyone", "waiting=true")],
    "api:request_amendment": [((), "everyone")],
    "api:get_amendment": [((f"{{{m}.amendment}}",), f"amendment:{m}") for m in "AC"] + [((10**18,), "nobody")],
    "api:answer_amendment": [((f"{{{m}.amendment}}",), f"post:amendment:{m}") for m in "AC"],
    "api:withdraw_amendment": [((f"{{{m}.amendment}}",), f"post:amendment:{m}") for m in "AC"],
    "api:decide_amendment": [((f"{{{m}.amendment}}",), f"post:amendment:{m}") for m in "AC"],
    "api:list_corrections": [((), "everyone")],
    "api:create_correction": [((), "everyone")],
    "api:get_correction": [((f"{{{m}.correction}}",), f"amendment:{m}") for m in "AC"] + [((10**18,), "nobody")],
    "api:answer_correction": [((f"{{{m}.correction}}",), f"post:amendment:{m}") for m in "AC"],
    "api:close_correction": [((f"{{{m}.correction}}",), f"post:amendment:{m}") for m in "AC"],
    "api:list_signatures": [((), "nobody", "subject=nothing:1")],
    "api:issue_code": [((), "post:everyone")],
    "api:get_code": [((1,), "nobody")],
    "api:list_delegations": [((), "everyone")],
    "api:list_contracts": [((), "everyone")],
    "api:create_contract": [((), "everyone")],
    "api:get_contract": [((f"{{{m}.contract}}",), f"sees:{m}") for m in "ABC"],
    "api:end_contract": [((f"{{{m}.contract}}",), f"post:own:{m}") for m in "ABC"],
    "api:list_handling_plans": [((), "everyone")],
    "api:create_handling_plan": [((), "everyone")],
    "api:get_handling_plan": [((f"{{{m}.handling_plan}}",), f"sees:{m}") for m in "ABC"],
    "api:decide_handling_plan": [((f"{{{m}.handling_plan}}",), f"post:may:review:{HOMES[m]}") for m in "ABC"],
    "api:advance_manifest": [((number, "depart"), f"post:sees:{m}") for m, number in MANIFESTS.items()],
    "api:list_trips": [((), "everyone")],
    "api:plan_a_trip": [((), "everyone")],
    "api:get_trip": [((number,), f"sees:{m}") for m, number in TRIPS.items()] + [(("SY2026",), "nobody")],
    "api:visit_trip_stop": [((number, 1), f"post:sees:{m}") for m, number in TRIPS.items()],
    "api:skip_trip_stop": [((number, 1), f"post:sees:{m}") for m, number in TRIPS.items()],
    "api:advance_trip": [((number, "start"), f"post:sees:{m}") for m, number in TRIPS.items()],
    "api:list_webhooks": [((), "everyone")],
    "api:create_webhook": [((), "everyone")],
    "api:get_webhook": [((1,), "nobody")],
    "api:delete_webhook": [((1,), "nobody")],
    "api:replay_webhook": [((1,), "post:nobody")],
    "api:assign_packages": [((), "everyone")],
    "api:list_packages": [((), "everyone")],
    "api:get_package": [((f"{{{m}.package}}",), f"sees:{m}") for m in "ABC"] + [(("nothing",), "nobody")],
    "api:get_package_trace": [((f"{{{m}.package}}",), f"sees:{m}") for m in "ABC"],
    **{
        f"api:{name}": [((f"{{{m}.package}}",), f"post:own:{m}") for m in "ABC"]
        for name in (
            "nest_packages",
            "unnest_package",
            "weigh_package",
            "store_package",
            "split_package",
            "merge_packages",
            "retire_packages",
            "void_package",
        )
    },
    "api:record_scan": [((), "post:everyone")],
    "api:record_scan_lines": [((), "post:everyone")],
    "api:list_transfers": [((), "everyone"), ((), "everyone", "status=accepted")],
    "api:apply_for_transfer": [((), "everyone")],
    "api:get_transfer": [((f"{{{m}.transfer}}",), f"sees:{m}") for m in "ABC"] + [((10**18,), "nobody")],
    "api:decide_on_transfer": [((f"{{{m}.transfer}}",), f"post:decides:{m}") for m in "ABC"],
    "api:advance_region_transfer": [((f"{{{m}.transfer}}", "accept"), f"post:acts:{m}") for m in "ABC"],
    "transfers:index": [((), "everyone"), ((), "everyone", "due=open&direction=out")],
    "transfers:export": [((), "everyone")],
    "transfers:new": [((), "firm-with-site")],
    "transfers:rates": [((), "nobody")],
    "transfers:detail": [((f"{{{m}.transfer}}",), f"sees:{m}") for m in "ABC"] + [((10**18,), "nobody")],
    "transfers:step": [((f"{{{m}.transfer}}",), f"post:acts:{m}") for m in "ABC"],
    "transfers:decide": [((f"{{{m}.transfer}}",), f"decides:{m}") for m in "ABC"] + [((10**18,), "nobody")],
    "api:create_manifests": [((), "post:everyone")],
    "packages:list": [((), "everyone"), ((), "everyone", "status=assigned")],
    "packages:export": [((), "everyone")],
    "packages:assign": [((), "firm-with-site")],
    "packages:labels": [((), "nobody")] + [((), f"sees:{m}", f"code={name}外码") for m, name in MARKS.items()],
    "packages:detail": [((f"{{{m}.package}}",), f"sees:{m}") for m in "ABC"] + [(("nothing",), "nobody")],
    "packages:trace": [((f"{{{m}.package}}",), f"sees:{m}") for m in "ABC"],
    "packages:trace-graph": [((f"{{{m}.package}}",), f"sees:{m}") for m in "ABC"],
    "packages:act": [((f"{{{m}.package}}", "store"), f"post:own:{m}") for m in "ABC"]
    + [((f"{{{m}.package}}", "explode"), "post:nobody") for m in "ABC"],
    "registry:index": [((), "everyone")],
    "registry:import": [((), "may:import")],
    "registry:import-template": [((), "may:import")],
    "registry:import-fleet": [((name,), "may:fleet") for name in FLEET] + [(("users",), "nobody")],
    "registry:import-fleet-template": [((name,), "may:fleet") for name in FLEET] + [(("users",), "nobody")],
    "registry:vehicle": [((f"{{{m}.vehicle}}",), f"sees:{m}") for m in "ABC"] + [((0,), "nobody")],
    "registry:person": [((f"{{{m}.person}}",), f"sees:{m}") for m in "ABC"] + [((0,), "nobody")],
    "registry:reveal": [(("persons", f"{{{m}.person}}"), f"post:sees:{m}") for m in "ABC"]
    + [(("vehicles", f"{{{m}.vehicle}}"), f"post:sees:{m}") for m in "ABC"]
    + [(("users", "{A.person}"), "post:nobody")],
    "registry:organisation": [((f"{{{m}.organisation}}",), f"sees:{m}") for m in "ABC"] + [((10**20,), "nobody")],
    "registry:site": [((f"{{{m}.site}}",), f"sees:{m}") for m in "ABC"] + [((0,), "nobody")],
    "registry:list": [((name,), "everyone") for name in REGISTRY]
    + [(("facts",), "may:audit"), (("users",), "nobody")],
    "registry:export": [((name,), "everyone") for name in REGISTRY]
    + [(("facts",), "may:audit"), (("users",), "nobody")],
    "api:list_declarations": [((), "everyone")],
    "api:generate_declaration": [((), "everyone")],
    "api:list_book_entries": [((), "everyone")],
    "api:create_book_entry": [((), "everyone")],
    "api:list_book_tables": [((), "everyone")],
    "api:get_book_entry": [((f"{{{m}.book_entry}}",), f"sees:{m}") for m in "ABC"],
    "api:reverse_book_entry": [((f"{{{m}.book_entry}}",), f"post:own:{m}") for m in "ABC"],
    "api:list_management_plans": [((), "everyone")],
    "api:create_management_plan": [((), "everyone")],
    "api:get_management_plan": [((f"{{{m}.management_plan}}",), f"sees:{m}") for m in "ABC"],
    "api:update_management_plan": [((f"{{{m}.management_plan}}",), f"sees:{m}") for m in "ABC"],
    "api:file_management_plan": [((f"{{{m}.plan_draft}}",), f"post:own:{m}") for m in "ABC"],
    "api:get_declaration": [((f"{{{m}.declaration}}",), f"sees:{m}") for m in "ABC"],
    "api:confirm_declaration": [((f"{{{m}.declaration}}",), f"post:own:{m}") for m in "ABC"],
    "api:correct_declaration": [((f"{{{m}.declaration}}",), f"post:own:{m}") for m in "ABC"],
    "declarations:index": [((), "everyone")],
    "declarations:plans": [((), "everyone")],
    "declarations:plans-export": [((), "everyone")],
    "declarations:plan-new": [((), "firm-with-site")],
    "declarations:plan": [((f"{{{m}.management_plan}}",), f"sees:{m}") for m in "ABC"] + [((10**18,), "nobody")],
    "declarations:plan-export": [((f"{{{m}.management_plan}}",), f"sees:{m}") for m in "ABC"],
    "declarations:plan-pdf": [((f"{{{m}.management_plan}}",), f"sees:{m}") for m in "ABC"],
    "declarations:plan-receipt": [((f"{{{m}.management_plan}}",), f"sees:{m}") for m in "ABC"],
    "declarations:plan-edit": [((f"{{{m}.plan_draft}}", "A3"), f"own:{m}") for m in "ABC"],
    "declarations:plan-file": [((f"{{{m}.plan_draft}}",), f"post:own:{m}") for m in "ABC"],
    "declarations:plan-change": [((f"{{{m}.management_plan}}",), f"post:own:{m}") for m in "ABC"],
    "declarations:plan-return": [((f"{{{m}.management_plan}}",), f"post:may:review:{HOMES[m]}") for m in "ABC"],
    "declarations:book": [((), "everyone")],
    "declarations:book-export": [((), "everyone")],
    "declarations:book-print": [((), "everyone")],
    "declarations:entry": [((f"{{{m}.book_entry}}",), f"sees:{m}") for m in "ABC"],
    "declarations:entry-reverse": [((f"{{{m}.book_entry}}",), f"post:own:{m}") for m in "ABC"],
    "declarations:book-tables": [((f"{name}-S",), f"own:{mark}") for mark, name in MARKS.items()],
    "declarations:entry-new": [((f"{name}-S", "hw-generate"), f"own:{mark}") for mark, name in MARKS.items()],
    "declarations:book-import": [((f"{name}-S", "hw-generate"), f"own:{mark}") for mark, name in MARKS.items()],
    "declarations:book-template": [((f"{name}-S", "hw-generate"), f"own:{mark}") for mark, name in MARKS.items()],
    "declarations:declarations": [((), "everyone")],
    "declarations:declarations-export": [((), "everyone")],
    "declarations:declaration-new": [((), "firm-with-site")],
    "declarations:declaration": [((f"{{{m}.declaration}}",), f"sees:{m}") for m in "ABC"],
    "declarations:declaration-export": [((f"{{{m}.declaration}}",), f"sees:{m}") for m in "ABC"],
    "declarations:declaration-pdf": [((f"{{{m}.declaration}}",), f"sees:{m}") for m in "ABC"],
    "declarations:declaration-confirm": [((f"{{{m}.declaration}}",), f"post:own:{m}") for m in "ABC"],
    "declarations:declaration-adopt": [((f"{{{m}.declaration}}",), f"post:own:{m}") for m in "ABC"],
    "declarations:declaration-correct": [((f"{{{m}.declaration}}",), f"post:own:{m}") for m in "ABC"],
    "field:me": [((), "firms")],
    "field:register": [((), "post:firms")],
    "field:index": [((), "everyone")],
    "field:list": [((name,), "everyone") for name in ("cures", "events", "blocks", "devices")]
    + [(("users",), "nobody")],
    "field:export": [((name,), "everyone") for name in ("cures", "events", "blocks", "devices")]
    + [(("users",), "nobody")],
    "field:event": [((f"{{{m}.field_event}}",), f"sees:{m}") for m in "ABC"] + [((10**17,), "nobody")],
    "field:block": [((f"{{{m}.number_block}}",), f"sees:{m}") for m in "ABC"] + [((10**17,), "nobody")],
    "field:block-proof": [((f"{{{m}.number_block}}",), f"sees:{m}") for m in "ABC"],
    "field:device": [((f"{{{m}.field_device}}",), f"sees:{m}") for m in "ABC"] + [((10**17,), "nobody")],
    "field:picture": [((1, "a" * 64), "nobody")],
    "field:codes": [((), "firms")],
    "declarations:contracts": [((), "everyone")],
    "declarations:contracts-export": [((), "everyone")],
    "declarations:contract-new": [((), "firm-with-site")],
    "declarations:contract": [((f"{{{m}.contract}}",), f"sees:{m}") for m in "ABC"],
    "declarations:contract-file": [((f"{{{m}.contract}}",), "nobody") for m in "ABC"],
    "declarations:contract-end": [((f"{{{m}.contract}}",), f"post:own:{m}") for m in "ABC"],
    "declarations:handling-plans": [((), "everyone")],
    "declarations:handling-export": [((), "everyone")],
    "declarations:handling-new": [((f"{name}-S",), f"own:{mark}") for mark, name in MARKS.items()],
    "declarations:handling-plan": [((f"{{{m}.handling_plan}}",), f"sees:{m}") for m in "ABC"],
    "declarations:handling-decide": [((f"{{{m}.handling_plan}}",), f"post:may:review:{HOMES[m]}") for m in "ABC"],
    "plans:index": [((), "plans")],
    "plans:list": [((place, name), f"plan:{place}") for place in TWO_PLACES for name in LISTS]
    + [(("999999", "tasks"), "nobody"), (("330523", "users"), "nobody")],
    "plans:export": [((place, name), f"plan:{place}") for place in TWO_PLACES for name in LISTS],
    "plans:row": [((place, "projects", "P01"), f"plan:{place}") for place in TWO_PLACES]
    + [(("330523", "projects", "nothing"), "nobody")],
    "assessment:index": [((), "some-figures")],
    "assessment:figures": [((place,), f"figures:{place}") for place in TWO_PLACES] + [(("999999",), "nobody")],
    "assessment:export": [((place,), f"figures:{place}") for place in TWO_PLACES],
    "assessment:upload": [((place,), f"may:report:{place}") for place in TWO_PLACES],
    "assessment:figure": [((f"{{{place}.figure}}",), f"figures:{place}") for place in TWO_PLACES],
    "assessment:review": [((f"{{{place}.figure}}",), "post:nobody") for place in TWO_PLACES],
    "ledger:index": [((), "everyone")],
    "ledger:accounts": [((), "everyone")],
    "ledger:movements": [((), "everyone")]
    + [((), f"sees:{mark}", f"holder=site:{name}-S") for mark, name in MARKS.items()],
    "ledger:export": [((), "everyone")]
    + [((), f"sees:{mark}", f"holder=site:{name}-S") for mark, name in MARKS.items()],
    "ledger:holder": [((f"site:{name}-S",), f"sees:{mark}") for mark, name in MARKS.items()],
    "ledger:mass-balance": [((), f"figures:{place}", f"place={place}") for place in TWO_PLACES],
    "ledger:upload": [((), "may:post")],
    "weighings:tickets": [((), "everyone")],
    "weighings:ticket-new": [((), "may:post")],
    "weighings:export": [((), "everyone")],
    "weighings:template": [((), "may:post")],
    "weighings:imports": [((), "may:post")],
    "weighings:import-new": [((), "may:post")],
    "weighings:import": [((f"{{{m}.ticket_import}}",), f"keeps:{m}") for m in "ABC"] + [((10**20,), "nobody")],
    "weighings:import-file": [((f"{{{m}.ticket_import}}",), f"keeps:{m}") for m in "ABC"],
    "weighings:accept": [((f"{{{m}.ticket_import}}",), f"post:keeps:{m}") for m in "ABC"],
    "weighings:undo": [((f"{{{m}.ticket_import}}",), f"post:keeps:{m}") for m in "ABC"],
    "weighings:ticket": [((f"{{{m}.weighing}}",), f"sees:{m}") for m in "ABC"] + [((10**20,), "nobody")],
    "weighings:undo-ticket": [((f"{{{m}.weighing}}",), f"post:keeps:{m}") for m in "ABC"],
    "api:list_weighings": [((), "everyone")],
    "api:get_weighing": [((f"{{{m}.weighing}}",), f"sees:{m}") for m in "ABC"] + [((10**20,), "nobody")],
    "api:record_weighing": [((), "everyone")],
    "api:record_weighings": [((), "post:everyone")],
    "access:tokens": [((), "everyone")],
    "access:revoke-token": [((0,), "post:nobody"), ((10**20,), "post:nobody")],
    "webhooks:index": [((), "everyone")],
    "webhooks:change": [((0,), "post:nobody"), ((10**20,), "post:nobody")],
    "signatures:keys": [((), "everyone")],
    "signatures:identity": [((), "everyone")],
    "signatures:register-key": [((), "post:everyone")],
    "signatures:change-key": [((0,), "post:nobody"), ((10**20,), "post:nobody")],
    "signatures:delegations": [((), "everyone")],
    "signatures:give-delegation": [((), "may:delegate")],
    "signatures:revoke-delegation": [((0,), "post:nobody"), (("{C.delegation}",), "post:nobody")],
    "signatures:delegation-evidence": [((f"{{{m}.delegation}}",), f"delegation:{m}") for m in "AC"]
    + [((10**20,), "nobody")],
    "signatures:issue-code": [((), "nobody"), ((), "nobody", "subject=nothing:1&slot=carrier:1&event=depart")],
    "signatures:reveal": [((0,), "post:nobody"), ((10**20,), "post:nobody")],
    "manifests:index": [((), "everyone"), ((), "everyone", "view=all")],
    "manifests:export": [((), "everyone")],
    "manifests:choose": [((), "firms")],
    "manifests:new": [(("industrial",), "firms"), (("nonsense",), "nobody")]
    + [(("industrial",), f"firm:{m}", f"copy={number}") for m, number in MANIFESTS.items()],
    "manifests:detail": [((number,), f"sees:{m}") for m, number in MANIFESTS.items()] + [(("20263305",), "nobody")],
    "manifests:checks": [((number,), f"sees:{m}") for m, number in MANIFESTS.items()] + [(("2026",), "nobody")],
    "manifests:paper": [((number,), f"sees:{m}") for m, number in MANIFESTS.items()] + [(("2026",), "nobody")],
    "manifests:version": [((number, 1), f"sees:{m}") for m, number in MANIFESTS.items()]
    + [((MANIFESTS["A"], 99), "nobody"), ((MANIFESTS["A"], 10**20), "nobody")],
    "manifests:edit": [((number,), f"firm:{m}") for m, number in MANIFESTS.items()],
    "manifests:act": [((number, "depart"), f"firm:{m}") for m, number in MANIFESTS.items()]
    + [((MANIFESTS["A"], "confirm"), "nobody"), ((MANIFESTS["A"], "explode"), "nobody")],
    "manifests:trips": [((), "everyone"), ((), "everyone", "view=all")],
    "manifests:trips-export": [((), "everyone")],
    "manifests:trip-new": [((), "firms")] + [((), f"firm:{m}", f"copy={n}") for m, n in TRIPS.items()],
    "manifests:trip": [((number,), f"sees:{m}") for m, number in TRIPS.items()] + [(("SY2026",), "nobody")],
    "manifests:trip-sheet": [((number,), f"sees:{m}") for m, number in TRIPS.items()],
    "manifests:trip-visit": [((number, 1), f"firm:{m}") for m, number in TRIPS.items()]
    + [((TRIPS["A"], 2), "nobody"), ((TRIPS["A"], 10**20), "nobody")],
    "manifests:trip-confirm": [((number,), "nobody") for number in TRIPS.values()],
    "manifests:trip-act": [((number, "start"), f"firm:{m}") for m, number in TRIPS.items()]
    + [((TRIPS["A"], "finish"), "nobody"), ((TRIPS["A"], "explode"), "nobody")],
    "manifests:import": [((), "firms"), ((), "firms", "profile=industrial")],
    "manifests:import-template": [(("industrial",), "firms"), (("nonsense",), "nobody")],
    "manifests:contract": [((f"{{{m}.contract}}",), f"sees:{m}") for m in "ABC"],
    "manifests:file": [((number, "0" * 64), "nobody") for number in MANIFESTS.values()],
    "manifests:templates": [((), "firms")],
    "manifests:template-delete": [((0,), "post:nobody"), ((10**20,), "post:nobody")],
    "manifests:template-save": [(("trip", number), f"post:firm:{m}") for m, number in TRIPS.items()]
    + [(("nonsense", TRIPS["A"]), "post:nobody")],
    "amendments:index": [((), "everyone"), ((), "everyone", "show=all")],
    "amendments:export": [((), "everyone"), ((), "everyone", "show=all")],
    "amendments:corrections-export": [((), "everyone")],
    "amendments:ask": [((), "nobody"), ((), "nobody", "subject=nothing:1")],
    "amendments:detail": [((f"{{{m}.amendment}}",), f"amendment:{m}") for m in "AC"] + [((10**20,), "nobody")],
    "amendments:evidence": [((f"{{{m}.amendment}}",), f"amendment:{m}") for m in "AC"] + [((0,), "nobody")],
    "amendments:corrections": [((), "everyone")],
    "amendments:ask-correction": [((), "nobody"), ((), "nobody", "subject=nothing:1")],
    "amendments:correction": [((f"{{{m}.correction}}",), f"amendment:{m}") for m in "AC"] + [((10**20,), "nobody")],
    "cockpit:home": [((), "everyone")],
    "cockpit:own": [((), "firms")],
    "cockpit:place": [((place,), f"plan:{place}") for place in TWO_PLACES] + [(("330523001",), "nobody")],
    "cockpit:flows": [((place,), f"plan:{place}") for place in TWO_PLACES],
    "cockpit:map": [((place,), f"plan:{place}") for place in TWO_PLACES],
    "cockpit:item": [(("330523", "1.1.1"), "figures:330523"), (("330825", "T02"), "figures:330825")],
    "cockpit:element": [((place, "giw_generated"), f"figures:{place}") for place in TWO_PLACES],
    "cockpit:mass": [((place, "generated"), f"plan:{place}") for place in TWO_PLACES],
}

# The same address is asked for as a page and as each partial: name -> {what HTMX replaces: who may see it}.
TARGETS = {"cockpit:place": {"indicators": "figures", "lists": "plan", "material": "plan"}}
PAGED = {
    "weighings:tickets",
    "ledger:index",
    "ledger:movements",
    "manifests:index",
    "manifests:trips",
    "packages:list",
    "registry:list",
    "transfers:index",
    "amendments:index",
    "amendments:corrections",
    "declarations:plans",
    "field:list",
    "declarations:book",
    "declarations:declarations",
    "declarations:contracts",
    "declarations:handling-plans",
    "plans:list",
    "assessment:figures",
    "cockpit:mass",
    "cockpit:element",
}
QUERY = "?year=2022"


def addresses():
    """Every named address of the site, with its name space."""

    def walk(patterns, space):
        for entry in patterns:
            if hasattr(entry, "url_patterns"):
                yield from walk(entry.url_patterns, space + (f"{entry.namespace}:" if entry.namespace else ""))
            else:
                yield space + (entry.name or f"unnamed {entry.pattern}")

    return set(walk(get_resolver().url_patterns, ""))


def test_every_address_is_classified():
    assert addresses() - set(PAGES) - OPEN == set(), "add a line to PAGES: who may open it?"
    assert set(PAGES) - addresses() == set(), "these addresses are gone"


@pytest.fixture
def world(settings):
    """The sample; returns the keys that the addresses of ``PAGES`` name."""
    load_reference()
    keys = {}
    for number, (mark, division, domain, place) in enumerate(
        [("A", "330523001", "industrial", "330523"), ("B", "330523105", "agricultural", "330523"),
         ("C", "330825001", "industrial", "330825")], 1
    ):  # fmt: skip
        keys |= make_firm(number, mark, division, domain, place)
    for place, note in FIGURES.items():
        load_pack(plan.read_pack(place))
        row = ElementValue.objects.create(
            division_id=place, element="giw_generated", period="2022", value=Decimal(5), state="number", unit="t",
            note=note, status=ValueStatus.APPROVED, reporter="office", reported_at=AT, approver="office",
            approved_at=AT, from_pack=True,
        )  # fmt: skip
        keys[f"{place}.figure"] = row.pk
    keys |= make_delegations(keys)
    for name, person in PEOPLE.items():
        department = None
        if person.department:
            department = Department.objects.get(division_id=person.division, name=person.department)
        User.objects.create(
            username=name, role=person.role, division_id=person.division, department=department,
            organisation_id=keys[f"{person.firm}.organisation"] if person.firm else None,
        )  # fmt: skip
    for mark in MARKS:
        keys |= make_phone(mark, keys[f"{mark}.organisation"])
    return keys


def make_phone(mark, organisation):
    """A phone of a firm with one event that is to be cured, and a number block."""
    name = MARKS[mark]
    key = SigningKey.objects.create(
        user_id=User.objects.get(username="delegate").pk, device=f"{name}手机", algorithm="ed25519",
        public_key=mark.encode() * 32, key_id=mark * 32, created_at=AT,
    )  # fmt: skip
    device = FieldDevice.objects.create(
        code=f"D{mark}", user=key.user, organisation_id=organisation, name=f"{name}手机", key=key, created_at=AT,
        seen_at=AT, head="0" * 64,
    )  # fmt: skip
    body = json.dumps({"payload": {"reason": f"{name}理由"}}, ensure_ascii=False)
    event = FieldEvent.objects.create(
        device=device, seq=1, digest=mark * 64, previous="0" * 64, key=mark, type="arrive", device_at=AT, body=body,
        signature="", received_at=AT,
    )  # fmt: skip
    FieldOutcome.objects.create(event=event, state="refused", number=f"{name}号")
    block = NumberBlock.objects.create(
        device=device, series="GY", year=2022, key=f"GY2022{mark}", digits=7, first=1, last=3, issued_at=AT,
        expires_at=AT, signature="", public_key="",
    )  # fmt: skip
    return {
        f"{mark}.field_event": event.pk, f"{mark}.number_block": block.pk, f"{mark}.field_device": device.pk,
    }  # fmt: skip


def make_firm(number, mark, division, domain, place):
    """One firm with everything that hangs on a firm, all of it named by its mark."""
    name = MARKS[mark]
    firm = Organisation.objects.create(
        credit_code=make_credit_code(place, number), name=f"{name}单位", division_id=division, kind="facility"
    )
    site = Site.objects.create(
        code=f"{name}-S", name=f"{name}厂区", organisation=firm, division_id=division,
        category="industrial_enterprise", domain=domain, longitude=Decimal("119.6"), latitude=Decimal("30.6"),
    )  # fmt: skip
    Facility.objects.create(code=f"{name}-F", name=f"{name}设施", site=site, capacity_t_per_year=Decimal(100))
    Permit.objects.create(
        number=f"{name}-P", organisation=firm, categories=["HW08"], capacity_t_per_year=Decimal(100), mode="收集",
        valid_until=date(2027, 1, 1), source=f"{name}出处",
    )  # fmt: skip
    vehicle = Vehicle.objects.create(plate=f"{name}12", organisation=firm)
    person = TransportPerson.objects.create(
        organisation=firm, kind="driver", name=f"{name}司机", certificate=f"{name}证"
    )
    CarrierLicence.objects.create(organisation=firm, kind="dangerous_transport", number=f"{name}-L")
    code = "030-001-S82" if domain == "agricultural" else "900-001-S17"
    holder = f"site:{site.code}"
    ledger.register_holders([Holder(holder, division, site.category, site.name)])
    source, store = Account(holder, code, Bucket.GENERATED), Account(holder, code, Bucket.STORED)
    movement = Movement(source, store, 5_000_000 + number, AT, "generate", f"{name}单据", f"{mark}1")
    ledger.post([movement], actor="office", recorded_at=datetime(2022, 12, 31, tzinfo=UTC))
    more = declarations(site, name)
    make_manifest(mark, firm, code)
    make_trip(mark, site)
    package = packages.assign_packages(
        site=site, what=packages.What(code, date(2022, 6, 1), remark=f"{name}备注"), external_codes=[f"{name}外码"],
        act=packages.Act(f"sample-{mark}", AT, AT, "office"),
    )  # fmt: skip
    with transaction.atomic():
        record_fact(
            at=AT, actor="office", verb="register_organisation", subject=f"organisation:{firm.pk}", division=division,
            document=f"{name}文件",
        )  # fmt: skip
    more |= make_ticket(site, name, code)
    keys = {"organisation": firm.pk, "site": site.pk, "vehicle": vehicle.pk, "person": person.pk}
    keys |= {"package": package[0], **more}
    return {f"{mark}.{key}": value for key, value in keys.items()}


def declarations(site, name):
    """A filed management plan and a draft of the next year."""
    common = {"site": site, "version": 1, "grade": "registered", "created_at": AT, "created_by": "office"}
    content = {"A1": [{"name": f"{name}计划"}], "A7": []}
    filed = ManagementPlan.objects.create(
        year=2026, status="filed", number=f"{name}备案号", filed_at=AT, content=content, **common
    )
    draft = ManagementPlan.objects.create(year=2027, status="draft", content=content, **common)
    entry = BookEntry.objects.create(
        site=site, table="hw-generate", batch_no="HWCS20220601001", occurred_at=AT, waste_code="900-249-08",
        actor="office", recorded_at=AT, content={"own_name": f"{name}废油"},
    )  # fmt: skip
    declared = Declaration.objects.create(
        site=site, form="hazardous", period="2022-06", version=1, status="confirmed", generated_at=AT,
        generated_by="office", note=f"{name}说明",
    )  # fmt: skip
    contract = Contract.objects.create(
        generator=site.organisation, receiver_name=f"{name}接收", number=f"{name}合同", valid_from=date(2022, 1, 1),
        valid_to=date(2022, 12, 31), created_at=AT, created_by="office",
    )  # fmt: skip
    handling = HandlingPlan.objects.create(
        site=site, version=1, number=f"{name}方案", status="submitted", project=f"{name}工程", submitted_at=AT,
        begins_on=date(2022, 1, 1), ends_on=date(2022, 12, 31), submitted_by="office",
    )  # fmt: skip
    transfer = RegionTransfer.objects.create(
        direction="out", kind="filing", status="accepted", domain=site.domain, site=site,
        other_name=f"{name}省外单位", other_division="340000", asked_from=date(2022, 1, 1),
        asked_until=date(2022, 12, 31), created_at=AT, updated_at=AT, created_by="office",
    )  # fmt: skip
    RegionTransferLine.objects.create(transfer=transfer, waste_code="900-001-S17", method="R4", asked_g=1_000_000)
    keys = {"management_plan": filed, "plan_draft": draft, "book_entry": entry, "declaration": declared}
    keys |= {"contract": contract, "handling_plan": handling, "transfer": transfer}
    return {name: row.pk for name, row in keys.items()}


def make_ticket(site, name, code):
    """A ticket of the site's scale, and the file that brought it."""
    brought = TicketImport.objects.create(
        site=site, file_name=f"{name}过磅.xlsx", digest="0" * 64, state="booked", tickets=1, created_at=AT,
        created_by="office", booked_at=AT, booked_by="office",
    )  # fmt: skip
    TicketFile.objects.create(ticket_import=brought, content=f"{name}原件".encode())
    ticket = WeighingRecord.objects.create(
        site=site, ticket=f"{name}0001", direction="out", waste_code=code, net_g=1000, weighed_at=AT,
        outcome="evidence", content="0" * 64, ticket_import=brought, line=2, recorded_at=AT, recorded_by="office",
    )  # fmt: skip
    return {"weighing": ticket.pk, "ticket_import": brought.pk}


def make_delegations(keys):
    """Firms A and C each let someone sign who is none of the people that walk."""
    other = User.objects.create(username="delegate")
    evidence = EvidenceFile.objects.create(
        digest="0" * 64, name="委托书.pdf", content_type="application/pdf", content=b"%PDF-", created_at=AT
    )
    made = {
        mark: Delegation.objects.create(
            giver_id=keys[f"{mark}.organisation"], receiver_person=other, valid_from=AT, valid_until=AT,
            evidence=evidence, created_by=other, created_at=AT,
        )
        for mark in "AC"
    }  # fmt: skip
    return {f"{mark}.delegation": row.pk for mark, row in made.items()} | make_amendments(keys, other, evidence)


def make_amendments(keys, user, evidence):
    """Firm A (and C) is asked to agree to a change, and to correct something."""
    found = {}
    for mark, division in (("A", "330523001"), ("C", "330825001")):
        firm = keys[f"{mark}.organisation"]
        common = {"subject": f"nothing:{mark}", "title": f"{MARKS[mark]}文件", "division": division, "created_at": AT}
        row = AmendmentRecord.objects.create(
            **common, version=1, slot="receiver", requested_by=user, evidence=evidence, on_silence="reject",
            status="open", due_at=datetime(2099, 1, 1, tzinfo=UTC),
            changes=[{"pointer": "/note", "before": "", "after": f"{MARKS[mark]}备注"}],
        )  # fmt: skip
        AmendmentParty.objects.create(amendment=row, slot="generator", organisation_id=firm, must_agree=True)
        asked = CorrectionRequest.objects.create(
            **common, organisation_id=firm, requested_by=user, due_at=datetime(2099, 1, 1, tzinfo=UTC),
            items=[{"pointer": "/note", "comment": f"{MARKS[mark]}说明"}],
        )  # fmt: skip
        found |= {f"{mark}.amendment": row.pk, f"{mark}.correction": asked.pk}
    return found


def make_trip(mark, site):
    """A planned trip of the firm, which stops at its own site and brings to it."""
    trip = Trip.objects.create(
        number=TRIPS[mark], profile="kitchen", carrier=site.organisation, vehicle=f"{MARKS[mark]}12", receiver=site,
        driver=f"{MARKS[mark]}司机", on=date(2026, 11, 2), created_by="office", created_at=AT, updated_at=AT,
    )  # fmt: skip
    TripStop.objects.create(trip=trip, position=1, site=site)
    for scope in trip_scopes(site.organisation, site, [site], site.domain):
        TripSight.objects.create(scope=scope, trip=trip, on=trip.on)


def make_manifest(mark, firm, code):
    """A submitted manifest of the firm, which is its own carrier, to somewhere outside."""
    name = MARKS[mark]
    writer = User.objects.create(username=f"writer_{mark}", role="generator", organisation=firm)
    act = manifests.Act(writer, claimed_at=AT, server_at=AT)
    document = {
        "profile": "agricultural" if code.endswith("S82") else "industrial",
        "generator": {"site": f"{name}-S", "handler": f"{name}经办人"},
        "wastes": [{"code": code, "mass_g": 1_000_000}],
        "carriers": [{"organisation": firm.credit_code}],
        "receiver": {"outside": f"{name}接收方"},
    }
    ManifestSerial.objects.create(key=MANIFESTS[mark][:-7], last=int(MANIFESTS[mark][-7:]))  # as if it were issued
    manifests.create_manifest(document, act=act, number=MANIFESTS[mark])
    manifests.advance(MANIFESTS[mark], Event.SUBMIT, {}, act=act)


def may_open(rule, person):
    """Whether ``person`` may open an address of this rule; ``None`` is someone who is not logged in."""
    kind, _, rest = rule.partition(":")
    what, _, place = rest.partition(":")
    return {
        "everyone": True,
        "nobody": False,
        "firms": person.role in {"generator", "carrier", "facility"},
        "plans": bool(person.plan),
        "some-figures": bool(person.figures),
        "sees": rest in person.sees,
        "own": bool(person.firm) and rest == person.firm,
        "firm-with-site": bool(person.firm),
        "firm": rest == person.firm,
        "plan": rest == person.plan,
        "figures": rest == person.figures,
        "may": what in person.may and place in {"", person.figures},
        "keeps": person.firm == rest or (person.role == "programme_office" and rest in person.sees),
        "delegation": person.firm == rest or (person.role == "programme_office" and rest in person.sees),
        "amendment": rest in person.sees,
        "decides": person.role in {"programme_office", "department"} and rest in person.sees,
        "acts": rest in person.sees and (person.role in {"programme_office", "department"} or bool(person.firm)),
        "post": may_open(rest, person) if kind == "post" else False,
    }[kind]


def forbidden_marks(person):
    """What no answer to this person may hold."""
    marks = {mark for key, mark in MARKS.items() if key not in person.sees}
    marks |= {mark for place, mark in FIGURES.items() if place != person.figures}
    return marks | {mark for place, mark in PLANS.items() if place != person.plan}


def content(answer):
    """All text of an answer; a workbook is unpacked, a PDF read page by page."""
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if raw.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    if raw.startswith(b"%PDF") and b"startxref" in raw:  # a real one
        with pdfium.PdfDocument(raw) as document:
            return "".join(page.get_textpage().get_text_bounded() for page in document)
    text = raw.decode("utf-8", "replace")
    return text.encode("ascii", "replace").decode("unicode_escape") + text if "\\u" in text else text


def url_of(name, values, keys):
    filled = [keys[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value for value in values]
    return reverse(name, args=filled)


def probes(keys):
    """(address, headers, rule) of everything that is asked for: pages, partials and guessed keys."""
    for name, entries in PAGES.items():
        for values, rule, *query in entries:
            url = "&".join([url_of(name, values, keys) + QUERY, *query])
            yield url, {}, rule
            if not url.partition("?")[0].endswith((".xlsx", ".json")):
                yield url, {"HX-Request": "true"}, rule
            if name in PAGED:
                yield f"{url}&after={keys['B.organisation']}&sort=-name", {}, rule
            for target, who in TARGETS.get(name, {}).items():
                yield url, {"HX-Request": "true", "HX-Target": target}, rule.replace("plan:", f"{who}:")


def walk(client, keys):
    """Ask for everything as everyone; return what was answered wrongly."""
    problems = []
    asked = list(probes(keys))
    for name, person in PEOPLE.items():
        client.force_login(User.objects.get(username=name))
        for url, headers, rule in asked:
            answer = client.get(url, headers=headers)
            takes_post_only = rule.startswith("post:") and answer.status_code == 405
            allowed = {200, 302} if may_open(rule, person) else {404}
            if answer.status_code not in allowed and not takes_post_only:
                problems.append(f"{name} {url} {headers}: {answer.status_code}, expected {allowed}")
            found = sorted(mark for mark in forbidden_marks(person) if mark in content(answer))
            if found:
                problems.append(f"{name} {url} {headers}: shows {found}")
    return problems


def rows_of_all_tables():
    """How many rows each table has, sessions aside."""
    return {
        m._meta.label: m._default_manager.count() for m in apps.get_models() if m._meta.label != "sessions.Session"
    }


def test_nobody_is_shown_what_is_anothers_and_reading_changes_nothing(client, world):
    before = rows_of_all_tables()
    problems = walk(client, world)
    assert not problems, "\n".join(problems[:40])
    assert rows_of_all_tables() == before


def test_who_is_in_sight_is_really_shown(client, world):
    """The walk would pass on empty pages: here the marks must be there."""
    for name, person in PEOPLE.items():
        client.force_login(User.objects.get(username=name))
        for listed in REGISTRY:
            for address in ("registry:list", "registry:export"):
                shown = content(client.get(reverse(address, args=[listed])))
                assert {key for key, mark in MARKS.items() if mark in shown} == set(person.sees), (
                    name,
                    address,
                    listed,
                )


def test_whoever_is_not_logged_in_is_sent_to_the_login(client, world):
    for url, headers, _ in probes(world):
        answer = client.get(url, headers=headers)
        if url.startswith("/api/"):
            assert answer.status_code in {401, 405}, url
            continue
        assert answer.status_code in {302, 405}, url
        assert answer.status_code == 405 or answer.url.startswith(reverse("account_login")), url
    for name in ("account_login", "account_signup", "account_logout"):
        shown = content(client.get(reverse(name)))
        assert not [mark for mark in (*MARKS.values(), *FIGURES.values()) if mark in shown]


def test_a_write_that_is_not_allowed_finds_nothing_and_changes_nothing(client, world):
    before = rows_of_all_tables()
    for name, person in PEOPLE.items():
        client.force_login(User.objects.get(username=name))
        for url, headers, rule in probes(world):
            if not may_open(rule, person) or rule == "everyone":
                if url.startswith("/api/"):  # what cannot be understood is told before who may do it
                    answer = client.post(url, {}, content_type="application/json", headers=headers)
                    assert answer.status_code in {403, 404, 405, 422}, (name, url, answer.status_code)
                    continue
                answer = client.post(url, {"decision": "approve", "action": "approve"}, headers=headers)
                refused = {404, 405, 422} if rule == "everyone" else {404, 405}  # a form that lacks its fields
                asked_again = answer.status_code == 302 and answer.url.startswith(reverse("account_reauthenticate"))
                assert asked_again or answer.status_code in refused, (name, url, answer.status_code)
    assert rows_of_all_tables() == before


def test_the_walk_finds_a_leak(client, world, monkeypatch):
    """Broken on purpose: with every site in everyone's sight, the walk must complain of A, B and C."""
    monkeypatch.setattr(selectors, "visible_sites", lambda user: Site.objects.all())
    township = {"township_a": PEOPLE["township_a"]}
    monkeypatch.setitem(globals(), "PEOPLE", township)
    problems = "\n".join(walk(client, world))
    assert MARKS["B"] in problems
    assert MARKS["C"] in problems
