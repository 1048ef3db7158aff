extension SinkProbe {
    /// Connects to a broker as its sink does, with the hub's own certificate, and says nothing. Blocks
    /// for no longer than `limit`, on whatever thread it is called.
    ///
    /// - Parameters:
    ///   - settings: the sink's settings.
    ///   - limit: how long it may take in all.
    /// - Returns: what is wrong, and when the broker's certificate expires.
    public static func connect(to settings: MQTTSinkSettings, within limit: Duration) -> Result {
        let end = BootClock.now() + limit.nanoseconds
        do throws(SinkFault) {
            guard let connection = BrokerConnection(try BrokerAddress(settings.url), settings)
            else {
                throw SinkFault(.setting, "no memory for a connection")
            }
            try connection.open(within: limit.nanoseconds, deadline: Deadline())
            try connection.hearOut(within: end - BootClock.now()) { _ in }
            return Result(fault: nil, expires: connection.expiry)
        } catch {
            return Result(fault: error, expires: nil)
        }
    }

    /// What is wrong with the files of a sink of kind mqtt; nothing when hubd can read them.
    ///
    /// - Parameter settings: the sink's settings.
    /// - Returns: a fault for each file.
    public static func faults(ofFilesIn settings: MQTTSinkSettings) -> [SinkFault] {
        let files: [(String, String?, SinkFault.Code)] = [
            ("passwordFile", settings.passwordFile, .secret),
            ("certFile", settings.certFile, .clientCertificate),
            ("keyFile", settings.keyFile, .clientCertificate),
        ]
        return files.compactMap { setting, path, code in
            guard let path else { return nil }
            do throws(SinkFault) {
                _ = try SettingFile(setting: setting, path: path, code: code).read(1)
                return nil
            } catch {
                return error
            }
        }
    }
}
