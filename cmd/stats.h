/* stats.h - the lines that events prints; runc's schema. */
#ifndef HULL_CMD_STATS_H
#define HULL_CMD_STATS_H

#include "libcontainer/base/arena.h"
#include "libcontainer/base/stats.h"

const char *stats_line(struct arena *a, const char *id, const struct cgroup_stats *stats);
const char *stats_oom_line(struct arena *a, const char *id);

#endif
