internal import CSQLite

/// The parameters of a statement, written down one after the other.
///
/// Safe: each copies its bytes into the statement's room, which is checked to have them; the
/// statement reads them there until it is bound anew.
@safe struct Parameters {
    private let handle: OpaquePointer
    private var rest: UnsafeMutableRawBufferPointer
    private var index: Int32 = 0
    /// SQLite's answer to the first that it would not have, if any.
    private(set) var code = SQLITE_OK

    /// Begins with the first parameter.
    init(of handle: OpaquePointer, in room: UnsafeMutableRawBufferPointer) {
        unsafe self.handle = handle
        unsafe rest = room
    }

    /// A number.
    mutating func add(_ number: Int64) {
        index += 1
        note(unsafe sqlite3_bind_int64(handle, index, number))
    }

    /// A text.
    mutating func add(_ text: String) {
        let room = unsafe take(text.utf8.count)
        unsafe room.copyBytes(from: text.utf8)
        let start = unsafe room.baseAddress?.assumingMemoryBound(to: CChar.self)
        note(
            unsafe sqlite3_bind_text64(
                handle, index, start, UInt64(room.count), nil, UInt8(SQLITE_UTF8)))
    }

    /// Bytes.
    mutating func add(_ bytes: [UInt8]) {
        let room = unsafe take(bytes.count)
        unsafe room.copyBytes(from: bytes)
        unsafe bind(room)
    }

    /// The 16 bytes of a UUID.
    mutating func add(_ id: UniqueID) {
        let room = unsafe take(UniqueID.size)
        unsafe room.storeBytes(of: id.high.bigEndian, as: UInt64.self)
        unsafe room.storeBytes(of: id.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        unsafe bind(room)
    }

    private mutating func bind(_ room: UnsafeMutableRawBufferPointer) {
        note(unsafe sqlite3_bind_blob64(handle, index, room.baseAddress, UInt64(room.count), nil))
    }

    /// The next bytes of the room, also when they are none: a null pointer would bind NULL instead
    /// of an empty value, and the room has an address always.
    private mutating func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
        index += 1
        precondition(unsafe count <= rest.count, "parameters without room for them")
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: rest[..<count])
        unsafe rest = UnsafeMutableRawBufferPointer(rebasing: rest[count...])
        return unsafe room
    }

    private mutating func note(_ answer: Int32) {
        if code == SQLITE_OK { code = answer }
    }
}
