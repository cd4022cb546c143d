"""Runs command.py."""

import sys

from tests.fuzzing.command import main

sys.exit(main())
