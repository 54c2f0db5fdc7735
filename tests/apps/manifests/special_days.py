"""More scripted days as data: sludge, nested medical boxes, across the region's edge, refusal, amendment."""

from tests.apps.manifests.days import FIRST, OIL, SAND, USUAL, Day, manifest, taken, ticket, way

SLUDGE, INFECTIOUS = "462-001-S90", "841-001-01"

SPECIAL: dict[str, Day] = {}

# 40 t of sludge at 80 % water: 36 t leave, 20 t of them are burnt in a kiln (C1) at the plant, 16 t wait.
SPECIAL["sludge"] = Day(
    sites={"maker": "sewage_plant", "plant": "industrial_sludge_source"},
    steps=[
        ("maker", "book", "sl-generate", {"waste_code": SLUDGE, "mass_g": 40_000_000, "moisture": "80"}),
        ("maker", "create", manifest("sludge", {"code": SLUDGE, "form": "SS", "mass_g": 36_000_000}), "m"),
        ("maker", "submit", "$m"),
        *way(
            lines=[{"accepted_g": 36_000_000}],
            weighings=(
                ticket("S-maker", "C7", "out", SLUDGE, 51_000_000, 15_000_000),
                ticket("S-plant", "J7", "in", SLUDGE, 51_000_000, 15_000_000),
            ),
        ),
        ("plant", "book", "sl-own", {"waste_code": SLUDGE, "mass_g": 20_000_000, "method": "C1"}),
    ],
    held={
        f"site:S-maker|{SLUDGE}|generated|": -40_000_000,
        f"site:S-maker|{SLUDGE}|stored|": 4_000_000,
        f"site:S-plant|{SLUDGE}|disposed|C1": 20_000_000,
        f"site:S-plant|{SLUDGE}|stored|": 16_000_000,
    },
    terms={SLUDGE: {"generated_g": 40_000_000, "disposed_g": 20_000_000, "closing_g": 20_000_000}},
    signed={"m": USUAL},
)

# Three bags of infectious waste (3, 4 and 5 kg) in one turnover box: 12 kg under the code of the box. All is burnt
# (Y10); 1.2 kg of slag: 0.3 + 0.4 + 0.5 kg.
SPECIAL["medical"] = Day(
    sites={"maker": "hospital", "plant": "incinerator"},
    steps=[
        (
            "maker", "assign",
            {"site": "S-maker", "waste_code": INFECTIOUS, "form": "S", "container": "medical_bag", "count": 3,
             "masses_g": [3_000, 4_000, 5_000], "book": True},
            "bags",
        ),
        (
            "maker", "assign",
            {"site": "S-maker", "waste_code": INFECTIOUS, "form": "S", "container": "turnover_box", "count": 1},
            "box",
        ),
        ("maker", "nest", "$box.0", "$bags"),
        (
            "maker", "create",
            manifest(
                "medical",
                {"code": INFECTIOUS, "form": "S", "packing": "turnover_box", "package_count": 1, "mass_g": 12_000,
                 "method": "Y10", "packages": "$box"},
            ),
            "m",
        ),
        ("maker", "submit", "$m"),
        *way(
            lines=[{"accepted_g": 12_000}],
            weighings=(
                ticket("S-maker", "C8", "out", INFECTIOUS, 13_500, 1_500),
                ticket("S-plant", "J8", "in", INFECTIOUS, 13_500, 1_500),
            ),
        ),
        (
            "plant", "retire", "$box",
            {"method": "Y10", "outputs": [{"waste_code": "772-003-18", "form": "S", "mass_g": 1_200}]},
            "slag",
        ),
    ],
    held={
        f"site:S-maker|{INFECTIOUS}|generated|": -12_000,
        f"site:S-plant|{INFECTIOUS}|disposed|Y10": 12_000,
        "site:S-plant|772-003-18|generated|": -1_200,
        "site:S-plant|772-003-18|stored|": 1_200,
    },
    terms={
        INFECTIOUS: {"generated_g": 12_000, "disposed_g": 12_000},
        "772-003-18": {"generated_g": 1_200, "closing_g": 1_200},
    },
    signed={"m": USUAL},
    traces={("slag.0", "up"): {"slag.0": 1_200, "bags.0": 300, "bags.1": 400, "bags.2": 500}},
)  # fmt: skip

# Out of the region: 5 t of sand stored, 3 t leave for another province. The party there has no account: the sender
# confirms for it what it wrote. Nothing of it is left here: sent 3 t.
SPECIAL["out_of_region"] = Day(
    sites={"maker": "industrial_enterprise"},
    steps=[
        ("maker", "book", "giw-generate", {"waste_code": SAND, "mass_g": 5_000_000}),
        (
            "maker", "create",
            manifest(
                "industrial", {"code": SAND, "mass_g": 3_000_000}, receiver={"outside": "安徽某建材厂"},
                region={"kind": "out", "division": "安徽省宣城市广德市", "approval": "皖固转备〔2026〕12号"},
            ),
            "m",
        ),
        ("maker", "submit", "$m"),
        ("maker", "weigh", ticket("S-maker", "C9", "out", SAND, 18_000_000, 15_000_000)),
        ("carrier", "depart", "$m"),
        ("carrier", "arrive", "$m"),
        ("maker", "confirm", "$m", taken({"accepted_g": 3_000_000})),
    ],
    held={
        f"site:S-maker|{SAND}|generated|": -5_000_000,
        f"site:S-maker|{SAND}|stored|": 2_000_000,
        f"boundary:330523|{SAND}|outside|": 3_000_000,
    },
    terms={SAND: {"generated_g": 5_000_000, "sent_g": 3_000_000, "closing_g": 2_000_000}},
    signed={"m": USUAL},
)  # fmt: skip

# Into the region: 2 t of sand come from another province; nobody here declared them as generated: received 2 t.
SPECIAL["into_the_region"] = Day(
    sites={"plant": "treatment_plant"},
    steps=[
        (
            "plant", "create",
            manifest(
                "industrial", {"code": SAND, "mass_g": 2_000_000},
                generator={"outside": "安徽某铸造厂", "handler": "钱七"},
                region={"kind": "in", "division": "安徽省宣城市广德市", "approval": "浙固转备〔2026〕8号"},
            ),
            "m",
        ),
        ("plant", "submit", "$m"),
        ("carrier", "depart", "$m"),
        ("carrier", "arrive", "$m"),
        ("plant", "weigh", ticket("S-plant", "J9", "in", SAND, 17_000_000, 15_000_000)),
        ("plant", "confirm", "$m", taken({"accepted_g": 2_000_000})),
        ("plant", "book", "giw-use", {"waste_code": SAND, "mass_g": 1_500_000, "method": "C2"}),
    ],
    held={
        f"boundary:330523|{SAND}|outside|": -2_000_000,
        f"site:S-plant|{SAND}|stored|": 500_000,
        f"site:S-plant|{SAND}|utilised|C2": 1_500_000,
    },
    terms={SAND: {"received_g": 2_000_000, "utilised_g": 1_500_000, "closing_g": 500_000}},
    signed={"m": USUAL},
)  # fmt: skip

# Two drums of oil, 180 and 200 kg; the second is refused (water in it), goes back on the same vehicle under a
# manifest of its own, and the maker confirms its return. The plant refines the first and gets 9 kg of residue.
SPECIAL["refusal_with_return"] = Day(
    sites={"maker": "repair_shop", "plant": "treatment_plant"},
    steps=[
        (
            "maker", "assign",
            {"site": "S-maker", "waste_code": OIL, "form": "L", "container": "drum", "count": 2,
             "masses_g": [180_000, 200_000], "book": True},
            "oil",
        ),
        (
            "maker", "create",
            manifest(
                "hazardous",
                {"code": OIL, "form": "L", "packing": "drum", "package_count": 2, "mass_g": 380_000, "method": "R9",
                 "packages": "$oil"},
            ),
            "m",
        ),
        ("maker", "submit", "$m"),
        *way(
            lines=[{"accepted_g": 180_000, "refused_g": 200_000, "refused_packages": ["$oil.1"]}],
            weighings=(
                ticket("S-maker", "C10", "out", OIL, 15_380_000, 15_000_000),
                ticket("S-plant", "J10", "in", OIL, 15_380_000, 15_000_000),
            ),
        ),
        ("plant", "return_of", "$m", "back"),
        ("carrier", "arrive", "$back"),
        ("maker", "confirm", "$back", {"receipt": {"lines": [{"accepted_g": 200_000}]},
                                       "receiver": {"handler": "张三"}}),
        (
            "plant", "retire", ["$oil.0"],
            {"method": "R9", "outputs": [{"waste_code": "900-213-08", "form": "SS", "mass_g": 9_000}]},
            "residue",
        ),
    ],
    held={
        f"site:S-maker|{OIL}|generated|": -380_000,
        f"site:S-maker|{OIL}|stored|": 200_000,
        f"site:S-plant|{OIL}|utilised|R9": 180_000,
        "site:S-plant|900-213-08|generated|": -9_000,
        "site:S-plant|900-213-08|stored|": 9_000,
    },
    terms={
        OIL: {"generated_g": 380_000, "utilised_g": 180_000, "closing_g": 200_000},
        "900-213-08": {"generated_g": 9_000, "closing_g": 9_000},
    },
    signed={"m": USUAL, "back": ["carrier:1", "receiver"]},
    traces={("residue.0", "up"): {"residue.0": 9_000, "oil.0": 9_000}},
)  # fmt: skip

# 500 kg of oil were written, 480 kg were weighed at both ends: a slip of the pen. The maker asks for 480 kg, with
# the ticket as evidence; the plant agrees, and the books stand as if it had been so from the start.
SPECIAL["amendment"] = Day(
    sites={"maker": "repair_shop", "plant": "treatment_plant"},
    steps=[
        ("maker", "book", "hw-generate", {"waste_code": OIL, "mass_g": 480_000}),
        (
            "maker", "create",
            manifest(
                "hazardous",
                {"code": OIL, "form": "L", "packing": "tank", "package_count": 1, "mass_g": 500_000, "method": "R9"},
            ),
            "m",
        ),
        ("maker", "submit", "$m"),
        *way(
            lines=[{"accepted_g": 480_000}],
            weighings=(
                ticket("S-maker", "C11", "out", OIL, 15_480_000, 15_000_000),
                ticket("S-plant", "J11", "in", OIL, 15_480_000, 15_000_000),
            ),
        ),
        (
            "maker", "amend", "$m",
            [{"pointer": "/wastes/0/mass_g", "before": 500_000, "after": 480_000}], "移出量笔误，见出厂磅单 C11",
            "asked",
        ),
        ("plant", "agree", "$asked"),
    ],
    held={
        f"site:S-maker|{OIL}|generated|": -480_000,
        f"site:S-plant|{OIL}|stored|": 480_000,
    },
    terms={OIL: {"generated_g": 480_000, "closing_g": 480_000}},
    signed={"m": USUAL},
)  # fmt: skip

# A round of ten canteens with 100, 200 … 1000 kg, 5500 kg in all. The weighbridge of the plant says 5445 kg for the
# whole vehicle: 99 % of each, 55 kg are missing. 5000 kg are processed (O13), 445 kg wait.
KITCHEN = "900-002-S61"
SPECIAL["round_of_ten"] = Day(
    sites={"plant": "treatment_plant"} | {f"canteen{n}": "canteen" for n in range(1, 11)},
    steps=[
        (
            "carrier", "plan_trip",
            {"on": "2026-11-20", "profile": "kitchen", "vehicle": FIRST, "receiver": "S-plant", "driver": "李四",
             "stops": [{"site": f"S-canteen{n}"} for n in range(1, 11)]},
            "t",
        ),
        *(
            (
                "carrier", "visit", "$t", n,
                {"generator": {"handler": "掌柜"}, "wastes": [{"code": KITCHEN, "mass_g": n * 100_000}]},
            )
            for n in range(1, 11)
        ),
        ("carrier", "trip", "$t", "arrive", {}),
        ("plant", "trip", "$t", "confirm", {"weighed_g": 5_445_000, "handler": "赵六"}),
        ("carrier", "trip", "$t", "finish", {}),
        ("plant", "book", "tr-own", {"waste_code": KITCHEN, "mass_g": 5_000_000, "method": "O13"}),
    ],
    held={
        **{f"site:S-canteen{n}|{KITCHEN}|generated|": -n * 100_000 for n in range(1, 11)},
        f"vehicle:{FIRST}|{KITCHEN}|unexplained|": 55_000,
        f"site:S-plant|{KITCHEN}|stored|": 445_000,
        f"site:S-plant|{KITCHEN}|utilised|O13": 5_000_000,
    },
    terms={
        KITCHEN: {
            "generated_g": 5_500_000, "utilised_g": 5_000_000, "closing_g": 445_000, "unexplained_g": 55_000,
        },
    },
    signed={},
)  # fmt: skip
