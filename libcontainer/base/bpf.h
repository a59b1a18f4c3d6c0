/*
 * bpf.h - bpf(2): what all who load a program do alike. Results are >= 0 or -errno; descriptors are
 * owned by the caller and close-on-exec.
 */
#ifndef HULL_BPF_H
#define HULL_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/err.h"

int bpf_call(enum bpf_cmd cmd, union bpf_attr *attr) must_check;
/* NAME: at most BPF_OBJ_NAME_LEN - 1 bytes. */
int bpf_prog_load(enum bpf_prog_type type, const char *name, const struct bpf_insn *insns,
		  size_t n) must_check;
/* The program with that ID if its name is NAME, by which a later process finds ours; else -ENOENT,
 * or why it cannot be opened. */
int bpf_prog_named(uint32_t id, const char *name) must_check;

#endif
