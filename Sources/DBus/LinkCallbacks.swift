internal import CDBus
internal import EventLoop

/// A watch or a timeout of libdbus. It is kept as a number, because the compiler lets no pointer
/// into an isolated closure; libdbus says when it ends, and then it is forgotten.
struct Handle: Hashable, Sendable {
    private let address: UInt

    init?(_ pointer: OpaquePointer?) {
        guard let pointer = unsafe pointer else { return nil }
        address = UInt(bitPattern: pointer)
    }

    var pointer: OpaquePointer? { unsafe OpaquePointer(bitPattern: address) }
    var isEnabled: Bool { unsafe dbus_watch_get_enabled(pointer) != 0 }
    var flags: UInt32 { unsafe dbus_watch_get_flags(pointer) }
}

// MARK: Callbacks

// Top level and nonisolated, so that they carry no isolation check of their own. libdbus calls
// them from inside calls that the loop's thread makes; `assumeIsolated` checks that.

private func enter<Result>(
    _ object: OpaquePointer?, _ data: UnsafeMutableRawPointer?, otherwise: Result,
    _ body: @Hub (Link, Handle) -> Result
) -> Result {
    guard let handle = unsafe Handle(object), let data = unsafe data else { return otherwise }
    let link = unsafe Unmanaged<Link>.fromOpaque(data).takeUnretainedValue()
    return Hub.assumeIsolated { body(link, handle) }
}

func addWatch(_ watch: OpaquePointer?, _ data: UnsafeMutableRawPointer?) -> dbus_bool_t {
    unsafe enter(watch, data, otherwise: 0) { link, watch in link.add(watch: watch) ? 1 : 0 }
}

func removeWatch(_ watch: OpaquePointer?, _ data: UnsafeMutableRawPointer?) {
    unsafe enter(watch, data, otherwise: ()) { link, watch in link.remove(watch: watch) }
}

func toggleWatch(_ watch: OpaquePointer?, _ data: UnsafeMutableRawPointer?) {
    unsafe enter(watch, data, otherwise: ()) { link, watch in link.toggle(watch: watch) }
}

func addTimeout(_ timeout: OpaquePointer?, _ data: UnsafeMutableRawPointer?) -> dbus_bool_t {
    unsafe enter(timeout, data, otherwise: ()) { link, timeout in link.update(timeout: timeout) }
    return 1
}

func removeTimeout(_ timeout: OpaquePointer?, _ data: UnsafeMutableRawPointer?) {
    unsafe enter(timeout, data, otherwise: ()) { link, timeout in link.remove(timeout: timeout) }
}

func toggleTimeout(_ timeout: OpaquePointer?, _ data: UnsafeMutableRawPointer?) {
    unsafe enter(timeout, data, otherwise: ()) { link, timeout in link.update(timeout: timeout) }
}

func dispatchStatusChanged(
    _ connection: OpaquePointer?, _ status: DBusDispatchStatus, _ data: UnsafeMutableRawPointer?
) {
    unsafe enter(connection, data, otherwise: ()) { link, _ in
        if status != DBUS_DISPATCH_COMPLETE { link.schedulePump() }
    }
}

func release(_ data: UnsafeMutableRawPointer?) {
    if let data = unsafe data { unsafe Unmanaged<Link>.fromOpaque(data).release() }
}
