"""A behaviour log is read line by line; what cannot be read is skipped with its reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from simulation.userbehavior import NAMES, counted, read

LINES = """user_id,item_id,category_id,behavior,ts
1,10,5,pv,1511544070
1,10,5,buy,1511544070

2,11,6,cart,1511540000
x,11,6,cart,1511540000
2,11,6,like,1511540000
2,11,6,fav
2,-1,6,fav,1511540000
2,11,6,fav,99999999999999
2,11,6,fav,1511625600
"""


def test_every_line_is_read_or_skipped_with_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(LINES)
    log = read(file)
    assert log.rows == 9
    assert log.skipped == {
        "id_out_of_range": 1,
        "moment_off_calendar": 1,
        "not_a_number": 1,
        "not_five_columns": 1,
        "unknown_behavior": 1,
    }
    assert len(log) + sum(log.skipped.values()) == log.rows
    assert log.ts.tolist() == sorted(log.ts.tolist())


def test_days_are_shanghais(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("1,1,1,pv,1511539199\n1,1,1,pv,1511539200\n2,1,1,pv,1511539200\n3,1,1,buy,1511539200\n")
    assert counted(read(file))["days"] == {
        "2017-11-24": {"pv": 1, "uv": 1, "buy": 0},
        "2017-11-25": {"pv": 2, "uv": 2, "buy": 1},
    }


@pytest.mark.parametrize("content", [b"", b"\n\n", b"hello\n", b"\xff\xfe\x00", b"user_id,item_id\n"])
def test_a_file_with_no_readable_line_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        read(file)
    assert refused.value.field == "file"


@given(
    acts=st.lists(
        st.tuples(
            st.integers(1, 5),
            st.integers(1, 9),
            st.sampled_from(NAMES),
            st.integers(1511539200, 1511539200 + 3 * 86400),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_what_is_counted_is_what_a_plain_loop_counts(
    acts: list[tuple[int, int, str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("log") / "log.csv"
    file.write_text("".join(f"{u},{i},{i % 3},{b},{t}\n" for u, i, b, t in acts))
    told = counted(read(file))
    for name in NAMES:
        assert told[name] == sum(b == name for _, _, b, _ in acts)
    assert told["users"] == len({u for u, *_ in acts})
    assert told["items"] == len({i for _, i, *_ in acts})
    assert np.sum([day["pv"] for day in told["days"].values()]) == told["pv"]
