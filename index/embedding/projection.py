"""Makes `projection.npy`, the last step of the default encoder: `python -m index.embedding.projection`.

The directions are the principal components of both encoders' vectors over the public vocabulary. They are English requests,
so what tells languages apart has no direction of its own and mostly goes. Another projection makes another space: give the encoder another
name then, so that older indexes say which one they need.
"""

import numpy as np

from index.embedding.encoder import PROJECTION
from index.vocabulary import vocabulary

DIMENSIONS = 384


def main() -> None:
    from index.embedding.combined import combined

    texts = [text for request in vocabulary().requests for text in (request.label, *request.phrasings)]
    found = combined(projected=False).encode(texts, normalize_embeddings=False, show_progress_bar=False)
    centred = found - found.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    np.save(PROJECTION, axes[:DIMENSIONS].T.astype(np.float16))
    kept = float((sizes[:DIMENSIONS] ** 2).sum() / (sizes**2).sum())
    print(f"{len(texts):,} texts, {DIMENSIONS} of {found.shape[1]} dimensions hold {kept:.1%} of the variance")


if __name__ == "__main__":
    main()
