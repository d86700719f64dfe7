"""Business actions on files of products: imports in one transaction, in batches, of uploads, and of sample data."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from itertools import islice
from typing import Any

from msgspec import structs

from angidi.categories.service import CategoryService
from angidi.changes import Cause, Principal
from angidi.concurrency import ConcurrencyLimiter
from angidi.csvfiles import CsvReader, FileRefused, NamedRow, OnRefused, Refused, RowReader, Summary, open_bytes
from angidi.db import Connection, Database, retried
from angidi.db.causes import set_cause
from angidi.db.copying import disable_timeouts
from angidi.db.errors import translated
from angidi.errors import StatementTimeout
from angidi.products.csv_rows import StockMode
from angidi.products.imports import pipeline, progress, storing
from angidi.products.imports.notes import Notes
from angidi.products.imports.pipeline import Choices, Rules
from angidi.products.imports.progress import Progress
from angidi.products.imports.reading.product_file import OWN_COLUMNS, ProductFile, ReadingOptions
from angidi.products.imports.staging import StagedProduct
from angidi.products.imports.uploads import ImportOutcome, ImportQuery

MAX_CONCURRENT_UPLOADS = 2
"""Each holds a connection and much of the processor."""

UPLOAD_TIME = 25.0
"""Seconds until an upload is given up and rolled back: before the request is, whose answer would not say so."""

NO_CHOICES = Choices()

SAMPLE_DATA = "sample data"
"""The reason in the ledger of stocks of sample products."""

MAX_REPORTED = 100
"""Refused rows, and unknown categories, in the answer to an upload."""


class ProductImportService:
    """Files of products, matched by SKU among the active."""

    def __init__(self, db: Database, categories: CategoryService) -> None:
        self._db = db
        self._categories = categories
        self._uploads = ConcurrencyLimiter(MAX_CONCURRENT_UPLOADS, "Other imports are under way. Please try again.")

    @retried
    async def import_file(  # noqa: PLR0913 - one parameter for each choice
        self,
        file: RowReader,
        *,
        on_refused: OnRefused,
        options: ReadingOptions = OWN_COLUMNS,
        choices: Choices = NO_CHOICES,
        actor: Principal | None = None,
        dry_run: bool = False,
    ) -> Summary:
        """Import the valid products of a file in one transaction; `options` say how it is read.

        Begins again if the server rolls it back.

        Raises `FileRefused`, and `Invalid` unless the default category identifies exactly one category.
        """
        products = ProductFile(file, options)
        async with self._db.bulk.transaction(rollback=dry_run) as conn:
            await disable_timeouts(conn)
            await set_cause(conn, cause_of(file.name, choices.stock, actor))
            rules = await self._rules(conn, products, choices)
            return await pipeline.import_file(conn, products, rules, on_refused=on_refused)

    async def import_upload(self, content: bytes, query: ImportQuery, actor: Principal | None = None) -> ImportOutcome:
        """Import the valid products of a file in our own columns that is in memory; report the first refused rows.

        Raises `FileRefused`, `Unavailable` while too many such imports run, and `StatementTimeout`, after which nothing
        is stored.
        """
        refused: list[Refused] = []

        def keep(row: Refused) -> None:
            if len(refused) < MAX_REPORTED:
                refused.append(row)

        try:
            with self._uploads.acquire(), open_bytes(content) as source:
                async with asyncio.timeout(UPLOAD_TIME):
                    choices = Choices(only_existing=query.only_existing, stock=query.stock)
                    summary = await self.import_file(
                        CsvReader(source), on_refused=keep, choices=choices, actor=actor, dry_run=query.dry_run
                    )
        except TimeoutError:
            raise StatementTimeout("The file took too long; nothing is stored. Send smaller parts.") from None
        except FileRefused as error:
            raise FileRefused(f"{error} (options are those of the command “angidi import products”)") from None
        unknown = summary.unknown_categories
        values: dict[str, Any] = {
            **structs.asdict(summary),
            "stock": query.stock,
            "refused": refused,
            "unknown_categories": unknown[:MAX_REPORTED],
            "unknown_category_count": len(unknown),
        }
        return ImportOutcome(**values)

    async def import_in_batches(  # noqa: PLR0913 - one parameter for each choice
        self,
        file: RowReader,
        *,
        size: int,
        resume: bool,
        on_refused: OnRefused,
        options: ReadingOptions = OWN_COLUMNS,
        choices: Choices = NO_CHOICES,
        notes: Notes | None = None,
    ) -> AsyncGenerator[Progress]:
        """Import like `import_file`, but `size` rows per transaction, which also stores the progress.

        With `resume` it continues an interrupted import of a file with the same content and by the same options. Yields
        the progress once before the first batch, then after each; `notes` is filled meanwhile. Refused rows are
        reported after their batch. Raises `ImportUnderWay`, and what `import_file` raises; batches already yielded stay
        stored.
        """
        notes = notes or Notes()
        products = ProductFile(file, options)
        digest = products.digest(*choices)
        async with self._db.connection() as conn:
            async with conn.transaction():
                await disable_timeouts(conn)
                done = await progress.begin(conn, digest, file.name, resume=resume)
                rules = await self._rules(conn, products, choices)
                await pipeline.find_duplicates(conn, products)
            yield done
            rows = pipeline.rows_after(products, done.line, notes, choices.stock)
            while batch := list(islice(rows, size)):
                done, refused, told = await _store(
                    conn, done, batch, products.fields, rules, cause_of(file.name, choices.stock)
                )
                notes.add(told)
                for row in refused:
                    on_refused(row)
                yield done
            await progress.end(conn, done)
            async with conn.transaction():
                await disable_timeouts(conn)
                await storing.renew_statistics(conn, done.summary)

    async def _rules(self, conn: Connection, file: ProductFile, choices: Choices) -> Rules:
        default = await pipeline.default_id(conn, choices.default_category)
        create = self._categories.create_paths if choices.create_categories else None
        full_paths = file.reading.mapping.category.full_paths
        return Rules(default, choices.only_existing, create, full_paths, choices.stock)

    async def add_missing(self, rows: Iterable[NamedRow], *, on_refused: OnRefused) -> Summary:
        """Add the sample products whose SKU or id no product, deleted or not, has."""
        async with self._db.transaction() as conn:
            await set_cause(conn, Cause(reason=SAMPLE_DATA))
            return await pipeline.add_missing(conn, rows, on_refused=on_refused)


def cause_of(file: str, stock: StockMode, actor: Principal | None = None) -> Cause:
    """Return the cause of the changes by an import: a stock that is set is a recount."""
    return Cause.by(actor, "import" if stock == "add" else "set", f"import of {file}" if file else "import")


@retried
async def _store(  # noqa: PLR0913, PLR0917 - what a batch needs
    conn: Connection,
    done: Progress,
    batch: Sequence[StagedProduct],
    fields: Collection[str],
    rules: Rules,
    cause: Cause,
) -> tuple[Progress, list[Refused], Notes]:
    """Store a batch and its progress. Retried if the server rolls it back."""
    with translated():
        async with conn.transaction():
            await disable_timeouts(conn)
            await set_cause(conn, cause)
            summary, refused, notes = await pipeline.import_batch(conn, batch, fields, rules)
            return await progress.advance(conn, done, batch[-1].line, summary), refused, notes
