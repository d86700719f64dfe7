"""`angidi verify`: verification and rebuilding of derived data."""

import click

from angidi.cli.context import resolve_database
from angidi.cli.db.checks import check_data, check_schema, report_checks
from angidi.cli.options import json_option
from angidi.config import load


@click.command()
@click.option("--rebuild", "rebuilding", is_flag=True, help="Rebuild what differs first.")
@json_option
def verify(*, rebuilding: bool, as_json: bool) -> None:
    """Verify that all derived data are right, in one snapshot.

    Compares the stock of each product with its ledger, the totals of orders with their items, their states with their
    history, what orders and reservations took and gave back with the ledger, the category tree with each category's
    parent, the totals of lists with the rows, the search table with the texts, and the keys in indexes with what the
    server computes now. Also checks migrations, triggers and constraints, and warns of names, descriptions and SKUs in
    another form than new ones are stored in. Clients can use the shop meanwhile. It shows the first differences by id.

    --rebuild rebuilds tree, totals of lists, search table and stale indexes. Readers are not blocked. Writers wait
    while tree and totals are rebuilt, about a second for a million products. Stock, orders and reservations are never
    rebuilt: the report says what differs, and docs/how-to/verify-derived-data.md how to correct it.

    Exit codes: 0 all is well, warnings included · 1 something differs.
    """
    with resolve_database(load()) as where:
        results = [check_schema(where.direct)]
        if not results[0].differs:
            results += check_data(where.direct, rebuilding=rebuilding)
    report_checks(results, as_json=as_json)
