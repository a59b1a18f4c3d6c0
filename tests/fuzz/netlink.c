/* TEST: rtnetlink messages: whatever is in a datagram is read within its bounds, and what is made
 * of it is read again as what was meant. Input: the index of an interface, then the datagram. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "namespaces/netlink.h"

const char fuzz_name[] = "netlink";
const struct oci_type *const fuzz_type;

#define NEW_INDEX 7

static void check_link(const struct nl_msg *m)
{
	struct nl_link link;

	memset(&link, 'x', sizeof(link));
	if (nl_parse_link(m, &link) < 0)
		return;
	FUZZ_CHECK(link.index > 0 && link.name[0]);
	FUZZ_CHECK(strnlen(link.name, sizeof(link.name)) < sizeof(link.name));
	FUZZ_CHECK(strnlen(link.kind, sizeof(link.kind)) < sizeof(link.kind));
	FUZZ_CHECK(link.mac_len <= sizeof(link.mac));
}

static void check_error(const struct nl_msg *m)
{
	const char *text = NULL;
	int code = -1;

	if (nl_error(m, &code, &text) < 0)
		return;
	FUZZ_CHECK(code >= 0 && code <= 4095);
	FUZZ_CHECK(strlen(text) <= m->len);
}

/* What was built, as a message; false when it did not fit. */
static bool finish(struct nl_out *out, struct nl_msg *ret)
{
	struct nl_in in = {out->buf, 0};

	if (nl_finish(out, 1) < 0)
		return false;
	FUZZ_CHECK(out->len <= sizeof(out->buf));
	in.left = out->len;
	FUZZ_CHECK(nl_next(&in, ret) == 1 && in.left == 0);
	return true;
}

static void check_address(const struct nl_msg *m)
{
	static struct nl_out out;
	uint32_t index = 0, again = 0;
	unsigned family = 0, same = 1;
	struct nl_msg built;

	if (nl_parse_address(m, &index, &family) < 0) {
		FUZZ_CHECK(!nl_address_is_global(m));
		FUZZ_CHECK(nl_build_address(&out, m, NEW_INDEX, "eth0", "net1") < 0);
		return;
	}
	(void)nl_address_is_global(m);
	FUZZ_CHECK(nl_build_address(&out, m, NEW_INDEX, "eth0", "a-name-of-15-by") == 0);
	if (!finish(&out, &built))
		return;
	FUZZ_CHECK(nl_parse_address(&built, &again, &same) == 0);
	FUZZ_CHECK(again == NEW_INDEX && same == family);
}

static void check_route(const struct nl_msg *m, uint32_t index)
{
	static struct nl_out out;
	bool gateway = false, again = true, is_of = nl_route_is_of(m, index, &gateway);
	struct nl_msg built;

	if (nl_build_route(&out, m, NEW_INDEX) < 0) {
		FUZZ_CHECK(!is_of);
		return;
	}
	if (!finish(&out, &built) || !is_of || index == 0)
		return;
	FUZZ_CHECK(nl_route_is_of(&built, NEW_INDEX, &again) && again == gateway);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena a = ARENA_INIT;
	struct nl_msg m;
	struct nl_in in;
	uint32_t index;

	if (size < 1)
		return 0;
	index = data[0];
	in = (struct nl_in){arena_memdup(&a, data + 1, size - 1), size - 1};
	while (nl_next(&in, &m) > 0) {
		FUZZ_CHECK(m.len <= size);
		check_link(&m);
		check_error(&m);
		check_address(&m);
		check_route(&m, index);
	}
	return 0;
}
