/* controllers.h - which controllers a container needs, and switching them on (private). */
#ifndef HULL_CGROUP_CONTROLLERS_H
#define HULL_CGROUP_CONTROLLERS_H

#include "cgroups/cgroup.h"

struct cgroup_need {
	const char *controller; /* "memory" */
	const char *field; /* the first field that asks for it: "linux.resources.memory.limit" */
};

/* Refuses what the hierarchy does not offer at all, before anything is made. */
int cgroup_controllers_check(const struct cgroup_host *host, struct arena *a,
			     const struct cgroup_need *needs, size_t n, struct err *err) must_check;
/* Enables controllers in all ancestors of PATH: the needed ones, and on a unified host the others
 * too, as far as the kernel lets us (engines read memory.current of containers without a
 * limit). FRESH: a parent of PATH was just made, so look at all ancestors. */
int cgroup_controllers_enable(const struct cgroup_host *host, struct arena *a, const char *path,
			      bool fresh, const struct cgroup_need *needs, size_t n,
			      struct err *err) must_check;
/* Enables in TOP and in what is between it and PATH, below it, all that TOP has. */
int cgroup_controllers_hand_down(const struct cgroup_host *host, struct arena *a, const char *top,
				 const char *path, struct err *err) must_check;
/* Fills the error for CONTROLLER, which FIELD needs and the hierarchy lacks. Returns -ENOTSUP. */
int cgroup_controller_missing(const struct cgroup_host *host, struct arena *a,
			      const struct cgroup_need *need, struct err *err);

#endif
