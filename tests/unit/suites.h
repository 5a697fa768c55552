/* SPDX-License-Identifier: Apache-2.0 */
/* Every file of unit tests, sorted by room: TCASE(<room>_<file>) stands for test_<room>_<file>.c,
 * which defines `TCase *tcase_<room>_<file>(void)`. No include guard: main.c includes it twice. */
TCASE(hooks_hooks)
TCASE(ocispec_arena)
TCASE(ocispec_corpus)
TCASE(ocispec_decode)
TCASE(ocispec_drift)
TCASE(ocispec_encode)
TCASE(ocispec_limits)
TCASE(process_exec)
TCASE(process_home)
TCASE(process_plan)
TCASE(process_relay)
TCASE(process_sched)
TCASE(process_sysctl)
TCASE(rootfs_mountopt)
TCASE(rootfs_plan)
