/*
 * transport.h - who carries the bytes of `hull migrate`.
 *
 *	[user@]HOST[:BUNDLE]   ssh, which runs hull migrate-receive over there
 *	local:[BUNDLE]         hull migrate-receive on this host, by this program
 *	fd:N or fd:IN,OUT      a connection that the caller has made: a socket, or two pipes
 *
 * The other process gets a socket as its standard input and output, and dies of the end of file on
 * it when we are killed. What it says on its standard error is kept (the last of it) and becomes
 * part of the error when the connection fails: that is where ssh says why.
 */
#ifndef HULL_CKPT_TRANSPORT_H
#define HULL_CKPT_TRANSPORT_H

#include <stdbool.h>
#include <sys/types.h>

#include "libcontainer/base/arena.h"
#include "libcontainer/checkpoint/wire.h"

enum transport_kind { TRANSPORT_SSH, TRANSPORT_LOCAL, TRANSPORT_FD };

struct transport_to {
	enum transport_kind kind;
	const char *host;   /* of ssh, with its user: as ssh takes it */
	const char *bundle; /* over there; NULL: not said */
	int in, out;        /* of fd: */
};

/* PURE: strings go into A. */
int transport_parse(struct arena *a, const char *text, struct transport_to *ret,
		    struct err *err) must_check;

/* PURE: the words of a command: parted by blanks, '...' and "..." keep theirs, \ keeps one sign.
 * Nothing else means anything. NULL-terminated. */
int transport_words(struct arena *a, const char *command, const char *const **ret,
		    struct err *err) must_check;
/* PURE: WORDS as a shell reads them back one by one. */
const char *transport_quote(struct arena *a, const char *const *words);
/* PURE: what is executed for ssh. SSH: the command in place of ssh, which gets no options but its
 * own; NULL for ssh itself. RECEIVE: the words of the command over there. */
int transport_ssh_argv(struct arena *a, const char *ssh, const char *host,
		       const char *const *receive, const char *const **ret,
		       struct err *err) must_check;

#define TRANSPORT_SAID    2048
#define TRANSPORT_WARNING "hull: warning: " /* before what the source is to tell of */

struct transport {
	enum transport_kind kind;
	int in, out; /* owned; the same one unless it is fd:IN,OUT */
	pid_t pid;   /* of the other process; 0: none */
	int pidfd, said_fd;
	int status;                    /* its exit status (128 + signal); -1: it has not ended */
	const char *program;           /* argv[0], for errors */
	char said[TRANSPORT_SAID + 1]; /* the last of its standard error */
	size_t n_said;
};

/* RECEIVE: "hull", "migrate-receive", ..., NULL: executed over there by ssh, for local: by this
 * program, which is not looked up; of no use for fd:. SSH: of --ssh-command; NULL: HULL_SSH of the
 * environment, or ssh. T has to stay where it is. */
int transport_open(struct transport *t, const struct transport_to *to, const char *ssh,
		   const char *const *receive, struct err *err) must_check;
/* W reads it while it waits, so that the other process never stands still because nobody hears
 * what it complains of. */
void transport_attach(struct transport *t, struct wire *w);
/* The connection failed with *ERR: waits up to TIMEOUT_MS for the other process to end, and adds
 * what it said. Returns -err->code. */
int transport_explain(struct transport *t, int timeout_ms, struct err *err);
/* What it said last, in one line. */
const char *transport_last_words(struct transport *t);
/* What it has warned of; NULL: nothing. */
const char *transport_warning(struct transport *t);
/* Closes the connection and waits up to TIMEOUT_MS for the other process to end by itself. ssh is
 * killed then; a receiver beside us is not, as it may be busy with what it was told last. Its exit
 * status, 0 when there is no other process, or -ETIMEDOUT. */
int transport_close(struct transport *t, int timeout_ms);

#endif
