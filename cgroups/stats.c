/* RUNTIME: what a cgroup used so far. */
#include "cgroups/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/file.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"

/* "key value" lines: calls VISIT for each. A missing file has none. */
static int each_key(int fd, struct arena *a, const char *file,
		    void (*visit)(void *ctx, const char *key, uint64_t value), void *ctx)
{
	char *text = NULL, *save = NULL;
	ssize_t n = cgroup_file_slurp(fd, a, file, &text);

	if (n < 0)
		return n == -ENOENT || n == -EOPNOTSUPP ? 0 : (int)n;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');
		uint64_t value;

		if (!blank)
			continue;
		*blank = '\0';
		if (str_to_u64(blank + 1, &value) == 0)
			visit(ctx, line, value);
	}
	return 0;
}

static void cpu_key(void *ctx, const char *key, uint64_t v)
{
	struct cgroup_stats *s = ctx;

	if (streq(key, "usage_usec"))
		s->cpu_total_ns = v * 1000;
	else if (streq(key, "user_usec"))
		s->cpu_user_ns = v * 1000;
	else if (streq(key, "system_usec"))
		s->cpu_kernel_ns = v * 1000;
	else if (streq(key, "nr_periods"))
		s->cpu_periods = v;
	else if (streq(key, "nr_throttled"))
		s->cpu_throttled_periods = v;
	else if (streq(key, "throttled_usec"))
		s->cpu_throttled_ns = v * 1000;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", then the same for "full" */
static void read_psi(int fd, const char *file, struct cgroup_psi *psi)
{
	char buf[512], *save = NULL;

	if (cgroup_file_read(fd, file, buf, sizeof(buf)) <= 0)
		return;
	for (char *line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		bool some = str_starts(line, "some ");
		double *avg[] = {some ? &psi->some_avg10 : &psi->full_avg10,
				 some ? &psi->some_avg60 : &psi->full_avg60,
				 some ? &psi->some_avg300 : &psi->full_avg300};
		static const char *const names[] = {" avg10=", " avg60=", " avg300="};
		const char *total = strstr(line, " total=");

		if (!some && !str_starts(line, "full "))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			const char *p = strstr(line, names[i]);

			if (p)
				*avg[i] = strtod(p + strlen(names[i]), NULL);
		}
		if (total &&
		    str_to_u64(total + 7, some ? &psi->some_total_us : &psi->full_total_us) == 0)
			psi->set = true;
	}
}

struct raw {
	struct arena *a;
	struct cgroup_stats *s;
};

static void memory_key(void *ctx, const char *key, uint64_t v)
{
	struct raw *r = ctx;

	*arena_push(r->a, &r->s->memory_raw, &r->s->n_memory_raw) =
		(struct cgroup_key_value){.key = arena_strdup(r->a, key), .value = v};
	if (streq(key, "file"))
		r->s->memory_cache = v;
}

static void read_mem_entry(int fd, const char *prefix, struct cgroup_mem_entry *m)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.current", prefix);
	m->set = cgroup_file_u64(fd, name, &m->usage) == 0;
	snprintf(name, sizeof(name), "%s.max", prefix);
	if (cgroup_file_u64(fd, name, &m->limit) < 0)
		m->limit = UINT64_MAX;
	snprintf(name, sizeof(name), "%s.peak", prefix); /* Linux 5.19, swap 6.5 */
	(void)cgroup_file_u64(fd, name, &m->max);
	snprintf(name, sizeof(name), "%s.events", prefix);
	(void)cgroup_file_key(fd, name, "max", &m->failcnt);
}

/* Memory plus swap, as v1 and the users of this interface count. */
static void add_memory(struct cgroup_mem_entry *swap, const struct cgroup_mem_entry *memory)
{
	bool none = swap->limit == UINT64_MAX || memory->limit == UINT64_MAX;

	swap->usage += memory->usage;
	swap->limit = none ? UINT64_MAX : swap->limit + memory->limit;
	swap->max = 0; /* the two peaks need not have been at the same time */
}

static int read_memory(int fd, struct arena *a, struct cgroup_stats *s)
{
	struct raw raw = {.a = a, .s = s};

	read_mem_entry(fd, "memory", &s->memory_usage);
	s->has_memory = s->memory_usage.set;
	if (!s->has_memory)
		return 0;
	read_mem_entry(fd, "memory.swap", &s->memory_swap);
	if (s->memory_swap.set)
		add_memory(&s->memory_swap, &s->memory_usage);
	return each_key(fd, a, "memory.stat", memory_key, &raw);
}

static void read_pids(int fd, struct cgroup_stats *s)
{
	s->has_pids = cgroup_file_u64(fd, "pids.current", &s->pids_current) == 0;
	if (cgroup_file_u64(fd, "pids.max", &s->pids_limit) < 0 || s->pids_limit == UINT64_MAX)
		s->pids_limit = 0;
}

/* One "rbytes=1" of a device. */
static void io_value(struct arena *a, struct cgroup_stats *s, uint64_t major, uint64_t minor,
		     const char *word)
{
	static const struct {
		const char *key, *op;
		bool bytes;
	} keys[] = {
		{"rbytes=", "Read", true}, {"wbytes=", "Write", true}, {"dbytes=", "Discard", true},
		{"rios=", "Read", false},  {"wios=", "Write", false},  {"dios=", "Discard", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct cgroup_blkio_entry e = {.major = major, .minor = minor, .op = keys[i].op};

		if (!str_starts(word, keys[i].key) ||
		    str_to_u64(word + strlen(keys[i].key), &e.value) < 0)
			continue;
		if (keys[i].bytes)
			*arena_push(a, &s->io_bytes, &s->n_io_bytes) = e;
		else
			*arena_push(a, &s->io_ops, &s->n_io_ops) = e;
	}
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" a line. A device without values is
 * listed by its number alone, and the next one may follow on the same line. */
static int read_io(int fd, struct arena *a, struct cgroup_stats *s)
{
	char *text = NULL, *save = NULL;
	uint64_t major = 0, minor = 0;
	ssize_t n = cgroup_file_slurp(fd, a, "io.stat", &text);

	if (n < 0)
		return n == -ENOENT || n == -EOPNOTSUPP ? 0 : (int)n;
	for (char *w = strtok_r(text, " \n", &save); w; w = strtok_r(NULL, " \n", &save)) {
		char *colon = strchr(w, ':');

		if (colon) {
			*colon = '\0';
			if (str_to_u64(w, &major) < 0 || str_to_u64(colon + 1, &minor) < 0)
				return -EINVAL;
		} else {
			io_value(a, s, major, minor, w);
		}
	}
	return 0;
}

static int by_size(const void *pa, const void *pb)
{
	const struct cgroup_hugetlb *a = pa, *b = pb;

	return strcmp(a->size, b->size);
}

static void read_hugetlb_size(int fd, struct arena *a, struct cgroup_stats *s, const char *size)
{
	struct cgroup_hugetlb h = {.size = size};

	(void)cgroup_file_u64(fd, arena_printf(a, "hugetlb.%s.current", size), &h.usage);
	(void)cgroup_file_key(fd, arena_printf(a, "hugetlb.%s.events", size), "max", &h.failcnt);
	*arena_push(a, &s->hugetlb, &s->n_hugetlb) = h;
}

/* Page sizes are found by the files: hugetlb.SIZE.current. */
static int read_hugetlb(int fd, struct arena *a, struct cgroup_stats *s)
{
	static const char prefix[] = "hugetlb.", suffix[] = ".current";
	auto_fd int dup = -1;
	auto_dir DIR *dir = NULL;
	struct dirent *e;
	char have[1024];

	/* the directory is read only where there is something to find */
	if (cgroup_file_read(fd, "cgroup.controllers", have, sizeof(have)) < 0 ||
	    !cgroup_has_word(have, "hugetlb"))
		return 0;
	dup = beneath_open(fd, ".", O_RDONLY | O_DIRECTORY);
	if (dup < 0)
		return dup;
	dir = fdopendir(dup);
	if (!dir)
		return -errno;
	take_fd(&dup);
	while ((e = readdir(dir))) {
		size_t len = strlen(e->d_name);

		if (!str_starts(e->d_name, prefix) || !str_ends(e->d_name, suffix) ||
		    str_ends(e->d_name, ".rsvd.current") ||
		    len <= sizeof(prefix) + sizeof(suffix) - 2)
			continue;
		len -= sizeof(prefix) - 1 + sizeof(suffix) - 1;
		read_hugetlb_size(fd, a, s, arena_strndup(a, e->d_name + sizeof(prefix) - 1, len));
	}
	if (s->n_hugetlb)
		qsort(s->hugetlb, s->n_hugetlb, sizeof(*s->hugetlb), by_size);
	return 0;
}

static const char *read_text(int fd, struct arena *a, const char *file)
{
	char *text = NULL;

	if (cgroup_file_slurp(fd, a, file, &text) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return text;
}

int cgroup_stats_read(int fd, struct arena *a, struct cgroup_stats *ret, struct err *err)
{
	struct cgroup_stats s = {0};
	int r = each_key(fd, a, "cpu.stat", cpu_key, &s);

	if (r == 0)
		r = read_memory(fd, a, &s);
	if (r == 0)
		r = read_io(fd, a, &s);
	if (r == 0)
		r = read_hugetlb(fd, a, &s);
	if (r < 0)
		return err_sys(err, -r, "read the statistics of the cgroup");
	read_pids(fd, &s);
	read_psi(fd, "cpu.pressure", &s.cpu_psi);
	read_psi(fd, "memory.pressure", &s.memory_psi);
	read_psi(fd, "io.pressure", &s.io_psi);
	s.cpuset_cpus = read_text(fd, a, "cpuset.cpus.effective");
	s.cpuset_mems = read_text(fd, a, "cpuset.mems.effective");
	*ret = s;
	return 0;
}

uint64_t cgroup_oom_kills(int fd)
{
	uint64_t n = 0;

	(void)cgroup_file_key(fd, "memory.events", "oom_kill", &n);
	return n;
}
