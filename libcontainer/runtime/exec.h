/*
 * exec.h - a process that joins a container, in the making.
 */
#ifndef HULL_EXEC_H
#define HULL_EXEC_H

#include "libcontainer/init/init.h"
#include "libcontainer/runtime/runtime.h"

struct execution {
	const struct container_exec_opts *opts;
	struct container_root *root;
	struct container c;
	struct arena arena;
	struct oci_process spec;
	struct plan_process plan;
	int sync[2];
	int label_proc_fd;
	int cgroup_fd; /* where the process starts; -1 */
	struct console console;
	struct spawn spawn;
	struct shield shield;
	struct init_exec_args init;
};

/* exec_process.c: from the state, the options or a file to a process; from that to its plan. */
int exec_load_process(struct execution *x, struct err *err) must_check;
int exec_build_plan(struct execution *x, struct err *err) must_check;

#endif
