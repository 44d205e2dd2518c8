"""Screening by kind: names, documents, places, accounts and secrets go; what only looks like one stays."""

import pytest

from index.core.words import words
from index.screening import mask

_GOES = {
    "English full name": ("could Marcus Thistlewood be fined for this", ["Marcus", "Thistlewood"]),
    "small written after a relation": ("a toast for my friend marcus thistleby please", ["marcus", "thistleby"]),
    "two listed names written small": ("is gregory johansson allowed to do it", ["gregory", "johansson"]),
    "three and more parts": ("carta para mi suegra Lucía Encarnación Robledo Quijano", ["Lucía", "Robledo", "Quijano"]),
    "with a particle": ("um recado ao Joaquim Tavares de Bragança", ["Joaquim", "Tavares", "Bragança"]),
    "Italian title": ("scrivi alla dottoressa Ginevra Bellaqua", ["Ginevra", "Bellaqua"]),
    "Polish, in another case": ("życzenia dla Katarzyny Zawadzkiej", ["Katarzyny", "Zawadzkiej"]),
    "Czech, in another case": ("omluva panu Vojtěchu Hrubešovi", ["Vojtěchu", "Hrubešovi"]),
    "Russian, in another case": ("письмо для Екатерины Сорокиной", ["Екатерины", "Сорокиной"]),
    "Ukrainian, in another case": ("лист Оксані Перебийніс", ["Оксані", "Перебийніс"]),
    "Greek title": ("γράμμα προς τον κ. Στέλιο Παπαδόγγονα", ["Στέλιο", "Παπαδόγγονα"]),
    "Vietnamese": ("viết thư cho Nguyễn Thị Hồng Nhung", ["Nguyễn", "Hồng", "Nhung"]),
    "Chinese": ("帮我给王晓明写一封信", ["王晓明"]),
    "Chinese compound surname": ("请给欧阳思涵写一封信", ["欧阳思涵"]),
    "Japanese": ("佐藤健太郎さんへのお礼状", ["佐藤", "健太郎"]),
    "Korean": ("김민수 과장에게 메일을 써줘", ["김민수"]),
    "Arabic title": ("رسالة إلى الأستاذ عبد الكريم الشهري", ["الكريم", "الشهري"]),
    "Arabic title, a name on no list": ("خطاب شكر للأستاذة ريتاج الغامدي", ["ريتاج", "الغامدي"]),
    "German plate behind a fine": ("Strafzettel am Auto B-XY 1234, was nun", ["XY", "1234"]),
    "a surname in capitals": ("can Gregory WOJTASZEKOVA be fined for that", ["Gregory", "WOJTASZEKOVA"]),
    "Arabic descent": ("تهنئة إلى نورة بنت فهد القحطاني", ["نورة", "القحطاني"]),
    "Persian title": ("نامه برای دکتر فرهاد کاظمی بنویس", ["فرهاد", "کاظمی"]),
    "Hindi": ("राजेश शर्मा को पत्र लिखो", ["राजेश", "शर्मा"]),
    "Thai title": ("เขียนถึงคุณสมศักดิ์ ใจงาม เรื่องงาน", ["สมศักดิ์"]),
    "English, to somebody": ("write a long text to Brandon Wojtasik he lied", ["Brandon", "Wojtasik"]),
    "small written, to somebody": ("a break up letter to dylan kowalczuk please", ["dylan", "kowalczuk"]),
    "introduced, small written": ("my name is renuka deshmukh and i bake", ["renuka", "deshmukh"]),
    "Russian relation": ("стих моему двоюродному брату Ильдару Габдрахманову", ["Ильдару", "Габдрахманову"]),
    "Polish relation": ("życzenia dla mojej szwagierki Bogumiły Pietrzak-Lis", ["Bogumiły", "Pietrzak"]),
    "Turkish relation": ("komşum Sevgi Karabulutoğlu için bir not", ["Sevgi", "Karabulutoğlu"]),
    "Arabic relation": ("رسالة إلى خالتي سعاد المنصوري", ["سعاد", "المنصوري"]),
    "Tamil relation": ("என் தோழி கவிதா செல்வராஜுக்கு ஒரு கடிதம்", ["கவிதா", "செல்வராஜுக்கு"]),
    "Bengali relation": ("আমার শিক্ষক অনির্বাণ মুখোপাধ্যায়কে চিঠি", ["অনির্বাণ", "মুখোপাধ্যায়কে"]),
    "Georgian, in another case": ("წერილი ჩემს უფროსს ნინო ჩხეიძეს", ["ნინო", "ჩხეიძეს"]),
    "Japanese given name in hiragana": ("同僚の小野寺さくらに謝る", ["小野寺", "さくら"]),
    "Chinese relation": ("我同事林佩珊昨天没来", ["林佩珊"]),
    "German storey before the postcode": ("Lieferung an Birkenallee 47a, 3. OG links, 04277 Leipzig", ["47a", "04277"]),
    "account number written small": ("zahl an nl91 abna 0417 1643 00 bitte", ["nl91", "abna"]),
    "initials": ("an essay that K. W. Vandermolen wrote", ["Vandermolen"]),
    "given name that is a flower": ("is it true that Marguerite Pellingworth lies", ["Marguerite", "Pellingworth"]),
    "with a patronymic": ("скарга на лікаря Остапенка Богдана Миколайовича", ["Остапенка", "Богдана"]),
    "Hindi, whom it goes to": ("मेरे मकान मालिक राजेश्वर चतुर्वेदी को पत्र", ["राजेश्वर", "चतुर्वेदी"]),
    "Chinese identity card": ("身份证号11010519491231002X怎么办", ["11010519491231002", "X"]),
    "Italian tax code": ("il codice RSSMRA85T10A562S", ["RSSMRA85T10A562S"]),
    "Mexican CURP": ("mi CURP es GOMC900514HDFRRL09", ["GOMC900514HDFRRL09"]),
    "Indian PAN": ("my pan ABCPE1234F is wrong", ["ABCPE1234F"]),
    "British national insurance": ("NI is AB 12 34 56 C right", ["AB", "56"]),
    "Spanish DNI": ("el 12345678Z caduca", ["12345678Z"]),
    "vehicle": ("decode WVWZZZ1JZXW386752 please", ["WVWZZZ1JZXW386752"]),
    "German plate": ("mein Auto M-XQ 4711 steht da", ["XQ", "4711"]),
    "British plate": ("my car LK19 XFP was hit", ["LK19", "XFP"]),
    "Russian plate": ("моя машина А482МР77 сломалась", ["А482МР77"]),
    "degrees": ("a cabin at 61°12'08.4\"N 7°05'31.2\"E", ["61", "31"]),
    "plus code": ("my house 8FWH4HX8+QR delivery", ["8FWH4HX8"]),
    "British postcode": ("post it to Leeds LS6 2AB", ["LS6", "2AB"]),
    "Canadian postcode": ("near K1A 0B1 in Ottawa", ["0B1"]),
    "French street": ("au 23 bis rue des Tanneurs, 37000 Tours", ["23", "Tanneurs", "37000"]),
    "Polish street": ("na ul. Jarzębinowej 9/14, 61-612 Poznań", ["Jarzębinowej", "14", "612"]),
    "Indian address": ("deliver to Flat 402, Shanti Kunj, Jayanagar, Bengaluru 560041", ["402", "Shanti", "560041"]),
    "Japanese address": ("東京都渋谷区道玄坂2丁目11-1です", ["11"]),
    "Chinese address": ("杭州市西湖区文三路478号3幢", ["478"]),
    "Korean address": ("마포구 월드컵로 123-4", ["123"]),
    "handle with a number": ("add me shadowfox#4821", ["shadowfox", "4821"]),
    "handle behind a service": ("my snapchat is lumi.kettle", ["lumi", "kettle"]),
    "link of a messenger": ("пиши t.me/vasilek_tulskiy", ["vasilek_tulskiy"]),
    "secret of a cloud": ("secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ["wJalrXUtnFEMI"]),
    "password without a verb": ("mein Passwort Sonnenblume!2291 geht nicht", ["Sonnenblume"]),
    "one-time code": ("the code is 739204 they say", ["739204"]),
    "spelled digits": ("call zero seven seven double zero nine one two three", ["seven", "nine"]),
    "spelled address": ("mail h period lind at sign brevlada point se", ["lind", "brevlada"]),
    "day of birth in words": ("she was born on the 3rd of November 2016", ["3rd", "2016"]),
    "booking": ("Booking reference X7KQ2M was cancelled", ["X7KQ2M"]),
    "file number": ("Aktenzeichen 3 F 418/23 beim Gericht", ["418"]),
    "seed phrase": (
        "words: ripple canvas orbit melody tunnel frozen gadget lizard humble victory pepper anchor",
        ["ripple", "gadget", "anchor"],
    ),
    "numbered seed phrase": (
        "1. ripple 2. canvas 3. orbit 4. melody 5. tunnel 6. frozen 7. gadget 8. lizard 9. humble 10. victory 11. pepper",
        ["ripple", "pepper"],
    ),
}


@pytest.mark.parametrize("kind", _GOES)
def test_no_word_of_an_identifier_is_left(kind: str) -> None:
    text, gone = _GOES[kind]
    left = mask(text)
    assert not [word for word in gone if word in left or word.casefold() in set(words(left))]
    assert mask(left) == left


_STAYS = (
    "Does the EU 2030 mandate apply simultaneously with the amended law?",
    "is 12.5 / 31.25 = 0.4 right", "git clone git@gitlab.com:gnome/gimp.git hangs", "ping ::1 works, fe80::2 does not",
    "run 5 tests at a close pace", "Is the Dell XPS better for Lightroom?", "multiply 1,024 by 3 and walk me through",
    "Перескажи «Евгений Онегин»", "诸葛亮和司马懿谁更聪明？", "pin @angular/core@17.3.0 now", "is Earl Grey better than Aston Villa",
    "what happened on 14/07/1789",
    "李子和杨梅哪个维生素C多?", "git revert e83c5163316f89bfbde7d9ab23ca2e25604af290 in main", "友人の結婚式に何を着る?",
    "my boss mark sells cars and my sister may visit", "мой друг хочет купить машину в Нижнем Новгороде", "زوجي يحب الطبخ كثيرا",
    "আমার বন্ধু আমার ভাইকে চেনে", "a note to Grace Hopper about COBOL", "same message from Microsoft Teams again",
    "How do I install Python 3.12.1 on Ubuntu 24.04?", "torch==2.2.1 fails on Windows 11 build 22631.3155",
    "Explain CVE-2021-44228 in Log4j", "Windows update KB5034441 fails with error 0x80070643", "ORA-00942: no such table",
    "Who wrote the book with ISBN 978-3-16-148410-0?", "what do 127.0.0.1 and 192.168.0.1 mean?",
    "parse 2026-08-07T10:00:00Z in JavaScript", "com.example.app crashes", "install @angular/core and @types/node",
    "What does the @property decorator do? And @Override in Java?", "@Autowired vs @Inject vs @Resource in Spring",
    "My friend Python and my boss Microsoft Teams", "Unit 4 test answers on photosynthesis",
    "Dr. Strange and Mr. Darcy meet Dr. Who", "Why did Napoleon Bonaparte invade Russia in 1812?",
    "Sir Isaac Newton and Saint Petersburg paradox", "Which Taylor Swift album came before Folklore?",
    "What is the history of 10 Downing Street?", "What does § 573 Abs. 2 Nr. 2 BGB say?", "Plan a trip from Paris to New York",
    "Is 2147483647 a prime number?", "pi to 20 digits is 3.14159265358979323846", "Will May be warmer than June?",
    "How many days between 01/02/2023 and 15/08/2024?", "Rose Garden, Jordan River, Virginia Beach and Amazon Prime",
    "京都から大阪への行き方を教えてください", "请解释高中数学的导数，谢谢", "Compare iPhone 15 Pro Max with Galaxy S24 Ultra",
    "SELECT name, email FROM users WHERE id = 5 ORDER BY created_at", "Docker Compose and Ruby on Rails with Apache Kafka",
)  # fmt: skip


@pytest.mark.parametrize("text", _STAYS)
def test_what_only_looks_like_an_identifier_stays(text: str) -> None:
    assert mask(text) == text


def test_a_number_with_a_wrong_check_digit_is_no_book() -> None:
    assert "148410" not in mask("ISBN 978-3-16-148410-7 please")


def test_an_identifier_beside_what_stays_goes() -> None:
    assert "5551234567" not in mask("host 127.0.0.1 5551234567")
    assert "jane" not in mask("use @property and jane@mail.corp")
