"""Wangwang: said is said, private is private, and a question waits for its answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from common.batch import execute, rows, settle
from common.errors import Invalid, NotFound, Refusal
from shops.actions import talk
from shops.actions.talk import Said
from shops.queries import shops
from shops.queries import talk as queries
from tests.market import Market
from tests.shops.stalls import column, events, joined, listed, opened, stall
from worlds.pen import writing

SECOND = timedelta(seconds=1)


class Chat:
    """A seller with a wardrobe, and two who may ask."""

    def __init__(self) -> None:
        self.seller, self.shop, self.wardrobe = stall()
        self.bob, self.eve = joined("小波", "小伊")

    def ask(self, text: str = "在吗？", by: int | None = None, listing: int | None = None) -> int:
        return say(Said(by or self.bob, self.seller, text, listing or self.wardrobe))[0]

    def answer(self, text: str = "在的亲", to: int | None = None) -> int:
        return say(Said(self.seller, to or self.bob, text))[0]

    def heard(self, by: int) -> list[str]:
        [conversation] = queries.conversations(by)
        return [message["text"] for message in queries.messages(conversation["id"], by)]


def say(*said: Said) -> list[int]:
    with writing() as moment:
        return talk.send(list(said), at=moment.at)


def refused(*said: Said) -> Refusal:
    with pytest.raises(Refusal) as no:
        say(*said)
    return no.value


@pytest.fixture
def chat(market: Market) -> Chat:
    return Chat()


def test_both_hear_what_was_said_in_the_order_it_was_said(market: Market, chat: Chat) -> None:
    chat.ask("能便宜点吗？")
    chat.answer("八十包邮")
    chat.ask("成交")
    assert chat.heard(chat.bob) == chat.heard(chat.seller) == ["能便宜点吗？", "八十包邮", "成交"]


def test_a_pair_has_one_conversation_whoever_begins(market: Market, chat: Chat) -> None:
    say(Said(chat.seller, chat.bob, "新品到货"), Said(chat.bob, chat.seller, "好"))
    assert len(queries.conversations(chat.bob)) == len(queries.conversations(chat.seller)) == 1
    assert queries.conversations(chat.bob)[0]["message_count"] == 2


def test_nobody_else_reads_along(market: Market, chat: Chat) -> None:
    chat.ask()
    [conversation] = queries.conversations(chat.bob)
    assert queries.conversations(chat.eve) == []
    with pytest.raises(NotFound):
        queries.messages(conversation["id"], chat.eve)
    with pytest.raises(NotFound), writing() as moment:
        talk.read([conversation["id"]], by=chat.eve, at=moment.at)


@pytest.mark.parametrize(
    "sql",
    ["UPDATE shops_message SET text = '没说过' WHERE id = %s", "DELETE FROM shops_message WHERE id = %s"],
)
def test_what_was_said_stays_said(market: Market, chat: Chat, sql: str) -> None:
    message = chat.ask()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        execute(sql, [message])


@pytest.mark.parametrize("text", ["", "  \n", "x" * 2_001, "a\x00b", "\ud800"])
def test_a_message_says_something_readable(market: Market, chat: Chat, text: str) -> None:
    refusal = refused(Said(chat.bob, chat.seller, text))
    assert (type(refusal), refusal.field) == (Invalid, "text")


def test_a_message_may_have_lines_and_faces(market: Market, chat: Chat) -> None:
    chat.ask("第一行\n第二行\t😀")
    assert chat.heard(chat.seller) == ["第一行\n第二行\t😀"]


def test_nobody_talks_to_themself_or_to_somebody_who_is_not_there(market: Market, chat: Chat) -> None:
    assert refused(Said(chat.bob, chat.bob, "喂")).rule == "nobody_talks_to_themself"
    assert refused(Said(chat.bob, 987_654, "喂")).rule == "member_exists"
    assert refused(Said(chat.bob, chat.seller, "喂", 987_654)).rule == "listing_exists"


def test_two_talk_about_their_own_listings(market: Market, chat: Chat) -> None:
    assert (
        refused(Said(chat.bob, chat.eve, "看这个", chat.wardrobe)).rule
        == "they_talk_about_their_own_listings"
    )


def test_in_a_batch_each_refused_message_has_its_own_words(market: Market, chat: Chat) -> None:
    wishes = [
        Said(chat.bob, chat.seller, "一"),
        Said(chat.bob, chat.bob, "二"),
        Said(chat.bob, chat.seller, ""),
    ]
    with writing() as moment:
        settled = settle(
            lambda some: talk.send(some, at=moment.at), [*wishes, Said(chat.seller, chat.bob, "四")]
        )
    assert [s.refusal.rule if s.refusal else "sent" for s in settled] == [
        "sent", "nobody_talks_to_themself", "message_length", "sent",
    ]  # fmt: skip
    assert chat.heard(chat.bob) == ["一", "四"]


def unread(by: int) -> int:
    return queries.unread_count(by)


def test_what_was_sent_waits_unread_until_it_is_read_or_answered(market: Market, chat: Chat) -> None:
    chat.ask()
    chat.ask("有货吗？")
    assert (unread(chat.seller), unread(chat.bob)) == (2, 0)
    [conversation] = queries.conversations(chat.seller, unread=True)
    with writing() as moment:
        talk.read([conversation["id"]], by=chat.seller, at=moment.at)
    assert unread(chat.seller) == 0
    chat.ask("多少钱？")
    chat.answer()
    assert (unread(chat.seller), unread(chat.bob)) == (0, 1)
    assert queries.conversations(chat.seller, unread=True) == []


def test_unread_comes_out_the_same_in_one_batch_as_one_by_one(market: Market, chat: Chat) -> None:
    turns = [
        (chat.bob, chat.seller),
        (chat.bob, chat.seller),
        (chat.seller, chat.bob),
        (chat.bob, chat.seller),
    ]
    say(*(Said(one, other, "嗯") for one, other in turns))
    batch = (unread(chat.bob), unread(chat.seller))
    for one, other in [
        (chat.eve if m == chat.bob else m, chat.eve if o == chat.bob else o) for m, o in turns
    ]:
        say(Said(one, other, "嗯"))
    singly = (unread(chat.eve), unread(chat.seller) - batch[1])
    assert batch == singly == (0, 1)


def test_the_first_message_about_a_listing_is_an_inquiry(market: Market, chat: Chat) -> None:
    chat.ask()
    chat.ask("还有吗？")
    [inquiry] = queries.inquiries(chat.shop, None)
    assert (inquiry["buyer"], inquiry["listing"], inquiry["answered_at"]) == (chat.bob, chat.wardrobe, None)
    told = {"buyer": chat.bob, "seller": chat.seller, "shop": chat.shop, "listing": chat.wardrobe}
    assert events("inquiry.asked") == [(inquiry["id"], [chat.bob, chat.seller], told)]


def test_a_sellers_own_word_about_a_listing_is_no_inquiry(market: Market, chat: Chat) -> None:
    say(Said(chat.seller, chat.bob, "看看这个", chat.wardrobe))
    assert queries.inquiries(chat.shop, None) == []


def test_each_buyer_and_each_listing_asks_anew(market: Market, chat: Chat) -> None:
    shelf = listed(chat.shop, "书架")
    say(
        Said(chat.bob, chat.seller, "一", chat.wardrobe),
        Said(chat.bob, chat.seller, "二", shelf),
        Said(chat.bob, chat.seller, "三", shelf),
        Said(chat.eve, chat.seller, "四", shelf),
    )
    asked = [(row["buyer"], row["listing"]) for row in queries.inquiries(chat.shop, None)]
    assert asked == [(chat.bob, chat.wardrobe), (chat.bob, shelf), (chat.eve, shelf)]
    assert len(queries.inquiries(None, chat.bob)) == 2


def test_the_sellers_next_word_answers_and_its_seconds_are_counted(market: Market, chat: Chat) -> None:
    chat.ask()
    market.pass_time("PT90S")
    chat.ask("还在吗？")
    market.pass_time("PT30S")
    chat.answer()
    [inquiry] = queries.inquiries(chat.shop, None, answered=True)
    assert (inquiry["answered_at"], inquiry["response_seconds"]) == (market.at, 120)
    [(_, members, facts)] = events("inquiry.answered")
    assert (members, facts["response_seconds"]) == ([chat.bob, chat.seller], 120)
    market.pass_time("PT30S")
    chat.answer("亲？")
    assert queries.inquiries(chat.shop, None)[0]["response_seconds"] == 120


def test_an_answer_to_one_buyer_is_no_answer_to_another(market: Market, chat: Chat) -> None:
    chat.ask()
    chat.ask(by=chat.eve)
    chat.answer(to=chat.eve)
    assert [(row["buyer"], row["answered_at"] is None) for row in queries.inquiries(chat.shop, None)] == [
        (chat.bob, True),
        (chat.eve, False),
    ]


def test_question_and_answer_in_one_batch_count_in_their_order(market: Market, chat: Chat) -> None:
    say(
        Said(chat.seller, chat.bob, "欢迎光临"),
        Said(chat.bob, chat.seller, "在吗", chat.wardrobe),
        Said(chat.eve, chat.seller, "在吗", chat.wardrobe),
        Said(chat.seller, chat.eve, "在的"),
    )
    assert [row["response_seconds"] for row in queries.inquiries(chat.shop, None)] == [None, 0]


def test_between_two_sellers_each_answers_for_their_own_goods(market: Market, chat: Chat) -> None:
    lamp = listed(opened(chat.bob, "小波的店"), "台灯")
    chat.ask()
    say(Said(chat.seller, chat.bob, "你的台灯怎么卖", lamp))
    mine, theirs = queries.inquiries(chat.shop, None), queries.inquiries(None, chat.seller)
    assert [row["answered_at"] is not None for row in (*mine, *theirs)] == [True, False]


def test_the_figures_of_a_shop_are_asked_answered_and_the_median(market: Market, chat: Chat) -> None:
    assert queries.inquiry_figures([chat.shop]) == {
        chat.shop: {"asked": 0, "answered": 0, "median_response_seconds": None}
    }
    for number, (buyer, seconds) in enumerate(
        zip(joined("甲", "乙", "丙", "丁"), (10, 61, 30, None), strict=True)
    ):
        chat.ask(by=buyer)
        if seconds:
            market.pass_time(f"PT{seconds}S")
            chat.answer(to=buyer)
        assert queries.inquiry_figures([chat.shop])[chat.shop]["asked"] == number + 1
    figures = queries.inquiry_figures([chat.shop])[chat.shop]
    assert figures == {"asked": 4, "answered": 3, "median_response_seconds": 30}
    assert shops.profile(chat.shop)["inquiries_asked"] == 4


def test_no_event_tells_what_was_said(market: Market, chat: Chat) -> None:
    chat.ask("我的秘密")
    chat.answer("你的秘密")
    assert rows("SELECT count(*) FROM events_event WHERE payload::text LIKE '%%秘密%%'") == [(0,)]
    assert rows("SELECT count(*) FROM events_event WHERE name LIKE 'inquiry.%%' AND is_public") == [(0,)]


def beat(*members: int) -> Any:
    with writing() as moment:
        return talk.beat(list(members), at=moment.at)


def online(member: int) -> bool:
    return bool(queries.presence([member])[0]["online"])


def test_a_sign_of_life_lasts_to_the_second(market: Market, chat: Chat) -> None:
    assert not online(chat.seller)
    until = beat(chat.seller)
    assert until == market.at + timedelta(minutes=15)
    market.advance_to(until - SECOND)
    assert online(chat.seller)
    assert shops.shop(chat.shop)["online"]
    market.advance_to(until)
    assert not online(chat.seller)
    assert not shops.shop(chat.shop)["online"]


def test_who_leaves_is_gone_at_once(market: Market, chat: Chat) -> None:
    beat(chat.seller, chat.bob)
    with writing() as moment:
        talk.leave([chat.seller], at=moment.at)
    assert (online(chat.seller), online(chat.bob)) == (False, True)
    assert queries.presence([chat.eve]) == [{"member": chat.eve, "online": False, "online_until": None}]


def test_a_shop_opened_later_knows_that_its_owner_is_there(market: Market, chat: Chat) -> None:
    beat(chat.bob)
    shop = opened(chat.bob, "小波的店")
    assert shops.shop(shop)["online"]


def test_who_talked_is_in_both_contact_lists_and_labels_are_ones_own(market: Market, chat: Chat) -> None:
    chat.ask()
    with writing() as moment:
        talk.add_contact(chat.seller, chat.bob, "老顾客", at=moment.at)
        talk.add_contact(chat.seller, chat.eve, at=moment.at)
    seen = [(row["member"], row["label"]) for row in queries.contacts(chat.seller)]
    assert seen == [(chat.bob, "老顾客"), (chat.eve, "")]
    assert [(row["member"], row["label"]) for row in queries.contacts(chat.bob)] == [(chat.seller, "")]
    assert queries.contacts(chat.eve) == []


def test_a_contact_removed_takes_nothing_back(market: Market, chat: Chat) -> None:
    chat.ask("在吗")
    with writing() as moment:
        talk.remove_contact(chat.seller, chat.bob, at=moment.at)
        with pytest.raises(NotFound):
            talk.remove_contact(chat.seller, chat.bob, at=moment.at)
    assert queries.contacts(chat.seller) == []
    assert chat.heard(chat.seller) == ["在吗"]


def test_contacts_that_cannot_be_are_refused(market: Market, chat: Chat) -> None:
    for other, label in ((987_654, ""), (chat.seller, ""), (chat.bob, "x" * 31), (chat.bob, "a\nb")):
        with pytest.raises((Refusal, IntegrityError)), writing() as moment:
            talk.add_contact(chat.seller, other, label, at=moment.at)
    assert queries.contacts(chat.seller) == []


def test_a_masked_member_shows_their_nick_only_to_whom_they_write(market: Market, chat: Chat) -> None:
    with writing() as moment:
        talk.add_contact(chat.seller, chat.bob, at=moment.at)
    say(Said(chat.seller, chat.bob, "您好"))
    assert queries.contacts(chat.seller)[0]["shown_name"] == "小**波"
    assert queries.conversations(chat.seller)[0]["shown_name"] == "小**波"
    assert queries.conversations(chat.bob)[0]["shown_name"] == "老张"  # a seller is known by the nick
    say(Said(chat.bob, chat.seller, "你好"))
    assert (
        queries.contacts(chat.seller)[0]["shown_name"]
        == queries.conversations(chat.seller)[0]["shown_name"]
        == "小波"
    )


def test_the_archive_is_read_in_pages_from_either_end(market: Market, chat: Chat) -> None:
    ids = say(*(Said(chat.bob, chat.seller, f"第{n}句") for n in range(10)))
    [conversation] = queries.conversations(chat.bob)
    read = lambda **cut: [m["id"] for m in queries.messages(conversation["id"], chat.bob, **cut)]  # noqa: E731
    assert read(limit=4) == ids[:5]  # one more than asked says there is more
    assert read(after=ids[3], limit=50) == ids[4:]
    assert read(before=ids[9], limit=3) == ids[6:9]
    assert read(before=10**18, limit=2) == ids[8:]


def test_counters_agree_with_the_archive(market: Market, chat: Chat) -> None:
    for speaker, hearer in [(chat.bob, chat.seller), (chat.seller, chat.bob), (chat.eve, chat.seller)] * 3:
        say(Said(speaker, hearer, "嗯"))
    assert rows(
        """SELECT c.id, c.message_count, count(m.id), c.last_at = max(m.sent_at) FROM shops_conversation c
             JOIN shops_message m ON m.conversation_id = c.id GROUP BY c.id ORDER BY c.id"""
    ) == [(id_, n, n, True) for id_, n in zip(column_ids(), (6, 3), strict=True)]


def column_ids() -> list[int]:
    ids = [row[0] for row in rows("SELECT id FROM shops_conversation ORDER BY id")]
    assert column("shops_conversation", "id", ids) == ids
    return ids
