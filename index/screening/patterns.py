"""Patterns of ours: secrets, contact data, addresses, numbers, and names that introduce themselves.

Every pattern must be linear on hostile text, because a text is whatever somebody sent, and only those are
searched that the text can hold (`sieve`), because screening reads every conversation. A pattern says what a kind of identifier looks like in
several languages; it must not guess at names or places that only look capitalised, because what it takes is lost to
the summary.
"""

from collections.abc import Iterator

import regex

from index.core.once import once
from index.screening import cued
from index.screening.look import Look, Span
from index.screening.rule import Rule
from index.screening.sieve import Held

_NAME = r"\p{Lu}[\p{L}\p{M}.'’-]*"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|okt|dez|ene|abr|avr|juil)"
_FLOOR = r"(?:[\s,]+\d{1,2}\.?\s?(?i:OG|EG|DG|UG|HH|VH|Stock(?:werk)?|Etage|floor|piso|étage|piano)(?:\s(?:links|rechts|mitte|Mitte))?|[\s,]+\d{1,2}\s?[ºª°]\s?(?:izq\p{L}*|der\p{L}*|ctr?o?\p{L}*|\p{Lu}|\d))"
"""A storey between a street and its postcode."""
_WITH_POSTCODE = (
    rf"(?-i:{_FLOOR}?(?:[\s,>]+(?:{_NAME}|\([\p{{L}} ]{{2,30}}\))){{0,5}}[\s,>]+(?:\p{{Lu}}{{2}}[ -])?\d{{4,6}}\b)"
)
_TO_POSTCODE = f"{_WITH_POSTCODE}?"
"""Town and country behind a street, taken only when a postcode ends them: a town alone is what a trip is about."""

_TOWN = rf"(?-i:,[ \t]+{_NAME}(?:[ \t]{_NAME}){{0,2}})?"

_STREET = (
    r"street|st|road|rd|avenue|ave|lane|ln|drive|dr|court|ct|way|boulevard|blvd|square|sq|terrace|place|pl|close|"
    r"crescent|cres|row|rise|mews|walk|passage|parade|quay|steps|grove|gardens|hill|highway|hwy|parkway|pkwy|circle|"
    r"alley|broadway|str"
)
_IN_SENTENCES = r"(?:an?|the|and|in|on|by|with|for|from|at|is|are|my|your|this|that|per|each|or|than|as|into|every)"
"""Words that join a sentence and are in no street's name: "3 functions in a row" is no address."""
_STREET_FIRST = (
    *("rue", "avenue", "boulevard", "allée", "chemin", "impasse", "quai", "calle", "avenida", "paseo", "plaza"),
    *("carrera", "via", "viale", "corso", "piazza", "vicolo", "largo", "rua", "travessa", "praça", "rodovia"),
    *("ul.", "ulica", "ulice", "aleja", "улица", "ул.", "проспект", "переулок", "οδός", "jalan", "jl."),
)
_FIRST = "|".join(map(regex.escape, _STREET_FIRST))
_STREET_END = (
    r"straße|strasse|str\.|gasse|platz|weg|allee|ufer|damm|straat|laan|plein|gracht|dijk|gata|gatan|gate|gaten|gade|"
    r"vej|veien|vegen|vägen|stræti|straeti|braut|katu|tie|kuja|polku|utca|u\.|út|útja|tér|caddesi|sokak|sokağı|bulvarı|"
    r"cad\.|sok\."
)
_SITE = (
    r"com|org|net|edu|gov|mil|int|info|biz|name|pro|app|dev|io|ai|me|tv|online|site|blog|shop|store|tech|xyz|club|cloud|"
    r"page|website|space|wiki|live|news|media|agency|studio|email|chat|link|click|top|icu|world|today|life|example|test|"
    r"invalid|local|internal|onion|рф|"
    r"a[cdefgilmoqrtuwxz]|b[abdefghijmnorstvwyz]|c[acdfghiklmnoruvwxyz]|d[ejkmoz]|e[cegstu]|f[ijkmor]|"
    r"g[abdefghilmnpqrstuwy]|h[kmnrtu]|i[delmnoqrst]|j[emop]|k[eghimnprwyz]|l[abcikrstuvy]|m[acdeghklmnopqrstuvwxyz]|"
    r"n[acefgilopruz]|om|p[aefghklmnrstwy]|qa|r[eosuw]|s[abcdeghiklmnorstuvxyz]|t[cdfghjklmnortvwz]|"
    r"u[agksyz]|v[aceginu]|w[fs]|y[et]|z[amw]"
)
_FILE_OR_TOOL = (
    r"\w+\.(?:py|md|rs|sh|ps|cc|pl|ml|mk|so|ai|st)(?![\w./-])|(?:asp|ado|vb|ml)\.net\b|(?:socket|draw)\.io\b"
)
"""Names of files and of tools that look like a site of two parts; with a path or a third part they are sites."""

_SECRET_WORDS = (
    *("password", "passwd", "passphrase", "pwd", "passwort", "kennwort", "contraseña", "mot de passe", "senha"),
    *("пароль", "secret", "token", "api key", "api-key", "api_key", "apikey"),
)
_INTRODUCTIONS = (
    *("my name is", "my full name is", "my first name is", "my last name is", "my real name is", "my name's"),
    *("i am called", "i'm called", "i’m called", "me llamo", "mi nombre es", "je m'appelle", "je m’appelle"),
    *("je me nomme", "mon nom est", "ich heiße", "ich heisse", "mein name ist", "mi chiamo", "il mio nome è"),
    *("meu nome é", "me chamo", "chamo-me", "ik heet", "mijn naam is", "jag heter", "jeg heter", "jeg hedder"),
    *("nazywam się", "mam na imię", "jmenuji se", "меня зовут", "моё имя", "мое имя", "benim adım", "adım"),
)
RELATION = (
    r"wife|husband|partner|son|daughter|kid|child|baby|friend|boss|manager|colleague|coworker|mother|mom|mum|father|dad|"
    r"brother|sister|neighbou?r|ex|girlfriend|boyfriend|uncle|aunt|cousin|grandmother|grandfather|teacher|doctor|"
    r"therapist|landlord|patient|client|student|roommate|fiancée?|frau|mann|sohn|tochter|chef|chefin|mutter|vater|bruder|"
    r"schwester|nachbar|freundin|mujer|marido|esposo|esposa|hijo|hija|jefe|madre|padre|hermano|hermana|vecino|femme|mari|"
    r"fils|fille|patron|mère|père|frère|sœur|soeur|voisin|moglie|marito|figlio|figlia|fratello|sorella|filho|filha|irmão|"
    r"irmã|vizinho|kollegin|kollege|collega|collègue|colega|муж|жена|сын|дочь|начальник|мама|папа|брат|сестра|сосед|"
    r"соседка|коллега|коллегу"
)
"""Who somebody is to the writer, in several languages."""
_FAREWELLS = (
    *("sincerely", "regards", "yours", "yours truly", "yours faithfully", "cheers", "gruß", "gruss", "grüße", "grüßen"),
    *("saludos", "cordialement", "atenciosamente", "cordiali saluti"),
)
_NO_ADDRESSEE = (
    r"(?i:sir|madam|customer|client|team|hiring|all|friends?|recruit|colleague|parents?|students?|valued|editor|user|"
    r"diary|santa|god|lord|future)\p{L}*"
)


def _any(words: tuple[str, ...]) -> str:
    return "|".join(map(regex.escape, sorted(words, key=len, reverse=True)))


_RULES = [
    # Secrets: keys and tokens by a known prefix, private keys, stated passwords, long runs of letters and digits.
    Rule(
        r"\b(?:[spr]k[-_]|gh[pousr]_|github_pat_|xox[abeprs]-|AKIA|ASIA|AIza|ya29\.|glpat-|hf_|npm_|pypi-|dop_v1_|SG\.|"
        r"eyJ)[-_A-Za-z0-9.+/=]{12,}",
    ),
    Rule(r"-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)"),
    Rule(
        rf"(?i:\b(?:{_any(_SECRET_WORDS)})[\"']?\s{{0,3}}(?:[:=]|\b(?:is|ist|es|est|é)\b)\s{{0,3}}[\"'`]?)"
        r"(?=\S{0,60}[\d!$%&*#@^~?])[^\s\"'`]{4,}",
    ),
    Rule(
        rf"(?i:\b(?:{_any(_SECRET_WORDS[:10])}))\s(?:lautet:?\s)?(?=\S{{0,40}}\d)(?=\S{{0,40}}\p{{L}})(?=\S{{0,40}}[\p{{Lu}}!$%&*#@^~?])[^\s\"'`]{{6,}}",
    ),
    Rule(r"\b(?=[A-Za-z0-9_-]{20})(?=[A-Za-z0-9_-]*\d)(?=[A-Za-z0-9_-]*[A-Za-z])[A-Za-z0-9_-]{20,}\b"),
    # E-mail (any host: a company's machine has no public suffix), handles, and how people write both to hide them.
    Rule(r"[\w.!#$%&'*+/=?^`{|}~-]{1,256}@(?:[\w-]{1,63}\.){0,8}[\w-]{1,63}"),
    Rule(r"(?<!\w)@[\w.]{2,}"),
    Rule(
        r"(?i:(?:[\w.+-]{1,64}\s?[(\[{<]\s?(?:dot|underscore|dash|minus)\s?[)\]}>]\s?){0,3}[\w.+-]{1,64}\s?[(\[{<]\s?at\s?[)\]}>]\s?[\w-]+(?:\s?(?:\.|[(\[{<]\s?dot\s?[)\]}>]|\bdot\b)\s?[\w-]+)*)",
    ),
    Rule(
        r"(?i:\b[\w.+-]{1,64}(?:\s+(?:dot|period|point|punkt|punto|ponto|underscore|dash|точка)\s+[\w-]{1,63}){0,3}"
        r"\s+(?:at|at\s+sign|ät|arobase|arroba|chiocciola|собака)\s+[\w-]{1,63}(?:\s+(?:dot|period|point|punkt|punto|ponto|точка)\s+[\w-]{1,63}){1,4})",
    ),
    # Web addresses: with a scheme, with www, or a bare host under a suffix that is in use.
    Rule(r"(?<![A-Za-z])[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s<>\"']+"),
    Rule(r"(?i:\bwww\d{0,3}\.[^\s<>\"']+)"),
    Rule(
        rf"(?<![\w@.-])(?=[\w-]{{1,63}}\.[\w-])(?!{_FILE_OR_TOOL})(?:[\w-]{{1,63}}\.){{1,8}}(?:{_SITE}|{_SITE.upper()})(?![\w-])(?:[:/?#][^\s<>\"']*)?",
    ),
    # Numbers: any run of seven or more digits however it is grouped (telephones, cards, social security, accounts),
    # and identifiers of letters and digits together (passports, licences, policies, plates).
    Rule(r"(?<!\d)(?:\+?\d[\s().·_/-]{0,3}){7,}(?!\d)"),
    Rule(r"\b\p{Lu}{1,3}-?\d{5,12}\p{Lu}?\b"),
    Rule(
        r"(?i:\b(?:zip|post(?:al)?|plz|cap|cep|código postal|code postal)(?:[\s-]?code)?(?:\s+is)?\s{0,3}[:#]?\s{1,3})"
        r"(?=[\p{Lu}\d -]{0,4}\d)[\p{Lu}\d]{2,6}(?:[ -][\p{Lu}\d]{2,4})?\b",
    ),
    # Addresses: number and street, street and number, boxes and flats; each with what follows up to a postcode.
    Rule(
        rf"(?i)(?:\b\d{{3,5}}\s+)?\b\d{{1,5}}[a-z]?,?\s+(?:(?!{_IN_SENTENCES}\s)[\p{{L}}.'’-]+\s+){{1,4}}(?:{_STREET})\b\.?"
        rf"(?!\s+(?:of|to|from|in)\b)(?:{_WITH_POSTCODE}|{_TOWN})",
    ),
    Rule(
        # Behind a word for an address a number and names are one, whatever the street is called.
        rf"(?i:\b(?:address|adresse|anschrift|dirección|direccion|domicilio|indirizzo|endereço|адрес|lives? at|located at))"
        rf"(?:\s(?:is|ist|es|est|è|é))?[\s:]{{1,3}}\d{{1,5}}[a-z]?,?\s+{_NAME}(?:\s{_NAME}){{0,3}}(?:{_WITH_POSTCODE}|{_TOWN})",
    ),
    Rule(
        rf"(?i)(?:\b\d{{1,5}}[,\s]+){{0,3}}\b(?:{_FIRST})\s+(?:[\p{{L}}.'’-]+,?\s+){{0,4}}(?:n[º°.]?\s*|д\.\s*|дом\s*)?\d{{1,4}}(?:/\d{{1,4}})?\b"
        rf"(?:,?\s*(?:\d{{1,2}}\s?[ºª°]\s?\p{{L}}{{0,9}}|(?:m|lok|кв|корп|стр|под|эт)\.?\s*\d{{1,4}}|\d{{2}}-\d{{3}}))*(?:,?\s*\d{{5}}\b)?{_TO_POSTCODE}",
    ),
    Rule(
        rf"(?:\b\d{{1,5}}(?:\s?(?:bis|ter))?,?\s+){{1,2}}(?i:{_FIRST})\s+(?:[\p{{L}}'’]+\s+){{0,3}}{_NAME}{_TO_POSTCODE}",
    ),
    Rule(
        rf"(?i)(?:\b\d{{3,6}}\s+)?(?:\b[\p{{L}}.'’-]{{3,30}}\s)?\b[\p{{L}}.'’-]{{0,30}}(?:{_STREET_END})\s+\d{{1,4}}[a-z]?\b{_TO_POSTCODE}",
    ),
    Rule(
        # A postcode or number, a street of any language, a house number: "28245 Puruntie 82", "971 Kesk 53".
        rf"\b(?!(?:19|20)\d\d\s)\d{{3,6}}\s+(?!(?i:{_MONTH}))(?:(?:{_NAME}|de|do|da|dos|la|van|von|am|an)\s+){{0,3}}\p{{Lu}}[\p{{L}}\p{{M}}.'’-]{{2,}}\s+\d{{1,4}}\.?(?![\d:%]){_TO_POSTCODE}",
    ),
    Rule(
        r"(?i:\b(?:p\.?\s?o\.?\s?box|postbox|postfach|apartado|psc|apt|apartment|piso|suite(?=\.?\s*#?\s*\d{2})|"
        r"unit(?=\s*#?\s*(?:\d{4}|\d{1,4}[a-z]?,?\s*box|\d{1,3}[a-z]\b|\d{1,4}[a-z]?,))|flat(?=\s*#?\s*(?:\d{1,4}[a-z]\b|\d{1,4}[a-z]?,))|"
        r"(?<=[\d,]\s{0,2}\p{L}{0,20}[,.]?\s{1,2})(?:suite|unit|flat))\.?\s*#?\s*\d{1,5}[a-z]?\b"
        rf"(?:,?\s*box\s+\d+)?(?:\s+(?:[adf]po)\s+[a-z]{{2}}(?:\s+\d{{5}})?)?){_TO_POSTCODE}",
    ),
    # Names that introduce themselves, stand behind a title, in a form, in a greeting or under a letter. The first word
    # behind an introduction is a name in whatever case; more of the name only where it is capitalised, so that "my
    # name is jane and i want to learn python" keeps what it is about.
    Rule(
        rf"(?i:\b(?:{_any(_INTRODUCTIONS)}))\s+(?i:[\p{{L}}\p{{M}}'’-]+)"
        rf"(?:\s+(?:(?:de|da|do|van|von|der|den|bin|al|la|di)\s+)?{_NAME}){{0,3}}",
    ),
    Rule(
        r"(?:名前は|我叫|名字(?:是|叫))(?![他她它你])[\p{Han}\p{Hiragana}\p{Katakana}ー·・]{2,8}?(?=です|と|の|的|[\s、。，,.!！]|$)|"
        r"我叫(?![他她它你])\p{Han}{2,3}|이름은\s*\p{Hangul}{2,4}|नाम\s+[\p{L}\p{M}]+(?:\s+[\p{L}\p{M}]+)?(?=\s+है)|"
        r"اسمي\s+[\p{L}\p{M}]+(?:\s+[\p{L}\p{M}]+)?",
    ),
    Rule(
        r"\p{Han}{1,6}(?<![客皆神王奥各母父姉兄娘婆爺嫁婿孫者屋様])(?:様|さん|氏)|\p{Hangul}{3}(?<![날글솜저가말맘])\s?씨",
    ),
    Rule(
        rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Rev|Herrn?|Frau|Señora?|Señorita|Sra?|Srta|Dra|Monsieur|Madame|Mme|Mlle|Sig|"
        rf"Signora?|Dott|Senhora?|Fru|Pan|Pani)\.?\s+{_NAME}(?:[ \t]+{_NAME}){{0,2}}",
    ),
    Rule(
        rf"(?<!\p{{L}})(?:M\.|[Ss]eñor(?:a|ita)?|[Dd]oña|[Mm]adame|[Mm]onsieur|[Ss]ignora?|[Ss]enhora?|[Dd]ottor(?:e|essa)?|"
        rf"[Pp]rofessor(?:e|essa)|[Aa]vvocato|[Dd]octora|[Pp]rofesora?|[Dd]outora?|[Pp]rofessora|[Dd]octeure?|[Pp]an(?:a|u|em|ią|i|í)|"
        rf"[Κκ]\.|[Κκ]ύρι\p{{L}}+|[Κκ]υρί\p{{L}}+)[ \t]+{_NAME}(?:[ \t]+{_NAME}){{0,2}}",
    ),
    Rule(
        # "my neighbour Jane Doe". In German, where every noun is capitalised, only two words in a row are a name.
        rf"(?<!\p{{L}})(?:(?i:my|mi|mon|ma|mio|mia|meu|minha|мо[йя]|мою|моего|моей)\s(?:ex-)?(?i:{RELATION}),?\s(?:named\s|called\s)?"
        rf"{_NAME}(?:\s{_NAME}){{0,2}}|(?i:meine?r?)\s(?i:{RELATION})\s{_NAME}(?:\s{_NAME}){{1,2}})",
    ),
    Rule(
        rf"(?i:\b(?:(?:full|first|last|sur|given|family|nach|vor)[ -]?)?(?:name|nombre|nome|nom|имя)\s?:\s{{0,3}})"
        rf"{_NAME}(?:[ \t]+{_NAME}){{0,3}}",
    ),
    Rule(
        rf"\b(?:Dear|Lieber?|Cher|Chère|Querid[oa]|Estimad[oa]|Car[oa]|Prezad[oa])[ \t]+(?!{_NO_ADDRESSEE}){_NAME}"
        rf"(?:[ \t]+{_NAME}){{0,2}}(?=\s*[,:!\n])",
    ),
    Rule(
        rf"(?i:\b(?:{_any(_FAREWELLS)}))\s*,?\s+{_NAME}(?:[ \t]+{_NAME}){{0,2}}\s*(?=$|[\n.,])",
    ),
]  # fmt: skip

RULES = [*_RULES, *cued.RULES]

_PATIENCE_S = 2
"""A pattern that does not get through a text in this time ends with TimeoutError, and the text is not read at all."""


@once
def _rules() -> dict["regex.Pattern[str]", "regex.Pattern[str] | None"]:
    """Every rule's pattern with that of the words beside it."""
    return {
        regex.compile(rule.pattern): regex.compile(f"(?i:{_any(rule.words)})") if rule.words else None for rule in RULES
    }


def sought() -> list["regex.Pattern[str]"]:
    """What the sieve is to look for."""
    return [*_rules(), *filter(None, _rules().values())]


def spans(look: Look, held: Held) -> Iterator[Span]:
    """Where a pattern finds something, in any order, overlapping."""
    rules = _rules()
    for pattern in held & rules.keys():
        words = rules[pattern]
        if words is None or words in held:
            for match in pattern.finditer(look.text, timeout=_PATIENCE_S):
                yield match.span()
