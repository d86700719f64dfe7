"""The routes of reservations."""

from angidi.http.routing.guards import Account
from angidi.http.routing.inputs import Body, IdempotencyKey
from angidi.http.routing.routes import Routes
from angidi.orders.errors import ReservationNotFound, StockFull, StockInsufficient
from angidi.orders.reservations.errors import TooManyReservations
from angidi.orders.reservations.models import NewReservation, Reservation, ReservationId
from angidi.orders.reservations.service import ReservationService

routes = Routes("Reservations", "Stock held for a checkout that pays elsewhere.")


@routes.post("/reservations", errors=(StockInsufficient, TooManyReservations))
async def create_reservation(
    account: Account, key: IdempotencyKey, new: Body[NewReservation], reservations: ReservationService
) -> Reservation:
    """Hold stock for a checkout that pays elsewhere.

    The pieces leave the stock at once. They go back when the reservation is deleted or expires; an order that names it
    takes them over, at the prices of that time.
    """
    return await reservations.create(account, new, key)


@routes.get("/reservations/{reservation_id}", errors=(ReservationNotFound,))
async def show_reservation(
    account: Account, reservation_id: ReservationId, reservations: ReservationService
) -> Reservation:
    """Show one of your reservations.

    To try it out here, put the `id` of a reservation of yours in the path.
    """
    return await reservations.get(account, reservation_id)


@routes.delete("/reservations/{reservation_id}", errors=(ReservationNotFound, StockFull))
async def delete_reservation(account: Account, reservation_id: ReservationId, reservations: ReservationService) -> None:
    """Give back what a live reservation holds.

    To try it out here, put the `id` of a reservation of yours in the path.
    """
    await reservations.delete(account, reservation_id)
