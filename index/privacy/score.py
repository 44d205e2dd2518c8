"""How far a text identifies someone, on the auditor's scale of Clio (G.8): what `shoal audit` prints shares of.

    1  identifies an individual            a direct identifier, or a person's full name
    2  identifies a small group            one organisation, school or village; a named relative; five traits of one person
    3  describes thousands                 three or four traits of one person together
    4  needs significant context           two traits, or a specific: a proper noun, a date, a long number
    5  identifies nobody                   sensitive is not identifying: a condition or a worry alone stays a 5

These are rules, not a judge: lists of given names and of words for organisations, and traits that are counted by kind.
They measure the pipeline from stage to stage with one rod. They must never decide what is released; that is the gate's
(R3, R6), and a text that scores 5 here is not thereby safe. How often they agree with labels is in
`docs/benchmarks/screening.md`. Nothing here keeps, logs or returns any part of the text.
"""

import itertools
import re
from collections.abc import Iterable

import regex

from index.privacy.judgement import CONTEXT, GROUP, INDIVIDUAL, NOBODY, THOUSANDS
from index.screening import has_identifier
from index.screening.patterns import RELATION

RAW, SCREENED, SUMMARISED, NAMED = "as read", "after screening", "summary", "cluster name"
"""Stages of the privacy report."""

GIVEN = frozenset(
    """aaron abdul abdullah abigail adam adrian aditya ahmad ahmed aisha akira alan albert aleksandr alejandra alejandro
    aleksandra alex alexander alexandra alexandre alexei alexey alfred ali alice alicia alina alison allison amanda amelia
    amina amir amit amy ana anastasia anders andrea andreas andreea andrei andrew andrey andrzej angela anita anja ann anna
    anne annika anthony antoine anton antonio arjun arthur ashley astrid audrey ayse ayşe barbara beatrice beatriz
    benjamin bernard bernd beth bianca bjorn björn bogdan boris brandon brenda brian bruno camila camille carl carla
    carlos carmen caroline catherine cecilia charles charlotte chiara chloe chris christina christine christopher
    claire clara claudia colin courtney cristina daisuke damien daniel daniela daniele david deborah deepak denis dennis
    derek diana diego dieter dietmar dmitri dmitry dominic dominique donald dorothy douglas duncan edgar eduardo edward
    elena eleonora elisabeth elizabeth ellen emilia emilie emily emma emmanuel enrique eric erik esther
    ethan eugene eva evelyn fabian fabio fatima fatma felipe felix fernanda fernando filip fiona florian francesca
    francesco francisco franck francois françois frederic frédéric frederik friedrich fritz gabriel gabriela gareth gary
    geoffrey george georg georgina gerald gerhard giorgio giovanni giulia giuseppe gonzalo gregor gregory guillaume
    gunther günther gustav gustavo hannah hans harald haruka harry hassan heather heidi heike heinrich helen helena helene
    helga henri henrik henry hiroshi hugo hussein ian ibrahim igor ikram ingrid irene irina isabel isabella isabelle
    ivan jacek jacob jacqueline jacques jakob jakub james jamie jana jane janet janina jason javier jeanne jeff
    jeffrey jennifer jeremy jerome jessica jiri jiří joan joana joanna joão joao joaquin johan johann johanna john jonas
    jonathan jorge jose josé josef joseph joshua juan judith julia julian juliana julie julien juliette jurgen jürgen
    justin karen karim karin karl karolina katarina kate katharina katherine kathleen kathryn katie katja katrin kazuki
    keith kelly kenji kenneth kevin khalid klaus krzysztof kristen kristina kumar kurt laila lars laura lauren laurent
    lea leila lena leon leonardo leonie leticia liam lina lisa lorenzo louis louise luca lucas lucia luigi luis
    luisa lukas łukasz lydia maciej magdalena mahmoud malgorzata małgorzata manfred manon manuel manuela marc marcel
    marcela marcin marco marcos marcus margaret maria maría mariam mariana marie mario marion marta martha martin
    martina martine mary maryam mateo mathilde mathieu matteo matthew matthias maurice maximilian megan mehmet melanie
    michael michal michał michel michele michelle miguel mikhail mohamed mohammad mohammed monica monika monique
    muhammad mustafa nadia naomi natalia natalie natasha nathan neha nicholas nicola nicolas nicole niklas nikolai nina
    noah nora norbert olaf olga oliver olivia olivier omar oscar osman pablo pamela paola paolo patricia patrick paul
    paula pauline pawel paweł pedro penelope peter petra philip philipp philippe pierre pietro piotr priya rachel rafael
    rajesh ralf ramon raquel rebecca regina renate ricardo riccardo richard robert roberto rodrigo roger roland     ronald roxana rudolf rui ruth ryan sabine sabrina sakura samantha samir samuel sandeep sandra sanjay
    sara sarah sean sebastian sergei sergey sergio shreya silvia simon simona sofia sophia sophie stefan stefania
    stefano steffen stephanie stephen steven sunita susan susanne suzanne sven svetlana takashi tamara tanja tatiana
    tatyana teresa theo theresa thiago thierry thomas tiago timothy tobias tomas tomasz tomoko tracy ulrich ulrike ursula
    valentina valeria vanessa veronica veronika victor vijay viktor vikram vincent virginie vladimir walter
    wei werner wilhelm william wolfgang xavier yasmin yolanda yuki yusuf yves zainab zeynep zoe zofia
    александр александра алексей алина анастасия андрей анна антон борис василий вера виктор виктория владимир галина
    дарья дмитрий евгений екатерина елена иван игорь ирина кирилл константин ксения лариса людмила максим марина мария
    михаил наталья никита николай оксана ольга павел пётр петр роман светлана сергей софия татьяна тимур фёдор юлия юрий
    محمد أحمد احمد علي فاطمة مريم يوسف عمر خالد سارة ليلى نور حسن حسين إبراهيم ابراهيم عبدالله زينب سلمى ياسمين هدى
    राहुल प्रिया अमित नेहा राजेश सुनीता अंजलि विकास पूजा संजय दीपक मोहम्मद अर्जुन काव्या रवि मीना""".split()
)
"""Given names common in a dozen languages. Names that are also words (Mark, Grace, May, Will, Rose) are left out."""

_CAPITALISED = r"\p{Lu}[\p{Ll}\p{M}]+(?:[-'’]\p{L}[\p{Ll}\p{M}]+){0,3}"
_PARTICLE = r"(?:de|da|do|dos|del|della|di|van|von|der|den|bin|ibn|al|el|la|le|ten|ter)"

_PAIR = regex.compile(
    rf"(?<![\p{{L}}\d])({_CAPITALISED})((?:[ \t](?:\p{{Lu}}\.?|{_PARTICLE})){{0,2}}[ \t](?:{_CAPITALISED}|O['’]\p{{Lu}}\p{{Ll}}+|Ma?c\p{{Lu}}\p{{Ll}}+))+"
)
_SHOUTED_PAIR = regex.compile(r"(?<!\p{L})(\p{Lu}{3,})[ \t]\p{Lu}{3,}(?!\p{L})")
_UNCASED_PAIR = regex.compile(r"(?<![\p{L}\p{M}])([\p{Arabic}\p{Devanagari}]{2,})(?=\s[\p{Arabic}\p{Devanagari}]{2,})")
_ITEM_OF_TWO = regex.compile(r"(\p{Ll}[\p{Ll}'’-]+) \p{Ll}[\p{Ll}'’-]+")
_SURNAME = regex.compile(
    r"\p{L}+(?:[bdkljnpt]son|sson|sen|ov[aá]?|ev[aá]?|sk[iyaáý]|wicz|ić|ez|escu|yan|dóttir|dottir|nen|shvili|enko|berg|stein|mann|"
    r"feld|etti|ini|elli|oğlu|akis|oulos|idis|moto|yama|mura|kawa|saki|ов|ова|ев|ева|ин|ина|ский|ская|енко)|[OD]['’]\p{Lu}\p{Ll}+|Ma?c\p{Lu}\p{Ll}+"
)
_ACCENTED = regex.compile(r"[À-ÖØ-öø-ÿĀ-ž]")
_ACTS = regex.compile(
    rf"(?<![\p{{L}}\d]){_CAPITALISED}[ \t](?:\p{{Lu}}\.?[ \t])?{_CAPITALISED}(?:['’]s (?:e-?mail|address|phone|number|house|wife|"
    rf"husband|account|passport|birthday|salary|diagnosis|medical)| (?:lives|lived|was born|is married|works (?:at|for)|earns|"
    rf"says|said|told|wohnt|arbeitet|vive|trabaja|habite|travaille|abita|lavora|mora|живёт|живет|работает)\b| as (?:an? )?(?:guardian|"
    rf"beneficiary))|(?<=\b(?:[Pp]roducer|[Aa]ctor|[Aa]uthor|[Cc]oach|[Ss]enator|[Mm]ayor|[Dd]irected by:?|[Ww]ritten by|[Mm]arried to|"
    rf"[Tt]ribute to|[Cc]ontact|[Nn]ame is|[Nn]amed)\s{{1,4}})(?!New|The|San|United){_CAPITALISED}[ \t](?:\p{{Lu}}\.?[ \t])?{_CAPITALISED}"
)
_EASTERN = regex.compile(r"[\p{Han}\p{Hangul}]")
_EASTERN_NAME = regex.compile(
    r"(?:佐藤|鈴木|高橋|田中|伊藤|渡辺|渡邊|山本|中村|小林|加藤|吉田|山田|佐々木|山口|松本|井上|木村|斎藤|清水|林田|池田|橋本|阿部)"
    r"[ 　]?(?:\p{Han}{1,3}|[\p{Hiragana}]{2,4}子?)(?=[はがのをにともで、。,\s]|です|と申|$)"
    r"|(?<!\p{Han})(?:王|李|张|張|刘|劉|陈|陳|杨|楊|黄|赵|吴|周|徐|孙|朱|胡|郭|林|罗|梁|宋|郑|谢|韩|唐|冯|邓|曹|彭)\p{Han}{1,2}"
    r"(?=住在|的(?:电话|邮箱|地址|手机|身份证|妻子|丈夫|病历)|先生|女士|小姐|老师|说|出生|，\d|,\d)"
    r"|(?<!\p{Hangul})(?:김|이|박|최|정|강|조|윤|장|임|한|오|서|신|권|황|안|송|홍)"
    r"(?:민수|지훈|서연|민준|지우|서준|하은|지민|수진|영희|철수|현우|미영|은정|지영|성민|동현|유진|예진|준호|민지|수빈|지현|하준|도윤)"
)

_RELATIVE = regex.compile(
    rf"\p{{Lu}}(?<=(?<!\p{{L}})(?i:{RELATION})(?:,| named| called| namens)?[ \t]\p{{Lu}})[\p{{Ll}}\p{{M}}]+(?!\p{{L}})"
)
_GROUP_WORDS = (
    *("inc", "ltd", "llc", "llp", "plc", "corp", "corporation", "company", "gmbh", "ag", "kg", "sarl", "sas", "spa"),
    *("srl", "bv", "oy", "ab", "pty", "university", "college", "school", "academy", "institute", "hospital", "clinic"),
    *(
        "church",
        "mosque",
        "synagogue",
        "bank",
        "foundation",
        "elementary",
        "kindergarten",
        "bakery",
        "restaurant",
        "café",
    ),
    *("cafe", "hotel", "pharmacy", "dental", "associates", "consulting", "solutions", "technologies", "industries"),
    *("partners", "group", "gymnasium", "grundschule", "klinik", "universität", "hochschule", "apotheke", "verein"),
)
_GROUP_PREFIXES = (
    *(
        "universidad",
        "université",
        "università",
        "universidade",
        "universität",
        "colegio",
        "instituto",
        "lycée",
        "école",
    ),
    *(
        "hôpital",
        "clinique",
        "liceo",
        "ospedale",
        "escola",
        "escuela",
        "iglesia",
        "paroisse",
        "klinikum",
        "krankenhaus",
    ),
    *("hotel", "restaurante", "restaurant", "firma", "empresa", "entreprise", "azienda", "grundschule", "gymnasium"),
)
_LEGAL_FORMS = r"Inc|INC|Ltd|LTD|LLC|LLP|PLC|Plc|Corp|GmbH|AG|KG|SARL|Sarl|SAS|SpA|Srl|BV|Oy|AB|Pty"
_GROUP_END = regex.compile(
    rf"(?<=[\p{{L}}&] |, )(?:{_LEGAL_FORMS}|{'|'.join(word.capitalize() for word in _GROUP_WORDS if len(word) > 3)})(?!\p{{L}})"
)
_NAME_BEFORE = regex.compile(rf"(?:{_CAPITALISED}|\p{{Lu}}{{2,}}|\p{{Lu}}?\d*\p{{Lu}}+|&),?[ \t]$")
_GROUP_OF = regex.compile(
    rf"(?<!\p{{L}})(?i:university|college|school|hospital|church|clinic|bank) of (?:the )?{_CAPITALISED}"
    rf"|(?<!\p{{L}})(?i:{'|'.join(_GROUP_PREFIXES)})(?: (?:de|du|des|della|di|do|da|del|la|le|el|los|las|von|in|am|im|zu|für)){{0,2}}"
    rf"[ '’]?[\"«]?(?:d['’])?{_CAPITALISED}"
)
_EASTERN_GROUP = regex.compile(
    r"[\p{Han}\p{Katakana}ー]{2,10}(?:株式会社|有限公司|小学校|中学校|高等学校|大学病院|クリニック|医院|第[一二三四五六七八九十]+中学)"
    r"|株式会社[\p{Han}\p{Katakana}ー]{2,}|\p{Hangul}{2,}(?:초등학교|중학교|고등학교|대학교|주식회사|병원)|주식회사 ?\p{Hangul}{2,}"
)
_OTHER_GROUP = regex.compile(
    r"(?:школ[аеыу]|гимнази[яию]|больниц[аеыу]|поликлиник[аеиу])\s№?\s?\d+|(?:ООО|ОАО|ЗАО)\s[«\"]?\p{Lu}"
    r"|(?:مستشفى|مدرسة|جامعة|شركة)\s[\p{Arabic}]{3,}"
)
_UNCASED_GROUP = regex.compile(
    r"(?<!\p{L})(?!(?:an?|the|our|my|own|your|this|form|new|und|ein|eine) )[\p{Ll}&-]{3,} (?:inc|llc|gmbh|ltd|sarl|srl)(?!\p{L})"
    r"|(?<!\p{L})(?:st|saint|sankt|santa)\.? [\p{Ll}]{3,}(?:['’]?s)? (?:hospital|school|church|college|parish)"
)
_UNCASED_GROUP_WORDS = frozenset({"inc", "llc", "gmbh", "ltd", "sarl", "srl", "st", "saint", "sankt", "santa"})
_PLACE_WORDS = frozenset(
    """village hamlet parish dorf gemeinde pueblo aldea commune borgo frazione aldeia деревня деревне деревни село посёлок
    town neighborhood neighbourhood""".split()
)
_SMALL_PLACE = regex.compile(
    r"(?i:\b(?:village|hamlet|parish|dorf|gemeinde|pueblo|aldea|commune|borgo|frazione|aldeia|деревн[яеи]|село|посёлок))"
    rf"(?: (?:of|de|d['’]|di|da|named|called|namens|von))? {_CAPITALISED}|(?i:\b(?:town|neighbou?rhood) (?:of|called|named)) \p{{Lu}}"
)

_RELATIONS = frozenset(regex.sub(r"fiancée\?|neighbou\?r", "fiancé|fiancée|neighbor|neighbour", RELATION).split("|"))
_JOBS = (
    r"nurse|teacher|doctor|lawyer|engineer|developer|driver|mechanic|pastor|priest|officer|soldier|farmer|waiter|waitress|"
    r"chef|student|manager|accountant|electrician|plumber|surgeon|dentist|pilot|journalist|mayor|principal|professor|"
    r"krankenschwester|lehrer|lehrerin|ärztin|arzt|ingenieur|enfermero|enfermera|profesor|profesora|maestro|maestra|médico|"
    r"médica|abogado|abogada|infirmier|infirmière|professeur|professeure|médecin|avocat|avocate|infermiere|infermiera|"
    r"insegnante|enfermeiro|enfermeira|professora|учитель|учительница|врач|врачом|медсестра|медсестрой|учителем"
)
_MONTHS = (
    r"january|february|march|april|may|june|july|august|september|october|november|december|januar|februar|märz|mai|juni|"
    r"juli|oktober|dezember|enero|febrero|marzo|abril|mayo|junio|julio|agosto|octubre|diciembre|janvier|février|mars|avril|"
    r"juin|juillet|août|septembre|octobre|novembre|décembre|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|мая|июня|июля|"
    r"января|февраля|марта|апреля|августа|сентября|октября|ноября|декабря"
)
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")

_TRAIT_WORDS = {
    # A kind of trait that a word states.
    "family": "widow widower widowed divorced married pregnant twins schwanger embarazada enceinte verheiratet geschieden "
    "alleinerziehend alleinerziehende casada casado mariée divorcée separada viuda",
    "health": "diagnosed surgery chemotherapy cancer diabetes diabetic hiv epilepsy bipolar schizophrenia schizophrenic depression "
    "depressed autism autistic adhd crohn crohns leukemia leukaemia krebs krankheit cáncer diabète diabetiker depresión dépression "
    "cancro enfermedad диабет диабетом рак депрессия депрессией leukämie migraine asthma",
    "belonging": "muslim jewish catholic hindu sikh mormon evangelical transgender gay lesbian refugee asylum immigrant undocumented "
    "veteran roma flüchtling musulmán musulmana musulmane juif juive réfugié réfugiée refugiado refugiada мусульманин беженец "
    "nigerian syrian somali ukrainian afghan romanian",
    "law": "arrested convicted probation lawsuit custody evicted bankrupt bankruptcy verhaftet scheidung kündigung despedida despedido "
    "divorcio licenciée licencié divorce laid-off fired",
}
_BY_WORD = {word: kind for kind, words in _TRAIT_WORDS.items() for word in words.split()}
_EASTERN_TRAITS = {
    "age": r"\d{1,2}\s?(?:岁|歳|세|살)",
    "family": r"我(?:的)?(?:妻子|丈夫|儿子|女儿)|(?:妻|夫|息子|娘|母|父)(?:が|の|は)|(?:아내|남편|아들|딸)(?:가|이|은|는|의)",
    "work": r"(?:看護師|教師|医師|会社員|护士|老师|医生|工程师)(?:です|として|で|，|,|。)|(?:간호사|교사|의사)(?:입니다|로|인데)",
    "health": r"糖尿病|癌|がん|うつ病|抑郁|우울증|당뇨",
    "place": r"\p{Han}{2,4}(?:市|县|縣|区|町)|\p{Hangul}{2,3}(?:시|구|군)(?:에|의)",
    "date": r"\d{1,2}[月월]\s?\d{1,2}[日일]",
}
_EASTERN_TRAIT_PATTERNS = [regex.compile(pattern) for pattern in _EASTERN_TRAITS.values()]
_AGE = regex.compile(
    r"\b\d{1,2}[- ]?(?:years?[- ]old|y/?o\b|jahre alt|jährig|ans\b|años|anni\b|anos\b|yaşında|лет\b|года?\b)|(?<=\baged? )\d{1,2}\b|"
    r"(?<=\bi['’]?m )\d{2}\b(?! ?%| (?:minutes|hours|days|weeks|percent|km|miles|pages|on|of))|(?<=\bich bin )\d{2}\b|"
    r"(?<=\b(?:born in|geboren|né en|née en|nacid[oa] en) )\d{4}"
)
_DATE = regex.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?\.? (?:of |de )?(?:{_MONTHS})\b|(?<=\b(?:{_MONTHS}) )\d{{1,2}}\b|\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b\d{{1,2}}[./]\d{{1,2}}[./](?:19|20)?\d{{2}}\b"
)
_PLACE = regex.compile(
    r"\p{Lu}(?<=(?<!\p{L})(?:in|from|near|at|to|aus|bei|nach|en|de|à|a|desde|da|dal|em|из|в) \p{Lu})[\p{Ll}\p{M}]+"
)
_FAMILY = regex.compile(
    rf"(?<!\p{{L}})(?:my|our|meine?r?|mi|ma|mon|mio|mia|meu|minha|мо[йя]|моего|моей) (?:ex-?)?(?:{RELATION})(?!\p{{L}})"
)
_WORK = regex.compile(
    r"(?<!\p{L})(?:i work as|i am an?|i['’]m an?|as an?|works? as|employed as|arbeite als|bin|trabajo (?:como|de)|soy|je suis|lavoro come|"
    rf"sono un['’]?a?|sou|trabalho como|работаю|я|is an?) (?:[\p{{L}}-]+ ){{0,2}}(?:{_JOBS})(?!\p{{L}})"
)
_JOB_WORDS = frozenset(_JOBS.split("|"))
_PERSONAL = frozenset(
    """i im my me mine she he her his ich mein meine meiner er sie yo mi soy tengo je j mon ma suis io mio mia sono ho eu meu
    minha sou tenho patient woman man girl boy person student employee user someone frau mann mujer hombre femme homme я мне
    мой моя он она у меня""".split()
)

_NOT_SPECIFIC = frozenset(
    """english french german spanish italian portuguese russian chinese japanese korean arabic hindi turkish dutch polish
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december python java javascript typescript rust html css sql excel word google react docker linux
    windows android apple iphone github git pdf json xml api latex chatgpt openai claude wordpress shopify powerpoint
    christmas easter internet web euro dollar pandas numpy django flask kubernetes postgres mysql ios youtube instagram
    facebook twitter tiktok linkedin gmail outlook amazon""".split()
)
_NO_PERSON = frozenset(
    """new san santa são saint st the united north south east west los las great high lake mount river city street
    machine deep data world black white red product social customer project business""".split()
)
"""A pair with one of these is a place, a thing or a heading, whatever the other looks like."""
_END_CUES = frozenset(_GROUP_WORDS)
_OF_CUES = frozenset((*_GROUP_PREFIXES, "university", "college", "school", "hospital", "church", "clinic", "bank"))
_PROPER = regex.compile(rf"(?<=[\p{{Ll}}\p{{M}},;:(\d] )({_CAPITALISED})")
_GERMAN = frozenset("der die das und ist ich ein eine für mit nicht wie von zu im".split())
_ENGLISH = frozenset("the to and of is for a in i it my was on with that not".split())
_LONG_NUMBER = regex.compile(r"(?<!\d)\d{4,}(?!\d)")
_HARMLESS = regex.compile(
    r"\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?|\b\d{1,2}[-/.]\d{1,2}[-/.]\d{4}\b|(?m:^[ \t]*@[\w.]+)"
)
"""Dates and decorators of code: screening takes them (one as a run of digits, one as a handle), yet neither names anyone."""


def privacy_score(text: str) -> int:
    """1 (identifies an individual) to 5 (identifies nobody), for a conversation, a summary, or a cluster's name."""
    if has_identifier(_HARMLESS.sub(" ", text)):
        return INDIVIDUAL
    lowered = text.lower()
    words = frozenset(_WORD.findall(lowered))
    eastern = _EASTERN.search(text) is not None
    if _names_someone(text, words, eastern):
        return INDIVIDUAL
    if _names_a_group(text, words, eastern):
        return GROUP
    traits = _traits(text, lowered, words, eastern)
    if traits >= 5:
        return GROUP
    if traits >= 3:
        return THOUSANDS
    if traits == 2 or _is_specific(text, words):
        return CONTEXT
    return NOBODY


def shares(texts: Iterable[str]) -> dict[int, float]:
    """The share of each score among texts, in per cent; empty for no texts."""
    counts = dict.fromkeys(range(INDIVIDUAL, NOBODY + 1), 0)
    for text in texts:
        counts[privacy_score(text)] += 1
    total = sum(counts.values())
    return {score: 100 * count / total for score, count in counts.items()} if total else {}


def _names_someone(text: str, words: frozenset[str], eastern: bool) -> bool:
    """A full name: a pair of words of which one is a given name or one is shaped like a family name."""
    german = len(words & _GERMAN) > 1  # every German noun is capitalised
    english = len(words & _ENGLISH) > 1 and not german
    for match in _PAIR.finditer(text):
        if match[1].lower() in _NO_PERSON:
            continue
        last = match[0].rsplit(None, 1)[-1]
        if _is_given(match[1]) or _is_given(last):  # family name first, in Hungarian and in forms
            return True
        if german or not _NO_PERSON.isdisjoint(match[0].lower().split()):
            continue
        if _SURNAME.fullmatch(last) or (english and _ACCENTED.search(match[0])):
            return True
    if _ACTS.search(text) or (eastern and _EASTERN_NAME.search(text)):
        return True
    if not text.isascii() and any(_is_given(match[1]) for match in _UNCASED_PAIR.finditer(text)):
        return True
    if words.isdisjoint(GIVEN):
        return False
    items = (_ITEM_OF_TWO.fullmatch(item.strip()) for item in regex.split(r"[;,\n]", text))
    pairs = itertools.chain(_SHOUTED_PAIR.finditer(text), (item for item in items if item is not None))
    return any(_is_given(match[1]) for match in pairs)


def _is_given(name: str) -> bool:
    name = name.lower()
    return name in GIVEN or name.partition("-")[0] in GIVEN


def _names_a_group(text: str, words: frozenset[str], eastern: bool) -> bool:
    if not words.isdisjoint(_RELATIONS) and any(
        match[0].lower() not in _NOT_SPECIFIC for match in _RELATIVE.finditer(text)
    ):
        return True
    if not words.isdisjoint(_END_CUES) and any(
        _NAME_BEFORE.search(text[max(0, end.start() - 40) : end.start()]) for end in _GROUP_END.finditer(text)
    ):
        return True
    if not words.isdisjoint(_OF_CUES) and _GROUP_OF.search(text):
        return True
    if not words.isdisjoint(_UNCASED_GROUP_WORDS) and _UNCASED_GROUP.search(text):
        return True
    if not words.isdisjoint(_PLACE_WORDS) and _SMALL_PLACE.search(text):
        return True
    if eastern:
        return _EASTERN_GROUP.search(text) is not None
    return not text.isascii() and _OTHER_GROUP.search(text) is not None


def _traits(text: str, lowered: str, words: frozenset[str], eastern: bool) -> int:
    """How many kinds of trait a text states, where it is about someone at all."""
    if eastern:
        return sum(pattern.search(text) is not None for pattern in _EASTERN_TRAIT_PATTERNS)
    if words.isdisjoint(_PERSONAL):
        return 0
    kinds = {_BY_WORD[word] for word in words if word in _BY_WORD}
    if _DIGIT.search(text):
        kinds.update(kind for kind, pattern in (("age", _AGE), ("date", _DATE)) if pattern.search(lowered))
    if _PLACE.search(text):
        kinds.add("place")
    if not words.isdisjoint(_RELATIONS) and _FAMILY.search(lowered):
        kinds.add("family")
    if not words.isdisjoint(_JOB_WORDS) and _WORK.search(lowered):
        kinds.add("work")
    return len(kinds)


def _is_specific(text: str, words: frozenset[str]) -> bool:
    if _LONG_NUMBER.search(text):
        return True
    if len(words & _GERMAN) > 1:  # every German noun is capitalised
        return False
    return any(match[1].lower() not in _NOT_SPECIFIC for match in _PROPER.finditer(text))
