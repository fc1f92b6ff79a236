// Kernel headers that Swift's Glibc module lacks.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

// Declared for _GNU_SOURCE only, which a module that is built on its own cannot ask for.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
