import Testing

@Suite("What was acknowledged survives kill -9 and power cuts")
struct CrashTests {
    let scratch = Scratch()

    /// 200 kills at random instants: nothing acknowledged is lost, no batch is torn, no sequence
    /// number is missing, and the file has every event exactly once.
    @Test(arguments: 1...2)
    func killed(seed: Int) throws {
        let outcome = try Rig.script("kill.py", [Rig.program, scratch.path, "100", "\(seed)"])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("kills 100 "))
    }

    /// 400 cuts for each seed.
    @Test(arguments: 1...3)
    func powerCut(seed: Int) throws {
        let outcome = try Rig.script(
            "power_cut.py",
            [Rig.program, try Rig.disk(in: scratch), scratch.path, "400", "\(seed)"])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("cuts 400 lost 0 damaged 0"))
    }

    /// The rig itself: a store that does not wait for the disk is caught losing.
    @Test func theRigSeesLosses() throws {
        let outcome = try Rig.script(
            "power_cut.py", [Rig.program, try Rig.disk(in: scratch), scratch.path, "40", "1"],
            environment: ["RIG_SYNCHRONOUS": "NORMAL"])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("lost: "), "\(outcome.output)")
    }
}
