/* RUNTIME: events: samples of a container's use, and its out-of-memory kills. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/runtime/runtime.h"

struct watch {
	struct container *c;
	const struct container_events *ev;
	int timer, inotify;
	uint64_t oom_kills; /* already told */
};

static int sample(struct watch *w, struct err *err)
{
	auto_arena a = ARENA_INIT;
	struct cgroup_stats stats = {0};
	int r = cgroup_stats_read(w->c->cgroup_fd, &a, &stats, err);

	return r < 0 ? r : w->ev->stats(w->ev->ctx, w->c->id, &stats, err);
}

static int tell_oom(struct watch *w, struct err *err)
{
	uint64_t now = cgroup_oom_kills(w->c->cgroup_fd);
	int r = 0;

	for (; r >= 0 && w->oom_kills < now; w->oom_kills++)
		r = w->ev->oom(w->ev->ctx, w->c->id, err);
	return r;
}

static int open_watch(struct watch *w, struct err *err)
{
	struct itimerspec every = {0};
	char path[64];

	every.it_interval.tv_sec = w->ev->interval_ms / 1000;
	every.it_interval.tv_nsec = (w->ev->interval_ms % 1000) * 1000000L;
	every.it_value = every.it_interval;
	w->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (w->timer < 0 || timerfd_settime(w->timer, 0, &every, NULL) < 0)
		return err_sys(err, errno, "make a timer");
	w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->inotify < 0)
		return err_sys(err, errno, "make an inotify instance");
	/* memory.events is missing without the memory controller: then there are no OOM events. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d/memory.events", w->c->cgroup_fd);
	if (inotify_add_watch(w->inotify, path, IN_MODIFY) < 0 && errno != ENOENT)
		return err_sys(err, errno, "watch memory.events");
	snprintf(path, sizeof(path), "/proc/self/fd/%d/cgroup.events", w->c->cgroup_fd);
	if (inotify_add_watch(w->inotify, path, IN_MODIFY) < 0)
		return err_sys(err, errno, "watch cgroup.events");
	return 0;
}

static int loop(struct watch *w, struct err *err)
{
	struct pollfd p[3] = {{.fd = w->timer, .events = POLLIN},
			      {.fd = w->inotify, .events = POLLIN},
			      {.fd = w->c->pidfd, .events = POLLIN}};
	int timeout_ms = -1;
	_Alignas(struct inotify_event) char buf[4096];
	uint64_t ticks;
	int r = 0;

	/* Populated is 0 (or the file is gone) when the last process has ended. */
	while (r >= 0 && cgroup_is_populated(w->c->cgroup_fd) > 0) {
		if (poll(p, 3, timeout_ms) < 0 && errno != EINTR)
			return err_sys(err, errno, "wait for events");
		/* A cgroup that is removed right after its last process may never notify us:
		 * once init has ended, ask from time to time. */
		if (p[2].revents) {
			p[2].fd = -1;
			timeout_ms = 200;
		}
		if (p[1].revents && read(w->inotify, buf, sizeof(buf)) > 0)
			r = tell_oom(w, err);
		if (r >= 0 && p[0].revents && read(w->timer, &ticks, sizeof(ticks)) > 0)
			r = sample(w, err);
	}
	return r < 0 ? r : tell_oom(w, err);
}

int container_events(struct container_root *root, const char *id, const struct container_events *ev,
		     struct err *err)
{
	auto_container c = CONTAINER_NONE;
	struct watch w = {.c = &c, .ev = ev, .timer = -1, .inotify = -1};
	int r = container_open(&c, root, id, OPEN_READ, err);

	if (r < 0)
		return r;
	if (c.status == CONTAINER_STOPPED)
		return err_fail(err, ESRCH, "container not running");
	if (c.cgroup_fd < 0)
		return err_fail(err, ENOTSUP, "the container has no cgroup to watch");
	if (ev->once)
		return sample(&w, err);
	w.oom_kills = cgroup_oom_kills(c.cgroup_fd);
	r = open_watch(&w, err);
	if (r == 0)
		r = loop(&w, err);
	close_fd(&w.timer);
	close_fd(&w.inotify);
	return r < 0 ? r : 0;
}
