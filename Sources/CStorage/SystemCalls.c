#define _GNU_SOURCE

#include "CStorage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int indelible_lock_file(int descriptor, bool wait) {
#if defined(F_OFD_SETLK)
    struct flock lock;
    memset(&lock, 0, sizeof lock);  // l_pid must be 0 for these commands
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    while (fcntl(descriptor, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock) != 0) {
        if (errno == EINTR) continue;
        return errno == EACCES ? EAGAIN : errno;
    }
#else
    // flock also belongs to the open file description.
    while (flock(descriptor, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        return errno == EWOULDBLOCK ? EAGAIN : errno;
    }
#endif
    return 0;
}

void indelible_unlock_file(int descriptor) {
#if defined(F_OFD_SETLK)
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = F_UNLCK;
    lock.l_whence = SEEK_SET;
    (void)fcntl(descriptor, F_OFD_SETLK, &lock);
#else
    (void)flock(descriptor, LOCK_UN);
#endif
}

int indelible_sync_data(int descriptor) {
#if defined(__APPLE__)
    return indelible_sync(descriptor);
#else
    // A sync is never repeated after an error: the kernel may have dropped the pages. EINTR is reported like any other.
    return fdatasync(descriptor) == 0 ? 0 : errno;
#endif
}

int indelible_sync(int descriptor) {
#if defined(__APPLE__)
    return fcntl(descriptor, F_FULLFSYNC) != -1 ? 0 : errno;
#else
    return fsync(descriptor) == 0 ? 0 : errno;
#endif
}

int indelible_punch_hole(int descriptor, int64_t offset, int64_t length) {
#if defined(FALLOC_FL_PUNCH_HOLE)
    while (fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) != 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
#else
    (void)descriptor, (void)offset, (void)length;
    return EOPNOTSUPP;
#endif
}

int indelible_drop_cached_pages(int descriptor) {
#if defined(POSIX_FADV_DONTNEED)
    return posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
#else
    (void)descriptor;
    return 0;
#endif
}

int indelible_open_uncached(const char *path) {
#if defined(O_DIRECT)
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);
    return descriptor >= 0 ? descriptor : -errno;
#elif defined(F_NOCACHE)
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return -errno;
    if (fcntl(descriptor, F_NOCACHE, 1) == -1) {
        int code = errno;
        close(descriptor);
        return -code;
    }
    return descriptor;
#else
    (void)path;
    return -EINVAL;
#endif
}
