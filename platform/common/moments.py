"""Market time: aware datetimes, days of Asia/Shanghai, ISO 8601 durations."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from common.errors import Invalid

SHANGHAI = ZoneInfo("Asia/Shanghai")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = datetime(1990, 1, 1, tzinfo=SHANGHAI)
LAST = datetime(2200, 1, 1, tzinfo=SHANGHAI)

DURATION = re.compile(
    r"^P(?=.)(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,7})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,10})S)?)?$"
)


def day_of(at: datetime) -> date:
    """The market day (Asia/Shanghai) that `at` falls in."""
    return at.astimezone(SHANGHAI).date()


def month_of(at: datetime) -> date:
    """The first day of the market month that `at` falls in."""
    return day_of(at).replace(day=1)


def start_of(day: date) -> datetime:
    """00:00 in Shanghai on `day`."""
    return datetime.combine(day, time(), tzinfo=SHANGHAI)


def months_before(at: datetime, months: int) -> datetime:
    """The same local clock time `months` calendar months earlier (clipped to the month's last day)."""
    local = at.astimezone(SHANGHAI)
    index = local.year * 12 + local.month - 1 - months
    year, month = divmod(index, 12)
    last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return local.replace(year=year, month=month + 1, day=min(local.day, last))


def duration(text: str) -> timedelta:
    """An ISO 8601 duration of weeks, days, hours, minutes and seconds (`P30D`, `PT6H`, `P1DT12H`).

    Raises `Invalid` for years and months (their length depends on where they start) and for anything else.
    """
    found = DURATION.match(text.strip().upper())
    if not found:
        raise Invalid(
            f"{text!r} is not a duration",
            field="duration",
            rule="iso_8601_duration",
            way_out="Write P30D or PT6H.",
        )
    return timedelta(**{unit: int(value) for unit, value in found.groupdict().items() if value})


def moment(text: str) -> datetime:
    """An ISO 8601 moment; without an offset it is Shanghai time. Raises `Invalid` outside 1990-2200."""
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(
            f"{text!r} is not a moment",
            field="to",
            rule="iso_8601_moment",
            way_out="Write 2010-03-01T12:00:00+08:00.",
        ) from None
    return within(parsed if parsed.tzinfo else parsed.replace(tzinfo=SHANGHAI))


def within(at: datetime) -> datetime:
    """`at`, if the market's calendar has it; raises `Invalid` otherwise."""
    if not FIRST <= at <= LAST:
        raise Invalid(
            "the market's calendar runs from 1990 to 2200",
            rule="moment_in_calendar",
            way_out="Choose a nearer moment.",
        )
    return at


def show(at: datetime | None) -> str | None:
    """ISO 8601 with Shanghai's offset, as the API prints it."""
    return at.astimezone(SHANGHAI).isoformat() if at else None


def seconds(span: timedelta) -> int:
    return span // timedelta(seconds=1)
