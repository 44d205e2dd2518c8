"""People's names by public lists: a given name with what follows it, in scripts with and without capitals.

A given name alone is left to attestation (R6): "Tobias" points at thousands. A given name with a surname points at one
person, so both go. What everybody knows stays: Isaac Newton, Napoleon Bonaparte.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from operator import and_
from typing import NamedTuple

import regex

from index.core.words import is_function_word
from index.lists import GIVEN, SURNAMES, WORDS, as_listed, is_common, is_given, is_public, is_surname, is_word, listed
from index.screening.look import Look, Span
from index.screening.sieve import Held

_WORD = r"\p{L}[\p{L}\p{M}]*(?:['’-]\p{L}[\p{L}\p{M}]*)*"
_PARTICLE = r"(?:de|da|do|dos|das|del|della|di|du|van|von|der|den|de la|bin|ibn|bint|al|el|ter|ten|zu)"
_CASED = r"[\p{Latin}\p{Cyrillic}\p{Greek}\p{Armenian}]"
_CAPITALISED = r"\p{Lu}[\p{L}\p{M}]*(?:['’-]\p{L}[\p{L}\p{M}]*)*"
_RUN = regex.compile(
    rf"\p{{Lu}}(?<![\p{{L}}\p{{M}}\d_@#/.-]\p{{Lu}})[\p{{L}}\p{{M}}]*(?:['’-]\p{{L}}[\p{{L}}\p{{M}}]*)*(?:[ \t]+(?:{_PARTICLE}[ \t]+){{0,2}}(?:\p{{Lu}}\.[ \t]?)*{_CAPITALISED})+"
)
"""Words with capitals in a row, with what stands between the parts of names."""
_VIETNAMESE = regex.compile(
    r"\b(?:Nguy[eễ]n|Tr[aầ]n|Ph[aạ]m|Ho[aà]ng|Hu[yỳ]nh|V[uũ]|V[oõ]|Đ[aặ]ng|B[uù]i|Đỗ|Ngô|Dương|Lê|Đinh|Trịnh|Đoàn|Phan)"
    r"(?:[ \t](?:Th[iị]|V[aă]n|\p{Lu}\p{Ll}*[àáảãạăằắẳẵặâầấẩẫậèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵđ]\p{Ll}*))+"
    r"(?:[ \t]\p{Lu}\p{Ll}+){0,2}"
)
"""A surname of a closed list, and given names in the letters of the language."""
_PARTS = regex.compile(rf"{_WORD}\.?")
_SMALL_PAIR = regex.compile(
    rf"(?<![\p{{L}}\p{{M}}\d_@#/.-])({_CASED}{{3,}})(?=[ \t]+({_CASED}{{3,}})(?![\p{{L}}\p{{M}}\d_@.-]))"
)
"""Two words in a row: written small or in capitals, two listed names are a person's too."""

_PLACES = frozenset(
    """street road lane avenue drive square park hill hills bridge river lake beach island islands bay valley mountain mountains falls
    castle palace tower station airport county city town village church cathedral college university school hospital house hall court
    villa united rovers albion wanderers athletic hotspur rangers wall sponge stakes derby open classic
    garden gardens market museum theatre theater stadium arena field fields wood woods forest north south east west coast""".split()
)
"""Behind a given name these make a place, a club or a thing."""
_THINGS = frozenset(
    {"earl grey", "granny smith", "jack daniels", "johnnie walker", "jack russell", "molotov cocktail", "dow jones"}
)
"""Two words that are listed as people's names and are the name of a thing."""
_ENGLISH = regex.compile(r"(?i:\b(?:the|that|is|my|to|of|and|how|can|for|with|did|does|never|about)\b)")
"""A text in which only names, and first words, have capitals."""
_INITIALS = regex.compile(rf"(?<![\p{{L}}\d.])(?:\p{{Lu}}\.[ \t]?){{1,3}}({_CAPITALISED})(?:[ \t]{_CAPITALISED})?")
_LAST_FIRST = regex.compile(rf"({_CAPITALISED}),[ \t]({_CAPITALISED})[ \t]\p{{Lu}}\.")
_PATRONYMIC = regex.compile(
    r"(?:\p{Lu}[\p{Ll}’'-]+[ \t]){1,2}\p{Lu}\p{Ll}+(?:[оеії]вич|йович|[оеєї]вн|івн|ївн|ичн)\p{Ll}{0,3}(?![\p{L}])(?:[ \t]\p{Lu}[\p{Ll}-]+)?"
)
"""Names with a father's name, in any case."""


def sought() -> list["regex.Pattern[str]"]:
    """What the sieve is to look for."""
    return [_RUN, _VIETNAMESE, _INITIALS, _LAST_FIRST]


def spans(look: Look, held: Held) -> Iterator[Span]:
    """Where a person's full name stands."""
    text = look.text
    if not text.isascii() and _UNCASED_SCRIPT.search(text):
        yield from _without_capitals(text)
    for match in _VIETNAMESE.finditer(text) if _VIETNAMESE in held else ():
        if not is_public(as_listed(match.group())):
            yield match.span()
    yield from _by_form(text, held)
    if listed(GIVEN).isdisjoint(look.words) and text.isascii():
        return
    if _RUN in held:
        yield from _runs(text)
    if _has_sure_pair(look.words):
        for pair in _SMALL_PAIR.finditer(text):
            first, last = as_listed(pair[1]), as_listed(pair[2])
            if _has_sure_pair([first, last]) and not is_public(f"{first} {last}"):
                yield pair.start(), pair.end(2)


def _runs(text: str) -> Iterator[Span]:
    is_english = _ENGLISH.search(text) is not None
    for run in _RUN.finditer(text):
        if text[run.start() - 1 : run.start()] == "«" and text[run.end() : run.end() + 1] == "»":
            continue  # a title: people's names are seldom alone between these quotes
        yield from _in_run(is_english, run.start(), [_Part.of(part) for part in _PARTS.finditer(run.group())])


def _has_sure_pair(words: list[str]) -> bool:
    """Whether a given name stands before a surname. Without a loop of Python's own, because each text is asked."""
    return any(map(and_, map(_sure(GIVEN).__contains__, words), map(_sure(SURNAMES).__contains__, words[1:])))


@cache
def _sure(name: str) -> frozenset[str]:
    """The names of a list that are no other word."""
    return listed(name) - listed(WORDS)


def _by_form(text: str, held: Held) -> Iterator[Span]:
    """Initials and a surname, a surname with what stands behind a comma, and names with a father's name."""
    for match in _INITIALS.finditer(text) if _INITIALS in held else ():
        last = as_listed(match[1])
        if len(last) > 3 and not (is_common(last) or is_public(last) or is_public(as_listed(match.group()))):
            yield match.start(), match.end(1)
    for match in _LAST_FIRST.finditer(text) if _LAST_FIRST in held else ():
        last, first = as_listed(match[1]), as_listed(match[2])
        if not (is_public(last) or is_common(last) or is_public(first) or is_common(first)):
            yield match.span()
    if not text.isascii():
        for match in _PATRONYMIC.finditer(text):
            if not is_public(as_listed(match.group())):
                yield match.span()


class _Part(NamedTuple):
    """One word in a run: as it is written, as lists have it, and where."""

    written: str
    listed: str
    span: Span

    @classmethod
    def of(cls, match: "regex.Match[str]") -> "_Part":
        return cls(match[0], as_listed(match[0]), match.span())

    @property
    def is_between(self) -> bool:
        """An initial, a particle, or a second given name before a surname."""
        return self.written.endswith(".") or self.written[0].islower()


def _in_run(is_english: bool, start: int, parts: Sequence[_Part]) -> Iterator[Span]:
    place = 0
    while place < len(parts) - 1:
        end = _name_from(parts, place, is_english)
        if end > place:
            yield start + parts[place].span[0], start + parts[end].span[1]
            place = end
        place += 1


_LONGEST_ACRONYM = 4
"""Letters. A longer word in capitals is a surname, as forms ask for it."""


def _name_from(parts: Sequence[_Part], place: int, is_english: bool) -> int:
    """The last part of the person's name that begins here; `place` itself where none does."""
    first = parts[place].listed
    end = place + 1
    while end < len(parts) - 1 and parts[end].is_between:
        end += 1
    last = parts[end].listed
    if not parts[end].written[0].isupper() or len(last) < 2:
        return place
    is_acronym = parts[end].written.isupper() and len(last) <= _LONGEST_ACRONYM
    if is_acronym and not (parts[place].written.isupper() or is_surname(last)):
        return place  # a product: "Dell XPS"
    begins = is_given(first) and _is_pair(first, last, is_english)
    if not (begins or _is_inflected(first, last) or _surname_first(first, last)) or _is_known(parts, place):
        return place
    return _extended(parts, end)


def _extended(parts: Sequence[_Part], end: int) -> int:
    """The end of the name with the further surnames that stand behind it."""
    while end + 1 < len(parts):
        ahead = end + 1
        while ahead < len(parts) - 1 and parts[ahead].is_between:
            ahead += 1
        word = parts[ahead].listed
        goes_on = is_surname(word) or not (is_public(word) or is_common(word) or is_function_word(word))
        if not parts[ahead].written[0].isupper() or not goes_on:
            break
        end = ahead
    return end


_SLAVIC_GIVEN = regex.compile(r"(?:owi|ovi|em|om|ou|ie|ę|ą|y|i|u|a|o|ě|e)$")
_SLAVIC_SURNAME = regex.compile(
    r"(?:[sc]kie(?:j|go|mu)|[sc]ką|[sc]kim|owi|ovi|ov[éá]|ov(?:ou|ého)|ego|emu|ého|ému|iej)$"
)
_HUNGARIAN = regex.compile(r"(?:nak|nek|val|vel|hoz|hez|höz|ról|ről|tól|től|ért|nál|nél|ban|ben|t)$")


def _is_inflected(first: str, last: str) -> bool:
    """A Polish or Czech name in another case."""
    if not any(_SLAVIC_SURNAME.search(part) for part in last.split("-")):
        return False
    stem = _SLAVIC_GIVEN.sub("", first)
    return len(stem) > 3 and any(stem + ending in listed(GIVEN) for ending in ("", "a", "o", "e", "ek"))


def _surname_first(first: str, last: str) -> bool:
    """A Hungarian name, whose given name bears the ending of its case."""
    bare = _HUNGARIAN.sub("", last)
    if len(first) > 6 and first.endswith(("i", "y")) and not first.isascii() and last in _sure(GIVEN):
        return not (is_common(first) or is_public(first) or is_function_word(first) or is_given(first))
    if bare == last or is_common(first) or is_public(first) or is_function_word(first):
        return False
    return any(form in _sure(GIVEN) for form in (bare, bare.removesuffix("á") + "a", bare.removesuffix("é") + "e"))


def _is_pair(first: str, last: str, is_english: bool) -> bool:
    """Whether a given name and the word behind it are a person. The more else the given name may be, the surer must be the
    surname; in English a word with a capital that no list has is one."""
    if last in _PLACES or f"{first} {last}" in _THINGS:
        return False
    if is_english and not any(test(last) for test in (is_common, is_public, is_function_word)):
        return True
    if not is_word(first):
        return is_surname(last) or is_given(last) or not (is_function_word(last) or is_public(last))
    if is_public(first) or is_public(last) or is_function_word(last):
        return is_surname(last) and not is_word(last)
    return is_surname(last) or (is_given(last) and not is_common(last))


def _is_known(parts: Sequence[_Part], place: int) -> bool:
    """Whether the name, or one that it is a part of, is of somebody everybody knows."""
    for start in range(max(0, place - 1), place + 1):
        for end in range(place + 1, min(len(parts), place + 4)):
            if is_public(" ".join(part.listed for part in parts[start : end + 1])):
                return True
    return False


_UNCASED_SCRIPT = regex.compile(r"[\u0590-\u10ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_UNCASED = (
    r"[\p{Arabic}\p{Hebrew}\p{Devanagari}\p{Bengali}\p{Tamil}\p{Telugu}\p{Gujarati}\p{Oriya}\p{Sinhala}\p{Georgian}]"
)
_UNCASED_PAIR = regex.compile(
    rf"({_UNCASED}[\p{{L}}\p{{M}}]+)(?=[ \t]+({_UNCASED}[\p{{L}}\p{{M}}]+)(?P<more>[-־]\p{{L}}+)?)"
)
_UNCASED_CUE = regex.compile(
    rf"(?:שלי|আমার[ ]\p{{Bengali}}+|मे?र[ाेी][ ]\p{{Devanagari}}+|(?P<title>ד״ר|דר׳|גברת|אדון|دکتر|آقای|خانم|জনাব|ডা\.|श्री|श्रीमती|डॉ\.?))[ ]"
    rf"(?P<name>{_UNCASED}[\p{{L}}\p{{M}}\u200c-]+(?:[ ]{_UNCASED}[\p{{L}}\p{{M}}\u200c-]+)?)"
)
"""A title, or "my" with a relation, and the two words behind it."""
_LEAST_LETTERS = 4
"""Of a word behind a title that no list has: shorter ones are what joins words."""
_ARABIC_DESCENT = regex.compile(r"(?<!\p{Arabic})\p{Arabic}{2,}[ ](?:بن|بنت)[ ]\p{Arabic}{2,}(?:[ ]ال\p{Arabic}{2,})?")
_CHINESE_COMPOUND = regex.compile(
    r"(?:欧阳|歐陽|上官|司马|司馬|诸葛|諸葛|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|端木)\p{Han}{1,2}"
)
_KNOWN_IN_CHINA = frozenset(
    "诸葛亮 諸葛亮 司马懿 司馬懿 司马迁 司馬遷 司马光 司馬光 欧阳修 歐陽修 令狐冲 慕容复 上官婉 公孙胜 夏侯惇 诸葛瑾 端木赐".split()
)
_ARABIC_PREFIX = regex.compile(r"^[وفبلك](?=\p{Arabic}{3})")
_SERVANT = "عبد"
"""The first half of names such as عبد الرحمن."""
_ARABIC_TITLE = regex.compile(
    r"(?P<article>ال|لل|بال)?(?:أستاذة?|استاذة?|دكتورة?|سيدة?|آنسة|مهندسة?|شيخ|حاجة?)[ \t]+(?P<first>(?:عبد[ \t]*)?\p{Arabic}{2,})(?P<behind>(?:[ \t]+(?:بن|ال)[ \t]?\p{Arabic}{2,}|[ \t]+\p{Arabic}{2,})?)"
)

_CHINESE_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤張劉陳楊黃趙吳孫馬許韓馮鄧蕭葉蘇呂盧鐘譚陸範賈韋鄒龍賀顧龔萬錢嚴"
"""The hundred most frequent, simplified and traditional: a closed list, because any character may begin a word."""
_CHINESE = regex.compile(rf"[{_CHINESE_SURNAMES}]\p{{Han}}{{1,2}}")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")

_HANGUL_COMPOUND = regex.compile(
    r"(?<!\p{Hangul})(?:남궁|황보|제갈|사공|선우|독고|서문)\p{Hangul}{1,2}(?=\p{Hangul}{0,2}(?!\p{Hangul}))"
)
_HANGUL = regex.compile(
    r"(?<!\p{Hangul})(\p{Hangul})(\p{Hangul}{2})(\p{Hangul}{0,3})(?!\p{Hangul})(\s?(?:과장|부장|대리|사장|팀장|선생|교수|선배|후배))?"
)
_TO_SOMEBODY = ("에게", "한테", "께", "님", "씨", "님께", "씨에게")

_THAI = regex.compile(
    r"(?:(?:ถึง|ชื่อ|จาก|กับ|ของ)[ ]?(?:คุณ|พี่|น้อง)|(?:นางสาว|นาย(?!ก|จ้าง|หน้า|ทุน|ทหาร)|น\.ส\.|ดร\.)|ชื่อ)[ ]?(\p{Thai}{2,14}(?:[ ]\p{Thai}{2,20})?)(?!\p{Thai})"
)
"""A title behind a word such as "to", and the two words behind it. The title alone is "you" as well."""


def _without_capitals(text: str) -> Iterator[Span]:
    yield from _pairs(text)
    yield from _titled_in_arabic(text)
    yield from (match.span() for match in _ARABIC_DESCENT.finditer(text) if not is_public(as_listed(match.group())))
    for match in _CHINESE_COMPOUND.finditer(text):
        if match.group()[:3] not in _KNOWN_IN_CHINA:
            end = match.end() if is_given(match.group()[2:]) else match.start() + 3
            yield match.start(), end
    for match in _UNCASED_CUE.finditer(text):
        first = match["name"].split()[0]
        if (match["title"] and len(first) >= _LEAST_LETTERS) or is_given(first):
            yield match.span("name")
    yield from (match.span(1) for match in _THAI.finditer(text))
    yield from (match.span() for match in _HANGUL_COMPOUND.finditer(text))
    for match in _HANGUL.finditer(text):
        if match[1] in listed(SURNAMES) and (match[2] in listed(GIVEN) or match[3] in _TO_SOMEBODY or match[4]):
            yield match.start(1), match.end(2)
    if _KANA.search(text):
        yield from (match.span() for match in _japanese().finditer(text))
    elif _CHINESE.search(text):
        yield from _chinese(text)


def _pairs(text: str) -> Iterator[Span]:
    """Two listed names one after the other, in scripts that have spaces."""
    for match in _UNCASED_PAIR.finditer(text):
        first, last = _ARABIC_PREFIX.sub("", match[1]), match[2]
        known = (is_given(first) or is_given(match[1])) and (is_given(last) or is_surname(last))
        if first == _SERVANT or (known and not is_word(first) and not is_word(last)):
            yield match.start(), match.end("more") if match["more"] else match.end(2)


def _titled_in_arabic(text: str) -> Iterator[Span]:
    for match in _ARABIC_TITLE.finditer(text):
        first, behind = match["first"], match["behind"].strip()
        # "the lady", a word and one with the article: a name, whether lists know it or not
        by_form = match["article"] and behind.startswith("ال") and not first.startswith("ال")
        servant = first.startswith(_SERVANT)
        if servant or by_form or is_given(first):
            goes_on = behind.startswith(("ال", "بن")) or is_given(behind) or is_surname(behind)
            yield match.start("first"), match.end("behind") if goes_on else match.end("first")


_LAST_OF_GIVEN = "郎子美男夫雄介太輔之也奈香恵代江織菜花翔斗樹吾司彦助蔵乃音莉愛希衣実央平一二三"


@cache
def _japanese() -> "regex.Pattern[str]":
    """A listed surname, and a given name that is listed or ends as many do."""
    han = regex.compile(r"\p{Han}{2,3}")
    surnames = [name for name in listed(SURNAMES) if han.fullmatch(name)]
    given = [name for name in listed(GIVEN) if han.fullmatch(name)]
    return regex.compile(
        rf"(?<!\p{{Han}})\L<surnames>[ ]?(?:\L<given>|\p{{Han}}{{0,2}}[{_LAST_OF_GIVEN}])(?!\p{{Han}})",
        surnames=surnames,
        given=given,
    )


def _chinese(text: str) -> Iterator[Span]:
    """What the dictionary's tagger takes for a person's name, where it begins with a surname."""
    import rjieba

    start, surname = 0, -1
    for word, tag in rjieba.tag(text, True):
        end = start + len(word)
        if surname >= 0 and len(word) <= 2 and tag.startswith("nr"):
            yield surname, end
        elif (tag == "nr" and _is_chinese_name(word)) or (tag.startswith("n") and _is_listed_chinese(word)):
            yield start, end
        surname = start if len(word) == 1 and word in _CHINESE_SURNAMES and tag == "nr" else -1
        start = end


_CHINESE_WORDS = frozenset(
    """陆军 武林 白雪 高峰 石英 胡子 叶子 向东 孙子 高明 王子 李子 向阳 黎明 金刚 朱红 石林 林子 杨柳 白云 万世 严正 高超 高雅 胡人 汪洋
    沈思 许昌 高丽 雷雨 武威 高强 白玉 金秋 方正 龙凤 白杨 唐人 段子 丁香 秦军 金昌 高平 金丹 胡琴 王冠 严冬 胡桃 毛利 杨梅 邵阳 龙岩 夏禹
    田七 余裕 胡杨 黄岩 黄梅 吴中 余波 余威 余辉 黄玉 黄柏 黄杨 杨桃 夏利 高小 周正 高翔 史志 余香 石楠 武宁 江永 龙芯 向海 万丹 高安 毛里""".split()
)
"""What the tagger takes for names and is a word or a place."""


def _is_chinese_name(word: str) -> bool:
    rest = word[1:]
    if word[0] not in _CHINESE_SURNAMES or word[0] in rest or word in _CHINESE_WORDS:
        return False
    return len(rest) == 2 or (len(rest) == 1 and rest in _characters_of_given())


def _is_listed_chinese(word: str) -> bool:
    """A surname and a listed given name of two characters, whatever the tagger takes it for: it knows few people."""
    return len(word) == 3 and word[0] in _CHINESE_SURNAMES and is_given(word[1:]) and not is_public(word)


@cache
def _characters_of_given() -> frozenset[str]:
    han = regex.compile(r"\p{Han}{1,2}")
    return frozenset(letter for name in listed(GIVEN) if han.fullmatch(name) for letter in name)
