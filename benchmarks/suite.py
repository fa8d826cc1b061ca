"""All workloads, by name: `GROUPS` names the modules that hold them, `WORKLOADS` is all of them."""

from __future__ import annotations

import more_workloads
import network_workloads
import other_workloads
import sequence_workloads
import workloads

GROUPS = {module.__name__: module for module in (
    workloads, more_workloads, network_workloads, sequence_workloads, other_workloads)}
WORKLOADS = {name: build for module in GROUPS.values() for name, build in module.WORKLOADS.items()}
ONCE = set().union(*(module.ONCE for module in GROUPS.values()))
