"""The privacy score against labelled texts: it must agree on most, and never call an identified person nobody."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.privacy.score import privacy_score, shares

# (label, text), on the scale of Clio's auditor (G.8). Whoever wrote the rules wrote these, so that agreement here is a
# floor against regressions; texts that the rules never saw are measured in bench/screening.py.
_LABELLED = [
    (1, "My name is Harriet Osgood and I need a cover letter"),
    (1, "write to jane.doe@example.com about the invoice"),
    (1, "John Peterson's phone number was leaked, what can he do"),
    (1, "the user asks for a letter to Dr. Alistair Penhallow"),
    (1, "Draft a reference for Maria Gonzalez, who worked for me"),
    (1, "card 4111 1111 1111 1111 was declined"),
    (1, "send it to 221 Baker Street, London"),
    (1, "my ssn is 078-05-1120, is that safe"),
    (1, "Marcus Lindqvist lives in the flat above and is always drunk"),
    (1, "Ich heiße Friederike Ahlbrecht und suche Arbeit"),
    (1, "Die Rede ist für Thomas Waldhausen"),
    (1, "Je m'appelle Clémentine Vauquelin"),
    (1, "le contrat signé par Philippe Rivoire"),
    (1, "Me llamo Eustaquio Villarreal"),
    (1, "el correo de Carmen Montenegro, resumido"),
    (1, "Меня зовут Евдокия Завьялова"),
    (1, "договор подписал Сергей Корабельников"),
    (1, "田中太郎さんへのメールを書いて"),
    (1, "我叫欧阳慕白，想写一份简历"),
    (1, "اكتب رسالة إلى محمد القيرواني"),
    (1, "राहुल शर्मा के लिए पत्र लिखो"),
    (1, "email; marketing; maria gonzalez; budget"),
    (1, "Conversation with Giulia Ferretti about her divorce"),
    (2, "strategy of Quillfeather Bakery Ltd for next year"),
    (2, "a complaint about Northfield Middle School"),
    (2, "the parents' council of St. Brigid Elementary"),
    (2, "I live in the village of Castle Yarrow"),
    (2, "die Klasse an der Grundschule Am Lindenhof"),
    (2, "reclamo al Colegio San Ildefonso"),
    (2, "le règlement du Lycée Montesquieu"),
    (2, "жалоба на больницу № 7"),
    (2, "株式会社緑川製作所の就業規則"),
    (2, "invoice template; hartwell gmbh; accounting"),
    (
        2,
        "I'm 34, I work as a nurse in Lowecroft, my husband was arrested, and I was diagnosed with epilepsy",
    ),
    (3, "I am a 34 year old nurse and my son has autism"),
    (3, "My wife is pregnant and I was fired from my job in Leipzig"),
    (3, "Ich bin 52 Jahre alt, meine Frau hat Krebs, wir wohnen in Bremen"),
    (3, "Tengo 45 años, soy profesora y mi hijo tiene diabetes"),
    (4, "what to see in Lisbon with two days"),
    (4, "the battle of 1453 and what followed"),
    (4, "I am a teacher and my daughter hates maths"),
    (4, "compare the novels about Heathcliff"),
    (4, "travel planning for Kyoto"),
    (5, "how do I merge two pandas dataframes on a key"),
    (5, "The user wants help with severe suicidal thoughts"),
    (5, "summary; marketing; python; budget"),
    (5, "writing and debugging code"),
    (5, "non-consensual role-play between adults"),
    (5, "a recipe for 4 people with 250 g of flour"),
    (5, "schreibe mir ein Gedicht über den Herbst und die Blätter"),
    (5, "wie kündige ich meinen Vertrag"),
    (5, "une lettre de motivation pour un stage"),
    (5, "una receta de tortilla sin cebolla"),
    (5, "как выучить английский"),
    (5, "敬語でメールを書いて"),
    (5, "帮我写一首诗"),
    (5, "اكتب قصيدة عن البحر"),
    (5, "एक कविता लिखो"),
    (5, "Explain machine learning to a child"),
    (5, "depression and how to cope with it"),
    (5, "che cosa cucinava mia nonna"),
    (5, "Résumé de texte et traduction"),
    (5, ""),
]


@pytest.mark.parametrize(("label", "text"), _LABELLED)
def test_a_labelled_text_is_on_its_side_of_the_line(label: int, text: str) -> None:
    """1 and 2 identify; 3 is the least the paper accepts."""
    assert (privacy_score(text) <= 2) == (label <= 2)


def test_scores_agree_with_labels() -> None:
    exact = sum(privacy_score(text) == label for label, text in _LABELLED)
    near = sum(abs(privacy_score(text) - label) <= 1 for label, text in _LABELLED)
    assert exact >= 0.9 * len(_LABELLED)
    assert near >= 0.98 * len(_LABELLED)


@pytest.mark.parametrize(
    "text",
    [
        "@property\ndef total(self): return 1",
        "the log says 2024-05-01 12:30:11 and 01/02/2023",
        "New York and San Francisco compared",
        "use Machine Learning in Google Cloud",
    ],
)
def test_dates_decorators_and_places_identify_nobody(text: str) -> None:
    assert privacy_score(text) >= 4


def test_shares_add_up_and_are_empty_for_no_texts() -> None:
    assert shares([]) == {}
    found = shares(["how to bake", "my name is Jane Doe", "trip to Lisbon", "poem"])
    assert found == {1: 25.0, 2: 0.0, 3: 0.0, 4: 25.0, 5: 50.0}


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=300))
def test_any_text_has_a_score(text: str) -> None:
    assert privacy_score(text) in range(1, 6)
    assert privacy_score(text) == privacy_score(text)


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "Aa ",
            "A. de ",
            "Aa-",
            "aa aa;",
            "my son A",
            "in A",
            "St ",
            "村の",
            "as a aa ",
            "1 ",
            "université de ",
            "Aa & ",
        ),
        *("AAA ", "م م ", "王", "村", "김민수", "12 jan ", "@a\n", "is an aa aa nurse ", "a" * 50 + " "),
    ],
)
def test_a_hostile_text_is_scored_in_time(unit: str) -> None:
    privacy_score("warm 1.2.3.4")
    started = time.perf_counter()
    privacy_score((unit * 2_000)[:2_000])
    assert time.perf_counter() - started < 1


def test_a_conversation_is_scored_in_milliseconds() -> None:
    text = ("Please write a polite answer to the landlord about the broken heating in the kitchen, 3 weeks now. " * 21)[
        :2_000
    ]
    privacy_score(text)
    started = time.perf_counter()
    for _ in range(20):
        privacy_score(text)
    assert (time.perf_counter() - started) / 20 < 0.01
