/* PURE: the tables of stub.c; without their headers, as their types are private. */
#define WEAK __attribute__((weak))

WEAK const char oci_spec_type[64], oci_resources_type[64];
WEAK const char *const oci_hook_names[1];
WEAK const char *const oci_namespace_names[1];
WEAK const char *const filter_action_names[1];
WEAK const char *const filter_operator_names[1];
WEAK const char *const filter_arch_names[1];
WEAK const char *const filter_flag_names[1];
