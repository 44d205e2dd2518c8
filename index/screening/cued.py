"""Patterns of ours: numbers of documents and vehicles, places on a map, accounts on other services, and spoken secrets.

The forms are those that the issuing office publishes. Where a form alone is too common (plates, handles), a word beside it
must say what it is. The rules for patterns in `index.screening.patterns` hold here too.
"""

from index.screening.rule import Rule

_VEHICLE = (
    *(
        "plate",
        "licence",
        "license",
        "registration",
        "kennzeichen",
        "nummernschild",
        "auto",
        "immatricul",
        "plaque",
        "voiture",
    ),
    *(
        "matrícula",
        "matricula",
        "coche",
        "targa",
        "macchina",
        "placa",
        "carro",
        "kenteken",
        "nummerplade",
        "regskylt",
        "rejestrac",
    ),
    *(
        "номер",
        "госномер",
        "plaka",
        "машин",
        "авто",
        "my car",
        "my van",
        "my truck",
        "my bike",
        "vehicle",
        "parking",
        "speeding",
        "challan",
        "dvla",
        "knöllchen",
        "strafzettel",
        "bußgeld",
        "une amende",
        "l'amende",
        "una multa",
        "la multa",
        "een boete",
        "fahrzeug",
        "wagen",
        "véhicule",
    ),
)
_SERVICES = (
    *(
        "discord",
        "instagram",
        "insta",
        "telegram",
        "snapchat",
        "snap",
        "tiktok",
        "twitter",
        "whatsapp",
        "wechat",
        "weixin",
    ),
    *(
        "skype",
        "signal",
        "reddit",
        "twitch",
        "steam",
        "kik",
        "line id",
        "gamertag",
        "psn",
        "xbox live",
        "username",
        "user name",
    ),
    *(
        "handle",
        "nickname",
        "benutzername",
        "usuario",
        "pseudo",
        "nom d'utilisateur",
        "facebook",
        "linkedin",
        "github",
        "venmo",
    ),
    *(
        "cash app",
        "cashtag",
        "微信",
        "ник",
        "логин",
        "nome utente",
        "gebruikersnaam",
        "onlyfans",
        "mastodon",
        "threads",
        "kakao",
    ),
)
_NOT_HANDLES = (
    r"(?i:account|accounts|api|app|apps|bot|bots|server|servers|channel|channels|post|posts|video|videos|story|stories|reel|reels|"
    r"username|handle|password|login|marketing|ads?|page|profile|followers?|message|messages|group|groups|user|users|feed|is|was|"
    r"the|and|or|for|to|on|in|my|your|a|an|me|it|this|that|with|not|from|how|what|und|oder|ist|nicht|para|pour|est|es|el|la|le)\b"
)
_DIGIT_WORDS = (
    "zero oh double triple hundred one two three four five six seven eight nine null eins zwei drei vier fünf sechs sieben acht neun "
    "cero uno dos tres cuatro cinco seis siete ocho nueve zéro un deux trois quatre cinq sept huit neuf due tre quattro cinque "
    "sei sette otto nove um dois três quatro oito ноль один два три четыре пять шесть семь восемь девять nul een twee drie vijf "
    "zes zeven negen sıfır bir iki üç dört beş altı yedi sekiz dokuz"
)
_WORD_OF_DIGIT = f"(?:{'|'.join(sorted(set(_DIGIT_WORDS.split()), key=len, reverse=True))})"
_CHINESE_DIGITS = "零〇一二三四五六七八九幺两"
_DEGREES = r"\d{1,3}\s?[°º]\s?\d{1,2}\s?['’′]\s?(?:\d{1,2}(?:[.,]\d+)?\s?(?:\"|''|”|″))?\s?[NSEWOnsewo]\b"

RULES = [
    # Numbers of persons and documents, by the form that their country gives them.
    Rule(r"(?i:\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b)"),  # Italy
    Rule(r"(?i:\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d\b)"),  # Mexico, CURP
    Rule(r"(?i:\b[A-ZÑ&]{3,4}\d{6}[A-Z\d]{3}\b)", words=("rfc",)),  # Mexico, RFC
    Rule(r"\b[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]\b"),  # India, PAN
    Rule(r"(?i:\b(?:QQ|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])(?:\s?\d{2}){3}\s?[A-D]\b)"),  # Britain
    Rule(r"(?i:\b(?:[XYZ][ -]?\d{7}|\d{8})[ -]?[A-HJ-NP-TV-Z]\b)"),  # Spain
    Rule(r"\b[12]\s?\d{2}\s?(?:0\d|1[0-2])\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}(?:\s?\d{2})?\b"),  # Corsica
    Rule(r"\b[A-Z]{1,2}\d{6}\s?\([\dA]\)"),  # Hong Kong
    Rule(r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])"),  # China
    Rule(r"(?i:\b[STFGM]\d{7}[A-Z]\b)"),  # Singapore
    Rule(r"\b(?=\d*[A-Z])[A-HJ-NPR-Z\d]{13}\d{4}\b"),  # vehicles: VIN
    Rule(r"(?i:\bsort\scode:?\s?)\d{2}[- ]?\d{2}[- ]?\d{2}\b"),
    Rule(r"(?i:\b(?:exp(?:iry|ires|iration)?\.?(?:\sdate)?:?\s?))\d{2}\s?/\s?\d{2,4}\b"),
    Rule(
        r"(?i:\b(?:booking|reservation|confirmation|order|tracking|ticket|case|claim|record|invoice|customer)\s(?:reference|ref|number|no|code|locator|id|#)\.?"
        r"\s?(?:is|:|#)?\s{0,2})(?=[\p{Lu}\d:-]*\d)[\p{Lu}\d][\p{Lu}\d:-]*(?:cv|cr|mc|mj)?-?[\p{Lu}\d-]{4,18}\b",
    ),
    Rule(r"(?i:\b(?:aktenzeichen|az\.?|geschäftszeichen):?\s)\d{1,3}\s?\p{L}{1,3}\s\d{1,5}/\d{2}\b"),
    Rule(
        r"(?i:\b(?:born|dob|d\.o\.b\.?|date of birth|birthday|geboren|geburtsdatum|née?|nacid[oa]|fecha de nacimiento|nat[oa]|nascid[oa]|родил\p{L}*|urodzon\p{L}*)\b)"
        r"(?:[\s:]{1,2}\p{L}{1,4}){0,3}[\s:]{1,2}(?:\d{1,2}(?i:st|nd|rd|th|\.|er)?(?:\s(?:of|de|di))?\s\p{L}{3,12}\.?,?\s(?:de\s)?|\p{L}{3,12}\.?\s\d{1,2}(?i:st|nd|rd|th)?,?\s)(?:19[2-9]\d|20[0-2]\d)\b",
    ),
    Rule(
        # Behind a word for sending, whatever ends with a postcode is an address.
        r"(?i:\b(?:deliver(?:ed|y)?|ship(?:ped)?|send|sent|mail|post|courier|parcel|liefern?|envía\p{L}*|livr\p{L}+|spedi\p{L}*)\s(?:\p{L}+\s)?(?:to|an|a|à|nach):?\s)"
        r"[^.!?\n]{3,120}?,\s?[^.!?,\n]{0,40}\b\d{5,6}\b",
    ),
    Rule(r"\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z]\s?\d[ABCEGHJ-NPRSTV-Z]\d\b"),  # Canadian postcode
    Rule(r"\b\d{2}-\d{3}\s\p{Lu}\p{Ll}+"),  # Polish postcode with its town
    Rule(
        r"(?i:\b(?:passport|passeport|pasaporte|passaporto|reisepass|pass(?:port)?-?nr|паспорт|personalausweis|ausweis|dni|nie|cni|"
        r"driving licen[cs]e|driver'?s licen[cs]e|führerschein|permis|patente|mrn|policy|police|member(?:ship)? (?:id|number)|"
        r"patient (?:id|number)|student (?:id|number)|employee (?:id|number)|matrikelnummer|versichertennummer|case number|aktenzeichen|"
        r"(?:booking|reservation|order|tracking|visa)(?=\s(?:no|num|nr|id|code|ref|#)|\s?[:#])|pnr|nino|national insurance|nhs|ssn|tax id|steuer-?id|insee|nir|cpf|cnpj|rg|nif|nss|"
        r"pesel|bsn|cnp|egn|oib|amka|tckn|iqama|emirates id|aadhaar|pan|curp|rut|cedula|cédula)"
        r"(?:\s(?:no\.?|number|nr\.?|num\.?|id|code|card))?\s{0,2}(?:is|ist|es|est|è|é|:|#|=|nº|n°)?\s{0,2})(?=[\p{Lu}\d/.-]*\d[\p{Lu}\d/.-]*\d)[\p{Lu}\d][\p{Lu}\d/.-]{4,18}\b",
    ),
    # Plates, behind a word for a vehicle.
    Rule(
        r"\b(?!(?:USB|COVID|ISO|RFC|CVE|GPT|MP|HTTP|BMW|VW|CX|GT|EV)\b)(?:[A-ZÄÖÜА-Я]{1,3}[ -][A-Z]{1,2} ?\d{1,4}[EH]?|[A-Z]{2}[- ]?\d{3}[- ]?[A-Z]{2}|[A-Z]{2}\d{2} ?[A-Z]{3}|"
        r"\d{4}[ -]?[B-DF-HJ-NP-TV-Z]{3}|[A-Z]{3}[ -]?\d[A-Z]\d{2}|[A-Z]{3}[ -]\d{3,4}|\d[A-Z]{3}\d{3}|\d{2}[- ]?[A-Z]{2,3}[- ]?\d{2,3}|[A-Z]{1,2}[- ]?\d{3}[- ]?[A-Z]{1,2}|"
        r"[АВЕКМНОРСТУХ]\s?\d{3}\s?[АВЕКМНОРСТУХ]{2}\s?\d{2,3}|[A-Z]{2} ?\d{1,2} ?[A-Z]{1,2} ?\d{4}|[A-Z]{2} ?\d{4,5}[A-Z]?)(?![\w-])",
        words=_VEHICLE,
    ),
    # Places on a map.
    Rule(rf"{_DEGREES}(?:[\s,;/]{{1,3}}{_DEGREES})?"),
    Rule(r"(?i:(?<![\w+])(?:[23456789CFGHJMPQRVWX]{4}){1,2}\+[23456789CFGHJMPQRVWX]{2,3}\b)"),
    Rule(r"///\p{L}+\.\p{L}+\.\p{L}+"),  # what3words
    Rule(r"(?<![\d.])[+-]?\d{1,2}\.\d{3,}\s?°?\s?[NSns]?[,;\s]{1,3}[+-]?\d{1,3}\.\d{3,}\s?°?\s?[EWOewo]?"),
    Rule(r"(?i:\b[A-Z]{1,2}\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2}\b)"),  # British postcode
    # Addresses in scripts of East Asia: town and street with numbers.
    Rule(r"(?:〒\s?)?(?:\p{Han}{2,3}[都道府県])?\p{Han}{1,6}[市区町村郡]\p{Han}{0,6}[\p{Han}\p{Hiragana}\p{Katakana}ー]{0,8}(?:\d{1,4}|[一二三四五六七八九十]{1,3})(?:丁目|番地?|号|-|の)(?:\d{1,4}(?:番地?|号|-|の)?){0,3}"),
    Rule(r"(?:\p{Han}{2,8}[省市区县區縣])?\p{Han}{2,6}(?:路|街|道|巷|弄|里)\p{Han}{0,3}\d{1,5}[号號](?:\p{Han}{0,6}\d{1,4}[楼樓栋棟室单元層层号號]){0,4}"),
    Rule(r"(?:\p{Hangul}+(?:시|도|군|구)\s)*\p{Hangul}{1,10}(?:로|길)\s?\d{1,4}(?:-\d{1,4})?(?:번?길\s?\d{1,4})?(?:,?\s?\d{1,4}(?:동|호|층)){0,3}"),
    # Accounts on other services.
    Rule(r"(?<![\w#/&])\w[\w.]{1,31}#\d{4}(?!\w)"),
    Rule(
        rf"(?:(?i:(?:{'|'.join(_SERVICES)})(?:\s(?:id|name|handle|username|account|is|ist|est|es|user|tag|at|as|号|me)){{0,3}})\s{{0,2}}[:=：]\s{{0,2}}|"
        rf"(?i:\b(?:my|mein|mi|mon|meu|mio|mijn|мой)\s(?:{'|'.join(_SERVICES)})(?:\s(?:id|name|handle|username|account|user|tag))?\s(?:is|ist|est|es|é|è|=)\s))"
        rf"(?!{_NOT_HANDLES})@?[\w][\w.-]{{2,31}}",
    ),
    Rule(
        rf"(?i:\b(?:add|follow|dm|message|msg|find|text|hit)\s(?:me|us)\s(?:up\s)?(?:on\s(?:{'|'.join(_SERVICES)})\s)?(?:at|@|as|under|:)\s?)(?!{_NOT_HANDLES})@?[\w][\w.-]{{2,31}}",
    ),
    Rule(
        rf"(?i:\b(?:add|follow|dm|message|msg)\s(?:me|us)\s)(?=[\w.-]*[\d_.])(?!{_NOT_HANDLES})@?[\w][\w.-]{{3,31}}(?=\s+on\s)",
    ),
    Rule(r"(?i:\bt\.me/|\bwa\.me/|\bu/|\br/u_)[\w-]{3,32}"),
    Rule(r"(?<![\w$])\$[A-Za-z][A-Za-z\d_]{2,20}(?=\s|$|[.,!?])", words=("cash app", "cashapp", "cashtag", "venmo")),
    # Secrets: long runs of base 64, keys with another prefix, recovery codes.
    Rule(r"(?<![\w/+=.-])(?=[A-Za-z\d/+]*\d)(?=[A-Za-z\d/+]*[a-z])(?=[A-Za-z\d/+]*[A-Z])[A-Za-z\d/+]{28,}={0,2}(?![\w/])"),
    Rule(
        r"(?i:\b(?=\w{2,9}[-_])(?:tok|key|sk|pk|rk|sec|secret|whsec|pat|shpat|shpss|sq0[a-z]{3}|access|auth|bot|live|test|prod|token|EAA|lin_api|ntn|figd|"
        r"phc|phx|r8|nvapi|gsk|xai|pplx|sbp|dckr_pat|glsa|atlasv1|vercel|fly|FlyV1)[-_](?=[\w-]*\d)[\w-]{8,})",
    ),
    Rule(r"\b(?:[A-Z\d]{4,6}-){3,}[A-Z\d]{4,6}\b"),  # licence and recovery keys
    Rule(r"(?i:\b(?<!(?:error|status|exit|http|response|country|area|dress|colou?r)\s)(?:pin|otp|cvv|cvc|code(?=\s(?:is|:))|verification code|security code|code de vérification|bestätigungscode|código de verificación|tan)\s?(?:is|ist|es|est|:|=)?\s?)\d{3,8}\b"),
    # Numbers that are spelled out, digit by digit.
    Rule(rf"(?i:\b(?:{_WORD_OF_DIGIT}[\s,.-]{{1,3}}){{6,}}{_WORD_OF_DIGIT}\b)"),
    Rule(rf"[{_CHINESE_DIGITS}]{{7,}}"),
]  # fmt: skip
