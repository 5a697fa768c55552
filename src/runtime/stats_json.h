/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics as JSON, for events and stats (pure). */
#pragma once

#include "base/str.h"
#include "cgroup/cgroup.h"
#include "resctrl/resctrl.h"

/* The "data" object of an event, in one line. */
void stats_json(const struct cgroup_stat *v, const struct resctrl_stat *rdt, struct str *s);
