"""``python -m leukosim``."""

import sys

from leukosim.cli import main

sys.exit(main())
