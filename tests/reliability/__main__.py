"""Runs kill.py."""

import sys

from tests.reliability.kill import main

sys.exit(main())
