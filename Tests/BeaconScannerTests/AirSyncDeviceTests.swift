import BeaconScanner
import TestSupport
import Testing

@Suite("A WeChat device is known by its service and names its address in either order")
struct AirSyncDeviceTests {
    private let list = structure(.completeUUID16List, [0xe0, 0xfe, 0xe7, 0xfe])
    private let maker = structure(.manufacturerData, hex("3302c00000010001"))

    private func devices(_ payload: [UInt8]) -> [AirSyncDevice] {
        var recognizer = Recognizer()
        return recognizer.recognized(payload).compactMap {
            if case .airSync(let device) = $0 { device } else { nil }
        }
    }

    @Test func inAnyOrderOfStructures() throws {
        for payload in [list + maker, maker + list, [2, 1, 6] + list + maker] {
            let device = try #require(devices(payload).first)
            #expect(device.displayOrder == 0xc000_0001_0001)
            #expect(device.reverseOrder == 0x0100_0100_00c0)
            #expect(device.names(DeviceAddress(bits: 0xc000_0001_0001, kind: .random)))
            #expect(device.names(DeviceAddress(bits: 0x0100_0100_00c0, kind: .public)))
            #expect(!device.names(DeviceAddress(bits: 0xc000_0001_0002, kind: .random)))
        }
    }

    @Test func incompleteListCounts() {
        let list = structure(.incompleteUUID16List, [0xe7, 0xfe])
        #expect(devices(list + maker).count == 1)
    }

    @Test func needsBothParts() {
        #expect(devices(list) == [] && devices(maker) == [])
        #expect(devices(list + structure(.manufacturerData, hex("33020000010001"))) == [])
        #expect(devices(structure(.solicitedUUID16List, [0xe7, 0xfe]) + maker) == [])
        #expect(devices(structure(.completeUUID16List, [0xe7]) + maker) == [])
        // fe e7 across two entries is not e7 fe.
        #expect(devices(structure(.completeUUID16List, [0x00, 0xe7, 0xfe, 0x00]) + maker) == [])
    }

    @Test func lastSixBytesOfALongerMakerField() {
        let long = structure(.manufacturerData, hex("013aaabbccddc00000010001"))
        #expect(devices(list + long).map(\.displayOrder) == [0xc000_0001_0001])
    }

    @Test func beaconIsNotTakenForAnAddress() {
        #expect(devices(list + Vector.all("ibeacon")[0].bytes) == [])
        let first = list + maker + structure(.manufacturerData, hex("3302ffffffffffff"))
        #expect(devices(first).map(\.displayOrder) == [0xc000_0001_0001])
    }

    @Test func hostileNeighbours() {
        ByteVerifier.neighbours(of: list + maker) { bytes in
            #expect(devices(bytes).count <= 1)
        }
    }
}
