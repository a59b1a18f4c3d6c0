/* RUNTIME: migrate-receive: the network of the container that arrives. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/migrate.h"
#include "libcontainer/hooks.h"
#include "oci-spec/oci.h"

#define HELPER_MS      10000
#define ON_SWITCH_SECS 60

/* Sent to the helper, with the socket to announce by: frames and the state follow. */
struct briefing {
	uint32_t n_frames, n_state;
};

/* ---- the helper -------------------------------------------------------------------------------
 */

static bool get(int fd, void *to, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, (char *)to + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

/* Like a hook of config.json, by a shell. Why it failed goes to TELL. */
static int on_switch(const struct migrate_need *need, const char *state, int tell)
{
	const char *args[] = {"sh", "-c", need->on_switch, NULL};
	struct oci_hook hook = {
		.path = "/bin/sh", .args = {true, 3, args}, .timeout = {true, ON_SWITCH_SECS}};
	const oci_hook_list list = {true, 1, &hook};
	struct err err;

	setenv("HULL_MIGRATION", need->migration, 1);
	if (hooks_run("--on-switch", &list, state, NULL, -1, NULL, &err) == 0)
		return 0;
	(void)!io_write_all(tell, err.text, strlen(err.text));
	return 1;
}

/* Switches and neighbours forget, and frames get lost. */
static void announce_again(int fd, const struct network_frame *frames, size_t n)
{
	static const long pauses_ms[] = {0, 50, 150, 300, 1000};

	for (size_t i = 0; n && i < ARRAY_SIZE(pauses_ms); i++) {
		const struct timespec pause = {pauses_ms[i] / 1000, pauses_ms[i] % 1000 * 1000000};

		nanosleep(&pause, NULL);
		network_announce(fd, frames, n);
	}
}

static int help(const struct migrate_need *need, int fd)
{
	auto_free struct network_frame *frames = NULL;
	auto_free char *state = NULL;
	auto_fd int announcer = -1;
	struct briefing b;
	char go;

	if (sock_recv(fd, &b, sizeof(b), &announcer) != sizeof(b))
		return 0;
	frames = calloc(b.n_frames + 1, sizeof(*frames));
	state = calloc(b.n_state + 1, 1);
	/* The end of file before the word: nothing came of it. */
	if (!frames || !state || !get(fd, frames, b.n_frames * sizeof(*frames)) ||
	    !get(fd, state, b.n_state) || !get(fd, &go, 1))
		return 0;
	/* Of the two only the command is waited for. */
	if (!given(need->on_switch) || proc_clone(0, -1, NULL) == 0) {
		close(fd);
		announce_again(announcer, frames, b.n_frames);
		return 0;
	}
	return on_switch(need, state, fd);
}

int network_target_begin(struct network_target *x, const struct migrate_need *need,
			 const int *close_fds, size_t n, struct err *err)
{
	int pair[2];

	x->need = need;
	if (!need->network && !given(need->on_switch))
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "make a socket");
	x->helper = proc_clone(0, -1, NULL);
	if (x->helper == 0) {
		for (size_t i = 0; i < n; i++)
			close(close_fds[i]);
		close(pair[0]);
		_exit(help(need, pair[1]));
	}
	x->helper_fd = pair[0];
	close(pair[1]);
	if (x->helper < 0)
		return err_sys(err, -x->helper, "start the process that tells neighbours");
	return 0;
}

static int brief(struct network_target *x, const char *state, struct err *err)
{
	const struct briefing b = {(uint32_t)x->n_frames, (uint32_t)strlen(state)};
	int r = sock_send_all(x->helper_fd, &b, sizeof(b), x->announcer, HELPER_MS);

	if (r == 0 && x->n_frames)
		r = sock_send_all(x->helper_fd, x->frames, x->n_frames * sizeof(*x->frames), -1,
				  HELPER_MS);
	if (r == 0 && b.n_state)
		r = sock_send_all(x->helper_fd, state, b.n_state, -1, HELPER_MS);
	return r < 0 ? err_sys(err, -r, "brief the process that tells neighbours") : 0;
}

/* ---- the container's namespace ------------------------------------------------------------------
 */

static int read_description(struct network_target *x, struct arena *a, int images_fd,
			    struct err *err)
{
	int r = oci_decode_file(a, &network_type, images_fd, NETWORK_FILE, &x->network, err);

	if (r == 0)
		r = network_check(&x->network, err);
	return r < 0 ? err_wrap(err, "the network that the source describes") : 0;
}

/* In there. */
static int fill(struct network_target *x, struct err *err)
{
	struct network_place *p = &x->place;
	int r = rtnl_open(&p->inside, err);

	if (r == 0)
		r = network_cut_init(&x->cut, true, err);
	if (r == 0)
		r = network_apply(p, &x->network, err);
	if (r == 0)
		r = network_announcements(p->arena, &p->inside, &x->network, &x->frames,
					  &x->n_frames, err);
	if (r == 0) {
		x->announcer = network_announcer(err);
		r = x->announcer < 0 ? x->announcer : 0;
	}
	return r;
}

/* By the target's config.json, which may be another one than the source's. */
static bool is_hosts(int host_ns)
{
	struct stat host, here;

	return fstat(host_ns, &host) < 0 || stat("/proc/self/ns/net", &here) < 0 ||
	       (host.st_ino == here.st_ino && host.st_dev == here.st_dev);
}

static int enter_and_fill(struct network_target *x, pid_t pid, struct err *err)
{
	struct network_place *p = &x->place;
	struct err late;
	int own, r = rtnl_open(&p->host, err);

	if (r < 0)
		return r;
	own = network_enter(pid, err);
	if (own < 0)
		return own;
	p->host_ns = fcntl(own, F_DUPFD_CLOEXEC, 3);
	if (p->host_ns < 0)
		r = err_sys(err, errno, "copy a descriptor");
	else if (is_hosts(own))
		r = err_fail(err, EINVAL, "the container's network is the host's own here");
	else
		r = fill(x, err);
	if (network_leave(own, &late) < 0) {
		*err = late;
		return -late.code;
	}
	return r;
}

int network_target_apply(struct network_target *x, struct arena *a, int images_fd, pid_t pid,
			 const char *state, struct err *err)
{
	int r = 0;

	x->inside = pid;
	x->place.arena = a;
	x->place.bridge = given(x->need->bridge) ? x->need->bridge : NULL;
	x->place.cut = &x->cut;
	if (x->need->network)
		r = read_description(x, a, images_fd, err);
	if (r == 0 && x->need->network)
		r = enter_and_fill(x, pid, err);
	if (r == 0 && x->helper > 0)
		r = brief(x, state, err);
	x->there = r == 0;
	return r;
}

void network_target_switch(struct network_target *x)
{
	struct err err;

	if (!x->there)
		return;
	if (network_plug(&x->place, &err) < 0)
		log_later("migrate: %s", err.text);
	network_cut_set(&x->cut, false);
	if (x->announcer >= 0)
		network_announce(x->announcer, x->frames, x->n_frames);
	if (x->helper > 0)
		(void)!sock_send(x->helper_fd, "!", 1, -1);
}

/* ---- after it runs ------------------------------------------------------------------------------
 */

/* Links that were there let all pass now; without the program they are as they were. */
static void uncut(struct network_target *x)
{
	struct err err;
	int own;

	if (!x->there || !x->network.links.n)
		return;
	own = network_enter(x->inside, &err);
	for (size_t i = 0; own >= 0 && i < x->network.links.n; i++)
		(void)network_uncut(x->network.links.v[i].index);
	if (own >= 0 && network_leave(own, &err) < 0)
		log_later("migrate: %s", err.text);
}

void network_target_finish(struct network_target *x, int said)
{
	char why[1024];
	size_t len = 0;
	ssize_t n;

	uncut(x);
	if (x->helper > 0 && given(x->need->on_switch)) {
		while (len < sizeof(why) &&
		       (n = read(x->helper_fd, why + len, sizeof(why) - len)) > 0)
			len += (size_t)n;
		(void)proc_wait(x->helper);
	}
	if (len && said >= 0)
		dprintf(said, "hull: %.*s\n", (int)len, why);
	x->helper = 0;
}

void network_target_done(struct network_target *x)
{
	network_target_close(x);
	if (x->helper > 0)
		(void)proc_wait(x->helper);
	x->helper = 0;
}

void network_target_close(struct network_target *x)
{
	close_fd(&x->helper_fd);
	rtnl_close(&x->place.inside);
	rtnl_close(&x->place.host);
	close_fd(&x->place.host_ns);
	close_fd(&x->announcer);
	network_cut_done(&x->cut);
}
