/* SPDX-License-Identifier: Apache-2.0 */
/* tar archives, written the same way every time: ustar headers, pax records only where ustar cannot
 * say it (long names, big numbers, fractions of a second, xattrs as SCHILY.xattr.*), records
 * sorted, no access times, no user names. */
#pragma once

#include "layer/sink.h"
#include "layer/tar.h"

struct tarwriter;
struct tarwriter *tarwriter_new(struct arena *a, struct sink *to); /* `to` stays the caller's */
/* A header; exactly e->size bytes of tarwriter_data follow for TAR_FILE (e->sparse is not written:
 * holes are zeros). */
int tarwriter_entry(struct tarwriter *w, const struct tar_entry *e) MUST_CHECK;
int tarwriter_data(struct tarwriter *w, const void *data, size_t len) MUST_CHECK;
/* A file with a short name whose size may not be known yet (UINT64_MAX): there is never an extended
 * header, so the one block can be written again. */
int tarwriter_begin(struct tarwriter *w, const struct tar_entry *e) MUST_CHECK;
/* Its payload is whole, e->size is right now: the block that belongs where the first one is. */
void tarwriter_end(struct tarwriter *w, const struct tar_entry *e, uint8_t header[512]);
int tarwriter_finish(struct tarwriter *w) MUST_CHECK; /* end blocks; does not finish the sink */
