/* SPDX-License-Identifier: Apache-2.0 */
/* keyctl(2), called directly: libkeyutils would be one more library for two calls. */
#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "sys/keyring.h"

enum {
	POSSESSOR_ALL = 0x3f000000,
	OWNER_VIEW = 0x00010000,
	OWNER_READ = 0x00020000,
	OWNER_SEARCH = 0x00080000,
};

int keyring_join_session(const char *name)
{
	long key = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0);
	if (key < 0)
		return -1;
	return (int)syscall(SYS_keyctl, KEYCTL_SETPERM, key,
			    POSSESSOR_ALL | OWNER_VIEW | OWNER_READ | OWNER_SEARCH, 0, 0);
}
