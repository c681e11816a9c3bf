#!/usr/bin/env python3
"""The compose project on a real engine. Exit code 77 if there is none and none can be started."""

import os
import shutil
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "system")]

if __name__ == "__main__":
    missing = [p for p in ("docker", "dockerd", "docker-compose", "debootstrap") if shutil.which(p) is None]
    if missing or os.geteuid() != 0:
        print("skipped: containers need root and " + (", ".join(missing) or "root"))
        sys.exit(77)
    program = unittest.main(module="test_compose", argv=[sys.argv[0], "-v"] + sys.argv[1:], exit=False)
    sys.exit(0 if program.result.wasSuccessful() else 1)
