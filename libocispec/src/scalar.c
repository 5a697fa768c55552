/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers by kind: strict text -> number, and in and out of members of every width.
 * Surprise: nothing here is ever a double. 1.0 and 1e3 are refused, as they are by the Go runtimes,
 * and 18446744073709551615 stays exactly that. */
#include "value.h"

struct range number_range(const struct oci_field *f)
{
	struct range r = { 0, 0 };

	switch (f->kind) {
	case OCI_U8O:
		r.max = UINT8_MAX;
		break;
	case OCI_U16O:
		r.max = UINT16_MAX;
		break;
	case OCI_U32:
	case OCI_U32O:
	case OCI_U32S:
		r.max = UINT32_MAX;
		break;
	case OCI_U64:
	case OCI_U64O:
		r.max = UINT64_MAX;
		break;
	case OCI_I32:
	case OCI_I32O:
		r = (struct range){ INT32_MIN, INT32_MAX };
		break;
	default:
		r = (struct range){ INT64_MIN, INT64_MAX };
		break;
	}
	if (f->kind != OCI_U32S && f->flags & MIN1)
		r.min = 1;
	if (f->flags & MIN0)
		r.min = 0;
	return r;
}

bool number_parse(const char *text, size_t len, struct range r, struct number *out)
{
	bool minus = len > 0 && text[0] == '-';
	uint64_t u = 0;

	if (len == minus || (minus && r.min >= 0))
		return false;
	for (size_t i = minus; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(u, 10, &u) ||
		    __builtin_add_overflow(u, (uint64_t)(text[i] - '0'), &u))
			return false;
	}
	if (minus ? u > -(uint64_t)r.min : u > r.max || (r.min > 0 && u < (uint64_t)r.min))
		return false;
	*out = (struct number){
		.is_signed = r.min < 0,
		.set = true,
		.u = u,
		.s = minus ? (int64_t)(-u) : (int64_t)u,
	};
	return true;
}

void number_set(const struct oci_field *f, void *obj, const struct number *n)
{
	void *p = member(f, obj);

	switch (f->kind) {
	case OCI_U32:
		*(uint32_t *)p = (uint32_t)n->u;
		break;
	case OCI_U64:
		*(uint64_t *)p = n->u;
		break;
	case OCI_I32:
		*(int32_t *)p = (int32_t)n->s;
		break;
	case OCI_I64:
		*(int64_t *)p = n->s;
		break;
	case OCI_U64O:
		*(struct oci_u64 *)p = (struct oci_u64){ n->u, n->set };
		break;
	case OCI_I32O:
		*(struct oci_i32 *)p = (struct oci_i32){ (int32_t)n->s, n->set };
		break;
	case OCI_I64O:
		*(struct oci_i64 *)p = (struct oci_i64){ n->s, n->set };
		break;
	default:
		*(struct oci_u32 *)p = (struct oci_u32){ (uint32_t)n->u, n->set };
		break;
	}
}

static struct number of_signed(int64_t v, bool set)
{
	return (struct number){ .is_signed = true, .set = set, .s = v, .u = (uint64_t)v };
}

static struct number of_unsigned(uint64_t v, bool set)
{
	return (struct number){ .set = set, .s = (int64_t)v, .u = v };
}

/* A plain number counts as set when it is not 0. */
struct number number_get(const struct oci_field *f, const void *obj)
{
	const void *p = member(f, obj);
	const struct oci_u32 *u32 = p;
	const struct oci_u64 *u64 = p;
	const struct oci_i32 *i32 = p;
	const struct oci_i64 *i64 = p;

	switch (f->kind) {
	case OCI_U32:
		return of_unsigned(*(const uint32_t *)p, *(const uint32_t *)p);
	case OCI_U64:
		return of_unsigned(*(const uint64_t *)p, *(const uint64_t *)p);
	case OCI_I32:
		return of_signed(*(const int32_t *)p, *(const int32_t *)p);
	case OCI_I64:
		return of_signed(*(const int64_t *)p, *(const int64_t *)p);
	case OCI_U64O:
		return of_unsigned(u64->v, u64->set);
	case OCI_I32O:
		return of_signed(i32->v, i32->set);
	case OCI_I64O:
		return of_signed(i64->v, i64->set);
	default:
		return of_unsigned(u32->v, u32->set);
	}
}
