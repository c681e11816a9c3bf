#!/usr/bin/env python3
"""What Authorize costs beside a bare round trip of the bus, with one key and with 100,000. See README.md.

Exits with 1 if a caller waits 1.5 times as long as for nothing, or longer."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "release")
RATIO_MAX = 1.5


def build():
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        subprocess.run(["cmake", "--preset", "release", "-S", ROOT], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "-j2", "--target", "bench_authorize"], check=True, stdout=subprocess.DEVNULL)


def measure(keys, callers, rounds, calls):
    home = tempfile.mkdtemp(prefix="ts-bench-")
    try:
        words = [home, str(keys), str(callers), str(rounds), str(calls)]
        done = subprocess.run([os.path.join(BUILD, "bin", "bench_authorize"), *words], check=True,
                              stdout=subprocess.PIPE, text=True)
    finally:
        shutil.rmtree(home)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=100000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--calls", type=int, default=2000, help="in a round")
    options = parser.parse_args()
    build()
    print("%8s %8s %10s %10s %10s %10s %8s %8s" % ("keys", "callers", "nothing", "one key", "all keys", "first use", "one/", "all/"))
    alone = []
    for keys, callers in ((1, 1), (options.keys, 1), (options.keys, 16)):
        figures = measure(keys, callers, options.rounds, options.calls * (4 if callers > 1 else 1))
        print("%(keys)8d %(callers)8d %(nothing_us)7.1f us %(one_key_us)7.1f us %(all_keys_us)7.1f us %(first_us)7.1f us "
              "%(one_key_ratio)8.3f %(all_keys_ratio)8.3f" % figures, flush=True)
        if callers == 1:
            alone += [figures["one_key_ratio"], figures["all_keys_ratio"]]
    return 0 if max(alone) < RATIO_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
