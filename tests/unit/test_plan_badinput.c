/* TEST: bad input for every field, made from the tables of fields: decode, validate, plan. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/plan.h"
#include "oci-spec/field.h"
#include "oci-spec/oci.h"
#include "tests/unit/json_edit.h"
#include "tests/unit/unit.h"

/* ---- what the specification takes ------------------------------------------------------- */

enum {
	EMPTY = 1, /* "" is as good as no value, or a value */
	ANY = 2,   /* free text: a made-up word is one */
	LONG = 4,  /* 64 KiB of it, too: what the kernel takes is for the kernel to say */
	CASE = 8,  /* another value, when its letters are of the other case */
};

/* Strings: a row says what is legal but for the value of tests/data/legal.json. A field without
 * row takes none of it. "[]" stands for elements, "*" for a name that the author chose. */
static const struct {
	const char *at;
	unsigned legal;
} strings[] = {
	{"root.path", ANY | LONG},
	{"process.args[]", EMPTY | ANY | LONG},
	{"process.cwd", LONG},
	{"process.env[]", LONG | CASE},
	/* P-23, P-24: a warning */
	{"process.capabilities.bounding[]", EMPTY | ANY | LONG},
	{"process.capabilities.effective[]", EMPTY | ANY | LONG},
	{"process.capabilities.inheritable[]", EMPTY | ANY | LONG},
	{"process.capabilities.permitted[]", EMPTY | ANY | LONG},
	{"process.capabilities.ambient[]", EMPTY | ANY | LONG},
	/* engines write "" for none */
	{"process.apparmorProfile", EMPTY | ANY},
	{"process.selinuxLabel", EMPTY | ANY},
	{"process.execCPUAffinity.initial", EMPTY},
	{"process.execCPUAffinity.final", EMPTY},
	{"hostname", EMPTY | ANY}, /* I-04 */
	{"domainname", EMPTY | ANY},
	{"annotations.*", EMPTY | ANY | LONG}, /* */
	/* M-04, M-08, M-09, M-11: the kernel's to refuse */
	{"mounts[].destination", ANY | LONG},
	{"mounts[].type", ANY | LONG},
	{"mounts[].source", EMPTY | ANY | LONG},
	{"mounts[].options[]", EMPTY | ANY | LONG},
	{"hooks.*[].path", LONG},
	{"hooks.*[].args[]", EMPTY | ANY | LONG},
	{"hooks.*[].env[]", EMPTY | ANY | LONG},
	{"linux.netDevices.*.name", EMPTY | CASE}, /* E-02 */
	{"linux.namespaces[].path", EMPTY | LONG},
	{"linux.sysctl.*", EMPTY | ANY | LONG},
	{"linux.cgroupsPath", EMPTY | ANY | LONG},
	{"linux.rootfsPropagation", EMPTY},
	{"linux.intelRdt.closID", EMPTY | ANY},
	{"linux.intelRdt.l3CacheSchema", EMPTY},
	{"linux.intelRdt.memBwSchema", EMPTY},
	{"linux.intelRdt.schemata[]", CASE}, /* the names are the kernel's */
	{"linux.mountLabel", EMPTY | ANY},
	{"linux.maskedPaths[]", LONG},
	{"linux.readonlyPaths[]", LONG},
	{"linux.devices[].path", LONG},
	{"linux.resources.devices[].type", EMPTY},
	{"linux.resources.cpu.cpus", EMPTY},
	{"linux.resources.cpu.mems", EMPTY},
	{"linux.resources.unified.*", EMPTY | ANY | LONG},
	{"linux.seccomp.listenerPath", ANY | LONG}, /* S-08: used with NOTIFY alone */
	{"linux.seccomp.listenerMetadata", EMPTY | ANY | LONG},
	{"linux.seccomp.syscalls[].names[]", ANY | LONG}, /* S-12 */
};

/* Arrays and objects that may not be empty. */
static const char *const not_empty[] = {
	"process",
	"process.args",
	"process.consoleSize", /* P-04: both members */
	"process.scheduler",
	"process.ioPriority",
	"root",
	"mounts[].uidMappings", /* M-17 */
	"mounts[].gidMappings",
	"linux.seccomp",
	"linux.seccomp.syscalls[].names",
	"linux.uidMappings", /* N-21: of the new user namespace */
	"linux.gidMappings",
	"linux.personality",
	"linux.memoryPolicy",
	"linux.resources.rdma.*",
};

/* Without these the legal text has others that are wrong, which the error is about. */
static const struct {
	const char *at, *error;
} needed[] = {
	{"linux", "hostname: needs a uts namespace"},
	{"linux.namespaces", "hostname: needs a uts namespace"},
};

/* Numbers at the ends of what the specification or the kernel has for them. */
static const struct {
	const char *at, *value;
	bool legal;
} numbers[] = {
	{"process.consoleSize.height", "65535", true},
	{"process.consoleSize.width", "65536", false},
	{"process.user.umask", "511", true},
	{"process.user.umask", "512", false},
	{"process.user.uid", "4294967295", false},
	{"process.user.gid", "4294967295", false},
	{"process.user.additionalGids[]", "4294967295", false},
	{"process.oomScoreAdj", "-1000", true},
	{"process.oomScoreAdj", "1000", true},
	{"process.oomScoreAdj", "-1001", false},
	{"process.oomScoreAdj", "1001", false},
	{"process.rlimits[].hard", "18446744073709551615", true},
	{"process.rlimits[].hard", "1023", false},         /* below soft */
	{"process.scheduler.priority", "1", false},        /* of SCHED_FIFO and SCHED_RR */
	{"process.scheduler.runtime", "20000001", false},  /* above deadline */
	{"process.scheduler.deadline", "30000001", false}, /* above period */
	{"process.ioPriority.priority", "0", true},
	{"process.ioPriority.priority", "7", true},
	{"process.ioPriority.priority", "-1", false},
	{"process.ioPriority.priority", "8", false},
	{"hooks.prestart[].timeout", "0", false},
	{"hooks.createRuntime[].timeout", "-1", false},
	{"hooks.poststop[].timeout", "1", true},
	{"linux.uidMappings[].size", "0", false},
	{"linux.gidMappings[].hostID", "4294967295", false},
	{"linux.timeOffsets.*.nanosecs", "999999999", true},
	{"linux.timeOffsets.*.nanosecs", "1000000000", false},
	{"linux.devices[].fileMode", "511", true},
	{"linux.devices[].fileMode", "512", false},
	{"linux.devices[].major", "-1", false},
	{"linux.devices[].minor", "1048576", false},
	{"linux.resources.devices[].major", "-1", true},
	{"linux.resources.devices[].major", "-2", false},
	{"linux.resources.devices[].minor", "4294967296", false},
	{"linux.resources.memory.limit", "-1", true},
	{"linux.resources.memory.limit", "-2", false},
	{"linux.resources.memory.reservation", "-2", false},
	{"linux.resources.memory.swap", "-2", false},
	{"linux.resources.memory.swap", "1", false}, /* below limit */
	{"linux.resources.memory.swappiness", "0", false},
	{"linux.resources.memory.kernel", "1", false},
	{"linux.resources.memory.kernelTCP", "1", false},
	{"linux.resources.cpu.period", "999", false},
	{"linux.resources.cpu.period", "1000001", false},
	{"linux.resources.cpu.burst", "50001", false}, /* above quota */
	{"linux.resources.cpu.idle", "2", false},
	{"linux.resources.cpu.idle", "-1", false},
	{"linux.resources.cpu.realtimeRuntime", "1", false},
	{"linux.resources.cpu.realtimePeriod", "1", false},
	{"linux.resources.pids.limit", "0", true},
	{"linux.resources.pids.limit", "-1", true},
	{"linux.resources.pids.limit", "-2", false},
	{"linux.resources.blockIO.weight", "9", false},
	{"linux.resources.blockIO.weight", "1001", false},
	{"linux.resources.blockIO.weight", "65536", false},
	{"linux.resources.blockIO.leafWeight", "500", false},
	{"linux.resources.blockIO.weightDevice[].weight", "9", false},
	{"linux.resources.blockIO.weightDevice[].leafWeight", "500", false},
	{"linux.resources.network.classID", "1", false},
	{"linux.seccomp.syscalls[].args[].index", "6", false},
	{"linux.seccomp.syscalls[].errnoRet", "4096", false},
	{"linux.seccomp.defaultErrnoRet", "4096", false},
};

/* ---- one text -------------------------------------------------------------------------------- */

static const struct root {
	const struct oci_type *type;
	const char *under; /* where the object is in config.json: in errors of validation */
} config = {&oci_spec_type, ""}, process = {&oci_process_type, "process."},
  resources = {&oci_resources_type, "linux.resources."};

static struct arena keep; /* of the text that is changed, and what walks it */
static const char *legal; /* the text */
static const struct root *as;
static size_t n_texts, n_wrong;

static int look(const char *text, struct err *err)
{
	union {
		struct oci_spec spec;
		struct oci_process process;
		struct oci_resources resources;
	} u;
	auto_arena a = ARENA_INIT;
	struct plan plan = {.id = ""};
	struct plan_input in = {.spec = &u.spec, .id = "web", .bundle = "/b", .last_cap = 40};
	int r;

	memset(&u, 0, sizeof(u));
	*err = ERR_NONE;
	r = oci_decode(&a, as->type, "f", text, strlen(text), &u, err);
	if (r < 0)
		return r;
	if (as == &resources)
		return oci_validate_resources(&u.resources, err);
	if (as == &process) {
		r = oci_validate_process(&u.process, err);
		return r < 0 ? r : plan_process_build(&a, &plan.process, &u.process, 40, err);
	}
	r = oci_validate(&u.spec, err);
	if (r < 0)
		return r;
	r = plan_build(&plan, &in, err);
	if (r >= 0)
		arena_done(&plan.arena);
	return r;
}

static int judge(const char *text, struct err *err)
{
	char line[ERR_TEXT_SIZE + ERR_HINT_SIZE];
	int r = look(text, err);

	n_texts++;
	if (r >= 0)
		return 0;
	for (const char *p = err_format(err, line, sizeof(line)); *p; p++)
		if (iscntrl((unsigned char)*p))
			unit_fail(__FILE__, __LINE__, "more than a line: %s", line);
	CHECK(line[0] && err->code > 0);
	return r;
}

static void wrong(const char *path, const char *what, const char *value, const char *got)
{
	printf("#   %s, %s (%.40s): %.200s\n", path, what, value, got);
	n_wrong++;
}

/* Without the position. */
static const char *message(const struct err *err)
{
	const char *p = err->text;

	if (strncmp(p, "f:", 2) == 0)
		p = strchr(p, ' ') ? strchr(p, ' ') + 1 : p;
	return p;
}

static bool starts_with_path(const char *text, const char *path, size_t len)
{
	if (strncmp(text, path, len) != 0 || isalnum((unsigned char)text[len]))
		return false;
	return len > 0;
}

/* "mounts[].options[]" and "annotations.*" match places. */
static bool place_is(const struct json_place *at, const char *row)
{
	row += str_starts(row, as->under) ? strlen(as->under) : 0;
	for (size_t i = 0; i < at->n; i++) {
		const char *step = at->steps[i];

		if (!step) {
			if (!str_starts(row, "[]"))
				return false;
			row += 2;
			continue;
		}
		row += i > 0 && *row == '.';
		if (*row == '*') {
			row++;
			continue;
		}
		if (!str_starts(row, step))
			return false;
		row += strlen(step);
	}
	return !*row;
}

/* A legal configuration need not have it: hull may refuse it whole. */
static bool left_out(const struct json_place *at)
{
	auto_arena a = ARENA_INIT;
	const char *now = json_value(&a, legal, at);

	return !now || streq(now, "null") || streq(now, "[]");
}

/* The error is about the field, or about what it is a part of: when that is left out, or when it
 * names the field all the same ("...memory.swap: 99 is less than limit, 100"). */
static bool names(const struct err *err, const struct json_place *at)
{
	auto_arena a = ARENA_INIT;
	const char *path = json_place_text(&a, at), *text = message(err), *last = NULL;
	struct json_place up = *at;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (place_is(at, needed[i].at) && str_starts(text, needed[i].error))
			return true;

	if (str_starts(text, as->under) && !str_starts(path, as->under))
		text += strlen(as->under);
	if (starts_with_path(text, path, strlen(path)))
		return true;
	for (size_t i = at->n; i > 0 && !last; i--)
		last = at->steps[i - 1];
	while (up.n > 1) {
		const char *above;

		up.n--;
		above = json_place_text(&a, &up);
		if (starts_with_path(text, above, strlen(above)))
			return left_out(&up) || strstr(text + strlen(above), last);
	}
	return false;
}

static bool is_needed(const struct json_place *at)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (place_is(at, needed[i].at))
			return true;
	return false;
}

static void must_fail(const struct json_place *at, const char *text, const char *what,
		      const char *value)
{
	auto_arena a = ARENA_INIT;
	const char *path = json_place_text(&a, at);
	struct err err;

	if (judge(text, &err) >= 0)
		wrong(path, what, value, "taken as legal");
	else if (!names(&err, at))
		wrong(path, what, value, err.text);
}

static void must_be_legal(const struct json_place *at, const char *text, const char *what,
			  const char *value)
{
	auto_arena a = ARENA_INIT;
	struct err err;

	if (judge(text, &err) < 0 && !((left_out(at) || is_needed(at)) && names(&err, at)))
		wrong(json_place_text(&a, at), what, value, err.text);
}

static void set_must(bool fail, const struct json_place *at, const char *value, const char *what)
{
	auto_arena a = ARENA_INIT;
	const char *text = json_set(&a, legal, at, value);

	(fail ? must_fail : must_be_legal)(at, text, what, value);
}

static void set_either(const struct json_place *at, const char *value, const char *what)
{
	auto_arena a = ARENA_INIT;
	struct err err;

	if (judge(json_set(&a, legal, at, value), &err) < 0 && !names(&err, at))
		wrong(json_place_text(&a, at), what, value, err.text);
}

/* ---- every kind of bad value --------------------------------------------------------------------
 */

static void wrong_types(const struct json_place *at, const char *right)
{
	static const char *const values[] = {"\"text\"", "1", "true", "false", "{}", "[]", "[[]]"};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (!strchr(right, *values[i]) && !(*right == '1' && *values[i] == '1'))
			set_must(true, at, values[i], "of the wrong type");
}

/* The legal text with the object that the member is in. */
static const char *json_opened(struct arena *a, const struct json_place *at)
{
	struct json_place up = *at;

	up.n--;
	return left_out(&up) ? json_set(a, legal, &up, "{}") : legal;
}

/* B-03; Go writes null for what is absent. */
static void null_and_twice(const struct json_place *at)
{
	auto_arena a = ARENA_INIT;
	const char *twice = json_twice(&a, legal, at);
	struct err null_err, gone_err;
	int null = judge(json_set(&a, legal, at, "null"), &null_err);
	int gone = judge(json_remove(&a, json_opened(&a, at), at), &gone_err);

	if (null != gone || (gone < 0 && strcmp(message(&null_err), message(&gone_err)) != 0))
		wrong(json_place_text(&a, at), "null is not as absent", null_err.text,
		      gone_err.text);
	if (gone < 0 && !names(&gone_err, at))
		wrong(json_place_text(&a, at), "absent", "", gone_err.text);
	if (twice) {
		must_fail(at, twice, "twice", "");
		if (judge(twice, &gone_err) < 0 && !strstr(gone_err.text, "duplicate"))
			wrong(json_place_text(&a, at), "twice", "", gone_err.text);
	}
}

static void number(const struct json_place *at, enum oci_kind kind, uint32_t max)
{
	/* B-12: beyond each range; written as a fraction; too long for any */
	static const char *const never[] = {
		"18446744073709551616",
		"-9223372036854775809",
		"1.5",
		"1.0",
		"1e3",
		"1E400",
		"0.1",
		"100000000000000000000000000000000000000000000000000000000000000000000000",
	};
	static const struct {
		enum oci_kind kind;
		const char *in[2], *out[2];
	} kinds[] = {
		{OCI_I64,
		 {"-9223372036854775808", "9223372036854775807"},
		 {"-9223372036854775809", "9223372036854775808"}},
		{OCI_U64, {"0", "18446744073709551615"}, {"-1", "18446744073709551616"}},
		{OCI_U32, {"0", "4294967295"}, {"-1", "4294967296"}},
		{OCI_I32, {"-2147483648", "2147483647"}, {"-2147483649", "2147483648"}},
	};

	wrong_types(at, "1");
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		set_must(true, at, never[i], "no number of any field");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (size_t k = 0; k < 2 && kinds[i].kind == kind; k++) {
			set_must(true, at, kinds[i].out[k], "out of range");
			if (!max)
				set_either(at, kinds[i].in[k], "at the end of the range");
		}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (place_is(at, numbers[i].at))
			set_must(!numbers[i].legal, at, numbers[i].value, "by the specification");
}

static void string(const struct json_place *at)
{
	auto_arena a = ARENA_INIT;
	unsigned takes = 0;
	const char *now = json_value(&a, legal, at);
	bool absolute = now && str_starts(now, "\"/");
	char *big = arena_alloc(&a, (64 << 10) + 8), *end;

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		if (place_is(at, strings[i].at))
			takes = strings[i].legal;
	wrong_types(at, "\"");
	set_must(!(takes & EMPTY), at, "\"\"", "empty");
	set_must(!(takes & ANY), at, "\"no such thing\"", "unknown");
	set_either(at, "\"\\n\\u001b[31m\\t%s%n\"", "control characters");
	set_either(at, "\"../../../x\"", "a path that leads up");
	/* the case counts, and so does what stands around a word (B-14) */
	if (now && *now == '"' && !(takes & ANY) && !absolute && strlen(now) > 4) {
		char *changed = arena_strdup(&a, now);

		for (char *p = changed; *p; p++)
			*p = (char)(isupper((unsigned char)*p) ? tolower((unsigned char)*p)
							       : toupper((unsigned char)*p));
		if (strcmp(changed, now) != 0)
			set_must(!(takes & CASE), at, changed, "of another case");
		set_either(at, arena_printf(&a, "%.*s \"", (int)strlen(now) - 1, now),
			   "and a blank");
	}
	end = big;
	*end++ = '"';
	memset(end, 'a', 64 << 10);
	if (absolute)
		*end = '/';
	if (place_is(at, "process.env[]"))
		end[1] = '=';
	memcpy(end + (64 << 10), "\"", 2);
	set_must(!(takes & LONG), at, big, "64 KiB");
}

/* Many times the same element. */
static void many(const struct json_place *at, const char *element, size_t n)
{
	auto_arena a = ARENA_INIT;
	size_t len = strlen(element);
	char *text = arena_alloc(&a, n * (len + 1) + 3), *p = text;
	struct timespec t0, t1;

	*p++ = '[';
	for (size_t i = 0; i < n; i++) {
		memcpy(p, element, len);
		p += len;
		*p++ = i + 1 < n ? ',' : ']';
	}
	clock_gettime(CLOCK_MONOTONIC, &t0);
	set_either(at, text, "many elements");
	clock_gettime(CLOCK_MONOTONIC, &t1);
	if (t1.tv_sec - t0.tv_sec > 5)
		wrong(json_place_text(&a, at), "many elements", "", "takes too long");
}

static bool may_be_empty(const struct json_place *at)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_empty); i++)
		if (place_is(at, not_empty[i]))
			return false;
	return true;
}

/* Members whose names are the author's. */
static const char *chosen_name(const struct json_place *at)
{
	const char *key = json_first_key(&keep, legal, at);

	return key ? key : "eth0";
}

static void object(const struct oci_type *type, struct json_place at);

static void list(const struct json_place *at, const struct oci_field *f)
{
	struct json_place item = json_below(*at, NULL);
	auto_arena a = ARENA_INIT;
	const char *element = json_value(&a, legal, &item);

	wrong_types(at, "[");
	set_must(!may_be_empty(at), at, "[]", "empty");
	set_must(true, at, "[null]", "an element that is null");
	if (f->kind == OCI_STRINGS)
		string(&item);
	else if (f->kind == OCI_U32S)
		number(&item, OCI_U32, 0);
	else
		object(f->type, item);
	if (f->kind == OCI_OBJECTS)
		many(at, element ? element : "{}", 10000);
	else
		many(at, element ? element : "\"a\"", 100000);
}

static void names_of(const struct json_place *at, const struct oci_field *f)
{
	struct json_place item = json_below(*at, chosen_name(at));

	wrong_types(at, "{");
	set_must(!may_be_empty(at), at, "{}", "empty");
	set_must(true, at, "{\"\":null}", "an element that is null");
	if (f->kind == OCI_MAP) {
		string(&item);
	} else {
		wrong_types(&item, "{");
		object(f->type, item);
	}
	set_must(true, &item, "null", "null");
	if (json_value(&keep, legal, &item))
		must_fail(&item, json_twice(&keep, legal, &item), "twice", "");
}

static void field(const struct oci_field *f, struct json_place at)
{
	null_and_twice(&at);
	switch (f->kind) {
	case OCI_STRING:
		string(&at);
		return;
	case OCI_BOOL:
		wrong_types(&at, "tf");
		set_either(&at, "true", "true");
		set_either(&at, "false", "false");
		return;
	case OCI_I64:
	case OCI_U64:
	case OCI_U32:
	case OCI_I32:
		number(&at, f->kind, f->max);
		return;
	case OCI_STRINGS:
	case OCI_U32S:
	case OCI_OBJECTS:
		list(&at, f);
		return;
	case OCI_MAP:
	case OCI_KEYED:
		names_of(&at, f);
		return;
	case OCI_OBJECT:
		wrong_types(&at, "{");
		set_must(!may_be_empty(&at), &at, "{}", "empty");
		object(f->type, at);
		return;
	case OCI_PRESENCE:
		wrong_types(&at, "{");
		set_must(true, &at, "{}", "refused");
	}
}

static void object(const struct oci_type *type, struct json_place at)
{
	for (size_t i = 0; i < type->n_fields; i++)
		field(&type->fields[i], json_below(at, type->fields[i].name));
}

static void walk(const struct root *root, size_t least)
{
	struct json_place top = {.n = 0}, at = {.n = 0};
	struct err err = ERR_NONE;
	size_t len;
	char *text;

	if (io_read_file(&keep, AT_FDCWD, TEST_DATA "/legal.json", 1 << 20, &text, &len, &err) < 0)
		unit_fail(__FILE__, __LINE__, "%s", err.text);
	legal = text;
	if (root == &process)
		at = json_below(top, "process");
	else if (root == &resources)
		at = json_below(json_below(top, "linux"), "resources");
	legal = json_value(&keep, text, &at);
	as = root;
	if (judge(legal, &err) < 0)
		unit_fail(__FILE__, __LINE__, "legal.json: %s", err.text);
	object(root->type, top);
	printf("#   %zu texts\n", n_texts);
	arena_done(&keep);
	if (n_wrong)
		unit_fail(__FILE__, __LINE__, "%zu of %zu are wrong", n_wrong, n_texts);
	CHECK(n_texts >= least);
}

/* B-03, B-10 to B-14 */
static void whole(void)
{
	walk(&config, 3000);
}

static void of_exec(void)
{
	walk(&process, 500);
}

static void of_update(void)
{
	walk(&resources, 500);
}

static const struct unit_case cases[] = {
	{"every field of config.json", whole},
	{"every field of the process that exec takes", of_exec},
	{"every field of the resources that update takes", of_update},
};
UNIT_MAIN(cases)
