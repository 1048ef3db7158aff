import BeaconScanner
import Campaigns
import Configuration
import Testing

/// A draft of a small catalog, what an earlier import left, and a CSV file.
private func draft(_ csv: [UInt8], overlay: String = "{}") -> CatalogDraft {
    var draft = CatalogDraft()
    draft.addCatalog(
        SourceFile(
            name: "catalog.json5",
            text: "{ zones: [ { id: 'f1' } ],\n beacons: [ { id: '\(uuid)/1/1', zone: 'f1' } ],"
                + " merchants: [ { id: 'tea' } ] }"))
    draft.addOverlay(SourceFile(name: "overlay.json", text: overlay))
    draft.addRows(SourceFile(name: "file.csv", bytes: csv))
    return draft
}

private func importProblems(_ csv: String, overlay: String = "{}") -> [String] {
    problems { () throws(Problems) in try draft(Array(csv.utf8), overlay: overlay).finish() }
}

private let uuid = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825"

@Suite("Zones and beacons can be imported in bulk: all or nothing")
struct ImportTests {
    @Test(
        "beacons as a spreadsheet writes them: BOM, CR LF, quotes, empty rows, columns in any order"
    )
    func beacons() throws {
        let csv =
            "\u{feff}label,zone,id,measuredPower,x,y,holder\r\n"
            + "\"Gate, \"\"north\"\"\",f1,\(uuid)/1/2,-59,3.5,12,\r\n"
            + "badge,,\(uuid)/2/1 ,,,,promoter-17\r\n" + ",,,,,,\r\n"
            + "\"\",f1,eddystone:00112233445566778899/aabbccddeeff,,,,"
        let checked = try draft(Array(csv.utf8)).finish()
        #expect(checked.imported.beacons == Array(checked.catalog.beacons.dropFirst()))
        let first = try #require(BeaconID("\(uuid)/1/2"))
        #expect(
            checked.imported.beacons[0]
                == ConfiguredBeacon(
                    id: first, placement: .zone("f1"), label: "Gate, \"north\"",
                    measuredPower: -59, position: .init(x: 3.5, y: 12)))
        #expect(checked.imported.beacons[1].holder == "promoter-17")
        #expect(checked.imported.beacons[2].label == nil && checked.imported.beacons.count == 3)
    }

    @Test("an export, edited, is imported as a whole: rows as in the catalog file are in order")
    func roundTrip() throws {
        let whole = try draft(Array("id,zone,label\n\(uuid)/1/2,f1,Gate\n".utf8)).finish()
        let csv = String(decoding: CatalogExport.csv(whole.catalog.beacons), as: UTF8.self)
        let edited = csv.replacing("Gate", with: "Door")
        let again = try draft(
            Array(edited.utf8), overlay: String(decoding: whole.imported.document, as: UTF8.self)
        ).finish()
        #expect(again.imported.beacons.map(\.label) == ["Door"])
        #expect(again.catalog.beacons.count == 2)
        // What differs from the catalog file is refused as ever.
        let differs = problems { () throws(Problems) in
            try draft(Array("id,zone,label\n\(uuid)/1/1,f1,other\n".utf8)).finish()
        }
        #expect(differs.count == 1 && differs[0].contains("defined in the catalog"))
    }

    @Test("an import can be taken back, and nothing else")
    func removal() throws {
        let first = try draft(Array("id,zone\n\(uuid)/1/2,f1\n\(uuid)/1/3,f1\n".utf8)).finish()
        let overlay = String(decoding: first.imported.document, as: UTF8.self)
        func removing(_ csv: String) throws(Problems) -> CheckedCatalog {
            var draft = draft(Array("id,zone\n".utf8), overlay: overlay)
            draft.removeRows(SourceFile(name: "gone.csv", text: csv))
            return try draft.finish()
        }
        let left = try removing("zone,id\nf1,\(uuid)/1/2\n")
        #expect(left.imported.beacons.map(\.id) == [first.imported.beacons[1].id])
        for (csv, text) in [
            ("id\n\(uuid)/1/1\n", "imported"), ("id\n\n\(uuid)/9/9\n", "gone.csv:3"),
            ("zone\nf1\n", "no column"), ("id\nf1\n", "imported"), ("\"", "gone.csv:1"),
        ] {
            let found = problems { () throws(Problems) in try removing(csv) }
            #expect(found.count == 1 && found[0].contains(text), "\(csv): \(found)")
        }
    }

    @Test("zones, and a beacon file may use the zones of an earlier import")
    func zones() throws {
        let zones = try draft(Array("id,parent,kind,merchant\nf2,,floor,\nshop,f2,,tea\n".utf8))
            .finish()
        #expect(
            zones.imported.zones == [
                Zone(id: "f2", kind: "floor"), Zone(id: "shop", parent: "f2", merchant: "tea"),
            ])
        let overlay = String(decoding: zones.imported.document, as: UTF8.self)
        let beacons = try draft(Array("id,zone\n\(uuid)/1/2,shop".utf8), overlay: overlay).finish()
        #expect(beacons.imported.zones == zones.imported.zones)
        #expect(beacons.imported.beacons.map(\.zone) == ["shop"])
    }

    @Test("rows replace what an earlier import brought, and only that")
    func replaces() throws {
        let overlay =
            "{ zones: [ { id: 'a', label: 'old' }, { id: 'b' } ],"
            + " beacons: [ { id: '\(uuid)/1/2', zone: 'a' } ] }"
        let checked = try draft(Array("id,label\nc,\na,new\n".utf8), overlay: overlay).finish()
        #expect(
            checked.imported.zones == [Zone(id: "b"), Zone(id: "c"), Zone(id: "a", label: "new")])
        #expect(checked.imported.beacons.count == 1)
        #expect(checked.catalog.zones.map(\.id) == ["f1", "b", "c", "a"])
    }

    @Test("the overlay document reads back as it was written")
    func overlayDocument() throws {
        var draft = CatalogDraft()
        draft.addOverlay(
            SourceFile(
                name: "overlay",
                text: "{ zones: [ { id: 'a', label: '\"é' }, { id: 'b', parent: 'a', kind: 'k' } ],"
                    + " beacons: [ { id: '\(uuid)/1/2', zone: 'a', x: 0.1, y: -2, measuredPower: -7 },"
                    + " { id: 'eddystone-eid:e', holder: 'h',"
                    + " eid: { keyFile: 'k', rotation: 15, epoch: 7 } } ] }"))
        let first = try draft.finish().imported
        var again = CatalogDraft()
        again.addOverlay(SourceFile(name: "overlay", bytes: first.document))
        #expect(try again.finish().imported == first)
        #expect(first.beacons.count == 2 && first.zones.count == 2)
    }

    @Test("what is exported can be imported again")
    func export() throws {
        let csv =
            "id,zone,label,holder,measuredPower,x,y\n\(uuid)/1/2,f1,\"a,\"\"b\"\"\",,-59,0.1,2\n"
            + "altbeacon:00112233445566778899aabbccddeeff00010002,,=x,h,,,\n"
        let first = try draft(Array(csv.utf8)).finish().imported
        let again = try draft(CatalogExport.csv(first.beacons)).finish().imported
        #expect(again == first)
        let zones = [Zone(id: "区", label: "é\"", merchant: "tea"), Zone(id: "b", parent: "区")]
        #expect(try draft(CatalogExport.csv(zones)).finish().imported.zones == zones)
        #expect(CatalogExport.csv(zones).starts(with: [0xef, 0xbb, 0xbf]))
    }

    private static let cases: [(String, [String])] = [
        (
            "id,zone\n\(uuid)/70000/1,f1\n\n\(uuid)/1/x,f1\n",
            [
                "file.csv:2: id: the major 70000 is over 65535, expected 0 to 65535",
                "file.csv:4: id: the minor \"x\", expected a number from 0 to 65535",
            ]
        ),
        (
            "id,zone\n\(uuid)/5/5,f1\n\(uuid)/6/6,f1\n\(uuid)/5/5,f1",
            [
                "file.csv:4: id: \"\(uuid)/5/5\" a second time, expected another id (first at"
                    + " file.csv:2)"
            ]
        ),
        (
            "id,zone,label\n\(uuid)/1/1,f1,other",
            [
                "file.csv:2: id: \"\(uuid)/1/1\" is defined in the catalog, expected an id that is"
                    + " not, or a change there (catalog.json5:2:13)"
            ]
        ),
        (
            "id,label\nf1,other",
            [
                "file.csv:2: id: \"f1\" is defined in the catalog, expected an id that is not, or a"
                    + " change there (catalog.json5:1:12)"
            ]
        ),
        (
            "id,zone,zonne,zone\nx,f1,,",
            [
                "file.csv:1: the unknown column \"zonne\", expected \"id\", \"parent\", \"kind\","
                    + " \"label\", \"merchant\", \"zone\", \"holder\", \"measuredPower\", \"x\" or"
                    + " \"y\" (did you mean \"zone\"?)",
                "file.csv:1: the column \"zone\" a second time, expected each column once",
            ]
        ),
        (
            "id,zone,parent\n",
            [
                "file.csv:1: \"parent\" of zones and \"zone\" of beacons, expected a file of zones or"
                    + " a file of beacons"
            ]
        ),
        ("zone,label\n", ["file.csv:1: no column \"id\", expected one that names each row"]),
        ("id;zone\nx;f1", ["file.csv:1: fields separated by semicolons, expected commas"]),
        (
            String(repeating: "x,", count: 1_000) + "id",
            ["file.csv:1: 1001 columns, expected a header such as \"id,zone,label\""]
        ),
        ("", ["file.csv:1: an empty file, expected a header such as \"id,zone,label\""]),
        (
            "id,zone\n\(uuid)/1/2\n\(uuid)/1/3,f1,x\n",
            [
                "file.csv:2: 1 fields, expected 2, as in the header",
                "file.csv:3: 3 fields, expected 2, as in the header",
            ]
        ),
        (
            "id,zone\n,f1\n\(uuid)/1/2,\n",
            [
                "file.csv:2: id: missing, expected an id in every row",
                "file.csv:3: neither \"zone\" nor \"holder\", expected a \"zone\" for a fixed beacon"
                    + " or a \"holder\" for a worn one",
            ]
        ),
        (
            "id,zone\n\(uuid)/1/2,f2\n",
            [
                "file.csv:2: zone: the unknown id \"f2\", expected the id of a zone that is listed (did"
                    + " you mean \"f1\"?)"
            ]
        ),
        (
            "id,zone,measuredPower,x\n\(uuid)/1/2,f1,59,1\n",
            [
                "file.csv:2: measuredPower: 59, expected a whole number from -100 to 0 dBm at 1 m",
                "file.csv:2: x: only one coordinate, expected \"x\" and \"y\", or neither",
            ]
        ),
        (
            "id,label\nz,\"a\nb",
            ["file.csv:2: a quote that is never closed, expected its closing quote"]
        ),
        (
            "id,label\nz,a\"b\"",
            [
                "file.csv:2: a quote inside a field, expected the whole field in quotes, and quotes in"
                    + " it doubled"
            ]
        ),
        (
            "id,label\r\nz,\"a\"b",
            ["file.csv:2: text after a closing quote, expected a comma or the end of the line"]
        ),
        (
            "id,label\n\"z\",\"a\nb\"\ny y,\n",
            [
                "file.csv:2: label: \"a<U+A>b\", expected 1 to 1000 characters of text on one line",
                "file.csv:4: id: \"y y\", expected a name of 1 to 64 visible characters without spaces",
            ]
        ),
        (
            "id,parent\na,b\nb,a\n",
            [
                "file.csv:2: parent: a circle: \"a\" in \"b\" in \"a\", expected zones inside zones, up to one that has no parent"
            ]
        ),
    ]

    @Test("every bad line is named, and nothing is taken", arguments: cases)
    func bad(csv: String, expected: [String]) {
        #expect(importProblems(csv) == expected)
    }

    @Test("a file saved as GBK or UTF-16 is refused with the line and the mend")
    func encodings() {
        let mend = "expected UTF-8; in a spreadsheet, save the file as \"CSV UTF-8\""
        let cases: [([UInt8], String)] = [
            (
                Array("id,label\r\na,\r\nz,".utf8) + [0xc9, 0xcc, 0xb3, 0xa1],
                "file.csv:3: the byte 0xC9, as in a file saved as GBK, \(mend)"
            ),
            ([0xff, 0xfe, 0x69, 0x00], "file.csv:1: UTF-16 text, \(mend)"),
        ]
        for (csv, expected) in cases {
            #expect(problems { () throws(Problems) in try draft(csv).finish() } == [expected])
        }
    }

    @Test("lines end with CR LF, LF or CR, and every ending counts one line")
    func lineEnds() {
        for end in ["\r\n", "\n", "\r"] {
            let found = importProblems("id,label\(end)z,\"1\(end)2\"\(end)\(end)a b,")
            #expect(found.count == 2)
            #expect(found.last?.hasPrefix("file.csv:5: id: \"a b\"") == true, "\(found)")
        }
    }

    @Test("the limit holds for the catalog, the overlay and the rows together")
    func limits() throws {
        let rows = (0..<Catalog.maximumBeacons).map { "\(uuid)/2/\($0),f1\n" }
        let fits = "id,zone\n" + rows.dropLast().joined()
        #expect(try draft(Array(fits.utf8)).finish().catalog.beacons.count == 10_000)
        let found = importProblems("id,zone\n" + rows.joined())
        #expect(found == ["file.csv:10001: 10001 beacons together, expected at most 10000"])
    }
}
