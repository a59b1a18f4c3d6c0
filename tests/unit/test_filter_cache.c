/* TEST: compiled programs in files: the cache, and the one kept for exec. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "seccomp/internal.h"
#include "tests/unit/test_filter_sim.h"

/* A directory of its own, removed at the end of the scope. */
struct tmp {
	char path[32];
	int fd;
};

static struct tmp tmp_new(void)
{
	struct tmp t = {.path = "/tmp/hull-unit-XXXXXX"};

	CHECK(mkdtemp(t.path));
	t.fd = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(t.fd >= 0);
	return t;
}

/* The directory's entries; the name of the last is copied. */
static size_t entries(const struct tmp *t, char *ret_name)
{
	auto_dir DIR *dir = opendir(t->path);
	const struct dirent *e;
	size_t n = 0;

	CHECK(dir);
	while ((e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		n++;
		if (ret_name)
			snprintf(ret_name, 64, "%.63s", e->d_name);
	}
	return n;
}

static void tmp_done(struct tmp *t)
{
	auto_dir DIR *dir = opendir(t->path);
	const struct dirent *e;

	while (dir && (e = readdir(dir)) != NULL)
		if (unlinkat(t->fd, e->d_name, 0) < 0)
			unlinkat(t->fd, e->d_name, AT_REMOVEDIR);
	rmdir(t->path);
	close(t->fd);
}
#define auto_tmp __attribute__((cleanup(tmp_done))) struct tmp

static struct oci_seccomp *sample(struct arena *a)
{
	struct oci_seccomp *s = prof_new(a, "SCMP_ACT_ERRNO", 1);
	struct oci_seccomp_rule *r;

	prof_rule(a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "read write");
	r = prof_rule(a, s, "SCMP_ACT_ERRNO", 5, "socket");
	prof_arg(a, r, 0, "SCMP_CMP_EQ", 16, 0);
	prof_arg(a, r, 2, "SCMP_CMP_MASKED_EQ", 7, 1);
	prof_strings(a, &s->architectures, prof_native_archs());
	prof_strings(a, &s->flags, "SECCOMP_FILTER_FLAG_LOG");
	return s;
}

static void get(struct arena *a, const struct oci_seccomp *s, int cache_fd, struct plan_filter *f)
{
	struct err err = ERR_NONE;

	memset(f, 0, sizeof(*f));
	if (filter_get(a, s, cache_fd, f, &err) < 0)
		unit_fail(__FILE__, __LINE__, "%s", err.text);
	sim_check(f);
}

static bool same(const struct plan_filter *a, const struct plan_filter *b)
{
	return a->n == b->n && a->flags == b->flags &&
	       memcmp(a->insns, b->insns, a->n * sizeof(*a->insns)) == 0;
}

static void miss_and_hit(void)
{
	auto_arena a = ARENA_INIT;
	auto_tmp t = tmp_new();
	struct sock_filter insns[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG)};
	struct plan_filter plain, f, fake = {.insns = insns, .n = 1, .flags = 2};
	struct oci_seccomp *s = sample(&a);
	struct err err = ERR_NONE;
	struct stat st;
	const char *key;
	size_t key_len;
	char name[64];

	must_compile(&a, s, &plain);
	get(&a, s, -1, &f);
	CHECK(same(&f, &plain));
	CHECK_UINT(entries(&t, NULL), 0);
	get(&a, s, t.fd, &f); /* miss */
	CHECK(same(&f, &plain));
	CHECK_UINT(entries(&t, name), 1);
	CHECK_INT(fstatat(t.fd, name, &st, 0), 0);
	CHECK_UINT(st.st_mode & 07777, 0600);
	get(&a, s, t.fd, &f); /* hit */
	CHECK(same(&f, &plain));
	CHECK_UINT(entries(&t, NULL), 1);
	/* that it was one shows when the file has something else */
	filter_canonical(&a, s, &key, &key_len);
	CHECK_INT(filter_record_write(t.fd, name, key, key_len, &fake, &err), 0);
	get(&a, s, t.fd, &f);
	CHECK(same(&f, &fake));
	/* another profile under this name is not taken, however it came there */
	CHECK_INT(filter_record_write(t.fd, name, key, key_len - 1, &fake, &err), 0);
	get(&a, s, t.fd, &f);
	CHECK(same(&f, &plain));
	get(&a, s, t.fd, &f); /* and was replaced */
	CHECK(same(&f, &plain));
	s->default_errno_ret.v = 2;
	get(&a, s, t.fd, &f);
	CHECK(!same(&f, &plain));
	CHECK_UINT(entries(&t, NULL), 2);
}

static void put_file(const struct tmp *t, const char *name, const char *data, size_t len)
{
	auto_fd int fd = openat(t->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_INT(io_write_all(fd, data, len), 0);
}

static void damage(void)
{
	auto_arena a = ARENA_INIT;
	auto_tmp t = tmp_new();
	struct plan_filter plain, f = {.n = 4711};
	struct oci_seccomp *s = sample(&a);
	struct err err = ERR_NONE;
	const char *key;
	size_t key_len, len;
	char name[64], *data;

	get(&a, s, t.fd, &plain);
	CHECK_UINT(entries(&t, name), 1);
	CHECK_INT(io_read_file(&a, t.fd, name, 1 << 20, &data, &len, &err), 0);
	filter_canonical(&a, s, &key, &key_len);
	for (size_t i = 0; i < len; i++) { /* each byte, one bit */
		data[i] ^= (char)(1 << i % 8);
		put_file(&t, name, data, len);
		data[i] ^= (char)(1 << i % 8);
		CHECK(filter_record_read(&a, t.fd, name, key, key_len, &f, &err) < 0);
		CHECK_UINT(f.n, 4711);
	}
	for (size_t i = 0; i < len; i++) { /* each length */
		put_file(&t, name, data, i);
		CHECK(filter_record_read(&a, t.fd, name, key, key_len, &f, &err) < 0);
	}
	put_file(&t, name, data, len);
	CHECK_INT(filter_record_read(&a, t.fd, name, key, key_len, &f, &err), 0);
	CHECK(same(&f, &plain));
	put_file(&t, name, data, len / 2);
	get(&a, s, t.fd, &f); /* compiled again, and the file is whole again */
	CHECK(same(&f, &plain));
	CHECK_INT(filter_record_read(&a, t.fd, name, key, key_len, &f, &err), 0);
	CHECK(same(&f, &plain));
}

static void unsafe_files(void)
{
	auto_arena a = ARENA_INIT;
	auto_tmp t = tmp_new();
	struct plan_filter plain, f;
	struct oci_seccomp *s = sample(&a);
	struct err err = ERR_NONE;
	const char *key;
	size_t key_len;
	char name[64];

	get(&a, s, t.fd, &plain);
	CHECK_UINT(entries(&t, name), 1);
	filter_canonical(&a, s, &key, &key_len);
	CHECK_INT(fchmodat(t.fd, name, 0620, 0), 0); /* others can write */
	CHECK_INT(filter_record_read(&a, t.fd, name, key, key_len, &f, &err), -EPERM);
	CHECK_INT(fchmodat(t.fd, name, 0602, 0), 0);
	CHECK_INT(filter_record_read(&a, t.fd, name, key, key_len, &f, &err), -EPERM);
	CHECK_INT(fchmodat(t.fd, name, 0644, 0), 0);
	CHECK_INT(filter_record_read(&a, t.fd, name, key, key_len, &f, &err), 0);
	if (geteuid() == 0) {
		CHECK_INT(fchownat(t.fd, name, 1, 1, 0), 0);
		CHECK_INT(filter_record_read(&a, t.fd, name, key, key_len, &f, &err), -EPERM);
		CHECK_INT(fchownat(t.fd, name, 0, 0, 0), 0);
	}
	CHECK_INT(renameat(t.fd, name, t.fd, "moved"), 0); /* a symlink to a good one */
	CHECK_INT(symlinkat("moved", t.fd, name), 0);
	CHECK_INT(filter_record_read(&a, t.fd, name, key, key_len, &f, &err), -ELOOP);
	get(&a, s, t.fd, &f);
	CHECK(same(&f, &plain));
	CHECK_INT(unlinkat(t.fd, name, 0), 0);
	CHECK_INT(mkfifoat(t.fd, name, 0600), 0); /* does not hang */
	CHECK_INT(filter_record_read(&a, t.fd, name, key, key_len, &f, &err), -EINVAL);
	CHECK_INT(unlinkat(t.fd, name, 0), 0);
	CHECK_INT(mkdirat(t.fd, name, 0700), 0);
	get(&a, s, t.fd, &f); /* cannot be replaced; no failure */
	CHECK(same(&f, &plain));
	CHECK_UINT(entries(&t, NULL), 2);
}

static void unsafe_directory(void)
{
	auto_arena a = ARENA_INIT;
	auto_tmp t = tmp_new();
	struct plan_filter f;
	auto_fd int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	CHECK_INT(chmod(t.path, 0770), 0);
	get(&a, sample(&a), t.fd, &f);
	CHECK_UINT(entries(&t, NULL), 0);
	if (geteuid() == 0) {
		CHECK(chmod(t.path, 0700) == 0 && chown(t.path, 1, 1) == 0);
		get(&a, sample(&a), t.fd, &f);
		CHECK_UINT(entries(&t, NULL), 0);
	}
	get(&a, sample(&a), null_fd, &f);
}

static void full(void)
{
	auto_arena a = ARENA_INIT;
	auto_tmp t = tmp_new();
	struct plan_filter f;
	char name[64];

	for (int i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "file-%d", i);
		put_file(&t, name, "", 0);
	}
	get(&a, sample(&a), t.fd, &f);
	CHECK_UINT(entries(&t, NULL), 256);
	CHECK_INT(unlinkat(t.fd, "file-0", 0), 0);
	get(&a, sample(&a), t.fd, &f);
	CHECK_UINT(entries(&t, NULL), 256);
}

static void a_bad_profile_is_not_kept(void)
{
	auto_arena a = ARENA_INIT;
	auto_tmp t = tmp_new();
	struct oci_seccomp *s = sample(&a);
	struct plan_filter f = {.n = 4711};
	struct err err = ERR_NONE;

	s->syscalls.v[0].action = "SCMP_ACT_NOPE";
	CHECK_INT(filter_get(&a, s, t.fd, &f, &err), -EINVAL);
	CHECK_UINT(f.n, 4711);
	CHECK_UINT(entries(&t, NULL), 0);
}

/* ---- the canonical text -------------------------------------------------------------- */

/* One member changed, or two changed in a way that careless joining would hide. */
static void change(struct arena *a, struct oci_seccomp *s, unsigned which)
{
	struct oci_seccomp_rule *r = &s->syscalls.v[1];
	struct oci_seccomp_arg *arg = &r->args.v[1];

	/* clang-format off */
	switch (which) {
	case 0: s->default_action = "SCMP_ACT_TRAP"; break;
	case 1: s->default_errno_ret.v = 2; break;
	case 2: s->default_errno_ret.set = false; break;
	case 3: s->default_errno_ret = (struct opt_u32){0}; break;
	case 4: s->architectures.n--; break;
	case 5: s->architectures = (struct oci_strings){0}; break;
	case 6: s->architectures = (struct oci_strings){.set = true}; break;
	case 7: s->flags = (struct oci_strings){0}; break;
	case 8: s->flags = (struct oci_strings){.set = true}; break;
	case 9: s->flags.v[0] = "SECCOMP_FILTER_FLAG_TSYNC"; break;
	case 10: s->default_action = "SCMP_ACT_NOTIFY"; break;
	case 11: r->action = "SCMP_ACT_NOTIFY"; break;
	case 12: prof_rule(a, s, "SCMP_ACT_NOTIFY", NO_ERRNO, "read"); break;
	case 13: s->syscalls.n--; break;
	case 14: s->syscalls = (__typeof__(s->syscalls)){0}; break;
	case 15: s->syscalls = (__typeof__(s->syscalls)){.set = true}; break;
	case 16: r->names.v[0] = "sockex"; break;
	case 17: prof_strings(a, &r->names, "bind"); break;
	case 18: s->syscalls.v[0].names.v[0] = "readw", s->syscalls.v[0].names.v[1] = "rite"; break;
	case 19: s->syscalls.v[0].names.v[0] = "write", s->syscalls.v[0].names.v[1] = "read"; break;
	case 20: r->action = "SCMP_ACT_TRACE"; break;
	case 21: r->errno_ret.v = 6; break;
	case 22: r->errno_ret.set = false; break;
	case 23: r->args.n--; break;
	case 24: r->args = (__typeof__(r->args)){0}; break;
	case 25: r->args = (__typeof__(r->args)){.set = true}; break;
	case 26: arg->index.v = 3; break;
	case 27: arg->index.set = false; break;
	case 28: arg->value.v = 1ULL << 63 | 7; break;
	case 29: arg->value.set = false; break;
	case 30: arg->value_two.v = 3; break;
	case 31: arg->value_two.set = false; break;
	case 32: arg->op = "SCMP_CMP_EQ"; break;
	case 33: arg->op = NULL; break;
	case 34: arg->value.v = 1, arg->value_two.v = 7; break;
	case 35: r->action = NULL; break;
	case 36: prof_rule(a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "read"); break;
	default: break; /* 37: nothing */
	}
	/* clang-format on */
}

static void canonical(void)
{
	auto_arena a = ARENA_INIT;
	enum { N = 38 };
	struct {
		const char *text;
		size_t len;
	} texts[N], again;
	struct oci_seccomp *s;

	for (unsigned i = 0; i < N; i++) {
		s = sample(&a);
		change(&a, s, i);
		filter_canonical(&a, s, &texts[i].text, &texts[i].len);
	}
	for (unsigned i = 0; i < N; i++)
		for (unsigned j = 0; j < i; j++)
			if (texts[i].len == texts[j].len &&
			    memcmp(texts[i].text, texts[j].text, texts[i].len) == 0)
				unit_fail(__FILE__, __LINE__, "changes %u and %u look alike", i, j);
	filter_canonical(&a, sample(&a), &again.text, &again.len);
	CHECK_UINT(again.len, texts[N - 1].len);
	CHECK(memcmp(again.text, texts[N - 1].text, again.len) == 0);
	/* Each container may have a listener of its own: the program is the same. */
	s = sample(&a);
	s->listener_path = "/x";
	s->listener_metadata = "y";
	filter_canonical(&a, s, &again.text, &again.len);
	CHECK_UINT(again.len, texts[N - 1].len);
	CHECK(memcmp(again.text, texts[N - 1].text, again.len) == 0);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

static void speed(void) /* a report, no verdict: the machine may be busy */
{
	auto_arena profile = ARENA_INIT;
	auto_tmp t = tmp_new();
	struct oci_seccomp *s = prof_large(&profile);
	uint64_t best = UINT64_MAX, cold = now_ns();
	struct plan_filter f;

	get(&profile, s, t.fd, &f);
	cold = now_ns() - cold;
	for (int i = 0; i < 50; i++) {
		auto_arena a = ARENA_INIT;
		uint64_t start = now_ns(), took;
		struct err err = ERR_NONE;

		CHECK_INT(filter_get(&a, s, t.fd, &f, &err), 0);
		took = now_ns() - start;
		best = took < best ? took : best;
	}
	printf("# compiled in %.1f ms, from the cache in %.1f us\n", (double)cold / 1e6,
	       (double)best / 1e3);
}

/* ---- the container's own ------------------------------------------------------------- */

static void write_and_read(void)
{
	auto_arena a = ARENA_INIT;
	auto_tmp t = tmp_new();
	struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct plan_filter f, got, none = {0},
				   listener = {allow, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER},
				   unknown = {allow, 1, 1U << 31};
	struct err err = ERR_NONE;

	CHECK_INT(filter_read(&a, t.fd, "filter", &got, &err), -ENOENT);
	must_compile(&a, prof_large(&a), &f);
	CHECK_INT(filter_write(t.fd, "filter", &f, &err), 0);
	CHECK_INT(filter_read(&a, t.fd, "filter", &got, &err), 0);
	CHECK(same(&f, &got));
	/* nothing must not pass for a filter */
	CHECK_INT(filter_write(t.fd, "filter", &none, &err), -EINVAL);
	put_file(&t, "filter", "", 0);
	CHECK_INT(filter_read(&a, t.fd, "filter", &got, &err), -EBADMSG);
	CHECK_INT(filter_write(t.fd, "filter", &listener, &err), 0);
	CHECK_INT(filter_read(&a, t.fd, "filter", &got, &err), 0);
	CHECK(filter_has_listener(&got));
	CHECK_INT(filter_write(t.fd, "filter", &unknown, &err), 0);
	CHECK_INT(filter_read(&a, t.fd, "filter", &got, &err), -EBADMSG);
	f.n = 5000;
	CHECK_INT(filter_write(t.fd, "filter", &f, &err), -EFBIG);
}

static const struct unit_case cases[] = {
	{"miss and hit", miss_and_hit},
	{"a damaged or cut file", damage},
	{"files that others could have made", unsafe_files},
	{"a directory that others can write to", unsafe_directory},
	{"a full cache", full},
	{"a bad profile is not kept", a_bad_profile_is_not_kept},
	{"every change changes the canonical text", canonical},
	{"how long it takes", speed},
	{"a program is written and read", write_and_read},
};
UNIT_MAIN(cases)
