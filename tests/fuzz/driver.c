/* TEST: without libFuzzer: runs the files and directories named, or the harness's own corpus. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_LIMIT (1U << 20)

static bool run_file(const char *path)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	size_t len;
	char *buf;

	if (io_read_file(&a, AT_FDCWD, path, INPUT_LIMIT, &buf, &len, &err) < 0) {
		printf("# %s: %s\n", path, err.text);
		return false;
	}
	if (getenv("FUZZ_VERBOSE"))
		fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput((const uint8_t *)buf, len);
	return true;
}

/* The number of inputs, or -1. */
static int run_all(const char *path)
{
	auto_dir DIR *dir = opendir(path);
	struct dirent *e;
	int n = 0;

	if (!dir)
		return run_file(path) ? 1 : -1;
	while ((e = readdir(dir))) {
		char file[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (!run_file(file))
			return -1;
		n++;
	}
	return n;
}

int main(int argc, char **argv)
{
	char own[4096];
	int n = 0;

	printf("1..1\n");
	fflush(stdout); /* a finding ends the program */
	snprintf(own, sizeof(own), "%s/%s", FUZZ_CORPORA, fuzz_name);
	if (argc < 2)
		n = run_all(own);
	for (int i = 1; i < argc && n >= 0; i++) {
		int more = run_all(argv[i]);

		n = more < 0 ? -1 : n + more;
	}
	printf("%sok 1 - fuzz %s: %d inputs of its corpus\n", n > 0 ? "" : "not ", fuzz_name, n);
	return n > 0 ? 0 : 1;
}
