"""The routes of products."""

from angidi.categories.errors import CategoryNotFound
from angidi.categories.models import CategoryId
from angidi.http.core.responses import Answer
from angidi.http.routing.guards import Admin, AdminForDeleted
from angidi.http.routing.inputs import Body, CsvBody, IdempotencyKey, IfMatch, Patch, Query, Strict
from angidi.http.routing.routes import Also, Routes
from angidi.http.routing.streaming import CsvFile
from angidi.products.bulk import BulkOutcome, NewProducts
from angidi.products.errors import ProductNotFound, SkuTaken
from angidi.products.imports.service import ProductImportService
from angidi.products.imports.uploads import ImportOutcome, ImportQuery
from angidi.products.models import (
    CategoryProductQuery,
    ExportQuery,
    NewProduct,
    Product,
    ProductChanges,
    ProductId,
    ProductPage,
    ProductQuery,
    Suggestions,
    SuggestQuery,
)
from angidi.products.service import ProductService

routes = Routes("Products", "What the shop sells. Anybody may list, search and read it, and admins may change it.")

EXAMPLE = (
    "sku,name,price,stock,description,category_id,image_url\n"
    'CUP-080,Espresso cup,7.50,120,"Porcelain, 80 ml",550e8400-e29b-41d4-a716-446655440004,\n'
)
"""Example of an export, and of a file to import."""

CUP = {"name": "Espresso cup", "price": 7.5, "stock": 120, "category_id": "550e8400-e29b-41d4-a716-446655440004"}
PARTLY = {
    "results": [{"status": "refused", "index": 0, "errors": [{"field": "name", "message": "is required"}]}],
    "created": 0,
    "refused": 1,
}
"""Example of the answer to products that are refused."""


@routes.get("/products")
async def list_products(_: AdminForDeleted, query: Query[ProductQuery], products: ProductService) -> ProductPage:
    """List products, newest first unless asked otherwise.

    `search` finds a text inside name or description; `q` finds words in any order, whatever their accents and case, and
    puts the best hits first unless there is a `sort`. They combine with each other and with all filters. With
    `highlight=true` each hit has name and description as HTML, with `<mark>` around what `q` found.

    `total_count` is exact up to 10,000 hits, and for the whole list and a category at any size; beyond, it is 10,000
    with `total_is_estimate: true`, unless `count=exact` has it counted. A `category_id` that names no category gives an
    empty list.
    """
    return await products.page(query)


@routes.get("/categories/{category_id}/products", errors=(CategoryNotFound,))
async def list_category_products(
    _: AdminForDeleted, category_id: CategoryId, query: Query[CategoryProductQuery], products: ProductService
) -> ProductPage:
    """List the products in a category and in all below it.

    Filters, sorting and totals are those of the list of products.
    """
    return await products.page_of_category(category_id, query)


@routes.get("/products/export", text=("text/csv", EXAMPLE))
async def export_products(_: Admin, query: Query[ExportQuery], products: ProductService) -> CsvFile:
    """Export the products as a CSV file that can be imported again.

    The answer is streamed from one snapshot. If the database is lost meanwhile, it is cut off, which every client
    reports. At most two run at a time in each worker; others get 503. A `category_id` that names no category is 400.
    """
    return CsvFile.of(products.export(query.category_id), "products.csv")


@routes.post("/products/import", status=200, takes_large_body=True, csv_example=EXAMPLE)
async def import_products(
    admin: Admin, query: Query[ImportQuery], file: CsvBody, imports: ProductImportService
) -> ImportOutcome:
    """Import products from a CSV file of at most 4 MiB, in the columns of the export.

    Products are matched by `sku`; what the file has no column for stays as it is. The stock of a row is that of the
    product from then on, which undoes what was sold since it was read: `stock=add` adds it instead, or takes out where
    it is negative, each time that the file is sent, and `stock=ignore` leaves it to new products. All valid rows are
    stored in one transaction. `refused` has the first 100 of the refused rows with their reasons. At most two imports
    run at a time in each worker; others get 503. For larger files there is the command `angidi import products`.
    """
    return await imports.import_upload(file, query, admin)


@routes.get("/products/suggest")
async def suggest_products(query: Query[SuggestQuery], products: ProductService) -> Suggestions:
    """Suggest names for what is being typed.

    The answer has the names of the newest products that contain all words of `q`, each name once. The last word may be
    a prefix. A `q` without a word has no suggestions.
    """
    return await products.suggest(query)


@routes.get("/products/{product_id}", errors=(ProductNotFound,))
async def show_product(product_id: ProductId, products: ProductService) -> Product:
    """Show a product."""
    return await products.get(product_id)


@routes.post("/products", errors=(SkuTaken,))
async def create_product(admin: Admin, key: IdempotencyKey, new: Body[NewProduct], products: ProductService) -> Product:
    """Create a product."""
    return await products.create(new, admin, key)


@routes.post(
    "/products/bulk",
    errors=(SkuTaken,),
    also={207: Also("Some rows were refused, and the others stored (mode “each”).", PARTLY)},
    example={"products": [CUP | {"sku": "CUP-081"}, CUP | {"name": "Cappuccino cup", "sku": "CUP-180"}], "mode": "all"},
    takes_large_body=True,
)
async def create_products(
    admin: Admin, new: Body[NewProducts], strict: Strict, products: ProductService
) -> Answer[BulkOutcome]:
    """Create up to 1,000 products at once: all or none, or each valid one.

    Each row is the body of `POST /products`. In mode “all” one wrong row refuses the request, and `details` names each
    reason by row and field, such as `products[3].price`; in mode “each” the valid rows are stored, and the answer has
    the outcome of every row.
    """
    outcome = await products.create_many(new, admin, strict=strict)
    return Answer(outcome, 207 if outcome.refused else 201)


@routes.put(
    "/products/{product_id}",
    errors=(ProductNotFound, SkuTaken),
    example={"price": 8.9, "description": "Porcelain, 90 ml"},
)
async def change_product(
    admin: Admin, known: IfMatch, product_id: ProductId, changes: Patch[ProductChanges], products: ProductService
) -> Product:
    """Change a product.

    Absent fields stay as they are. `""` for `name`, `description`, `category_id`, `image_url` or `sku`, a `price` of 0,
    and `null` count as absent, except that `null` clears `description`, `image_url` and `sku`. A value that equals the
    stored one is never refused. With `Prefer: handling=strict`, a value that would count as absent is 400. Without
    `If-Match` the last of two writers wins, field by field. The `ETag` holds the stock, which is compared only if the
    body has a `stock`. That sets the stock to what was counted: for sales and deliveries there is
    `POST /products/{product_id}/stock`.
    """
    return await products.change(product_id, changes, admin, known)


@routes.delete("/products/{product_id}", errors=(ProductNotFound,))
async def delete_product(_: Admin, known: IfMatch, product_id: ProductId, products: ProductService) -> None:
    """Delete a product softly."""
    await products.delete(product_id, known)


@routes.post("/products/{product_id}/restore", status=200, errors=(ProductNotFound, SkuTaken))
async def restore_product(_: Admin, key: IdempotencyKey, product_id: ProductId, products: ProductService) -> Product:
    """Restore a deleted product."""
    return await products.restore(product_id, key)
