"""What is about the service and about safety: help, numbers, a person, privacy, answers, terms, limits, and what was not understood."""

from marstraining.conversation.queries.numbers import numbers
from marstraining.conversation.rules.asking import Asker
from marstraining.conversation.rules.exchange import Button, Channel, Paragraph, Reply, Span, heading, line
from marstraining.conversation.rules.faq import OTHER, answer_of
from marstraining.conversation.rules.pressing import Verb, button
from marstraining.conversation.rules.saying import span_words
from marstraining.conversation.rules.signpost import Number, contacts_reply, signpost_line
from marstraining.conversation.rules.state import Deed, Scene, State
from marstraining.conversation.rules.wording import MENU, boundary_reply, help_reply, lost_sentence, privacy_reply, rows_of, welcome_reply
from marstraining.core import config
from marstraining.core.errors import NotFound
from marstraining.people.queries import telegram_offer
from marstraining.search.queries import current_lexicon

_FIND = button("Find training", Verb.FIND, "training")
_PERSON = button("Talk to a person", Verb.PERSON)
_HELP = button("Help", Verb.HELP)


async def show_welcome(_state: State, asker: Asker) -> Reply:
    return welcome_reply(signpost_line(await numbers(now=asker.now)))


async def show_help(_state: State, asker: Asker) -> Reply:
    return help_reply(signpost_line(await numbers(now=asker.now)))


async def show_contacts(_state: State, asker: Asker) -> Reply:
    return contacts_reply(await numbers(now=asker.now), email=config.current().partnership.reply_to)


async def show_person(_state: State, asker: Asker) -> Reply:
    """The training team, with its hours; a chat cannot put anybody through."""
    partnership = config.current().partnership
    hours = span_words(f"{partnership.booking.day_starts:%H:%M}", f"{partnership.booking.day_ends:%H:%M}")
    write = Paragraph((Span("Write to the training team: "), Span(partnership.reply_to, href=f"mailto:{partnership.reply_to}")))
    return Reply(
        (
            write,
            line(f"They work Monday to Friday, {hours}, without bank holidays. Nobody reads along here."),
            signpost_line(await numbers(now=asker.now)),
        ),
        answer_type="contact_info",
        buttons=rows_of((button("Numbers if you are worried about a child", Verb.CONTACTS), _FIND)),
    )


async def show_privacy(_state: State, asker: Asker) -> Reply:
    partnership = config.current().partnership
    return privacy_reply(controller=partnership.controller, email=partnership.reply_to, is_telegram=asker.channel is Channel.TELEGRAM)


async def show_answer(state: State, asker: Asker) -> Reply:
    """An answer about the service, with the page that it is taken from; where there is none, the signpost stands below."""
    answer = answer_of(state.word)
    source = Paragraph((Span("From: "), Span(answer.source, href=answer.href)))
    below = (signpost_line(await numbers(now=asker.now)),) if answer is OTHER else ()
    return Reply((line(answer.text), source, *below), answer_type="answer_with_source", buttons=rows_of((_FIND, _PERSON)), asks_useful=True)


async def show_term(state: State, asker: Asker) -> Reply:
    """What an acronym stands for, from the desk's glossary."""
    entry = (await current_lexicon()).definition(state.word) if state.word else None
    if entry is None and state.word:
        raise NotFound
    if entry is None:
        return Reply(
            (line("That is not in our glossary. The training team may know it."), signpost_line(await numbers(now=asker.now))),
            answer_type="clarify",
            buttons=rows_of((_PERSON, _FIND)),
        )
    also = f" It is also called {', '.join(entry.also)}." if entry.also else ""
    told = f"{entry.acronym} stands for {entry.meaning}.{also}" if entry.acronym else f"{entry.meaning}.{also}"
    buttons = [button(f"Training and resources on {entry.acronym or entry.meaning}"[:60], Verb.TOPIC, entry.topic)] if entry.topic else []
    return Reply(
        (line(told), line("Source: our glossary.")), answer_type="definition", buttons=rows_of((*buttons, _FIND, _HELP)), asks_useful=True
    )


async def show_boundary(state: State, asker: Asker) -> Reply:
    buttons = (
        [button("Guidance and training on this", Verb.TOPIC, state.choices[0]), _PERSON]
        if state.word == "practice" and state.choices
        else ()
    )
    return boundary_reply(state.word, signpost_line(await numbers(now=asker.now)), buttons=buttons)


async def limit(word: str, asker: Asker) -> Reply:
    """The same for what is answered so without going on to another scene."""
    return await show_boundary(State(scene=Scene.BOUNDARY, word=word), asker)


async def show_lost(state: State, asker: Asker) -> Reply:
    """The ladder: another wording each time, first with topics to choose from, then with the menu, then with a person (front_door.md 6.7).

    Every rung carries the signpost, since a worry that the gate missed ends here.
    """
    signpost = signpost_line(await numbers(now=asker.now))
    sentence = line(lost_sentence(state.said))
    if state.choices:
        topics = (await current_lexicon()).topics
        offered = [button(topics[slug], Verb.TOPIC, slug) for slug in state.choices if slug in topics]
        blocks = (line("Did you mean one of these?") if state.misses <= 1 else sentence, signpost)
        return Reply(blocks, answer_type="clarify", buttons=rows_of((*offered, button("None of these", Verb.FIND, "training"), _HELP)))
    email = config.current().partnership.reply_to
    person = [Paragraph((Span("Write to "), Span(email, href=f"mailto:{email}"), Span(".")))] if state.misses > 2 else []
    return Reply((sentence, *person, signpost), answer_type="clarify", buttons=rows_of(MENU))


async def show_stopped(_state: State, _asker: Asker) -> Reply:
    return Reply(
        (line("All right, nothing was changed."),),
        answer_type="acknowledge",
        buttons=rows_of((_FIND, button("My bookings", Verb.MINE), _HELP)),
    )


async def show_thanks(_state: State, _asker: Asker) -> Reply:
    return Reply((line("You are welcome."),), answer_type="acknowledge", buttons=rows_of((_FIND, button("My bookings", Verb.MINE))))


async def show_useful(state: State, _asker: Asker) -> Reply:
    if state.word == "y":
        return Reply((line("Good to know. I only count yes and no."),), answer_type="acknowledge", buttons=rows_of((_FIND, _HELP)))
    return Reply(
        (line("Sorry about that. I only count yes and no; a person can help."),),
        answer_type="acknowledge",
        buttons=rows_of((_PERSON, _FIND)),
    )


async def show_case(_state: State, asker: Asker) -> Reply:
    """The words "conference" and "register" have a meaning in casework: ask which, with the signpost (DESIGN.md, Words)."""
    return Reply(
        (line("Do you mean training, or a conference or plan about a child?"), signpost_line(await numbers(now=asker.now))),
        answer_type="clarify",
        buttons=rows_of(
            (
                button("Training or a training conference", Verb.CASE, "training"),
                button("A conference or plan about a child", Verb.CASE, "case"),
            )
        ),
    )


async def show_about_case(asker: Asker) -> Reply:
    """Casework is not here: whom to ask."""
    found: list[Number] = await numbers(now=asker.now)
    office = next((number for number in found if number.code == "single_point_of_contact"), None)
    ask = "Ask the allocated social worker or the Single Point of Contact. I only know about training."
    lines = [line(ask), signpost_line(found)] if office else [line(ask)]
    return Reply(tuple(lines), answer_type="boundary", buttons=rows_of((_FIND, _HELP)))


async def show_sign_in(state: State, asker: Asker) -> Reply:
    """What needs an account says so, and comes back to the same place afterwards. Who has none yet can book on the session's page."""
    if asker.channel is Channel.TELEGRAM:
        told = "I do not know who you are yet. Connect this chat on your account page; it takes a minute."
        buttons = [Button("Connect my account", href="/me/account/telegram")]
    else:
        told = "For this I need to know who you are. Sign in with your email address, then we go on here where we were."
        buttons = [Button("Sign in", href="/sign-in?next=/chat")]
    if state.ref and state.deed in {Deed.BOOK, Deed.JOIN}:
        buttons.append(Button("I have no account yet: book on its page", href=f"/sessions/{state.ref}/book"))
    return Reply((line(told),), answer_type="link_account_prompt", buttons=rows_of((*buttons, _HELP)))


async def show_link(token: str, asker: Asker) -> Reply:
    """The question "Is this you?", with the address masked, before a chat is connected to an account (front_door.md 4).

    The token stands in the button alone, never in the state.
    """
    offer = await telegram_offer(token, now=asker.now)
    if offer is None:
        signpost = signpost_line(await numbers(now=asker.now))
        return boundary_reply("expired_link", signpost, buttons=(Button("Make a new link", href="/me/account/telegram"), _HELP))
    return Reply(
        (heading("Is this you?"), line(f"This would connect the account of {offer.masked_address} to this chat.")),
        answer_type="link_account_prompt",
        buttons=((button("Yes, this is me", Verb.LINK, token), button("No", Verb.UNLINKED)),),
    )


async def show_linked(state: State, _asker: Asker) -> Reply:
    """That a chat is connected now, or not."""
    if state.outcome == "linked":
        told = "Connected. You can book here now. You can part this chat from your account at any time on your account page."
        return Reply((line(told),), answer_type="acknowledge", buttons=rows_of(MENU))
    return Reply(
        (line("Open the link on your account page again to connect this chat."),),
        answer_type="link_account_prompt",
        buttons=rows_of((Button("My account", href="/me/account/telegram"), _HELP)),
    )
