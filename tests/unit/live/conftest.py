"""What tests of the live gateway's parts share is found beside this file: test folders are no packages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
