"""How people say what they want, as patterns over words in small letters with single spaces between.

They are looked at in the order of `ORDER`; the first that fits decides. What comes first is rarer or must not be missed.
"""

import re
from collections.abc import Mapping

from marstraining.search.rules import Intent

# Whole messages that always work, whatever is asked at the moment.
COMMANDS: Mapping[str, str] = {
    "help": "help",
    "menu": "menu",
    "main menu": "menu",
    "back": "back",
    "go back": "back",
    "stop": "stop",
    "cancel": "stop",
    "quit": "stop",
    "exit": "stop",
    "end": "stop",
    "start again": "start_again",
    "start over": "start_again",
    "restart": "start_again",
    "start": "start_again",
    "person": "person",
    "human": "person",
    "privacy": "privacy",
}
INTENT_OF_COMMAND: Mapping[str, Intent] = {
    "help": Intent.HELP,
    "menu": Intent.HELP,
    "back": Intent.BACK,
    "start_again": Intent.HELP,
    "person": Intent.HUMAN_HANDOFF,
    "privacy": Intent.DATA_RIGHTS,
}

YES = re.compile(
    r"(?:yes|yep|yeah|yea|yup|ya|y|ok|okay|sure|fine|correct|right|definitely|absolutely|perfect|great|go ahead|go for it|do it|confirm|confirmed|"
    r"please do|sounds good|that s (?:right|fine|the one|it|correct|great)|that is (?:right|fine|correct)|that works|works for me|"
    r"(?:yes |ok |okay )?(?:please )?(?:book|confirm) (?:it|that|this|me)(?: one)?(?: in)?|i (?:do|confirm|agree|am sure)|i m sure|all good|agreed|accept|i accept|go on(?: then)?|(?:yes|yeah|yep|ok|okay|sure) (?:go on(?: then)?|please|do(?: it| that)?|then|that one|it is|book it|book me(?: on)?|that s (?:fine|great|right)|why not|go ahead|sounds good|perfect))"
)
NO = re.compile(
    r"(?:no|nope|nah|n|no thanks|no thank you|not now|not today|not yet|not really|maybe later|leave it|never mind|nevermind|forget it|don t|do not|"
    r"not that one|neither|none|none of (?:these|those|them)|i ll leave it|i changed my mind|changed my mind|decline|turn it down|i decline|wrong|"
    r"that s (?:wrong|not right|not it)|that is (?:wrong|not right))"
)
_GREETING = r"(?:hi|hello|hey|hiya|hey there|hi there|hello there|good (?:morning|afternoon|evening|day)|morning|afternoon|evening|greetings|howdy|alright|ey up|now then)(?: all| everyone| bot| team)?"
_THANKS = (
    r"(?:(?:many |lots of )?thanks?(?: you| u)?(?: (?:so|very) much| a lot| again| for (?:that|your help|the help|this)| (?:very )?much)?|ta(?: very much| muchly)?|cheers|"
    r"much appreciated|appreciated|brilliant thanks?|great thanks?|perfect thanks?|lovely|brilliant|that s (?:great|brilliant|lovely|helpful|perfect|all|really helpful)|"
    r"that was (?:helpful|useful|great)|nice one|thank god|thx|bye|goodbye|see you)"
)
GREET = re.compile(_GREETING)
THANK = re.compile(_THANKS)
THANK_ALL = re.compile(rf"(?:(?:ok|okay|great|yes|that s) )?{_THANKS}(?: {_THANKS})*")
# What is said before or after the wish itself.
POLITE = re.compile(
    rf"^(?:(?:{_GREETING}|{_THANKS}|please|pls|ok|okay|so|right|sorry|excuse me|well|um|erm|actually|and|now|also|just wondering|i was wondering(?: if)?|"
    rf"quick question) )+(?=\w+ \w|\w{{4}})|(?: (?:please|pls|thanks|thank you|cheers|ta|x|xx))+$"
)

_BOOK = r"(?:book|sign up|sign me up|sign us up|enrol|enroll|register|reserve|put (?:me|us|my name) (?:down|on|forward)|get (?:me|us) (?:on|onto|in)|secure|save me|add me to|join me)"
_HELD = r"(?:place|places|booking|bookings|spot|slot|seat|space|session|training|course)"
NEGATED = re.compile(
    r"\b(?:don t|do not|dont|never|not to|no need to|rather not|wouldn t|would not|didn t (?:mean|want|ask) to|did not (?:mean|want|ask) to|not going to)"
    r"(?: (?:want|wish|need|like|have|you|please|just|actually|to|me))* (?P<verb>book|sign|register|reserve|enrol|cancel|move|change|swap|transfer|unsubscribe|delete|"
    r"remove|send|put)\b[^,;.!?]*"
)

_NAMED_AFTER = r"(?:doing|done|booked|completed|attended|got|passed|finished|registered|signed|coming|going|attending|due|on|in date|up to date|missing|trained|compliant|overdue)"
ORDER: tuple[tuple[Intent, re.Pattern[str]], ...] = tuple(
    (intent, re.compile(pattern))
    for intent, pattern in (
        (
            Intent.THREAT,
            r"\b(?:i (?:will|m going to|am going to|ll)|i d like to|im gonna|gonna) (?:\w+ )?(?:kill|hurt|burn|stab|shoot|bomb|smash|attack|find|get|come for|hunt|slap|punch|beat)"
            r" (?:\w+ )?(?:you|your|yours|them|him|her|everyone|the office|the building|somebody|someone|that (?:social )?worker)\b|\bi know where (?:you|they|she|he) lives?\b|"
            r"\byou(?: ll| will| are| re)(?: all)?(?: going to)? (?:regret|pay for|be sorry)|\bwatch your back\b|\b(?:smash|punch|kick|break|bash) (?:your|his|her|their) (?:face|head|legs|teeth|nose)\b|\bbomb (?:threat|in)\b|\b(?:burn|blow) (?:your|the|that) \w+ (?:down|up)\b",
        ),
        (
            Intent.ABUSIVE,
            r"\b(?:fuck\w*|shit\w*|bollocks|wanker\w*|twat\w*|cunt\w*|bastard\w*|bitch\w*|arse\w*|asshole|dickhead|prick|piss off|bugger off|shut up|get lost|sod off|"
            r"screw you|bloody useless|crap|moron\w*|idiot\w*|stupid (?:bot|thing|machine|robot|computer)|thick bot|useless (?:bot|thing|machine|piece)|you(?: are| re|r)? (?:so |just |bloody |absolutely )?"
            r"(?:useless|stupid|rubbish|dumb|pathetic|an idiot|ugly|a joke|thick|worthless|terrible)|i hate you|send (?:me )?(?:nudes|naked|pics of you|your pics)|nudes|sexy|sex with|"
            r"hate this (?:bot|thing)|waste of (?:space|time))\b",
        ),
        (
            Intent.UNSUBSCRIBE_ALL,
            r"\b(?:unsubscribe|opt out|stop|turn off|cancel|end|remove me from|take me off)\b.*\b(?:everything|all (?:of )?(?:it|them|these|those|messages|emails|updates|alerts|notifications|reminders|"
            r"subscriptions|lists?|the \w+|my \w+)|all (?:your )?\w+s|any more (?:messages|emails)|(?:all )?mailing lists?|every (?:message|update|email|subscription))\b|"
            r"^(?:please )?(?:unsubscribe|opt out|stop all|stop everything|unsubscribe me|stop (?:the |these |messaging|emailing|texting|contacting|sending)(?:messages|emails|updates|alerts|texts|me| me)?(?: messages| emails| updates)?)$|"
            r"\bno more (?:messages|emails|updates|texts|alerts|notifications)\b|\bleave me alone\b|\b(?:stop|quit) (?:messaging|emailing|texting|contacting|sending) (?:me|us)(?: (?:things|stuff|anything|messages|emails|updates))?$",
        ),
        (
            Intent.UNSUBSCRIBE,
            r"\b(?:unsubscribe|opt out|unfollow)\b|\b(?:stop|turn off|switch off|no (?:more|longer)|don t (?:send|tell|want|need)(?: me)?|cancel|end|remove me from|take me off|mute) (?:\w+ ){0,5}"
            r"(?:updates?|alerts?|notifications?|subscriptions?|mailing|emails?|messages?|reminders?|bulletins?|news|list|telling me|sending me|about)\b",
        ),
        (
            Intent.SET_REMINDER,
            r"\bremind (?:me|us)\b|\b(?:set|send|give|get|want|need|add|have)(?: me| us| up)?(?: an?| the| my)? reminders?\b|\breminders? (?:for|before|about|on|the)\b|\bnudge me\b|\bping me\b.*\bbefore\b",
        ),
        (
            Intent.SUBSCRIBE,
            r"\bsubscribe\b|\b(?:keep|kept) (?:me|us) (?:posted|informed|updated|up to date|in the loop)\b|\b(?:notify|alert|tell|let|email|message|text|ping|inform|update) (?:me|us|know)?\b.{0,25}\b(?:when|if|whenever|as soon as|of any new|about (?:any )?new|know (?:when|if|about)|new)\b|"
            r"\b(?:send|give|get|receive|want|sign (?:me|us) up for|set up)(?: me| us| to get| to receive)? (?:\w+ ){0,3}(?:alerts?|updates|notifications?|news(?: about)?)\b|\b(?:follow|watch) (?:the )?(?:topic|course|updates)\b|"
            r"\bi(?: d| would) like (?:to (?:hear|get|receive|know)|updates|alerts) (?:\w+ ){0,3}(?:about new|updates|when)\b|\badd me to (?:the |your )?(?:mailing )?list\b|\balert me (?:to|about)\b",
        ),
        (
            Intent.OUT_OF_SCOPE_PERSONAL,
            r"\b(?:is|has|did|does|was|will) (?:my|a|our|the|any of my) (?:\w+ )?(?:colleagues?|manager|boss|staff|friend|deputy|headteacher|teachers?|team|assistant|ta|student)(?: \w+)? (?:booked|done|completed|attended|coming|going|attending|signed|registered|do|got|passed)\b|\bwho (?:else|is|are|s)(?: is| are)? (?:also )?(?:going|coming|attending|booked|on the (?:course|list)|signed up|enrolled|doing)\b(?! the (?:training|teaching|delivering))|"
            r"\b(?:attendance|attendee|delegate|participant|attendees|delegates|participants)(?: list| lists| register)?s? (?:for|of|at|from|on)\b|\b(?:list|names?|emails?|addresses|phone numbers?) of (?:the |all )?(?:attendees|delegates|people|participants|staff|learners|who)\b|"
            r"\b(?:is|has|did|does|was|will) (?:(?:dr|mr|mrs|ms|prof)|miss(?! (?:the|my|a|an|this|it|that|our|your|out|any|all|some|one|next))) \w+\b|\b(?:someone|somebody) else s (?:booking|certificate|record|training)\b|\b(?:my )?(?:colleague|manager|boss|staff member|friend|teacher|neighbour)(?: s| has| did| is) (?:training |booking|certificate|record|booked|done|completed)\w*|"
            r"\bwhat (?:training|courses?) (?:has|did|is|does) (?!i\b|we\b|the\b|my\b|this\b|it\b|a\b|an\b|everyone\b|anyone\b|each\b|every\b)\w+ (?:\w+ )?(?:do|done|doing|attend|attended|complete|completed|booked|have|had|need)\b",
        ),
        (
            Intent.DATA_RIGHTS,
            r"\b(?:delete|erase|remove|wipe|forget) (?:\w+ ){0,3}(?:data|details|account|information|everything you (?:hold|have|know|keep)|everything about me|personal \w+|record of me|me from your|chats?|messages|conversation)\b|^forget me$|\bdelete me\b|"
            r"\b(?:what|which) (?:\w+ )?(?:do you|is|data|information|details)? ?(?:do you )?(?:do with|hold|keep|store|know|save|have)(?: on| about| with)? (?:me|my (?:data|details|information|messages|chat|texts?))\b|"
            r"\bmy (?:personal )?(?:data|information)\b|\bsubject access\b|\bsar\b|\bgdpr (?:request|rights)\b|\bprivacy\b|\bdata protection (?:officer|notice|rights|statement|request)\b|\bright to be forgotten\b|\bcopy of (?:my|the) (?:data|information)\b|"
            r"\b(?:do|are|is|will) (?:you|these|this|the|my) (?:\w+ )?(?:record(?:ing|ed)?|stor(?:e|ing|ed)|sav(?:e|ing|ed)|keep(?:ing)?|kept|log(?:ged|ging)?|chats?|messages|confidential)\b.{0,20}(?:this|conversation|chat|messages|say|type|confidential|kept|stored|saved)",
        ),
        (
            Intent.TRANSFER_BOOKING,
            r"\b(?:move|swap|switch|transfer|change|reschedule|rebook|shift|postpone|push)\b (?:\w+ ){0,6}(?:to|for|onto|date|dates|session|booking|place|later|earlier|different|another)\b|\breschedule\b|\bswap (?:me|my|us)\b|"
            r"\b(?:a )?different (?:date|session|time|day) (?:instead|for my)\b|\b(?:can|could) (?:i|we) (?:come|go|do|attend) (?:to )?(?:the|a) (?:\w+ ){0,3}(?:one )?instead\b|\b(?:later|earlier|another) (?:date|session|one) instead\b",
        ),
        (
            Intent.CANCEL_BOOKING,
            rf"\b(?:cancel|cancelling|withdraw|drop out|pull out|give up)\b(?!led by)|\b(?:remove|take|unbook|drop) (?:me|us|my name|my {_HELD}) (?:off|from|out)\b|\bunbook\b|\b(?:take|get) me off\b|"
            rf"\b(?:can t|cannot|can no longer|won t|will not|not able to|unable to|no longer able to|no longer) (?:be able to |now )?(?:make|come|attend|go|do|get to|be there|join)\b|"
            rf"\b(?:will|ll|going to|might|may|have to|gonna) (?:have to )?miss (?:\w+ ){{0,4}}{_HELD}\b|\b(?:don t|do not|no longer) (?:want|need) (?:my|the|this|a|that) {_HELD}\b|\bgive (?:my|up my|back my) (?:place|spot|seat)\b",
        ),
        (
            Intent.JOINING_DETAILS,
            r"\b(?:join|joining|access) (?:\w+ )?(?:link|links|details|instructions|info|information|invite|id|code)\b|\b(?:teams|zoom|meeting|webinar|session|course) (?:link|links|invite|id|code)\b|\blink (?:to|for) (?:\w+ ){0,3}(?:session|meeting|course|training|forum|briefing|webinar|today|tomorrow|join)\b|"
            r"\bhow (?:do|can|will|would|to) (?:i |we )?(?:join(?! (?:the |a )?(?:waiting|list|mailing))|get into|get in to|log in(?:to)?|log on|connect|access) (?:to )?(?:\w+ ){0,3}(?:session|meeting|course|training|teams|zoom|call|webinar|forum|briefing|online|it)?\b|"
            r"\b(?:lost|forgot|forgotten|not (?:had|got|received)|haven t (?:had|got|received)|didn t (?:get|receive)|where(?: is| s)|resend|send (?:me )?(?:again )?|need|no) (?:\w+ ){0,3}(?:joining|link|invite|invitation|dial in)\b|\bwhere do i find the link\b|^(?:what s|whats|send me|send|where s|where is|give me|i need|need|resend|can i have|can you send me|get me) (?:the |my |a )?link\b",
        ),
        (
            Intent.MY_BOOKINGS,
            r"\b(?:my|our) (?:\w+ )?(?:bookings?|sessions?|upcoming|courses|training record|record|certificates|history|places|waiting list|training history|learning record|cpd record)\b(?! (?:link|details))|"
            r"\b(?:what|which|when|where) (?:\w+ ){0,3}(?:am i|have i|i m|did i|i ve|are we|i am) (?:\w+ )?(?:booked|book|on|signed up|registered|enrolled|down for|going|attending|got coming|done|completed|attended|due)\b|"
            r"\b(?:am i|have i) (?:\w+ )?(?:booked|on the|signed up|registered|got|done|completed|down for|due|overdue)\b|\b(?:what|which) (?:training |courses? )?(?:do i|is) (?:\w+ )?(?:need to (?:renew|do next|update)|due|overdue)\b|"
            r"\bwhen (?:does|do|is|will) (?:my|i) (?:\w+ ){0,4}(?:expire|run out|due|need renewing|renew|need to redo|up for renewal|lapse)\b|\b(?:am i|is my \w+) (?:in|up to|out of) date\b|\bwhere am i on the (?:waiting )?list\b|\bwhat (?:training |courses? )?(?:did|have) i (?:do|done|attend|attended|complete|completed|been on)\b|^(?:my|show (?:me )?my|send (?:me )?my|view my) certificates?$|\bwhat s (?:due|overdue)\b",
        ),
        (
            Intent.BOOK,
            rf"\b{_BOOK}\b(?! (?:is|was|of|with|ed|your own|for the (?:children|young)))|\b(?:i|we)(?: d| would)? (?:\w+ )?(?:like|want|love|need|wish) to (?:attend|go to|come to|come on|join|do|go on|take part in|be on|sign|enrol|register|reserve)\b(?! (?:my|some|a refresher|child|training))|"
            rf"\b(?:can|could|may) (?:i|we) (?:\w+ )?(?:have|get|take) (?:\w+ ){{0,2}}(?:place|places|spaces?|seats?|spots?)\b|\bi ll (?:take|have) (?:a|the|that|it|one)\b|\b(?:count|sign) (?:me|us) in\b|\bi(?: ll| will) (?:come|attend|be there)\b|\bput me (?:down|on)\b|\bjoin (?:the )?waiting list\b|\badd me\b",
        ),
        (
            Intent.HUMAN_HANDOFF,
            r"\b(?:speak|talk|chat|put me through|connect me|get through)\b (?:\w+ ){0,3}(?:to|with) (?:\w+ ){0,3}(?:person|human|someone|somebody|people|agent|adviser|advisor|the team|training team|coordinator|co ordinator|staff|real|anyone|manager|your)\b|"
            r"\b(?:real|actual|proper) (?:person|human)\b(?<!is this a real person)|\b(?:ring|call|phone|email|contact|message|get hold of|reach|speak to|write to) (?:the |your |mars |somebody in the )?(?:\w+ )?(?:training team|team|training coordinator|coordinator|training office|training desk|mars team)\b|"
            r"\b(?:somebody|someone|anybody|anyone|person) (?:\w+ )?(?:to )?(?:ring|call|phone|help|speak|contact|email|talk)\b.{0,12}(?:me|back|us|to)?|\b(?:ring|call|phone) me(?: back)?\b|\bthis isn t working\b|\bcomplain(?:t|ts)?\b|\bwho (?:runs|organises|do i ask about|manages) (?:the )?training\b|\bhuman please\b|\b(?:want|need|get me|give me|like) (?:a |an )?(?:human|person|real person|somebody real)\b|\bwho (?:do|can|should) (?:i|we) (?:speak|talk|email|ring|write) (?:to )?about (?:the |my )?(?:training|course|booking|bookings|courses)\b|\b(?:this|it) (?:isn t|is not|does not|doesn t) (?:help|helping|work|working)\b|\bi need a (?:person|human)\b",
        ),
        (
            Intent.CONTACT_SPOC,
            r"\b(?:spoc|mash|single point of contact|social care|children s services|social services|duty (?:team|worker|social worker)|out of hours|emergency duty|front door|lado|child protection team|police)(?: s)?(?: \w+){0,2} (?:number|numbers|phone|telephone|contact|contacts|details|email|hours|line|open)\b|"
            r"\b(?:number|telephone|phone|contact|contacts|contact details|call|ring|reach|email)(?: \w+){0,3} (?:for|of|the|to)? ?(?:\w+ )?(?:spoc|mash|single point of contact|social care|children s services|social services|duty team|out of hours|lado)\b|\bout of hours\b|"
            r"\bwho (?:do|should|can|to|would) (?:i|we)? ?(?:ring|call|contact|phone|tell|report to|speak to|report)\b.*\b(?:referral|concern|concerns|worried|safeguarding|child|report|refer|referrals)\b|\bhow (?:do|can|would|to) (?:i|we)? ?(?:make|do|submit|report|raise|refer)\b.{0,12}\b(?:referral|concern|safeguarding concern|child|family)\b|"
            r"\bwhere (?:do|can) i (?:report|refer|send a referral)\b|\breferral number\b",
        ),
        (
            Intent.PRACTICE_ADVICE,
            r"\b(?:should|shall|can|could|must|do|would|may|am) (?:i|we) (?:\w+ )?(?:refer|make a referral|report|share (?:the |this |that |their |family )?information|tell (?:the )?(?:parents?|family|mum|dad|police)|step (?:up|down)|escalate|close (?:the|this|a) case|challenge|disclose|intervene|"
            r"get consent|need consent|speak to the (?:child|parents|family)|allowed to share|remove|section)\b(?! (?:training|course))|\b(?:meet|meets|met|above|below|over|hit|reach|reaches|cross|crosses) (?:the |a )?threshold\b|\bis (?:this|it|that) (?:\w+ )?(?:neglect|abuse|grooming|a concern|a safeguarding|harm|significant harm|"
            r"normal|exploitation|cse|cce|emotional abuse|domestic abuse|child protection|enough)\b(?! (?:course|training|free|online))|\bwhat (?:should|would|do|shall) (?:i|you|we) (?:do|say|advise) (?:\w+ )?(?:about|with|if|when|for) (?:a |an |my |this |the |one of )?(?:\w+ )?(?:child|family|parent|mum|dad|baby|pupil|student|boy|girl|case|mother|father|kid|toddler|"
            r"teenager|young person|disclosure|client|who|she|he|they)\b|\b(?:share|sharing) information without consent\b|\badvice (?:on|about|for) (?:a|my|this|the) (?:case|child|family|situation)\b|\bwhat s the threshold\b|\b(?:am i|are we) (?:right|wrong) to\b|\bis it (?:ok|okay|legal|lawful) to (?:share|tell|refer|discuss)\b|\b(?:assess|risk assess) (?:this|my|a) (?:child|family|case)\b",
        ),
        (
            Intent.FAQ,
            r"\bhow (?:much|do i pay|is it funded)\b(?! (?:do you know|is there))|\b(?:is|are) (?:the |this |it |they |your |all |these )?(?:\w+ )?(?:training |courses? |sessions? |it )?(?:free|charged for|paid for|accredited|certificated|recorded|confidential)\b(?! (?:on|this|next|at|in|for))|\b(?:cost|costs|price|fee|fees|charge|charges)\b|"
            r"\b(?:will|do|can|would) (?:i|we|you) (?:\w+ )?(?:get|receive|have|issue|give|give out) (?:an? |my |our )?(?:certificate|certificates|cpd (?:points|hours)|accreditation|attendance certificate)\b|\bhow (?:do|can|will) i (?:\w+ )?(?:get|download|print|find|see) (?:my |a |the )?certificate\b|\bcertificate of attendance\b|"
            r"\b(?:parking|car park|lunch|refreshments|catering|food|toilets?|wheelchair|accessible|hearing loop|interpreter|dietary|bus stop|prayer room)\b|\b(?:need|have to|get|require|need to get) (?:\w+ )?(?:my )?(?:manager|line manager|manager s|headteacher)(?: s)? (?:permission|agreement|approval|sign off|ok|to agree|consent|to sign)\b|"
            r"\bcan (?:i|we|parents|anyone|anybody|students|volunteers|my \w+|people|non \w+|a|members) (?:\w+ )?(?:bring|come|attend|book for|swap|send a substitute|go|join|access)\b(?! (?:to|the|on|a|me|my|it|online|the link|this|that|meeting))|\bcan i bring\b|\bwhat (?:happens|if)\b.*\b(?:don t|do not|can t|miss|late|no show|not turn up|cancel|full)\b|"
            r"\bhow (?:often|long (?:does|do|is|until|before|are) (?:\w+ )?(?:my |the |a )?(?:certificate|certificates|training|it|cp|dsl) (?:last|valid|good)|many hours)\b|\bhow (?:does|do|can) (?:i |we )?(?:\w+ )?(?:the |a )?(?:waiting lists?|booking|bookings|offers?|it all|this) work\b|\b(?:is|are) there (?:a |any )?(?:charge|fee|cost|certificate|exam|test|assessment|parking|lunch)\b|"
            r"\bwhat (?:do|should) (?:i|we) (?:need to )?bring\b|\bdress code\b|\bcancellation (?:policy|charge|fee)\b|\bdo (?:i|we) (?:need|have) to (?:pay|bring|register|have an account|do it|attend)\b|\bwho (?:can|is able to|is eligible to) (?:attend|come|book)\b|\bdo i get\b|\bwhat level (?:do|should)\b",
        ),
        (
            Intent.DEFINE_TERM,
            r"^(?:(?:can you |could you |please )?(?:what(?: s| is| are| does| do)?|whats|define|definition of|meaning of|explain|what the hell is|tell me what|remind me what|wtf is|who is|who s|who are))(?: (?:is|are|does|do))?(?: (?:an?|the|meant by))? ?(?P<term>(?:[\w']+ ){0,4}?[\w']+?)(?: (?:mean|means|stand for|stands for|is|are|about|acronym|please|again))*$|"
            r"^(?P<term_first>[\w']+(?: [\w']+)?) (?:meaning|definition|stands for what|means what|acronym)$|\b(?:what|does) (?:the )?(?:acronym |abbreviation )?(?P<term_middle>[\w']+) (?:stand|stands) for\b|\bwhat (?:is|s) meant by (?P<term_meant>[\w' ]+)$",
        ),
        (
            Intent.SESSION_DETAIL,
            r"\b(?:what time|where|how long|who (?:is|s) (?:\w+ ){0,5}(?:for|teaching|delivering|running|the trainer|aimed at|leading)|who (?:teaches|delivers|runs|trains|leads)|which (?:room|venue|building)|what (?:room|venue|building|address|day|date))\b(?! (?:do i|can i) (?:find|get|see|download|report|refer))|"
            r"\b(?:tell me|know|say|info|information|details|more) (?:\w+ )?(?:more )?(?:about|on) (?:the |this |that )?(?:\w+ ){0,4}(?:course|session|conference|forum|briefing|event|webinar|one)\b|\bwhat (?:does|will|is) (?:the |this |that |it )(?:\w+ ){0,4}(?:cover|covered|about|involve|include|content)\b|"
            r"\b(?:add|put|save) (?:it|this|that|the session|them) (?:to|in|on) (?:my |the )?(?:calendar|outlook|diary)\b|\bcalendar (?:file|invite|link|entry)\b|\b(?:is|are) (?:the |this |it )(?:\w+ ){0,4}(?:still on|going ahead|full|cancelled|in person|face to face)\b|\bdirections\b|\bpostcode\b|\bhow do i get there\b|\bagenda\b|\blearning outcomes\b|\bmore details\b|\bfinish(?:es)?\b|\bwhat time\b",
        ),
        (
            Intent.NEXT_SESSION,
            r"\b(?:when|whens|when s|date|dates|what date|what day)\b(?: \w+){0,4} next\b(?! (?:week|month|year|term|half_term|monday|tuesday|wednesday|thursday|friday))|\bnext (?:\w+ ){0,4}(?:course|session|forum|briefing|conference|event|webinar|one|date|training|meeting)\b|^next \w+|\bdate of the (?:\w+ ){0,4}(?:course|session|forum|briefing|conference|event)\b|"
            r"^(?:when is|when s|whens|when are) (?:the |your )?(?:\w+ ){0,5}(?:course|courses|session|sessions|forum|forums|briefing|briefings|conference|event|webinar|training)?$|\b(?:soonest|earliest|first available)\b",
        ),
        (
            Intent.HELP,
            r"^(?:help(?: me)?|what can (?:you|i) (?:do|ask|say)(?: here| for me| to you)?|how (?:does|do) (?:this|you|it) work|how do i use (?:this|you)|(?:are you|is this) (?:a |an )?(?:bot|robot|human|real person|real|person|machine|computer|ai|automated|chatbot|chatgpt|siri|alexa|copilot|alive|there)|who are you|what are you|what is this|"
            r"options|commands|what do you do|show (?:me )?(?:the )?(?:menu|options)|i (?:need|want) (?:some )?help|can you help(?: me)?|home|i m (?:lost|stuck)|start (?:again|over)|begin again|restart)$",
        ),
    )
)

# What has nothing to do with training, where nothing of training is said.
OFF_TOPIC = re.compile(
    r"\b(?:weather|football|match|score(?:s)? (?:of|in) the|won the|joke|jokes|recipe|recipes|pizza|takeaway|restaurant|pub|cinema|film|movie|song|lyrics|music|lottery|bitcoin|crypto|stock|shares|horoscope|poem|essay|homework|"
    r"capital of|president|prime minister|king|election|translate|password|printer|laptop|wifi|broadband|taxi|train times?|bus times?|flights?|hotel|holiday deals|bin (?:day|collection)|bins|council tax|pothole|planning permission|"
    r"meaning of life|love me|marry me|girlfriend|boyfriend|dating app|favourite (?:colour|food|film|song)|how old are you|tell me a story|sing|play a game|quiz me|maths|what time is it|what s the time|what do you think|brexit|politics|government|flight|shopping|insurance|mortgage|tv|netflix|youtube|facebook|instagram|tiktok|what is the time|"
    r"news today|write (?:me )?(?:a|an|some) (?:poem|essay|story|code|letter|email)|code in|python|javascript|bake|cook)\b|^\d+ ?[+*/x-] ?\d+"
)
INJECTION = re.compile(
    r"ignore (?:all |any |your |the |previous |prior |above )+(?:instructions?|prompts?|rules)|disregard (?:all |your |the |previous )|system ?(?:prompt|:)|you are now|act as (?:an?|the)|developer mode|jailbreak|"
    r"(?:print|show|reveal|give|output|list|dump|tell) (?:me )?(?:\w+ ){0,4}(?:secret|secret key|api key|password|passwords|token|system prompt|database|all users|every user|users table|env)|"
    r"\bselect\s+\*\s+from\b|\b(?:drop|delete|truncate|alter|insert|update|select|union)\b.{0,30}\b(?:table|from|into|select|set)\b.*(?:;|--|\*|=)|(?:^|\s)(?:or|and)\s+'?1'?\s*=\s*'?1|sudo |rm -rf|\.\./\.\./|/etc/passwd|onerror\s*=|javascript:|<script|<img|<iframe|<svg|"
    r"\{\{.*\}\}|\$\{.*\}|%00|xp_cmdshell|sleep\(\d|base64|<\?php",
    re.IGNORECASE | re.DOTALL,
)
DEEP_LINK = re.compile(r"^\s*(?:/start|start)[ =]\s*(?P<payload>[A-Za-z0-9_-]{6,64})\s*$|^\s*/start\s+\S", re.IGNORECASE)
CORRECT = re.compile(
    r"^(?:no |nope |sorry |oops |wait |actually |i said |not that |no sorry |ah )*(?:i (?:meant|mean)|meant|i was (?:looking for|after|asking about)|i said|make that|make it|change that to|not \w+(?: \w+)? (?:but|i meant))\b|^(?:no|not that|sorry)(?: not| i want| i wanted)? (?P<rest>(?!thanks|thank|i don|need|don|worries|problem|longer|more).+)|"
    r"\b(?:instead of|rather than)\b|^(?:not) \w+ (?:but )?\w+$"
)
SCORE = re.compile(
    r"\b(?P<first>\d{1,2}|zero|one|two|three|four|five|six|seven|eight|nine|ten) ?(?:out of|/|outof) ?(?:10|ten)\b|^(?:i d (?:say|give it|go for|score it)|i would (?:say|give it|score it)|about|probably|maybe|it s|score|confidence|rating|a|an|say|i (?:rate|score|give) it)(?: an?| about| maybe| it an?| it| is| of)* (?P<said>\d{1,2}|zero|one|two|three|four|five|six|seven|eight|nine|ten)(?: i (?:think|d say|guess|suppose)| maybe| probably)?$|"
    r"\b(?:confidence|score|rating) (?:is |was |of |now |before |after |about )*(?P<of>\d{1,2})\b"
)
AFTER_SCORE = re.compile(
    r"\b(?P<value>\d{1,2}|zero|one|two|three|four|five|six|seven|eight|nine|ten) (?:after|afterwards|now)\b|\b(?:after|now|afterwards) (?:it s |is |an? |it was )*(?P<value_after>\d{1,2}|zero|one|two|three|four|five|six|seven|eight|nine|ten)\b"
)
ORDINAL = re.compile(
    r"^(?:(?:can i have|i ll (?:take|have)|i want|i d like|give me|show me|let s go (?:with|for)|open|choose|pick|select|go for|book|what about|more about|tell me about|details (?:of|on|for)|yes|the|please|ok) )*"
    r"(?:(?:the |option |number |no |choice |result |item |session |course |answer )+)?(?P<which>first|second|third|fourth|fifth|last|1st|2nd|3rd|4th|5th|top|bottom|next to last|[1-9]|one|two|three|four|five)(?: (?:one|option|result|session|course|choice|of (?:these|those|them)|on the list|please|date))*$"
)
MORE = re.compile(
    r"^(?:show (?:me )?)?(?:more|next page|next|see more|any more|more results|more please|others|any others|what else|anything else|show more|show all|the rest)$"
)
PICK = re.compile(r"^(?:no )?(?:the|that|this)(?: \w+){0,3} (?:one|ones)(?: (?:in|on|at|for|with|from|after|before|about) .+)?$")
CASE = re.compile(
    r"\b(?:case conference|child protection conference|initial conference|review conference|icpc|child protection register|at risk register|the register|on the register|conference (?:report|for (?:a|the|my|one of)|minutes|chair)|invited to (?:a|the) conference)\b|^(?:the )?(?:conferences?|registers?)$"
)
