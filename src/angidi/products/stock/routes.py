"""The routes of stock."""

from angidi.http.routing.guards import Admin
from angidi.http.routing.inputs import Body, IdempotencyKey, Query
from angidi.http.routing.routes import Routes
from angidi.products.errors import ProductNotFound
from angidi.products.models import ProductId
from angidi.products.stock.errors import StockTooSmall
from angidi.products.stock.models import AdjustedStock, Adjustment, StockPage, StockQuery
from angidi.products.stock.service import StockService

routes = Routes("Stock", "Stock adjusted piece by piece, and every change of it. For admins.")


@routes.post("/products/{product_id}/stock", status=200, errors=(ProductNotFound, StockTooSmall))
async def adjust_stock(
    admin: Admin, key: IdempotencyKey, product_id: ProductId, wanted: Body[Adjustment], stock: StockService
) -> AdjustedStock:
    """Add pieces to the stock of a product, or take them out.

    What was sold meanwhile stays sold, unlike with a `PUT` of `stock`, which is a recount.
    """
    return await stock.adjust(admin, product_id, wanted, key)


@routes.get("/products/{product_id}/stock", errors=(ProductNotFound,))
async def list_stock_entries(
    _: Admin, product_id: ProductId, query: Query[StockQuery], stock: StockService
) -> StockPage:
    """List the changes of a product's stock, newest first.

    Those of deleted products are there, too.
    """
    return await stock.entries(product_id, query)
