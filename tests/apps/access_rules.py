"""Who may open which address: the people of the sample, and a line for every address.

To add an address: one line in ``PAGES``: its name, the values of its address, and the rule who may open it.
"""

from dataclasses import dataclass
from datetime import datetime

from wufei.core.ledger import SHANGHAI

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
