/* RUNTIME: compiled programs are kept, by the profile they were made from. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "seccomp/internal.h"

/* Whatever changes the program of an unchanged profile must change this. */
#define COMPILER_VERSION 3
/* Profiles of a host are few; a stream of different ones must not fill its memory (/run). */
#define MAX_ENTRIES 256

/* The canonical text is binary: fixed-width numbers, and strings and arrays behind their
 * length, so that two profiles never have the same one. */
struct canon {
	struct arena *arena;
	char *buf;
	size_t len, size;
};

static void put(struct canon *c, const void *data, size_t len)
{
	if (c->size - c->len < len) {
		size_t size = (c->size + len) * 2;
		char *bigger = arena_alloc(c->arena, size);

		memcpy(bigger, c->buf, c->len);
		c->buf = bigger;
		c->size = size;
	}
	memcpy(c->buf + c->len, data, len);
	c->len += len;
}

static void put_u64(struct canon *c, uint64_t v)
{
	put(c, &v, sizeof(v));
}

static void put_opt(struct canon *c, bool set, uint64_t v)
{
	put(c, &set, sizeof(set));
	put_u64(c, v);
}

static void put_str(struct canon *c, const char *s)
{
	uint32_t len = s ? (uint32_t)strlen(s) : UINT32_MAX; /* NULL is not "" */

	put(c, &len, sizeof(len));
	if (s)
		put(c, s, len);
}

static void put_strings(struct canon *c, const struct oci_strings *s)
{
	put_opt(c, s->set, s->n);
	for (size_t i = 0; i < s->n; i++)
		put_str(c, s->v[i]);
}

/* A member added to one of these must be added below, too. */
_Static_assert(sizeof(struct oci_seccomp_arg) == 8 + 2 * 16 + 8, "args");
_Static_assert(sizeof(struct oci_seccomp_rule) == sizeof(struct oci_strings) + 8 + 8 + 24, "rule");
_Static_assert(sizeof(struct oci_seccomp) == 8 + 8 + 2 * sizeof(struct oci_strings) + 16 + 24,
	       "profile");

static void put_rule(struct canon *c, const struct oci_seccomp_rule *rule)
{
	put_strings(c, &rule->names);
	put_str(c, rule->action);
	put_opt(c, rule->errno_ret.set, rule->errno_ret.v);
	put_opt(c, rule->args.set, rule->args.n);
	for (size_t i = 0; i < rule->args.n; i++) {
		const struct oci_seccomp_arg *arg = &rule->args.v[i];

		put_opt(c, arg->index.set, arg->index.v);
		put_opt(c, arg->value.set, arg->value.v);
		put_opt(c, arg->value_two.set, arg->value_two.v);
		put_str(c, arg->op);
	}
}

/* libseccomp refuses actions that the kernel has not: a state root may outlive a kernel. */
static uint64_t kernel_actions(void)
{
	static const uint32_t actions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_LOG,
					   SECCOMP_RET_USER_NOTIF};
	uint64_t mask = 0;

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &actions[i]) == 0)
			mask |= 1U << i;
	return mask;
}

void filter_canonical(struct arena *a, const struct oci_seccomp *seccomp, const char **ret,
		      size_t *ret_len)
{
	struct canon c = {.arena = a, .size = 16384};

	c.buf = arena_alloc(a, c.size);
	put_u64(&c, COMPILER_VERSION);
	put_str(&c, PACKAGE_VERSION);
	put_str(&c, filter_library_version());
	put_u64(&c, seccomp_arch_native());
	put_u64(&c, kernel_actions());
	put_str(&c, seccomp->default_action);
	put_opt(&c, seccomp->default_errno_ret.set, seccomp->default_errno_ret.v);
	put_strings(&c, &seccomp->architectures);
	put_strings(&c, &seccomp->flags);
	/* Not the listener: its path is often the container's own, and no part of the program. */
	put_opt(&c, seccomp->syscalls.set, seccomp->syscalls.n);
	for (size_t i = 0; i < seccomp->syscalls.n; i++)
		put_rule(&c, &seccomp->syscalls.v[i]);
	*ret = c.buf;
	*ret_len = c.len;
}

/* Whoever can write to the directory could exchange programs, and so lift a filter. */
static bool dir_is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & 022);
}

static bool has_room(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	size_t n = 0;

	if (!dir) {
		close_fd(&copy);
		return false;
	}
	while (readdir(dir))
		n++;
	return n < MAX_ENTRIES + 2; /* "." and ".." */
}

int filter_get(struct arena *a, const struct oci_seccomp *seccomp, int cache_fd,
	       struct plan_filter *ret, struct err *err)
{
	struct plan_filter filter = {0};
	struct err cache_err = ERR_NONE;
	const char *key;
	size_t key_len;
	char name[32];
	int r;

	if (cache_fd >= 0 && !dir_is_ours(cache_fd)) {
		log_debug("seccomp: the cache directory can be written by others, not used");
		cache_fd = -1;
	}
	if (cache_fd < 0)
		return filter_compile(a, seccomp, ret, err);
	filter_canonical(a, seccomp, &key, &key_len);
	snprintf(name, sizeof(name), "%016" PRIx64, filter_hash(key, key_len));
	if (filter_record_read(a, cache_fd, name, key, key_len, &filter, &cache_err) == 0) {
		*ret = filter;
		return 0;
	}
	log_debug("seccomp: not from the cache: %s", cache_err.text);
	r = filter_compile(a, seccomp, &filter, err);
	if (r < 0)
		return r;
	if (cache_err.code == ENOENT && !has_room(cache_fd))
		log_debug("seccomp: the cache is full");
	else if (filter_record_write(cache_fd, name, key, key_len, &filter, &cache_err) < 0)
		log_debug("seccomp: not saved in the cache: %s", cache_err.text);
	*ret = filter;
	return 0;
}
