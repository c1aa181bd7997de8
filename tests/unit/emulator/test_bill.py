"""The bill: exact, and in a file before anybody can read the answer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from seedflow.emulator.bill import Bill, BillEntry
from seedflow.errors import UsageError


def _entry(number: int, cost: str = "0.04") -> BillEntry:
    return BillEntry(f"i{number}", "page[scene=ä]", 1, number, "m/x", 1, Decimal(cost), "emulated-input/1:00")


def test_amounts_are_added_exactly():
    bill = Bill()
    for number in range(1, 1001):
        bill.add(_entry(number, "0.1"))
    assert bill.to_json()["cost_usd"] == 100.0
    assert (bill.to_json()["calls"], bill.to_json()["images"]) == (1000, 1000)


def test_a_bill_goes_on_where_it_was_left(tmp_path):
    path = tmp_path / "bill.jsonl"
    first = Bill(path)
    first.add(_entry(1))
    first.add(_entry(2, "0.1"))
    second = Bill(path)
    assert second.entries == first.entries
    second.add(_entry(3))
    first.close()
    second.close()
    third = Bill(path)
    assert [entry.attempt for entry in third.entries] == [1, 2, 3]
    third.reset()
    assert third.to_json() == {"calls": 0, "images": 0, "cost_usd": 0.0, "entries": []}
    third.close()
    assert path.read_bytes() == b""


def test_a_torn_last_line_is_dropped_and_written_over(tmp_path):
    path = tmp_path / "bill.jsonl"
    bill = Bill(path)
    bill.add(_entry(1))
    bill.close()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:20])
    again = Bill(path)
    assert [entry.attempt for entry in again.entries] == [1]
    again.add(_entry(2))
    again.close()
    last = Bill(path)
    assert [entry.attempt for entry in last.entries] == [1, 2]
    last.close()


@pytest.mark.parametrize(
    "content", [b"hello\n", b"[]\n", b"{}\n", b'{"intent": 1}\n', b"hello", b"a: b\nc: d"]
)
def test_a_file_that_is_no_bill_is_left_alone(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="is not a bill"):
        Bill(path)
    assert path.read_bytes() == content


def test_a_bill_that_cannot_be_opened_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="cannot be opened"):
        Bill(tmp_path / "missing" / "bill.jsonl")
