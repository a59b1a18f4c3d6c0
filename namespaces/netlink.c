/* PURE: rtnetlink messages, built and read. */
#include "namespaces/netlink.h"

#include <errno.h>
#include <string.h>

/* ---- building -------------------------------------------------------------------------- */

static void add(struct nl_out *m, const void *data, size_t len)
{
	size_t padded = NLMSG_ALIGN(len);

	if (len > NL_OUT_SIZE || padded > NL_OUT_SIZE - m->len) {
		m->overflow = true;
		return;
	}
	if (len)
		memcpy(m->buf + m->len, data, len);
	memset(m->buf + m->len + len, 0, padded - len);
	m->len += padded;
}

void nl_begin(struct nl_out *m, uint16_t type, uint16_t flags, const void *head, size_t head_len)
{
	const struct nlmsghdr h = {.nlmsg_type = type,
				   .nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST)};

	m->len = 0;
	m->overflow = false;
	add(m, &h, sizeof(h));
	add(m, head, head_len);
}

void nl_put(struct nl_out *m, uint16_t type, const void *data, size_t len)
{
	const struct rtattr a = {.rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = type};

	if (RTA_LENGTH(len) > UINT16_MAX || RTA_SPACE(len) > NL_OUT_SIZE - m->len) {
		m->overflow = true;
		return;
	}
	add(m, &a, sizeof(a));
	add(m, data, len);
}

void nl_put_u32(struct nl_out *m, uint16_t type, uint32_t value)
{
	nl_put(m, type, &value, sizeof(value));
}

void nl_put_string(struct nl_out *m, uint16_t type, const char *s)
{
	nl_put(m, type, s, strlen(s) + 1);
}

int nl_finish(struct nl_out *m, uint32_t seq)
{
	struct nlmsghdr h;

	if (m->overflow)
		return -EMSGSIZE;
	memcpy(&h, m->buf, sizeof(h));
	h.nlmsg_len = (uint32_t)m->len;
	h.nlmsg_seq = seq;
	memcpy(m->buf, &h, sizeof(h));
	return 0;
}

/* ---- reading ---------------------------------------------------------------------------- */

static void advance(struct nl_in *in, size_t len)
{
	size_t padded = NLMSG_ALIGN(len);

	if (padded > in->left) /* the last one need not be padded */
		padded = in->left;
	in->p += padded;
	in->left -= padded;
}

int nl_next(struct nl_in *in, struct nl_msg *ret)
{
	struct nlmsghdr h;

	if (in->left == 0)
		return 0;
	if (in->left < sizeof(h))
		return -EBADMSG;
	memcpy(&h, in->p, sizeof(h));
	if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > in->left)
		return -EBADMSG;
	*ret = (struct nl_msg){
		.type = h.nlmsg_type,
		.flags = h.nlmsg_flags,
		.seq = h.nlmsg_seq,
		.body = in->p + sizeof(h),
		.len = h.nlmsg_len - sizeof(h),
	};
	advance(in, h.nlmsg_len);
	return 1;
}

int nl_next_attr(struct nl_in *in, struct nl_attr *ret)
{
	struct rtattr a;

	if (in->left == 0)
		return 0;
	if (in->left < sizeof(a))
		return -EBADMSG;
	memcpy(&a, in->p, sizeof(a));
	if (a.rta_len < sizeof(a) || a.rta_len > in->left)
		return -EBADMSG;
	*ret = (struct nl_attr){
		.type = a.rta_type & NLA_TYPE_MASK,
		.data = in->p + sizeof(a),
		.len = a.rta_len - sizeof(a),
	};
	advance(in, a.rta_len);
	return 1;
}

int nl_split(const struct nl_msg *m, void *head, size_t size, struct nl_in *ret)
{
	size_t padded = NLMSG_ALIGN(size);

	if (m->len < size)
		return -EBADMSG;
	memcpy(head, m->body, size);
	if (padded > m->len)
		padded = m->len;
	*ret = (struct nl_in){m->body + padded, m->len - padded};
	return 0;
}

bool nl_u32(const struct nl_attr *a, uint32_t *ret)
{
	if (a->len != sizeof(*ret))
		return false;
	memcpy(ret, a->data, sizeof(*ret));
	return true;
}

const char *nl_string(const struct nl_attr *a)
{
	return memchr(a->data, '\0', a->len) ? (const char *)a->data : NULL;
}

int nl_error(const struct nl_msg *m, int *ret_errno, const char **ret_text)
{
	struct nlmsgerr e;
	struct nl_attr a;
	struct nl_in in;
	size_t copied;

	if (nl_split(m, &e, sizeof(e), &in) < 0 || e.error > 0 || e.error < -4095)
		return -EBADMSG;
	*ret_errno = -e.error;
	*ret_text = "";
	if (!(m->flags & NLM_F_ACK_TLVS))
		return 0;
	/* Behind the header of our request comes the rest of it, unless the kernel caps it. */
	copied = m->flags & NLM_F_CAPPED || e.msg.nlmsg_len < sizeof(e.msg)
			 ? 0
			 : e.msg.nlmsg_len - sizeof(e.msg);
	if (copied > in.left)
		return -EBADMSG;
	advance(&in, copied);
	while (nl_next_attr(&in, &a) > 0)
		if (a.type == NLMSGERR_ATTR_MSG && nl_string(&a))
			*ret_text = nl_string(&a);
	return 0;
}

/* ---- links ---------------------------------------------------------------------------------- */

/* IFLA_LINKINFO holds attributes of its own. */
static void parse_kind(const struct nl_attr *info, struct nl_link *ret)
{
	struct nl_in in = {info->data, info->len};
	struct nl_attr a;

	while (nl_next_attr(&in, &a) > 0)
		if (a.type == IFLA_INFO_KIND && a.len < sizeof(ret->kind))
			memcpy(ret->kind, a.data, a.len);
}

static bool copy_string(const struct nl_attr *a, char *buf, size_t size)
{
	const char *s = nl_string(a);

	if (!s || strlen(s) >= size)
		return false;
	memcpy(buf, s, strlen(s) + 1);
	return true;
}

static bool link_attr(const struct nl_attr *a, struct nl_link *ret)
{
	switch (a->type) {
	case IFLA_IFNAME:
		return copy_string(a, ret->name, sizeof(ret->name));
	case IFLA_MTU:
		return nl_u32(a, &ret->mtu);
	case IFLA_MASTER:
		return nl_u32(a, &ret->master);
	case IFLA_LINK:
		return nl_u32(a, &ret->peer);
	case IFLA_ADDRESS:
		if (a->len > sizeof(ret->mac))
			return false;
		if (a->len)
			memcpy(ret->mac, a->data, a->len);
		ret->mac_len = a->len;
		return true;
	case IFLA_LINKINFO:
		parse_kind(a, ret);
		return true;
	default:
		return true;
	}
}

int nl_parse_link(const struct nl_msg *m, struct nl_link *ret)
{
	struct nl_link link = {0};
	struct ifinfomsg head;
	struct nl_attr a;
	struct nl_in in;
	int r;

	if (m->type != RTM_NEWLINK || nl_split(m, &head, sizeof(head), &in) < 0 ||
	    head.ifi_index <= 0)
		return -EBADMSG;
	link.index = (uint32_t)head.ifi_index;
	link.flags = head.ifi_flags;
	while ((r = nl_next_attr(&in, &a)) > 0)
		if (!link_attr(&a, &link))
			return -EBADMSG;
	if (r < 0 || !link.name[0])
		return -EBADMSG;
	*ret = link;
	return 0;
}

/* ---- addresses --------------------------------------------------------------------------------
 */

struct address {
	struct ifaddrmsg head;
	uint32_t flags; /* all of them: those of the header are the lower eight */
	struct nl_in attrs;
};

static int parse_address(const struct nl_msg *m, struct address *ret)
{
	struct nl_attr a;
	struct nl_in in;
	int r;

	if (m->type != RTM_NEWADDR || nl_split(m, &ret->head, sizeof(ret->head), &in) < 0)
		return -EBADMSG;
	ret->attrs = in;
	ret->flags = ret->head.ifa_flags;
	while ((r = nl_next_attr(&in, &a)) > 0)
		if (a.type == IFA_FLAGS && !nl_u32(&a, &ret->flags))
			return -EBADMSG;
	return r;
}

int nl_parse_address(const struct nl_msg *m, uint32_t *ret_index, unsigned *ret_family)
{
	struct address addr;
	int r = parse_address(m, &addr);

	if (r < 0)
		return r;
	*ret_index = addr.head.ifa_index;
	*ret_family = addr.head.ifa_family;
	return 0;
}

bool nl_address_is_global(const struct nl_msg *m)
{
	struct address addr;

	return parse_address(m, &addr) == 0 && (addr.flags & IFA_F_PERMANENT) &&
	       addr.head.ifa_scope == RT_SCOPE_UNIVERSE;
}

/* An IPv4 address has a label: the interface's name, maybe with ":something" behind it. */
static void put_label(struct nl_out *out, const struct nl_attr *a, const char *old_name,
		      const char *name)
{
	const char *label = nl_string(a);
	char text[IFNAMSIZ];
	size_t old_len = strlen(old_name), len = strlen(name);

	if (!label)
		return;
	if (strncmp(label, old_name, old_len) == 0 && (!label[old_len] || label[old_len] == ':')) {
		/* One that becomes too long is the plain name, which the kernel takes by itself. */
		if (len + strlen(label + old_len) >= sizeof(text))
			return;
		memcpy(text, name, len);
		memcpy(text + len, label + old_len, strlen(label + old_len) + 1);
		label = text;
	}
	nl_put_string(out, IFA_LABEL, label);
}

int nl_build_address(struct nl_out *out, const struct nl_msg *m, uint32_t index,
		     const char *old_name, const char *name)
{
	/* The others are the kernel's to set: what it found out about the address here. */
	const uint32_t own = IFA_F_NODAD | IFA_F_OPTIMISTIC | IFA_F_HOMEADDRESS |
			     IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;
	struct address addr;
	struct nl_attr a;
	bool lasts;

	if (parse_address(m, &addr) < 0)
		return -EBADMSG;
	lasts = addr.flags & IFA_F_PERMANENT;
	addr.flags &= own;
	addr.head.ifa_flags = (uint8_t)addr.flags;
	addr.head.ifa_index = index;
	nl_begin(out, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &addr.head,
		 sizeof(addr.head));
	while (nl_next_attr(&addr.attrs, &a) > 0) {
		switch (a.type) {
		case IFA_LABEL:
			put_label(out, &a, old_name, name);
			break;
		case IFA_CACHEINFO: /* how long it is valid; for ever if it is not said */
			if (!lasts)
				nl_put(out, a.type, a.data, a.len);
			break;
		case IFA_ADDRESS:
		case IFA_LOCAL:
		case IFA_BROADCAST:
		case IFA_RT_PRIORITY:
		case IFA_PROTO:
			nl_put(out, a.type, a.data, a.len);
			break;
		default: /* IFA_FLAGS, and what cannot be set */
			break;
		}
	}
	nl_put_u32(out, IFA_FLAGS, addr.flags);
	return 0;
}

/* ---- routes -------------------------------------------------------------------------------------
 */

bool nl_route_is_of(const struct nl_msg *m, uint32_t index, bool *ret_gateway)
{
	struct rtmsg head;
	struct nl_attr a;
	struct nl_in in;
	uint32_t oif = 0;
	int r;

	*ret_gateway = false;
	if (m->type != RTM_NEWROUTE || nl_split(m, &head, sizeof(head), &in) < 0)
		return false;
	if (head.rtm_protocol == RTPROT_KERNEL || head.rtm_protocol == RTPROT_RA ||
	    head.rtm_table == RT_TABLE_LOCAL || (head.rtm_flags & RTM_F_CLONED))
		return false;
	while ((r = nl_next_attr(&in, &a)) > 0) {
		if (a.type == RTA_OIF && !nl_u32(&a, &oif))
			return false;
		*ret_gateway = *ret_gateway || a.type == RTA_GATEWAY || a.type == RTA_VIA;
	}
	return r == 0 && oif == index;
}

int nl_build_route(struct nl_out *out, const struct nl_msg *m, uint32_t index)
{
	struct rtmsg head;
	struct nl_attr a;
	struct nl_in in;

	if (m->type != RTM_NEWROUTE || nl_split(m, &head, sizeof(head), &in) < 0)
		return -EBADMSG;
	head.rtm_flags &= RTNH_F_ONLINK; /* the others say how it is at the moment */
	nl_begin(out, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND, &head, sizeof(head));
	while (nl_next_attr(&in, &a) > 0)
		if (a.type == RTA_OIF)
			nl_put_u32(out, RTA_OIF, index);
		else if (a.type != RTA_CACHEINFO && a.type != RTA_NH_ID)
			nl_put(out, a.type, a.data, a.len);
	return 0;
}
