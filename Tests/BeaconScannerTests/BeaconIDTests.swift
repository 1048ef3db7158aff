import BeaconScanner
import Testing

@Suite("A beacon's id reads back as it was written")
struct BeaconIDTests {
    @Test(arguments: [
        "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/7",
        "altbeacon:2f234454cf6d4a0fadf2f4911ba9ffa600010002",
        "eddystone:00010203040506070809/010203040506",
        "eddystone-eid:front-door.1",
        "eddystone-url:0365",
        "eddystone-ephemeral:2ba6a87acf88d21c",
    ])
    func roundTrip(text: String) throws {
        #expect(try #require(BeaconID(text)).description == text)
    }

    @Test func otherSpellings() throws {
        let id = try #require(BeaconID("FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/7"))
        #expect(BeaconID("fda50693a4e24fb1afcfc6eb07647825/10001/7") == id)
        #expect(id.major == 10001 && id.minor == 7)
        #expect(
            BeaconID("altbeacon:2f234454-cf6d-4a0f-adf2-f4911ba9ffa6/1/2")?.description
                == "altbeacon:2f234454cf6d4a0fadf2f4911ba9ffa600010002")
    }

    @Test(arguments: [
        "", "/", "//", "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001",
        "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/65536",
        "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/+1/7", "FDA50693-A4E2-4FB1-AFCF-C6EB0764782G/1/7",
        "FDA50693A-4E2-4FB1-AFCF-C6EB07647825/1/7", "altbeacon:00", "eddystone:00/00",
        "eddystone:0001020304050607080/9010203040506", "eddystone-eid:",
        "eddystone-eid:a b", "eddystone-eid:123456789012345678901", "é/1/2",
    ])
    func refused(text: String) {
        #expect(BeaconID(text) == nil)
    }
}
