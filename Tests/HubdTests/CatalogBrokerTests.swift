import Foundation
import Testing

@Suite("A catalog that a broker keeps reaches the hub as it was signed, or not at all")
struct CatalogBrokerTests {
    /// From the broker of a sink, or one that is named for it alone; the signature beside it, or in
    /// its first line.
    @Test(arguments: [(true, "property"), (false, "line")])
    func itComesAndGoesOn(isSink: Bool, how: String) throws {
        let rig = try FleetRig()
        let broker = try CatalogBroker(rig)
        try broker.publish(FleetRig.catalog(version: 2), how)
        try rig.configure(broker, isSink: isSink)
        try rig.startAndAsk()
        try rig.wait(version: 2)
        #expect(try rig.hub.hubctl("beacons", "--json").list().count == 2)
        #expect(
            try rig.described()["from"] as? String
                == "mqtts://localhost:\(broker.port) hubs/test-hub/catalog")
        // By itself, and when it is asked for.
        try broker.publish(FleetRig.catalog(version: 3), how)
        let offered = try rig.hub.hubctl("catalog", "diff")
        #expect(offered.status == 0 && offered.output.contains("beacons: 1 added"))
        #expect(rig.version == 2, "only asked")
        try rig.wait(version: 3)
        #expect(try rig.hub.hubctl("catalog", "pull").output.contains("unchanged"))
        #expect(try rig.hub.hubctl("catalog", "rollback").output.contains("version 2"))
        #expect(try rig.hub.hubctl("catalog", "pull").output.contains("version 3: held"))
        try broker.publish(FleetRig.catalog(version: 4), how)
        #expect(try rig.hub.hubctl("catalog", "pull").output.contains("version 4: changed"))
        #expect(rig.hub.end() == 0)
    }

    @Test func whatIsNotTakenHasAName() throws {
        let rig = try FleetRig()
        let broker = try CatalogBroker(rig)
        try broker.publish(FleetRig.catalog(version: 1))
        try rig.configure(broker, isSink: false)
        try rig.startAndAsk()
        try rig.wait(version: 1)
        let next = FleetRig.catalog(version: 2)
        for (text, how, name) in [
            (next, "forged", "wrong-signature"), (next, "flipped", "wrong-signature"),
            (next, "unsigned", "unsigned"), ("\u{1}\u{2} nonsense", "unsigned", "unsigned"),
            ("\u{1}\u{2} nonsense", "property", "malformed"),
            ("// hubd-signature: ed25519=AAAA\n" + next, "unsigned", "wrong-signature"),
            (String(repeating: " ", count: (1 << 20) + 1), "property", "oversize"),
            (String(repeating: " ", count: 3 << 20), "property", "oversize"),
            (FleetRig.catalog(version: 2, hub: "another"), "property", "wrong-hub"),
            ("{ version: 2, zones: [", "line", "malformed"),
            (FleetRig.catalog(version: 1) + " ", "property", "reused-version"),
        ] {
            try broker.publish(text, how)
            let run = try rig.hub.hubctl("catalog", "pull")
            #expect(
                run.status == 65 && run.errors.contains("hubctl: \(name): "),
                "\(name): \(run.errors)")
            #expect(rig.version == 1, "\(name)")
            let problems = try rig.hub.hubctl("status", "--json").json()["problems"] as? [String]
            #expect(
                problems?.contains { $0.hasPrefix("catalog: \(name): ") } == true,
                "\(name): \(problems ?? [])")
        }
        try broker.publish(next)
        #expect(try rig.hub.hubctl("catalog", "pull").status == 0)
        #expect(rig.version == 2)
        try broker.publish(FleetRig.catalog(version: 1))
        #expect(
            try rig.hub.hubctl("catalog", "pull").errors.contains("older-version: version 1"))
        try broker.publish("", "nothing")
        #expect(try rig.hub.hubctl("catalog", "pull").errors.contains("no-document: "))
        #expect(rig.version == 2)
        #expect(rig.hub.end() == 0)
    }

    /// Without its broker, also over a restart, what came last goes on; it is asked again by itself.
    @Test func theBrokerIsKilled() throws {
        let rig = try FleetRig()
        let broker = try CatalogBroker(rig)
        try broker.publish(FleetRig.catalog(version: 3))
        try rig.configure(broker, isSink: true)
        try rig.startAndAsk()
        try rig.wait(version: 3)
        broker.kill()
        #expect(try rig.hub.hubctl("catalog", "pull").status == 69)
        #expect(rig.version == 3)
        #expect(try rig.described()["problem"] as? String != nil)
        #expect(rig.hub.end() == 0)
        try rig.startAndAsk()
        #expect(rig.version == 3)
        #expect(try rig.hub.hubctl("beacons", "--json").list().count == 3)
        try broker.start()
        try broker.publish(FleetRig.catalog(version: 4))
        try rig.wait(version: 4)
        #expect(rig.hub.end() == 0)
    }

    @Test func theDoctorLooksAtTheBroker() throws {
        let rig = try FleetRig()
        let broker = try CatalogBroker(rig)
        try broker.publish(FleetRig.catalog(version: 1))
        try rig.configure(broker, isSink: false)
        try rig.startAndAsk()
        let checks = try rig.hub.hubctl("doctor", "--json").output
        #expect(checks.contains("one key to verify it with"))
        broker.kill()
        let run = try rig.hub.hubctl("doctor")
        #expect(run.status == 1 && run.output.contains("catalog"), "\(run.output)")
        #expect(rig.hub.end() == 0)
    }
}
