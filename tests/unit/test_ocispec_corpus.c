/* SPDX-License-Identifier: Apache-2.0 */
/* Every file of the fuzz corpus and every good document through the fuzz target, which aborts when
 * what was accepted does not survive another verb. Good documents must also be accepted as such. */
#include "../fuzz/fuzz_decode.h"

#include <ocispec/image.h>
#include <ocispec/runtime.h>

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static char *load(const char *directory, const char *name, size_t *len)
{
	char path[4096];
	char *text = malloc(1u << 20);
	FILE *f;

	snprintf(path, sizeof(path), TEST_SRCDIR "/%s/%s", directory, name);
	f = fopen(path, "re");
	ck_assert_msg(f && text, "cannot read %s", path);
	*len = fread(text, 1, 1u << 20, f);
	ck_assert_msg(feof(f) && !ferror(f), "%s is larger than this test expects", path);
	ck_assert_int_eq(fclose(f), 0);
	return text;
}

static unsigned replay(const char *directory)
{
	char path[4096];
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), TEST_SRCDIR "/%s", directory);
	dir = opendir(path);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		size_t len;
		char *text;

		if (e->d_name[0] == '.')
			continue;
		text = load(directory, e->d_name, &len);
		LLVMFuzzerTestOneInput((uint8_t *)text, len);
		free(text);
		n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(replay("tests/fuzz/corpus"), 40);
	ck_assert_uint_ge(replay("tests/data/good"), 10);
}
END_TEST

static const struct {
	const char *name;
	const struct oci_type *(*type)(void);
} good[] = {
	{ "config-linux.json", oci_config_type },
	{ "config-platforms.json", oci_config_type },
	{ "features.json", oci_features_type },
	{ "state.json", oci_state_type },
	{ "index.json", oci_index_type },
	{ "manifest.json", oci_manifest_type },
	{ "image-config.json", oci_image_config_type },
	{ "layout.json", oci_layout_type },
	{ "docker-archive.json", oci_docker_archive_type },
	{ "docker-manifest-list.json", oci_index_type },
};

START_TEST(good_documents_are_accepted)
{
	struct arena *a = arena_new();
	struct oci_diag diag;
	size_t len;
	char *text = load("tests/data/good", good[_i].name, &len);

	ck_assert_msg(oci_decode(a, good[_i].type(), text, len, 0, &diag) != NULL, "%s: %s",
		      good[_i].name, diag.text);
	free(text);
	arena_free(a);
}
END_TEST

TCase *tcase_ocispec_corpus(void)
{
	TCase *tc = tcase_create("corpus");

	tcase_add_test(tc, the_corpus_holds);
	tcase_add_loop_test(tc, good_documents_are_accepted, 0, sizeof(good) / sizeof(good[0]));
	return tc;
}
