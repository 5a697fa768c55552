/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's EVP, because it uses the processor's SHA instructions (five times coreutils' speed).
 * The implementation is fetched once: a lookup by name costs more than hashing a small document. */
#define ERR_STATE openssl_err_state /* a type of theirs, a word of ours */
#include <openssl/evp.h>
#undef ERR_STATE

#include "layer/digest.h"

#include <pthread.h>

#include "base/cleanup.h"

static const struct {
	const char *name;
	const char *evp;
	size_t len;
} algos[] = {
	[DIGEST_SHA256] = { "sha256", "SHA2-256", 32 },
	[DIGEST_SHA512] = { "sha512", "SHA2-512", 64 },
};

static EVP_MD *fetched[ARRAY_SIZE(algos)];
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;

struct hasher {
	enum digest_algo algo;
	EVP_MD_CTX *ctx;
};

/* libcrypto fails here only without memory, and a digest that is not one must never be used. */
static NORETURN void no_hashing(void)
{
	arena_oom(sizeof(struct hasher));
	abort();
}

static void fetch(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(algos); i++)
		fetched[i] = EVP_MD_fetch(NULL, algos[i].evp, NULL);
}

const char *digest_algo_name(enum digest_algo algo)
{
	return algos[algo].name;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(const char *text, size_t n, uint8_t *out)
{
	if (strlen(text) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

int digest_parse(const char *what, const char *text, struct digest *out)
{
	struct digest d = { 0 };
	for (size_t i = 0; i < ARRAY_SIZE(algos); i++) {
		const char *hex = after_prefix(text, algos[i].name);
		if (!hex || *hex != ':')
			continue;
		d.algo = (enum digest_algo)i;
		if (!read_hex(hex + 1, algos[i].len, d.bytes))
			return err_msg(ERR_CONFIG,
				       "%s: digest \"%s\" must have %zu lower-case hex digits",
				       what, text, 2 * algos[i].len);
		*out = d;
		return 0;
	}
	return err_msg(ERR_CONFIG, "%s: digest \"%s\" is not of sha256 or sha512", what, text);
}

static char *put_hex(char *out, const struct digest *d)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < algos[d->algo].len; i++) {
		*out++ = digits[d->bytes[i] >> 4];
		*out++ = digits[d->bytes[i] & 15];
	}
	*out = '\0';
	return out;
}

char *digest_format(const struct digest *d, char out[DIGEST_TEXT_MAX])
{
	size_t n = strlen(algos[d->algo].name);
	memcpy(out, algos[d->algo].name, n);
	out[n] = ':';
	put_hex(out + n + 1, d);
	return out;
}

const char *digest_text(struct arena *a, const struct digest *d)
{
	char text[DIGEST_TEXT_MAX];
	return arena_strdup(a, digest_format(d, text));
}

const char *digest_hex(struct arena *a, const struct digest *d)
{
	char text[DIGEST_TEXT_MAX];
	put_hex(text, d);
	return arena_strdup(a, text);
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return a->algo == b->algo && memcmp(a->bytes, b->bytes, algos[a->algo].len) == 0;
}

static void start(struct hasher *h)
{
	if (EVP_DigestInit_ex2(h->ctx, fetched[h->algo], NULL) != 1)
		no_hashing();
}

struct hasher *hasher_new(enum digest_algo algo)
{
	struct hasher *h = calloc(1, sizeof(*h));
	pthread_once(&fetch_once, fetch);
	if (h)
		h->ctx = EVP_MD_CTX_new();
	if (!h || !h->ctx || !fetched[algo])
		no_hashing();
	h->algo = algo;
	start(h);
	return h;
}

void hasher_add(struct hasher *h, const void *data, size_t len)
{
	if (EVP_DigestUpdate(h->ctx, data, len) != 1)
		no_hashing();
}

void hasher_end(struct hasher *h, struct digest *out)
{
	*out = (struct digest){ .algo = h->algo };
	if (EVP_DigestFinal_ex(h->ctx, out->bytes, NULL) != 1)
		no_hashing();
	start(h);
}

void hasher_free(struct hasher *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void digest_of(enum digest_algo algo, const void *data, size_t len, struct digest *out)
{
	struct hasher *h = hasher_new(algo);
	hasher_add(h, data, len);
	hasher_end(h, out);
	hasher_free(h);
}
