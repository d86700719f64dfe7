"""Progress messages of the benchmarks, and the project's folder."""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def print_progress(text: str) -> None:
    """Print a progress message."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()
