/* TEST: run a table of cases, each in a child process. */
#include "tests/unit/unit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void unit_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("#   %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

static bool run_case(const struct unit_case *c)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return false;
	if (pid == 0) {
		alarm(120);
		c->run();
		fflush(stdout);
		exit(0); /* not _exit: leak checkers report at exit */
	}
	if (waitpid(pid, &status, 0) != pid)
		return false;
	if (WIFSIGNALED(status))
		printf("#   died of signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int unit_main(const char *program, const struct unit_case *cases, size_t n)
{
	const char *slash = strrchr(program, '/');
	size_t failed = 0;

	for (size_t i = 0; i < n; i++) {
		bool ok = run_case(&cases[i]);

		failed += !ok;
		printf("%sok %zu - %s: %s\n", ok ? "" : "not ", i + 1, slash ? slash + 1 : program,
		       cases[i].name);
	}
	printf("1..%zu\n", n);
	return failed ? 1 : 0;
}
