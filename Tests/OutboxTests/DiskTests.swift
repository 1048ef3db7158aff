import Foundation
import Testing

@Suite("A disk that is full, slow or broken costs nothing that was acknowledged")
struct DiskTests {
    let scratch = Scratch()

    private func passes(_ script: String, _ kind: String) throws {
        let outcome = try Rig.script(
            script, [Rig.program, try Rig.disk(in: scratch), scratch.path, kind])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("\(kind): "))
    }

    /// Presence gives way to value, everything that goes is counted and named, and what comes back
    /// is used within five seconds. On a real file system of 3 MiB too, where tests may mount one.
    @Test(arguments: ["quota", "disk", "mount", "both"])
    func full(kind: String) throws {
        try passes("full_disk.py", kind)
    }

    /// A failed fsync is not repeated: the file is opened anew, and what took place is found out.
    @Test(arguments: ["eio", "full", "slow"])
    func bad(kind: String) throws {
        try passes("bad_disk.py", kind)
    }
}
