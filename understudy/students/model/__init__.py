"""A student: its family, weights, tokens and the machine it runs on."""

import os

WAIT_VARIABLES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
"""What the user may have set about threads that wait for the others."""

# By default they spin, which beside any other process makes training several times slower. The
# libraries read it when they are loaded, and nothing of ours loads them before this package.
if not os.environ.keys() & set(WAIT_VARIABLES):
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
