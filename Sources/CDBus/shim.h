// libdbus, the reference implementation of the D-Bus specification.
#pragma once
#include <dbus/dbus.h>
