/* INIT: a new time namespace with its offsets. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "namespaces/ns.h"

int ns_enter_time(const struct plan_timens_offset *offsets, size_t n, int offsets_fd,
		  struct err *err)
{
	auto_fd int fd = -1;
	char text[256];
	struct strbuf sb = {.buf = text, .size = sizeof(text)};
	int r;

	/* The caller stays where it is; its children would be in the new one. Offsets can be
	 * written only as long as nobody has entered it (time_namespaces(7)), so a clone3() with
	 * CLONE_NEWTIME would be too early. */
	if (unshare(CLONE_NEWTIME) < 0)
		return err_sys(err, errno, "create the time namespace");
	for (size_t i = 0; i < n; i++)
		strbuf_add(&sb, "%s %" PRId64 " %" PRIu32 "\n", offsets[i].clock, offsets[i].secs,
			   offsets[i].nanosecs);
	if (sb.overflow)
		return err_fail(err, E2BIG, "too many time offsets");
	if (n) {
		r = io_write_all(offsets_fd, text, sb.len);
		if (r == -ERANGE)
			return err_fail(err, ERANGE,
					"time offsets would make a clock negative or too large");
		if (r < 0)
			return err_sys(err, -r, "write '/proc/self/timens_offsets'");
	}
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "open '/proc/self/ns/time_for_children'");
	if (setns(fd, CLONE_NEWTIME) < 0)
		return err_sys(err, errno, "enter the time namespace");
	return 0;
}
