/*
 * wire.h - D-Bus messages as bytes (private to cgroups/systemd/).
 *
 * What is sent is made of values, trees that carry their type; what is received is read in place,
 * within its bounds, in the byte order of this machine: there are no others on its buses.
 *
 * Source: the D-Bus specification, "Message Protocol" and "Type System".
 */
#ifndef HULL_SYSTEMD_WIRE_H
#define HULL_SYSTEMD_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/arena.h"

#define WIRE_MAX_MESSAGE (1U << 20) /* the bus allows 128 MiB; nothing of ours comes near */
#define WIRE_MAX_DEPTH   16         /* of a value; the specification has 32 and 32 */

enum wire_type { WIRE_CALL = 1, WIRE_RETURN, WIRE_ERROR, WIRE_SIGNAL };
#define WIRE_NO_REPLY 1 /* flag of a call */

/* TYPE is one complete type. Which member holds it, by its first character: */
struct wire_value {
	const char *type;
	uint64_t u; /* y b n q i u x t: signed ones as their two's complement */
	double d;
	const char *s;                  /* s o g */
	const struct wire_value *items; /* a ( {: the elements; v: the one inside */
	size_t n;
};

struct wire_msg {
	unsigned type, flags;
	uint32_t serial, reply_serial;
	const char *path, *interface, *member, *error, *destination, *sender, *signature;
	const uint8_t *body;
	size_t body_len;
};

/* MSG and ARGS (its body; they give its signature) as bytes in A. Length, or -EMSGSIZE. */
ssize_t wire_build(struct arena *a, const struct wire_msg *msg, const struct wire_value *args,
		   size_t n_args, uint8_t **ret);

/* How long the message is that begins with these bytes: 0 when 16 are not there yet; or -EBADMSG,
 * -EMSGSIZE. */
ssize_t wire_size(const uint8_t *buf, size_t len);
/* BUF holds one whole message, aligned to 8, to which RET points. 0 or -EBADMSG. */
int wire_parse(const uint8_t *buf, size_t len, struct wire_msg *ret);

/* Arguments of a message, in their order; -EBADMSG when the signature has another one, or none. */
struct wire_reader {
	const struct wire_msg *msg;
	const char *type; /* what comes next */
	size_t pos;
};
void wire_read(struct wire_reader *r, const struct wire_msg *msg);
int wire_read_u32(struct wire_reader *r, uint32_t *ret);
/* TYPE: 's' or 'o'. Points into the message. */
int wire_read_text(struct wire_reader *r, char type, const char **ret);
/* A variant that holds a string. */
int wire_read_variant_text(struct wire_reader *r, const char **ret);

/* The length of the first complete type of a signature; 0 when there is none. */
size_t wire_type_length(const char *signature);

#endif
