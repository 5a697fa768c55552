/* SPDX-License-Identifier: Apache-2.0 */
/* Every file of unit tests, sorted by room: TCASE(<room>_<file>) stands for test_<room>_<file>.c,
 * which defines `TCase *tcase_<room>_<file>(void)`. No include guard: main.c includes it twice. */
