import BeaconScanner
import Configuration
import Testing

@Suite("The configuration file says what the manual promises")
struct SettingsTests {
    @Test("an empty object is the defaults")
    func defaults() throws {
        let settings = try settings("{}")
        #expect(settings == Settings())
        #expect(settings.store.path == "/var/lib/hubd/hubd.db")
        #expect(settings.store.quota == 134_217_728)
        #expect(settings.hub.timezone == nil && settings.catalog == nil && settings.bus == .system)
    }

    @Test("a radio of the monitor channel scans actively, or passively when asked to")
    func scan() throws {
        let settings = try settings(
            """
            { radios: [ { kind: "monitor", adapter: "hci0", scan: "passive" },
                        { kind: "monitor", adapter: "hci1", scan: "active" } ] }
            """)
        #expect(
            settings.radios == [
                Radio(.monitor(adapter: "hci0", isPassive: true)),
                Radio(.monitor(adapter: "hci1")),
            ])
    }

    @Test("everything at once")
    func everything() throws {
        let settings = try settings(
            """
            { hub: { id: "store-0042", timezone: "Asia/Shanghai" },
              radios: [ { kind: "bluez", adapter: "hci0", zone: "f1" }, { kind: "monitor" },
                        { kind: "capture", path: "/srv/mall.btsnoop", speed: "max", repeat: true },
                        { kind: "capture", path: "/srv/b.pcap", speed: 0.5 }, { kind: "bluez" } ],
              catalog: "/etc/hubd/catalog.json5",
              store: { path: "/data/hubd.db", quota: "1GiB" },
              sinks: [ { kind: "file", path: "/var/lib/hubd/events.jsonl", maxSize: "1MiB", keep: 3 },
                       { kind: "http", url: "https://sync.example/v1/events", secretFile: "sync-key",
                         caFile: "/etc/hubd/ca.pem" },
                       { kind: "http", url: "https://c.example/", secretFiles: ["/a", "b"],
                         certFile: "/c.pem", keyFile: "key", maxRate: "64KiB", maxAge: "2d",
                         pin: "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                         proxy: "socks5h://[::1]:1080" },
                       { kind: "http", name: "http-2", url: "http://127.0.0.1:8080/" },
                       { kind: "mqtt", url: "mqtts://broker.example:8883", topic: "hubs/{hub}/{type}",
                         qos: 2, clientId: "hub-1", username: "hub", passwordFile: "/run/pw",
                         certFile: "/etc/c.pem", keyFile: "mqtt-key", caFile: null } ],
              devices: [ { id: "bp-7", kind: "blood-pressure", address: "C0:00:00:01:00:01",
                           owners: ["opaque-key-1", "k2"] },
                         { id: "band-3", kind: "airsync", deviceType: "gh_1", deviceId: "d3",
                           keyFile: "/etc/hubd/band.key" },
                         { id: "x", kind: "our-own-driver", address: "00:00:00:00:00:01" } ],
              bus: "unix:path=/run/test/bus",
              presence: { pathLoss: 2.7, leaveAfter: "45s", missingAfter: "2d" } }
            """)
        #expect(settings.hub == .init(id: "store-0042", timezone: "Asia/Shanghai"))
        #expect(
            settings.radios == [
                Radio(.bluez(adapter: "hci0"), zone: "f1"), Radio(.monitor(adapter: nil)),
                Radio(.capture(path: "/srv/mall.btsnoop", speed: .maximum, isRepeated: true)),
                Radio(.capture(path: "/srv/b.pcap", speed: .times(0.5), isRepeated: false)),
                Radio(.bluez(adapter: nil)),
            ])
        #expect(settings.store == .init(path: "/data/hubd.db", quota: 1 << 30))
        #expect(settings.sinks.map(\.name) == ["file", "http", "http-3", "http-2", "mqtt"])
        #expect(
            settings.sinks[0].kind
                == .file(path: "/var/lib/hubd/events.jsonl", maxSize: 1 << 20, keep: 3))
        #expect(
            settings.sinks[1].kind
                == .http(
                    url: "https://sync.example/v1/events", secretFile: "sync-key",
                    caFile: "/etc/hubd/ca.pem"))
        var more = Sink.HTTP()
        more.secretFiles = ["/a", "b"]
        more.certFile = "/c.pem"
        more.keyFile = "key"
        more.maxRate = 64 << 10
        more.maxAge = .seconds(2 * 86_400)
        more.pin = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        more.proxy = "socks5h://[::1]:1080"
        #expect(
            settings.sinks[2].kind
                == .http(url: "https://c.example/", secretFile: nil, caFile: nil, more))
        #expect(
            settings.sinks[4].kind
                == .mqtt(
                    .init(
                        url: "mqtts://broker.example:8883", topic: "hubs/{hub}/{type}", qos: 2,
                        clientID: "hub-1", username: "hub", passwordFile: "/run/pw",
                        certFile: "/etc/c.pem", keyFile: "mqtt-key")))
        #expect(settings.devices[0].address == DeviceAddress("C0:00:00:01:00:01"))
        #expect(settings.devices[0].owners == ["opaque-key-1", "k2"])
        #expect(settings.devices[1].deviceID == "d3" && settings.devices[1].address == nil)
        #expect(settings.bus == .address("unix:path=/run/test/bus"))
        #expect(settings.presence.leaveAfter == .seconds(45))
        #expect(settings.presence.missingAfter == .seconds(172_800))
    }

    @Test("adapters are named by address or number, and the hub can be a beacon")
    func adapters() throws {
        let named = try settings(
            """
            { radios: [ { kind: "bluez", adapter: "00:1a:7d:da:71:13" },
                        { kind: "bluez", adapter: "hci12" } ],
              broadcast: { id: "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/7",
                           measuredPower: -65, adapter: "hci1" } }
            """)
        #expect(
            named.radios.map(\.kind) == [
                .bluez(adapter: "00:1A:7D:DA:71:13"), .bluez(adapter: "hci12"),
            ])
        let id = try #require(BeaconID("FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/7"))
        #expect(
            named.broadcast == .init(id: id, measuredPower: -65, adapter: "hci1"))
        let short = try settings("{ broadcast: { id: \"\(id)\" } }")
        #expect(short.broadcast?.measuredPower == -59)
    }

    @Test("relative paths start at the main file, bare secrets are credentials")
    func paths() throws {
        let main = SourceFile(
            name: "/srv/shop/hubd.json5",
            text: """
                { catalog: "catalog.json5", store: { path: "data/hubd.db" },
                  sinks: [ { kind: "http", url: "https://a.example/", secretFile: "./key" },
                           { kind: "http", url: "https://b.example/", secretFile: "key" } ] }
                """)
        let dropIn = SourceFile(
            name: "/srv/shop/hubd.json5.d/10.json5",
            text: "{ radios: [ { kind: 'capture', path: 'mall.btsnoop' } ] }")
        let settings = try Settings(main, dropIns: [dropIn])
        #expect(settings.catalog == "/srv/shop/catalog.json5")
        #expect(settings.store.path == "/srv/shop/data/hubd.db")
        #expect(
            settings.radios == [
                Radio(
                    .capture(path: "/srv/shop/mall.btsnoop", speed: .times(1), isRepeated: false))
            ])
        #expect(
            settings.sinks.map(\.kind) == [
                .http(url: "https://a.example/", secretFile: "/srv/shop/./key", caFile: nil),
                .http(url: "https://b.example/", secretFile: "key", caFile: nil),
            ])
    }

    @Test("drop-ins: objects merge by key, lists and values replace, null takes back")
    func dropIns() throws {
        let main = SourceFile(
            name: "hubd.json5",
            text: """
                { hub: { id: "a", timezone: "UTC" }, catalog: "/c.json5",
                  radios: [ { kind: "monitor" } ], store: { quota: "64MiB" } }
                """)
        let settings = try Settings(
            main,
            dropIns: [
                SourceFile(name: "10.json5", text: "{ hub: { id: 'b' }, radios: [] }"),
                SourceFile(name: "20.json5", text: "{ hub: { id: 'c' }, catalog: null }"),
            ])
        #expect(settings.hub == .init(id: "c", timezone: "UTC"))
        #expect(settings.radios.isEmpty && settings.catalog == nil)
        #expect(settings.store.quota == 64 << 20)
    }

    @Test("problems of drop-ins name the drop-in, in the order of files")
    func dropInProblems() {
        let main = SourceFile(name: "hubd.json5", text: "{ hub: { id: 'a b' },\n store: 1 }")
        let dropIn = SourceFile(name: "10.json5", text: "{ sotre: {},\n  hub: { timezone: 8 } }")
        let found = problems { () throws(Problems) in try Settings(main, dropIns: [dropIn]) }
        #expect(
            found == [
                "hubd.json5:1:14: hub.id: \"a b\", expected 1 to 64 letters, digits, \".\", \"-\" or"
                    + " \"_\", such as \"store-0042\"",
                "hubd.json5:2:9: store: 1, expected an object with \"path\" or \"quota\"",
                "10.json5:1:3: sotre: unknown key, expected \"hub\", \"radios\", \"broadcast\","
                    + " \"catalog\","
                    + " \"store\", \"sinks\", \"devices\", \"bus\" or \"presence\" (did you mean"
                    + " \"store\"?)",
                "10.json5:2:20: hub.timezone: 8, expected a time zone such as \"Asia/Shanghai\" or"
                    + " \"UTC\"",
            ])
    }

    @Test("a syntax error of every file is reported, with line and column")
    func syntax() {
        let found = problems { () throws(Problems) in
            try Settings(
                SourceFile(name: "a", text: "{ hub: {\n  id: yes } }"),
                dropIns: [SourceFile(name: "b", text: ""), SourceFile(name: "c", text: "{}")])
        }
        #expect(found.count == 2)
        #expect(found.first?.hasPrefix("a:2:7: \"yes\", expected a value") == true)
        #expect(found.last == "b:1:1: the end of the document, expected a value")
    }
}

@Suite("What the configuration file may not say is refused, and the mend is told")
struct SettingsProblemTests {
    private static let cases: [(String, String)] = [
        ("[]", "hubd.json5:1:1: an empty list, expected an object with \"hub\""),
        ("{ catalog: 5 }", "1:12: catalog: 5, expected a path"),
        ("{ catalog: '' }", "catalog: \"\", expected a path"),
        ("{ catalog: 'a\\u0000' }", "catalog: \"a<U+0>\", expected a path"),
        ("{ hub: { timezone: '../etc' } }", "hub.timezone: \"../etc\", expected a time zone"),
        ("{ hub: { timezone: '' } }", "hub.timezone: \"\", expected a time zone"),
        (
            "{ store: { quota: '128MB' } }",
            "store.quota: \"128MB\", expected a size from 1MiB to 1TiB"
        ),
        ("{ store: { quota: 1000 } }", "store.quota: 1000, expected a size"),
        ("{ store: { quota: '99999999999999999999GiB' } }", "store.quota: \"9999"),
        (
            "{ store: { quota: '9000000000GiB' } }",
            "store.quota: \"9000000000GiB\", expected a size"
        ),
        ("{ store: { quota: '-1GiB' } }", "store.quota: \"-1GiB\", expected a size"),
        ("{ radios: [ {} ] }", "1:13: radios[0].kind: missing, expected \"bluez\""),
        ("{ radios: [ { kind: 'bluze' } ] }", "or \"capture\" (did you mean \"bluez\"?)"),
        ("{ radios: [ { kind: 'capture' } ] }", "radios[0].path: missing, expected the path"),
        (
            "{ radios: [ { kind: 'bluez', speed: 1 } ] }",
            "radios[0].speed: 1, expected no \"speed\" with kind \"bluez\""
        ),
        (
            "{ radios: [ { kind: 'bluez', scan: 'passive' } ] }",
            "radios[0].scan: \"passive\", expected no \"scan\" with kind \"bluez\""
        ),
        (
            "{ radios: [ { kind: 'monitor', scan: 'pasive' } ] }",
            "radios[0].scan: \"pasive\", expected"
        ),
        ("{ radios: [ { kind: 'bluez', adapter: 'usb0' } ] }", "radios[0].adapter: \"usb0\""),
        (
            "{ radios: [ { kind: 'bluez', adapter: '00:1A:7D:DA:71' } ] }",
            "radios[0].adapter: \"00:1A:7D:DA:71\", expected an adapter's address such as"
        ),
        ("{ broadcast: {} }", "broadcast.id: missing, expected an iBeacon's UUID/MAJOR/MINOR"),
        (
            "{ broadcast: { id: 'eddystone:00112233445566778899/AABBCCDDEEFF' } }",
            "expected an iBeacon's UUID/MAJOR/MINOR"
        ),
        (
            "{ broadcast: { id: 'FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/2', measuredPower: 30 } }",
            "broadcast.measuredPower: 30, expected"
        ),
        (
            "{ radios: [ { kind: 'monitor' }, { kind: 'monitor' } ] }",
            "radios[1]: the same radio a second time, expected it once (at 1:13)"
        ),
        (
            "{ radios: [ { kind: 'capture', path: 'a', speed: 0 } ] }",
            "radios[0].speed: 0, expected"
        ),
        (
            "{ radios: [ { kind: 'capture', path: 'a', speed: 'fast' } ] }",
            "radios[0].speed: \"fast\""
        ),
        ("{ radios: [ { kind: 'capture', path: 'a', repeat: 1 } ] }", "expected true or false"),
        ("{ sinks: [ { kind: 'http' } ] }", "sinks[0].url: missing, expected the URL to send to"),
        (
            "{ sinks: [ { kind: 'http', url: 'http://sync.example/' } ] }",
            "expected https:; http: is only for this machine"
        ),
        ("{ sinks: [ { kind: 'http', url: 'http://127.1.evil.example/' } ] }", "expected https:;"),
        ("{ sinks: [ { kind: 'http', url: 'http://127.0.0.1.evil/' } ] }", "expected https:;"),
        ("{ sinks: [ { kind: 'http', url: 'http://localhost@evil.example/' } ] }", "without user"),
        (
            "{ sinks: [ { kind: 'http', url: 'https://u:p@a.example/' } ] }",
            "without user and password"
        ),
        (
            "{ sinks: [ { kind: 'http', url: 'https://a.example:70000/' } ] }",
            "expected a URL such as"
        ),
        ("{ sinks: [ { kind: 'http', url: 'https://a b/' } ] }", "expected a URL such as"),
        ("{ sinks: [ { kind: 'http', url: 'https:///x' } ] }", "expected a URL such as"),
        (
            "{ sinks: [ { kind: 'file', path: 'a', url: 'https://a/' } ] }",
            "expected no \"url\" with kind"
        ),
        ("{ sinks: [ { kind: 'file', path: 'a', keep: 2 } ] }", "without a size"),
        (
            "{ sinks: [ { kind: 'file', path: 'a', name: 'n' }, { kind: 'file', path: 'b', name: 'n' } ] }",
            "sinks[1].name: \"n\" a second time, expected another name (first at 1:12)"
        ),
        (
            "{ sinks: [ { kind: 'file', path: 'a' }, { kind: 'file', path: 'a' } ] }",
            "sinks[1].path: \"a\" a second time, expected another file (first at 1:12)"
        ),
        (
            "{ sinks: [ { kind: 'mqtt', url: 'mqtt://b.example', topic: 'a' } ] }",
            "expected mqtts:; mqtt: is only for this machine"
        ),
        (
            "{ sinks: [ { kind: 'mqtt', url: 'mqtts://b', topic: 'a/+' } ] }",
            "sinks[0].topic: \"a/+\""
        ),
        ("{ sinks: [ { kind: 'mqtt', url: 'mqtts://b', topic: '{hubs}' } ] }", "sinks[0].topic"),
        (
            "{ sinks: [ { kind: 'mqtt', url: 'mqtts://b', topic: 't', qos: 0 } ] }",
            "sinks[0].qos: 0"
        ),
        (
            "{ sinks: [ { kind: 'mqtt', url: 'mqtts://b', topic: 't', certFile: '/c' } ] }",
            "sinks[0].keyFile: missing, expected it beside \"certFile\""
        ),
        ("{ devices: [ { id: 'a', kind: 'airsync' } ] }", "devices[0].address: missing, expected"),
        ("{ devices: [ { id: 'a', kind: 'Blood Pressure', address: '' } ] }", "devices[0].kind"),
        (
            "{ devices: [ { id: 'a', kind: 'x', address: 'C0:00:00:01:00' } ] }",
            "devices[0].address: \"C0:00:00:01:00\", expected a radio address such as"
        ),
        (
            "{ devices: [ { id: 'a', kind: 'heart-rate', address: '00:00:00:00:00:01', keyFile: 'k' } ] }",
            "devices[0].keyFile: \"k\", expected no \"keyFile\" with kind \"heart-rate\""
        ),
        (
            "{ devices: [ { id: 'a', kind: 'x', address: '00:00:00:00:00:01', owners: ['o', 'o'] } ] }",
            "devices[0].owners[1]: \"o\" a second time, expected each owner once"
        ),
        ("{ bus: 'sytem' }", "bus: \"sytem\", expected \"system\", \"session\" or a D-Bus address"),
        ("{ presence: { pathLoss: 9 } }", "presence.pathLoss: 9, expected a number from 1 to 6"),
        ("{ presence: { leaveAfter: '2h' } }", "presence.leaveAfter: \"2h\", expected a time from"),
        ("{ hub: { id: 'a', id: 'b' } }", "the key \"id\" a second time, expected it only once"),
    ]

    @Test("each with its place and its mend", arguments: cases)
    func one(text: String, part: String) {
        let found = settingsProblems(text)
        #expect(found.count == 1 || text.contains("Blood"), "\(found)")
        #expect(found.contains { $0.contains(part) }, "\(found)")
    }

    @Test("two devices with one id, and with one address, name the first")
    func duplicates() {
        let found = settingsProblems(
            """
            { devices: [
              { id: "a", kind: "x", address: "00:00:00:00:00:01" },
              { id: "a", kind: "x", address: "00:00:00:00:00:02" },
              { id: "b", kind: "x", address: "00:00:00:00:00:01" },
              { id: "a", kind: "x", address: "00:00:00:00:00:01" } ] }
            """)
        #expect(
            found == [
                "hubd.json5:3:9: devices[1].id: \"a\" a second time, expected another id (first at 2:3)",
                "hubd.json5:4:34: devices[2].address: \"00:00:00:00:00:01\" a second time, expected"
                    + " one device an address (first at 2:3)",
                "hubd.json5:5:9: devices[3].id: \"a\" a second time, expected another id (first at 2:3)",
                "hubd.json5:5:34: devices[3].address: \"00:00:00:00:00:01\" a second time, expected"
                    + " one device an address (first at 2:3)",
            ])
    }

    @Test("all problems are listed up to a thousand, then counted")
    func many() {
        let radios = (0..<16).map { _ in
            "{ kind: 'capture', path: '', \((0..<100).map { "k\($0): 1" }.joined(separator: ", ")) }"
        }
        do {
            _ = try settings("{ radios: [ \(radios.joined(separator: ",\n")) ] }")
            Issue.record("accepted")
        } catch {
            #expect(error.list.count == Problems.maximum && error.omitted == 616)
            #expect(error.description.hasSuffix("\nand 616 more problems"))
        }
    }
}
