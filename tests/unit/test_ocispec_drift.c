/* SPDX-License-Identifier: Apache-2.0 */
/* Drift from the spec: walks the official JSON schemas and the tables side by side. Every property
 * must have a row, of a kind that takes every value the schema takes; every word of a closed row
 * must be there; every required key must be REQ.
 * The schemas are not ours and not in the tree: OCI_SCHEMA_DIR names a directory that holds
 * runtime-spec-X.Y.Z/ and image-spec-X.Y.Z/ with the files of the spec's schema/ folder. */
#include <ocispec/desc.h>
#include <ocispec/image.h>
#include <ocispec/runtime.h>

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

const struct oci_type *oci_root_type(void);

#define MAX_FILES 32

/* The schema files read so far. A node is known with its file, because references are relative. */
struct schemas {
	char directory[2048];
	struct file {
		char name[64];
		yajl_val root;
	} files[MAX_FILES];
	size_t n;
	unsigned properties, faults;
	char first_fault[512];
};

struct node {
	struct file *file;
	yajl_val v;
};

static yajl_val get(yajl_val v, const char *key)
{
	const char *path[] = { key, NULL };

	return yajl_tree_get(v, path, yajl_t_any);
}

static const char *text_of(yajl_val v, const char *key)
{
	yajl_val s = get(v, key);

	return s && YAJL_IS_STRING(s) ? YAJL_GET_STRING(s) : "";
}

static void fault(struct schemas *s, const char *where, const char *what, const char *which)
{
	char line[512];

	snprintf(line, sizeof(line), "%.200s: %.60s \"%.200s\"", where, what, which);
	if (s->directory[0])
		printf("drift: %s\n", line);
	if (!s->faults++)
		memcpy(s->first_fault, line, sizeof(line));
}

static struct file *load(struct schemas *s, const char *name)
{
	static char text[1u << 18];
	char path[4096], why[256];
	size_t n;
	FILE *f;

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->files[i].name, name) == 0)
			return &s->files[i];
	ck_assert(s->n < MAX_FILES && strlen(name) < sizeof(s->files[0].name));
	snprintf(path, sizeof(path), "%s/%s", s->directory, name);
	f = fopen(path, "re");
	ck_assert_msg(f != NULL, "cannot open %s", path);
	n = fread(text, 1, sizeof(text) - 1, f);
	ck_assert_int_eq(fclose(f), 0);
	text[n] = '\0';
	strcpy(s->files[s->n].name, name);
	s->files[s->n].root = yajl_tree_parse(text, why, sizeof(why));
	ck_assert_msg(s->files[s->n].root != NULL, "%s: %s", path, why);
	return &s->files[s->n++];
}

/* One step of "$ref": "file.json#/definitions/x". */
static struct node follow(struct schemas *s, struct node at, const char *ref)
{
	char copy[256], *hash, *save;

	ck_assert_uint_lt(strlen(ref), sizeof(copy));
	strcpy(copy, ref);
	hash = strchr(copy, '#');
	if (hash)
		*hash++ = '\0';
	if (copy[0])
		at.file = load(s, copy);
	at.v = at.file->root;
	for (char *part = hash ? strtok_r(hash, "/", &save) : NULL; part;
	     part = strtok_r(NULL, "/", &save)) {
		at.v = get(at.v, part);
		ck_assert_msg(at.v != NULL, "%s: nothing at %s", at.file->name, ref);
	}
	return at;
}

static bool is_null_type(yajl_val v)
{
	return strcmp(text_of(v, "type"), "null") == 0;
}

/* The node that says what the value is: references followed, "or null" and lists of one dropped. */
static struct node resolve(struct schemas *s, struct node at)
{
	for (;;) {
		yajl_val choice = get(at.v, "oneOf") ? get(at.v, "oneOf") : get(at.v, "anyOf");
		const char *ref = text_of(at.v, "$ref");

		if (*ref) {
			at = follow(s, at, ref);
		} else if (choice && YAJL_IS_ARRAY(choice)) {
			size_t i = 0;

			while (i + 1 < choice->u.array.len &&
			       is_null_type(choice->u.array.values[i]))
				i++;
			at.v = choice->u.array.values[i];
		} else if (YAJL_IS_ARRAY(at.v)) {
			ck_assert_uint_eq(at.v->u.array.len, 1); /* "items": [ one ] */
			at.v = at.v->u.array.values[0];
		} else {
			return at;
		}
	}
}

static const struct oci_field *find_row(const struct oci_type *t, const char *key)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->rows[i].key, key) == 0)
			return &t->rows[i];
	return NULL;
}

static void compare_object(struct schemas *s, struct node at, const struct oci_type *t,
			   const char *where);

static void compare_words(struct schemas *s, struct node at, const struct oci_field *f,
			  const char *where)
{
	yajl_val words = get(at.v, "enum");

	if (f->kind == OCI_STR)
		return; /* an open set takes every word */
	for (size_t i = 0; words && i < words->u.array.len; i++) {
		const char *word = YAJL_GET_STRING(words->u.array.values[i]);

		if (!oci_word_value(f->words, word))
			fault(s, where, "no such word", word);
	}
	if (!words)
		fault(s, where, "closed here, but not in the schema:", f->key);
}

static void compare_bound(struct schemas *s, struct node at, const struct oci_field *f, bool max,
			  const char *where)
{
	static const struct {
		int kind;
		long double min, max;
	} ranges[] = {
		{ OCI_U8O, 0, 255 },
		{ OCI_U16O, 0, 65535 },
		{ OCI_U32, 0, UINT32_MAX },
		{ OCI_U32O, 0, UINT32_MAX },
		{ OCI_U32S, 0, UINT32_MAX },
		{ OCI_U64, 0, UINT64_MAX },
		{ OCI_U64O, 0, UINT64_MAX },
		{ OCI_I32, INT32_MIN, INT32_MAX },
		{ OCI_I32O, INT32_MIN, INT32_MAX },
		{ OCI_I64, INT64_MIN, INT64_MAX },
		{ OCI_I64O, INT64_MIN, INT64_MAX },
	};
	yajl_val bound = get(at.v, max ? "maximum" : "minimum");
	long double b = bound ? strtold(YAJL_GET_NUMBER(bound), NULL) : 0;

	/* The schema writes the 64 bit bounds as JavaScript would print them, a little too large.
	 */
	for (size_t i = 0; bound && i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (ranges[i].kind != f->kind)
			continue;
		if (max ? b > ranges[i].max * 1.0001L : b < ranges[i].min * 1.0001L)
			fault(s, where, "too narrow for the schema's bound",
			      YAJL_GET_NUMBER(bound));
		return;
	}
}

static bool is_string_kind(const struct oci_field *f)
{
	return f->kind == OCI_STR || f->kind == OCI_ENUM;
}

static bool is_number_kind(const struct oci_field *f)
{
	return f->kind >= OCI_U32 && f->kind <= OCI_I64O;
}

static void compare_list(struct schemas *s, struct node at, const struct oci_field *f,
			 const char *where)
{
	struct node items = resolve(s, (struct node){ at.file, get(at.v, "items") });
	const char *type = text_of(items.v, "type");

	if (f->kind == OCI_OBJS)
		compare_object(s, items, f->type(), where);
	else if (strcmp(type, f->kind == OCI_STRS ? "string" : "integer") != 0 ||
		 f->kind < OCI_STRS)
		fault(s, where, "elements are of type", type);
	else
		compare_bound(s, items, f, true, where);
}

/* An object of the schema: typed, a map, or anything. */
static void compare_object_row(struct schemas *s, struct node at, const struct oci_field *f,
			       const char *where)
{
	yajl_val free_keys = get(at.v, "additionalProperties");
	yajl_val patterns = get(at.v, "patternProperties");
	struct node value = { at.file, free_keys };

	if (patterns)
		value.v = patterns->u.object.values[0];
	if (f->kind == OCI_OBJ) {
		compare_object(s, at, f->type(), where);
		return;
	}
	if (!value.v) {
		if (f->kind != OCI_RAW)
			fault(s, where, "an object without known keys must be raw:", f->key);
		return;
	}
	value = resolve(s, value);
	if (strcmp(text_of(value.v, "type"), f->kind == OCI_SMAP ? "string" : "object") != 0)
		fault(s, where, "values of the map are of type", text_of(value.v, "type"));
	else if (f->kind == OCI_OMAP)
		compare_object(s, value, f->type(), where);
	else if (f->kind != OCI_SMAP)
		fault(s, where, "must be a map:", f->key);
}

static void compare_row(struct schemas *s, struct node at, const struct oci_field *f,
			const char *where)
{
	const char *type;

	at = resolve(s, at);
	type = text_of(at.v, "type");
	if (strcmp(type, "object") == 0 || get(at.v, "allOf"))
		compare_object_row(s, at, f, where);
	else if (strcmp(type, "array") == 0 && f->kind >= OCI_STRS)
		compare_list(s, at, f, where);
	else if (strcmp(type, "string") == 0 && is_string_kind(f))
		compare_words(s, at, f, where);
	else if (strcmp(type, "integer") == 0 && is_number_kind(f)) {
		compare_bound(s, at, f, true, where);
		compare_bound(s, at, f, false, where);
	} else if (strcmp(type, "boolean") != 0 || (f->kind != OCI_BOOL && f->kind != OCI_BOOLO))
		fault(s, where, "the row has another type than the schema:", type);
}

static void compare_object(struct schemas *s, struct node at, const struct oci_type *t,
			   const char *where)
{
	yajl_val all = get(at.v, "allOf"), properties = get(at.v, "properties");
	yajl_val required = get(at.v, "required");
	const struct oci_field *f;

	for (size_t i = 0; all && i < all->u.array.len; i++)
		compare_object(s, resolve(s, (struct node){ at.file, all->u.array.values[i] }), t,
			       where);
	for (size_t i = 0; properties && i < properties->u.object.len; i++) {
		const char *key = properties->u.object.keys[i];
		char deeper[512];

		s->properties++;
		snprintf(deeper, sizeof(deeper), "%.400s/%.80s", where, key);
		f = find_row(t, key);
		if (f)
			compare_row(s, (struct node){ at.file, properties->u.object.values[i] }, f,
				    deeper);
		else
			fault(s, where, "no row for", key);
	}
	for (size_t i = 0; required && i < required->u.array.len; i++) {
		f = find_row(t, YAJL_GET_STRING(required->u.array.values[i]));
		if (f && !(f->flags & REQ))
			fault(s, where, "must be required:", f->key);
	}
}

static const struct {
	const char *spec, *file;
	const struct oci_type *(*type)(void);
} documents[] = {
	{ "runtime-spec", "config-schema.json", oci_config_type },
	{ "runtime-spec", "state-schema.json", oci_state_type },
	{ "runtime-spec", "features-schema.json", oci_features_type },
	{ "image-spec", "image-index-schema.json", oci_index_type },
	{ "image-spec", "image-manifest-schema.json", oci_manifest_type },
	{ "image-spec", "config-schema.json", oci_image_config_type },
	{ "image-spec", "content-descriptor.json", oci_descriptor_type },
	{ "image-spec", "image-layout-schema.json", oci_layout_type },
};

static void finish(struct schemas *s)
{
	for (size_t i = 0; i < s->n; i++)
		yajl_tree_free(s->files[i].root);
}

START_TEST(the_tables_know_the_whole_spec)
{
	const char *root = getenv("OCI_SCHEMA_DIR");
	struct schemas s = { .n = 0 };
	char pattern[1024];
	struct node at;
	glob_t found;

	if (!root || !*root) {
		if (_i == 0)
			printf("SKIP drift: OCI_SCHEMA_DIR not set\n");
		return;
	}
	snprintf(pattern, sizeof(pattern), "%s/%s-*", root, documents[_i].spec);
	ck_assert_msg(glob(pattern, 0, NULL, &found) == 0, "nothing matches %s", pattern);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		snprintf(s.directory, sizeof(s.directory), "%s", found.gl_pathv[i]);
		at.file = load(&s, documents[_i].file);
		at.v = at.file->root;
		compare_object(&s, at, documents[_i].type(), documents[_i].file);
		finish(&s);
		s.n = 0;
	}
	globfree(&found);
	ck_assert_uint_gt(s.properties, 0);
	ck_assert_msg(!s.faults, "%u faults in %s, the first: %s", s.faults, documents[_i].file,
		      s.first_fault);
}
END_TEST

/* The walker itself: schemas that do not fit struct oci_root, and the fault each must raise. */
static const struct {
	const char *schema, *fault;
} misfits[] = {
	{ "{\"properties\":{\"path\":{\"type\":\"string\"},\"readonly\":{\"type\":\"boolean\"}},"
	  "\"required\":[\"path\"]}",
	  "" },
	{ "{\"properties\":{\"new\":{\"type\":\"string\"}}}", "x: no row for \"new\"" },
	{ "{\"properties\":{\"path\":{\"type\":\"integer\"}}}",
	  "x/path: the row has another type than the schema: \"integer\"" },
	{ "{\"properties\":{\"path\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}",
	  "x/path: the row has another type than the schema: \"array\"" },
	{ "{\"properties\":{\"readonly\":{\"$ref\":\"#/d\"}},\"d\":{\"type\":\"string\"}}",
	  "x/readonly: the row has another type than the schema: \"string\"" },
	{ "{\"properties\":{\"readonly\":{\"type\":\"boolean\"}},\"required\":[\"readonly\"]}",
	  "x: must be required: \"readonly\"" },
	{ "{\"allOf\":[{\"properties\":{\"a\":{\"type\":\"string\"}}}]}", "x: no row for \"a\"" },
};

static const struct {
	const char *schema, *fault;
} other_misfits[] = {
	{ "{\"properties\":{\"type\":{\"enum\":[\"pid\",\"moon\"],\"type\":\"string\"}}}",
	  "x/type: no such word \"moon\"" },
	{ "{\"properties\":{\"type\":{\"type\":\"string\"}}}",
	  "x/type: closed here, but not in the schema: \"type\"" },
};

static void one_misfit(const struct oci_type *t, const char *schema, const char *want)
{
	struct schemas s = { .n = 0 };
	char why[128];
	struct file file = { "", yajl_tree_parse(schema, why, sizeof(why)) };

	ck_assert_msg(file.root != NULL, "%s", why);
	compare_object(&s, (struct node){ &file, file.root }, t, "x");
	ck_assert_str_eq(s.first_fault, want);
	ck_assert_uint_eq(s.faults, want[0] != '\0');
	yajl_tree_free(file.root);
}

START_TEST(drift_is_seen)
{
	one_misfit(oci_root_type(), misfits[_i].schema, misfits[_i].fault);
}
END_TEST

START_TEST(drift_of_words_is_seen)
{
	const struct oci_type *t =
		find_row(find_row(oci_config_type(), "linux")->type(), "namespaces")->type();

	one_misfit(t, other_misfits[_i].schema, other_misfits[_i].fault);
}
END_TEST

TCase *tcase_ocispec_drift(void)
{
	TCase *tc = tcase_create("drift");

	tcase_add_loop_test(tc, the_tables_know_the_whole_spec, 0,
			    sizeof(documents) / sizeof(documents[0]));
	tcase_add_loop_test(tc, drift_is_seen, 0, sizeof(misfits) / sizeof(misfits[0]));
	tcase_add_loop_test(tc, drift_of_words_is_seen, 0,
			    sizeof(other_misfits) / sizeof(other_misfits[0]));
	return tc;
}
