// modules: JSON BeaconScanner Campaigns Configuration
import Campaigns
import Configuration

/// Imports the input; what is imported must be the same after an export and another import.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCSV(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    guard let first = imported(bytes) else { return 0 }
    if !first.zones.isEmpty {
        let again = imported(CatalogExport.csv(first.zones))
        precondition(again?.zones == first.zones, "zones change on their way")
    }
    if !first.beacons.isEmpty {
        let again = imported(CatalogExport.csv(first.beacons))
        precondition(again?.beacons == first.beacons, "beacons change on their way")
    }
    return 0
}

private func imported(_ csv: [UInt8]) -> CatalogOverlay? {
    var draft = CatalogDraft()
    draft.addCatalog(
        SourceFile(name: "catalog", text: "{ zones: [ { id: 'f1' } ], merchants: [ { id: 'm' } ] }")
    )
    draft.addRows(SourceFile(name: "rows", bytes: csv))
    return (try? draft.finish())?.imported
}
