import Foundation
import Testing

@Suite("The catalog of a fleet reaches the hub as it was signed, or not at all")
struct CatalogPullTests {
    @Test func itIsPulledAndChangedAndNothingElseIs() throws {
        let rig = try FleetRig()
        try rig.startAndAsk()
        let first = try rig.described()
        #expect(first["version"] as? Int == 1 && first["beacons"] as? Int == 1)
        #expect(first["source"] as? String == "service")
        #expect((first["from"] as? String)?.hasSuffix("/v1/hubs/test-hub/catalog") == true)
        #expect((first["since"] as? String)?.contains("T") == true)

        #expect(try rig.hub.hubctl("catalog", "pull").output.contains("unchanged"))
        try rig.serve(version: 3)
        let offered = try rig.hub.hubctl("catalog", "diff")
        #expect(offered.status == 0 && offered.output.contains("beacons: 2 added"))
        #expect(offered.output.contains("  + FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/3"))
        #expect(rig.version == 1, "only asked")
        #expect(try rig.hub.hubctl("catalog", "pull").output.contains("version 3: changed"))
        #expect(try rig.hub.hubctl("beacons", "--json").list().count == 3)
        #expect(rig.hub.read("journal").contains("catalog: version 3 is in force, 3 beacons"))
        let kept = try rig.hub.hubctl("catalog", "versions", "--json").list()
        #expect(kept.map { $0["version"] as? Int } == [3, 1])
        #expect(kept.map { $0["inForce"] as? Bool } == [true, false])
    }

    /// Each is told apart by its name, kept out, and no reason not to take the next good one.
    @Test func whatIsNotTakenHasAName() throws {
        let rig = try FleetRig()
        try rig.startAndAsk()
        try rig.serve(version: 2)
        for (behaviour, name) in [
            ("forged", "wrong-signature"), ("flipped", "wrong-signature"),
            ("unsigned", "unsigned"), ("huge", "oversize"),
        ] {
            try rig.behave(behaviour)
            try expectRefusal(rig, name)
        }
        try rig.behave("good")
        for (text, name) in [
            (FleetRig.catalog(version: 2, hub: "another"), "wrong-hub"),
            ("{ version: 2, zones: [{ id: \"hall\" }] }", "malformed"),
            ("{ version: 2, zones: [", "malformed"), ("{ zones: [{ id: \"door\" }] }", "malformed"),
            (" ", "malformed"), (FleetRig.catalog(version: 1) + " ", "reused-version"),
        ] {
            try rig.serve(text)
            try expectRefusal(rig, name)
        }
        for behaviour in ["redirect", "refused", "gone", "broken", "garbage", "cut"] {
            try rig.behave(behaviour)
            #expect(try rig.hub.hubctl("catalog", "pull").status == 69, "\(behaviour)")
            #expect(rig.version == 1)
        }
        try rig.behave("good")
        try rig.serve(version: 2)
        #expect(try rig.hub.hubctl("catalog", "pull").status == 0)
        #expect(rig.version == 2)
        try rig.serve(version: 1)
        #expect(
            try rig.hub.hubctl("catalog", "pull").errors.contains("older-version: version 1"))
        #expect(rig.version == 2)
        #expect(try rig.described()["problem"] != nil)
        #expect(try rig.hub.hubctl("catalog", "pull", "--older").status == 0)
        #expect(rig.version == 1)
        #expect(try rig.described()["problem"] == nil)
        #expect(rig.hub.end() == 0)
    }

    private func expectRefusal(_ rig: FleetRig, _ name: String) throws {
        let run = try rig.hub.hubctl("catalog", "pull")
        #expect(run.status == 65 && run.errors.contains("hubctl: \(name): "), "\(run.errors)")
        #expect(rig.version == 1, "\(name)")
        let problems = try rig.hub.hubctl("status", "--json").json()["problems"] as? [String]
        let problem = problems?.first { $0.hasPrefix("catalog: \(name): ") }
        #expect(problem?.hasSuffix("; version 1 goes on") == true, "\(name): \(problems ?? [])")
        #expect(rig.hub.read("journal").contains("error: catalog: \(name): "))
    }

    @Test func whatWasPulledOutlivesTheNetwork() throws {
        let rig = try FleetRig(version: 4)
        try rig.startAndAsk()
        #expect(rig.hub.end() == 0)
        rig.endService()
        try rig.startAndAsk()
        #expect(rig.version == 4)
        #expect(try rig.hub.hubctl("beacons", "--json").list().count == 4)
        #expect(try rig.described()["problem"] as? String != nil)
        // A reload reads the configuration anew, and the catalog from the disk.
        #expect(try rig.hub.hubctl("reload").status == 0)
        #expect(rig.version == 4)
        // A broken configuration: the copy's settings with what was pulled.
        #expect(rig.hub.end() == 0)
        try rig.hub.write("hubd.json5", rig.hub.read("hubd.json5") + "}")
        try rig.hub.start()
        try rig.wait(version: 4)
        #expect(rig.hub.read("journal").contains("starting with the copy"))
    }

    /// A hub that has no catalog yet comes up for it, also when its radios name zones.
    @Test func theFileCountsUntilTheFirstPull() throws {
        let rig = try FleetRig(behaviour: "gone")
        try rig.startAndAsk()
        #expect(try rig.described()["source"] as? String == "none")
        #expect(rig.hub.end() == 0)

        try rig.hub.write("local.json5", FleetRig.catalog(version: 2))
        try rig.configure(more: ", path: \"local.json5\"")
        try rig.startAndAsk()
        #expect(try rig.described()["source"] as? String == "file")
        #expect(try rig.hub.hubctl("beacons", "--json").list().count == 2)
        // The version of a file of this machine is no floor.
        try rig.behave("good")
        #expect(try rig.hub.hubctl("catalog", "pull").status == 0)
        #expect(rig.version == 1)
    }

    @Test func aRollbackHoldsUntilSomethingNewerComes() throws {
        let rig = try FleetRig()
        try rig.startAndAsk()
        #expect(try rig.hub.hubctl("catalog", "rollback").status == 65)
        for version in 2...6 {
            try rig.serve(version: version)
            #expect(try rig.hub.hubctl("catalog", "pull").status == 0)
        }
        let kept = try rig.hub.hubctl("catalog", "versions", "--json").list()
        #expect(kept.map { $0["version"] as? Int } == [6, 5, 4, 3])
        #expect(try rig.hub.hubctl("catalog", "rollback", "2").errors.contains("is not kept"))
        #expect(try rig.hub.hubctl("catalog", "rollback").output.contains("version 5"))
        #expect(rig.version == 5)
        #expect(try rig.hub.hubctl("beacons", "--json").list().count == 5)
        let held = try rig.hub.hubctl("catalog", "pull")
        #expect(held.status == 0 && held.output.contains("held"))
        #expect(try rig.described()["problem"] == nil)
        // It holds over a restart.
        #expect(rig.hub.end() == 0)
        try rig.startAndAsk()
        #expect(rig.version == 5)
        #expect(try rig.described()["rolledBack"] as? Bool == true)
        // Further back, and forward again.
        #expect(try rig.hub.hubctl("catalog", "rollback", "3").status == 0)
        #expect(rig.version == 3)
        // There is none before it; the one that was left is not one.
        #expect(try rig.hub.hubctl("catalog", "rollback").status == 65)
        #expect(rig.version == 3)
        #expect(try rig.hub.hubctl("catalog", "rollback", "6").status == 0)
        #expect(rig.version == 6)
        #expect(try rig.hub.hubctl("catalog", "rollback").status == 0)
        try rig.serve(version: 7)
        #expect(try rig.hub.hubctl("catalog", "pull").status == 0)
        #expect(rig.version == 7)
        #expect(try rig.described()["rolledBack"] as? Bool == false)
    }

    /// An older version that was taken nevertheless is one that can be left again, to the one that
    /// was in force before; that holds too, though the service goes on offering the older.
    @Test func theWayBackFromAnOlderVersion() throws {
        let rig = try FleetRig(version: 4)
        try rig.startAndAsk()
        try rig.serve(version: 2)
        #expect(try rig.hub.hubctl("catalog", "pull", "--older").status == 0)
        #expect(rig.version == 2)
        #expect(try rig.hub.hubctl("catalog", "rollback").output.contains("version 4"))
        #expect(rig.version == 4)
        let held = try rig.hub.hubctl("catalog", "pull")
        #expect(held.status == 0 && held.output.contains("version 2: held"), "\(held.output)")
        #expect(rig.version == 4)
        #expect(try rig.described()["problem"] == nil)
        #expect(rig.hub.end() == 0)
        try rig.startAndAsk()
        #expect(rig.version == 4)
        try rig.serve(version: 3)
        #expect(
            try rig.hub.hubctl("catalog", "pull").errors.contains("older-version: version 3"))
        try rig.serve(version: 5)
        #expect(try rig.hub.hubctl("catalog", "pull").status == 0)
        #expect(rig.version == 5)
    }

    @Test func aFileIsComparedAndNothingIsTaken() throws {
        let rig = try FleetRig()
        try rig.startAndAsk()
        try rig.hub.write(
            "next.json5",
            FleetRig.catalog(version: 2).replacing("id: \"hall\"", with: "id: \"atrium\""))
        let changes = try rig.hub.hubctl("catalog", "diff", "next.json5")
        #expect(changes.status == 0)
        for line in ["zones: 1 added", "  + atrium", "zones: 1 removed", "  - hall"] {
            #expect(changes.output.contains(line + "\n"), "\(changes.output)")
        }
        try rig.hub.write("bad.json5", "{ zones: [{ idd: \"a\" }, { id: 5 }] }")
        let bad = try rig.hub.hubctl("catalog", "diff", "bad.json5")
        #expect(bad.status == 65)
        #expect(bad.errors.contains("zones[0].idd") && bad.errors.contains("zones[1].id"))
        #expect(try rig.hub.hubctl("catalog", "diff", "missing.json5").status == 66)
        #expect(rig.version == 1)
        #expect(try rig.described()["problem"] == nil, "a comparison is no fault")
    }

    /// A key is changed without a moment in which the hub knows none.
    @Test func keysAreChanged() throws {
        let rig = try FleetRig()
        try rig.makeKey("other")
        try rig.configure(publicKeyFile: "./other.pub")
        try rig.startAndAsk()
        #expect(try rig.described()["version"] == nil)
        try rig.hub.write("keys", rig.hub.read("other.pub") + rig.hub.read("key.pub"))
        try rig.configure(publicKeyFile: "./keys")
        #expect(try rig.hub.hubctl("reload").status == 0)
        try rig.wait(version: 1)
        // The key is gone: what is there goes on, nothing new is taken.
        try rig.hub.write("keys", "")
        try rig.serve(version: 2)
        #expect(try rig.hub.hubctl("catalog", "pull").errors.contains("no-key: publicKeyFile"))
        #expect(rig.hub.end() == 0)
        try rig.startAndAsk()
        #expect(rig.version == 1)
    }

    /// Whatever the service is doing just then; F27 allows three seconds.
    @Test func theEndDoesNotWaitForTheService() throws {
        let rig = try FleetRig()
        try rig.startAndAsk()
        for behaviour in ["hang", "slow"] {
            try rig.behave(behaviour)
            #expect(rig.hub.end() == 0)
            try rig.hub.start()
            try rig.wait(version: 1)
            // The first asking begins with the start.
            #expect(rig.hub.end() == 0)
            try rig.hub.start()
            try rig.wait(version: 1)
        }
        #expect(rig.hub.end() == 0)
    }

    @Test func theDoctorLooksAtTheService() throws {
        let rig = try FleetRig()
        try rig.startAndAsk()
        let config = rig.hub.folder.appending(path: "hubd.json5").path
        let well = try rig.hub.hubctl("doctor", "--config=\(config)").output
        #expect(well.contains("one key to verify it with"), "\(well)")
        #expect(well.contains("the certificate of localhost expires in"), "\(well)")
        try rig.hub.write("key.pub", "nothing")
        rig.endService()
        // What it found just before is good for two seconds more.
        try rig.hub.wait("the doctor's next look") {
            let ill = try rig.hub.hubctl("doctor", "--config=\(config)").output
            return ill.contains("no Ed25519 public key") && ill.contains("Connection refused")
        }
    }

    @Test func withoutAServiceThereIsNothingToPull() throws {
        let hub = try TestHub()
        try hub.configure(radios: "[]")
        try hub.start()
        try hub.wait("hubd") { try hub.hubctl("catalog").status == 0 }
        #expect(try hub.hubctl("catalog").output.contains("catalog.json5"))
        #expect(try hub.hubctl("catalog", "pull").errors.contains("see catalog.url"))
        #expect(try hub.hubctl("catalog", "rollback").status == 65)
        #expect(try hub.hubctl("catalog", "--older").status == 64)
        #expect(try hub.hubctl("catalog", "rollback", "x").status == 64)
    }

    /// Killed behind each change of its folder: what ran before or what was to run is there, and
    /// the next asking gets the new one.
    @Test func aPowerCutLeavesTheOldOneOrTheNew() throws {
        let rig = try FleetRig()
        let disk = rig.hub.folder.appending(path: "disk.so").path
        let compiled = try Tool.run(
            "cc",
            [
                "-O1", "-shared", "-fPIC", "-o", disk,
                TestHub.repository.appending(path: "Tests/Rigs/disk.c").path, "-ldl",
            ])
        try #require(compiled.status == 0, "\(compiled.output)")
        try rig.startAndAsk()
        #expect(rig.hub.end() == 0)
        var old = 1
        var outcomes: Set<Bool> = []
        for change in 1...60 {
            let new = old + 1
            try rig.behave("good")
            try rig.serve(version: new)
            rig.hub.environment = [
                "LD_PRELOAD": disk, "RIG_KILL": "\(change)",
                "RIG_DIR": rig.hub.folder.appending(path: "catalogs").path,
            ]
            try rig.hub.start()
            try rig.hub.wait("the cut or the asking") {
                !rig.hub.isRunning || (try? rig.described()["asked"]) != nil
            }
            let isThrough = rig.hub.isRunning
            _ = rig.hub.end(SIGKILL)
            rig.hub.environment = [:]
            try rig.behave("gone")
            try rig.startAndAsk()
            let version = rig.version
            #expect(version == old || version == new, "behind \(change) changes: \(version ?? 0)")
            #expect(
                try rig.hub.hubctl("beacons", "--json").list().count == version,
                "behind \(change) changes")
            outcomes.insert(version == new)
            try rig.behave("good")
            #expect(try rig.hub.hubctl("catalog", "pull").status == 0)
            #expect(rig.version == new)
            #expect(rig.hub.end() == 0)
            old = new
            if isThrough {
                #expect(change > 10, "writes, synchronizations and renames")
                #expect(outcomes == [false, true])
                return
            }
        }
        Issue.record("it never came through")
    }
}
