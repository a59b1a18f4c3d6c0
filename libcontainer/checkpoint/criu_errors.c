/* RUNTIME: what CRIU's log says of a failure, and what helps. */
#include <errno.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/criu.h"

#define MAX_LOG (16 << 20)

/* It goes on without, and with the descriptors that it has. */
static bool is_harmless(const char *text)
{
	return str_starts(text, "rlimit: Can't setup RLIMIT_NOFILE");
}

/* The first error in CRIU's log, which names its cause; the last is only "Dumping FAILED". Lines
 * are "(00.012345) Error (criu/files.c:123): text". */
static const char *first_error(struct arena *a, const struct criu_request *q)
{
	struct err ignored;
	char *text, *p;
	size_t len;

	if (io_read_file(a, q->work_fd, q->log_file, MAX_LOG, &text, &len, &ignored) < 0)
		return NULL;
	for (p = text; (p = strstr(p, "Error (")); p += strcspn(p, "\n")) {
		char *reason = strstr(p, "): ");

		if (!reason)
			return NULL;
		reason += strlen("): ");
		if (is_harmless(reason))
			continue;
		reason[strcspn(reason, "\n")] = '\0';
		return reason;
	}
	return NULL;
}

/* What helps, where CRIU's own words do not say it. */
static const char *remedy(const char *why)
{
	static const struct {
		const char *text, *hint;
	} known[] = {
		{"without peer",
		 "its other end is outside of the network namespace, where CRIU cannot look"},
		{"In-flight connection",
		 "--tcp-skip-in-flight leaves out connections that nobody has accepted yet"},
		{"leader of", "--shell-job is for sessions whose leader is outside"},
		{"Can't get rlimit", "for programs of ordinary users CRIU needs CAP_SYS_RESOURCE"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strstr(why, known[i].text))
			return known[i].hint;
	return NULL;
}

int criu_failed(const struct criu_request *q, int cr_errno, const char *errmsg, struct err *err)
{
	static const char *const what[] = {"dump", "dump the memory of", "restore"};
	auto_arena a = ARENA_INIT;
	const char *why = first_error(&a, q), *hint;

	if (!why && given(errmsg))
		why = errmsg;
	err_fail(err, cr_errno > 0 ? cr_errno : EIO, "CRIU could not %s the container: %.512s",
		 what[q->what], why ? why : "it does not say why");
	hint = why ? remedy(why) : NULL;
	if (hint)
		err_hint(err, "%s", hint);
	else
		err_hint(err, "the whole log is '%s' in the work directory", q->log_file);
	return -err->code;
}
