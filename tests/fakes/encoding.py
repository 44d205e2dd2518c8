"""Many threads that encode at once in a process that has not encoded before: `python -m tests.fakes.encoding CACHE`.

The short switch interval makes the threads meet inside the first call more often than they would by themselves.
"""

import sys
import threading
from pathlib import Path

from index.embedding.encoder import CompiledEncoder

THREADS = 16


def main(cache: Path) -> None:
    sys.setswitchinterval(1e-5)
    encoder = CompiledEncoder(cache)
    together = threading.Barrier(THREADS)
    shapes: list[tuple[int, ...]] = []

    def encode(number: int) -> None:
        together.wait()
        shapes.append(encoder.encode([f"text {number} {place}" for place in range(3)]).shape)

    threads = [threading.Thread(target=encode, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(f"{len(shapes)} {set(shapes)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
