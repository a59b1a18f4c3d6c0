/* TEST: the program of a container that is moved: every page of its memory says what it has to be.
 *
 *   mover MIB RATE [PROCESSES [THREADS [FORKS]]]
 *
 * Each process has MIB MiB, and writes RATE MiB a second, page after page, round and round: so each
 * page has a number that follows from where the writer is, and a page that is older or of someone
 * else shows. All are looked at again and again: /data/pass.N has how often, and how many were
 * wrong. THREADS more threads count for themselves; with FORKS a child is made all the time, which
 * looks at one page in a hundred.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS 512

static uint64_t *memory;
static size_t pages, written; /* WRITTEN: since the beginning */
static uint64_t bad;
static char why[128]; /* the first time */
static uint64_t counters[64][WORDS];

#define WRONG(...) (bad++ ? 0 : snprintf(why, sizeof(why), __VA_ARGS__))

static uint64_t expected(size_t page, size_t word)
{
	return word % 4 ? page : (page * WORDS + word) * 0x9e3779b97f4a7c15ULL + 1;
}

static void check(size_t page)
{
	uint64_t *p = memory + page * WORDS;

	if (p[0] != written / pages + (page < written % pages))
		WRONG("page %zu was written %llu times, not %zu", page, (unsigned long long)p[0],
		      written / pages + (page < written % pages));
	if (p[1] != expected(page, 1) || p[WORDS / 2] != expected(page, WORDS / 2) ||
	    p[WORDS - 1] != expected(page, WORDS - 1))
		WRONG("page %zu is another one", page);
}

static void fill(size_t mib)
{
	pages = mib << 8;
	memory = aligned_alloc(4096, pages * 4096);
	for (size_t i = 0; i < pages; i++)
		for (size_t w = 0; w < WORDS; w++)
			memory[i * WORDS + w] = w ? expected(i, w) : 0;
}

static void tell(int number, uint64_t passes)
{
	char name[64], part[64];
	FILE *f;

	snprintf(name, sizeof(name), "/data/pass.%d", number);
	snprintf(part, sizeof(part), "/data/part.%d", number);
	f = fopen(part, "w");
	if (!f)
		_exit(1);
	fprintf(f, "%llu %llu %s\n", (unsigned long long)passes, (unsigned long long)bad, why);
	fclose(f);
	rename(part, name);
}

/* Alone in its page: the count has to be what the thread remembers. */
static void *count(void *arg)
{
	volatile uint64_t *c = arg;

	for (uint64_t n = 0;; n++) {
		if (*c != n)
			WRONG("a thread counted to %llu, not %llu", (unsigned long long)*c,
			      (unsigned long long)n);
		*c = n + 1;
		usleep(10000);
	}
	return NULL;
}

static void fork_one(void)
{
	int status = 1;
	pid_t pid = fork(), waited;

	if (pid == 0) {
		bad = 0;
		for (size_t i = 0; i < pages; i += 100)
			check(i);
		_exit(bad != 0);
	}
	waited = waitpid(pid, &status, 0);
	if (pid < 0 || waited != pid || status)
		WRONG("child %d, waited for %d: %m, status %#x", (int)pid, (int)waited, status);
}

int main(int argc, char **argv)
{
	size_t mib = (size_t)atoi(argv[1]), rate = (size_t)atoi(argv[2]);
	int processes = argc > 3 ? atoi(argv[3]) : 1, threads = argc > 4 ? atoi(argv[4]) : 0;
	int number = 0;
	pthread_t thread;

	for (int i = 1; i < processes; i++)
		if (fork() == 0) {
			number = i;
			break;
		}
	fill(mib);
	for (int i = 0; i < threads; i++)
		pthread_create(&thread, NULL, count, counters[i]);
	for (uint64_t passes = 1;; passes++) {
		for (int i = 0; i < 20; i++) {
			for (size_t n = rate * 256 / 200; n; n--)
				memory[written++ % pages * WORDS]++;
			if (argc > 5)
				fork_one();
			usleep(5000);
		}
		for (size_t i = 0; i < pages; i++)
			check(i);
		tell(number, passes);
	}
}
