"""Creation of many products in one request: each is validated like a single one, and the errors of all are reported.

`Rows` collects the errors of each; `service` checks them against the database and stores them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from angidi.errors import FieldError, Invalid
from angidi.ids import new_id
from angidi.products.errors import CategoryUnknown, SkuTaken, sku_taken
from angidi.products.models import NewProduct, Product
from angidi.resources import Detail
from angidi.validation.fields import decode

MOST = 1000
"""Products in one request."""

Row = Annotated[Any, Meta(extra_json_schema={"$ref": "#/components/schemas/NewProduct"})]
"""A new product as received, which is decoded by itself."""

Index = Annotated[int, Meta(ge=0, description="The place in the request's `products`, from 0", examples=[0])]


class NewProducts(Struct, frozen=True):
    """Products to create: “all” or none of them, or “each” valid one."""

    products: Annotated[
        list[Row], Meta(min_length=1, max_length=MOST, description=f"a list of 1 to {MOST} products, each an object")
    ]
    mode: Annotated[Literal["all", "each"], Meta(description="“all” or “each”", examples=["all"])] = "all"


class ProductCreated(Struct, frozen=True, tag_field="status", tag="created"):
    """A row that was stored."""

    index: Index
    product: Product


class ProductRefused(Struct, frozen=True, tag_field="status", tag="refused"):
    """A row that was refused, and every reason."""

    index: Index
    errors: list[Detail]


class BulkOutcome(Struct, frozen=True):
    """The outcome of each row, in the order of the request, and the number of each kind."""

    results: list[ProductCreated | ProductRefused]
    created: Annotated[int, Meta(examples=[1])]
    refused: Annotated[int, Meta(examples=[0])]


class Candidate(Struct, frozen=True):
    """The values of a row to compare with the database; of a refused row only the valid ones."""

    index: int
    category_id: UUID | None
    sku: str | None


class Clash(Struct, frozen=True):
    """The conflicts of a row with the database: whether its category is unknown, and which product has its SKU."""

    index: int
    category_unknown: bool
    sku_holder: UUID | None


class Rows:
    """The rows of a request, by index: the valid ones (`good`), each with its future id, and the refused ones.

    `strict` refuses unknown fields. Raises `Invalid` for rows that are not objects, whatever the mode.
    """

    def __init__(self, request: NewProducts, *, strict: bool) -> None:
        self.good: dict[int, tuple[UUID, NewProduct]] = {}
        self.candidates: list[Candidate] = []
        self._all_or_none = request.mode == "all"
        self._errors: defaultdict[int, list[FieldError]] = defaultdict(list)
        _check_objects(request.products)
        for index, values in enumerate(request.products):
            self._decode(index, values, strict=strict)
        self._refuse_duplicates()
        self._wrong = bool(self._errors)

    def _decode(self, index: int, values: Mapping[str, object], *, strict: bool) -> None:
        decoded = decode(values, NewProduct, strict=strict)
        if decoded.value is None:
            self._errors[index] += decoded.refused
            self.candidates.append(Candidate(index, decoded.good.get("category_id"), decoded.good.get("sku")))
        else:
            self.good[index] = (new_id(), decoded.value)
            self.candidates.append(Candidate(index, decoded.value.category_id, decoded.value.sku))

    def _refuse_duplicates(self) -> None:
        """Refuse every row whose SKU an earlier row has, even a refused one."""
        first: dict[str, int] = {}
        for row in self.candidates:
            if row.sku and first.setdefault(row.sku, row.index) != row.index:
                self._refuse(row.index, FieldError("sku", f"stands in products[{first[row.sku]}] already"))

    def refuse_clashes(self, clashes: Iterable[Clash]) -> None:
        """Refuse the rows that conflict with the database."""
        for clash in clashes:
            if clash.category_unknown:
                self._refuse(clash.index, FieldError("category_id", CategoryUnknown.message))
                self._wrong = True
            if clash.sku_holder:
                self._refuse(clash.index, sku_taken(clash.sku_holder))

    def lost(self, stored: Mapping[UUID, Product]) -> list[Candidate]:
        """Return the valid rows that are not among the `stored`: another request has taken their SKU meanwhile."""
        lost = {index for index, (product_id, _) in self.good.items() if product_id not in stored}
        return [row for row in self.candidates if row.index in lost]

    def refuse_lost(self, lost: Iterable[Candidate], clashes: Iterable[Clash]) -> None:
        """Refuse the rows that were `lost`; `clashes` tell to which products, as far as these still exist."""
        holders = {clash.index: clash.sku_holder for clash in clashes}
        for row in lost:
            self._refuse(row.index, sku_taken(holders.get(row.index)))

    def _refuse(self, index: int, error: FieldError) -> None:
        self._errors[index].append(error)
        self.good.pop(index, None)

    def check(self) -> None:
        """Raise if the mode is `all` and a row is refused.

        Raises `SkuTaken` if all reasons are taken SKUs, because the same request may succeed later; else `Invalid`.
        """
        if self._all_or_none and self._errors:
            kind = Invalid if self._wrong else SkuTaken
            raise kind(details=[*self._details()])

    def _details(self) -> Iterator[FieldError]:
        for index, errors in sorted(self._errors.items()):
            yield from (FieldError(f"products[{index}].{field}", message) for field, message in errors)

    def outcome(self, stored: Mapping[UUID, Product]) -> BulkOutcome:
        """Return the outcome of each row."""
        created = {index: ProductCreated(index, stored[product_id]) for index, (product_id, _) in self.good.items()}
        refused = {
            index: ProductRefused(index, [Detail(*error) for error in errors]) for index, errors in self._errors.items()
        }
        results = [result for _, result in sorted((created | refused).items())]
        return BulkOutcome(results, len(created), len(refused))


def _check_objects(rows: Sequence[object]) -> None:
    odd = [index for index, row in enumerate(rows) if not isinstance(row, dict)]
    if odd:
        raise Invalid(details=[FieldError(f"products[{index}]", "must be an object") for index in odd])
