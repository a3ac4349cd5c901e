/* Kills the process at the n-th change that it makes to files below given directories.

   Loaded before the C library (LD_PRELOAD), so that it sees each write of Python's and of SQLite's. It counts what
   changes something: writing, syncing, making, renaming, removing. Nothing is counted before `crash_arm`. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static char places[4][PATH_MAX];
static int place_count, is_armed, is_half, log_fd = -1;
static long fatal, seen;

/* Counts from now on. The `n`-th change is not made, or where `half` is set, half of it (a write) or all of it is.
   Each change is written to `log`, a line each, unless that is -1. */
void crash_arm(long n, int half, int log) {
    fatal = n, is_half = half, log_fd = log, seen = 0, is_armed = 1;
}

void crash_watch(const char *directory) {
    if (place_count < 4)
        snprintf(places[place_count++], PATH_MAX, "%s", directory);
}

long crash_count(void) { return seen; }

static int is_watched(const char *path) {
    for (int i = 0; is_armed && path && i < place_count; i++)
        if (!strncmp(path, places[i], strlen(places[i])))
            return 1;
    return 0;
}

static const char *path_of(int fd, char *buffer) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, buffer, PATH_MAX - 1);
    buffer[size < 0 ? 0 : size] = 0;
    return buffer;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    pause();
}

/* Whether this change is the one that is made by half: the caller makes what it makes of it, and dies. */
static int counted(const char *what, const char *path, size_t size) {
    char line[PATH_MAX + 64];
    if (!is_watched(path))
        return 0;
    seen++;
    if (log_fd >= 0) {
        int length = snprintf(line, sizeof line, "%s\t%s\t%zu\n", what, path, size);
        is_armed = 0;
        if (write(log_fd, line, length) != length)
            die();
        is_armed = 1;
    }
    if (seen != fatal)
        return 0;
    if (!is_half)
        die();
    return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size) {
    static ssize_t (*next)(int, const void *, size_t);
    char buffer[PATH_MAX];
    if (!next)
        next = NEXT(write);
    if (is_armed && counted("write", path_of(fd, buffer), size)) {
        (void)!next(fd, data, size / 2);
        die();
    }
    return next(fd, data, size);
}

#define PWRITE(name, type)                                                                                          \
    ssize_t name(int fd, const void *data, size_t size, type at) {                                                  \
        static ssize_t (*next)(int, const void *, size_t, type);                                                    \
        char buffer[PATH_MAX];                                                                                      \
        if (!next)                                                                                                  \
            next = NEXT(name);                                                                                      \
        if (is_armed && counted("write", path_of(fd, buffer), size)) {                                              \
            (void)!next(fd, data, size / 2, at);                                                                    \
            die();                                                                                                  \
        }                                                                                                           \
        return next(fd, data, size, at);                                                                            \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int fd, const struct iovec *parts, int count) {
    static ssize_t (*next)(int, const struct iovec *, int);
    char buffer[PATH_MAX];
    if (!next)
        next = NEXT(writev);
    if (is_armed && counted("write", path_of(fd, buffer), count)) {
        (void)!next(fd, parts, count / 2);
        die();
    }
    return next(fd, parts, count);
}

/* A process that is killed loses nothing of what it has written: only a machine does, and this one goes on. */
#define SYNC(name)                                                                                                  \
    int name(int fd) {                                                                                              \
        char buffer[PATH_MAX];                                                                                      \
        if (is_armed && counted("sync", path_of(fd, buffer), 0))                                                    \
            die();                                                                                                  \
        return 0;                                                                                                   \
    }
SYNC(fsync)
SYNC(fdatasync)

#define CHANGE(name, what, path, parameters, arguments)                                                             \
    int name parameters {                                                                                           \
        static int(*next) parameters;                                                                               \
        if (!next)                                                                                                  \
            next = NEXT(name);                                                                                      \
        if (counted(what, path, 0)) {                                                                               \
            (void)!next arguments;                                                                                  \
            die();                                                                                                  \
        }                                                                                                           \
        return next arguments;                                                                                      \
    }
CHANGE(rename, "rename", to, (const char *from, const char *to), (from, to))
CHANGE(renameat, "rename", to, (int a, const char *from, int b, const char *to), (a, from, b, to))
CHANGE(unlink, "unlink", path, (const char *path), (path))
CHANGE(unlinkat, "unlink", path, (int at, const char *path, int flags), (at, path, flags))
CHANGE(rmdir, "rmdir", path, (const char *path), (path))
CHANGE(mkdir, "mkdir", path, (const char *path, mode_t mode), (path, mode))
CHANGE(mkdirat, "mkdir", path, (int at, const char *path, mode_t mode), (at, path, mode))
CHANGE(chmod, "chmod", path, (const char *path, mode_t mode), (path, mode))
CHANGE(utimensat, "utime", path, (int at, const char *path, const struct timespec times[2], int flags),
       (at, path, times, flags))

#define TRUNCATE(name, type)                                                                                        \
    int name(int fd, type size) {                                                                                   \
        static int (*next)(int, type);                                                                              \
        char buffer[PATH_MAX];                                                                                      \
        if (!next)                                                                                                  \
            next = NEXT(name);                                                                                      \
        if (is_armed && counted("truncate", path_of(fd, buffer), 0)) {                                              \
            (void)!next(fd, size);                                                                                  \
            die();                                                                                                  \
        }                                                                                                           \
        return next(fd, size);                                                                                      \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

/* What is exchanged with servers counts where the directory "network" is watched; `half` of a request is sent, and
   an answer that is read by `half` has come. */
ssize_t send(int fd, const void *data, size_t size, int flags) {
    static ssize_t (*next)(int, const void *, size_t, int);
    if (!next)
        next = NEXT(send);
    if (counted("send", "network", size)) {
        (void)!next(fd, data, size / 2, flags);
        die();
    }
    return next(fd, data, size, flags);
}

ssize_t recv(int fd, void *data, size_t size, int flags) {
    static ssize_t (*next)(int, void *, size_t, int);
    if (!next)
        next = NEXT(recv);
    if (counted("receive", "network", size)) {
        (void)!next(fd, data, size, flags);
        die();
    }
    return next(fd, data, size, flags);
}
CHANGE(connect, "connect", "network", (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))

/* Opening changes something where it makes the file. */
#define OPEN(name, parameters, arguments)                                                                           \
    int name parameters {                                                                                           \
        static int(*next) parameters;                                                                               \
        mode_t mode = 0;                                                                                            \
        if (!next)                                                                                                  \
            next = NEXT(name);                                                                                      \
        if (flags & O_CREAT) {                                                                                       \
            va_list more;                                                                                           \
            va_start(more, flags);                                                                                  \
            mode = va_arg(more, mode_t);                                                                            \
            va_end(more);                                                                                           \
        }                                                                                                           \
        if (flags & (O_CREAT | O_TRUNC) && counted("create", path, 0)) {                                            \
            (void)!next arguments;                                                                                  \
            die();                                                                                                  \
        }                                                                                                           \
        return next arguments;                                                                                      \
    }
OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode))
OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode))
