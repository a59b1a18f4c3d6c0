/* TEST: what the tests of archives and of trees have alike. */
#include "tests/unit/archive.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static char top[64];

void in_directory(void)
{
	strcpy(top, "/tmp/hull-unit-archive-XXXXXX");
	CHECK(mkdtemp(top));
	CHECK_INT(chdir(top), 0);
}

void done(void)
{
	char command[256];

	snprintf(command, sizeof(command), "chmod -R u+rwx %s; rm -rf %s", top, top);
	CHECK_INT(system(command), 0);
}

void shell(const char *command)
{
	if (system(command) != 0)
		unit_fail(__FILE__, __LINE__, "%s", command);
}

int directory(const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY);

	CHECK(fd >= 0);
	return fd;
}

int new_file(void)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

void finish(int fd)
{
	struct tar_writer w = {.fd = fd, .file = "archive"};
	struct err err;

	CHECK_INT(tar_put_end(&w, &err), 0);
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
}

struct tar_reader reader(int fd)
{
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	return (struct tar_reader){.fd = fd, .file = "archive", .budget = UINT64_MAX};
}
