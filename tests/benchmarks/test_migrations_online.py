"""The benchmark that migrates a live shop, on a small one."""

import pytest
from benchmarks.migrations_online import Shop, measure

from angidi.cli.schema_state import MIGRATIONS
from angidi.migrate import Source


@pytest.mark.long
def test_each_pending_file_is_measured_and_no_client_is_refused(
    empty_db: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, refused = measure(empty_db, Shop(version=4, users=200, products=200))
    assert [int(each.file.partition("_")[0]) for each in found] == [v for v in Source(MIGRATIONS).versions if v > 4]
    assert refused == {}
    assert max(each.longest_write for each in found) > 0
    assert "000005" in capsys.readouterr().out
