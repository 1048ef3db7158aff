/// What the next delivery to a sink is made of, for people to look at before it leaves.
public struct SinkPreview: Sendable {
    /// What is done with it: `POST https://…`, `append /srv/events.jsonl`.
    public var request: String
    /// The headers, with signatures masked.
    public var headers: [String]
    /// The bytes, before they are compressed.
    public var body: [UInt8]
    /// How many events are in it.
    public var count: Int
}
