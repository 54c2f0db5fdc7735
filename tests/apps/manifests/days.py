"""Scripted days of the six domains, as data: who does what through ``/api/v1/``, and what stands in the books after.

A step is (person, what, body, name): ``what`` is a verb of ``test_days.py``. Where a name is given, what the step
answers (the number of a manifest, the codes of packages) is kept under it; ``"$name"`` in a later body stands for it,
``"$name.0"`` for its first. Weights are grams. The expected figures are calculated by hand, in the comments.
"""

from dataclasses import dataclass, field
from typing import Any

Step = tuple[Any, ...]


@dataclass(frozen=True)
class Day:
    """One day.

    Attributes:
        sites: categories of the sites, by name in the world of ``conftest.py``.
        held: account -> grams, of all accounts that are not 0 in the end.
        traces: (package, way) -> {package: grams}; names as in the steps.
        signed: manifest -> the slots that signed it, in order.
        terms: waste code -> terms of its line of the mass balance, grams; what is not named is 0.
    """

    sites: dict[str, str]
    steps: list[Step]
    held: dict[str, int]
    terms: dict[str, dict[str, int]]
    signed: dict[str, list[str]]
    traces: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)


DRIVER = {"driver": "李四", "driver_licence": "330500001"}
FIRST, SECOND = "浙E00002", "浙E00003"
PEOPLE = {"handler": "张三", "handler_phone": "13800000000", "emergency_phone": "0572-5000000"}
USUAL = ["generator", "carrier:1", "carrier:1", "receiver"]


def manifest(profile: str, *wastes: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """A document from maker to plant by the first carrier, unless ``parts`` say otherwise."""
    return {
        "profile": profile,
        "generator": {"site": "S-maker", **PEOPLE},
        "wastes": list(wastes),
        "carriers": [{"organisation": "$credit.carrier", "vehicle": FIRST, **DRIVER}],
        "receiver": {"site": "S-plant"},
        **parts,
    }


def taken(*lines: dict[str, Any]) -> dict[str, Any]:
    """What the receiver fills in."""
    return {"receipt": {"has_major_difference": False, "lines": list(lines)}, "receiver": {"handler": "赵六"}}


def ticket(site: str, number: str, way: str, code: str, gross: int, tare: int) -> dict[str, Any]:
    """A ticket of a weighbridge that stands with the manifest ``$m``: it books nothing of itself."""
    return {
        "site": site, "ticket": number, "direction": way, "waste_code": code, "gross_g": gross, "tare_g": tare,
        "net_g": gross - tare, "manifest": "$m", "plate": FIRST,
    }  # fmt: skip


def way(
    *, m: str = "$m", lines: list[dict[str, Any]], weighings: tuple[dict[str, Any], dict[str, Any]]
) -> list[Step]:
    """The usual way of a load: weighed out, on the road, weighed in, confirmed."""
    return [
        ("maker", "weigh", weighings[0]),
        ("carrier", "depart", "$m"),
        ("carrier", "arrive", "$m"),
        ("plant", "weigh", weighings[1]),
        ("plant", "confirm", "$m", taken(*lines)),
    ]


RUBBISH = "900-001-S64"
OIL, PAINT = "900-214-08", "900-252-12"
SAND, CONCRETE = "900-001-S59", "900-001-S73"

DAYS: dict[str, Day] = {}

# 12 t of foundry sand arise. 10 t leave; 9.96 t arrive (40 kg are missing: spilt on the way, unexplained). 8 t of
# them become building material (C2), which gives 0.5 t of residue. Left: maker 2 t; plant 1.96 t sand, 0.5 t residue.
DAYS["industrial"] = Day(
    sites={"maker": "industrial_enterprise", "plant": "treatment_plant"},
    steps=[
        ("maker", "book", "giw-generate", {"waste_code": SAND, "mass_g": 12_000_000}),
        ("maker", "create", manifest("industrial", {"code": SAND, "mass_g": 10_000_000}), "m"),
        ("maker", "submit", "$m"),
        *way(
            lines=[{"accepted_g": 9_960_000}],
            weighings=(
                ticket("S-maker", "C1", "out", SAND, 25_000_000, 15_000_000),
                ticket("S-plant", "J1", "in", SAND, 24_960_000, 15_000_000),
            ),
        ),
        (
            "plant", "book", "giw-use",
            {"waste_code": SAND, "mass_g": 8_000_000, "method": "C2", "residue_code": "900-099-S59",
             "residue_g": 500_000},
        ),
    ],
    held={
        f"site:S-maker|{SAND}|generated|": -12_000_000,
        f"site:S-maker|{SAND}|stored|": 2_000_000,
        f"vehicle:{FIRST}|{SAND}|unexplained|": 40_000,
        f"site:S-plant|{SAND}|stored|": 1_960_000,
        f"site:S-plant|{SAND}|utilised|C2": 8_000_000,
        "site:S-plant|900-099-S59|generated|": -500_000,
        "site:S-plant|900-099-S59|stored|": 500_000,
    },
    terms={
        SAND: {"generated_g": 12_000_000, "utilised_g": 8_000_000, "closing_g": 3_960_000, "unexplained_g": 40_000},
        "900-099-S59": {"generated_g": 500_000, "closing_g": 500_000},
    },
    signed={"m": USUAL},
)  # fmt: skip

# Two wastes, two carriers, packages. Oil: drums of 180, 200 and 220 kg = 600 kg; paint: one drum of 150 kg. All of it
# arrives. The oil is refined (R9) and gives 30 kg of sludge residue; 30 kg come from the drums as 9 + 10 + 11 kg
# (30 × 180/600, 30 × 200/600, 30 × 220/600). The paint waits in the store.
DAYS["hazardous"] = Day(
    sites={"maker": "repair_shop", "plant": "treatment_plant"},
    steps=[
        (
            "maker", "assign",
            {"site": "S-maker", "waste_code": OIL, "form": "L", "container": "drum", "count": 3,
             "masses_g": [180_000, 200_000, 220_000], "book": True},
            "oil",
        ),
        (
            "maker", "assign",
            {"site": "S-maker", "waste_code": PAINT, "form": "SS", "container": "drum", "count": 1,
             "masses_g": [150_000], "book": True},
            "paint",
        ),
        (
            "maker", "create",
            manifest(
                "hazardous",
                {"code": OIL, "form": "L", "packing": "drum", "package_count": 3, "mass_g": 600_000, "method": "R9",
                 "packages": "$oil"},
                {"code": PAINT, "form": "SS", "packing": "drum", "package_count": 1, "mass_g": 150_000,
                 "method": "D10", "packages": "$paint"},
                carriers=[
                    {"organisation": "$credit.carrier", "vehicle": FIRST, **DRIVER},
                    {"organisation": "$credit.second", "vehicle": SECOND, "driver": "王五",
                     "driver_licence": "330500002"},
                ],
            ),
            "m",
        ),
        ("maker", "submit", "$m"),
        ("maker", "weigh", ticket("S-maker", "C2", "out", OIL, 15_600_000, 15_000_000)),
        ("carrier", "depart", "$m"),
        ("second", "hand_over", "$m"),
        ("second", "arrive", "$m"),
        ("plant", "weigh", ticket("S-plant", "J2", "in", OIL, 15_600_000, 15_000_000)),
        ("plant", "confirm", "$m", taken({"accepted_g": 600_000}, {"accepted_g": 150_000})),
        (
            "plant", "retire", "$oil",
            {"method": "R9", "outputs": [{"waste_code": "900-213-08", "form": "SS", "mass_g": 30_000}]},
            "residue",
        ),
    ],
    held={
        f"site:S-maker|{OIL}|generated|": -600_000,
        f"site:S-maker|{PAINT}|generated|": -150_000,
        f"site:S-plant|{OIL}|utilised|R9": 600_000,
        f"site:S-plant|{PAINT}|stored|": 150_000,
        "site:S-plant|900-213-08|generated|": -30_000,
        "site:S-plant|900-213-08|stored|": 30_000,
    },
    terms={
        OIL: {"generated_g": 600_000, "utilised_g": 600_000},
        PAINT: {"generated_g": 150_000, "closing_g": 150_000},
        "900-213-08": {"generated_g": 30_000, "closing_g": 30_000},
    },
    signed={"m": ["generator", "carrier:1", "carrier:2", "carrier:2", "receiver"]},
    traces={
        ("residue.0", "up"): {"residue.0": 30_000, "oil.0": 9_000, "oil.1": 10_000, "oil.2": 11_000},
        ("oil.1", "down"): {"oil.1": 200_000, "residue.0": 10_000},
    },
)  # fmt: skip

# 8 t of rubbish arise on the vehicle and are burnt (D10); 1.6 t of slag come out.
DAYS["household"] = Day(
    sites={"maker": "urban_community", "plant": "incinerator"},
    steps=[
        ("maker", "create", manifest("household", {"code": RUBBISH, "mass_g": 8_000_000}), "m"),
        ("maker", "submit", "$m"),
        *way(
            lines=[{"accepted_g": 8_000_000}],
            weighings=(
                ticket("S-maker", "C3", "out", RUBBISH, 20_000_000, 12_000_000),
                ticket("S-plant", "J3", "in", RUBBISH, 20_000_000, 12_000_000),
            ),
        ),
        (
            "plant", "book", "tr-own",
            {"waste_code": RUBBISH, "mass_g": 8_000_000, "method": "D10", "residue_code": "900-099-S03",
             "residue_g": 1_600_000},
        ),
    ],
    held={
        f"site:S-maker|{RUBBISH}|generated|": -8_000_000,
        f"site:S-plant|{RUBBISH}|disposed|D10": 8_000_000,
        "site:S-plant|900-099-S03|generated|": -1_600_000,
        "site:S-plant|900-099-S03|stored|": 1_600_000,
    },
    terms={
        RUBBISH: {"generated_g": 8_000_000, "disposed_g": 8_000_000},
        "900-099-S03": {"generated_g": 1_600_000, "closing_g": 1_600_000},
    },
    signed={"m": USUAL},
)  # fmt: skip

# 30 t of demolition waste; the plant weighs 30.2 t: 200 kg more than was sent, booked as found. 25 t become
# aggregate (O12) without residue; 5.2 t wait.
DAYS["construction"] = Day(
    sites={"maker": "construction_site", "plant": "treatment_plant"},
    steps=[
        ("maker", "create", manifest("construction", {"code": CONCRETE, "mass_g": 30_000_000}), "m"),
        ("maker", "submit", "$m"),
        *way(
            lines=[{"accepted_g": 30_200_000}],
            weighings=(
                ticket("S-maker", "C4", "out", CONCRETE, 46_000_000, 16_000_000),
                ticket("S-plant", "J4", "in", CONCRETE, 46_200_000, 16_000_000),
            ),
        ),
        ("plant", "book", "tr-own", {"waste_code": CONCRETE, "mass_g": 25_000_000, "method": "O12"}),
    ],
    held={
        f"site:S-maker|{CONCRETE}|generated|": -30_000_000,
        f"vehicle:{FIRST}|{CONCRETE}|unexplained|": -200_000,
        f"site:S-plant|{CONCRETE}|utilised|O12": 25_000_000,
        f"site:S-plant|{CONCRETE}|stored|": 5_200_000,
    },
    terms={
        CONCRETE: {
            "generated_g": 30_000_000, "utilised_g": 25_000_000, "closing_g": 5_200_000, "unexplained_g": -200_000,
        },
    },
    signed={"m": USUAL},
)  # fmt: skip

# Pesticide packaging in two bags of 12 and 8 kg arises as it is loaded; burnt (D10), 2 kg of slag: 1.2 + 0.8 kg.
BAGS = "010-003-S80"
DAYS["agricultural"] = Day(
    sites={"maker": "collection_point", "plant": "treatment_plant"},
    steps=[
        (
            "maker", "assign",
            {"site": "S-maker", "waste_code": BAGS, "container": "bag", "count": 2, "masses_g": [12_000, 8_000]},
            "bags",
        ),
        (
            "maker", "create",
            manifest("agricultural", {"code": BAGS, "mass_g": 20_000, "package_count": 2, "packages": "$bags"}),
            "m",
        ),
        ("maker", "submit", "$m"),
        *way(
            lines=[{"accepted_g": 20_000}],
            weighings=(
                ticket("S-maker", "C5", "out", BAGS, 3_020_000, 3_000_000),
                ticket("S-plant", "J5", "in", BAGS, 3_020_000, 3_000_000),
            ),
        ),
        (
            "plant", "retire", "$bags",
            {"method": "D10", "outputs": [{"waste_code": "900-099-S03", "mass_g": 2_000}]},
            "slag",
        ),
    ],
    held={
        f"site:S-maker|{BAGS}|generated|": -20_000,
        f"site:S-plant|{BAGS}|disposed|D10": 20_000,
        "site:S-plant|900-099-S03|generated|": -2_000,
        "site:S-plant|900-099-S03|stored|": 2_000,
    },
    terms={
        BAGS: {"generated_g": 20_000, "disposed_g": 20_000},
        "900-099-S03": {"generated_g": 2_000, "closing_g": 2_000},
    },
    signed={"m": USUAL},
    traces={("slag.0", "up"): {"slag.0": 2_000, "bags.0": 1_200, "bags.1": 800}},
)  # fmt: skip

# Waste paper: 5 t sent, 4.9 t accepted, 0.1 t lost in unloading (wet paper, squeezed). All sorted for re-use (O10).
DAYS["recyclables"] = Day(
    sites={"maker": "recycling_station", "plant": "treatment_plant"},
    steps=[
        ("maker", "create", manifest("recyclables", {"code": "R04", "mass_g": 5_000_000}), "m"),
        ("maker", "submit", "$m"),
        *way(
            lines=[{"accepted_g": 4_900_000, "lost_g": 100_000}],
            weighings=(
                ticket("S-maker", "C6", "out", "R04", 13_000_000, 8_000_000),
                ticket("S-plant", "J6", "in", "R04", 13_000_000, 8_000_000),
            ),
        ),
        ("plant", "book", "tr-own", {"waste_code": "R04", "mass_g": 4_900_000, "method": "O10"}),
    ],
    held={
        "site:S-maker|R04|generated|": -5_000_000,
        f"vehicle:{FIRST}|R04|unexplained|": 100_000,
        "site:S-plant|R04|utilised|O10": 4_900_000,
    },
    terms={"R04": {"generated_g": 5_000_000, "utilised_g": 4_900_000, "unexplained_g": 100_000}},
    signed={"m": USUAL},
)
