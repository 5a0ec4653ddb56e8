/*
 * Tells a process another time of day: it is so many seconds later than it is, as a file says.
 *
 * Only what programs read as the time of day is moved. Waits, and what measures spans, go by the real clocks:
 * a library that moves those too brings the client of Kafka to a standstill.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long read_seconds(void) {
  char text[32] = {0};
  const char *path = getenv("FAULTS_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  return length > 0 ? atol(text) : 0;
}

/* Looks into the file once a second. */
static long seconds(void) {
  static atomic_long known, looked_at = -1;
  struct timespec now = {0};
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC_COARSE, &now);
  if (atomic_exchange(&looked_at, now.tv_sec) != now.tv_sec) atomic_store(&known, read_seconds());
  return atomic_load(&known);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int failed = (int)syscall(SYS_clock_gettime, clock, now);
  if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += seconds();
  return failed;
}
