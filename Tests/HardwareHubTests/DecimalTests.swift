import HardwareHub
import Testing

@Suite("A decimal stays the decimal that was measured")
struct DecimalTests {
    @Test(
        arguments: [
            (189, -1, "18.9", 18.9), (7000, -2, "70.00", 70.0), (376, -1, "37.6", 37.6),
            (-100, -3, "-0.100", -0.1), (1, 1, "10", 10), (-5, 3, "-5000", -5000), (0, 5, "0", 0),
            (0, -2, "0.00", 0), (7, -3, "0.007", 0.007), (55, -4, "0.0055", 0.0055),
            (4_026_531_841, -1, "402653184.1", 402_653_184.1), (1, 24, "1" + zeros(24), 1e24),
            (1, -24, "0." + zeros(23) + "1", 1e-24), (8_388_605, 127, "8388605e127", 8_388_605e127),
            (-1, -128, "-1e-128", -1e-128),
            (.max, 0, "9223372036854775807", 9_223_372_036_854_775_808),
            (.min, -1, "-922337203685477580.8", -922_337_203_685_477_580.8),
            (1, 400, "1e400", .infinity),
        ] as [(Int64, Int16, String, Double)])
    func textAndDouble(mantissa: Int64, exponent: Int16, text: String, double: Double) {
        let decimal = Decimal10(mantissa: mantissa, exponent: exponent)
        #expect(decimal.text == text)
        #expect(decimal.double == double)
        #expect("\(decimal)" == text)
    }

    static func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }

    /// The shortcut and the text agree: a decimal has one nearest double.
    @Test func doubleIsTheNearest() {
        for exponent in Int16(-40)...40 {
            for mantissa in [1, 3, 189, 9_007_199_254_740_993, -7_777_777_777_777_777_777]
                as [Int64]
            {
                let decimal = Decimal10(mantissa: mantissa, exponent: exponent)
                #expect(decimal.double == Double("\(mantissa)e\(exponent)"))
            }
        }
    }

    @Test func equalityIsOfTheNumber() {
        #expect(Decimal10(mantissa: 3760, exponent: -2) == Decimal10(mantissa: 376, exponent: -1))
        #expect(Decimal10(mantissa: 0, exponent: 7) == Decimal10(mantissa: 0, exponent: -7))
        #expect(Decimal10(mantissa: 1, exponent: 1) != Decimal10(mantissa: 1, exponent: 0))
        #expect(Decimal10(mantissa: -1) != Decimal10(mantissa: 1))
        let set: Set = [Decimal10(mantissa: 10), Decimal10(mantissa: 1, exponent: 1)]
        #expect(set.count == 1)
        #expect(
            Decimal10(mantissa: 30).scaled(byPowerOfTen: 5) == Decimal10(mantissa: 3_000_000))
    }
}
