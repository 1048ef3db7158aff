// modules: JSON BeaconScanner Campaigns Configuration
import BeaconScanner
import Campaigns
import Configuration

/// Reads the input as configuration and as catalog, and runs what is accepted for a day.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCatalog(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    let file = SourceFile(name: "input", bytes: bytes)
    do throws(Problems) {
        _ = try Settings(file, dropIns: [file])
    } catch {
        precondition(!error.isEmpty && !error.description.isEmpty, "refused without a reason")
    }
    do throws(Problems) {
        run(try Catalog(file))
    } catch {
        precondition(!error.isEmpty && !error.description.isEmpty, "refused without a reason")
    }
    return 0
}

/// The counts must be what the lists and rules say, beacon by beacon.
private func run(_ catalog: Catalog) {
    var index = CampaignIndex(catalog)
    let resolver = ShakeResolver(index)
    var moment: Int64 = 1_793_491_200
    for _ in 0..<4 {
        let time = LocalTime(unixSeconds: moment, utcOffset: 28_800)
        index.refresh(at: time)
        for (number, beacon) in catalog.beacons.enumerated() {
            let number = Int32(truncatingIfNeeded: number)
            let running = index.campaigns(beacon: number).filter {
                index.isRunning(campaign: $0)
                    && catalog.campaigns[Int($0)].farthest >= Proximity.near
            }
            precondition(Int(index.matches(beacon: number, proximity: .near)) == running.count)
            let answer = resolver.resolve(
                Shake(spot: [.init(beacon.id, proximity: .near)], time: time))
            precondition(answer.served.count == running.count)
        }
        moment = index.nextChange(after: moment) { _ in 28_800 }
    }
}
