/* SPDX-License-Identifier: Apache-2.0 */
/* Bundle directory -> checked oci_config. After bundle_load nothing of config.json that a rule can
 * see is wrong; what needs a subject's knowledge (mount options, sysctls, ids) is the planners'. */
#pragma once

#include <ocispec/runtime.h>

#include "base/err.h"

struct bundle {
	struct arena *arena; /* borrowed: everything below lives in it */
	const char *path;    /* absolute, clean */
	int dir_fd;          /* owned; -1 when closed */
	struct oci_config *config;
	const char *text; /* config.json as it was read, for the copy in the state */
	size_t len;
};

/* Open DIR (NULL = the working directory), read and check its config.json; `config_path`, when not
 * NULL, names another file ("-" = stdin). Errors: ERR_CONFIG "config.json: /pointer: ...". */
int bundle_load(struct arena *a, const char *dir, const char *config_path,
		struct bundle *out) MUST_CHECK;
void bundle_close(struct bundle *b);
/* The same for text that was loaded before (the saved copy of a container). */
int config_parse(struct arena *a, const char *what, const char *text, size_t len,
		 struct oci_config **out) MUST_CHECK;

/* Cross-field rules that the schema cannot say; the first broken one is the error. */
int config_check(const struct oci_config *c) MUST_CHECK;

/* Every annotation that changes what we do; all else is data. */
struct config_annotation {
	const char *key; /* a trailing "." means prefix */
	const char *what;
	bool unsafe; /* listed as potentiallyUnsafeConfigAnnotations */
};
extern const struct config_annotation config_annotations[];                 /* ends with key NULL */
const char *config_annotation(const struct oci_config *c, const char *key); /* NULL when absent */

/* The namespace entry of a type, NULL when the config has none. */
const struct oci_namespace *config_namespace(const struct oci_config *c, enum oci_ns_type t);
bool config_has_new_ns(const struct oci_config *c,
		       enum oci_ns_type t); /* there, and without a path */
