/* A guest that misbehaves as the environment variable HOSTILE says. It exports the table of
 * `bench_protocol::api::GuestApi`; magic, ABI version and layout are given by the compiler's
 * command line, so that this file follows the contract.
 *
 * HOSTILE may name several, separated by commas.
 *
 * A stream has items of eight bytes, their number in the stream. Most modes misbehave from
 * item HOSTILE_AT on, the tenth by default, so that something is measured before. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OK = 0, TOO_SMALL = -1, SERIALIZATION = -2, PLUGIN = -3, PANIC = -4, END = -5 };

struct handle {
    int (*next)(struct handle *, uint8_t *, uint32_t, uint32_t *);
    void (*drop)(struct handle *);
    uint64_t *state;
};

struct text {
    const char *start;
    size_t length;
};

struct table {
    uint64_t magic;
    uint32_t version, size;
    uint64_t layout;
    struct text build[4];
    void *functions[5];
};

#ifdef TLS
/* Memory of each thread that the loader has little of: several copies do not fit. */
static __thread volatile char of_thread[TLS] __attribute__((tls_model("initial-exec")));
#endif

#ifdef DEPENDS
/* In a library of its own, beside this one. */
int depended(void);
#else
static int depended(void) { return 1; }
#endif

static int streams;

/* Whether a mode is among those of HOSTILE, which are separated by commas. */
static int mode_is(const char *name) {
    const char *mode = getenv("HOSTILE");
    size_t length = strlen(name);
    for (; mode; mode = strchr(mode, ',')) {
        if (*mode == ',') mode++;
        if (!strncmp(mode, name, length) && (!mode[length] || mode[length] == ',')) return 1;
    }
    return 0;
}

/* The item from which on it misbehaves. */
static uint64_t first(void) {
    const char *at = getenv("HOSTILE_AT");
    return at ? strtoull(at, 0, 10) : 10;
}

static void forever(void) {
    for (;;) sleep(1000);
}

static void flood(int file, size_t bytes) {
    static char block[1 << 16];
    memset(block, 'x', sizeof block);
    while (bytes > 0) {
        ssize_t written = write(file, block, sizeof block);
        if (written <= 0) return;
        bytes -= (size_t)written < bytes ? (size_t)written : bytes;
    }
}

/* What ends more than this process and its keeper. HOSTILE_OUTSIDE names the process namespace
 * that must not be hurt; without it nothing happens. */
static void lethal(void) {
    const char *outside = getenv("HOSTILE_OUTSIDE"), *what = getenv("HOSTILE_LETHAL");
    char here[64] = "", line[256];
    FILE *status;
    int program = 0;
    if (!outside || !what) return;
    if (!strcmp(what, "program")) {
        /* The parent of the parent. */
        snprintf(line, sizeof line, "/proc/%d/status", getppid());
        if (!(status = fopen(line, "r"))) return;
        while (fgets(line, sizeof line, status)) sscanf(line, "PPid: %d", &program);
        fclose(status);
        if (program > 1) kill(program, SIGKILL), forever();
    }
    if (!strcmp(what, "everyone")) {
        if (readlink("/proc/self/ns/pid", here, sizeof here - 1) <= 0) return;
        if (strcmp(here, outside)) kill(-1, SIGKILL), forever();
    }
}

static void recurse(volatile char *caller) {
    volatile char frame[4096];
    frame[0] = *caller;
    recurse(frame);
    frame[1] = 1;
}

static void helper(void) {
    /* Out of the session and without a parent; it says where it is. */
    if (fork() != 0) return;
    setsid();
    if (fork() == 0) {
        FILE *file = fopen(getenv("HOSTILE_PID"), "w");
        fprintf(file, "%d", getpid());
        fclose(file);
        sleep(600);
    }
    _exit(0);
}

/* What happens from the first hostile item on; 1 if `status` is the answer. */
static int misbehave(uint64_t *at, uint8_t *buffer, uint32_t capacity, uint32_t *length, int *status) {
    volatile int *nowhere = (int *)8;
    struct timespec pause = {0, 300000000};
    *status = OK;
    if (mode_is("unknown-status")) return *status = 42, 1;
    if (mode_is("length-above-capacity")) return *length = capacity + 1, 1;
    if (mode_is("demand-4GiB")) return *length = UINT32_MAX, *status = TOO_SMALL, 1;
    if (mode_is("demand-within")) return *length = capacity, *status = TOO_SMALL, 1;
    if (mode_is("too-small-twice")) return *length = capacity + 100, *status = TOO_SMALL, 1;
    if (mode_is("too-small-then-end")) {
        if (capacity < 200) return *length = 200, *status = TOO_SMALL, 1;
        return *status = END, 1;
    }
    if (mode_is("item-after-end") && (*at)++ < first() + 2) return *status = END, 1;
    if (mode_is("panic")) return *status = PANIC, 1;
    if (mode_is("plugin-error-nonsense")) {
        memset(buffer, 0xff, capacity);
        return *length = capacity, *status = PLUGIN, 1;
    }
    if (mode_is("abort")) abort();
    if (mode_is("segv")) *nowhere = 1;
    if (mode_is("trap")) __builtin_trap();
#ifdef __x86_64__
    if (mode_is("avx-512")) __asm__ volatile("vpxord %zmm0, %zmm0, %zmm0");
#endif
    if (mode_is("overflow")) recurse((char *)buffer);
    if (mode_is("exit-0")) exit(0);
    if (mode_is("exit-now-0")) _exit(0);
    if (mode_is("exit-3")) exit(3);
    if (mode_is("kill-itself")) raise(SIGKILL);
    if (mode_is("kill-parent")) kill(getppid(), SIGKILL), forever();
    if (mode_is("kill-group")) kill(0, SIGKILL), forever();
    if (mode_is("stop-parent")) kill(getppid(), SIGSTOP), forever();
    if (mode_is("loop")) for (;;) __asm__ volatile("");
    if (mode_is("sleep")) forever();
    if (mode_is("stop")) raise(SIGSTOP);
    if (mode_is("deaf")) {
        for (int signal_ = 1; signal_ < 65; signal_++) signal(signal_, SIG_IGN);
        forever();
    }
    if (mode_is("beyond-1")) memset(buffer + capacity, 0, 1);
    if (mode_is("beyond-8")) memset(buffer + capacity, 0, 8);
    if (mode_is("beyond-4096")) memset(buffer + capacity, 0, 4096);
    if (mode_is("before-1")) memset(buffer - 1, 0, 1);
    if (mode_is("escape")) {
        fputs("\033[2J\033]0;owned\007\nprogram: all is well\n", stderr);
        abort();
    }
    if (mode_is("flood-and-abort")) flood(2, 64 << 20), abort();
    if (mode_is("flood-for-ever")) flood(2, SIZE_MAX);
    if (mode_is("close-all")) for (int file = 0; file < 1024; file++) close(file);
    if (mode_is("forge")) {
        /* An answer by whoever reads files or stdout, and away. */
        printf("{\"Verified\":{\"items\":5,\"bytes\":40,\"digest\":\"00\",\"ended\":true}}");
        fflush(stdout);
        _exit(0);
    }
    if (mode_is("slow-item")) nanosleep(&pause, 0);
    lethal();
    if (*at == first()) {
        if (mode_is("helper")) helper();
        if (mode_is("helper-and-sleep")) helper(), forever();
        if (mode_is("print")) printf("hello\n"), fflush(stdout), flood(1, 4 << 20);
        if (mode_is("change-folder") && chdir("/proc")) abort();
        if (mode_is("mask")) umask(0777);
        if (mode_is("clear-environment")) clearenv();
        if (mode_is("eight-GiB")) {
            char *block = malloc((size_t)8 << 30);
            if (block) memset(block, 1, (size_t)8 << 30);
        }
        if (mode_is("no-files")) {
            struct rlimit none = {0, 0};
            setrlimit(RLIMIT_NOFILE, &none);
        }
    }
    return 0;
}

static int next(struct handle *handle, uint8_t *buffer, uint32_t capacity, uint32_t *length) {
    uint64_t *at = handle->state, item = *at;
    int status;
    if (item >= first() && misbehave(at, buffer, capacity, length, &status)) return status;
    if (mode_is("short") && item >= 3) return END;
    if (mode_is("empty")) return END;
    if (mode_is("second-is-shorter") && streams > 1 && item >= 3) return END;
    if (mode_is("items-differ")) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        item ^= (uint64_t)now.tv_nsec << 20;
    }
    if (mode_is("15-us")) {
        struct timespec start, now;
        clock_gettime(CLOCK_MONOTONIC, &start);
        do clock_gettime(CLOCK_MONOTONIC, &now);
        while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < 15000);
    }
    if (capacity < sizeof item) return *length = sizeof item, TOO_SMALL;
    memcpy(buffer, &item, sizeof item);
    *length = sizeof item;
    *at += 1;
    return OK;
}

static void drop(struct handle *handle) {
    if (mode_is("drop-aborts")) abort();
    if (mode_is("drop-hangs")) forever();
    if (mode_is("drop-exits")) exit(0);
    free(handle->state);
    free(handle);
}

static int open_arena(const void *spec, struct handle **out) {
    (void)spec;
    streams += depended();
#ifdef TLS
    of_thread[streams % TLS] = 1;
#endif
    if (mode_is("open-refuses")) return SERIALIZATION;
    if (mode_is("open-null")) return *out = 0, OK;
    if (mode_is("open-wild")) return *out = (struct handle *)0x1234560, OK;
    if (mode_is("open-sleeps")) forever();
    if (mode_is("open-second-fails") && streams > 1) return SERIALIZATION;
    struct handle *handle = malloc(sizeof *handle);
    handle->next = mode_is("next-null") ? 0 : next;
    handle->drop = drop;
    handle->state = calloc(1, sizeof *handle->state);
    *out = handle;
    return OK;
}

static int open_other(void) { return SERIALIZATION; }
static void free_buffer(uint8_t *start, uint32_t length) { (void)length, free(start); }
static void counts(const void *state, void *out) { (void)state, (void)out; }

static struct table table = {
    MAGIC, VERSION, sizeof(struct table), LAYOUT, {{"", 0}, {"cc", 2}, {"release", 7}, {"", 0}},
    {open_arena, open_other, free_buffer, counts, open_other},
};

const struct table *bench_guest_api(void) {
    if (mode_is("table-null")) return 0;
    if (mode_is("table-version")) table.version++;
    if (mode_is("table-layout")) table.layout++;
    if (mode_is("table-function-null")) table.functions[0] = 0;
    if (mode_is("table-text-long")) table.build[1].length = (size_t)1 << 40;
    if (mode_is("table-text-null")) table.build[1].start = 0;
    if (mode_is("table-exits")) exit(0);
    if (mode_is("table-sleeps")) forever();
    return &table;
}

__attribute__((constructor)) static void loaded(void) {
    if (mode_is("load-aborts")) abort();
    if (mode_is("load-exits")) exit(0);
    if (mode_is("load-sleeps")) forever();
    if (mode_is("load-prints")) puts("loaded");
}

__attribute__((destructor)) static void unloaded(void) {
    if (mode_is("unload-aborts")) abort();
    if (mode_is("unload-exits")) _exit(3);
    if (mode_is("unload-sleeps")) forever();
}
