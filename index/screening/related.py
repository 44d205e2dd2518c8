"""Names by whom they are to the writer: "my roommate", "моему брату", "同僚の", and the words behind.

A relation says that a person follows, so less is asked of the words behind it than of two words alone: not both must be on a
list. What joins sentences, what everybody knows and common words stay.
"""

from collections.abc import Callable, Iterator

import regex

from index.core.words import is_function_word
from index.lists import SURNAMES, as_listed, is_common, is_given, is_public, is_surname, listed
from index.screening.look import Look, Span
from index.screening.patterns import RELATION
from index.screening.sieve import Held

_CAPITALISED = r"\p{Lu}[\p{L}\p{M}]+(?:['’-]\p{L}[\p{L}\p{M}]*)*"
_SLAVIC = regex.compile(
    r"(?<!\p{L})(?i:мо(?:й|я|ё|е|ю|его|ей|ему|им|ём|ем|и|их|ими|го)|наш\p{L}*|сво\p{L}+|m[oó]j\p{L}*|nasz\p{L}*|sw[oó]j\p{L}*|m[ůé]\p{L}{0,4}|"
    r"svoj\p{L}*|náš|naš\p{L}*)\s(?:\p{Ll}+\s)?"
    r"(?i:муж|жен|сын|доч|брат|сестр|мам|пап|от[ец]ц?|мат[ьие]|бабушк|дедушк|т[её]т|дяд|племянни|коллег|сосед|начальни|шеф|друг|друз|подруг|парн|девушк|"
    r"врач|учител|преподавател|директор|клиент|бухгалтер|нян|чоловік|дружин|син|доньк|сусід|"
    r"mąż|męż|żon|syn|cór|c[eo]rk|brat|siostr|mam|tat|ojc|ojciec|matk|babci|dziad|cioc|ciotk|wuj|szwagi|szwagr|koleg|koleżan|sąsiad|szef|przyjaci|chłopak|"
    r"dziewczyn|nauczyciel|lekar|klient|teś[cć]|narzeczon|manžel|žen|dcer|bratr|sestr|kamarád|kamošk|kolegyn|soused|učitel|lékař|přítel|tchyn|muž|prijateľ|priateľ)"
    rf"\p{{L}}{{0,6}}[ ,]+({_CAPITALISED}(?:\s{_CAPITALISED}){{1,2}})"
)
"""A relation in any case of a Slavic language, and two or three words with capitals."""
_NORTHERN = regex.compile(
    r"(?<!\p{L})(?i:mijn|onze|min|mitt|mina|minun|vår|mit|mio|mia|mi|meu|minha|mon|ma|mo)\s(?:\p{Ll}+\s)?"
    r"(?i:huisgenoot|buurman|buurvrouw|vriendin?|collega|baas|broer|zus|zoon|dochter|vrouw|man|oom|tante|leraar|lerares|chef|granne|väninna|vän|kompis|"
    r"syster|bror|svärmor|kollega|nabo|veninde|ven|søster|lærer|ystävä|cuñad[oa]|tí[oa]|abuel[oa]|novi[oa]|amig[oa]|compañer[oa]|profesora?|suegr[oa]|"
    r"primo|prima|ami|amie|copine?|beau-frère|belle-sœur|tante|oncle|cousine?|amic[oa]|cugin[oa]|zi[oa]|nonn[oa]|fidanzat[oa]|cognat[oa]|suocer[oa]|"
    rf"namorad[oa]|ti[oa]|cunhad[oa]|av[óô]|sogr[oa]|chef[ea])(?:ni)?[ ,]+({_CAPITALISED}(?:\s{_CAPITALISED}){{1,2}})"
)
_TURKISH = regex.compile(
    rf"(?i:(?:arkada[sş]|kom[sş]u|karde[sş]|abla|a[gğ]abey|patron|m[uü]d[uü]r|[oö][gğ]retmen|teyze|hala|day[iı]|amca|e[sş]|k[iı]z|o[gğ]l|anne|baba|doktor|kuzen)[iıuü]?m)\s({_CAPITALISED}\s{_CAPITALISED})"
)
_TO = regex.compile(
    r"(?i:\b(?:text|texts|e-?mail|letter|message|note|card|reply|apology|dm|mail|write|reference|invitation|crush on|date with|break up with|broke up with|married to|named|called)"
    r"(?:\s(?:to|for|from))?)\s(\p{L}[\p{L}\p{M}'’-]{2,})\s(\p{L}[\p{L}\p{M}'’-]{3,})"
)
"""Something that goes to a person, and two words."""
_RELATION = rf"(?:flat|house|team|class)mate|co-worker|professor|tenant|supervisor|nanny|stepmom|stepdad|{RELATION}"
_SMALL = regex.compile(
    rf"(?i:\b(?:my|our|his|her)\s(?:\p{{L}}+\s)?(?:{_RELATION})|\bmy name(?: is|'s|’s)|\bi(?: a|'|’)m called)[ ,]+(\p{{L}}[\p{{L}}\p{{M}}'’-]{{2,}})\s(\p{{L}}[\p{{L}}\p{{M}}'’-]{{3,}})"
)
"""A relation or an introduction, and two words in whatever case."""

_ARABIC = regex.compile(
    r"(?<!\p{L})[وفبلك]?(?:صديقت?|خالت?|عمت?|أخت?|اخت?|أم|أب|والدت?|زوجت?|ابنت?|جارت?|زميلت?|مديرت?|أستاذت?|استاذت?|معلمت?|طبيبت?|خطيبت?|جدت?|حمات)ي[ ](\p{Arabic}{2,})[ ](\p{Arabic}{3,})"
)
_INDIC = r"[\p{Devanagari}\p{Bengali}\p{Tamil}\p{Telugu}\p{Gujarati}\p{Gurmukhi}\p{Kannada}\p{Malayalam}\p{Sinhala}][\p{L}\p{M}]+"
_MY_OF_INDIA = r"(?:আমার|আমাদের|என்|எனது|என்னுடைய|எங்கள்|నా|మా|എന്റെ|ನನ್ನ|મારા|મારી|મારો|माझ्या|माझा|माझी|मेरे|मेरी|मेरा|ਮੇਰੇ|ਮੇਰੀ|මගේ)"
_OF_INDIA = regex.compile(
    rf"(?<![\p{{L}}\p{{M}}]){_MY_OF_INDIA}[ ]{_INDIC}[ ](?!{_MY_OF_INDIA})({_INDIC})[ ]({_INDIC})"
)
_HINDI = regex.compile(
    r"(?<![\p{L}\p{M}])मेर[ेीा][ ](?:\p{Devanagari}+[ ]){1,2}(\p{Devanagari}{3,})[ ](\p{Devanagari}{3,})(?=[ ](?:को|से|का|के|की|ने|जी)(?![\p{L}\p{M}]))"
)
"""In Hindi the case follows the name as a separate word."""
_PERSIAN = regex.compile(
    r"(?<!\p{L})(?:(?:برای|به|از|با)[ ])?(?:(?:همسایه|دوست|همکار|همسر|خواهر|برادر|مادر|پدر|معلم|استاد|رئیس|دختر|پسر|عمو|خاله|عمه|دایی)\u200c?(?:ا?م|ش|مان)[ ])?"
    r"(\p{Arabic}{2,})[ ]([\p{Arabic}\u200c]{2,}(?:پور|زاده|نژاد|یان|فر|ایی|انی|وند|ی))(?!\p{L})"
)
"""A given name and a surname by its ending."""
_HIRAGANA_FULL = regex.compile(r"(?<!\p{Hiragana})\p{Hiragana}{2,5}[ 　]\p{Hiragana}{2,5}(?=さん|様|ちゃん|くん|先生)")
_TO_SOMEBODY_OF_INDIA = regex.compile(r"(?:কে|র|ক্ব|க்கு|ிடம்|டம்|யை|உடன்|வுடன்|க்காக|కి|కు|తో|ക്ക്|ന്|ನಿಗೆ|ಗೆ|ને|ला|ਨੂੰ|ට)$")
"""Endings of whom something is given to, or asked."""
_TAMIL_ENDING = regex.compile(r"(?:ுக்கு|வுக்கு|க்கு|ிடம்|ையும்|ை|ுடன்)$")
_GEORGIAN = regex.compile(
    r"(?<!\p{L})(\p{Georgian}{3,})[ ](\p{Georgian}{2,}(?:ძე|შვილ|ავა|უია|ური|იანი)(?:ი|ს|მა|ის|თან|სთან|სთვის|ისთვის|ით)?)(?!\p{L})"
)
"""A word and a surname by its ending, in any case."""

_JAPANESE_RELATION = r"(?:同僚|友人|友達|親友|上司|部下|先輩|後輩|妻|夫|彼氏|彼女|元彼|元カノ|母|父|兄|姉|弟|妹|息子|娘|隣人|先生|担任|社長|課長|部長|ママ友|叔母|叔父|いとこ|従兄|従姉|祖母|祖父|義母|義父|婚約者|取引先|隣)の"
_HIRAGANA_GIVEN = (
    "さくら ひなた あおい ひまり めい はな みゆき あかり すみれ かおり ゆい まい えり あやか さやか はるか "
    "ほのか みさき なつみ かすみ みどり ひかり のぞみ まなみ ちひろ しおり ゆかり まゆみ あゆみ いずみ くるみ こころ "
    "つむぎ ひとみ まどか めぐみ もも ゆうこ りん れい ちなつ みなみ すず あすか さゆり さつき いつき"
).split()
"""Given names that are written so, by frequency: a closed list, because any of these letters may go on a word."""
_JAPANESE = regex.compile(
    rf"(?<!\p{{Han}})(?:{_JAPANESE_RELATION})?(?P<name>\p{{Han}}{{2,3}}[ 　]?(?:{'|'.join(_HIRAGANA_GIVEN)}))(?=さん|ちゃん|くん|様|[にがはをとも、。へ]|から|$)"
)
_JAPANESE_BY_RELATION = regex.compile(
    rf"{_JAPANESE_RELATION}(?P<surname>\p{{Han}}{{1,3}}?)(?P<given>\p{{Han}}{{1,2}})(?=さん|ちゃん|くん|様|[にがはをとも、。へ]|から|$)"
)
_CHINESE_RELATION = regex.compile(
    r"(?:同事|室友|朋友|同学|同學|老板|老闆|上司|老师|老師|邻居|鄰居|男友|女友|老公|老婆|丈夫|妻子|儿子|女儿|兒子|女兒|哥哥|姐姐|弟弟|妹妹|客户|客戶|主管|经理|經理|闺蜜|表弟|表妹|表哥|表姐|堂哥|姑姑|叔叔|阿姨|学生|房东)"
    r"(\p{Han})(\p{Han}{2})(?!\p{Han}{0,1}[们人])"
)


def _is_person(first: str, last: str) -> bool:
    """Whether two words behind a cue are a name: the first is a given name, the second no word that goes on the sentence. A
    first word that no list has is one before a listed surname."""
    given, other = as_listed(first), as_listed(last)
    if is_function_word(given) or is_function_word(other) or is_public(f"{given} {other}"):
        return False
    if not is_given(given) and (is_common(given) or is_public(given) or not is_surname(other) or is_common(other)):
        return False
    if is_surname(other) and not (is_common(other) and last[0].islower() and not _is_name_first(given)):
        return True
    return not (is_common(other) or is_public(other)) and (first[0].isupper() == last[0].isupper())


def _is_name_first(given: str) -> bool:
    """Whether the word is a name more than anything else: no dictionary but that of names has it with a small letter."""
    return given in _MOSTLY_NAMES or not is_common(given)


_MOSTLY_NAMES = frozenset("john jack bill tom harry nick mike bob jimmy joey roger frank carol holly dick tony".split())
"""Common words of English that are nearly always a person's name in a sentence."""


def _by_two(match: "regex.Match[str]") -> Span | None:
    return (match.start(1), match.end(2)) if _is_person(match[1], match[2]) else None


def _by_capitals(match: "regex.Match[str]") -> Span | None:
    return None if is_public(as_listed(match[1])) else match.span(1)


def _arabic(match: "regex.Match[str]") -> Span | None:
    goes_on = match[2].startswith("ال") or is_surname(match[2]) or is_given(match[2])
    return (match.start(1), match.end(2)) if is_given(match[1]) and goes_on else None


def _of_india(match: "regex.Match[str]") -> Span | None:
    if is_function_word(match[1]) or is_public(match[1]):
        return None
    bare = _TAMIL_ENDING.sub("", match[2])
    is_name = is_given(match[1]) or is_surname(bare) or _TO_SOMEBODY_OF_INDIA.search(match[2])
    return (match.start(1), match.end(2)) if is_name else None


def _hindi(match: "regex.Match[str]") -> Span | None:
    return None if is_function_word(match[1]) or is_public(match[1]) else (match.start(1), match.end(2))


def _persian(match: "regex.Match[str]") -> Span | None:
    is_asked = match.start(1) > match.start()  # a relation or a word such as "for" stands before
    is_name = is_asked and is_given(match[1]) and not is_public(f"{match[1]} {match[2]}")
    return (match.start(1), match.end(2)) if is_name else None


def _georgian(match: "regex.Match[str]") -> Span | None:
    return match.span() if is_given(match[1]) or is_given(match[1].rstrip("სმა")) else None


def _japanese(match: "regex.Match[str]") -> Span | None:
    return None if is_public(match["name"]) else match.span("name")


def _japanese_by_relation(match: "regex.Match[str]") -> Span | None:
    name = match["surname"] + match["given"]
    is_name = any(name[:size] in listed(SURNAMES) for size in range(1, len(name))) and not is_public(name)
    return (match.start("surname"), match.end("given")) if is_name else None


def _chinese(match: "regex.Match[str]") -> Span | None:
    is_name = match[1] in listed(SURNAMES) and is_given(match[2])
    return (match.start(1), match.end(2)) if is_name else None


_KINDS: dict["regex.Pattern[str]", Callable[["regex.Match[str]"], Span | None]] = {
    _SLAVIC: _by_capitals,
    _NORTHERN: _by_capitals,
    _TURKISH: _by_capitals,
    _TO: _by_two,
    _SMALL: _by_two,
    _ARABIC: _arabic,
    _OF_INDIA: _of_india,
    _HINDI: _hindi,
    _PERSIAN: _persian,
    _HIRAGANA_FULL: lambda match: match.span(),
    _GEORGIAN: _georgian,
    _JAPANESE: _japanese,
    _JAPANESE_BY_RELATION: _japanese_by_relation,
    _CHINESE_RELATION: _chinese,
}
"""What each pattern finds, and the part of it that is somebody's name, if it is one."""


def sought() -> list["regex.Pattern[str]"]:
    """What the sieve is to look for."""
    return list(_KINDS)


def spans(look: Look, held: Held) -> Iterator[Span]:
    """Where a person's name stands behind a relation."""
    for pattern in held & _KINDS.keys():
        for match in pattern.finditer(look.text):
            if span := _KINDS[pattern](match):
                yield span
