// Linux system calls that the Glibc module does not export.
#pragma once
#include <grp.h>
#include <linux/filter.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
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

// Hidden by <sys/socket.h> unless _GNU_SOURCE is set (recvmmsg(2)).
#ifndef __USE_GNU
struct mmsghdr {
    struct msghdr msg_hdr;
    unsigned int msg_len;
};
extern int recvmmsg(int, struct mmsghdr *, unsigned int, int, struct timespec *);
#endif

// The kernel's address of an HCI socket: family, adapter, channel (include/net/bluetooth/hci_sock.h).
struct sockaddr_hci {
    unsigned short hci_family;
    unsigned short hci_dev;
    unsigned short hci_channel;
};
