/* TEST: what a state directory holds, as state, exec and delete read it: state.json,
 * process.json and the seccomp program, and as migrate does: migrate.json, network.json. Input: the
 * text for the first two; with 'J' or 'N' in front that of the last; with 'F' or 'S' the file of
 * the program, the sum of which is put right for 'S'. */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/journal.h"
#include "libcontainer/checkpoint/network.h"
#include "libcontainer/plan/plan.h"
#include "libcontainer/state.h"
#include "namespaces/ns.h"
#include "seccomp/internal.h"
#include "tests/unit/test_filter_sim.h"

const char fuzz_name[] = "state";
const struct oci_type *const fuzz_type = &state_type;

#define ID "web"

/* A directory of this process that nobody else sees; the file in it is written anew each time. */
static int directory(void)
{
	static char path[] = "/dev/shm/hull-fuzz-XXXXXX";
	static int fd = -1;

	if (fd >= 0)
		return fd;
	if (access("/dev/shm", W_OK) < 0)
		memcpy(path, "/tmp/////", 9);
	FUZZ_CHECK(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(fd >= 0);
	return fd;
}

static void write_file(const char *name, const void *data, size_t size)
{
	auto_fd int fd = openat(directory(), name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	FUZZ_CHECK(fd >= 0 && io_write_all(fd, data, size) == 0);
}

/* What exec does with the list. */
static uint64_t flags_of(const struct oci_strings *namespaces)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < namespaces->n; i++) {
		const struct ns_kind *kind = ns_find(namespaces->v[i]);

		flags |= kind ? kind->flag : 0;
	}
	return flags;
}

static void read_state(const uint8_t *data, size_t size)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct state s = {0}, again = {0};
	const char *once;
	int r;

	write_file("state.json", data, size);
	r = state_load(&a, directory(), ID, &s, &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return;
	FUZZ_CHECK(streq(s.id, ID) && s.bundle && s.rootfs && s.created);
	(void)flags_of(&s.namespaces);
	once = oci_encode(&a, &state_type, &s, "");
	if (state_save(directory(), &s, &err) < 0 ||
	    state_load(&a, directory(), ID, &again, &err) < 0)
		fuzz_fail(__FILE__, __LINE__, "what was saved is not read: %s", err.text);
	FUZZ_CHECK(streq(once, oci_encode(&a, &state_type, &again, "")));
}

static void read_process(const uint8_t *data, size_t size)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct oci_process process = {0};
	struct plan_process plan;
	int r;

	write_file("process.json", data, size);
	r = oci_decode_file(&a, &oci_process_type, directory(), "process.json", &process, &err);
	if (r == 0)
		r = oci_validate_process(&process, &err);
	if (r == 0)
		r = plan_process_build(&a, &plan, &process, 63, &err);
	fuzz_check_error(r, &err);
	FUZZ_CHECK(r < 0 || (plan.args[0] && plan.cwd[0] == '/'));
}

#define SUM_AT 8 /* of the file; it is over all behind it */

static void read_filter(const uint8_t *data, size_t size, bool right_sum)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct plan_filter filter = {0}, again = {0};
	char *file = fuzz_text(&a, data, size);
	int r;

	if (right_sum && size >= SUM_AT + 8) {
		uint64_t sum = filter_hash(file + SUM_AT + 8, size - SUM_AT - 8);

		memcpy(file + SUM_AT, &sum, sizeof(sum));
	}
	write_file("filter", file, size);
	r = filter_read(&a, directory(), "filter", &filter, &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return;
	FUZZ_CHECK(filter.n > 0 && filter.n <= BPF_MAXINSNS);
	for (size_t i = 0; i < filter.n; i++) /* all of it is there */
		__asm__ volatile("" ::"r"(filter.insns[i].k));
	if (filter_write(directory(), "filter", &filter, &err) < 0 ||
	    filter_read(&a, directory(), "filter", &again, &err) < 0)
		fuzz_fail(__FILE__, __LINE__, "what was written is not read: %s", err.text);
	FUZZ_CHECK(again.n == filter.n && again.flags == filter.flags &&
		   memcmp(again.insns, filter.insns, filter.n * sizeof(*filter.insns)) == 0);
}

static void read_journal(const uint8_t *data, size_t size)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct journal j = {0}, again = {0};
	enum journal_role role;
	const char *once;
	int r;

	write_file(JOURNAL_FILE, data, size);
	r = journal_load(&a, directory(), &j, &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return;
	role = journal_is_source(&j) ? JOURNAL_SOURCE : JOURNAL_TARGET;
	FUZZ_CHECK(journal_phase_of(role, journal_phase(&j)) && j.peer && j.started);
	once = oci_encode(&a, &journal_type, &j, "");
	write_file(JOURNAL_FILE, once, strlen(once));
	if (journal_load(&a, directory(), &again, &err) < 0)
		fuzz_fail(__FILE__, __LINE__, "what was written is not read: %s", err.text);
	FUZZ_CHECK(journal_phase(&again) == journal_phase(&j) &&
		   streq(again.migration, j.migration));
}

/* From a peer: what is taken can be used, and is written as it was read. */
static void read_network(const uint8_t *data, size_t size)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct network n = {0}, again = {0};
	const char *once, *text = fuzz_text(&a, data, size);
	int r = oci_decode(&a, &network_type, "network.json", text, size, &n, &err);

	if (r == 0)
		r = network_check(&n, &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return;
	for (size_t i = 0; i < n.links.n; i++) {
		unsigned char mac[NL_MAC_SIZE];
		size_t len = 0;

		FUZZ_CHECK(n.links.v[i].name && strlen(n.links.v[i].name) < IFNAMSIZ);
		FUZZ_CHECK(network_mac_parse(n.links.v[i].mac, mac, &len) && len <= sizeof(mac));
	}
	for (size_t i = 0; i < n.routes.n; i++) {
		struct network_ip ip;

		FUZZ_CHECK(network_ip_parse(n.routes.v[i].destination, &ip) == 0);
		FUZZ_CHECK(n.routes.v[i].prefix.v <= ip.len * 8u);
	}
	once = oci_encode(&a, &network_type, &n, "");
	if (oci_decode(&a, &network_type, "again", once, strlen(once), &again, &err) < 0)
		fuzz_fail(__FILE__, __LINE__, "what was written is not read: %s", err.text);
	FUZZ_CHECK(streq(once, oci_encode(&a, &network_type, &again, "")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && (*data == 'F' || *data == 'S')) {
		read_filter(data + 1, size - 1, *data == 'S');
		return 0;
	}
	if (size && *data == 'J') {
		read_journal(data + 1, size - 1);
		return 0;
	}
	if (size && *data == 'N') {
		read_network(data + 1, size - 1);
		return 0;
	}
	read_state(data, size);
	read_process(data, size);
	return 0;
}
