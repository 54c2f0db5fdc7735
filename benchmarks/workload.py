"""A made-up county at work: waste arises, is fetched, unloaded and treated, day after day. Seeded, so repeatable."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from wufei.core.ledger import Account, Bucket, Holder
from wufei.core.ledger_rules import SECOND_US, Batch, to_us

CODES = ("900-001-S17", "900-002-S17", "900-003-S17", "900-214-08")
START = datetime(2022, 1, 1, tzinfo=UTC)
RECORDED = datetime(2026, 1, 1, tzinfo=UTC)


class County:
    """``sites`` generators, a twentieth as many plants, a tenth as many vehicles.

    A site has one or two waste codes, one vehicle that fetches and one plant that takes them, as its contract says;
    with ``is_dispersed`` every load has a vehicle, a plant and a code by chance, so that hardly two share a flow.
    """

    def __init__(self, sites: int, seed: int, per_day: int, *, is_dispersed: bool = False) -> None:
        self._random = random.Random(seed)
        self.sites = [f"site:S{n:05}" for n in range(sites)]
        self.plants = [f"site:P{n:04}" for n in range(max(1, sites // 20))]
        self.vehicles = [f"vehicle:V{n:04}" for n in range(max(1, sites // 10))]
        self._step_us = 86_400 * SECOND_US // per_day
        self._accounts: dict[Account, int] = {}
        self._made = 0
        self.key_prefix = "bench"
        self._contracts = None if is_dispersed else [self._trip() for _ in range(2 * sites)]

    def _trip(self) -> tuple[str, str, str, str]:
        pick = self._random.choice
        return pick(self.sites), pick(CODES), pick(self.vehicles), pick(self.plants)

    def holders(self) -> list[Holder]:
        """All holders, to be registered first."""
        return [
            Holder(key, f"330523{100 + n % 15}", category, key, is_simulated=True)
            for keys, category in (
                (self.sites, "industrial_enterprise"),
                (self.plants, "treatment_plant"),
                (self.vehicles, "vehicle"),
            )
            for n, key in enumerate(keys)
        ]

    def _index(self, account: Account) -> int:
        return self._accounts.setdefault(account, len(self._accounts))

    def batches(self, size: int, count: int) -> Iterator[Batch]:
        """``count`` batches of ``size`` movements; nobody is overdrawn after any of them."""
        for _ in range(count):
            yield self._batch(size)

    def _batch(self, size: int) -> Batch:
        source: list[int] = []
        target: list[int] = []
        masses: list[int] = []
        kinds: list[str] = []
        while len(source) < size:
            site, code, truck, plant = self._random.choice(self._contracts) if self._contracts else self._trip()
            mass_g = self._random.randint(1_000, 20_000_000)
            stored = self._index(Account(site, code, Bucket.STORED))
            moving = self._index(Account(truck, code, Bucket.IN_TRANSIT))
            arrived = self._index(Account(plant, code, Bucket.STORED))
            generated = self._index(Account(site, code, Bucket.GENERATED))
            used = self._index(Account(plant, code, Bucket.UTILISED))
            source += [generated, stored, moving, arrived]
            target += [stored, moving, arrived, used]
            masses += [mass_g] * 4
            kinds += ["generate", "load", "unload", "utilise"]
        first = self._made
        self._made += size
        begin = to_us(START)
        # Only the accounts that this batch touches, as a caller would hand them in.
        every = list(self._accounts)
        touched = sorted(set(source[:size]) | set(target[:size]))
        place = {index: n for n, index in enumerate(touched)}
        return Batch(
            accounts=[every[index] for index in touched],
            source=[place[s] for s in source[:size]],
            target=[place[t] for t in target[:size]],
            mass_g=masses[:size],
            occurred_us=[begin + (first + i) * self._step_us for i in range(size)],
            kind=kinds[:size],
            document=[f"weighing:{first + i:09}" for i in range(size)],
            key=[f"{self.key_prefix}-{first + i:012}" for i in range(size)],
            count=[None] * size,
            package=[""] * size,
            basis=["weighed"] * size,
            basis_ref=["scale:1"] * size,
            uncertainty_ppm=[2_000] * size,
            reverses=[""] * size,
            reason=[""] * size,
        )
