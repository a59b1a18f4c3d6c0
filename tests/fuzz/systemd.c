/* TEST: what a bus sends, and text that becomes properties of a unit. The first byte chooses: 0
 * bytes of messages, 1 GVariant, 2 a cgroupsPath and an address, 3 a file of a cgroup and its
 * value. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "cgroups/systemd/bus.h"
#include "cgroups/systemd/gvariant.h"
#include "cgroups/systemd/manager.h"
#include "cgroups/systemd/props.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"

const char fuzz_name[] = "systemd";
const struct oci_type *const fuzz_type;

static void check_text(const struct wire_msg *m, const char *s)
{
	FUZZ_CHECK(strlen(s) <= m->body_len);
}

static void check_args(const struct wire_msg *m)
{
	struct wire_reader r;
	const char *s = NULL;
	uint32_t u = 0;

	wire_read(&r, m);
	while (*r.type) {
		const char *at = r.type;
		int e = -1;

		if (*at == 'u')
			e = wire_read_u32(&r, &u);
		else if (*at == 's' || *at == 'o')
			e = wire_read_text(&r, *at, &s);
		else if (*at == 'v')
			e = wire_read_variant_text(&r, &s);
		if (e < 0)
			return;
		FUZZ_CHECK(r.type == at + 1 && r.pos <= m->body_len);
		if (s)
			check_text(m, s);
		s = NULL;
	}
}

/* As from a socket: one message after the other, each in memory of its own size. */
static void messages(const uint8_t *data, size_t size)
{
	while (size) {
		auto_arena a = ARENA_INIT;
		ssize_t n = wire_size(data, size);
		auto_free uint8_t *copy = NULL;
		struct wire_msg m;

		if (n <= 0 || (size_t)n > size)
			return;
		copy = malloc((size_t)n);
		FUZZ_CHECK(copy);
		memcpy(copy, data, (size_t)n);
		if (wire_parse(copy, (size_t)n, &m) == 0) {
			FUZZ_CHECK(m.signature && m.body_len <= (size_t)n);
			FUZZ_CHECK(m.type != WIRE_SIGNAL || (m.path && m.interface && m.member));
			check_args(&m);
		}
		data += n;
		size -= (size_t)n;
	}
}

/* What is built is one message that is read again, with this type. */
static void check_built(struct arena *a, const struct wire_value *v)
{
	const struct wire_msg msg = {.type = WIRE_CALL, .serial = 1, .path = "/", .member = "M"};
	const struct wire_value variant = {.type = "v", .items = v, .n = 1};
	struct wire_msg back;
	uint8_t *bytes = NULL;
	ssize_t n = wire_build(a, &msg, &variant, 1, &bytes);

	FUZZ_CHECK(wire_type_length(v->type) == strlen(v->type));
	if (n < 0)
		return;
	FUZZ_CHECK(wire_parse(bytes, (size_t)n, &back) == 0 && streq(back.signature, "v"));
	if (*v->type == 's') {
		struct wire_reader r;
		const char *s = NULL;

		wire_read(&r, &back);
		FUZZ_CHECK(wire_read_variant_text(&r, &s) == 0 && streq(s, v->s));
	}
}

static void gvariant(struct arena *a, const char *text)
{
	struct err err = ERR_NONE;
	struct wire_value v;
	int r = gvariant_parse(a, "field", text, &v, &err);

	fuzz_check_error(r, &err);
	if (r == 0)
		check_built(a, &v);
}

static void names(struct arena *a, const char *text)
{
	struct err err = ERR_NONE;
	const char *address = bus_address_parse(a, text);
	struct cgroup_unit u;
	int r = cgroup_unit_plan(a, text, "web", false, &u, &err);

	fuzz_check_error(r, &err);
	FUZZ_CHECK(!address || *address == '/' || *address == '@');
	if (r < 0)
		return;
	FUZZ_CHECK(strlen(u.name) <= 255 && !strchr(u.name, '/') && *u.name != '.');
	FUZZ_CHECK(str_ends(u.slice, ".slice") && !strchr(u.slice, '/'));
	(void)manager_unit_path(a, u.name);
}

static void file(struct arena *a, const char *text, size_t size)
{
	struct unit_props p = {.a = a};
	size_t len = strlen(text);

	if (len + 1 >= size)
		return;
	unit_props_by_file(&p, text, text + len + 1);
	for (size_t i = 0; i < p.n; i++)
		check_built(a, &p.v[i].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena a = ARENA_INIT;
	const char *text;

	if (size < 1)
		return 0;
	text = fuzz_text(&a, data + 1, size - 1);
	switch (data[0]) {
	case 0:
		messages(data + 1, size - 1);
		break;
	case 1:
		gvariant(&a, text);
		break;
	case 2:
		names(&a, text);
		break;
	default:
		file(&a, text, size);
		break;
	}
	return 0;
}
