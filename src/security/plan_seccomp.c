/* SPDX-License-Identifier: Apache-2.0 */
/* Check a seccomp profile and decide flags and listener. Pure; names of system calls are not looked
 * at here, because unknown ones are fine and only the library knows.
 * Surprise: the child hands the notify descriptor over with sendmsg and reports errors with write,
 * after the filter is on; a profile that notifies those two would wait for an agent that has
 * nothing to listen on yet. */
#include <errno.h>
#include <linux/seccomp.h>

#include "security/parts.h"

#define AT "/linux/seccomp"

static bool has_errno(enum oci_seccomp_action act)
{
	return act == OCI_ACT_ERRNO || act == OCI_ACT_TRACE;
}

static int check_ret(const char *where, const char *key, enum oci_seccomp_action act,
		     const struct oci_u32 *ret)
{
	uint32_t max = act == OCI_ACT_ERRNO ? 4095 : 65535; /* MAX_ERRNO; SECCOMP_RET_DATA */
	if (!ret->set)
		return 0;
	if (!has_errno(act))
		return err_msg(ERR_CONFIG,
			       "%s/%s: only SCMP_ACT_ERRNO and SCMP_ACT_TRACE take it, not %s",
			       where, key, oci_word(&oci_seccomp_action_words, act));
	if (ret->v > max)
		return err_msg(ERR_CONFIG, "%s/%s: %u is above %u", where, key, ret->v, max);
	return 0;
}

static int check_notify(const char *where, const struct oci_syscall *sc)
{
	static const char *const ours[] = { "write", "sendmsg" };
	for (size_t i = 0; i < sc->names.n; i++)
		for (size_t j = 0; j < ARRAY_SIZE(ours); j++)
			if (streq(sc->names.v[i], ours[j]))
				return err_msg(ERR_CONFIG,
					       "%s/names/%zu: SCMP_ACT_NOTIFY cannot be "
					       "used for the %s syscall",
					       where, i, ours[j]);
	return 0;
}

static int check_rule(size_t index, const struct oci_syscall *sc)
{
	char where[64];
	snprintf(where, sizeof(where), AT "/syscalls/%zu", index);
	TRY(check_ret(where, "errnoRet", sc->action, &sc->errno_ret));
	if (sc->action == OCI_ACT_NOTIFY)
		TRY(check_notify(where, sc));
	for (size_t i = 0; i < sc->args.n; i++)
		if (sc->args.v[i].index > 5)
			return err_msg(ERR_CONFIG,
				       "%s/args/%zu/index: a system call has arguments 0 "
				       "to 5, not %u",
				       where, i, sc->args.v[i].index);
	return 0;
}

static int check_archs(const struct oci_seccomp *sc)
{
	uint64_t value;
	for (size_t i = 0; i < sc->architectures.n; i++)
		if (!name_find(seccomp_arch_words, sc->architectures.v[i], &value))
			return err_msg(ERR_CONFIG,
				       AT "/architectures/%zu: unknown architecture \"%s\"", i,
				       sc->architectures.v[i]);
	return 0;
}

/* TSYNC is accepted and left out: the process has one thread, and it excludes a listener. */
static int plan_flags(const struct oci_seccomp *sc, bool notifies, struct security_plan *out)
{
	uint64_t bit;
	out->seccomp_default_flags = !sc->flags.present;
	for (size_t i = 0; i < sc->flags.n; i++) {
		if (!name_find(seccomp_flag_words, sc->flags.v[i], &bit))
			return err_msg(ERR_CONFIG, AT "/flags/%zu: unknown flag \"%s\"", i,
				       sc->flags.v[i]);
		if (bit == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !notifies)
			return err_msg(ERR_CONFIG,
				       AT "/flags/%zu: %s needs a rule with SCMP_ACT_NOTIFY", i,
				       sc->flags.v[i]);
		if (bit != SECCOMP_FILTER_FLAG_TSYNC)
			out->seccomp_flags |= (unsigned)bit;
	}
	return 0;
}

static const char *annotation(const struct oci_config *c, const char *key)
{
	for (size_t i = 0; i < c->annotations.n; i++)
		if (streq(c->annotations.v[i].key, key))
			return c->annotations.v[i].value;
	return NULL;
}

static int plan_listener(const struct oci_config *c, bool notifies, struct security_plan *out)
{
	const struct oci_seccomp *sc = c->linux_->seccomp;
	const char *path = sc->listener_path && *sc->listener_path
				   ? sc->listener_path
				   : annotation(c, "run.oci.seccomp.receiver");
	if (sc->listener_metadata && *sc->listener_metadata && !path)
		return err_msg(ERR_CONFIG, AT "/listenerMetadata: needs listenerPath");
	if (!notifies)
		return 0; /* the spec: then the path is ignored */
	if (!path)
		return err_msg(ERR_CONFIG,
			       AT "/listenerPath: must be set when SCMP_ACT_NOTIFY is used");
	if (*path != '/')
		return err_msg(ERR_CONFIG, AT "/listenerPath: \"%s\" is not an absolute path",
			       path);
	out->seccomp_listener = true;
	out->seccomp_flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	out->listener_path = path;
	out->listener_metadata = sc->listener_metadata;
	return 0;
}

int seccomp_plan_make(const struct oci_config *c, struct security_plan *out)
{
	const struct oci_seccomp *sc = c->linux_->seccomp;
	bool notifies = false;
	if (sc->default_action == OCI_ACT_NOTIFY)
		return err_msg(ERR_CONFIG, AT
			       "/defaultAction: SCMP_ACT_NOTIFY cannot be used as default action");
	TRY(check_ret(AT, "defaultErrnoRet", sc->default_action, &sc->default_errno_ret));
	TRY(check_archs(sc));
	for (size_t i = 0; i < sc->syscalls.n; i++) {
		TRY(check_rule(i, &sc->syscalls.v[i]));
		if (sc->syscalls.v[i].action == OCI_ACT_NOTIFY)
			notifies = true;
	}
	TRY(plan_flags(sc, notifies, out));
	const char *strict = annotation(c, "run.oci.seccomp_fail_unknown_syscall");
	out->seccomp_strict = strict && streq(strict, "1");
	return plan_listener(c, notifies, out);
}
