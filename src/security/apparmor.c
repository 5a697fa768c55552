/* SPDX-License-Identifier: Apache-2.0 */
/* AppArmor: the profile for the next execve, written to attr/apparmor/exec; kernels before 5.8 only
 * have attr/exec, which belongs to the first label module. No library.
 * Surprise: what is read back is "NAME (mode)", and for stacked or namespaced labels in another
 * spelling; only a plain name can be compared. */
#include <fcntl.h>

#include "base/cleanup.h"
#include "security/parts.h"
#include "sys/procfs.h"

static const char *apparmor_label(const struct security_plan *p)
{
	return p->apparmor;
}

static int apparmor_open(const char *label)
{
	(void)label; /* whether the profile is loaded shows when it is set */
	return 0;
}

static bool is_plain(const char *label)
{
	return !strchr(label, ':') && !strstr(label, "//&");
}

static int apparmor_set(const char *label, int attr_fd)
{
	char text[4096], got[4096];
	const char *file = "apparmor/exec";
	int n = snprintf(text, sizeof(text), "exec %s", label);
	if (n < 0 || (size_t)n >= sizeof(text))
		return err_msg(ERR_CONFIG, "/process/apparmorProfile: the name is too long");
	_cleanup_close_ int probe = procfs_open_below(attr_fd, file, O_PATH | O_CLOEXEC);
	if (probe < 0)
		file = "exec";
	TRY(lsm_write_attr(attr_fd, file, text));
	TRY(lsm_read_attr(attr_fd, file, got, sizeof(got)));
	const char *rest = after_prefix(got, label);
	if (is_plain(label) && (!rest || (*rest && !after_prefix(rest, " ("))))
		return err_msg(ERR_SYS, "/proc/self/attr/%s says \"%s\" after \"%s\" was set", file,
			       got, label);
	return 0;
}

static int apparmor_apply(const char *label, int attr_fd)
{
	TRY_AS(apparmor_set(label, attr_fd), "apparmor failed to apply profile");
	return 0;
}

const struct lsm lsm_apparmor = { "apparmor", apparmor_label, apparmor_open, apparmor_apply };
