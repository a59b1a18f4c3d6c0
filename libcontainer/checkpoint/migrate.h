/*
 * migrate.h - a running container to another host: what both ends share.
 *
 *   hull migrate (source)                          hull migrate-receive (target)
 *   hello, PREFLIGHT                     ->        what is in the way, all of it
 *                                        <-        PREFLIGHT_ANSWER
 *   config.json                          ->
 *   rounds of memory, while it runs      ->        a store of pages (pages.h)
 *   frozen: dumped but for its memory
 *   the last round, CRIU's images        ->
 *   PREPARE                              ->        restored, and stands still
 *                                        <-        PAGE_REQUEST for what is missing; PREPARED
 *   COMMIT                               ->        runs; memory that nobody has touched yet
 *                                        <-        COMMITTED          comes from the store (lazy.h)
 *   killed
 *
 * Until COMMIT is sent any failure, on either side, leaves the source's container running;
 * journal.h says what a failure after that leaves.
 */
#ifndef HULL_MIGRATE_H
#define HULL_MIGRATE_H

#include "libcontainer/checkpoint/cancel.h"
#include "libcontainer/checkpoint/checkpoint.h"
#include "libcontainer/checkpoint/journal.h"
#include "libcontainer/checkpoint/network_migrate.h"
#include "libcontainer/checkpoint/throttle.h"
#include "libcontainer/checkpoint/track.h"
#include "libcontainer/checkpoint/transport.h"
#include "libcontainer/checkpoint/wire.h"

/* ---- preflight.c: JSON in PREFLIGHT and its answer ------------------------------------------- */

/* A tree of files that will come along (files.h). */
struct migrate_tree {
	const char *kind, *path;
	struct opt_u64 bytes, files;
};

struct migrate_need {
	struct opt_u32 version; /* MIGRATE_VERSION */
	const char *hull;       /* the source's version */
	const char *migration;  /* migration_id as text */
	const char *id;         /* it shall have at the target */
	const char *bundle;     /* at the target, absolute */
	const char *machine;    /* uname(2) */
	const char *kernel;
	struct opt_u32 criu;               /* CRIU_VERSION() */
	struct opt_u64 memory;             /* bytes of the processes */
	struct opt_u64 anon;               /* of these, no file's */
	const char *cpu;                   /* CRIU's image of the processor, hexadecimal */
	const char *cpu_model, *cpu_flags; /* for people; /proc/cpuinfo */
	struct opt_bool time_ns;           /* the kernel has time namespaces */
	const char *lsm;                   /* "apparmor", "selinux", "" */
	struct oci_strings labels;         /* of the processes */
	struct oci_spec *config;           /* for a bundle that has none yet */
	struct opt_bool tcp;               /* established connections */
	struct opt_bool dry_run;           /* only the answer is wanted */
	struct opt_bool lazy;              /* pages come before and after the images, not in them */
	struct oci_strings sources;        /* paths of the host that config.json names */
	/* network_migrate.h */
	struct network *network; /* that goes along, as it is at the moment */
	const char *bridge, *on_switch;
	struct oci_strings devices, device_names; /* linux.netDevices: on the host, inside */
	struct opt_bool hooks;                    /* that could make links */
	OCI_ARRAY(struct migrate_tree) trees;
};
#define MIGRATE_VERSION 1

struct migrate_answer {
	struct oci_strings problems; /* one line each, with what to do */
	struct oci_strings warnings; /* what will be otherwise over there */
};

/* Beside the images: processes (by memory_key) of which nothing that was sent before holds. */
struct migrate_whole {
	struct oci_u32s processes;
	struct opt_bool late; /* pages that nobody has sent come after COMMIT */
};
#define MIGRATE_WHOLE "whole.json"

/* preflight_source.c: what the container needs. */
int preflight_need(struct arena *a, const struct container *c, const struct oci_spec *spec,
		   struct migrate_need *ret, struct err *err) must_check;
/* The same of its CRIU; and what is in the way at the source. */
struct migration;
int preflight_here(struct migration *x, struct migrate_need *need, struct migrate_answer *ret,
		   struct err *err) must_check;
/* What of it is in the way here. */
int preflight_check(struct arena *a, struct container_root *root, const char *criu,
		    const struct migrate_need *need, struct migrate_answer *ret,
		    struct err *err) must_check;
extern const struct oci_type migrate_need_type, migrate_answer_type, migrate_whole_type;

/* ---- memory.c: the source's rounds ------------------------------------------------------------
 */

struct memory {
	struct wire *wire;
	struct container *c;
	struct track_set set;
	struct throttle *throttle; /* held while processes are made to be tracked */
	uint32_t round;
	struct track_range *ranges; /* of the process that is being scanned */
	size_t n_ranges, max_ranges;
	struct track_proc *of;
	uint8_t *buf;                /* WIRE_BODY_MAX */
	uint64_t pages, zeros, sent; /* of this round; SENT: bytes on the wire */
	uint64_t dirty;              /* bytes of this round */
	pid_t *pids;                 /* of the last round: all processes */
	uint64_t *keys;              /* of the final one: theirs */
	size_t n_pids;
	struct arena arena;
	bool late;           /* what is dirty in the last round is named, and comes after COMMIT */
	uint64_t late_bytes; /* so much */
	uint64_t may_ask;    /* pages that the target may still ask for */
	int *mems;           /* of memory_serve.c */
	size_t n_open;
	void (*tick)(void *ctx); /* in the midst of a round: often, so quick; or NULL */
	void *tick_ctx;
	uint64_t sent_before; /* this round */
	bool choose;          /* how to compress: after the first CHOOSE_AFTER bytes */
	int64_t began, stopped;
	struct err *err;
};

int memory_init(struct memory *m, struct wire *w, struct container *c, struct err *err) must_check;
void memory_done(struct memory *m);
/* One round: all that was written since the last one. FINAL: nothing runs any more. */
int memory_round(struct memory *m, bool final, struct err *err) must_check;
/* After the final round: which processes the target has to forget, into the directory of images. */
int memory_write_whole(struct memory *m, int images_fd, struct err *err) must_check;
/* N pages that were read into DATA: runs of zeros and of others. */
int memory_send(struct memory *m, uint64_t key, uint64_t address, const uint8_t *data, size_t n,
		struct err *err) must_check;
/* After the first of them: how the rest is compressed; LEN bytes are in m->buf. */
int memory_choose(struct memory *m, size_t len, struct err *err) must_check;

/* memory_serve.c: answers a PAGE_REQUEST, when nothing runs any more. */
int memory_serve(struct memory *m, const struct wire_pages *wanted, struct err *err) must_check;
void memory_serve_done(struct memory *m);
/* m->ranges of process KEY as DIRTY. */
int memory_list(struct memory *m, uint64_t key, struct err *err) must_check;
/* The key of a process: its pid in the container, by which CRIU's images call it, too. 0: gone. */
uint64_t memory_key(pid_t pid);

/* How memory is copied: before the container stops, after, or both. */
enum migrate_mode { MIGRATE_AUTO, MIGRATE_PRECOPY, MIGRATE_HYBRID, MIGRATE_POSTCOPY, MIGRATE_STOP };

/* ---- migrate*.c, recover.c: the source ----------------------------------------------------------
 */

#define MIGRATE_TIMEOUT_MS 30000 /* of a frame */

struct migration {
	const struct container_migrate_opts *o;
	struct container_migrate_report *report;
	struct container c;
	struct arena arena;
	struct oci_spec spec;
	struct transport_to to;
	struct transport transport;
	struct wire wire;
	struct memory memory;
	struct throttle throttle; /* until just before it is frozen */
	struct files *files;
	struct journal journal;
	struct network_source net;
	struct migration_id id;
	struct codec_choice how;
	bool connected;
	enum migrate_mode mode;
	enum track_by track_by;
	bool lazy;    /* pages go before the images, not in them */
	bool late;    /* what is dirty in the end goes after COMMIT */
	bool filling; /* it runs over there, and asks for pages */
	struct {
		uint64_t done;    /* bytes over there, when that last grew */
		int64_t grew_ms;  /* that was then */
		int64_t whole_ms; /* when it first said that all is in; 0 */
		bool whole;       /* it says so now */
	} fill;
	struct {
		struct wire_pages *v; /* that the target wants, but does not wait for */
		size_t at, n, room;
	} queue;
	bool ended;     /* the journal here is put away */
	bool committed; /* it runs over there */
	bool lost;      /* it was over there, and is no more: this copy is the only one */
	bool stop;      /* --dry-run */
	bool deaf;      /* to ^C, but where it can be taken back */
	int cancel_fd;  /* readable when it came; -1 */
	sigset_t mask;
	int64_t began, frozen, imaged, synced, prepared;
	uint64_t sent_before;  /* bytes on the wire, when it was prepared */
	struct policy *policy; /* during the rounds */
	int64_t round_began, ticked;
	uint64_t expected; /* bytes of the processes, as the preflight saw them */
	struct ckpt_dump dump;
};

/* A step: the connection, up to hello. */
int migrate_connect(void *ctx, struct err *err);
/* migrate_rounds.c: a step: rounds of memory while it runs, and when to stop. */
bool migrate_copies_before(const void *ctx);
int migrate_rounds(void *ctx, struct err *err);
void migrate_undo_rounds(void *ctx);
/* files_steps.c: steps: what of files goes along; all of it, while it runs; what changed since,
 * just before it is frozen. And the rest, when nothing runs any more. */
int migrate_plan_files(void *ctx, struct err *err);
bool migrate_has_files(const void *ctx);
int migrate_copy_files(void *ctx, struct err *err);
int migrate_copy_files_again(void *ctx, struct err *err);
int migrate_last_files(struct migration *x, struct err *err) must_check;
/* Tells of a phase. */
void migrate_tell(struct migration *x, const char *phase);
/* migrate_frozen.c: a step: freezes and dumps it, hands it over, and removes it here. */
int migrate_dump(void *ctx, struct err *err);
/* Whether COMMIT cannot be answered by a copy that lives over there. */
bool migrate_is_here(const struct migration *x);
/* postcopy.c: serves pages until the target says TYPE, or PHASE. */
int postcopy_serve(struct migration *x, enum wire_type type, struct wire_msg *ret,
		   struct err *err) must_check;
void postcopy_done(struct migration *x);
/* What a migration has left of CRIU's images goes; logs stay. */
void migrate_remove_images(struct migration *x);
/* Has the hull that migrates a container give it up, or puts away what is left of a dead one. */
int migrate_cancel(struct container_root *root, const struct container_migrate_opts *opts,
		   struct err *err) must_check;
/* Asks what became of the migration that the container's journal speaks of, and carries it out. */
int migrate_recover(struct migration *x, struct err *err) must_check;

#endif
