import HardwareHub
import Testing

@Suite("A medical float is what IEEE 11073-20601 says, code by code")
struct MedicalFloatTests {
    /// All 65,536 registers against the rule computed another way: unsigned, by subtraction.
    @Test func everyShortFloat() {
        var finite = 0
        for register in UInt16.min...UInt16.max {
            let value = MedicalFloat(sfloat: register)
            let mantissa = Int64(register % 4096)
            let exponent = Int16(register / 4096)
            switch register {
            case 2047: #expect(value == .notANumber)
            case 2048: #expect(value == .notAtThisResolution)
            case 2046: #expect(value == .positiveInfinity)
            case 2050: #expect(value == .negativeInfinity)
            case 2049: #expect(value == .reserved)
            default:
                finite += 1
                let expected = Decimal10(
                    mantissa: mantissa >= 2048 ? mantissa - 4096 : mantissa,
                    exponent: exponent >= 8 ? exponent - 16 : exponent)
                guard case .finite(let decimal) = value, decimal.mantissa == expected.mantissa,
                    decimal.exponent == expected.exponent
                else {
                    Issue.record("\(register) is \(value), not \(expected)")
                    return
                }
            }
        }
        #expect(finite == 65_531)
    }

    @Test(
        arguments: [
            (0x007f_ffff, "NaN"), (0x0080_0000, "NRes"), (0x007f_fffe, "+INF"),
            (0x0080_0002, "-INF"), (0x0080_0001, "RFU"), (0xff00_0170, "36.8"),
            (0xfe00_0eb0, "37.60"),
            (0x7f7f_ffff, "8388607e127"), (0x8080_0000, "-8388608e-128"), (0x017f_ffff, "83886070"),
            (0x0000_0000, "0"), (0x00ff_ffff, "-1"), (0xff80_0000, "-838860.8"),
        ] as [(UInt32, String)])
    func longFloat(register: UInt32, text: String) {
        #expect(MedicalFloat(float: register).description == text)
    }

    /// The mantissa of a special value is an ordinary number with any other exponent.
    @Test func specialOnlyAsAWhole() {
        #expect(MedicalFloat(sfloat: 0x17ff).description == "20470")
        #expect(MedicalFloat(sfloat: 0xf800).description == "-204.8")
        #expect(MedicalFloat(sfloat: 0x17ff).decimal != nil)
        #expect(MedicalFloat.notANumber.decimal == nil)
    }

    @Test func scaling() {
        #expect(MedicalFloat(sfloat: 0xb064).scaled(byPowerOfTen: 5).description == "100")
        #expect(MedicalFloat.notANumber.scaled(byPowerOfTen: 5) == .notANumber)
    }
}
