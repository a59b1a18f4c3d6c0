/* INIT: capability sets. */
#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/init/side.h"

#define BIT(cap) (UINT64_C(1) << (cap))

static struct __user_cap_header_struct header(void)
{
	return (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3};
}

static int get_sets(struct init_caps *ret)
{
	struct __user_cap_header_struct h = header();
	struct __user_cap_data_struct d[2];

	if (syscall(SYS_capget, &h, d) < 0)
		return -errno;
	ret->effective = d[0].effective | (uint64_t)d[1].effective << 32;
	ret->permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	ret->inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	return 0;
}

static int set_sets(const struct init_caps *s)
{
	struct __user_cap_header_struct h = header();
	struct __user_cap_data_struct d[2] = {
		{(uint32_t)s->effective, (uint32_t)s->permitted, (uint32_t)s->inheritable},
		{(uint32_t)(s->effective >> 32), (uint32_t)(s->permitted >> 32),
		 (uint32_t)(s->inheritable >> 32)},
	};

	return syscall(SYS_capset, &h, d) < 0 ? -errno : 0;
}

bool init_filter_needs_admin(const struct plan_process *p)
{
	return p->filter.insns && !p->no_new_privs;
}

/* Before the change of uid, which takes CAP_SETPCAP away. One that cannot be dropped is fatal:
 * a set-uid program would get it back. */
int init_drop_bounding(const struct plan_caps *caps, struct err *err)
{
	uint64_t keep = caps->set ? caps->bounding : 0;

	for (unsigned cap = 0; cap < 64; cap++) {
		int have = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (have < 0)
			break; /* past the kernel's last one */
		if (have == 0 && (keep & BIT(cap)))
			log_warn("capability %u cannot be granted: it is not in the bounding set",
				 cap);
		if (have == 0 || (keep & BIT(cap)))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return err_sys(err, errno, "drop capability %u from the bounding set", cap);
	}
	return 0;
}

static uint64_t bounding_now(void)
{
	uint64_t set = 0;

	for (unsigned cap = 0; cap < 64; cap++) {
		int have = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (have < 0)
			break;
		set |= have ? BIT(cap) : 0;
	}
	return set;
}

/* P-21: each needs to be permitted and inheritable; one that is not is a warning (P-24). */
static void raise_ambient(uint64_t ambient)
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (unsigned cap = 0; cap < 64; cap++)
		if ((ambient & BIT(cap)) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			log_warn("can't raise ambient capability %s",
				 cap < n_cap_names ? cap_names[cap] : "");
}

/*
 * Exactly what the config names, within what we have (P-23: the rest is a warning). Without a
 * capabilities object all sets are empty. An inheritable set that nobody asked for would be an
 * escalation path through files with capabilities (CVE-2022-24769).
 */
int init_set_caps(struct init *c, struct err *err)
{
	const struct plan_caps *caps = &c->process->caps;
	struct init_caps have = {0}, want = {0};
	int r = get_sets(&have);

	if (r < 0)
		return err_sys(err, -r, "read the capabilities");
	if (caps->set) {
		want.permitted = caps->permitted & have.permitted;
		want.effective = caps->effective & want.permitted;
		if (caps->inheritable) /* usually none: 41 questions less */
			want.inheritable = caps->inheritable & (have.inheritable | have.permitted) &
					   bounding_now();
		if (want.permitted != caps->permitted || want.inheritable != caps->inheritable)
			log_warn("not all capabilities of the configuration can be granted");
	}
	c->final_caps = want;
	if (init_filter_needs_admin(c->process)) {
		want.permitted |= have.permitted & BIT(CAP_SYS_ADMIN);
		want.effective |= have.permitted & BIT(CAP_SYS_ADMIN);
	}
	r = set_sets(&want);
	if (r < 0)
		return err_sys(err, -r, "set the capabilities");
	raise_ambient(caps->set ? caps->ambient : 0);
	return 0;
}

int init_final_caps(const struct init *c, struct err *err)
{
	int r = set_sets(&c->final_caps);

	return r < 0 ? err_sys(err, -r, "give up CAP_SYS_ADMIN after the seccomp filter") : 0;
}
