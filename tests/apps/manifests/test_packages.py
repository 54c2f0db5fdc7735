"""Packages on a manifest: what they weigh beside its lines and receipt, and what their history tells."""

import json

import pytest
from tests.apps.manifests.conftest import NOW, OIL
from tests.apps.manifests.test_effects import amend
from tests.apps.manifests.test_life import held

from wufei.apps.ledger.models import AccountRecord, MovementRecord
from wufei.apps.ledger.verification import verify
from wufei.apps.manifests.models import Manifest
from wufei.apps.manifests.services import advance, create_manifest, update_manifest
from wufei.apps.packages import selectors, services, treating
from wufei.apps.packages.actions import Act as PackageAct
from wufei.apps.packages.making import What
from wufei.apps.packages.models import Package
from wufei.core.findings import Refused
from wufei.core.manifest import Event

KG = 1_000


def by(world, firm, key):
    return PackageAct(key=key, at=NOW, recorded_at=NOW, actor=firm, firm_id=world.firms[firm].pk)


def make(world, *masses_g, firm="maker", book=True, code=OIL):
    what = What(waste_code=code, generated_on=NOW.date(), form="L", container="drum")
    act = by(world, firm, f"assign {firm} {masses_g} {Package.objects.count()}")
    return services.assign_packages(
        site=world.sites[firm], act=act, count=len(masses_g), masses_g=masses_g, book=book, what=what
    )


@pytest.fixture
def one(document):
    """The document with one waste and one carrier, with packages on a line of so many grams."""

    def of(codes, mass_g):
        line = document["wastes"][0] | {"packages": codes, "package_count": len(codes), "mass_g": mass_g}
        return document | {"wastes": [line], "carriers": document["carriers"][:1]}

    return of


def receipt(**line):
    return {"receipt": {"has_major_difference": False, "lines": [line]}, "receiver": {"handler": "赵六"}}


def run(drive, document, line):
    return drive(
        document, ("maker", "submit", {}), ("carrier", "depart", {}), ("carrier", "arrive", {}),
        ("plant", "confirm", receipt(**line)),
    )  # fmt: skip


def told(manifest, code):
    return [
        (event.event, f["stage"], f["pointer"], f["curer"])
        for event in manifest.history.order_by("sequence")
        for f in event.findings
        if f["code"] == code
    ]


def books_of(code):
    """Where the ledger holds grams under a package's code."""
    found = {}
    names = dict(AccountRecord.objects.values_list("id", "name"))
    for m in MovementRecord.objects.filter(package=code):
        for account, grams in ((m.source_id, -m.mass_g), (m.target_id, m.mass_g)):
            name = names[account].replace(f"|{OIL}", "")
            found[name] = found.get(name, 0) + grams
    return {name: grams for name, grams in found.items() if grams and "|unexplained|" not in name}


def test_packages_and_line_that_weigh_otherwise_are_told_at_each_stage(world, drive, one):
    """The case of the critic: 186 + 187 kg on a line of 200 kg; 150 kg accepted, 30 kg refused with the heavier."""
    codes = make(world, 186 * KG, 187 * KG)
    line = {"accepted_g": 150 * KG, "refused_g": 30 * KG, "refused_packages": [codes[1]]}
    manifest = run(drive, one(codes, 200 * KG), line)
    assert told(manifest, "package_mass_line") == [
        ("submit", "submit", "/wastes/0/mass_g", "generator"),
        ("depart", "depart", "/wastes/0/mass_g", "generator"),
    ]
    assert told(manifest, "package_mass_accepted") == [
        ("confirm", "confirm", "/receipt/lines/0/accepted_g", "receiver")
    ]
    assert told(manifest, "package_mass_refused") == [
        ("confirm", "confirm", "/receipt/lines/0/refused_g", "receiver")
    ]
    submitted = manifest.history.get(event="submit").findings
    assert [f["what"] for f in submitted if f["code"] == "package_mass_line"] == [
        f"{OIL} 移出量 200 千克，所列 2 个包装合计 373 千克，相差 173 千克。"
    ]


def test_after_a_receipt_a_package_weighs_what_the_books_hold_for_it(world, drive, one):
    codes = make(world, 186 * KG, 187 * KG)
    line = {"accepted_g": 150 * KG, "refused_g": 30 * KG, "refused_packages": [codes[1]]}
    manifest = run(drive, one(codes, 200 * KG), line)
    assert dict(Package.objects.values_list("code", "mass_g")) == {codes[0]: 150 * KG, codes[1]: 30 * KG}
    assert [books_of(code) for code in codes] == [
        {"site:S-maker|generated|": -186 * KG, "site:S-plant|stored|": 150 * KG},
        {"site:S-maker|generated|": -187 * KG, "vehicle:浙E00002|in_transit|": 30 * KG},
    ]
    # It is treated: its own 150 kg are used, and no other stock.
    treating.retire(codes=[codes[0]], method="R9", act=by(world, "plant", "retire"))
    assert held()[f"site:S-plant|{OIL}|utilised|R9"] == 150 * KG
    assert f"site:S-plant|{OIL}|stored|" not in held()
    back = Manifest.objects.get(returns=manifest)
    advance(back.number, Event.ARRIVE, {}, act=world.act("carrier", hours=6))
    advance(back.number, Event.CONFIRM, receipt(accepted_g=29 * KG), act=world.act("maker", hours=7))
    assert Package.objects.get(code=codes[1]).mass_g == 29 * KG
    assert held()[f"site:S-maker|{OIL}|stored|"] == 29 * KG
    assert verify().holds


def test_the_card_of_alerts_says_at_which_stage_and_who_can_cure_it(world, drive, one, client):
    codes = make(world, 186 * KG, 187 * KG)
    line = {"accepted_g": 150 * KG, "refused_g": 30 * KG, "refused_packages": [codes[1]]}
    manifest = run(drive, one(codes, 200 * KG), line)
    client.force_login(world.people["maker"])
    shown = client.get(f"/manifests/{manifest.number}/").content.decode()
    card = shown[shown.index("预警</h2>") : shown.index("</section>", shown.index("预警</h2>"))]
    rows = [row for row in card.split("<li ") if "个包装合计" in row]
    # 移出量 at submission and departure by the sender; what was accepted and refused at the receipt by the receiver.
    assert [[word for word in ("提交", "起运", "确认") if f">{word}" in row] for row in rows] == [
        ["提交"], ["起运"], ["确认"], ["确认"],
    ]  # fmt: skip
    assert ["由移出单位改正" in row for row in rows] == [True, True, False, False]
    assert ["由接受单位改正" in row for row in rows] == [False, False, True, True]


def test_what_fits_within_the_tolerance_is_not_told(world, drive, one):
    codes = make(world, 100 * KG, 100 * KG)
    manifest = run(drive, one(codes, 195 * KG), {"accepted_g": 194 * KG})  # 5 of 200 kg: 2.5 %
    assert [told(manifest, c) for c in ("package_mass_line", "package_mass_accepted")] == [[], []]
    assert sum(Package.objects.values_list("mass_g", flat=True)) == 194 * KG


def test_a_box_and_all_that_lies_in_it_weigh_what_was_accepted(world, drive, one):
    box, *inner = make(world, 10 * KG, 60 * KG, 30 * KG)
    services.nest(box=box, codes=inner, act=by(world, "maker", "nest"))
    run(drive, one([box], 100 * KG), {"accepted_g": 90 * KG})
    assert [Package.objects.get(code=c).mass_g for c in (box, *inner)] == [9 * KG, 54 * KG, 27 * KG]
    assert books_of(box)["site:S-plant|stored|"] == 90 * KG


def test_an_unweighed_package_weighs_what_the_receipt_says_and_is_not_weighed_again(world, drive, one):
    (code,) = make(world, None, book=False)
    manifest = run(drive, one([code], 100 * KG), {"accepted_g": 99 * KG})
    assert told(manifest, "package_unweighed") == [("submit", "submit", "/wastes/0/packages/0", "generator")]
    assert Package.objects.get(code=code).mass_g == 99 * KG
    for call in (
        lambda: services.weigh(masses_g={code: 5}, act=by(world, "plant", "weigh")),
        lambda: services.void(codes=[services.store(codes=[code], act=by(world, "plant", "store"))[0]],
                              act=PackageAct("void", NOW, NOW, "plant", world.firms["plant"].pk, reason="错")),
    ):  # fmt: skip
        with pytest.raises(Refused):
            call()
    assert Package.objects.get(code=code).mass_g == 99 * KG


def test_an_amended_receipt_corrects_the_packages_until_they_have_moved_on(world, drive, one):
    codes = make(world, 100 * KG, 100 * KG)
    manifest = run(drive, one(codes, 200 * KG), {"accepted_g": 180 * KG})
    assert [Package.objects.get(code=c).mass_g for c in codes] == [90 * KG, 90 * KG]

    def says(mass_g):
        return lambda doc: doc["receipt"]["lines"][0].update(accepted_g=mass_g)

    amend(manifest, "plant", says(190 * KG))
    assert [Package.objects.get(code=c).mass_g for c in codes] == [95 * KG, 95 * KG]
    assert [books_of(c)["site:S-plant|stored|"] for c in codes] == [95 * KG, 95 * KG]
    treating.retire(codes=[codes[0]], method="R9", act=by(world, "plant", "retire"))
    with pytest.raises(Refused) as caught:
        amend(manifest, "plant", says(200 * KG))
    assert [f.code for f in caught.value.findings] == ["packages_moved_on"]
    assert [Package.objects.get(code=c).mass_g for c in codes] == [95 * KG, 95 * KG]
    assert verify().holds


def test_the_sender_may_amend_the_line_after_a_package_was_treated(world, drive, one):
    """361 kg left and came; the ticket says 360 kg: what was received stays as it was, to the gram."""
    codes = make(world, 180 * KG, 181 * KG)
    manifest = run(drive, one(codes, 361 * KG), {"accepted_g": 361 * KG})
    treating.retire(codes=[codes[0]], method="R9", act=by(world, "plant", "retire"))
    amend(manifest, "maker", lambda doc: doc["wastes"][0].update(mass_g=360 * KG))
    assert [Package.objects.get(code=c).mass_g for c in codes] == [180 * KG, 181 * KG]
    assert books_of(codes[1])["site:S-plant|stored|"] == 181 * KG
    assert held()[f"vehicle:浙E00002|{OIL}|unexplained|"] == -1 * KG
    assert verify().holds


def test_each_package_has_the_documents_on_which_it_was(world, drive, one):
    codes = make(world, 100 * KG, 100 * KG)
    line = {"accepted_g": 100 * KG, "refused_g": 100 * KG, "refused_packages": [codes[1]]}
    manifest = run(drive, one(codes, 200 * KG), line)
    back = Manifest.objects.get(returns=manifest)
    steps = [[(s.kind, s.document) for s in selectors.steps_of(Package.objects.get(code=c))] for c in codes]
    out, home = f"manifest:{manifest.number}", f"manifest:{back.number}"
    assert steps == [
        [("赋码", ""), ("列入联单", out), ("装车", out), ("到场卸货", out), ("移出联单", out)],
        [("赋码", ""), ("列入联单", out), ("装车", out), ("拒收", out), ("退运", home)],
    ]


def test_who_refused_a_package_still_sees_it_and_everyone_reads_of_the_refusal(world, drive, one, client):
    codes = make(world, 100 * KG, 100 * KG)
    line = {"accepted_g": 100 * KG, "refused_g": 100 * KG, "refused_packages": [codes[1]]}
    run(drive, one(codes, 200 * KG), line)
    for who, status in (("plant", 200), ("other", 404)):
        client.force_login(world.people[who])
        assert client.get(f"/packages/{codes[1]}/").status_code == status
    client.logout()
    shown = client.get(f"/q/{codes[1]}").content.decode()
    assert [shown.count(word) for word in ("装车", "拒收", "退运")] == [1, 1, 1]


def test_whoever_refused_a_package_may_not_act_on_it(world, drive, one):
    codes = make(world, 100 * KG)
    drive(
        one(codes, 100 * KG), ("maker", "submit", {}), ("carrier", "depart", {}), ("carrier", "arrive", {}),
        ("plant", "refuse", receipt(accepted_g=0, refused_g=100 * KG)),
    )  # fmt: skip
    with pytest.raises(Refused) as caught:
        treating.retire(codes=codes, method="R9", act=by(world, "plant", "retire"))
    assert [f.code for f in caught.value.findings] == ["unknown_package"]


# --- The check foretells what submission does ---------------------------------------------------------------------


def asked(client, world, document):
    client.force_login(world.people["maker"])
    answer = client.post("/api/v1/manifests/check/", json.dumps(document), content_type="application/json")
    return answer.json()


def refused(world, document, event=Event.SUBMIT):
    """(field, code) of what a submission refuses; empty where it goes through."""
    manifest = create_manifest(document, act=world.act("maker"))
    try:
        advance(manifest.number, event, {}, act=world.act("maker", hours=1))
    except Refused as error:
        return sorted((f.field, f.code) for f in error.findings)
    return []


def spoil(world, drive, one, kind):
    codes = make(world, 100 * KG, 100 * KG)
    if kind == "unknown":
        codes[1] = "no such code"
    elif kind == "of another firm":
        codes[1] = make(world, 100 * KG, firm="other")[0]
    elif kind == "void":
        services.void(codes=[codes[1]], act=PackageAct("v", NOW, NOW, "maker", world.firms["maker"].pk, reason="错"))
    elif kind == "in a box":
        services.nest(box=make(world, 1)[0], codes=[codes[1]], act=by(world, "maker", "nest"))
    elif kind == "on another manifest":
        drive(one([codes[1]], 100 * KG), ("maker", "submit", {}))
    elif kind == "under way":
        drive(one([codes[1]], 100 * KG), ("maker", "submit", {}), ("carrier", "depart", {}))
    return one(codes, 200 * KG)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("unknown", "package_unknown"),
        ("of another firm", "package_unknown"),
        ("void", "package_retired"),
        ("in a box", "package_boxed"),
        ("on another manifest", "package_open_elsewhere"),
        ("under way", "package_unknown"),  # the carrier has it
        ("sound", None),
    ],
)
def test_the_check_foretells_what_submission_refuses(world, drive, one, client, kind, code):
    document = spoil(world, drive, one, kind)
    told = asked(client, world, document)
    errors = sorted((f["field"], f["code"]) for f in told["findings"] if f["level"] == "error")
    expected = [("/wastes/0/packages/1", code)] if code else []
    assert (told["may_submit"], errors) == (not code, expected)
    assert refused(world, document) == expected


def test_of_another_firms_package_the_check_tells_nothing(world, drive, one, client):
    theirs = make(world, 900 * KG, firm="other", code="900-252-12")
    told = asked(client, world, one(theirs, 100 * KG))
    assert [f["code"] for f in told["findings"] if f["code"].startswith("package_")] == ["package_unknown"]


def test_packages_stated_at_departure_are_judged_at_their_places(world, drive, one):
    codes = make(world, 100 * KG, 100 * KG)
    taken = make(world, 100 * KG)
    drive(one(taken, 100 * KG), ("maker", "submit", {}))
    manifest = drive(one(codes, 200 * KG), ("maker", "submit", {}))
    for slipped, place in ((taken, 0), ([codes[0], "no such code"], 1)):
        with pytest.raises(Refused) as caught:
            advance(
                manifest.number, Event.DEPART, {"wastes": [{"packages": slipped}]}, act=world.act("carrier", hours=3)
            )
        assert [f.field for f in caught.value.findings] == [f"/wastes/0/packages/{place}"]
    theirs = make(world, 1 * KG, firm="other")
    with pytest.raises(Refused):
        update_manifest(manifest.number, {"wastes": [{"packages": theirs}]}, act=world.act("maker", hours=3))
    assert Package.objects.get(code=theirs[0]).open_manifest == ""
