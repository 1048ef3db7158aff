// modules: JSON
import JSON

/// Reads the input in both dialects; what is read must be written and read back the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON5(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    for dialect in [JSONReader.Dialect.json5, .json] {
        guard let value = try? JSONReader(dialect).read(bytes).value else { continue }
        for style in [JSONValue.Style.compact, .pretty] {
            let written = value.bytes(style)
            precondition((try? JSONValue(json: written)) == value, "does not read back the same")
            precondition(
                (try? JSONReader(.json5).read(written).value) == value, "JSON that is no JSON5")
        }
    }
    return 0
}
