// zlib. deflateInit2 is a macro, which Swift cannot see.
#pragma once
#include <zlib.h>
static inline int hub_deflate_init_gzip(z_stream *s, int level) {
  // windowBits 15 + 16: a gzip header and trailer instead of zlib's (zlib.h, deflateInit2).
  return deflateInit2(s, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
