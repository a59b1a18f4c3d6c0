/* RUNTIME: what hull asks systemd's manager. */
#include "cgroups/systemd/manager.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgroups/systemd/props.h"
#include "libcontainer/base/str.h"

#define NAME       "org.freedesktop.systemd1"
#define OBJECT     "/org/freedesktop/systemd1"
#define MANAGER    NAME ".Manager"
#define PROPERTIES "org.freedesktop.DBus.Properties"

/* JobRemoved(u id, o job, s unit, s result) */
static void on_signal(void *ctx, const struct wire_msg *msg)
{
	struct manager *m = ctx;
	const char *job, *unit, *result;
	struct wire_reader r;
	uint32_t id;

	if (!streq(msg->member, "JobRemoved") || !streq(msg->interface, MANAGER))
		return;
	wire_read(&r, msg);
	if (wire_read_u32(&r, &id) < 0 || wire_read_text(&r, 'o', &job) < 0 ||
	    wire_read_text(&r, 's', &unit) < 0 || wire_read_text(&r, 's', &result) < 0 ||
	    !m->unit || !streq(unit, m->unit))
		return;
	snprintf(m->job, sizeof(m->job), "%s", job);
	snprintf(m->result, sizeof(m->result), "%s", result);
}

/* Signals go to all who asked for them; and systemd sends them when somebody has subscribed. */
static int watch_jobs(struct manager *m, struct err *err)
{
	static const struct bus_call add = {"org.freedesktop.DBus", "/org/freedesktop/DBus",
					    "org.freedesktop.DBus", "AddMatch"};
	struct wire_value rule =
		wire_text(arena_printf(&m->bus.arena,
				       "type='signal',sender='" NAME "',path='" OBJECT
				       "',interface='" MANAGER "',member='JobRemoved',arg2='%s'",
				       m->unit));
	struct wire_msg reply;
	int r = bus_call(&m->bus, &add, &rule, 1, &reply, err);

	return r < 0 ? r : manager_call(m, "Subscribe", NULL, 0, &reply, err);
}

int manager_open(struct manager *m, bool user, const char *unit, struct err *err)
{
	int r;

	*m = (struct manager){.bus = BUS_NONE, .unit = unit};
	m->bus.on_signal = on_signal;
	m->bus.ctx = m;
	r = bus_open(&m->bus, user, CGROUP_UNIT_MS, err);
	return r < 0 || !unit ? r : watch_jobs(m, err);
}

void manager_close(struct manager *m)
{
	bus_close(&m->bus);
}

int manager_call(struct manager *m, const char *member, const struct wire_value *args,
		 size_t n_args, struct wire_msg *ret, struct err *err)
{
	const struct bus_call call = {NAME, OBJECT, MANAGER, member};

	return bus_call(&m->bus, &call, args, n_args, ret, err);
}

void manager_tell(struct manager *m, const char *member, const struct wire_value *args,
		  size_t n_args)
{
	const struct bus_call call = {NAME, OBJECT, MANAGER, member};

	bus_tell(&m->bus, &call, args, n_args);
}

bool manager_said(const struct manager *m, const char *name)
{
	return str_starts(m->bus.error, NAME ".") && streq(m->bus.error + strlen(NAME "."), name);
}

static int bad_answer(const char *member, struct err *err)
{
	return err_fail(err, EBADMSG, "%s: systemd's answer is not what its interface says",
			member);
}

int manager_job(struct manager *m, const char *member, const struct wire_value *args, size_t n_args,
		struct err *err)
{
	struct wire_reader reader;
	struct wire_msg reply;
	const char *job = NULL;
	int r = manager_call(m, member, args, n_args, &reply, err);

	if (r < 0)
		return r;
	wire_read(&reader, &reply);
	if (wire_read_text(&reader, 'o', &job) < 0 || strlen(job) >= sizeof(m->job))
		return bad_answer(member, err);
	while (!streq(m->job, job)) {
		r = bus_wait(&m->bus, err);
		if (r < 0)
			return err_wrap(err, "%s", member);
	}
	if (streq(m->result, "done"))
		return 0;
	return err_fail(err, ECANCELED, "%s: the result of systemd's job is '%s'", member,
			m->result);
}

static int get_text(struct manager *m, const char *path, const char *interface, const char *name,
		    const char **ret, struct err *err)
{
	const struct bus_call call = {NAME, path, PROPERTIES, "Get"};
	const struct wire_value args[] = {wire_text(interface), wire_text(name)};
	struct wire_reader reader;
	struct wire_msg reply;
	int r = bus_call(&m->bus, &call, args, 2, &reply, err);

	if (r < 0)
		return err_wrap(err, "ask systemd for '%s'", name);
	wire_read(&reader, &reply);
	return wire_read_variant_text(&reader, ret) < 0 ? bad_answer(name, err) : 0;
}

int manager_version(struct manager *m, unsigned *ret, struct err *err)
{
	const char *text = NULL, *digits;
	uint32_t v;
	int r = get_text(m, OBJECT, MANAGER, "Version", &text, err);

	if (r < 0)
		return r;
	digits = text + (*text == 'v');
	if (str_to_u32(arena_strndup(&m->bus.arena, digits, strspn(digits, "0123456789")), &v) < 0)
		return err_fail(err, EBADMSG, "systemd's version '%.64s' is not a number", text);
	*ret = v;
	return 0;
}

/* Letters and digits are themselves, but for a digit in front; all else is "_2e". */
const char *manager_unit_path(struct arena *a, const char *unit)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = strlen(OBJECT "/unit/");
	char *out = arena_alloc(a, len + strlen(unit) * 3 + 1), *p = out + len;

	memcpy(out, OBJECT "/unit/", len);
	for (const char *s = unit; *s; s++) {
		bool letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z');

		if (letter || (*s >= '0' && *s <= '9' && s != unit)) {
			*p++ = *s;
		} else {
			*p++ = '_';
			*p++ = hex[(unsigned char)*s >> 4];
			*p++ = hex[(unsigned char)*s & 15];
		}
	}
	return out;
}

int manager_is_active(struct manager *m, const char *unit, struct err *err)
{
	const char *state = NULL;
	int r = get_text(m, manager_unit_path(&m->bus.arena, unit), NAME ".Unit", "ActiveState",
			 &state, err);

	return r < 0 ? r : streq(state, "active");
}

int manager_cgroup(struct manager *m, const char *unit, const char **ret, struct err *err)
{
	const char *kind = str_ends(unit, ".slice") ? NAME ".Slice" : NAME ".Scope";
	const char *path = NULL;
	int r = get_text(m, manager_unit_path(&m->bus.arena, unit), kind, "ControlGroup", &path,
			 err);

	if (r < 0)
		return r;
	if (*path != '/' || !str_ends(path, unit))
		return err_fail(err, ENOENT, "the cgroup of unit '%s' is '%.256s'", unit, path);
	*ret = path;
	return 0;
}
