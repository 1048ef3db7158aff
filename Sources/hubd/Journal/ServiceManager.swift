internal import CSystemd

/// What hubd tells systemd about itself (sd_notify(3)); does nothing outside systemd.
enum ServiceManager {
    /// Up and serving; `status` is shown by `systemctl status`.
    static func ready(_ status: String) {
        notify("READY=1\nSTATUS=\(status)")
    }

    static func reloading() {
        notify("RELOADING=1")
    }

    static func stopping() {
        notify("STOPPING=1")
    }

    /// The watchdog's ping: loop and store have made progress.
    static func alive() {
        notify("WATCHDOG=1")
    }

    /// Starting takes longer than the manager may think: 30 s more, from now.
    static func needsTime() {
        notify("EXTEND_TIMEOUT_USEC=30000000")
    }

    private static func notify(_ state: String) {
        _ = unsafe sd_notify(0, state)
    }
}
