import pytest

from tickflow_rx.decoding._texts import Texts, unescaped


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", ""),
        (b"600000.SH", "600000.SH"),
        (rb"\u6d66\n", "浦\n"),
        ("浦发".encode(), "浦发"),
        (b"\xff", None),
        (rb"\ud800", None),
        (b"a\tb", None),
        (b'"', None),
        (b'x","y', None),
    ],
)
def test_unescaped(raw: bytes, text: str | None) -> None:
    assert unescaped(raw) == text


def test_codes_go_on_and_nothing_given_changes() -> None:
    texts = Texts()
    texts.add(0, ["600000.SH"])
    before = texts.of(0)
    texts.add(0, [None, "000001.SZ"])
    texts.add(4, ["浦发银行"])
    assert before.to_list() == [None, "600000.SH"]
    assert texts.of(0).to_list() == [None, "600000.SH", None, "000001.SZ"]
    assert texts.of(4).to_list() == [None, "浦发银行"]
    assert texts.of(1).to_list() == [None]
