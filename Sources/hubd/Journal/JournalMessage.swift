/// The messages an operator may search for by id: `journalctl MESSAGE_ID=…`.
///
/// Each one is a state that was entered or left; lines without an id are details of one of them.
enum JournalMessage: String {
    case started = "7b789a0453524fc58e57bc8fd0a7cf29"
    case stopping = "12c65eb81f3e4ff5b15e131174dfbe23"
    case reloaded = "a80df9ccd2174c1f81bbee0eb9b7625a"
    case reloadRefused = "175db82887ee4f12b6a19c6f7f8f1536"
    case configurationBroken = "5ed81f3297054bb0bfbc600aee619f91"
    case radioUp = "58df18397b4a42a6b5eaf13cd8fafb8e"
    case radioDown = "35c86aa979284275be4b7d945436d3e2"
    case storeDegraded = "5af00c251af1482ea8ffe71a114c7214"
    case storeRecovered = "3b72e01852bf483d9270aa94516595cf"
    case sinkDegraded = "e7e1880778c24826ab3ff2185344f807"
    case sinkRecovered = "70b28e0074fa4904a8650fe8cf995c2a"
    case busLost = "931c80bab898413ca0cd14abf658fdee"
    case busBack = "31c9887a6bd140c8a68ed13fc3284829"
    case clockJumped = "a503995247d14a4e9d1a27ca1dc4a2b9"
}
