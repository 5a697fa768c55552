/* SPDX-License-Identifier: Apache-2.0 */
/* Hook programs of config.json: run one list in order, state on stdin, bounded in time.
 * The caller chooses where (which namespaces, which moment); this room only knows how.
 * Surprise: a hook without `env` gets an empty environment, not ours, unless the caller gives a
 * default; its output is shown only when it fails. */
#pragma once

#include <ocispec/runtime.h>

#include "base/err.h"

struct hooks {
	const char *kind; /* "createRuntime": the JSON key, used in messages */
	const struct oci_hook *v;
	size_t n;
	const char *cwd;        /* the bundle; NULL = stay where we are */
	const char *const *env; /* for hooks without `env`; NULL = empty */
	bool warn_only;         /* poststop: log the failure and go on with the next hook */
	const char *out_path, *err_path; /* append what they print to these files; NULL = do not */
	char *done; /* a digit per hook: '1' is skipped, and set by success. With it a failure does
		     * not stop the others; the first one is the error. NULL = none */
};

/* Texts: `error running createRuntime hook #0: exit status 1 of "/bin/x" (/hooks/createRuntime/0),
 * stdout: ..., stderr: ...`, the last bytes of each. Stops at the first failure unless warn_only
 * (then always 0) or `done`. */
int hooks_run(struct arena *a, const struct hooks *h, const char *state_json) MUST_CHECK;

/* ERR_CONFIG naming /hooks/KIND/N/...; h may be NULL. */
int hooks_validate(const struct oci_hooks *h) MUST_CHECK;
