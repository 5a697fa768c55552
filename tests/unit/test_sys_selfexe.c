/* SPDX-License-Identifier: Apache-2.0 */
/* Which programs need no protection, and how one tells that it is protected. */
#include <check.h>
#include <stdint.h>

#include "base/compiler.h"
#include "sys/selfexe_rules.h"

static const struct {
	unsigned euid, mask, uid, mode;
	bool no_caps, beyond;
} rights[] = {
	{ 1000, STATX_UID | STATX_MODE, 0, 0755, true, true },
	{ 1000, STATX_UID | STATX_MODE, 0, 0555, true, true },
	{ 0, STATX_UID | STATX_MODE, 0, 0755, true, false },
	{ 1000, STATX_UID | STATX_MODE, 0, 0755, false, false },
	{ 1000, STATX_UID | STATX_MODE, 0, 0775, true, false }, /* a group that may be mapped */
	{ 1000, STATX_UID | STATX_MODE, 0, 0757, true, false },
	{ 1000, STATX_UID | STATX_MODE, 1000, 0555, true, false },
	{ 1000, STATX_UID | STATX_MODE, 100000, 0755, true, false }, /* a subordinate id */
	{ 1000, STATX_MODE, 0, 0755, true, false },
	{ 1000, STATX_UID, 0, 0, true, false },
};

START_TEST(beyond_the_rights_of_a_user)
{
	const struct statx st = { .stx_mask = rights[_i].mask,
				  .stx_uid = rights[_i].uid,
				  .stx_mode = (uint16_t)rights[_i].mode };
	ck_assert_int_eq(selfexe_beyond_rights(rights[_i].euid, rights[_i].no_caps, &st),
			 rights[_i].beyond);
}
END_TEST

START_TEST(any_capability_counts)
{
	struct __user_cap_data_struct cap[2] = { { .inheritable = ~0u }, { .inheritable = ~0u } };
	ck_assert(selfexe_no_caps(cap));
	cap[0].permitted = 1u << CAP_SETUID;
	ck_assert(!selfexe_no_caps(cap));
	cap[0].permitted = 0;
	cap[1].permitted = 1u << (CAP_BPF - 32);
	ck_assert(!selfexe_no_caps(cap));
}
END_TEST

START_TEST(on_a_detached_mount)
{
	ck_assert(selfexe_on_detached_mount("/", 1, ST_RDONLY | ST_NOSUID));
	ck_assert(!selfexe_on_detached_mount("/", 1, ST_NOSUID)); /* writable */
	ck_assert(!selfexe_on_detached_mount("/o", 2, ST_RDONLY));
	ck_assert(!selfexe_on_detached_mount("o", 1, ST_RDONLY));
	ck_assert(!selfexe_on_detached_mount("/", -1, ST_RDONLY));
}
END_TEST

START_TEST(files_that_nobody_can_change)
{
	const uint64_t both = STATX_ATTR_IMMUTABLE | STATX_ATTR_VERITY;
	ck_assert(selfexe_unwritable_file(&(struct statx){
		.stx_attributes = STATX_ATTR_VERITY, .stx_attributes_mask = both }));
	ck_assert(selfexe_unwritable_file(&(struct statx){
		.stx_attributes = STATX_ATTR_IMMUTABLE, .stx_attributes_mask = both }));
	ck_assert(!selfexe_unwritable_file(&(struct statx){
		.stx_attributes = STATX_ATTR_VERITY })); /* not known to the file system */
	ck_assert(!selfexe_unwritable_file(&(struct statx){
		.stx_attributes = STATX_ATTR_APPEND, .stx_attributes_mask = ~0ull }));
	ck_assert(selfexe_unwritable_fs(SQUASHFS_MAGIC));
	ck_assert(!selfexe_unwritable_fs(TMPFS_MAGIC));
}
END_TEST

TCase *tcase_sys_selfexe(void)
{
	TCase *tc = tcase_create("selfexe");
	tcase_add_loop_test(tc, beyond_the_rights_of_a_user, 0, (int)ARRAY_SIZE(rights));
	tcase_add_test(tc, any_capability_counts);
	tcase_add_test(tc, on_a_detached_mount);
	tcase_add_test(tc, files_that_nobody_can_change);
	return tc;
}
