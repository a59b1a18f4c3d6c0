/* TEST: the table of what hull needs of the kernel. */
#include "libcontainer/base/kernel.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* Each question is answered from its arguments alone: it changes nothing and opens nothing. */
static void questions_without_effect(void)
{
	for (size_t i = 0; i < n_kernel_features; i++) {
		const struct kernel_feature *f = &kernel_features[i];
		const long *a = f->arg;
		long r;

		errno = 0;
		r = syscall(f->nr, a[0], a[1], a[2], a[3], a[4]);
		CHECK_INT(r, -1);
		if (!f->asks_rights)
			CHECK(errno == EINVAL || errno == EFAULT);
		CHECK(errno != ENOSYS);
	}
}

static void this_kernel_has_all(void)
{
	struct err err = ERR_NONE;

	CHECK_INT(kernel_check(KERNEL_MANAGE, &err), 0);
	CHECK_INT(kernel_check(KERNEL_ENTER, &err), 0);
}

static void rows(void)
{
	for (size_t i = 0; i < n_kernel_features; i++) {
		CHECK(strlen(kernel_features[i].since) >= 3);
		for (size_t j = 0; j < i; j++)
			CHECK(strcmp(kernel_features[i].name, kernel_features[j].name) != 0);
	}
}

static const struct unit_case cases[] = {
	{"questions without effect", questions_without_effect},
	{"this kernel has all", this_kernel_has_all},
	{"rows", rows},
};

UNIT_MAIN(cases)
