/*
 * Notes what a process wrote to a database and did not synchronise, so that a power failure can take it.
 *
 * FAULTS_DISK names the database, and the notes go to FAULTS_UNSYNCED. A note is written before its write is done: a
 * process that is killed between leaves one of something that never happened, and undoing that changes nothing.
 * What another process of the same database left is still noted, and is safe once a later one synchronises it.
 * Deletions count as kept. Once there is a file FAULTS_CUT, the process ends where it would synchronise next.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WRITTEN = 1, TRUNCATED, SYNCED, DELETED };

/* `old` bytes follow: what was at `at` before. Of SYNCED, `at` is how many notes, from the first, are safe. */
struct note {
  uint64_t kind, file, at, length, size, old;
};

/* A file, and how many notes there were after its last, and how many of those are safe. */
struct file {
  uint64_t id, last, safe;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[64];
static uint64_t notes, generation;
static int journal = -1;
static const char *database, *cut;

static struct file *of(uint64_t id) {
  struct file *free = NULL;
  for (struct file *file = files; file < files + 64; file++) {
    if (file->id == id) return file;
    if (!free && file->safe >= file->last) free = file;
  }
  if (!free) abort();
  *free = (struct file){.id = id};
  return free;
}

/* Takes a note into account; returns whether anything is unsafe. */
static int remember(const struct note *note) {
  struct file *file = of(note->file);
  notes++;
  if (note->kind == DELETED) file->safe = notes;
  else if (note->kind == SYNCED) file->safe = note->at > file->safe ? note->at : file->safe;
  else file->last = notes;
  for (file = files; file < files + 64; file++)
    if (file->last > file->safe) return 1;
  return 0;
}

static void put(const void *bytes, size_t length) {
  for (const char *at = bytes; length > 0;) {
    ssize_t done = syscall(SYS_write, journal, at, length);
    if (done <= 0) abort();
    at += done, length -= (size_t)done;
  }
}

/* Under the lock. */
static void write_note(struct note note, const void *old) {
  put(&note, sizeof note);
  if (note.old) put(old, note.old);
  if (remember(&note)) return;
  if (syscall(SYS_ftruncate, journal, 0)) abort();
  memset(files, 0, sizeof files);
  notes = 0, generation++;
}

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FAULTS_UNSYNCED");
  database = getenv("FAULTS_DISK"), cut = getenv("FAULTS_CUT");
  if (!database || !path) return;
  int left = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  struct stat status;
  struct note note;
  off_t whole = 0;
  if (left < 0 || fstat(left, &status)) abort();
  while (read(left, &note, sizeof note) == sizeof note) {
    off_t end = lseek(left, (off_t)note.old, SEEK_CUR);
    if (end > status.st_size) break;
    remember(&note);
    whole = end;
  }
  if (syscall(SYS_ftruncate, left, whole)) abort();
  close(left);
  journal = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (journal < 0) abort();
}

static int is_ours(const char *path) {
  size_t length = strlen(path);
  int is_index = length > 4 && !strcmp(path + length - 4, "-shm");
  int is_lock = length > 5 && !strcmp(path + length - 5, ".lock");
  return !strncmp(path, database, strlen(database)) && !is_index && !is_lock;
}

/* Whether it is a file of the database, and what is known of it. */
static int watched(int file, struct stat *status) {
  char link[40], path[4096];
  if (journal < 0 || file == journal || fstat(file, status) || !S_ISREG(status->st_mode)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_ours(path);
}

static void overwrite(int file, const struct stat *status, uint64_t kind, uint64_t at, uint64_t length, uint64_t end) {
  struct note note = {kind, status->st_ino, at, length, (uint64_t)status->st_size, 0};
  uint64_t until = end < note.size ? end : note.size;
  char *old = NULL;
  if (until > at) {
    old = malloc(until - at);
    if (!old || syscall(SYS_pread64, file, old, until - at, at) != (long)(until - at)) abort();
    note.old = until - at;
  }
  write_note(note, old);
  free(old);
}

static ssize_t write_at(int file, const void *bytes, size_t count, off_t at) {
  struct stat status;
  pthread_mutex_lock(&lock);
  if (fstat(file, &status)) abort();
  overwrite(file, &status, WRITTEN, (uint64_t)at, count, (uint64_t)at + count);
  ssize_t done = syscall(SYS_pwrite64, file, bytes, count, at);
  pthread_mutex_unlock(&lock);
  return done;
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t at) {
  struct stat status;
  return watched(file, &status) ? write_at(file, bytes, count, at) : syscall(SYS_pwrite64, file, bytes, count, at);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) { return pwrite64(file, bytes, count, at); }

ssize_t write(int file, const void *bytes, size_t count) {
  struct stat status;
  if (!watched(file, &status)) return syscall(SYS_write, file, bytes, count);
  ssize_t done = write_at(file, bytes, count, lseek(file, 0, SEEK_CUR));
  if (done > 0) lseek(file, done, SEEK_CUR);
  return done;
}

int ftruncate64(int file, off_t length) {
  struct stat status;
  if (!watched(file, &status)) return (int)syscall(SYS_ftruncate, file, length);
  pthread_mutex_lock(&lock);
  if (fstat(file, &status)) abort();
  overwrite(file, &status, TRUNCATED, (uint64_t)length, 0, UINT64_MAX);
  int failed = (int)syscall(SYS_ftruncate, file, length);
  pthread_mutex_unlock(&lock);
  return failed;
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

static int synchronise(int file, long call) {
  struct stat status;
  if (!watched(file, &status)) return (int)syscall(call, file);
  if (cut && !access(cut, F_OK)) kill(getpid(), SIGKILL);
  pthread_mutex_lock(&lock);
  uint64_t written = notes, then = generation;
  pthread_mutex_unlock(&lock);
  int failed = (int)syscall(call, file);
  if (failed) return failed;
  pthread_mutex_lock(&lock);
  if (then == generation) write_note((struct note){SYNCED, status.st_ino, written, 0, 0, 0}, NULL);
  pthread_mutex_unlock(&lock);
  return 0;
}

int fsync(int file) { return synchronise(file, SYS_fsync); }

int fdatasync(int file) { return synchronise(file, SYS_fdatasync); }

int unlink(const char *path) {
  struct stat status;
  if (journal < 0 || !is_ours(path) || stat(path, &status)) return (int)syscall(SYS_unlink, path);
  pthread_mutex_lock(&lock);
  int failed = (int)syscall(SYS_unlink, path);
  if (!failed) write_note((struct note){DELETED, status.st_ino, 0, 0, 0, 0}, NULL);
  pthread_mutex_unlock(&lock);
  return failed;
}
