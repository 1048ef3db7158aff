// Linux system calls that the Glibc module does not export.
#pragma once
#include <grp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <unistd.h>
#include <wchar.h>

// <wchar.h> hides it unless _XOPEN_SOURCE is set, which would change other modules' types.
extern int wcwidth(wchar_t);

// Hidden by <time.h> for the same reason.
#include <time.h>
extern char *strptime(const char *, const char *, struct tm *);
