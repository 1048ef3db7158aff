import DBus

/// What the command line asks for.
struct CommandLineOptions {
    static let usage = """
        Usage: hubd [--config FILE] [--check] [--bus BUS] [--bluez-bus BUS] [--version] [--help]

          --config FILE  the configuration; /etc/hubd/hubd.json5 unless named
          --check        print every problem of configuration and catalog, one a line, and end
          --bus BUS      system, session or a D-Bus address, instead of the configured one
          --bluez-bus BUS
                         where bluetoothd is, instead of the system bus: for tests and development
          --version      print the version and end

        Exit codes follow sysexits(3): 64 for a wrong command line, 78 for a broken configuration.
        SIGHUP reads the configuration again, SIGTERM ends. The manual is hubd(8).
        """

    var config = "/etc/hubd/hubd.json5"
    var isCheck = false
    var wantsVersion = false
    var wantsHelp = false
    var bus: Bus?
    var bluezBus: Bus = .system

    /// A word that hubd does not know, or that misses its value.
    struct Fault: Error {
        let text: String
    }

    init(_ words: [String]) throws(Fault) {
        var rest = words[...]
        while let word = rest.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            func value() throws(Fault) -> String {
                if parts.count == 2, !parts[1].isEmpty { return String(parts[1]) }
                guard parts.count == 1, let next = rest.popFirst() else {
                    throw Fault(text: "\(name) needs a value")
                }
                return next
            }
            switch name {
            case "--config": config = try value()
            case "--bus": bus = Bus(try value())
            case "--bluez-bus": bluezBus = Bus(try value())
            case "--check" where parts.count == 1: isCheck = true
            case "--version" where parts.count == 1: wantsVersion = true
            case "--help" where parts.count == 1, "-h" where parts.count == 1: wantsHelp = true
            default: throw Fault(text: "unknown word \"\(word)\"")
            }
        }
    }
}
