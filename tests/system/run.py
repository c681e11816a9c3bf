#!/usr/bin/env python3
"""Runs test modules by name, e.g. `run.py test_bad_input`; all of them without a name.

Exit code 77 if there was nothing but skips: CTest then shows the test as skipped."""

import os
import sys
import unittest


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, here)
    loader = unittest.TestLoader()
    tests = loader.loadTestsFromNames(sys.argv[1:]) if len(sys.argv) > 1 else loader.discover(here)
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(tests)
    if not result.wasSuccessful():
        return 1
    return 77 if result.skipped and len(result.skipped) >= result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
