"""A sale costs the same whether it is the first or the millionth: none of its statements looks through a table that
grows with sales."""

import re
from typing import Any

import pytest
from sqlalchemy import event

from tests.billettique_orders_world import Shop

# What an authority or an administrator writes: a few rows, whatever is sold; what a statement is given itself.
SMALL = {"json_each", "billettique_promotion", "billettique_tariff_version", "billettique_key"}
SCANNED = re.compile(r"^SCAN (\w+)(?! USING (COVERING )?INDEX)")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_no_statement_of_a_sale_looks_through_a_table(shop: Shop) -> None:
    said: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, sql: str, params: Any, _context: Any, many: bool) -> None:
        if sql.startswith(("SELECT", "UPDATE", "DELETE")) and not many:
            said.setdefault(sql, params)

    event.listen(shop.engine, "before_cursor_execute", note)
    order = shop.buy(receipt=True, email="a@example.org")
    event.remove(shop.engine, "before_cursor_execute", note)
    assert shop.states(order) == ["FULFILLED"]
    assert len(said) > 20
    faults = []
    with shop.engine.connect() as connection:
        for sql, params in said.items():
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", params):
                found = SCANNED.match(row[3])
                if found is not None and found[1] not in SMALL:
                    faults.append(f"{row[3]}: {sql[:200]}")
    assert faults == []
