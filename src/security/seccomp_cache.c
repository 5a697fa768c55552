/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled filters on disk, one file per profile: header, the full key text, the instructions. The
 * name is a hash of the key, but only the key itself, compared byte by byte, makes a hit.
 * When there are too many, all go: a host has a handful of profiles, more means that somebody makes
 * them up. Surprise: a file that is damaged, foreign or not ours is simply a miss and gets
 * replaced; a wrong filter would be a hole, a rebuilt one costs 10 ms. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "security/parts.h"

#define CACHE_FILE_MAX (4u << 20)
#define CACHE_FILES    64
#define PREFIX         "seccomp-"

struct cache_header {
	char magic[16];
	uint64_t key_len, code_len; /* bytes */
	uint64_t sum;               /* of key and code */
};
static const char magic[16] = "ocirun-seccomp1";

/* Eight bytes a step; finding accidents, not attackers: the directory is only ours. */
static uint64_t hash64(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;
	while (len) {
		uint64_t word = 0;
		size_t n = len < sizeof(word) ? len : sizeof(word);
		memcpy(&word, p, n);
		h = (h ^ word) * UINT64_C(0x9fb21c651e98df25);
		h ^= h >> 32;
		p += n;
		len -= n;
	}
	return h;
}

static void cache_name(const char *key, size_t len, char out[40])
{
	snprintf(out, 40, PREFIX "%016" PRIx64, hash64(len, key, len));
}

static uint64_t checksum(const char *key, size_t key_len, const void *code, size_t code_len)
{
	return hash64(hash64(key_len, key, key_len) ^ code_len, code, code_len);
}

static bool is_trusted(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & 022);
}

/* The instructions within `text`, or NULL when it is not what was written for this key. */
static const void *find_code(const char *text, size_t len, const char *key, size_t key_len,
			     size_t *code_len)
{
	struct cache_header h;
	if (len < sizeof(h))
		return NULL;
	memcpy(&h, text, sizeof(h));
	if (memcmp(h.magic, magic, sizeof(magic)) != 0 || h.key_len != key_len ||
	    len - sizeof(h) < key_len || h.code_len != len - sizeof(h) - key_len)
		return NULL;
	if (!h.code_len || h.code_len % sizeof(struct sock_filter) ||
	    h.code_len / sizeof(struct sock_filter) > BPF_MAXINSNS)
		return NULL;
	const char *code = text + sizeof(h) + key_len;
	if (memcmp(text + sizeof(h), key, key_len) != 0 ||
	    h.sum != checksum(key, key_len, code, h.code_len))
		return NULL;
	*code_len = h.code_len;
	return code;
}

int filter_cache_get(struct arena *a, int dirfd, const char *key, size_t len,
		     struct seccomp_filter *out)
{
	char name[40], *text;
	size_t size, code_len;
	cache_name(key, len, name);
	_cleanup_close_ int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return CACHE_MISS;
	if (fd < 0)
		return err_sys("open seccomp cache \"%s\"", name);
	if (!is_trusted(fd))
		return CACHE_MISS;
	TRY(io_read_fd(a, fd, name, CACHE_FILE_MAX, &text, &size));
	const void *code = find_code(text, size, key, len, &code_len);
	if (!code)
		return CACHE_MISS;
	out->insns = arena_memdup(a, code, code_len);
	out->n = code_len / sizeof(struct sock_filter);
	return CACHE_HIT;
}

/* Count the entries, or remove them. */
static int walk(int dirfd, bool remove_them, unsigned *count)
{
	_cleanup_close_ int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_sys("list the seccomp cache");
	take_fd(&fd); /* the DIR's now */
	for (struct dirent *e; (e = readdir(dir));) {
		if (!after_prefix(e->d_name, PREFIX))
			continue;
		++*count;
		/* Gone already: another runtime had the same idea. */
		if (remove_them && unlinkat(dirfd, e->d_name, 0) < 0 && errno != ENOENT)
			return err_sys("remove seccomp cache \"%s\"", e->d_name);
	}
	return 0;
}

int filter_cache_put(struct arena *a, int dirfd, const char *key, size_t len,
		     const struct seccomp_filter *f)
{
	size_t code_len = f->n * sizeof(struct sock_filter);
	struct cache_header h = {
		.key_len = len,
		.code_len = code_len,
		.sum = checksum(key, len, f->insns, code_len),
	};
	char name[40], *text;
	if (sizeof(h) + len + code_len > CACHE_FILE_MAX)
		return 0; /* would not be read back */
	memcpy(h.magic, magic, sizeof(magic));
	text = arena_alloc(a, sizeof(h) + len + code_len);
	memcpy(text, &h, sizeof(h));
	memcpy(text + sizeof(h), key, len);
	memcpy(text + sizeof(h) + len, f->insns, code_len);
	cache_name(key, len, name);
	unsigned count = 0;
	TRY(walk(dirfd, false, &count));
	if (count >= CACHE_FILES)
		TRY(walk(dirfd, true, &count));
	return io_replace_file(dirfd, name, text, sizeof(h) + len + code_len, 0600);
}
