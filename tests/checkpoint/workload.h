/* TEST: pieces of kernel state that a program can have, each set up once and checked whenever
 * asked. */
#ifndef HULL_TEST_WORKLOAD_H
#define HULL_TEST_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct piece {
	const char *name;
	void (*set)(long n);
	void (*check)(void);
	void (*tick)(void); /* every millisecond or so */
};

extern const struct piece mem_pieces[], ipc_pieces[], net_pieces[], file_pieces[], proc_pieces[],
	thing_pieces[], more_pieces[];

/* The state could not be set up: says so in DIR/result and ends. */
void die(const char *what) __attribute__((noreturn));
/* Something is not as it was: a line of the report. */
void wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* ok or a line that names the text of COND. */
#define must(cond, ...) ((cond) ? (void)0 : wrong(__VA_ARGS__))
/* DIR/NAME, in a buffer that the fourth call after it uses again. */
const char *in_dir(const char *name);

void fill(void *p, size_t len, uint64_t seed);
void verify(const char *what, const void *p, size_t len, uint64_t seed);

/* A child that runs serve(fd, arg) with the other end of a SEQPACKET pair until it is closed. */
struct puppet {
	pid_t pid;
	int fd;
};
struct puppet puppet_make(void (*serve)(int fd, long arg), long arg);
/* One question, one answer; false, and a line of the report, when none came in 30 s. */
int puppet_ask(const struct puppet *p, long question, long *ret_answer);
/* The value of a "Name:\tvalue" line in a file of /proc. */
long proc_number(const char *path, const char *name, int base);

#endif
