/*
 * throttle.h - a running container is given less time, so that it writes less memory.
 *
 * By a process of its own ("hull-throttle") that freezes and thaws the cgroup in turns: cpu.max
 * needs a controller that hybrid hosts do not have in cgroup v2, and would stay behind if hull was
 * killed. This process has a socket to hull, the cgroup, and the container's lock: when hull ends,
 * however, it thaws the cgroup and ends, and no other command has the lock before.
 *
 * A cgroup that somebody else has frozen is left alone, frozen.
 */
#ifndef HULL_CKPT_THROTTLE_H
#define HULL_CKPT_THROTTLE_H

#include <sys/types.h>

#include "libcontainer/base/err.h"

struct throttle {
	pid_t pid; /* 0: there is none */
	int sock, cgroup_fd;
	unsigned percent; /* of the time that it stands still */
};

/* By so much from now on, up to 99. The first time the process is made; LOCK_FD is a descriptor of
 * the lock that is held. */
int throttle_set(struct throttle *t, int cgroup_fd, int lock_fd, unsigned percent,
		 struct err *err) must_check;
/* It runs all the time from when this returns, until throttle_go_on(). */
int throttle_hold(struct throttle *t, struct err *err) must_check;
/* It stands still from when this returns, until throttle_go_on(): it goes on, too, if hull is
 * killed. */
int throttle_still(struct throttle *t, int cgroup_fd, int lock_fd, struct err *err) must_check;
int throttle_go_on(struct throttle *t, struct err *err) must_check;
/* It runs, and the process is no more. Again and again is fine. */
void throttle_end(struct throttle *t);

#endif
