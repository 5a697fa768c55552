/* SPDX-License-Identifier: Apache-2.0 */
/* Small tars for tests, header by header, so that a test can also say what no writer would. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tar_build {
	uint8_t data[256 * 1024];
	size_t len;
};

static inline void tb_block(struct tar_build *b, const void *data, size_t n)
{
	memcpy(b->data + b->len, data, n);
	b->len += n + (512 - n % 512) % 512;
}

/* A ustar header; type and the rest as given. The checksum is right. */
static inline uint8_t *tb_header(struct tar_build *b, char type, const char *name, size_t size)
{
	uint8_t *h = b->data + b->len;
	unsigned sum = 0;
	memset(h, 0, 512);
	snprintf((char *)h, 101, "%s", name);
	snprintf((char *)h + 100, 8, "%07o", type == '5' ? 0755 : 0644);
	snprintf((char *)h + 108, 8, "%07o", 0);
	snprintf((char *)h + 116, 8, "%07o", 0);
	snprintf((char *)h + 124, 12, "%011o", (unsigned)size);
	snprintf((char *)h + 136, 12, "%011o", 1000);
	h[156] = (uint8_t)type;
	memcpy(h + 257, "ustar\00000", 8);
	memset(h + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
	b->len += 512;
	return h;
}

/* After changes to a header. */
static inline void tb_sum(uint8_t *h)
{
	unsigned sum = 0;
	memset(h + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum & 0777777);
}

static inline void tb_file(struct tar_build *b, const char *name, const char *content)
{
	tb_header(b, '0', name, strlen(content));
	tb_block(b, content, strlen(content));
}

static inline void tb_dir(struct tar_build *b, const char *name)
{
	tb_header(b, '5', name, 0);
}

static inline void tb_link(struct tar_build *b, char type, const char *name, const char *target)
{
	uint8_t *h = tb_header(b, type, name, 0);
	snprintf((char *)h + 157, 100, "%s", target);
	tb_sum(h);
}

/* An extended header with one record after the other, as they are. */
static inline void tb_pax(struct tar_build *b, const char *records, size_t n)
{
	tb_header(b, 'x', "pax", n);
	tb_block(b, records, n);
}

/* "LEN key=value\n" */
static inline void tb_record(struct tar_build *b, const char *key, const char *value)
{
	char text[512];
	size_t body = strlen(key) + strlen(value) + 3, n = body + 2;
	n = body + (n < 10 ? 1 : n < 100 ? 2 : 3);
	int len = snprintf(text, sizeof(text), "%zu %s=%s\n", n, key, value);
	tb_pax(b, text, (size_t)len);
}

static inline void tb_end(struct tar_build *b)
{
	memset(b->data + b->len, 0, 1024);
	b->len += 1024;
}
