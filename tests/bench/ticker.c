/* TEST: the program of a container that is moved, and who looks at it from outside.
 *
 *   ticker run FILE MIB RATE     has MIB MiB of memory and writes RATE MiB a second to it; counts
 * in FILE every half millisecond ticker watch FILE            until the end of its standard input:
 * the longest time, in ms, in which the number in FILE stayed the same; by the watcher's clock,
 *                                which is not in the container's time namespace
 */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PAGE    4096
#define TICK_NS 500000
#define LOOK_NS 100000
#define BEHIND  10000000 /* no more than this is made up for after a stop */

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void pause_ns(long ns)
{
	nanosleep(&(struct timespec){0, ns}, NULL);
}

static volatile uint64_t *open_counter(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	void *p;

	if (fd < 0 || ftruncate(fd, PAGE) < 0)
		return perror(path), exit(1), NULL;
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return perror(path), exit(1), NULL;
	close(fd);
	return p;
}

/* Noise: neither zeros nor anything that could be compressed. */
static uint64_t *fill(size_t pages)
{
	uint64_t x = 88172645463325252ULL;
	uint64_t *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (p == MAP_FAILED)
		return perror("mmap"), exit(1), NULL;
	for (size_t i = 0; i < pages * PAGE / sizeof(*p); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = x;
	}
	return p;
}

static void run(volatile uint64_t *count, size_t mib, int64_t rate)
{
	size_t pages = mib << 8, at = 0;
	uint64_t *memory = fill(pages);
	int64_t last = now(), owed = 0;

	prctl(PR_SET_TIMERSLACK, 1000);
	for (;;) {
		int64_t t = now(), took = t - last;

		last = t;
		owed += (took < BEHIND ? took : BEHIND) * rate * 256 / 1000;
		for (; owed >= 1000000; owed -= 1000000, at = (at + 1) % pages)
			memory[at * PAGE / sizeof(*memory)]++;
		++*count;
		pause_ns(TICK_NS);
	}
}

static void watch(volatile uint64_t *count)
{
	struct pollfd end = {.fd = STDIN_FILENO, .events = POLLIN};
	int64_t since = now(), longest = 0;
	uint64_t was = *count;

	prctl(PR_SET_TIMERSLACK, 1000);
	while (poll(&end, 1, 0) == 0) {
		int64_t t = now();

		if (*count != was) {
			was = *count;
			if (t - since > longest)
				longest = t - since;
			since = t;
		}
		pause_ns(LOOK_NS);
	}
	printf("%.1f\n", (double)longest / 1e6);
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "run") == 0)
		run(open_counter(argv[2]), (size_t)atoi(argv[3]), atoi(argv[4]));
	else if (argc == 3 && strcmp(argv[1], "watch") == 0)
		watch(open_counter(argv[2]));
	else
		return 2;
	return 0;
}
