/* SPDX-License-Identifier: Apache-2.0 */
/* Which of several images runs here. The words are Go's (GOOS, GOARCH); uname's are understood. */
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "image/resolve.h"

static const struct {
	const char *word, *arch, *variant;
} arch_words[] = {
	{ "x86_64", "amd64", NULL },
	{ "x86-64", "amd64", NULL },
	{ "i386", "386", NULL },
	{ "i686", "386", NULL },
	{ "aarch64", "arm64", NULL },
	{ "armhf", "arm", "v7" },
	{ "armv7l", "arm", "v7" },
	{ "armv6l", "arm", "v6" },
	{ "armel", "arm", "v6" },
	{ "ppc64el", "ppc64le", NULL },
	{ "loongarch64", "loong64", NULL },
};

/* What an absent variant means. */
static const char *variant_of(const struct oci_platform *p)
{
	if (p->variant && *p->variant)
		return p->variant;
	if (streq(p->architecture, "arm64"))
		return "v8";
	if (streq(p->architecture, "arm"))
		return "v7";
	return streq(p->architecture, "amd64") ? "v1" : "";
}

static void normalise(struct oci_platform *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(arch_words); i++)
		if (streq(arch_words[i].word, p->architecture)) {
			p->architecture = arch_words[i].arch;
			if (!p->variant)
				p->variant = arch_words[i].variant;
			return;
		}
}

static int host_platform(struct arena *a, struct oci_platform *out)
{
	struct utsname u;
	if (uname(&u) < 0)
		return err_sys("find out what machine this is");
	*out = (struct oci_platform){ .os = "linux", .architecture = arena_strdup(a, u.machine) };
	normalise(out);
	return 0;
}

int platform_parse(struct arena *a, const char *text, struct oci_platform *out)
{
	if (!text)
		return host_platform(a, out);
	char *os = arena_strdup(a, text);
	char *arch = strpbrk(os, "/:");
	char *variant = arch ? strpbrk(arch + 1, "/:") : NULL;
	if (arch)
		*arch++ = '\0';
	if (variant)
		*variant++ = '\0';
	if (!arch || !*os || !*arch || (variant && !*variant) || (variant && strchr(variant, '/')))
		return err_msg(ERR_USAGE,
			       "--platform: expected OS/ARCH or OS/ARCH/VARIANT, found \"%s\"",
			       text);
	*out = (struct oci_platform){ .os = os, .architecture = arch, .variant = variant };
	normalise(out);
	return 0;
}

const char *platform_text(struct arena *a, const struct oci_platform *p)
{
	const char *variant = p->variant && *p->variant ? p->variant : NULL;
	return arena_printf(a, "%s/%s%s%s", p->os, p->architecture, variant ? "/" : "",
			    variant ? variant : "");
}

/* "v7" -> 7; other words have no order. */
static int level(const char *variant)
{
	return variant[0] == 'v' && variant[1] >= '1' && variant[1] <= '9' && !variant[2]
		       ? variant[1] - '0'
		       : -1;
}

/* Exact is best; a lower level of the same architecture runs too, and of those the highest is
 * best; then what the processor can also run. */
int platform_match(const struct oci_platform *want, const struct oci_platform *have)
{
	struct oci_platform w = *want, h = *have;
	normalise(&w);
	normalise(&h);
	const char *vw = variant_of(&w), *vh = variant_of(&h);
	int lw = level(vw), lh = level(vh);
	if (!streq(w.os, h.os))
		return 0;
	if (streq(w.architecture, h.architecture)) {
		if (streq(vw, vh))
			return 100;
		return lw > 0 && lh > 0 && lh < lw ? 50 + lh : 0;
	}
	if (streq(w.architecture, "amd64") && streq(h.architecture, "386"))
		return 10;
	if (streq(w.architecture, "arm64") && streq(h.architecture, "arm") && lh > 0)
		return 10 + lh;
	return 0;
}
