/* TEST: whose failure is told when both sides fail. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/sync.h"
#include "tests/unit/unit.h"

static void pair(int fd[2])
{
	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd), 0);
}

static void other_failed_first(void)
{
	struct err ours = ERR_NONE, theirs = ERR_NONE;
	int fd[2];

	pair(fd);
	err_fail(&theirs, EINVAL, "the program is missing");
	CHECK_INT(sync_send(fd[1], SYNC_MOUNTED), 0);
	CHECK_INT(sync_send_error(fd[1], &theirs), 0);
	close(fd[1]);
	err_sys(&ours, ENOENT, "open its namespace");
	sync_last_word(fd[0], &ours);
	CHECK_STR(ours.text, "the program is missing");
	CHECK_INT(ours.code, EINVAL);
	close(fd[0]);
}

static void other_did_not_fail(void)
{
	struct err ours = ERR_NONE;
	int fd[2];

	pair(fd);
	err_sys(&ours, ENOSPC, "write the pid file");
	sync_last_word(fd[0], &ours); /* silent, and still there */
	CHECK_INT(sync_send(fd[1], SYNC_READY), 0);
	sync_last_word(fd[0], &ours);
	close(fd[1]);
	sync_last_word(fd[0], &ours); /* ended without a word */
	CHECK_STR(ours.text, "write the pid file");
	CHECK_INT(ours.code, ENOSPC);
	close(fd[0]);
}

static const struct unit_case cases[] = {
	{"the other side's failure came first", other_failed_first},
	{"ours stays when the other side has none", other_did_not_fail},
};
UNIT_MAIN(cases)
