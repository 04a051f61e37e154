"""``python -m leukosim.cli``."""

import sys

from leukosim.cli import main

sys.exit(main())
