/* images.h - what the command lines of checkpoint and restore share. */
#ifndef HULL_CMD_IMAGES_H
#define HULL_CMD_IMAGES_H

#include "cmd/command.h"

/* For a struct that has `struct container_image_opts image` and `struct cli_list empty_ns`. */
/* clang-format off */
#define IMAGE_OPTIONS(T, I)                                                                        \
	OPT_STRING(T, I.image_path, 0, "image-path", "DIR",                                 \
		   "directory of the images (default: ./checkpoint)"),                          \
		OPT_STRING(T, I.work_path, 0, "work-path", "DIR",                           \
			   "directory of CRIU's log and temporary files"),                      \
		OPT_FLAG(T, I.tcp_established, 0, "tcp-established",                        \
			 "established TCP connections, too"),                                   \
		OPT_FLAG(T, I.ext_unix_sk, 0, "ext-unix-sk",                                \
			 "unix sockets whose other end is outside, too"),                       \
		OPT_FLAG(T, I.shell_job, 0, "shell-job",                                    \
			 "a session whose leader is outside, too"),                             \
		OPT_FLAG(T, I.lazy_pages, 0, "lazy-pages",                                  \
			 "move memory when it is used"),                                        \
		OPT_FLAG(T, I.file_locks, 0, "file-locks", "file locks, too"),              \
		OPT_CHOICE(T, I.manage_cgroups_mode, 0, "manage-cgroups-mode",              \
			   "soft|full|strict|ignore", "what CRIU does about cgroups"),          \
		OPT_REPEAT(T, empty_ns, 0, "empty-ns", "NAMESPACE",                       \
			   "leave out what is in this namespace; may be repeated"),             \
		OPT_FLAG(T, I.auto_dedup, 0, "auto-dedup",                                  \
			 "remove pages from parent images that newer ones have")
/* clang-format on */

/* What the rows do not fill in. */
static inline void images_complete(const struct cli *cli, struct container_image_opts *image,
				   const struct cli_list *empty_ns)
{
	image->criu = cli->criu;
	image->empty_ns = empty_ns->v;
	image->n_empty_ns = empty_ns->n;
}

#endif
