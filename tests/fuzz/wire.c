/* TEST: what one end of a migration hears, from a peer that says what it likes.
 *
 * Input: one byte (0x01: we are the target; 0x02: both have said hello; 0x04: bodies are skipped),
 * then the stream.
 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/wire.h"

const char fuzz_name[] = "wire";
const struct oci_type *const fuzz_type;

#define ALL_FEATURES (WIRE_F_COMPRESS | WIRE_F_LAZY | WIRE_F_ROOTFS)

/* A directory of this process, as long as it lives. */
static char path[] = "/dev/shm/hull-fuzz-XXXXXX";
static int dir_fd = -1;

__attribute__((destructor)) static void remove_directory(void)
{
	if (dir_fd >= 0)
		rmdir(path);
}

static int directory(void)
{
	if (dir_fd >= 0)
		return dir_fd;
	if (access("/dev/shm", W_OK) < 0)
		memcpy(path, "/tmp/////", 9);
	FUZZ_CHECK(mkdtemp(path));
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(dir_fd >= 0);
	return dir_fd;
}

static void check(const struct wire *w, const struct wire_msg *m)
{
	struct wire_msg again;
	uint8_t meta[WIRE_META_MAX];
	const char *why;
	size_t n = wire_encode(m, meta);

	FUZZ_CHECK(m->type != WIRE_PING && m->type != WIRE_ERROR);
	FUZZ_CHECK(wire_may_send(m->type, w->role == WIRE_SOURCE ? WIRE_TARGET : WIRE_SOURCE));
	FUZZ_CHECK(m->len <= WIRE_BODY_MAX && m->packed <= m->len);
	FUZZ_CHECK(wire_decode(m->type, meta, n, m->len, &again, &why) == 0);
	if (m->type == WIRE_FILE || m->type == WIRE_IMAGE) {
		FUZZ_CHECK(m->file.name[0] && !strchr(m->file.name, '/'));
		FUZZ_CHECK(!streq(m->file.name, "..") && !streq(m->file.name, "."));
	}
	if (m->type == WIRE_PAGES)
		FUZZ_CHECK(m->pages.count * WIRE_PAGE_SIZE == m->len);
	if (m->type == WIRE_PAGES || m->type == WIRE_ZERO || m->type == WIRE_PAGE_REQUEST)
		FUZZ_CHECK(m->pages.count &&
			   m->pages.address + m->pages.count * WIRE_PAGE_SIZE - 1 >=
				   m->pages.address);
}

static int use(struct wire *w, struct wire_files *files, const struct wire_msg *m, struct err *err)
{
	/* Exactly so much memory: one byte more is seen. */
	auto_free uint8_t *body = NULL;
	const char *text;
	int r;

	if (m->type == WIRE_PREFLIGHT || m->type == WIRE_PREFLIGHT_ANSWER) {
		r = wire_body_text(w, m, &text, err);
		FUZZ_CHECK(r < 0 || strlen(text) == m->len);
		return r;
	}
	if (m->type == WIRE_IMAGE) {
		r = wire_files_take(files, w, m, err);
		(void)unlinkat(files->dirfd, m->file.name, 0);
		return r;
	}
	body = malloc(m->len ?: 1);
	FUZZ_CHECK(body);
	return wire_body(w, m, body, err);
}

static void hear(struct wire *w, bool skip)
{
	struct wire_files files;
	struct err err = ERR_NONE;
	int r = 0;

	if (!w->version) {
		r = wire_hello(w, ALL_FEATURES, &err);
		fuzz_check_error(r, &err);
	}
	wire_files_init(&files, directory(), 1 << 20, 10);
	for (int frames = 0; r == 0 && frames < 1000; frames++) {
		struct wire_msg m;

		r = wire_next(w, 1000, &m, &err);
		if (r == 0) {
			check(w, &m);
			r = skip ? 0 : use(w, &files, &m, &err);
		}
		fuzz_check_error(r, &err);
		FUZZ_CHECK(r <= 0 && (r == 0 || r == -err.code));
	}
	wire_files_done(&files);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_fd int in = memfd_create("in", MFD_CLOEXEC),
		    out = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct err err = ERR_NONE;
	struct wire w;

	if (!size)
		return 0;
	FUZZ_CHECK(in >= 0 && out >= 0 && io_write_all(in, data + 1, size - 1) == 0);
	FUZZ_CHECK(lseek(in, 0, SEEK_SET) == 0);
	FUZZ_CHECK(wire_init(&w, *data & 1 ? WIRE_TARGET : WIRE_SOURCE, in, out, 1000, &err) == 0);
	if (*data & 2) {
		w.version = WIRE_VERSION;
		w.features = ALL_FEATURES;
	}
	hear(&w, *data & 4);
	wire_done(&w);
	return 0;
}
