"""The other side of `bench.clones topics`: a BERTopic pipeline, or plain scikit-learn, over texts with labels.

    PYTHON clones_topics.py bertopic|sklearn TEXTS.json WEIGHTS

PYTHON is an environment with `pip install bertopic` (0.17.4 was measured) and torch. Nothing of Shoal is imported. The last line
printed is JSON: the share that is in a topic, AMI over those that are and over all (each rest by itself), and names.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

LEAST = 25
"""The smallest topic, as ours."""


def bertopic(texts: list[str], weights: str) -> tuple[np.ndarray, list[str]]:
    """BERTopic as its documentation begins: embeddings, UMAP, HDBSCAN, c-TF-IDF; the same weights as ours, on the processor."""
    from bertopic import BERTopic
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(weights, device="cpu")
    vectors = encoder.encode(texts, batch_size=64, show_progress_bar=False)
    model = BERTopic(embedding_model=encoder, min_topic_size=LEAST)
    labels, _ = model.fit_transform(texts, vectors)
    info = model.get_topic_info()
    return np.asarray(labels), [str(name) for topic, name in zip(info.Topic, info.Name, strict=True) if topic >= 0]


def sklearn(texts: list[str], _: str) -> tuple[np.ndarray, list[str]]:
    """Words by TF-IDF, their first hundred components, k-means; as many clusters as there are texts for of fifty each, at most
    150."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    words = TfidfVectorizer(stop_words="english", max_features=20_000)
    counted = words.fit_transform(texts)
    space = make_pipeline(TruncatedSVD(100, random_state=7), Normalizer(copy=False)).fit_transform(counted)
    labels = KMeans(min(150, max(2, len(texts) // 50)), n_init=1, random_state=7).fit_predict(space)
    terms = words.get_feature_names_out()
    names = []
    for topic, _size in Counter(labels.tolist()).most_common():
        weight = np.asarray(counted[labels == topic].mean(axis=0)).ravel()
        names.append("_".join(terms[weight.argsort()[::-1][:4]]))
    return labels, names


def main(side: str, file: Path, weights: str) -> None:
    rows = json.loads(file.read_text("utf-8"))
    texts, truth = [row["text"] for row in rows], [row["label"] for row in rows]
    labels, names = {"bertopic": bertopic, "sklearn": sklearn}[side](texts, weights)
    inside = labels >= 0
    alone = np.where(inside, labels, 10**6 + np.arange(len(labels)))
    print(
        json.dumps(
            {
                "topics": len(names),
                "inside": float(inside.mean()),
                "ami": float(adjusted_mutual_info_score(np.array(truth)[inside], labels[inside])),
                "ami_all": float(adjusted_mutual_info_score(truth, alone)),
                "names": names[:6],
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
