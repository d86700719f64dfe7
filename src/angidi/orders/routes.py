"""The routes of orders."""

from angidi.http.routing.guards import Account, Admin, Holder
from angidi.http.routing.inputs import Body, Conditional, IdempotencyKey, Query
from angidi.http.routing.routes import Routes
from angidi.orders.errors import (
    AddressOfBuyerUnknown,
    OrderNotFound,
    OrderStateConflict,
    ReservationExpired,
    ReservationNotFound,
    StockFull,
    StockInsufficient,
    TotalChanged,
)
from angidi.orders.models import Cancellation, NewOrder, Order, OrderId, OrderPage, OrderQuery, TransitionNote
from angidi.orders.service import OrderService, StatusChange

routes = Routes("Orders", "Buyers place, read and cancel their orders; admins see all and move them on.")

TRANSITION = (OrderNotFound, OrderStateConflict)
GIVING_BACK = (*TRANSITION, StockFull)
PLACING = (
    AddressOfBuyerUnknown,
    ReservationNotFound,
    StockInsufficient,
    TotalChanged,
    ReservationExpired,
)


@routes.get("/orders")
async def list_orders(account: Account, query: Query[OrderQuery], orders: OrderService) -> OrderPage:
    """List orders, newest first: your own, or all for an admin.

    `total_count` is exact up to 10,000 orders; beyond, it is 10,000 with `total_is_estimate: true`, unless
    `count=exact` has them counted.
    """
    return await orders.page(account, query)


CUPS = {
    "items": [{"product_id": "0198c5a0-9d21-7d53-8b0e-6d1f0a3c4e22", "quantity": 2}],
    "shipping_address": {
        "recipient": "Ada Lovelace",
        "line1": "12 St James's Square",
        "city": "London",
        "postal_code": "SW1Y 4JH",
        "country": "GB",
    },
}


@routes.post("/orders", errors=PLACING, example=CUPS)
async def place_order(account: Holder, key: IdempotencyKey, new: Body[NewOrder], orders: OrderService) -> Order:
    """Place an order.

    All pieces leave the stock at once, or none: 409 `INSUFFICIENT_STOCK` names each line that failed and what is left.
    The items keep SKU, name and price as they are now. Send an `Idempotency-Key`, so that an answer that was lost can
    be asked for again without a second order.
    """
    return await orders.place(account, new, key)


@routes.get("/orders/{order_id}", errors=(OrderNotFound,))
async def show_order(account: Account, order_id: OrderId, orders: OrderService) -> Order:
    """Show an order: one of your own, or any for an admin.

    To try it out here, put the `id` of an order in the path.
    """
    return await orders.get(account, order_id)


@routes.post("/orders/{order_id}/cancel", status=200, errors=GIVING_BACK)
async def cancel_order(
    account: Account,
    conditions: Conditional,
    order_id: OrderId,
    body: Body[Cancellation],
    orders: OrderService,
) -> Order:
    """Cancel an order that is pending or confirmed; its pieces go back into the stock.

    To try it out here, put the `id` of an order in the path.
    """
    return await orders.change_status(account, order_id, StatusChange("cancelled", body.reason), conditions)


@routes.post("/orders/{order_id}/confirm", status=200, errors=TRANSITION)
async def confirm_order(
    admin: Admin,
    conditions: Conditional,
    order_id: OrderId,
    body: Body[TransitionNote],
    orders: OrderService,
) -> Order:
    """Confirm a pending order.

    To try it out here, put the `id` of an order in the path.
    """
    return await orders.change_status(admin, order_id, StatusChange("confirmed", body.note), conditions)


@routes.post("/orders/{order_id}/ship", status=200, errors=TRANSITION)
async def ship_order(
    admin: Admin,
    conditions: Conditional,
    order_id: OrderId,
    body: Body[TransitionNote],
    orders: OrderService,
) -> Order:
    """Mark a confirmed order as shipped.

    To try it out here, put the `id` of an order in the path.
    """
    return await orders.change_status(admin, order_id, StatusChange("shipped", body.note), conditions)


@routes.post("/orders/{order_id}/deliver", status=200, errors=TRANSITION)
async def deliver_order(
    admin: Admin,
    conditions: Conditional,
    order_id: OrderId,
    body: Body[TransitionNote],
    orders: OrderService,
) -> Order:
    """Mark a shipped order as delivered.

    To try it out here, put the `id` of an order in the path.
    """
    return await orders.change_status(admin, order_id, StatusChange("delivered", body.note), conditions)


@routes.post("/orders/{order_id}/return", status=200, errors=GIVING_BACK)
async def return_order(
    admin: Admin,
    conditions: Conditional,
    order_id: OrderId,
    body: Body[TransitionNote],
    orders: OrderService,
) -> Order:
    """Take a shipped or delivered order back; its pieces go back into the stock.

    To try it out here, put the `id` of an order in the path.
    """
    return await orders.change_status(admin, order_id, StatusChange("returned", body.note), conditions)
