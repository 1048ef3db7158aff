// swift-tools-version: 6.2
// hubd has no package dependencies: Foundation stays out of the daemon and the
// system libraries come from Debian's -dev packages by pkg-config.
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A system library: a module map and one small header, no logic.
func system(_ name: String, _ pkgConfig: String? = nil, _ apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies + ["TestSupport"], swiftSettings: strict)
}

let package = Package(
    name: "hubd",
    products: [
        .library(name: "BeaconScanner", targets: ["BeaconScanner"]),
        .library(name: "Campaigns", targets: ["Campaigns"]),
        .library(name: "HardwareHub", targets: ["HardwareHub"]),
        .executable(name: "hubd", targets: ["hubd"]),
        .executable(name: "hubctl", targets: ["hubctl"]),
    ],
    targets: [
        // System libraries
        system("CLinux", nil, "libc6-dev"),
        system("CDBus", "dbus-1", "libdbus-1-dev"),
        system("CSQLite", "sqlite3", "libsqlite3-dev"),
        system("CCurl", nil, "libcurl4-openssl-dev"),
        system("CCrypto", "libcrypto", "libssl-dev"),
        system("CSystemd", "libsystemd", "libsystemd-dev"),
        system("CZlib", "zlib", "zlib1g-dev"),
        system("CQRencode", "libqrencode", "libqrencode-dev"),

        // Pure: bytes, times and settings come in as arguments
        library("JSON"),
        library("BeaconScanner"),
        library("Campaigns", ["BeaconScanner"]),
        library("HardwareHub", ["BeaconScanner"]),
        library("MQTT"),

        // Mechanisms
        library("Crypto", ["CCrypto"]),
        library("EventLoop", ["CLinux"]),
        library("DBus", ["EventLoop", "CDBus"]),
        library("BlueZ", ["DBus", "EventLoop", "BeaconScanner", "HardwareHub", "CLinux"]),
        library("Outbox", ["Crypto", "JSON", "MQTT", "CSQLite", "CCurl", "CZlib", "CLinux"]),
        library("Configuration", ["JSON", "BeaconScanner", "Campaigns"]),
        library("CaptureFile", ["BeaconScanner"]),
        library("Checkup", ["EventLoop", "CLinux"]),

        // Programs
        program(
            "hubd",
            [
                "BeaconScanner", "BlueZ", "Campaigns", "CaptureFile", "Checkup", "Configuration",
                "Crypto",
                "DBus", "EventLoop",
                "HardwareHub", "JSON", "Outbox", "CSystemd", "CLinux",
            ]),
        program(
            "hubctl",
            [
                "BeaconScanner", "Campaigns", "CaptureFile", "Checkup", "Configuration", "Crypto",
                "DBus", "EventLoop",
                "HardwareHub", "JSON", "CLinux", "CQRencode",
            ]),

        // The process that the crash rigs of Tests/Rigs kill, starve and cut the power of
        program("outbox-rig", ["Outbox"]),
        // The process that floods a monitor socket
        program("monitor-rig", ["BlueZ", "BeaconScanner", "EventLoop"]),
        // The process that decodes what devices send, over and over
        program("decoder-rig", ["HardwareHub"]),

        // Tests
        .target(
            name: "TestSupport", dependencies: ["EventLoop"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .target(
            name: "FakeBlueZ", dependencies: ["DBus", "EventLoop"], path: "Tests/FakeBlueZ",
            swiftSettings: strict),
        .target(
            name: "BusSupport", dependencies: ["DBus", "EventLoop"], path: "Tests/BusSupport",
            swiftSettings: strict),
        tests("JSON", ["JSON"]),
        tests("Crypto", ["Crypto"]),
        tests("MQTT", ["MQTT"]),
        tests("BeaconScanner", ["BeaconScanner", "Crypto"]),
        tests("Campaigns", ["Campaigns", "BeaconScanner"]),
        tests("HardwareHub", ["HardwareHub", "Crypto"]),
        tests("EventLoop", ["EventLoop"]),
        tests("DBus", ["DBus", "EventLoop", "BusSupport"]),
        tests(
            "BlueZ",
            [
                "BlueZ", "DBus", "EventLoop", "BeaconScanner", "HardwareHub", "FakeBlueZ",
                "monitor-rig",
            ]),
        tests("Outbox", ["Outbox", "MQTT", "Crypto", "outbox-rig"]),
        tests("Checkup", ["Checkup", "EventLoop"]),
        tests("CaptureFile", ["CaptureFile", "BeaconScanner"]),
        tests("Configuration", ["Configuration", "Campaigns", "BeaconScanner", "JSON"]),
        tests(
            "Hubd",
            [
                "hubd", "hubctl", "DBus", "EventLoop", "BeaconScanner", "Configuration",
                "BusSupport", "FakeBlueZ",
            ]),
        tests("Hubctl", ["hubctl", "Checkup", "HardwareHub", "JSON"]),
    ]
)
