"""The meter's names in English and Chinese, and its figures in sentences."""

from __future__ import annotations

from typing import Any

# fmt: off
NAMES = {
    "eyeballs":  ("Eyeballs", "眼球流量"),
    "record":    ("Account record", "账户记录"),
    "descriptors": ("Key descriptors", "关键指标"),
    "P1":        ("visits become trades", "流量变交易"),
    "P2":        ("trades become descriptors", "交易成指标"),
    "P3":        ("descriptors bring visits", "指标引流量"),
    "sales":     ("30-day sales", "30天销量"),
    "credit":    ("credit points", "信用积分"),
    "good_rate": ("good rate, per point", "好评率"),
    "dsr":       ("DSR, per tenth of a star", "店铺动态评分"),
    "gini":      ("Gini over shops", "基尼系数"),
    "survival":  ("Shops alive by days since opening", "店铺存活率"),
    "loop":      ("1 % more visitors bring back", "回流"),
}
# fmt: on


def figure(one: dict[str, Any]) -> str:
    """An elasticity with its interval."""
    if one["elasticity"] is None:
        return "–"
    return f"{one['elasticity']:+.3g} [{one['low']:+.3g}, {one['high']:+.3g}]"


def read_aloud(told: dict[str, Any]) -> str:
    lines = [f"{told['shops']:,} shops, {told['days']} closed days.", ""]
    lines.append(f"P1  {NAMES['P1'][0]:<28}{figure(told['P1'])}")
    for key in ("P2", "P3"):
        lines += [f"{key}  {NAMES[key][0]}"]
        for name, one in told[key].items():
            lines.append(
                f"      {NAMES[name][0]:<26}{figure(one)}{'  ' + one['why_not'] if one['why_not'] else ''}"
            )
    if told["loop"] is not None:
        lines += ["", f"{NAMES['loop'][0]}: {told['loop']:+.3f} %"]
    if told["concentration"]:
        last = told["concentration"][-1]
        for what in ("pv", "orders", "income"):
            held = last[what]
            if held["gini"] is not None:
                lines.append(
                    f"{last['on']}: {what:<7} Gini {held['gini']:.3f}, top tenth {held['top_10']:.1%}"
                )
    survival = told["survival"]
    lines.append(
        f"{survival['died']} of {survival['shops']} shops died; alive after "
        + (
            ", ".join(f"{day} days {share:.1%}" for day, share in survival["after"].items())
            or "too few days to say"
        )
    )
    return "\n".join([*lines, "", told["note"]])
