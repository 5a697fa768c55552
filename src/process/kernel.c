/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel state that belongs to the container's namespaces: names, sysctls, the session keyring.
 * Surprise: /proc/sys shows the namespaces of whoever opens it, so the host's /proc is good for
 * writing the container's values, and unlike the container's nobody could prepare it. */
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "process/process.h"
#include "sys/keyring.h"
#include "sys/procfs.h"

int process_check_host(const struct process_plan *p)
{
	if (!p->netns_path)
		return 0;
	struct stat theirs, ours;
	if (stat(p->netns_path, &theirs) < 0)
		return err_sys("look at network namespace \"%s\"", p->netns_path);
	if (stat("/proc/self/ns/net", &ours) < 0)
		return err_sys("look at /proc/self/ns/net");
	if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
		return err_msg(ERR_CONFIG,
			       "/linux/sysctl: \"net.\" keys are not allowed in the host's network "
			       "namespace, "
			       "which \"%s\" is",
			       p->netns_path);
	return 0;
}

int process_keyring(const char *id)
{
	char name[256];
	int n = snprintf(name, sizeof(name), "_ses.%s", id);
	if (n < 0 || (size_t)n >= sizeof(name))
		return err_msg(ERR_BUG, "container id \"%s\" is too long for a keyring name", id);
	if (keyring_join_session(name) == 0)
		return 0;
	if (errno != ENOSYS && errno != EPERM && errno != EDQUOT)
		return err_sys("join session keyring \"%s\"", name);
	log_warn("the container shares our session keyring: join \"%s\": %s", name,
		 err_text(errno));
	return 0;
}

int process_names(const struct oci_config *c)
{
	if (c->hostname && *c->hostname && sethostname(c->hostname, strlen(c->hostname)) < 0)
		return err_sys("/hostname: set \"%s\"", c->hostname);
	if (c->domainname && *c->domainname &&
	    setdomainname(c->domainname, strlen(c->domainname)) < 0)
		return err_sys("/domainname: set \"%s\"", c->domainname);
	return 0;
}

int process_sysctls_open(const struct process_plan *p, int *proc_fd)
{
	*proc_fd = -1;
	if (!p->sysctls.n)
		return 0;
	return procfs_open(proc_fd);
}

int process_sysctls(const struct process_plan *p, int proc_fd)
{
	for (size_t i = 0; i < p->sysctls.n; i++) {
		const struct process_sysctl *s = &p->sysctls.v[i];
		TRY_AS(procfs_write(proc_fd, s->path, s->value), "/linux/sysctl/%s", s->key);
	}
	return 0;
}
