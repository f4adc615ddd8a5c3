# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/e2e/vm, run, bench and demo have in common."""
