"""Sample orders: what a shop may have sold in the last weeks, the same in every database but for the times."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

import msgspec

from angidi.orders.models import ShippingAddress, Status
from angidi.orders.numbers import draw_number

NUMBER = 240
PERIOD = timedelta(weeks=6)

FIRST_ID = UUID("0198c5a0-b2c3-7d4e-8f50-6a7b8c000000")
"""The id of the first sample; the others follow it."""

PATHS: list[tuple[tuple[Status, ...], int]] = [
    (("confirmed", "shipped", "delivered"), 60),
    (("confirmed", "shipped", "delivered", "returned"), 6),
    (("confirmed", "shipped", "returned"), 3),
    (("cancelled",), 5),
    (("confirmed", "cancelled"), 4),
]
"""What becomes of orders, and how many of a hundred: the young ones are still on their way."""

HOURS: dict[Status, tuple[float, float]] = {
    "confirmed": (0.5, 20),
    "shipped": (6, 72),
    "delivered": (24, 120),
    "returned": (48, 240),
    "cancelled": (0.2, 3),
}
"""How long an order takes to come into each state, at least and at most."""

NOTES = [
    "",
    "",
    "",
    "",
    "Please ring twice.",
    "It is a present, no invoice in the parcel.",
    "Leave it with the neighbours.",
]
REASONS: dict[Status, list[str]] = {
    "cancelled": ["Ordered by mistake.", "Bought elsewhere.", "Takes too long."],
    "returned": ["Too small.", "Not as expected.", "Arrived with a scratch."],
}


class SampleBuyer(NamedTuple):
    """Who orders, and where to."""

    id: UUID
    address: ShippingAddress


class SampleChange(NamedTuple):
    """A change of state."""

    status: Status
    at: datetime
    actor_id: UUID | None
    note: str


class SampleOrder(NamedTuple):
    """An order to store, and the changes of its state that follow."""

    id: UUID
    number: str
    user_id: UUID
    product_ids: list[UUID]
    quantities: list[int]
    shipping_address: str
    note: str
    created_at: datetime
    changes: list[SampleChange]

    @property
    def status(self) -> Status:
        """The last state."""
        return self.changes[-1].status if self.changes else "pending"


def sample_orders(buyers: Sequence[SampleBuyer], product_ids: Sequence[UUID], now: datetime) -> list[SampleOrder]:
    """Return the samples in the order of their times, the last one an hour before `now`; none without a product."""
    if not (buyers and product_ids):
        return []
    random = Random(12)  # noqa: S311 - samples are no secrets
    step = (PERIOD - timedelta(hours=1)) / (NUMBER - 1)
    return [_sample(place, now - PERIOD + place * step, buyers, product_ids, now, random) for place in range(NUMBER)]


def pieces_of(samples: Sequence[SampleOrder]) -> tuple[list[UUID], list[int]]:
    """Return the products of the samples, and how many pieces of each are in them."""
    pieces: Counter[UUID] = Counter()
    for sample in samples:
        pieces.update(dict(zip(sample.product_ids, sample.quantities, strict=True)))
    return [*pieces], [*pieces.values()]


def _sample(  # noqa: PLR0913, PLR0917 - one place calls it
    place: int,
    at: datetime,
    buyers: Sequence[SampleBuyer],
    product_ids: Sequence[UUID],
    now: datetime,
    random: Random,
) -> SampleOrder:
    buyer = random.choice(buyers)
    products = random.sample(product_ids, k=min(len(product_ids), random.choice([1, 1, 1, 2, 2, 3, 4])))
    return SampleOrder(
        id=UUID(int=FIRST_ID.int + place),
        number=draw_number(at),
        user_id=buyer.id,
        product_ids=products,
        quantities=[random.choice([1, 1, 1, 1, 2, 2, 3]) for _ in products],
        shipping_address=msgspec.json.encode(buyer.address).decode(),
        note=random.choice(NOTES),
        created_at=at,
        changes=_changes(at, now, buyer, random),
    )


def _changes(at: datetime, now: datetime, buyer: SampleBuyer, random: Random) -> list[SampleChange]:
    """Return the changes of state that lie before `now`. An order that is new today waits for its confirmation."""
    (path,) = random.choices([path for path, _ in PATHS], [weight for _, weight in PATHS])
    changes: list[SampleChange] = []
    for status in path:
        at += timedelta(hours=random.uniform(*HOURS[status]))
        if at >= now:
            break
        reason = random.choice(REASONS[status]) if status in REASONS else ""
        changes.append(SampleChange(status, at, buyer.id if status == "cancelled" else None, reason))
    return changes
