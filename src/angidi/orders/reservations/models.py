"""Reservations as rows, inputs and answers."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from angidi.orders.models import Lines, OrderLine
from angidi.validation.fields import Timestamp

State = Literal["live", "used", "expired"]
"""The states; equal to the CHECK constraint `state_known`."""

ReservationId = Annotated[UUID, Meta(examples=["0198c5a0-c3d4-7e5f-8061-7b8c9d0e1f20"])]


class Reservation(Struct, frozen=True):
    """What is held, and until when."""

    id: ReservationId
    state: Annotated[
        State,
        Meta(
            description="live: it is held; used: an order has taken it over; expired: it was given back",
            examples=["live"],
        ),
    ]
    items: list[OrderLine]
    expires_at: Timestamp
    created_at: Timestamp


class NewReservation(Struct, frozen=True):
    """What to hold, and for how many seconds."""

    items: Lines
    ttl: Annotated[
        int, Meta(ge=60, le=3600, description="a whole number of seconds from 60 to 3600", examples=[900])
    ] = 900
