/* SPDX-License-Identifier: Apache-2.0 */
/*	./configure CC=clang --enable-fuzzers && make tests/fuzz/fuzz_tar
 *	tests/fuzz/fuzz_tar -max_len=65536 tests/fuzz/corpus-tar */
#include "fuzz_tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_tar(data, size);
	return 0;
}
