/* SPDX-License-Identifier: Apache-2.0 */
/* SELinux: the only file that includes libselinux, and nothing here runs unless a label is asked.
 * The library checks the label and sets the keyring label while /proc is the host's; the exec label
 * is written by us through the attr directory opened at that time.
 * Surprise: setting the exec label early would be simpler, but hooks run by init would inherit it.
 */
#include <errno.h>
#include <selinux/selinux.h>

#include "security/parts.h"

static const char *selinux_label(const struct security_plan *p)
{
	return p->selinux;
}

static int selinux_open(const char *label)
{
	if (is_selinux_enabled() <= 0)
		return err_msg(ERR_UNSUPPORTED,
			       "selinux label is specified in config, but selinux is "
			       "disabled or not supported");
	if (security_check_context(label) < 0)
		return err_sys("check selinux label \"%s\"", label);
	/* The session keyring joined next shall belong to the container. */
	if (setkeycreatecon(label) < 0)
		return err_sys("set selinux keyring label \"%s\"", label);
	return 0;
}

static int selinux_apply(const char *label, int attr_fd)
{
	char got[4096];
	TRY_AS(lsm_write_attr(attr_fd, "exec", label), "set selinux label");
	TRY_AS(lsm_read_attr(attr_fd, "exec", got, sizeof(got)), "set selinux label");
	/* The kernel may spell the level differently (c1,c0 is c0,c1), but never the type. */
	if (!*got)
		return err_msg(ERR_SYS,
			       "selinux label \"%s\" was set, but /proc/self/attr/exec is empty",
			       label);
	return 0;
}

const struct lsm lsm_selinux = { "selinux", selinux_label, selinux_open, selinux_apply };
