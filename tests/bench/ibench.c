/* BENCH: time commands of several runtimes, interleaved, and compare them round by round. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * ibench ROUNDS RUNTIME=COMMAND... -- SCENARIO...
 *
 * COMMAND is a runtime's path and global options, split at blanks. Each round runs every
 * scenario once with every runtime, in an order that rotates, so that a disturbance of the
 * machine meets all of them. Two rounds warm up. The ratio of a runtime in a round is to the
 * runtime named "crun" in the same round; what is reported is the median over the rounds. Any
 * command that fails ends the bench. Scenarios:
 *
 *   run:DIR      run a bundle to its end        cycle:DIR   create start state kill delete,
 *   exec:DIR     exec /bin/true in a container              each timed, and their sum
 *   force:DIR    delete --force of a running    parallel:DIR  50 runs, 8 at a time
 *   crowd:DIR    create, state, list and delete beside $CROWD running containers (made before, of
 * DIR)
 *
 * The runtime named "floor" takes part in run:DIR alone (see floor.c); its command is
 * "PROGRAM CGROUP"; DIR/rootfs and what follows the last dash of DIR (min, dk) are its arguments.
 * Output: a table on stderr, JSON on stdout.
 */
#define MAX_RUNTIMES 6
#define MAX_ROUNDS   400
#define MAX_ROWS     64
#define WARM_UP      2
#define PARALLEL     50
#define AT_A_TIME    8

struct runtime {
	const char *name;
	char *words[16];
	int n_words;
};

struct row { /* one measured thing */
	char name[128];
	double ms[MAX_RUNTIMES][MAX_ROUNDS];
	long peak_kb[MAX_RUNTIMES];
	int rounds[MAX_RUNTIMES];
};

static struct runtime runtimes[MAX_RUNTIMES];
static int n_runtimes;
static struct row rows[MAX_ROWS];
static int n_rows;
static posix_spawn_file_actions_t quiet;
extern char **environ;

static _Noreturn void die(const char *what, const char *subject)
{
	fprintf(stderr, "ibench: %s '%s': %s\n", what, subject, strerror(errno));
	exit(1);
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static struct row *row_of(const char *name)
{
	for (int i = 0; i < n_rows; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	if (n_rows == MAX_ROWS)
		die("too many rows", name);
	snprintf(rows[n_rows].name, sizeof(rows[0].name), "%s", name);
	return &rows[n_rows++];
}

static void record(const char *name, int r, int round, double ms, long peak_kb)
{
	struct row *row = row_of(name);

	if (round < WARM_UP || row->rounds[r] >= MAX_ROUNDS)
		return;
	row->ms[r][row->rounds[r]++] = ms;
	if (peak_kb > row->peak_kb[r])
		row->peak_kb[r] = peak_kb;
}

static pid_t start(const struct runtime *rt, char *const *args)
{
	char *argv[32];
	int n = 0;
	pid_t pid;

	for (int i = 0; i < rt->n_words; i++)
		argv[n++] = rt->words[i];
	for (int i = 0; args[i]; i++)
		argv[n++] = args[i];
	argv[n] = NULL;
	errno = posix_spawn(&pid, argv[0], &quiet, NULL, argv, environ);
	if (errno)
		die("start", argv[0]);
	return pid;
}

/* Runs to the end; the time in ms, *peak_kb of the process itself. */
static double timed(const struct runtime *rt, char *const *args, long *peak_kb)
{
	struct rusage usage;
	double begin = now_ms();
	pid_t pid = start(rt, args);
	int status;

	if (wait4(pid, &status, 0, &usage) != pid)
		die("wait for", rt->name);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "ibench: %s:", rt->name);
		for (int i = 0; args[i]; i++)
			fprintf(stderr, " %s", args[i]);
		fprintf(stderr, ": wait status %#x\n", status);
		exit(1);
	}
	if (peak_kb)
		*peak_kb = usage.ru_maxrss;
	return now_ms() - begin;
}

/* A container's init is ours to reap, as we are a subreaper. */
static void reap_orphans(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static pid_t pid_from(const char *file)
{
	char buf[32] = "";
	int fd = open(file, O_RDONLY);

	if (fd < 0 || read(fd, buf, sizeof(buf) - 1) <= 0)
		die("read", file);
	close(fd);
	return (pid_t)atoi(buf);
}

static void wait_for_death(pid_t pid)
{
	if (waitpid(pid, NULL, 0) != pid)
		die("reap", "the container's init");
}

static const char *kind_of(const char *dir)
{
	const char *dash = strrchr(dir, '-');

	return dash ? dash + 1 : dir;
}

static void bench_run(int r, int round, char *dir)
{
	static unsigned serial;
	char id[32], name[64], link[PATH_MAX], rootfs[PATH_MAX];
	const char *kind = kind_of(dir);
	char *run[] = {"run", "--bundle", dir, id, NULL};
	char *floor_args[] = {rootfs, (char *)kind, id, NULL};
	long peak;
	double ms;

	snprintf(id, sizeof(id), "bench-%u", serial++);
	snprintf(link, sizeof(link), "%s/rootfs", dir);
	if (!realpath(link, rootfs))
		die("find", link);
	snprintf(name, sizeof(name), "run %s", kind);
	ms = timed(&runtimes[r], strcmp(runtimes[r].name, "floor") ? run : floor_args, &peak);
	record(name, r, round, ms, peak);
}

/* Memory of an init that waits to be started, from smaps_rollup. */
static void record_rss(int r, int round, const char *kind, pid_t pid)
{
	char path[64], line[256], name[64];
	FILE *f;
	long kb;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "r");
	if (!f)
		die("open", path);
	snprintf(name, sizeof(name), "waiting init %s (kB)", kind);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Rss: %ld kB", &kb) == 1)
			record(name, r, round, (double)kb, 0);
	fclose(f);
}

static void step(int r, int round, const char *verb, const char *kind, char *const *args,
		 double *sum)
{
	char name[128];
	long peak;
	double ms = timed(&runtimes[r], args, &peak);

	snprintf(name, sizeof(name), "%s %s", verb, kind);
	record(name, r, round, ms, peak);
	*sum += ms;
}

#define PID_FILE "/tmp/ibench.pid"

static void bench_cycle(int r, int round, char *dir)
{
	char id[] = "bench-cycle", name[64];
	char *create[] = {"create", "--bundle", dir, "--pid-file", PID_FILE, id, NULL};
	char *begin[] = {"start", id, NULL}, *state[] = {"state", id, NULL};
	char *kill_[] = {"kill", id, "KILL", NULL}, *delete[] = {"delete", id, NULL};
	const char *kind = kind_of(dir);
	double sum = 0;
	pid_t pid;

	step(r, round, "create", kind, create, &sum);
	pid = pid_from(PID_FILE);
	record_rss(r, round, kind, pid);
	step(r, round, "start", kind, begin, &sum);
	step(r, round, "state", kind, state, &sum);
	step(r, round, "kill", kind, kill_, &sum);
	wait_for_death(pid);
	step(r, round, "delete", kind, delete, &sum);
	snprintf(name, sizeof(name), "create..delete %s", kind);
	record(name, r, round, sum, 0);
}

static pid_t up(int r, char *dir, char *id)
{
	char *create[] = {"create", "--bundle", dir, "--pid-file", PID_FILE, id, NULL};
	char *begin[] = {"start", id, NULL};

	timed(&runtimes[r], create, NULL);
	timed(&runtimes[r], begin, NULL);
	return pid_from(PID_FILE);
}

static void bench_exec(int r, int round, char *dir)
{
	char id[] = "bench-exec";
	char *exec[] = {"exec", id, "/bin/true", NULL}, *delete[] = {"delete", "--force", id, NULL};
	double sum = 0;

	up(r, dir, id);
	step(r, round, "exec", kind_of(dir), exec, &sum);
	timed(&runtimes[r], delete, NULL);
	reap_orphans();
}

static void bench_force(int r, int round, char *dir)
{
	char id[] = "bench-force";
	char *delete[] = {"delete", "--force", id, NULL};
	double sum = 0;

	up(r, dir, id);
	step(r, round, "delete --force", kind_of(dir), delete, &sum);
	reap_orphans();
}

static void bench_parallel(int r, int round, char *dir)
{
	char ids[PARALLEL][32], name[64];
	int running = 0, status;
	double begin = now_ms();

	for (int i = 0; i < PARALLEL || running;) {
		if (i < PARALLEL && running < AT_A_TIME) {
			char *run[] = {"run", "--bundle", dir, ids[i], NULL};

			snprintf(ids[i], sizeof(ids[i]), "bench-p%d", i);
			start(&runtimes[r], run);
			running++;
			i++;
			continue;
		}
		if (wait(&status) < 0 || status != 0)
			die("parallel run of", runtimes[r].name);
		running--;
	}
	snprintf(name, sizeof(name), "%d runs, %d at a time, %s (ms each)", PARALLEL, AT_A_TIME,
		 kind_of(dir));
	record(name, r, round, (now_ms() - begin) / PARALLEL, 0);
}

/* ---- beside many others ------------------------------------------------------------------ */

static int crowd;

static void crowd_id(char *id, size_t size, int i)
{
	snprintf(id, size, "bench-crowd-%d", i);
}

static void crowd_make(char *dir)
{
	char id[32];

	for (int r = 0; r < n_runtimes; r++)
		for (int i = 0; i < crowd; i++) {
			crowd_id(id, sizeof(id), i);
			up(r, dir, id);
		}
}

static void crowd_remove(void)
{
	char id[32], *delete[] = {"delete", "--force", id, NULL};

	for (int r = 0; r < n_runtimes; r++)
		for (int i = 0; i < crowd; i++) {
			crowd_id(id, sizeof(id), i);
			timed(&runtimes[r], delete, NULL);
			reap_orphans();
		}
}

static void bench_crowd(int r, int round, char *dir)
{
	char kind[64];
	char *state[] = {"state", "bench-crowd-0", NULL}, *list[] = {"list", NULL};
	char *create[] = {"create", "--bundle", dir, "bench-more", NULL};
	char *delete[] = {"delete", "--force", "bench-more", NULL};
	double sum = 0;

	snprintf(kind, sizeof(kind), "%s beside %d", kind_of(dir), crowd);
	step(r, round, "create", kind, create, &sum);
	step(r, round, "state", kind, state, &sum);
	step(r, round, "list", kind, list, &sum);
	step(r, round, "delete --force", kind, delete, &sum);
	reap_orphans();
}

static const struct {
	const char *name;
	void (*run)(int r, int round, char *dir);
	int every; /* one round in so many */
} scenarios[] = {
	{"run", bench_run, 1},     {"cycle", bench_cycle, 1},        {"exec", bench_exec, 1},
	{"force", bench_force, 1}, {"parallel", bench_parallel, 10}, {"crowd", bench_crowd, 1},
};

static void run_scenario(int round, char *spec)
{
	char *dir = strchr(spec, ':') + 1;

	for (size_t s = 0; s < sizeof(scenarios) / sizeof(scenarios[0]); s++) {
		if (strncmp(spec, scenarios[s].name, (size_t)(dir - spec - 1)) != 0)
			continue;
		if (scenarios[s].every > 1 && round >= WARM_UP && round % scenarios[s].every)
			return;
		for (int i = 0; i < n_runtimes; i++) {
			int r = (i + round) % n_runtimes;

			if (strcmp(runtimes[r].name, "floor") != 0 || s == 0)
				scenarios[s].run(r, round, dir);
		}
	}
}

/* ---- report -------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const double *v, int n, double q)
{
	double sorted[MAX_ROUNDS];

	if (!n)
		return 0;
	memcpy(sorted, v, (size_t)n * sizeof(*v));
	qsort(sorted, (size_t)n, sizeof(*sorted), by_value);
	return sorted[(int)(q * (n - 1) + 0.5)];
}

static double median_ratio(const struct row *row, int r, int base)
{
	double ratios[MAX_ROUNDS];
	int n = row->rounds[r] < row->rounds[base] ? row->rounds[r] : row->rounds[base];

	for (int i = 0; i < n; i++)
		ratios[i] = row->ms[r][i] / row->ms[base][i];
	return quantile(ratios, n, 0.5);
}

static int base_runtime(void)
{
	for (int r = 0; r < n_runtimes; r++)
		if (strcmp(runtimes[r].name, "crun") == 0)
			return r;
	return 0;
}

static void report_table(int base)
{
	fprintf(stderr, "%-40s", "median; ratio to crun in brackets");
	for (int r = 0; r < n_runtimes; r++)
		fprintf(stderr, " %18s", runtimes[r].name);
	fprintf(stderr, "\n");
	for (int i = 0; i < n_rows; i++) {
		fprintf(stderr, "%-40s", rows[i].name);
		for (int r = 0; r < n_runtimes; r++) {
			if (rows[i].rounds[r])
				fprintf(stderr, " %10.2f [%5.3f]",
					quantile(rows[i].ms[r], rows[i].rounds[r], 0.5),
					median_ratio(&rows[i], r, base));
			else
				fprintf(stderr, " %18s", "-");
		}
		fprintf(stderr, "\n");
	}
}

static void report_json(int base)
{
	printf("[");
	for (int i = 0; i < n_rows; i++) {
		for (int r = 0; r < n_runtimes; r++) {
			const struct row *row = &rows[i];
			int n = row->rounds[r];

			if (!n)
				continue;
			printf("%s\n "
			       "{\"what\":\"%s\",\"runtime\":\"%s\",\"rounds\":%d,\"median\":%.3f,"
			       "\"q1\":%.3f,\"q3\":%.3f,\"ratio\":%.4f,\"peak_kb\":%ld}",
			       i || r ? "," : "", row->name, runtimes[r].name, n,
			       quantile(row->ms[r], n, 0.5), quantile(row->ms[r], n, 0.25),
			       quantile(row->ms[r], n, 0.75), median_ratio(row, r, base),
			       row->peak_kb[r]);
		}
	}
	printf("\n]\n");
}

static void parse_runtime(char *arg)
{
	struct runtime *rt = &runtimes[n_runtimes++];
	char *equals = strchr(arg, '=');

	if (!equals || n_runtimes > MAX_RUNTIMES)
		die("runtime", arg);
	*equals = '\0';
	rt->name = arg;
	for (char *w = strtok(equals + 1, " "); w && rt->n_words < 15; w = strtok(NULL, " "))
		rt->words[rt->n_words++] = w;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0, i = 2;

	if (rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: ibench ROUNDS NAME=COMMAND... -- SCENARIO:DIR...\n");
		return 2;
	}
	for (; i < argc && strcmp(argv[i], "--") != 0; i++)
		parse_runtime(argv[i]);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	crowd = getenv("CROWD") ? atoi(getenv("CROWD")) : 0;
	if (crowd)
		crowd_make(strchr(argv[i + 1], ':') + 1);
	for (int round = 0; round < rounds + WARM_UP; round++)
		for (int s = i + 1; s < argc; s++)
			run_scenario(round, argv[s]);
	if (crowd)
		crowd_remove();
	report_table(base_runtime());
	report_json(base_runtime());
	return 0;
}
