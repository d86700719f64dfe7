"""The addresses of products."""

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from angidi.categories.errors import CategoryNotFound
from angidi.http.core.responses import Data, JSONResponse
from angidi.http.routing.guards import admin, admin_for_deleted
from angidi.http.routing.handlers import delete, get, post, put
from angidi.http.routing.links import listed
from angidi.http.routing.requests import AnyRequest, body_of, is_strict, query_of
from angidi.http.routing.streaming import CsvFile
from angidi.products.bulk import BulkOutcome, NewProducts
from angidi.products.errors import ProductNotFound, SkuTaken
from angidi.products.models import (
    CategoryProductQuery,
    ExportQuery,
    NewProduct,
    Product,
    ProductChanges,
    ProductPage,
    ProductQuery,
    Suggestions,
    SuggestQuery,
)
from angidi.products.service import ProductService
from angidi.validation.ids import parse_id

EXAMPLE = (
    "sku,name,price,stock,description,category_id,image_url\n"
    'CUP-080,Espresso cup,7.50,120,"Porcelain, 80 ml",550e8400-e29b-41d4-a716-446655440001,\n'
)
"""An export."""


@get("/products", guards=[admin_for_deleted], dependencies={"asked": query_of(ProductQuery)})
async def list_products(
    request: AnyRequest, asked: NamedDependency[ProductQuery], products: NamedDependency[ProductService]
) -> Response[Data[ProductPage]]:
    """List products, newest first unless asked otherwise.

    `search` finds a text inside name or description; `q` finds words in any order, whatever their accents and case, and
    puts the best hits first unless there is a `sort`. They combine with each other and with all filters. With
    `highlight=true` each hit has name and description as HTML, with `<mark>` around what `q` found.

    `total_count` is exact up to 10,000 hits, and for the whole list and a category at any size; beyond, it is 10,000
    with `total_is_estimate: true`, unless `count=exact` has it counted. A `category_id` that names no category gives an
    empty list.
    """
    return listed(request, await products.page(asked))


@get(
    "/categories/{category_id:str}/products",
    guards=[admin_for_deleted],
    dependencies={"asked": query_of(CategoryProductQuery)},
    opt={"errors": [CategoryNotFound]},
)
async def list_category_products(
    request: AnyRequest,
    category_id: FromPath[str],
    asked: NamedDependency[CategoryProductQuery],
    products: NamedDependency[ProductService],
) -> Response[Data[ProductPage]]:
    """List the products in a category and in all below it.

    Filters, sorting and totals are those of the list of products.
    """
    return listed(request, await products.page_of_category(parse_id(category_id, CategoryNotFound), asked))


@get(
    "/products/export",
    guards=[admin],
    dependencies={"asked": query_of(ExportQuery)},
    opt={"text": ("text/csv", EXAMPLE)},
)
async def export_products(asked: NamedDependency[ExportQuery], products: NamedDependency[ProductService]) -> CsvFile:
    """Export the products as a CSV file that can be imported again.

    The answer is streamed and of one moment. Where the database is lost on the way it is broken off, which every client
    reports. At most two run at a time in each worker; others get 503. A `category_id` that names no category is 400.
    """
    return CsvFile(products.export(asked.category_id), "products.csv")


@get("/products/suggest", dependencies={"asked": query_of(SuggestQuery)})
async def suggest_products(
    asked: NamedDependency[SuggestQuery], products: NamedDependency[ProductService]
) -> Data[Suggestions]:
    """Suggest names for what is being typed.

    The names of the newest products that have all words of `q`, the last one perhaps unfinished, each name once; none
    for a `q` without a word.
    """
    return Data(await products.suggest(asked))


@get("/products/{product_id:str}", opt={"errors": [ProductNotFound]})
async def show_product(product_id: FromPath[str], products: NamedDependency[ProductService]) -> Data[Product]:
    """Show a product."""
    return Data(await products.get(parse_id(product_id, ProductNotFound)))


@post("/products", guards=[admin], dependencies={"new": body_of(NewProduct)}, opt={"errors": [SkuTaken]})
async def create_product(new: NamedDependency[NewProduct], products: NamedDependency[ProductService]) -> Data[Product]:
    """Make a product."""
    return Data(await products.create(new))


@post(
    "/products/bulk",
    guards=[admin],
    dependencies={"asked": body_of(NewProducts)},
    opt={"errors": [SkuTaken], "also": {207: "Some rows were refused, and the others stored (mode “each”)."}},
)
async def create_products(
    request: AnyRequest, asked: NamedDependency[NewProducts], products: NamedDependency[ProductService]
) -> Response[Data[BulkOutcome]]:
    """Make up to 1,000 products at once, all or each that can be made.

    Each row is the body of `POST /products`. In mode “all” one wrong row refuses the request, and `details` names each
    reason by row and field, such as `products[3].price`; in mode “each” the good rows are stored, and the answer says
    of every row what became of it.
    """
    outcome = await products.create_many(asked, strict=is_strict(request))
    return JSONResponse(Data(outcome), status_code=207 if outcome.refused else 201)


@put(
    "/products/{product_id:str}",
    guards=[admin],
    dependencies={"changes": body_of(ProductChanges)},
    opt={"errors": [ProductNotFound, SkuTaken]},
)
async def change_product(
    product_id: FromPath[str], changes: NamedDependency[ProductChanges], products: NamedDependency[ProductService]
) -> Data[Product]:
    """Change a product.

    What is absent stays as it was; `null` clears `description`, `image_url` and `sku`. `If-Match` is not evaluated: of
    two writers the last one wins, field by field.
    """
    return Data(await products.change(parse_id(product_id, ProductNotFound), changes))


@delete("/products/{product_id:str}", guards=[admin], opt={"errors": [ProductNotFound]})
async def delete_product(product_id: FromPath[str], products: NamedDependency[ProductService]) -> None:
    """Delete a product softly."""
    await products.delete(parse_id(product_id, ProductNotFound))


@post(
    "/products/{product_id:str}/restore",
    status_code=200,
    guards=[admin],
    opt={"errors": [ProductNotFound, SkuTaken]},
)
async def restore_product(product_id: FromPath[str], products: NamedDependency[ProductService]) -> Data[Product]:
    """Bring a deleted product back."""
    return Data(await products.restore(parse_id(product_id, ProductNotFound)))


HANDLERS = [
    list_products, list_category_products, suggest_products, export_products, show_product,
    create_product, create_products, change_product, delete_product, restore_product,
]  # fmt: skip
