/* SPDX-License-Identifier: Apache-2.0 */
/* Closed sets of words, both ways. The sets have at most a dozen words: a loop is the fastest. */
#include <ocispec/ocispec.h>

#include <string.h>

const char *oci_word(const struct oci_enum *e, int value)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->words[i].value == value)
			return e->words[i].word;
	return NULL;
}

int oci_word_value(const struct oci_enum *e, const char *word)
{
	for (size_t i = 0; i < e->n; i++)
		if (strcmp(e->words[i].word, word) == 0)
			return e->words[i].value;
	return 0;
}
