/*
 * test_device_sim.h - device rules in two lights: an interpreter of the instructions that occur in
 * the compiled filter, and a matcher written from the definition (for each access the last rule
 * that matches decides).
 */
#ifndef HULL_TEST_DEVICE_SIM_H
#define HULL_TEST_DEVICE_SIM_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oci-spec/spec.h"

#define DEVICE_SIM_RULES 2048

/* TYPE and ACCESS as the kernel has them: BPF_DEVCG_DEV_*, BPF_DEVCG_ACC_*. */
bool device_granted(const struct bpf_insn *insns, size_t n, int type, uint32_t major,
		    uint32_t minor, unsigned access);
bool device_expected(const struct oci_device_rule *rules, size_t n, int type, uint32_t major,
		     uint32_t minor, unsigned access);

#endif
