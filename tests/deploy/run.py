#!/usr/bin/env python3
"""Runs test_manifests (deploy/: built, validated, held against one another) or the module that is named. Exit code 77 if there was
nothing but skips."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "system")]

if __name__ == "__main__":
    module = sys.argv.pop(1) if len(sys.argv) > 1 and sys.argv[1].startswith("test_") else "test_manifests"
    program = unittest.main(module=module, argv=[sys.argv[0], "-v"] + sys.argv[1:], exit=False)
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if len(program.result.skipped) == program.result.testsRun else 0)
