/// What all health values have in common on their way into a `Measurement`.
extension Measurement {
    /// A day's date that is impossible (`time-invalid`), or one of which parts are not known
    /// (`time-incomplete`), is kept as it came and does not say when.
    mutating func add(time: DateTime?) {
        guard let time else { return }
        deviceTime = time
        if !time.isValid {
            status.append("time-invalid")
        } else if !time.isComplete {
            status.append("time-incomplete")
        }
    }

    /// The device's own number of a person; 255 is "unknown".
    mutating func add(user: UInt8?) {
        guard let user, user != 255 else { return }
        details.append(MeasurementDetail("user", Decimal10(mantissa: Int64(user))))
    }

    /// Flags that this version does not know are told, since what they mean may matter.
    mutating func add(unknownFlags: some BinaryInteger) {
        if unknownFlags != 0, !status.contains("unknown-flags") { status.append("unknown-flags") }
    }

    /// The words of the status bits that are set, lowest bit first.
    ///
    /// - Parameters:
    ///   - bits: the field.
    ///   - words: from bit `first` on; a bit beyond them adds `unknown-status`.
    ///   - first: the bit of the first word; those below it are reserved and count as unknown.
    mutating func add(statusBits bits: UInt32, _ words: [String], first: Int = 0) {
        for (index, word) in words.enumerated() where bits >> UInt32(first + index) & 1 == 1 {
            status.append(word)
        }
        let known: UInt32 = ((1 << UInt32(words.count)) &- 1) << UInt32(first)
        if bits & ~known != 0 { addUnknownStatus() }
    }

    /// A status that has no word.
    mutating func addUnknownStatus() {
        if !status.contains("unknown-status") { status.append("unknown-status") }
    }

    /// Adds a decimal that is always a number.
    mutating func add(_ name: String, _ number: Decimal10?, _ unit: String, code: String? = nil) {
        guard let number else { return }
        values.append(MeasuredValue(name, number, unit, code: code))
    }

    /// Adds a number of which only a word or a reserved code may be there: `site` 3 is `earlobe`.
    ///
    /// - Parameters:
    ///   - name: of the detail.
    ///   - number: on the wire; nil adds nothing.
    ///   - words: from 1 on; a number that has no word is kept as the number.
    ///   - silent: the number that means "not available" and adds nothing.
    mutating func add(
        detail name: String, _ number: UInt8?, _ words: [String], silent: UInt8? = nil
    ) {
        guard let number, number != silent else { return }
        if number >= 1, Int(number) <= words.count {
            details.append(MeasurementDetail(name, words[Int(number) - 1]))
        } else {
            details.append(MeasurementDetail(name, Decimal10(mantissa: Int64(number))))
        }
    }

    /// Adds a number as a detail, or that there is none and why.
    mutating func add(detail name: String, _ number: MedicalFloat?, unit: String) {
        guard let number else { return }
        if let decimal = number.decimal {
            details.append(MeasurementDetail(name, decimal, unit: unit))
        } else {
            add(name, number, unit)
        }
    }
}
