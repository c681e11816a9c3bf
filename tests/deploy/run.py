#!/usr/bin/env python3
"""Manifests of deploy/: built, validated and held against one another. Exit code 77 if there was nothing but skips."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "system")]

if __name__ == "__main__":
    program = unittest.main(module="test_manifests", argv=[sys.argv[0], "-v"] + sys.argv[1:], exit=False)
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if len(program.result.skipped) == program.result.testsRun else 0)
