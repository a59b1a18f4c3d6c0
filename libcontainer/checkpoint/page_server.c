/* RUNTIME: checkpoint: memory that goes to a server of pages, or is given to one that asks. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/checkpoint.h"

/* The size of the pipe through which CRIU answers each question for a page: as many buffers as fit
 * in eight pages of the kernel. It ignores that it did not get it, and breaks off at the first
 * page, with the restored container in the midst of running. */
#define CRIU_PIPE_SIZE (8 * 4096 / 40 * 4096)

static int can_serve_pages(struct err *err)
{
	auto_fd int out = -1, in = -1;
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(err, errno, "make a pipe");
	out = pair[0];
	in = pair[1];
	if (fcntl(in, F_SETPIPE_SZ, CRIU_PIPE_SIZE) >= 0)
		return 0;
	err_sys(err, errno, "--lazy-pages: CRIU cannot make a pipe of %d bytes", CRIU_PIPE_SIZE);
	err_hint(err, "it needs CAP_SYS_RESOURCE, or 4194304 in /proc/sys/fs/pipe-max-size");
	return -err->code;
}

int ckpt_page_server(struct arena *a, const struct container_checkpoint_opts *o,
		     struct criu_request *q, struct err *err)
{
	const char *text = o->page_server, *colon = given(text) ? strrchr(text, ':') : NULL;
	uint32_t port;

	if (!given(text))
		return 0;
	if (!colon || colon == text || str_to_u32(colon + 1, &port) < 0 || port == 0 ||
	    port > 65535)
		return err_fail(err, EINVAL, "--page-server: '%s' is not ADDRESS:PORT", text);
	q->ps_address = arena_strndup(a, text, (size_t)(colon - text));
	q->ps_port = (uint16_t)port;
	return o->image.lazy_pages ? can_serve_pages(err) : 0;
}
