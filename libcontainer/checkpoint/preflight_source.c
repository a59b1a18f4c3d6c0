/* RUNTIME: migrate: what a container needs of another host, and what keeps it from leaving this
 * one. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/preflight.h"
#include "libcontainer/runtime/lsm.h"

#define MAX_CPUINFO (16 << 20)

/* ---- the processor -----------------------------------------------------------------------------
 */

static const char *cpu_line(struct arena *a, const char *text, const char *name)
{
	const char *p = strstr(text, name);

	p = p ? strchr(p, ':') : NULL;
	if (!p)
		return "";
	p += 1 + strspn(p + 1, " ");
	return arena_strndup(a, p, strcspn(p, "\n"));
}

void preflight_cpu(struct arena *a, const char **ret_model, const char **ret_flags)
{
	struct err ignored;
	char *text;
	size_t len;

	*ret_model = *ret_flags = "";
	if (io_read_file(a, AT_FDCWD, "/proc/cpuinfo", MAX_CPUINFO, &text, &len, &ignored) < 0)
		return;
	*ret_model = cpu_line(a, text, "model name");
	*ret_flags = cpu_line(a, text, "flags");
}

/* ---- what it is -------------------------------------------------------------------------------
 */

static void add_memory(const pid_t *pids, size_t n, struct migrate_need *ret)
{
	uint64_t shared = 0;

	ret->memory.set = ret->anon.set = true;
	for (size_t i = 0; i < n; i++) {
		uint64_t bytes;
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/status", (int)pids[i]);
		if (preflight_bytes(path, "RssAnon", &bytes))
			ret->anon.v += bytes;
		/* Many may have the same: a database's buffers. Files' pages can go. */
		if (preflight_bytes(path, "RssShmem", &bytes) && bytes > shared)
			shared = bytes;
	}
	ret->memory.v = ret->anon.v + shared;
}

/* "docker-default (enforce)" is the profile docker-default; "unconfined" none: CRIU restores what
 * is left, under the same module only. */
static void add_label(struct arena *a, pid_t pid, struct migrate_need *ret)
{
	char path[64], text[4096], *mode;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/attr/current", (int)pid);
	n = io_read_small(AT_FDCWD, path, text, sizeof(text));
	if (n <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	mode = streq(ret->lsm, "apparmor") ? strstr(text, " (") : NULL;
	if (mode)
		*mode = '\0';
	if (*text && !streq(text, "unconfined") && !oci_strings_have(&ret->labels, text))
		oci_strings_add(a, &ret->labels, arena_strdup(a, text));
}

static void add_labels(struct arena *a, const pid_t *pids, size_t n, struct migrate_need *ret)
{
	struct lsm_state lsm = lsm_probe();

	ret->lsm = lsm.apparmor ? "apparmor" : lsm.selinux ? "selinux" : "";
	for (size_t i = 0; *ret->lsm && i < n; i++)
		add_label(a, pids[i], ret);
}

int preflight_need(struct arena *a, const struct container *c, const struct oci_spec *spec,
		   struct migrate_need *ret, struct err *err)
{
	const struct oci_linux *l = spec->linux_;
	struct utsname u;
	pid_t *pids;
	size_t n;
	int r = ckpt_processes(c, a, &pids, &n, err);

	if (r < 0)
		return r;
	uname(&u);
	ret->version = (struct opt_u32){true, MIGRATE_VERSION};
	ret->hull = PACKAGE_VERSION;
	ret->machine = arena_strdup(a, u.machine);
	ret->kernel = arena_strdup(a, u.release);
	ret->config = arena_memdup(a, spec, sizeof(*spec));
	/* CRIU dumps the clocks of all containers where there are such namespaces. */
	ret->time_ns = (struct opt_bool){true, access("/proc/self/timens_offsets", F_OK) == 0};
	preflight_cpu(a, &ret->cpu_model, &ret->cpu_flags);
	for (size_t i = 0; i < spec->mounts.n; i++) {
		const struct oci_mount *m = &spec->mounts.v[i];

		if (m->source && m->source[0] == '/')
			oci_strings_add(a, &ret->sources, m->source);
	}
	for (size_t i = 0; l && i < l->namespaces.n; i++)
		if (given(l->namespaces.v[i].path))
			oci_strings_add(a, &ret->sources, l->namespaces.v[i].path);
	add_memory(pids, n, ret);
	add_labels(a, pids, n, ret);
	return 0;
}

/* ---- what is in the way here ------------------------------------------------------------------
 */

struct own {
	struct arena *a;
	struct migrate_answer *out;
};

static void add_problem(void *ctx, const char *text)
{
	struct own *own = ctx;

	oci_strings_add(own->a, &own->out->problems, arena_strdup(own->a, text));
}

static void add_warning(void *ctx, const char *text)
{
	struct own *own = ctx;

	oci_strings_add(own->a, &own->out->warnings, arena_strdup(own->a, text));
}

static int ask_criu(struct migration *x, struct migrate_need *need, struct err *err)
{
	auto_criu criu = CRIU_CLOSED;
	uint8_t image[CRIU_CPU_MAX];
	struct criu_features can;
	const char *path;
	size_t len = 0;
	int r = criu_find(&x->arena, x->o->criu, &path, err);

	if (r == 0)
		r = criu_open(&criu, path, -1, NULL, 0, err);
	/* Now, so that it knows when there is no time. */
	if (r == 0)
		r = criu_features(&criu, &can, err);
	if (r == 0)
		r = criu_cpu_dump(&criu, image, &len, err);
	need->criu = (struct opt_u32){true, (uint32_t)criu.version};
	if (len)
		need->cpu = str_hex(arena_array(&x->arena, char, 2 * len + 1), image, len);
	else if (r == 0)
		log_debug("migrate: CRIU does not describe this processor: it is not compared");
	return r;
}

int preflight_here(struct migration *x, struct migrate_need *need, struct migrate_answer *ret,
		   struct err *err)
{
	struct own own = {&x->arena, ret};
	const struct ckpt_check with = {.tcp_established = x->o->tcp_established,
					.problem = add_problem,
					.warning = add_warning,
					.ctx = &own};
	char text[ERR_TEXT_SIZE + ERR_HINT_SIZE];
	struct err why = ERR_NONE;
	uint64_t room;

	if (ask_criu(x, need, &why) < 0)
		add_problem(&own, err_format(&why, text, sizeof(text)));
	if (!x->lazy && preflight_is_full(x->c.dirfd, need->anon.v, &room))
		add_problem(&own,
			    arena_printf(&x->arena,
					 "%" PRIu64 " MiB are free for images in '%s', %" PRIu64
					 " MiB are needed: make room, or take another --mode",
					 room >> 20, x->c.root->path, need->anon.v >> 20));
	return ckpt_check(&x->c, &x->arena, &x->spec, &with, err);
}
