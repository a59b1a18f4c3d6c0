/*
 * create.h - a container in the making: what create.c and run.c share.
 */
#ifndef HULL_CREATE_H
#define HULL_CREATE_H

#include "libcontainer/init/init.h"
#include "libcontainer/runtime/runtime.h"

struct creation {
	const struct container_create_opts *opts;
	struct container_root *root;
	bool run; /* hull run: started by this same process */
	struct arena arena;
	struct oci_spec spec;
	struct container c; /* becomes the container, step by step */
	struct plan plan;
	int sync[2];    /* ours, init's */
	int listen_fd;  /* start.sock, for init */
	int console_fd; /* borrowed from console; -1 without a terminal */
	int notify_fd;
	struct console console;
	struct spawn spawn;
	struct init_args init;
	bool hooks_began;
	size_t done; /* steps */
};

/* All steps up to a created container; on failure everything is undone. */
int creation_run(struct creation *k, struct err *err) must_check;
/* Undoes a container that could be created but not started. */
void creation_undo(struct creation *k);
void creation_done(struct creation *k);

/* START over CHANNEL, end of file, poststart hooks. A failing hook destroys the container. */
int start_and_poststart(struct container *c, int channel, struct err *err) must_check;

#endif
