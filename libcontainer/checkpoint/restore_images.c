/* RUNTIME: restore: the directory of the images. */
#include <errno.h>

#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/checkpoint.h"
#include "libcontainer/checkpoint/pages.h"
#include "libcontainer/checkpoint/restore.h"

int restore_images(void *ctx, struct err *err)
{
	struct restoration *r = ctx;
	const struct container_image_opts *o = &r->opts->image;
	const char *path = given(o->image_path) ? o->image_path : "checkpoint";
	int code;

	if (r->k.root->rootless)
		return err_fail(err, EPERM, "CRIU restores for the host's root only");
	code = ckpt_cgroups_mode(o->manage_cgroups_mode, &r->cgroups_mode, err);
	if (code == 0)
		code = criu_find(&r->k.arena, o->criu, &r->program, err);
	if (code == 0)
		code = images_criu_config(&r->k.spec.annotations, &r->config_file, err);
	if (code == 0)
		code = r->images_fd = images_open(path, false, err);
	if (code >= 0)
		code = r->work_fd =
			images_open(given(o->work_path) ? o->work_path : path, true, err);
	if (code >= 0)
		code = images_read(r->images_fd, &r->k.arena, r->descriptors, &r->meta, err);
	if (code >= 0)
		code = pages_check_images(r->images_fd, err);
	return code < 0 ? code : 0;
}
