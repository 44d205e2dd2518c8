"""Crash safety: `python -m bench.crash [TRIALS]` kills ingest and publishing at random moments, two kills a trial.

Prints how many kills fell and after how many of the trials the index was what one whole run would have made. CI runs a
dozen trials (tests/index/test_crash.py); this is for hundreds.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fakes.crash import main

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, Path(folder))
