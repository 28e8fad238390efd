#ifndef INDELIBLE_CSTORAGE_H
#define INDELIBLE_CSTORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli) of `length` bytes. `crc` is 0, or the value for the bytes before: a checksum can be taken in
/// parts. Uses the processor's instruction where it has one. "123456789" gives 0xE3069283.
uint32_t indelible_crc32c(uint32_t crc, const void *data, size_t length);

/// The same value without special instructions: what runs on processors that lack them, and what tests compare with.
uint32_t indelible_crc32c_portable(uint32_t crc, const void *data, size_t length);

/// The system calls that Swift's platform modules do not have, or that differ between systems. Each returns 0, or the
/// errno of the failure.

/// Takes a whole-file lock that belongs to the open file description. EAGAIN: another description holds it.
int indelible_lock_file(int descriptor, bool wait);

/// Releases the lock for everybody who shares the description, a child between fork and exec included.
void indelible_unlock_file(int descriptor);

/// Makes the bytes written to the file durable; the drive's own cache included.
int indelible_sync_data(int descriptor);

/// The same for the file's bytes and metadata.
int indelible_sync(int descriptor);

/// Gives the range's blocks back: it reads as zeros, the size stays. EOPNOTSUPP where the file system cannot.
int indelible_punch_hole(int descriptor, int64_t offset, int64_t length);

/// Drops the file's clean pages from the page cache.
int indelible_drop_cached_pages(int descriptor);

/// Opens the file for reads past the page cache. They need offset, length and buffer aligned to 4096. Returns the
/// descriptor, or the negated errno: -EINVAL where the file system cannot.
int indelible_open_uncached(const char *path);

#endif
