/* RUNTIME: migrate: when trees of files are copied. */
#include <errno.h>

#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/files.h"

#define MAX_PASSES 5         /* while it runs, at the beginning */
#define FEW_BYTES  (4 << 20) /* no pass is worth less */

int migrate_plan_files(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	struct files *f;
	int r;

	if ((!given(x->o->rootfs) || streq(x->o->rootfs, "none")) && !x->o->n_volumes)
		return 0;
	x->files = f = arena_new(&x->arena, struct files);
	f->choose = !given(x->o->compress) || streq(x->o->compress, "auto");
	r = files_plan(f, &x->c, &x->spec, x->o->rootfs, x->o->volumes, x->o->n_volumes, err);
	if (r == 0)
		for (size_t i = 0; i < f->n; i++)
			log_debug("migrate: %s '%s': %llu files, %llu MiB", f->trees[i].kind,
				  f->trees[i].here, (unsigned long long)f->trees[i].files,
				  (unsigned long long)f->trees[i].bytes >> 20);
	return r;
}

bool migrate_has_files(const void *ctx)
{
	const struct migration *x = ctx;

	return x->files && !x->stop;
}

/* Until what changes while it is copied is little, or gets no less. */
int migrate_copy_files(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	uint64_t last = UINT64_MAX;
	int r = 0;

	if (!(x->wire.features & WIRE_F_ROOTFS))
		return err_fail(err, ENOTSUP, "hull over there does not take files");
	for (int i = 0; r == 0 && i < MAX_PASSES; i++) {
		r = files_pass(x->files, &x->wire, false, err);
		if (i && (x->files->bytes <= FEW_BYTES || x->files->bytes > last / 2))
			break;
		last = x->files->bytes;
	}
	return r;
}

int migrate_copy_files_again(void *ctx, struct err *err)
{
	struct migration *x = ctx;

	return files_pass(x->files, &x->wire, false, err);
}

int migrate_last_files(struct migration *x, struct err *err)
{
	int r = x->files ? files_pass(x->files, &x->wire, true, err) : 0;

	if (x->files) {
		x->report->file_bytes = x->files->all_bytes;
		x->report->last_file_bytes = x->files->bytes;
	}
	return r;
}
