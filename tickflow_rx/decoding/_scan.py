"""JSON frames to columns: one loop over the bytes, compiled.

It takes frames as TickFlow prints them, and leaves every frame that is unusual in any way to
the strict decoder (``_strict``), which knows all of JSON and says what is wrong. What it takes,
it takes to the same values: a test feeds both the same frames.
"""

from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from tickops._arrays import F64, I64, U8, Records

__all__ = ["Tables", "rehash", "scan"]

U32: TypeAlias = npt.NDArray[np.uint32]

FLOATS: Final = (
    "last_price", "prev_close", "open", "high", "low", "amount",
    "change_pct", "change_amount", "amplitude", "turnover_rate",
)  # fmt: skip
INTS: Final = ("timestamp", "received", "volume")
TEXTS: Final = ("symbol", "region", "session", "instrument_type", "name")
OPTIONAL_FLOATS: Final = 6
"""The first of FLOATS that may be absent; NaN stands for null."""

QUOTES, DEPTH = 1, 2
"""Status of a frame that was taken; 0 is one that was not."""

SIZE, RECEIVED, STATUS, QUOTES_UNTIL, DEPTH_UNTIL, END = range(6)
PLACES: Final = 6
"""Length of what is given and said of a frame, see `scan`."""

PADDING: Final = 32
"""Zero bytes after the last frame: words are read past its end."""

KNOWN, USED, FULL, TAKEN, QUOTE_ROWS, DEPTH_ROWS, LONG, NEXT_CODE, MIXED, _FOLLOWS = (
    0, 1, 2, 3, 4, 5, 6, 7, 12, 16,
)  # fmt: skip
FULL_LONG, FULL_TEXTS, FULL_ARENA = 1, 2, 3
STATE: Final = 64
"""Length of Tables.state: texts known, bytes of the arena used, which table was full, frames
taken, rows of quotes, of books, long numbers; from NEXT_CODE on the next code by kind of text;
from MIXED on whether region, session, instrument_type and the books' region differ between
rows; then which field last followed which, a guess for the next row."""

ENTRY: Final = np.dtype(
    [(field, np.int64) for field in ("start", "size", "kind", "code", "valid")]
    + [("hash", np.uint64)]
)
"""A known text: where its bytes are in the arena, its kind (index into TEXTS), its code there."""

_FLOAT, _MAYBE_FLOAT, _INT, _TEXT, _MAYBE_TEXT, _EXT, _PRICES, _VOLUMES = range(8)
_NULLABLE = np.array([kind in (_MAYBE_FLOAT, _MAYBE_TEXT, _EXT) for kind in range(8)])
_QUOTE_ROW, _EXTENSION, _DEPTH_ROW = range(3)
_FIELDS: Final = (
    ("symbol", _TEXT, 0), ("region", _TEXT, 1), ("last_price", _FLOAT, 0),
    ("prev_close", _FLOAT, 1), ("open", _FLOAT, 2), ("high", _FLOAT, 3), ("low", _FLOAT, 4),
    ("volume", _INT, 2), ("amount", _FLOAT, 5), ("timestamp", _INT, 0), ("ext", _EXT, 0),
    ("session", _MAYBE_TEXT, 2),
    ("type", _MAYBE_TEXT, 3), ("name", _MAYBE_TEXT, 4), ("change_pct", _MAYBE_FLOAT, 6),
    ("change_amount", _MAYBE_FLOAT, 7), ("amplitude", _MAYBE_FLOAT, 8),
    ("turnover_rate", _MAYBE_FLOAT, 9),
    ("symbol", _TEXT, 0), ("region", _TEXT, 1), ("timestamp", _INT, 0),
    ("bid_prices", _PRICES, 0), ("bid_volumes", _VOLUMES, 0), ("ask_prices", _PRICES, 1),
    ("ask_volumes", _VOLUMES, 1),
)  # fmt: skip
"""Key, kind, and place in FLOATS, INTS or TEXTS, of the fields of a quote, its ext, a book."""
_BEGIN = np.array([0, 12, 18, 25])
"""Fields of a row of kind k are _BEGIN[k]:_BEGIN[k + 1]."""
_NEEDED = np.array([(1 << 10) - 1, 0, ((1 << 7) - 1) << 18])
_AFTER_EXT = _FOLLOWS + 10
_STARTS = _FOLLOWS + len(_FIELDS)

_KIND = np.array([kind for _, kind, _ in _FIELDS])
_SLOT = np.array([slot for _, _, slot in _FIELDS])
_KEYS = [f'"{name}":'.encode() for name, _, _ in _FIELDS]
_SIZE = np.array([len(key) for key in _KEYS])
_KEY = np.array([np.frombuffer(key.ljust(24, b"\0"), "<u8") for key in _KEYS])
_MASK = np.array([np.frombuffer((b"\xff" * len(key)).ljust(24, b"\0"), "<u8") for key in _KEYS])
_OP, _DATA, _OF_QUOTES, _OF_DEPTH, _NULL, _TRUE, _FALSE = (
    np.frombuffer(word, np.uint8)
    for word in (b'"op":', b'"data":', b'"quotes"', b'"depth"', b"null", b"true", b"false")
)

_EARLIEST_MS, _LATEST_MS = -62_135_596_800_000, 253_402_300_799_999
_LEVELS = 5
# Where the books begin in the columns, in units of the capacity.
_DEPTH_PRICES, _DEPTH_INTS, _DEPTH_VOLUMES, _DEPTH_CODES = len(FLOATS), len(INTS), 5, len(TEXTS)

_POWERS = np.array([10.0**k for k in range(23)])
_WHOLE_POWERS = np.array([10**k for k in range(19)])
_EXACT = 2**53
_LARGEST = 2**63 - 1
_BAD, _INTEGER, _DECIMAL, _LONG_NUMBER = range(4)

_0, _1, _2, _3, _4, _5, _6, _7 = (np.uint64(k) for k in range(8))
_8, _16, _24, _32, _40, _48, _56 = (np.uint64(8 * k) for k in range(1, 8))
_ALL = 0xFFFFFFFF
_ONES = np.uint64(0x0101010101010101)
_TOPS = np.uint64(0x8080808080808080)
_QUOTES_8 = np.uint64(0x2222222222222222)
_BACKSLASHES_8 = np.uint64(0x5C5C5C5C5C5C5C5C)
_SPACES_8 = np.uint64(0x2020202020202020)
_SEED = np.uint64(0x9E3779B97F4A7C15)
_PRIME = np.uint64(0xFF51AFD7ED558CCD)

F = TypeVar("F")

# Reference counts of arrays cost two atomic operations an array and call: the loop is twice as
# fast without them. Nothing here makes an array.
_njit: Any = cast("Any", numba).njit
_OPTIONS: Final = {"nogil": True, "error_model": "numpy", "_nrt": False}


def _kernel(function: F) -> F:
    compiled = _njit(function, cache=True, **_OPTIONS)
    if compiled is function:  # NUMBA_DISABLE_JIT: as plain Python, where hashes warn of overflow
        compiled = np.errstate(over="ignore")(compiled)
    return cast("F", compiled)


def _part(function: F) -> F:
    """Compile into each caller: seven words an array would be passed."""
    return cast("F", _njit(function, forceinline=True, **_OPTIONS))


class Tables(NamedTuple):
    """What a scan writes, and what it keeps for the next one.

    Attributes
    ----------
    floats
        (20 · capacity + 1,) FLOATS of the quotes, column after column, then bid and ask prices
        of the books, five a row.
    ints
        (15 · capacity + 1,) INTS of the quotes, the first two of the books, then bid and ask
        volumes, five a row.
    codes
        (7 · capacity,) TEXTS of the quotes, the first two of the books; 0 is null.
    long
        (any, 3) place in `floats`, start and end in the text, of each number with more digits
        than are exact here.
    slots, entries, arena
        Known texts: a hash table of indices into `entries`, whose length is a power of two;
        ENTRY records; their bytes.
    state
        (STATE,) see there.
    """

    floats: F64
    ints: I64
    codes: U32
    long: I64
    slots: I64
    entries: Records
    arena: U8
    state: I64


@_part
def _byte(text: U8, i: int) -> int:
    return int(np.int64(text[np.uint64(i)]))


@_part
def _word(text: U8, i: int) -> np.uint64:
    """Eight bytes from i on, the first one lowest: LLVM makes one load of it."""
    j = np.uint64(i)
    return (
        np.uint64(text[j])
        | np.uint64(text[j + _1]) << _8
        | np.uint64(text[j + _2]) << _16
        | np.uint64(text[j + _3]) << _24
        | np.uint64(text[j + _4]) << _32
        | np.uint64(text[j + _5]) << _40
        | np.uint64(text[j + _6]) << _48
        | np.uint64(text[j + _7]) << _56
    )


@_part
def _first(flags: np.uint64) -> int:
    """Index of the lowest byte whose top bit is set; one is, and no other bits."""
    below = (flags & (~flags + _1)) - _1
    return int(np.int64(((below & _ONES) * _ONES) >> _56) - 1)


@_part
def _space(text: U8, i: int) -> int:
    """Where white space from i on ends."""
    c = _byte(text, i)
    while c <= 32 and (c == 32 or c == 10 or c == 13 or c == 9):
        i += 1
        c = _byte(text, i)
    return i


@_part
def _is(text: U8, i: int, word: U8) -> bool:
    for k in range(len(word)):  # noqa: SIM110
        if text[np.uint64(i + k)] != word[k]:
            return False
    return True


@_part
def _number(text: U8, i: int) -> tuple[int, int, int, bool, int]:
    """Where the number at i ends, its digits as one integer, power of ten, sign and form."""
    negative = _byte(text, i) == 45
    if negative:
        i += 1
    start = i
    mantissa = 0
    digit = _byte(text, i) - 48
    while digit & _ALL <= 9:
        mantissa = 10 * mantissa + digit
        i += 1
        digit = _byte(text, i) - 48
    count = i - start
    exponent = 0
    if count == 0 or (count > 1 and _byte(text, start) == 48):
        return i, mantissa, exponent, negative, _BAD
    form = _INTEGER
    c = _byte(text, i)
    if c == 46:
        form = _DECIMAL
        i += 1
        start = i
        digit = _byte(text, i) - 48
        while digit & _ALL <= 9:
            mantissa = 10 * mantissa + digit
            i += 1
            digit = _byte(text, i) - 48
        exponent = start - i
        if exponent == 0:
            return i, mantissa, exponent, negative, _BAD
        count -= exponent
        c = _byte(text, i)
    if c == 101 or c == 69:
        form = _DECIMAL
        c = _byte(text, i + 1)
        i += 2 if c == 45 or c == 43 else 1
        start = i
        power = 0
        digit = _byte(text, i) - 48
        while digit & _ALL <= 9:
            power = 10 * power + digit if power < 1000 else 1000
            i += 1
            digit = _byte(text, i) - 48
        if i == start:
            return i, mantissa, exponent, negative, _BAD
        exponent += -power if c == 45 else power
    # Nineteen digits may be more than fits: then the sum has wrapped around.
    if count > 19 or (count == 19 and not 0 <= mantissa <= _LARGEST):
        form = _LONG_NUMBER
    return i, mantissa, exponent, negative, form


@_part
def _float(text: U8, i: int, floats: F64, place: int, long: I64, state: I64) -> int:
    """Number at i into floats[place]; where it ends, or -1.

    With a mantissa of at most 2**53 and a power of ten of at most 22 one multiplication or
    division of exact numbers rounds once, so correctly. Others are noted for the caller.
    """
    stop, mantissa, exponent, negative, form = _number(text, i)
    if form == _BAD:
        return -1
    if form == _LONG_NUMBER or mantissa > _EXACT or exponent < -22 or exponent > 22:
        n = state[LONG]
        if n == len(long):
            state[FULL] = FULL_LONG
            return -1
        long[n, 0] = place
        long[n, 1] = i
        long[n, 2] = stop
        state[LONG] = n + 1
        return stop
    value = np.float64(mantissa)
    value = value * _POWERS[exponent] if exponent > 0 else value / _POWERS[-exponent]
    floats[place] = -value if negative else value
    return stop


@_part
def _int(text: U8, i: int, ints: I64, place: int) -> int:
    """Integer at i into ints[place]; where it ends, or -1. ``426585.0`` is one too."""
    i, mantissa, exponent, negative, form = _number(text, i)
    if form == _DECIMAL and mantissa <= _EXACT and -18 <= exponent <= 0:
        power = _WHOLE_POWERS[-exponent]
        if mantissa % power:
            return -1
        mantissa = mantissa // power
    elif form != _INTEGER:
        return -1
    ints[place] = -mantissa if negative else mantissa
    return i


@_part
def _string(text: U8, i: int) -> tuple[int, np.uint64]:
    """Closing quote of the string whose first byte is at i, and its hash; -1 if it has none."""
    hashed = _SEED
    while True:
        word = _word(text, i)
        quotes = word ^ _QUOTES_8
        escapes = word ^ _BACKSLASHES_8
        # Bytes that are a quote, a backslash or a control character get their top bit.
        special = (
            ((quotes - _ONES) & ~quotes)
            | ((escapes - _ONES) & ~escapes)
            | ((word - _SPACES_8) & ~word)
        ) & _TOPS
        count = 8 if special == _0 else _first(special)
        if count:
            hashed = (hashed ^ (word << np.uint64(64 - 8 * count))) * _PRIME
            hashed ^= hashed >> _32
            i += count
        if count == 8:
            continue
        c = _byte(text, i)
        if c == 34:
            return i, hashed
        if c != 92 or _byte(text, i + 1) < 32:
            return -1, hashed
        hashed = (hashed ^ np.uint64(_byte(text, i + 1) + 256)) * _PRIME
        i += 2


@_part
def _same(text: U8, i: int, arena: U8, start: int, size: int) -> bool:
    k = 0
    while k + 8 <= size:
        if _word(text, i + k) != _word(arena, start + k):
            return False
        k += 8
    if k == size:
        return True
    difference = _word(text, i + k) ^ _word(arena, start + k)
    return difference << np.uint64(64 - 8 * (size - k)) == _0


@_part
def _text(
    text: U8, i: int, kind: int, codes: U32, place: int,
    slots: I64, entries: Records, arena: U8, state: I64,
) -> int:  # fmt: skip
    """Code of the string at i into codes[place]; where it ends, or -1. A new string is added."""
    if _byte(text, i) != 34:
        return -1
    i += 1
    stop, hashed = _string(text, i)
    if stop < 0:
        return -1
    size = stop - i
    hashed ^= np.uint64(kind)
    slot = np.int64(hashed >> _24) & (len(slots) - 1)
    while slots[slot] >= 0:
        known = slots[slot]
        if (
            entries[known]["hash"] == hashed
            and entries[known]["size"] == size
            and entries[known]["kind"] == kind
            and _same(text, i, arena, entries[known]["start"], size)
        ):
            codes[place] = entries[known]["code"]
            return stop + 1 if entries[known]["valid"] else -1
        slot = (slot + 1) & (len(slots) - 1)
    n = state[KNOWN]
    start = state[USED]
    if 2 * n >= len(slots):
        state[FULL] = FULL_TEXTS
        return -1
    if start + size + 8 > len(arena):
        state[FULL] = FULL_ARENA
        return -1
    for k in range(size):
        arena[start + k] = text[i + k]
    entries[n]["hash"] = hashed
    entries[n]["start"] = start
    entries[n]["size"] = size
    entries[n]["kind"] = kind
    entries[n]["code"] = state[NEXT_CODE + kind]
    entries[n]["valid"] = 1
    codes[place] = state[NEXT_CODE + kind]
    slots[slot] = n
    state[KNOWN] = n + 1
    state[USED] = start + size
    state[NEXT_CODE + kind] += 1
    return stop + 1


@_part
def _levels(
    text: U8, i: int, prices: bool, place: int, floats: F64, ints: I64, long: I64, state: I64
) -> int:
    """List at i into five places from `place` on; where it ends, or -1.

    What is missing or null is 0; what is beyond the five goes to a last place nobody reads.
    """
    if prices:
        for k in range(_LEVELS):
            floats[place + k] = 0.0
        beyond = len(floats) - 1
    else:
        for k in range(_LEVELS):
            ints[place + k] = 0
        beyond = len(ints) - 1
    if _byte(text, i) != 91:
        return i + 4 if _is(text, i, _NULL) else -1
    i = _space(text, i + 1)
    if _byte(text, i) == 93:
        return i + 1
    level = 0
    while True:
        target = place + level if level < _LEVELS else beyond
        if _byte(text, i) == 110:
            i = i + 4 if _is(text, i, _NULL) else -1
        elif prices:
            i = _float(text, i, floats, target, long, state)
        else:
            i = _int(text, i, ints, target)
        if i < 0:
            return -1
        level += 1
        i = _space(text, i)
        c = _byte(text, i)
        if c == 93:
            return i + 1
        if c != 44:
            return -1
        i = _space(text, i + 1)


@_part
def _field(text: U8, i: int, group: int, guess: int) -> int:
    """Field of a kind of row whose key, with quotes and colon, is at i; or -1."""
    first = _BEGIN[group]
    count = _BEGIN[group + 1] - first
    field = guess if first <= guess < first + count else first
    for _ in range(count):
        if (
            ((_word(text, i) ^ _KEY[field, 0]) & _MASK[field, 0])
            | ((_word(text, i + 8) ^ _KEY[field, 1]) & _MASK[field, 1])
            | ((_word(text, i + 16) ^ _KEY[field, 2]) & _MASK[field, 2])
        ) == _0:
            return int(field)
        field = field + 1 if field + 1 < first + count else first
    return -1


@_kernel
def _scalar(text: U8, i: int) -> int:
    """Where the plain string, number or literal at i ends; -1 for anything else."""
    c = _byte(text, i)
    if c == 34:
        stop, _ = _string(text, i + 1)
        # An escape may be malformed, or spell a known key.
        for k in range(i, stop):
            if text[k] == 92:
                return -1
        return stop + 1 if stop >= 0 else -1
    if c == 110:
        return i + 4 if _is(text, i, _NULL) else -1
    if c == 116:
        return i + 4 if _is(text, i, _TRUE) else -1
    if c == 102:
        return i + 5 if _is(text, i, _FALSE) else -1
    i, _, _, _, form = _number(text, i)
    return -1 if form == _BAD else i


@_kernel
def _unknown(text: U8, i: int) -> int:
    """Where the value of the unknown key at i ends, if it is a scalar; or -1."""
    i = _scalar(text, i) if _byte(text, i) == 34 else -1
    # White space before the colon may hide a known key.
    return _scalar(text, _space(text, i + 1)) if i >= 0 and _byte(text, i) == 58 else -1


@_kernel
def _row(
    text: U8, i: int, group: int, row: int, capacity: int,
    floats: F64, ints: I64, codes: U32, long: I64,
    slots: I64, entries: Records, arena: U8, state: I64,
) -> int:  # fmt: skip
    """Object whose members begin at i into one row; where it ends, or -1.

    A quote's ``ext`` is read by the same loop, as if its members were the quote's.
    """
    first_int = row + (_DEPTH_INTS * capacity if group == _DEPTH_ROW else 0)
    first_code = row + (_DEPTH_CODES * capacity if group == _DEPTH_ROW else 0)
    if group == _QUOTE_ROW:
        for slot in range(OPTIONAL_FLOATS, len(FLOATS)):
            floats[row + slot * capacity] = np.nan
        for slot in range(2, len(TEXTS)):
            codes[row + slot * capacity] = 0
    needed = _NEEDED[group]
    before = _STARTS + group
    seen = 0
    more = False
    while True:
        i = _space(text, i)
        c = _byte(text, i)
        if c == 125:
            i += 1
            if group != _EXTENSION:
                return i if seen & needed == needed else -1
            group = _QUOTE_ROW
            before = _AFTER_EXT
            more = True
            continue
        if more:
            if c != 44:
                return -1
            i = _space(text, i + 1)
        more = True
        field = _field(text, i, group, state[before])
        if field < 0:
            i = _unknown(text, i)
            if i < 0:
                return -1
            continue
        if seen & (1 << field):
            return -1
        seen |= 1 << field
        state[before] = field
        before = _FOLLOWS + field
        i = _space(text, i + _SIZE[field])
        kind = _KIND[field]
        slot = _SLOT[field]
        place = slot * capacity
        if _byte(text, i) == 110 and _NULLABLE[kind]:
            i = i + 4 if _is(text, i, _NULL) else -1
        elif kind < _INT:
            i = _float(text, i, floats, row + place, long, state)
        elif kind == _INT:
            i = _int(text, i, ints, first_int + place)
        elif kind < _EXT:
            i = _text(text, i, slot, codes, first_code + place, slots, entries, arena, state)
        elif kind == _EXT:
            i = i + 1 if _byte(text, i) == 123 else -1
            group = _EXTENSION
            before = _STARTS + group
            more = False
        elif kind == _PRICES:
            place = _LEVELS * (place + row) + _DEPTH_PRICES * capacity
            i = _levels(text, i, True, place, floats, ints, long, state)
        else:
            place = _LEVELS * (place + row) + _DEPTH_VOLUMES * capacity
            i = _levels(text, i, False, place, floats, ints, long, state)
        if i < 0:
            return -1


@_kernel
def _rows(
    text: U8, i: int, status: int, capacity: int, received_us: int,
    floats: F64, ints: I64, codes: U32, long: I64,
    slots: I64, entries: Records, arena: U8, state: I64,
) -> tuple[int, int]:  # fmt: skip
    """List of rows at i; where it ends, or -1, and how many they are."""
    if _byte(text, i) != 91:
        return -1, 0
    group = _QUOTE_ROW if status == QUOTES else _DEPTH_ROW
    row = state[QUOTE_ROWS if status == QUOTES else DEPTH_ROWS]
    time = 0 if status == QUOTES else _DEPTH_INTS * capacity
    count = 0
    i = _space(text, i + 1)
    if _byte(text, i) == 93:
        return i + 1, 0
    while True:
        if _byte(text, i) != 123:
            return -1, 0
        i = _row(
            text, i + 1, group, row + count, capacity,
            floats, ints, codes, long, slots, entries, arena, state,
        )  # fmt: skip
        if i < 0:
            return -1, 0
        time_ms = ints[time + row + count]
        if time_ms < _EARLIEST_MS or time_ms > _LATEST_MS:
            return -1, 0
        ints[time + capacity + row + count] = received_us
        count += 1
        i = _space(text, i)
        c = _byte(text, i)
        if c == 93:
            return i + 1, count
        if c != 44:
            return -1, 0
        i = _space(text, i + 1)


@_kernel
def _frame(
    text: U8, i: int, capacity: int, received_us: int,
    floats: F64, ints: I64, codes: U32, long: I64,
    slots: I64, entries: Records, arena: U8, state: I64,
) -> tuple[int, int, int]:  # fmt: skip
    """Message at i; where it and white space after it ends, or -1, its status and rows."""
    i = _space(text, i)
    if _byte(text, i) != 123:
        return -1, 0, 0
    i = _space(text, i + 1)
    if not _is(text, i, _OP):
        return -1, 0, 0
    i = _space(text, i + len(_OP))
    if _is(text, i, _OF_QUOTES):
        i += len(_OF_QUOTES)
        status = QUOTES
    elif _is(text, i, _OF_DEPTH):
        i += len(_OF_DEPTH)
        status = DEPTH
    else:
        return -1, 0, 0
    count = -1
    while True:
        i = _space(text, i)
        c = _byte(text, i)
        if c == 125 and count >= 0:
            return _space(text, i + 1), status, count
        if c != 44:
            return -1, 0, 0
        i = _space(text, i + 1)
        if _is(text, i, _DATA):
            if count >= 0:
                return -1, 0, 0
            i = _space(text, i + len(_DATA))
            i, count = _rows(
                text, i, status, capacity, received_us,
                floats, ints, codes, long, slots, entries, arena, state,
            )  # fmt: skip
        elif _is(text, i, _OP):
            return -1, 0, 0
        else:
            i = _unknown(text, i)
        if i < 0:
            return -1, 0, 0


@_kernel
def _mixed(codes: U32, start: int, rows: int) -> bool:
    for k in range(start + 1, start + rows):  # noqa: SIM110
        if codes[k] != codes[start]:
            return True
    return False


@_kernel
def scan(
    text: U8, frames: I64, capacity: int, floats: F64, ints: I64, codes: U32, long: I64,
    slots: I64, entries: Records, arena: U8, state: I64,
) -> None:  # fmt: skip
    """Read frames into columns.

    Parameters
    ----------
    text
        The frames, each followed by a zero byte (JSON has none, so no loop runs past it), the
        last one by PADDING of them.
    frames
        (frames, PLACES) given SIZE in bytes and when RECEIVED in epoch microseconds; written
        STATUS, 0 where the frame was not taken; QUOTES_UNTIL and DEPTH_UNTIL, the rows up to
        and with it; END in the text.
    capacity
        Rows of each channel that there is room for.
    floats, ints, codes, long, slots, entries, arena, state
        See Tables; written in place.

    Notes
    -----
    About 1 ns a byte. If ``state[FULL]`` is not 0 that table was too small: enlarge it, call again.
    """
    state[FULL] = state[TAKEN] = state[QUOTE_ROWS] = state[DEPTH_ROWS] = state[LONG] = 0
    i = 0
    for k in range(len(frames)):
        long_before = state[LONG]
        stop, status, count = _frame(
            text, i, capacity, frames[k, RECEIVED],
            floats, ints, codes, long, slots, entries, arena, state,
        )  # fmt: skip
        if state[FULL]:
            return
        end = i + frames[k, SIZE]
        if stop != end:
            status = 0
            state[LONG] = long_before
        elif status == QUOTES:
            state[QUOTE_ROWS] += count
        else:
            state[DEPTH_ROWS] += count
        frames[k, STATUS] = status
        state[TAKEN] += status != 0
        frames[k, QUOTES_UNTIL] = state[QUOTE_ROWS]
        frames[k, DEPTH_UNTIL] = state[DEPTH_ROWS]
        frames[k, END] = end
        i = end + 1
    for kind in range(1, 4):
        state[MIXED + kind - 1] = _mixed(codes, kind * capacity, state[QUOTE_ROWS])
    state[MIXED + 3] = _mixed(codes, (_DEPTH_CODES + 1) * capacity, state[DEPTH_ROWS])


@_kernel
def rehash(slots: I64, entries: Records, known: int) -> None:
    """Put the known texts into an empty, larger hash table."""
    for n in range(known):
        slot = np.int64(entries[n]["hash"] >> _24) & (len(slots) - 1)
        while slots[slot] >= 0:
            slot = (slot + 1) & (len(slots) - 1)
        slots[slot] = n
