"""Questions that many ask of the service itself, with an answer that says where it stands; found by words, in this order."""

import re

from marstraining.core.values import frozen


@frozen
class Answer:
    """`words` find it in a sentence in small letters; `href` is the page that it is taken from."""

    code: str
    words: re.Pattern[str]
    text: str
    href: str
    source: str


def _answer(code: str, words: str, text: str, href: str, source: str) -> Answer:
    return Answer(code, re.compile(rf"\b(?:{words})"), text, href, source)


ANSWERS = (
    _answer(
        "certificate",
        r"certificate|proof (?:of|that)|evidence i (?:came|attended)",
        "Your certificate comes by email once the register of the session is closed, and stays on your page.",
        "/me/certificates",
        "My certificates",
    ),
    _answer(
        "calendar",
        r"calendar|outlook|\bics\b|google cal",
        "Every confirmation carries a calendar entry, and you can subscribe to all your training or to the whole programme.",
        "/me/calendar",
        "My calendar",
    ),
    _answer(
        "cancel_late",
        r"(?:notice|late|charge|penalt|fine|fee).{0,30}cancel|cancel.{0,30}(?:notice|late|charge|penalt|fine|fee|policy)|no.?show"
        r"|did not attend|miss(?:ed)? (?:a|the|my) (?:session|course)",
        "You can cancel until the session starts. In the last two working days we ask for a reason, and your organisation sees it.",
        "/help",
        "Help",
    ),
    _answer(
        "cost",
        r"how much|cost|price|free of charge|is it free|are (?:they|the courses) free|do (?:i|we) (?:have to )?pay|payment|invoice|fee",
        "Booking here takes no payment. If an event run by somebody else costs something, its page says so.",
        "/programme",
        "Find training",
    ),
    _answer(
        "needs",
        r"access needs|wheelchair|hearing|interpreter|large print|dyslexi|coeliac|vegan|vegetarian|halal|allerg|diet|lunch|food"
        r"|refreshment|catering|disab",
        "Tell us what you need on the page of your booking. Only those who arrange it see it, and it is deleted afterwards.",
        "/me",
        "My training",
    ),
    _answer(
        "getting_there",
        r"parking|park\b|directions|how do i get|bus\b|train station|postcode|what room|where do i go|venue",
        "The place is on the page of each session. Directions and parking come with the joining instructions, five working days before.",
        "/me",
        "My training",
    ),
    _answer(
        "how_often",
        r"how often|how long (?:does|is|will) .{0,40}(?:last|valid|count)|refresh|renew|expire|run out|every (?:year|two|three|2|3)"
        r"|how many hours",
        "Your record shows what each of your roles asks for, when it falls due and why.",
        "/me/record",
        "My training record",
    ),
    _answer(
        "who_can",
        r"who can (?:come|attend|book)|can (?:anyone|anybody|governors|volunteers|parents|childminders|trustees)|is (?:it|this) for"
        r"|am i allowed|eligible|suitable for",
        "Each session says who it is for, and most are open to everyone who works or volunteers with children here.",
        "/programme",
        "Find training",
    ),
    _answer(
        "colleague",
        r"colleague|somebody else|someone else|substitute|swap|my staff|my team|on behalf|several people|group booking|bulk",
        "Whoever leads on training at your organisation can book for staff and send somebody else in your place.",
        "/help",
        "Help",
    ),
    _answer(
        "minimum",
        r"late (?:arrival|joining)|arrive late|leave early|join late|how late",
        "The register counts how long you were there. If you come too late or leave too early, you may not get a certificate.",
        "/help",
        "Help",
    ),
    _answer(
        "account",
        r"change my (?:name|email|address|job|role|post|organisation)|new (?:job|email|surname|school)|my account|sign in|log ?in|password",
        "You sign in with your email address, without a password. Your name, address and posts are on your account page.",
        "/me/account",
        "My account",
    ),
    _answer(
        "telegram",
        r"telegram|on my phone|\bapp\b",
        "You can use this chat on Telegram too: connect it on your account page. Joining links and certificates still come by email.",
        "/me/account/telegram",
        "Telegram",
    ),
    _answer(
        "workbook",
        r"workbook|e-?learning",
        "E-workbooks are done in your own time, and a certificate follows.",
        "/programme",
        "Find training",
    ),
    _answer(
        "robot",
        r"are you (?:a )?(?:robot|bot|human|real|person|ai|chatgpt)|who (?:are|made|runs) (?:you|this)"
        r"|is this (?:a )?(?:bot|robot|automated)",
        "I am an automated chat with fixed rules, made for this training programme. Nothing here is guessed by a model.",
        "/privacy",
        "Privacy and cookies",
    ),
)
OTHER = _answer("other", "", "I have no ready answer to that. The help page may have one, or ask the training team.", "/help", "Help")
_BY_CODE = {one.code: one for one in (*ANSWERS, OTHER)}


def answer_code(sentence: str) -> str:
    """The code of the answer to a question, "other" where there is none; the sentence goes no further."""
    said = " ".join(sentence.casefold().replace("\u2019", "'").split())
    return next((one.code for one in ANSWERS if one.words.search(said)), OTHER.code)


def answer_of(code: str) -> Answer:
    return _BY_CODE.get(code, OTHER)
