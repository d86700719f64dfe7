"""What the benchmarks say meanwhile, and where the project is."""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def say(text: str) -> None:
    """Tell whoever watches what goes on."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()
