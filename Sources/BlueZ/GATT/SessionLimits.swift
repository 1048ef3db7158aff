/// How long what may take. A rig may have shorter ones; nothing else changes them.
package struct SessionLimits: Sendable {
    /// Until the device answers: the kernel itself gives up after 20 s (HCI_LE_CONN_TIMEOUT).
    package var connect = Duration.seconds(20)
    /// Until its services are known.
    package var resolve = Duration.seconds(20)
    /// A read, a write or a subscription. An ATT transaction has 30 s (Core 5.4, Vol 3, Part F,
    /// §3.3.3), of which no living device needs one.
    package var operation = Duration.seconds(10)
    /// Without anything happening.
    package var idle = Duration.seconds(30)
    /// A session whose driver has not said that the device rests.
    package var whole = Duration.seconds(300)
    /// Between `.ending` and the end.
    package var goodbye = Duration.seconds(2)
    /// For findings that are being kept when bluetoothd or the adapter has gone.
    package var aftermath = Duration.milliseconds(500)
    /// bluetoothd waits two seconds before it disconnects (DISCONNECT_TIMER in src/device.c). One that
    /// does not answer keeps nobody from the next connection.
    package var disconnect = Duration.seconds(5)
    /// Pairing, in which a person may take part.
    package var pair = Duration.seconds(30)

    /// The limits of the product.
    package init() {}
}
