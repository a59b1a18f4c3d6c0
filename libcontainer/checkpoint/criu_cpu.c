/* RUNTIME: what CRIU knows of the processor, as an image, and whether another one can take its
 * place. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/criu_ask.h"

#define CPU_IMAGE "cpuinfo.img"

/* It keeps that only in a tmpfs. */
bool criu_knows_kernel(void)
{
	return access("/run/criu.kdat", F_OK) == 0 || access("/run/criu/criu.kdat", F_OK) == 0;
}

/* Gone with its descriptor. CRIU puts its log there, too. */
static int scratch(struct err *err)
{
	int fd = mountfd_new_fs("tmpfs", "tmpfs", "mode=0700,size=1m", 0, err);

	return fd < 0 ? err_wrap(err, "a directory for CRIU's image of the processor") : fd;
}

static int ask_about(struct criu *c, CriuType type, int dir, CriuResponse **ret, struct err *err)
{
	CriuOptions options = CRIU_OPTIONS__INIT;
	CriuRequest request = CRIU_REQUEST__INIT;

	options.images_dir_fd = dir;
	options.has_log_level = true;
	options.log_level = 1;
	request.type = type;
	request.opts = &options;
	return criu_ask(c, &request, ret, err);
}

int criu_cpu_dump(struct criu *c, uint8_t ret[CRIU_CPU_MAX], size_t *ret_len, struct err *err)
{
	auto_response *answer = NULL;
	auto_fd int dir = scratch(err), fd = -1;
	int r = dir < 0 ? dir : ask_about(c, CRIU_TYPE__CPUINFO_DUMP, dir, &answer, err);
	ssize_t n;

	*ret_len = 0;
	if (r < 0 || !answer->success) /* it knows some architectures only */
		return r;
	fd = openat(dir, CPU_IMAGE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	n = fd < 0 ? -1 : read(fd, ret, CRIU_CPU_MAX);
	if (n < 0)
		return err_sys(err, errno, "read CRIU's image of the processor");
	*ret_len = n == CRIU_CPU_MAX ? 0 : (size_t)n; /* all of it, or nothing */
	return 0;
}

int criu_cpu_check(struct criu *c, const uint8_t *image, size_t len, bool *ret_fits, char *ret_why,
		   size_t why_size, struct err *err)
{
	auto_response *answer = NULL;
	auto_fd int dir = scratch(err), fd = -1;
	int r = dir < 0 ? dir : 0;

	*ret_why = '\0';
	if (r == 0) {
		fd = openat(dir, CPU_IMAGE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		r = fd < 0 ? -errno : io_write_all(fd, image, len);
		if (r < 0)
			return err_sys(err, -r, "write CRIU's image of the processor");
		r = ask_about(c, CRIU_TYPE__CPUINFO_CHECK, dir, &answer, err);
	}
	if (r < 0)
		return r;
	*ret_fits = answer->success;
	if (answer->cr_errmsg)
		snprintf(ret_why, why_size, "%.*s", (int)strcspn(answer->cr_errmsg, "\n"),
			 answer->cr_errmsg);
	return 0;
}
