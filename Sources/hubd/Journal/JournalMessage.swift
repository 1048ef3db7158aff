/// The messages an operator may search for by id: `journalctl MESSAGE_ID=…`.
///
/// Each one is a state that was entered or left; lines without an id are details of one of them.
/// What it means and what to do is told by systemd/hubd.catalog, which `journalctl -x` shows.
enum JournalMessage: String, CaseIterable {
    case started = "437ef97bc88e4c6b8b583d1ca340d3b5"
    case stopping = "c06838bd6c544527a7b2205b0b5be6bf"
    case reloaded = "de0da790f2a34362a2645503d04b9723"
    case configurationRefused = "7df0e4099c16435cbdbec8fd81dfdc54"
    /// The start found a broken configuration and took the copy of the last good one.
    case lastGoodTaken = "c59cfcd288fa4d4ab9e5d035f418c80c"
    /// A radio, the store, a sink or the bus does not do its part; the field PART names it.
    case partDegraded = "ae2af83852b641839d86706e59cb397a"
    /// The part that PART names does its part again.
    case partRecovered = "fa022f889fb54419ac07400d094d2c6d"
    case captureEnded = "9a136c2e98b24e0e9e1d4d763969ae21"
    /// The radio that the field RADIO names hears nothing, for longer than usual.
    case radioSilent = "5b1d7f0c7f3e4f0d9d8a3c9f6e2b4a71"
    /// It is no longer silent.
    case radioHeard = "0f6c2e9b4d7a4c55b1e38a7d2c9f6013"
    /// The hub's own beacon is on the air.
    case beaconSent = "c27e5a1f8b3d4e64a90b5d1c7f2e8346"
    /// It no longer is.
    case beaconStopped = "81a4d3f6e95b4207bc6f0e2d8a7c1b59"
    /// What a sink had is delivered to it once more, by command; the field SINK names it.
    case deliveredAgain = "cb3c350a59ca4ef898b98604cbd9466d"
    /// A sink left the configuration with events that it had not got; the field SINK names it.
    case sinkAbandoned = "5d0e7c7a2a0b4f6f9b1c3e8d4a6f7052"
    /// Sinks would not have events, which are set aside.
    case eventsSetAside = "e0f4b5c1a79d4f2c8b36d1d0a4c7e918"
    case storeSalvaged = "8143ec6e265e4fa9aad819c23567ced1"
    case clockSet = "ad7a2bd0d1b54c5ab2dd0f4a3c52b1f9"
    case imported = "c456169fc1524f93893a5a266b3d2acf"
    /// Another catalog is in force; the field VERSION names it.
    case catalogChanged = "82d3c6432c7d4cef9268a7f8d3b66b7e"
    /// A catalog that the service offered was not taken; the field REASON says why.
    case catalogRefused = "319c0be300c94aa09d61ac2db377d0d9"
    /// A device was connected to, and what it had is kept; the field DEVICE names it.
    case deviceServed = "4114d66c812d4c789473f6cb70fe8375"
    /// A device is not served as it should be; the field CLASS says what follows.
    case deviceFault = "7634191a73664ee8ab42d367c2605deb"
    /// It is served again.
    case deviceRecovered = "b8736432aa164847b7f71be9c17006a1"
    /// A device was heard that a driver could serve and that nobody enrolled.
    case deviceUnknown = "a188c89d273d4b8e8e142968a1cebb66"
    /// A device was taken in by command.
    case deviceEnrolled = "99f9250ace2947d1a50852a5a4332876"
    /// A device was removed by command.
    case deviceForgotten = "4980bba4bb2149ac81add2f51a971faa"
    /// A device took another one's place.
    case deviceReplaced = "a1bfa3d7e35f423b9827222dbcbde27c"
}
