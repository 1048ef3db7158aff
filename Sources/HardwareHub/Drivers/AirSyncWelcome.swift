/// What the hub tells a device that wants to begin.
///
/// The user is a number made from the device's name in the hub, so the same for each connection and
/// nobody's. Of the fields a device may ask for, only the time is given, and only while the hub's
/// clock is kept by a time source: nickname, model, system and platform would describe a person's
/// phone, and the unit of the time zone is not public.
enum AirSyncWelcome {
    /// Bits of the filter's first byte.
    private static let time: UInt8 = 0x10
    private static let timeText: UInt8 = 0x40

    static func response(
        to request: InitRequest, device: DeviceContext, at now: DeviceClock
    ) -> InitResponse {
        let digest = device.crypto.digest(deviceType: "hubd user ", deviceID: device.id)
        func word(_ start: Int) -> UInt32 {
            digest.dropFirst(start).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        }
        var response = InitResponse(
            userHigh: word(0), userLow: word(4), challengeAnswer: request.answer)
        guard now.isSynchronized, let filter = request.filter?.first else { return response }
        if filter & time != 0 { response.time = Int32(exactly: now.unixSeconds) }
        if filter & timeText != 0, let local = now.localTime {
            response.timeText =
                padded(local.year, 4) + padded(local.month, 2) + padded(local.day, 2)
                + padded(local.hour, 2) + padded(local.minute, 2) + padded(local.second, 2)
                + "\(now.weekday)"
        }
        return response
    }
}
