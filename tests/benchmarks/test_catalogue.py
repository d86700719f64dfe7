"""The generated catalogue: the same each time, and shaped as its documentation says."""

import csv
import re
from collections import Counter
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from benchmarks.loading import DROPPABLE, fill

from benchmarks import catalogue, words

pytestmark = pytest.mark.long

ROWS = 2_000


def test_the_same_size_gives_the_same_rows() -> None:
    assert list(catalogue.products(ROWS)) == list(catalogue.products(ROWS))
    assert list(catalogue.users(50)) == list(catalogue.users(50))
    assert catalogue.tree() == catalogue.tree()


def test_the_parts_of_the_products_are_all_of_them() -> None:
    rows = 25_000
    parts = [set(catalogue.products(rows, part, 2)) for part in (0, 1)]
    assert parts[0] | parts[1] == set(catalogue.products(rows))
    assert len(parts[0]) == 15_000
    assert len(parts[1]) == 10_000


def test_the_tree_has_unique_names_five_levels_and_parents_before_children() -> None:
    tree = catalogue.tree()
    categories = tree.categories
    assert len({category.name for category in categories}) == len(categories) == 5_292
    assert {category.depth for category in categories} == {1, 2, 3, 4, 5}
    seen: set[UUID | None] = {None}
    for category in categories:
        assert category.parent_id in seen
        seen.add(category.id)
    largest = {tree.subtree(1.0, 1).id}
    for category in tree.categories:
        if category.parent_id in largest:
            largest.add(category.id)
    assert len(largest) == 441


def test_shares_say_how_many_products_stand_in_a_subtree() -> None:
    tree = catalogue.tree()
    large, leaf = tree.subtree(1.0, 1), tree.subtree(0.005, 5)
    assert sum(category.share for category in tree.categories if category.depth == 1) > 0.999
    assert large.share > 0.3
    there = Counter(product.category_id for product in catalogue.products(20_000))
    assert abs(there[leaf.id.hex] / 20_000 - leaf.share) < 0.002


def test_a_departments_words_and_prices_are_its_own() -> None:
    department = {category.id.hex: category.department for category in catalogue.tree().categories}
    rows = [(department[row.category_id], row) for row in catalogue.products(5_000)]
    for place, (_, nouns, materials, cheapest, dearest) in enumerate(words.DEPARTMENTS):
        own = {*nouns, *materials, *words.of_department(place)}
        for where, row in rows:
            found = own.intersection(re.findall(r"\w+", f"{row.name} {row.description}".lower()))
            assert (where == place) == bool(found), row
            assert where != place or cheapest <= round(float(row.price) * 100) + 1 <= dearest + 1, row


def test_deeper_categories_sell_fewer_things_at_fewer_prices() -> None:
    tree = catalogue.tree()
    sells = dict(zip((category.id for category in tree.categories), catalogue.assortments(tree), strict=True))
    for category in tree.categories:
        if category.parent_id is not None:
            own, above = sells[category.id], sells[category.parent_id]
            assert set(own.nouns) <= set(above.nouns)
            assert set(own.materials) <= set(above.materials)
            assert above.cheapest <= own.cheapest * 1.001
            assert own.dearest <= above.dearest * 1.001
            assert category.depth > 3 or len(own.nouns) < len(above.nouns)


def test_the_words_of_departments_and_shelves_differ() -> None:
    shelves = sum(category.depth == 2 for category in catalogue.tree().categories)
    coined = [word for place in range(len(words.DEPARTMENTS)) for word in words.of_department(place)]
    coined += [word for number in range(shelves) for word in words.of_shelf(number)]
    assert len(set(coined)) == len(coined) == 12 * 200 + 96 * 40


def test_texts_have_realistic_sizes_and_one_product_in_ten_has_the_frequent_word() -> None:
    rows = list(catalogue.products(ROWS))
    assert 25 <= sum(len(row.name) for row in rows) / ROWS <= 35
    assert 130 <= sum(len(row.description) for row in rows) / ROWS <= 160
    assert 0.08 <= sum(words.FREQUENT in f"{row.name} {row.description}".lower() for row in rows) / ROWS <= 0.12


def test_a_rare_word_stands_in_five_products_and_hardly_inside_others_words() -> None:
    texts = [re.findall(r"\w+", f"{row.name} {row.description}".lower()) for row in catalogue.products(ROWS)]
    for word in catalogue.rare_words(ROWS)[::40]:
        assert sum(word in text for text in texts) == catalogue.HITS_OF_A_RARE_WORD
        assert sum(word in " ".join(text) for text in texts) <= 2 * catalogue.HITS_OF_A_RARE_WORD


def test_every_number_has_a_word_of_its_own() -> None:
    assert len({words.coined(number) for number in range(300_000)}) == 300_000


def test_skus_and_ids_are_unique() -> None:
    rows = list(catalogue.products(ROWS))
    assert len({row.sku for row in rows}) == len({row.id for row in rows}) == ROWS


def test_the_file_for_the_import_has_every_product(tmp_path: Path) -> None:
    catalogue.write_csv(tmp_path / "products.csv", 100)
    with (tmp_path / "products.csv").open(encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert [row["sku"] for row in written] == [row.sku for row in catalogue.products(100)]


def test_a_filled_database_has_all_rows_and_the_indexes_that_the_migrations_made(fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        before = conn.execute(DROPPABLE, {"table": "products"}).fetchall()
        fill(fresh_db, 300)
        assert conn.execute(DROPPABLE, {"table": "products"}).fetchall() == before
        counts = conn.execute("SELECT (SELECT count(*) FROM products), (SELECT count(*) FROM users)").fetchone()
    assert counts == (300, 300)
