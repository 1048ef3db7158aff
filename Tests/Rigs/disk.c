/*
 * A disk under control: put before libc with LD_PRELOAD, it stands between a
 * program and one folder.
 *
 *   RIG_DIR      the folder; nothing else is touched
 *   RIG_LOG      every change of the folder is recorded here, and every line
 *                that goes to standard output, in the order they took place
 *   RIG_BUDGET   a file that holds a number: the bytes the folder may take;
 *                what goes beyond fails with ENOSPC, as on a full disk
 *   RIG_SYNC     a file that holds "<errno> <ms>": from then on fsync and
 *                fdatasync wait that long and fail with that errno (0: work;
 *                below 0: once)
 *
 *   RIG_KILL     a number: behind so many changes of the folder the program is
 *                killed, as if the power had gone
 *
 * The two files are read at each call, so a driver can change its mind.
 *
 * Record: op (1) inode (8) offset (8) length (4) bytes (length), little-endian
 *   C create: bytes are the name     R rename: bytes are old, NUL, new
 *   U unlink: bytes are the name     D the folder was synchronized
 *   W write at offset                T truncate to offset
 *   S the file was synchronized      A line on standard output
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FD = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *dir, *budget_file, *sync_file;
static size_t dir_length;
static int log_fd = -1, kill_after = 0, changes = 0;
static uint64_t inode_of[MAX_FD]; /* 0: not in the folder */
static char is_dir[MAX_FD];
static struct { uint64_t inode; int64_t size; int links; } files[1024];
static int file_count;

__attribute__((constructor)) static void start(void) {
  dir = getenv("RIG_DIR");
  budget_file = getenv("RIG_BUDGET");
  sync_file = getenv("RIG_SYNC");
  dir_length = dir ? strlen(dir) : 0;
  const char *killing = getenv("RIG_KILL");
  if (killing) kill_after = atoi(killing);
  const char *log = getenv("RIG_LOG");
  if (log) log_fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void record(char op, uint64_t inode, uint64_t offset, const void *bytes, uint32_t length) {
  if (kill_after && op != 'A' && ++changes == kill_after) kill(getpid(), SIGKILL);
  if (log_fd < 0) return;
  unsigned char head[21];
  head[0] = op;
  memcpy(head + 1, &inode, 8);
  memcpy(head + 9, &offset, 8);
  memcpy(head + 17, &length, 4);
  syscall(SYS_write, log_fd, head, sizeof head);
  if (length) syscall(SYS_write, log_fd, bytes, length);
}

/* The name within the folder; NULL outside, "" for the folder itself. */
static const char *name_in(const char *path) {
  if (!dir || strncmp(path, dir, dir_length)) return NULL;
  if (!path[dir_length]) return "";
  return path[dir_length] == '/' ? path + dir_length + 1 : NULL;
}

static int64_t number_in(const char *file, int64_t otherwise, int64_t *second) {
  char text[64] = "";
  int fd = file ? syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return otherwise;
  if (syscall(SYS_read, fd, text, sizeof text - 1) < 0) text[0] = 0;
  syscall(SYS_close, fd);
  char *end;
  int64_t value = strtoll(text, &end, 10);
  if (second) *second = strtoll(end, NULL, 10);
  return end == text ? otherwise : value;
}

static int slot(uint64_t inode) {
  for (int i = 0; i < file_count; i++)
    if (files[i].inode == inode) return i;
  if (file_count == 1024) abort();
  files[file_count].inode = inode;
  files[file_count].size = 0;
  files[file_count].links = 1;
  return file_count++;
}

/* How many of `count` bytes from `offset` on there is room for. */
static int64_t room(uint64_t inode, int64_t offset, int64_t count) {
  int64_t budget = number_in(budget_file, INT64_MAX, NULL);
  if (budget == INT64_MAX) return count;
  int64_t used = 0;
  for (int i = 0; i < file_count; i++) used += files[i].size;
  int64_t size = files[slot(inode)].size, end = offset + count;
  if (end <= size) return count;
  int64_t left = budget - used;
  if (left >= end - size) return count;
  int64_t fits = size + (left > 0 ? left : 0) - offset;
  return fits > 0 ? fits : 0;
}

static void grown(uint64_t inode, int64_t end) {
  int i = slot(inode);
  if (end > files[i].size) files[i].size = end;
}

static int opened(int fd, const char *path, int existed) {
  const char *name = name_in(path);
  if (fd < 0 || fd >= MAX_FD || !name) return fd;
  struct stat s;
  if (fstat(fd, &s)) abort();
  inode_of[fd] = s.st_ino;
  is_dir[fd] = S_ISDIR(s.st_mode);
  if (is_dir[fd]) return fd;
  int i = slot(s.st_ino);
  /* The inode of a removed file may come again. */
  files[i].size = s.st_size;
  files[i].links = 1;
  if (!existed) record('C', s.st_ino, 0, name, strlen(name));
  return fd;
}

static int open_here(int at, const char *path, int flags, mode_t mode) {
  pthread_mutex_lock(&lock);
  struct stat s;
  int existed = !stat(path, &s);
  int fd = syscall(SYS_openat, at, path, flags, mode);
  int saved = errno;
  opened(fd, path, existed);
  pthread_mutex_unlock(&lock);
  errno = saved;
  return fd;
}

#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }

int open(const char *path, int flags, ...) { MODE(flags) return open_here(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_here(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return open_here(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return open_here(at, path, flags | O_LARGEFILE, mode); }

int close(int fd) {
  pthread_mutex_lock(&lock);
  if (fd >= 0 && fd < MAX_FD) inode_of[fd] = 0;
  int result = syscall(SYS_close, fd);
  pthread_mutex_unlock(&lock);
  return result;
}

static uint64_t ours(int fd) { return fd >= 0 && fd < MAX_FD && !is_dir[fd] ? inode_of[fd] : 0; }

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  pthread_mutex_lock(&lock);
  uint64_t inode = ours(fd);
  int64_t fits = inode ? room(inode, offset, count) : (int64_t)count;
  ssize_t put;
  if (fits == 0 && count > 0) {
    errno = ENOSPC;
    put = -1;
  } else {
    put = syscall(SYS_pwrite64, fd, bytes, (size_t)fits, offset);
  }
  int saved = errno;
  if (inode && put > 0) {
    grown(inode, offset + put);
    record('W', inode, offset, bytes, put);
  }
  pthread_mutex_unlock(&lock);
  errno = saved;
  return put;
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

ssize_t write(int fd, const void *bytes, size_t count) {
  if (ours(fd)) {
    off64_t offset = lseek64(fd, 0, SEEK_CUR);
    ssize_t put = pwrite64(fd, bytes, count, offset);
    if (put > 0) lseek64(fd, offset + put, SEEK_SET);
    return put;
  }
  if (fd != 1) return syscall(SYS_write, fd, bytes, count);
  pthread_mutex_lock(&lock);
  ssize_t put = syscall(SYS_write, fd, bytes, count);
  int saved = errno;
  if (put > 0) record('A', 0, 0, bytes, put);
  pthread_mutex_unlock(&lock);
  errno = saved;
  return put;
}

int ftruncate64(int fd, off64_t length) {
  pthread_mutex_lock(&lock);
  int result = syscall(SYS_ftruncate, fd, length);
  int saved = errno;
  uint64_t inode = ours(fd);
  if (inode && !result) {
    files[slot(inode)].size = length;
    record('T', inode, length, NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  errno = saved;
  return result;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int posix_fallocate64(int fd, off64_t offset, off64_t length) {
  pthread_mutex_lock(&lock);
  uint64_t inode = ours(fd);
  int result = 0;
  if (inode && room(inode, offset, length) < length) {
    result = ENOSPC;
  } else if (syscall(SYS_fallocate, fd, 0, offset, length)) {
    result = errno;
  } else if (inode) {
    grown(inode, offset + length);
  }
  pthread_mutex_unlock(&lock);
  return result;
}
int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

/* The fault that was ordered; one that is to come once is over with it. */
static int ordered_failure(int64_t *wait) {
  int failure = number_in(sync_file, 0, wait);
  if (failure >= 0) return failure;
  int fd = syscall(SYS_openat, AT_FDCWD, sync_file, O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (fd >= 0) syscall(SYS_close, fd);
  return -failure;
}

static int synchronize(int fd, long call) {
  int64_t wait = 0;
  int failure = inode_of[fd < MAX_FD && fd >= 0 ? fd : 0] ? ordered_failure(&wait) : 0;
  if (wait) {
    struct timespec time = {wait / 1000, wait % 1000 * 1000000};
    nanosleep(&time, NULL);
  }
  pthread_mutex_lock(&lock);
  int result = failure ? -1 : syscall(call, fd);
  int saved = failure ? failure : errno;
  if (!result && fd >= 0 && fd < MAX_FD && inode_of[fd]) record(is_dir[fd] ? 'D' : 'S', inode_of[fd], 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = saved;
  return result;
}
int fsync(int fd) { return synchronize(fd, SYS_fsync); }
int fdatasync(int fd) { return synchronize(fd, SYS_fdatasync); }

static void removed(const char *path) {
  struct stat s;
  if (name_in(path) && !stat(path, &s)) files[slot(s.st_ino)].size = 0;
}

int unlink(const char *path) {
  pthread_mutex_lock(&lock);
  const char *name = name_in(path);
  removed(path);
  int result = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  int saved = errno;
  if (name && !result) record('U', 0, 0, name, strlen(name));
  pthread_mutex_unlock(&lock);
  errno = saved;
  return result;
}

int rename(const char *from, const char *to) {
  pthread_mutex_lock(&lock);
  const char *old = name_in(from), *new = name_in(to);
  if (old && new) removed(to);
  int result = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  int saved = errno;
  if (old && new && !result) {
    char both[512];
    int length = snprintf(both, sizeof both, "%s%c%s", old, 0, new);
    record('R', 0, 0, both, length);
  }
  pthread_mutex_unlock(&lock);
  errno = saved;
  return result;
}
