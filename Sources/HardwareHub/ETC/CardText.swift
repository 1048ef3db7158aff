/// The few Chinese characters an ETC card carries, in its encoding (GBK, code page 936).
///
/// A full table would be 21,003 characters for two short fields. Here are those of the provinces'
/// names (issuers), their one-character forms and the special marks on number plates; anything
/// else reads as U+FFFD.
enum CardText {
    /// GBK codes in rising order; the character of each is at the same place in `characters`.
    private static let codes: [UInt16] = [
        0xb0b2, 0xb0c4, 0xb1b1, 0xb2d8, 0xb3ac, 0xb3b5, 0xb4a8, 0xb5e7, 0xb6ab, 0xb6f5,
        0xb8a3, 0xb8ca, 0xb8d3, 0xb8db, 0xb9c5, 0xb9d2, 0xb9e3, 0xb9f0, 0xb9f3, 0xb9fa,
        0xbaa3, 0xbad3, 0xbada, 0xbafe, 0xbba6, 0xbbd5, 0xbcaa, 0xbcb1, 0xbcbd, 0xbda8,
        0xbdad, 0xbdae, 0xbdbb, 0xbdf2, 0xbdfa, 0xbea9, 0xbeaf, 0xbefc, 0xc1aa, 0xc1c9,
        0xc1d6, 0xc1d9, 0xc1ec, 0xc1fa, 0xc2b3, 0xc3c9, 0xc3f6, 0xc4cf, 0xc4da, 0xc4fe,
        0xc7e0, 0xc7ec, 0xc7ed, 0xc9bd, 0xc9c2, 0xc9cf, 0xcab9, 0xcad4, 0xcbc4, 0xcbd5,
        0xcbe0, 0xcca8, 0xccec, 0xcda8, 0xcdee, 0xcdf8, 0xcef7, 0xcfc4, 0xcfe6, 0xd0c2,
        0xd0c5, 0xd0d0, 0xd1a7, 0xd2b5, 0xd3a6, 0xd3e5, 0xd4a5, 0xd4c1, 0xd4c6, 0xd5e3,
        0xd6d0, 0xd6d8, 0xd6dd,
    ]

    private static let characters = Array(
        "安澳北藏超车川电东鄂福甘赣港古挂广桂贵国海河黑湖沪徽吉急冀建江疆交津晋京警军"
            + "联辽林临领龙鲁蒙闽南内宁青庆琼山陕上使试四苏肃台天通皖网西夏湘新信行学业应渝"
            + "豫粤云浙中重州")

    /// Reads text up to the first NUL or ff, with which fields are padded.
    static func decode(_ bytes: [UInt8]) -> String {
        var text = ""
        var index = 0
        while index < bytes.count, bytes[index] != 0, bytes[index] != 0xff {
            let byte = bytes[index]
            index += 1
            if byte < 0x80 {
                text.unicodeScalars.append(Unicode.Scalar(byte))
                continue
            }
            guard index < bytes.count else { return text + "\u{fffd}" }
            text.append(character(UInt16(byte) << 8 | UInt16(bytes[index])))
            index += 1
        }
        return text
    }

    private static func character(_ code: UInt16) -> Character {
        guard let index = codes.firstIndex(of: code), index < characters.count else {
            return "\u{fffd}"
        }
        return characters[index]
    }
}
