/* RUNTIME: migrate: what of a container's network would be missing here, or is somebody's. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/migrate.h"
#include "oci-spec/oci.h"

struct check {
	struct arena *a;
	const struct migrate_need *need;
	void (*problem)(void *ctx, const char *text);
	void *ctx;
};

#define PROBLEM(c, ...) (c)->problem((c)->ctx, arena_printf((c)->a, __VA_ARGS__))

/* Not one that config.json names by a path, which is for others to set up, nor the host's. */
bool network_is_own(const struct oci_spec *spec)
{
	const struct oci_namespace *ns = oci_find_namespace(spec, "network");

	return ns && !given(ns->path);
}

void network_provided(struct arena *a, const struct oci_spec *spec, struct migrate_need *ret)
{
	const struct oci_linux *l = spec->linux_;

	ret->devices = ret->device_names = (struct oci_strings){0};
	for (size_t i = 0; l && i < l->net_devices.n; i++) {
		const struct oci_net_device *d = &l->net_devices.v[i];

		oci_strings_add(a, &ret->devices, d->host_name);
		oci_strings_add(a, &ret->device_names, given(d->name) ? d->name : d->host_name);
	}
	ret->hooks = (struct opt_bool){
		true, spec->hooks && (spec->hooks->prestart.n || spec->hooks->create_runtime.n)};
}

static void check_links(struct check *c)
{
	const struct network *n = c->need->network;

	if (given(c->need->bridge) || c->need->hooks.v)
		return;
	for (size_t i = 0; i < n->links.n; i++) {
		const char *name = n->links.v[i].name;

		if (!streq(name, "lo") && !oci_strings_have(&c->need->device_names, name))
			PROBLEM(c,
				"nothing brings the network link '%s' of the container: name a "
				"bridge by --bridge, a device in linux.netDevices, or a hook that "
				"makes it (--network none: go without)",
				name);
	}
}

static void check_bridge(struct check *c, struct rtnl *s)
{
	struct nl_link link;
	struct err err;

	if (!given(c->need->bridge))
		return;
	if (strlen(c->need->bridge) >= IFNAMSIZ ||
	    network_find_link(s, c->need->bridge, &link, &err) < 0)
		PROBLEM(c, "there is no bridge '%s': make it, or name another by --bridge",
			c->need->bridge);
	else if (!streq(link.kind, "bridge"))
		PROBLEM(c, "'%s' is no bridge: name another by --bridge", c->need->bridge);
}

static void check_devices(struct check *c, struct rtnl *s)
{
	struct nl_link link;
	struct err err;

	for (size_t i = 0; i < c->need->devices.n; i++)
		if (strlen(c->need->devices.v[i]) >= IFNAMSIZ ||
		    network_find_link(s, c->need->devices.v[i], &link, &err) < 0)
			PROBLEM(c, "there is no network device '%s', which linux.netDevices names",
				c->need->devices.v[i]);
}

static bool is_of(const struct network_address *a, const struct network *n)
{
	for (size_t i = 0; i < n->links.n; i++)
		for (size_t j = 0; j < n->links.v[i].addresses.n; j++)
			if (streq(a->address, n->links.v[i].addresses.v[j].address))
				return true;
	return false;
}

static int check_addresses(struct check *c, struct rtnl *s, struct err *err)
{
	struct network host;
	size_t lost;
	int r = network_read(c->a, s, &host, &lost, err);

	for (size_t i = 0; r == 0 && i < host.links.n; i++)
		for (size_t j = 0; j < host.links.v[i].addresses.n; j++) {
			const struct network_address *a = &host.links.v[i].addresses.v[j];

			if (a->scope.v == RT_SCOPE_UNIVERSE && is_of(a, c->need->network))
				PROBLEM(c,
					"the address %s of the container is the host's own, on "
					"'%s': take it away, or go without by --network none",
					a->address, host.links.v[i].name);
		}
	return r;
}

/* The target's own configuration says what it brings; without one the source's will be taken. */
static int look_at_config(struct check *c, struct migrate_need *need, struct err *err)
{
	const char *path = arena_printf(c->a, "%s/config.json", need->bundle);
	struct oci_spec spec = {0};
	int r;

	if (faccessat(AT_FDCWD, path, F_OK, 0) < 0)
		return 0;
	r = oci_decode_file(c->a, &oci_spec_type, AT_FDCWD, path, &spec, err);
	if (r < 0)
		return r;
	network_provided(c->a, &spec, need);
	if (!network_is_own(&spec))
		PROBLEM(c, "config.json over here has no network namespace of its own: the "
			   "container's network cannot be put into another one (--network none: go "
			   "without)");
	return 0;
}

int network_preflight(struct arena *a, const struct migrate_need *need,
		      void (*problem)(void *ctx, const char *text), void *ctx, struct err *err)
{
	struct migrate_need mine = *need;
	struct check c = {a, &mine, problem, ctx};
	struct rtnl s = RTNL_NONE;
	int r;

	if (!need->network)
		return 0;
	r = network_check(need->network, err);
	if (r < 0)
		return err_wrap(err, "the network that the source describes");
	if (look_at_config(&c, &mine, err) < 0) {
		PROBLEM(&c, "%s", err->text);
		err_clear(err);
	}
	r = rtnl_open(&s, err);
	if (r < 0)
		return r;
	if (network_has_links(need->network) && network_cut_probe(err) < 0) {
		PROBLEM(&c, "%s: --network none", err->text);
		err_clear(err);
	}
	check_links(&c);
	check_bridge(&c, &s);
	check_devices(&c, &s);
	r = check_addresses(&c, &s, err);
	rtnl_close(&s);
	return r;
}
