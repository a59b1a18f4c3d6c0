/* RUNTIME: CRIU's protocol: its program as a child, requests, notifications, errors. */
#include "libcontainer/checkpoint/criu_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/cancel.h"

#define CANCEL_MS    200
#define MAX_REPLY    65536
#define LOG_LEVEL    4 /* what runc and crun ask for: people send these logs to CRIU's authors */
#define LOG_WARNINGS 2 /* a dump of 1 GiB writes 18000 lines less: 20 ms */
#define HINT_INSTALL "install CRIU 4.2 or newer, or name it by --criu"

/* ---- the program ---------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

int criu_find(struct arena *a, const char *wanted, const char **ret, struct err *err)
{
	const char *path = getenv("PATH"), *name = given(wanted) ? wanted : "criu";
	int r;

	if (strchr(name, '/')) {
		*ret = name;
		if (is_program(name))
			return 0;
		r = err_sys(err, errno, "execute CRIU, '%s'", name);
		err_hint(err, HINT_INSTALL);
		return r;
	}
	/* Engines call some commands with an empty environment. */
	for (path = given(path) ? path : "/usr/sbin:/usr/bin:/sbin:/bin"; *path;) {
		size_t n = strcspn(path, ":");

		if (n) {
			*ret = arena_printf(a, "%.*s/%s", (int)n, path, name);
			if (is_program(*ret))
				return 0;
		}
		path += n + (path[n] == ':');
	}
	r = err_fail(err, ENOENT, "there is no program '%s' in PATH", name);
	err_hint(err, HINT_INSTALL);
	return r;
}

/* In the child. */
static void execute(const struct criu_start *s, int sock)
{
	char number[16];
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (s->prepare)
		s->prepare(s->ctx);
	proc_reset_signals();
	if (s->deaf)
		cancel_ignore();
	snprintf(number, sizeof(number), "%d", sock);
	if (null < 0 || proc_cloexec_from(3) < 0 || fcntl(sock, F_SETFD, 0) < 0)
		_exit(126);
	/* What it has to say is in its log and its answers; users and engines read ours here. */
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			_exit(126);
	for (size_t i = 0; i < s->n_keep; i++)
		if (fcntl(s->keep[i], F_SETFD, 0) < 0)
			_exit(126);
	execl(s->path, s->path, "swrk", number, (char *)NULL);
	_exit(127);
}

/* ---- packets -------------------------------------------------------------------------------- */

static int send_request(struct criu *c, const CriuRequest *request, struct err *err)
{
	size_t len = criu_request__get_packed_size(request);
	auto_free uint8_t *buf = malloc(len);
	int r;

	if (!buf)
		return err_sys(err, ENOMEM, "ask CRIU");
	criu_request__pack(request, buf);
	r = sock_send(c->sock, buf, len, -1);
	return r < 0 ? err_sys(err, -r, "ask CRIU") : 0;
}

void criu_free_response(CriuResponse **p)
{
	if (*p)
		criu_response__free_unpacked(*p, NULL);
}

/* CRIU's end without an answer: whether it could be executed, or was killed. */
static int explain_end(struct criu *c, struct err *err)
{
	int status = proc_wait(c->pid);

	c->pid = 0;
	if (status == 127)
		return err_fail(err, ENOENT, "CRIU, '%s', could not be executed", c->path);
	return err_fail(err, EPIPE, "CRIU, '%s', ended without an answer, with exit status %d",
			c->path, status);
}

static int receive(struct criu *c, CriuResponse **ret, int *ret_fd, struct err *err)
{
	auto_free uint8_t *buf = malloc(MAX_REPLY);
	ssize_t n;

	if (!buf)
		return err_sys(err, ENOMEM, "hear CRIU");
	/* Its helpers have the socket, too, and wait for it when it was killed. */
	if (!sock_await(c->sock, c->pidfd))
		return explain_end(c, err);
	n = sock_recv(c->sock, buf, MAX_REPLY, ret_fd);
	if (n == 0 || n == -ECONNRESET)
		return explain_end(c, err);
	if (n < 0)
		return err_sys(err, (int)-n, "hear CRIU");
	*ret = criu_response__unpack(NULL, (size_t)n, buf);
	return *ret ? 0 : err_fail(err, EPROTO, "'%s' does not speak CRIU's protocol", c->path);
}

int criu_ask(struct criu *c, CriuRequest *request, CriuResponse **ret, struct err *err)
{
	int r;

	request->has_keep_open = request->keep_open = true;
	r = send_request(c, request, err);
	if (r == -EPIPE) {
		err_clear(err);
		return explain_end(c, err);
	}
	if (r == 0)
		r = receive(c, ret, NULL, err);
	if (r == 0 && (*ret)->type != request->type)
		return err_fail(err, EPROTO, "CRIU, '%s', gave an answer of type %d", c->path,
				(int)(*ret)->type);
	return r;
}

static int ask(struct criu *c, CriuType type, CriuFeatures *features, CriuResponse **ret,
	       struct err *err)
{
	CriuRequest request = CRIU_REQUEST__INIT;
	int r;

	request.type = type;
	request.features = features;
	r = criu_ask(c, &request, ret, err);
	if (r == 0 && !(*ret)->success)
		return err_fail(err, EPROTO, "CRIU, '%s', refused a question (%d)", c->path,
				(int)type);
	return r;
}

/* ---- what it is and can do --------------------------------------------------------------------
 */

static bool linux_has_6_16(void)
{
	struct utsname u;
	unsigned major = 0, minor = 0;

	return uname(&u) == 0 && sscanf(u.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 16));
}

int criu_check(struct criu *c, struct err *err)
{
	auto_response *answer = NULL;
	int r = ask(c, CRIU_TYPE__VERSION, NULL, &answer, err), oldest = CRIU_OLDEST;

	if (r < 0)
		return r;
	if (!answer->version)
		return err_fail(err, EPROTO, "CRIU, '%s', does not say its version", c->path);
	c->version = CRIU_VERSION(answer->version->major_number, answer->version->minor_number,
				  answer->version->sublevel);
	log_debug("criu: '%s' is version %d", c->path, c->version);
	if (linux_has_6_16())
		oldest = CRIU_FOR_LINUX_6_16;
	if (c->version >= oldest)
		return 0;
	r = err_fail(err, ENOTSUP, "CRIU, '%s', is version %d.%d: this kernel needs %d.%d or newer",
		     c->path, answer->version->major_number, answer->version->minor_number,
		     oldest / 10000, oldest / 100 % 100);
	err_hint(err, HINT_INSTALL);
	return r;
}

int criu_spawn(struct criu *c, const struct criu_start *start, struct err *err)
{
	int pair[2];

	*c = (struct criu){.sock = -1, .pidfd = -1, .path = start->path};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "make a socket pair");
	c->sock = pair[0];
	c->pid = proc_clone(0, start->cgroup_fd, &c->pidfd);
	if (c->pid == 0)
		execute(start, pair[1]);
	close(pair[1]);
	if (c->pid < 0) {
		int code = -c->pid;

		c->pid = 0;
		return err_sys(err, code, "start CRIU");
	}
	return 0;
}

int criu_open(struct criu *c, const char *path, int cgroup_fd, const int *keep, size_t n_keep,
	      struct err *err)
{
	struct criu_start start = {
		.path = path,
		.cgroup_fd = cgroup_fd,
		.keep = keep,
		.n_keep = n_keep,
	};
	int r = criu_spawn(c, &start, err);

	return r < 0 ? r : criu_check(c, err);
}

void criu_close(struct criu *c)
{
	close_fd(&c->sock); /* it ends when nobody asks any more */
	if (c->pid > 0)
		(void)proc_wait(c->pid);
	close_fd(&c->pidfd);
	c->pid = 0;
}

int criu_features(struct criu *c, struct criu_features *ret, struct err *err)
{
	CriuFeatures wanted = CRIU_FEATURES__INIT;
	auto_response *answer = NULL;
	int r;

	wanted.has_mem_track = wanted.has_lazy_pages = true;
	wanted.mem_track = wanted.lazy_pages = true;
	r = ask(c, CRIU_TYPE__FEATURE_CHECK, &wanted, &answer, err);
	if (r < 0)
		return r;
	ret->mem_track = answer->features && answer->features->mem_track;
	ret->lazy_pages = answer->features && answer->features->lazy_pages;
	return 0;
}

/* ---- a dump or restore -------------------------------------------------------------------------
 */

/* The lists of a request, as protobuf-c wants them: arrays of pointers. */
struct lists {
	struct arena arena;
	CriuPageServer ps;
	CriuCgroupRoot cg_root, *cg_roots[1];
};

static CriuMount **mounts(struct arena *a, const struct criu_pair *p, size_t n)
{
	CriuMount **ret = arena_array(a, CriuMount *, n + 1);

	for (size_t i = 0; i < n; i++) {
		ret[i] = arena_new(a, CriuMount);
		criu_mount__init(ret[i]);
		ret[i]->key = (char *)(uintptr_t)p[i].key;
		ret[i]->val = (char *)(uintptr_t)p[i].val;
	}
	return ret;
}

static CriuInherit **inherits(struct arena *a, const struct criu_inherit *p, size_t n)
{
	CriuInherit **ret = arena_array(a, CriuInherit *, n + 1);

	for (size_t i = 0; i < n; i++) {
		ret[i] = arena_new(a, CriuInherit);
		criu_inherit__init(ret[i]);
		ret[i]->key = (char *)(uintptr_t)p[i].key;
		ret[i]->fd = p[i].fd;
	}
	return ret;
}

static CriuJoin **joins(struct arena *a, const struct criu_pair *p, size_t n)
{
	CriuJoin **ret = arena_array(a, CriuJoin *, n + 1);

	for (size_t i = 0; i < n; i++) {
		ret[i] = arena_new(a, CriuJoin);
		criu_join__init(ret[i]);
		ret[i]->ns = (char *)(uintptr_t)p[i].key;
		ret[i]->ns_file = (char *)(uintptr_t)p[i].val;
	}
	return ret;
}

static void fill_lists(CriuOptions *o, const struct criu_request *q, struct lists *l)
{
	o->ext_mnt = mounts(&l->arena, q->ext_mnt, q->n_ext_mnt);
	o->n_ext_mnt = q->n_ext_mnt;
	o->external = (char **)(uintptr_t)q->external;
	o->n_external = q->n_external;
	o->inherit_fd = inherits(&l->arena, q->inherit, q->n_inherit);
	o->n_inherit_fd = q->n_inherit;
	o->join_ns = joins(&l->arena, q->join_ns, q->n_join_ns);
	o->n_join_ns = q->n_join_ns;
	if (q->cg_root) {
		criu_cgroup_root__init(&l->cg_root);
		l->cg_root.path = (char *)(uintptr_t)q->cg_root;
		l->cg_roots[0] = &l->cg_root;
		o->cg_root = l->cg_roots;
		o->n_cg_root = 1;
	}
	if (q->ps_address || q->ps_fd >= 0) {
		criu_page_server__init(&l->ps);
		l->ps.address = (char *)(uintptr_t)q->ps_address;
		l->ps.has_port = q->ps_address != NULL;
		l->ps.port = q->ps_port;
		l->ps.has_fd = q->ps_fd >= 0;
		l->ps.fd = q->ps_fd;
		o->ps = &l->ps;
	}
}

static const CriuType types[] = {
	[CRIU_DUMP] = CRIU_TYPE__DUMP,
	[CRIU_PRE_DUMP] = CRIU_TYPE__SINGLE_PRE_DUMP,
	[CRIU_RESTORE] = CRIU_TYPE__RESTORE,
};

#define FLAG(name) (o->has_##name = true, o->name = q->name)
#define TEXT(name) (o->name = (char *)(uintptr_t)q->name)

static void fill_options(CriuOptions *o, const struct criu_request *q)
{
	o->images_dir_fd = q->images_dir ? -1 : q->images_fd;
	TEXT(images_dir);
	o->has_work_dir_fd = true;
	o->work_dir_fd = q->work_fd;
	o->has_log_level = true;
	o->log_level = q->few_words && !log_debug_enabled() ? LOG_WARNINGS : LOG_LEVEL;
	o->has_notify_scripts = o->notify_scripts = true;
	o->has_manage_cgroups = o->manage_cgroups = true;
	o->has_manage_cgroups_mode = true;
	o->manage_cgroups_mode = (CriuCgroups)q->cgroups_mode;
	o->has_network_lock = true;
	o->network_lock = q->network_lock ? CRIU_NETWORK_LOCK__NFTABLES : CRIU_NETWORK_LOCK__SKIP;
	o->has_pid = q->pid > 0;
	o->pid = q->pid;
	o->has_empty_ns = q->empty_ns != 0;
	o->empty_ns = q->empty_ns;
	o->has_ghost_limit = q->ghost_limit != 0;
	o->ghost_limit = q->ghost_limit;
	o->has_status_fd = q->status_fd >= 0;
	o->status_fd = q->status_fd;
	o->has_rst_sibling = o->rst_sibling = q->what == CRIU_RESTORE;
	FLAG(leave_running);
	FLAG(ext_unix_sk);
	FLAG(tcp_established);
	FLAG(tcp_close);
	FLAG(tcp_skip_in_flight);
	FLAG(shell_job);
	FLAG(file_locks);
	FLAG(link_remap);
	FLAG(lazy_pages);
	FLAG(auto_dedup);
	FLAG(track_mem);
	FLAG(orphan_pts_master);
	FLAG(evasive_devices);
	TEXT(log_file);
	TEXT(root);
	TEXT(parent_img);
	TEXT(config_file);
	TEXT(freeze_cgroup);
	TEXT(lsm_profile);
	TEXT(lsm_mount_context);
}

static int answer_notify(struct criu *c, const CriuResponse *told, int fd, criu_notify *notify,
			 void *ctx, struct err *why)
{
	CriuRequest reply = CRIU_REQUEST__INIT;
	CriuOptions more = CRIU_OPTIONS__INIT;
	struct criu_event event = {.name = "", .fd = fd};
	struct err err; /* what succeeds may leave something in it */

	err_clear(&err);
	if (told->notify && told->notify->script)
		event.name = told->notify->script;
	if (told->notify && told->notify->has_pid)
		event.pid = told->notify->pid;
	log_debug("criu: %s", event.name);
	reply.type = CRIU_TYPE__NOTIFY;
	reply.has_notify_success = true;
	/* One refusal is for all that follows: a lazy dump goes on after the first. */
	if (!why->code && notify(ctx, &event, &err) < 0)
		*why = err;
	reply.notify_success = !why->code;
	if (event.n_external) {
		more.external = (char **)(uintptr_t)event.external;
		more.n_external = event.n_external;
		reply.opts = &more;
	}
	return send_request(c, &reply, &err);
}

static bool is_serving(const CriuResponse *told)
{
	return told->notify && told->notify->script && streq(told->notify->script, "status-ready");
}

/* All is dumped, and CRIU gives pages to who asks for them, as long as that takes: ^C ends it. The
 * processes are their own again by then, and stay. */
static int serve_pages(struct criu *c, struct err *err)
{
	struct pollfd p[] = {{c->sock, POLLIN, 0}, {c->pidfd, POLLIN, 0}};
	int r = 0;

	while (r == 0 && poll(p, 2, CANCEL_MS) == 0)
		r = cancel_check(err);
	if (r < 0)
		kill(c->pid, SIGKILL); /* criu_close() waits for it */
	return r;
}

/* Until the answer. A refusal of NOTIFY is the error, CRIU's is its consequence. */
static int converse(struct criu *c, const struct criu_request *q, criu_notify *notify, void *ctx,
		    pid_t *ret_pid, struct err *err)
{
	struct err why = ERR_NONE;
	bool serves = false;

	for (;;) {
		auto_response *answer = NULL;
		auto_fd int fd = -1;
		int r = serves ? serve_pages(c, err) : 0;

		if (r == 0)
			r = receive(c, &answer, &fd, err);
		if (r == 0 && answer->type == CRIU_TYPE__NOTIFY) {
			serves = is_serving(answer);
			r = answer_notify(c, answer, fd, notify, ctx, &why);
			if (r < 0 && !why.code)
				return err_fail(err, EPIPE, "CRIU ended in the middle");
			continue;
		}
		if (why.code) {
			*err = why;
			return -err->code;
		}
		if (r < 0)
			return r;
		if (answer->type != types[q->what])
			return err_fail(err, EPROTO, "CRIU gave an answer of type %d",
					(int)answer->type);
		if (!answer->success)
			return criu_failed(q, answer->has_cr_errno ? answer->cr_errno : 0,
					   answer->cr_errmsg, err);
		if (ret_pid)
			*ret_pid = answer->restore ? answer->restore->pid : 0;
		return 0;
	}
}

int criu_run(struct criu *c, const struct criu_request *q, criu_notify *notify, void *ctx,
	     pid_t *ret_pid, struct err *err)
{
	CriuRequest request = CRIU_REQUEST__INIT;
	CriuOptions options = CRIU_OPTIONS__INIT;
	struct lists l = {.arena = ARENA_INIT};
	int r;

	fill_lists(&options, q, &l);
	fill_options(&options, q);
	request.type = types[q->what];
	request.opts = &options;
	r = send_request(c, &request, err);
	arena_done(&l.arena);
	return r < 0 ? r : converse(c, q, notify, ctx, ret_pid, err);
}
