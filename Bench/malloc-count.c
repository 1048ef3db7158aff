// Counts a program's allocations, whatever language it is written in.
//
//   cc -O2 -fPIC -shared -o malloc-count.so malloc-count.c
//   MALLOC_COUNT_FILE=count.json LD_PRELOAD=./malloc-count.so PROGRAM …
//
// When the program ends by exit() or by returning from main, one JSON object is written to the file
// named in MALLOC_COUNT_FILE. Starting up always allocates; to see what a loop allocates, run it N
// times and 2N times and compare (allocations.sh does).
//
// glibc only: it exports its allocator under a second set of names, so nothing needs to be looked
// up at run time, which would itself allocate.
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *pointer);

// Every thread counts; nobody orders anything by the counts.
static atomic_ullong plain, zeroed, resized, aligned, freed;

static void count(atomic_ullong *counter) {
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static unsigned long long read_count(atomic_ullong *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void *malloc(size_t size) {
    count(&plain);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count(&zeroed);
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    count(&resized);
    return __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t number, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(number, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, bytes);
}

void *memalign(size_t alignment, size_t size) {
    count(&aligned);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0)
        return EINVAL;
    void *memory = memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}

void *valloc(size_t size) {
    return memalign((size_t)getpagesize(), size);
}

void free(void *pointer) {
    if (pointer != NULL) count(&freed);
    __libc_free(pointer);
}

__attribute__((destructor)) static void write_counts(void) {
    unsigned long long counts[] = {
        read_count(&plain), read_count(&zeroed), read_count(&resized), read_count(&aligned),
        read_count(&freed),
    };
    const char *path = getenv("MALLOC_COUNT_FILE");
    if (path == NULL) return;
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0) {
        perror(path);
        return;
    }
    dprintf(file,
            "{\"allocations\":%llu,\"malloc\":%llu,\"calloc\":%llu,\"realloc\":%llu,"
            "\"aligned\":%llu,\"free\":%llu}\n",
            counts[0] + counts[1] + counts[2] + counts[3], counts[0], counts[1], counts[2],
            counts[3], counts[4]);
    close(file);
}
